#include "kernels/cpu/packed.h"

#include <ATen/Parallel.h>
#include <ATen/native/CPUBlas.h>
#include <ATen/ops/empty.h>
#include <algorithm>
#include <bit>
#include <c10/util/Exception.h>
#include <cstring>

#include "kernels/cpu/loops.h"

namespace hopscope::kernels::cpu {
namespace {

using c10::BFloat16;

/// Rows of a that meet a block of b while it is in the nearest cache.
constexpr int64_t kRows = 64;
/// Numbers of a sum between two visits of c: a block of b is 128 KB then.
constexpr int64_t kDepth = 1024;

constexpr int64_t rounded_up(int64_t n, int64_t to) {
    return (n + to - 1) / to * to;
}

/// Two rows side by side: one row of pairs.
HOPSCOPE_INLINE void interleave(const BFloat16* first, const BFloat16* second, int64_t n,
                                BFloat16* to) {
    for (int64_t i = 0; i < n; ++i) {
        const uint32_t pair = first[i].x | static_cast<uint32_t>(second[i].x) << 16;
        std::memcpy(to + kPackedPair * i, &pair, sizeof pair);
    }
}

HOPSCOPE_CLONES void interleave_rows(const BFloat16* from, int64_t stride, int64_t rows, int64_t n,
                                     BFloat16* to) {
    static constexpr BFloat16 kNothing[kPackedColumns] = {};
    for (int64_t k = 0; k < rows; k += kPackedPair, to += kPackedPair * kPackedColumns) {
        const BFloat16* row = from + k * stride;
        interleave(row, k + 1 < rows ? row + stride : kNothing, n, to);
        for (int64_t i = kPackedPair * n; i < kPackedPair * kPackedColumns; ++i)
            to[i] = BFloat16(0);
    }
}

/// Numbers of a line of the cache.
constexpr int64_t kLine = 32;

using FourPairs = uint32_t __attribute__((vector_size(16)));
constexpr int64_t kFour = 4;

/// Four pairs of each of four columns become four rows of pairs.
HOPSCOPE_INLINE void turn_pairs(const BFloat16* from, int64_t stride, BFloat16* to) {
    FourPairs r[kFour], s[kFour];
    for (int64_t i = 0; i < kFour; ++i) std::memcpy(&r[i], from + i * stride, sizeof(FourPairs));
    const auto mix = [&](const FourPairs* in, FourPairs* out) {
        for (int i = 0; i < kFour / 2; ++i) {
            const FourPairs a = in[i], b = in[i + kFour / 2];
            out[2 * i] = __builtin_shufflevector(a, b, 0, 4, 1, 5);
            out[2 * i + 1] = __builtin_shufflevector(a, b, 2, 6, 3, 7);
        }
    };
    mix(r, s);
    mix(s, r);
    for (int64_t i = 0; i < kFour; ++i)
        std::memcpy(to + i * kPackedPair * kPackedColumns, &r[i], sizeof(FourPairs));
}

/// The same of a transposed factor, whose pairs lie side by side already.
void gather_columns(const BFloat16* from, int64_t stride, int64_t rows, int64_t n, BFloat16* to) {
    constexpr int64_t kDeep = kFour * kPackedPair;
    const int64_t whole_rows = rows / kDeep * kDeep, whole_columns = n / kFour * kFour;
    if (whole_columns < kPackedColumns || whole_rows < rows)
        std::fill(to, to + padded_rows(rows) * kPackedColumns, BFloat16(0));
    // So few rows at a time that lines which are begun are still near when they are finished.
    for (int64_t begin = 0; begin < whole_rows; begin += kLine)
        for (int64_t j = 0; j < whole_columns; j += kFour)
            for (int64_t k = begin; k < std::min(begin + kLine, whole_rows); k += kDeep)
                turn_pairs(from + j * stride + k, stride,
                           to + k * kPackedColumns + kPackedPair * j);
    for (int64_t j = 0; j < n; ++j)
        for (int64_t k = j < whole_columns ? whole_rows : 0; k < rows; k += kPackedPair)
            std::memcpy(to + k * kPackedColumns + kPackedPair * j, from + j * stride + k,
                        sizeof(BFloat16) * static_cast<size_t>(std::min(kPackedPair, rows - k)));
}

constexpr int64_t kTile = 8;
using Row = uint16_t __attribute__((vector_size(16)));

/// Eight rows of eight numbers become eight columns: three rounds in which rows are mixed in pairs.
HOPSCOPE_INLINE void turn_tile(const BFloat16* from, int64_t stride, BFloat16* to,
                               int64_t to_stride) {
    Row r[kTile], s[kTile];
    for (int i = 0; i < kTile; ++i) std::memcpy(&r[i], from + i * stride, sizeof(Row));
    const auto mix = [&](const Row* in, Row* out) {
        for (int i = 0; i < kTile / 2; ++i) {
            const Row a = in[i], b = in[i + kTile / 2];
            out[2 * i] = __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
            out[2 * i + 1] = __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
        }
    };
    mix(r, s);
    mix(s, r);
    mix(r, s);
    for (int i = 0; i < kTile; ++i) std::memcpy(to + i * to_stride, &s[i], sizeof(Row));
}

/// @param x [n, m] bf16, contiguous or the transpose of a contiguous tensor
Factor<BFloat16> factor_of(const at::Tensor& x) {
    TORCH_INTERNAL_ASSERT(x.scalar_type() == at::kBFloat16 && x.dim() == 2);
    const auto* data = x.const_data_ptr<BFloat16>();
    if (x.is_contiguous()) return {data, x.size(1)};
    TORCH_INTERNAL_ASSERT(x.t().is_contiguous());
    return {data, x.size(0), true};
}

}  // namespace

bool has_pair_products() {
    static const bool has = [] {
#if defined(__x86_64__)
        if (!__builtin_cpu_supports("avx512bf16")) return false;
        // oneDNN may be told to leave instructions alone (ONEDNN_MAX_CPU_ISA); then it refuses.
        try {
            const BFloat16 ones[2 * kPackedPair] = {1, 1, 1, 1};
            float sum = 0;
            at::native::cpublas::brgemm(1, 1, kPackedPair, kPackedPair, 1, 1, false, ones, ones,
                                        &sum, true);
            end_pair_products();
            return sum == 2;
        } catch (const c10::Error&) {
            return false;
        }
#else
        return false;
#endif
    }();
    return has;
}

int64_t packed_size(int64_t rows, int64_t columns) {
    return padded_rows(rows) * rounded_up(columns, kPackedColumns);
}

void pack_block(const Factor<BFloat16>& factor, int64_t rows, int64_t columns, int64_t block,
                BFloat16* to) {
    const int64_t begin = block * kPackedColumns, n = std::min(kPackedColumns, columns - begin);
    to += begin * padded_rows(rows);
    if (factor.transposed)
        gather_columns(factor.data + begin * factor.stride, factor.stride, rows, n, to);
    else
        interleave_rows(factor.data + begin, factor.stride, rows, n, to);
}

void pack(const Factor<BFloat16>& factor, int64_t rows, int64_t columns, BFloat16* to) {
    for (int64_t block = 0; block * kPackedColumns < columns; ++block)
        pack_block(factor, rows, columns, block, to);
}

void transpose(const BFloat16* from, int64_t stride, int64_t rows, int64_t columns, BFloat16* to,
               int64_t to_stride) {
    const int64_t whole_rows = rows / kLine * kLine, whole_columns = columns / kLine * kLine;
    // Whole lines are read and written, since rows that lie a power of two apart share few places
    // of the cache.
    alignas(64) BFloat16 turned[kLine * kLine];
    for (int64_t i = 0; i < whole_rows; i += kLine)
        for (int64_t j = 0; j < whole_columns; j += kLine) {
            for (int64_t a = 0; a < kLine; a += kTile)
                for (int64_t b = 0; b < kLine; b += kTile)
                    turn_tile(from + (i + a) * stride + j + b, stride, turned + b * kLine + a,
                              kLine);
            for (int64_t b = 0; b < kLine; ++b)
                std::memcpy(to + (j + b) * to_stride + i, turned + b * kLine,
                            kLine * sizeof(BFloat16));
        }
    for (int64_t i = 0; i < rows; ++i)
        for (int64_t j = i < whole_rows ? whole_columns : 0; j < columns; ++j)
            to[j * to_stride + i] = from[i * stride + j];
}

void pair_product(int64_t n, int64_t p, int64_t m, Strided<const BFloat16> a, const PackedFactor& b,
                  bool add, Strided<float> c) {
    const int64_t depth = padded_rows(m), of_block = padded_rows(b.rows);
    for (int64_t row = 0; row < n; row += kRows)
        for (int64_t column = 0; column < p; column += kPackedColumns)
            for (int64_t k = 0; k < depth; k += kDepth)
                at::native::cpublas::brgemm(
                    std::min(kRows, n - row), std::min(kPackedColumns, p - column),
                    std::min(kDepth, depth - k), a.stride, kPackedColumns, c.stride, add || k > 0,
                    a.data + row * a.stride + k, b.data + column * of_block + k * kPackedColumns,
                    c.data + row * c.stride + column, /*is_vnni=*/true);
}

HOPSCOPE_CLONES void round_rows(Strided<const float> from, Strided<BFloat16> to, int64_t rows,
                                int64_t n) {
    for (int64_t row = 0; row < rows; ++row)
        round_row(from.data + row * from.stride, to.data + row * to.stride, n);
}

void end_pair_products() {
    at::native::cpublas::brgemm_release(/*is_vnni=*/true);
}

Packed::Packed(const at::Tensor& b)
    : rows_(b.size(0)),
      columns_(b.size(1)),
      data_(at::empty({packed_size(rows_, columns_)}, b.options())) {
    const auto factor = factor_of(b);
    auto* to = data_.mutable_data_ptr<BFloat16>();
    const int64_t blocks = (columns_ + kPackedColumns - 1) / kPackedColumns;
    at::parallel_for(0, blocks, 1, [&](int64_t lo, int64_t hi) {
        for (int64_t block = lo; block < hi; ++block)
            pack_block(factor, rows_, columns_, block, to);
    });
}

void pair_product(at::Tensor& c, const at::Tensor& a, const Packed& b, bool add) {
    TORCH_INTERNAL_ASSERT(c.scalar_type() == at::kFloat && c.is_contiguous());
    const int64_t n = a.size(0), m = b.rows(), p = b.columns();
    if (m == 0 && !add) c.zero_();
    const auto factor = factor_of(a);
    // Rows of a as the products read them: side by side, of an even number of columns.
    const bool as_it_is = !factor.transposed && m % kPackedPair == 0;
    const int64_t depth = padded_rows(m);
    auto* to = c.mutable_data_ptr<float>();
    const int64_t blocks = (n + kRows - 1) / kRows;
    at::parallel_for(0, blocks, 1, [&](int64_t lo, int64_t hi) {
        const at::Tensor own =
            as_it_is ? at::Tensor() : at::empty({std::min(n, kRows), depth}, a.options());
        for (int64_t block = lo; block < hi; ++block) {
            const int64_t begin = block * kRows, rows = std::min(kRows, n - begin);
            const BFloat16* from = factor.data + begin * (factor.transposed ? 1 : factor.stride);
            if (!as_it_is) {
                auto* copy = own.mutable_data_ptr<BFloat16>();
                if (factor.transposed)
                    transpose(from, factor.stride, m, rows, copy, depth);
                else
                    for (int64_t i = 0; i < rows; ++i)
                        std::copy_n(from + i * factor.stride, m, copy + i * depth);
                for (int64_t i = 0; m < depth && i < rows; ++i) copy[i * depth + m] = BFloat16(0);
                from = copy;
            }
            pair_product(rows, p, m, {from, as_it_is ? factor.stride : depth}, b.factor(), add,
                         {to + begin * p, p});
        }
        end_pair_products();
    });
}

}  // namespace hopscope::kernels::cpu
