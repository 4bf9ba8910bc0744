// Matrix products of bf16 factors with sums and results in fp32, by the instructions that add pairs
// of products (avx512_bf16, AMX), through LibTorch's oneDNN. The second factor is laid out for them
// first: blocks of 64 columns, in which two rows lie interleaved. All sizes may be odd; what is
// padded is zero. Everything here works on the calling thread, unless said otherwise.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/util/BFloat16.h>
#include <cstdint>

#include "kernels/cpu/gemm.h"

namespace hopscope::kernels::cpu {

/// Has the processor such instructions? Without them nothing else of this file may be called.
bool has_pair_products();

/// Columns of a block, and rows that are interleaved.
inline constexpr int64_t kPackedColumns = 64, kPackedPair = 2;

/// So many rows a packed factor of `rows` has.
constexpr int64_t padded_rows(int64_t rows) {
    return (rows + kPackedPair - 1) / kPackedPair * kPackedPair;
}

/// Numbers that a packed [rows, columns] takes.
int64_t packed_size(int64_t rows, int64_t columns);

/// Block `block` of `factor` [rows, columns] as a packed factor holds it, to `to`, which begins the
/// whole.
void pack_block(const Factor<c10::BFloat16>& factor, int64_t rows, int64_t columns, int64_t block,
                c10::BFloat16* to);
/// All its blocks.
void pack(const Factor<c10::BFloat16>& factor, int64_t rows, int64_t columns, c10::BFloat16* to);

/// to [columns, rows] = the transpose of from [rows, columns].
void transpose(const c10::BFloat16* from, int64_t stride, int64_t rows, int64_t columns,
               c10::BFloat16* to, int64_t to_stride);

/// to [rows, n] = from, rounded.
void round_rows(Strided<const float> from, Strided<c10::BFloat16> to, int64_t rows, int64_t n);

/// A packed factor and how many rows it has.
struct PackedFactor {
    const c10::BFloat16* data;
    int64_t rows;
};

/// c [n, p] = a [n, m] · b [m, p] or, with `add`, more than before. Of b the first m rows and p
/// columns are taken. Where m is odd, a zero lies behind each row of a.
void pair_product(int64_t n, int64_t p, int64_t m, Strided<const c10::BFloat16> a,
                  const PackedFactor& b, bool add, Strided<float> c);

/// Gives back what a thread's products hold of the processor (the tiles of AMX): to be called by
/// each thread that made some, before it does other work.
void end_pair_products();

/// A packed factor of its own, made by the calling thread's OpenMP team.
class Packed {
  public:
    /// @param b [m, p] bf16, contiguous or the transpose of a contiguous tensor
    explicit Packed(const at::Tensor& b);

    int64_t rows() const { return rows_; }
    int64_t columns() const { return columns_; }
    PackedFactor factor() const { return {data_.const_data_ptr<c10::BFloat16>(), rows_}; }

  private:
    int64_t rows_, columns_;
    at::Tensor data_;
};

/// c [n, p] = a b or, with `add`, more than before, by the calling thread's OpenMP team; the same
/// bits for any number of threads.
/// @param a [n, m] bf16, contiguous or the transpose of a contiguous tensor
/// @param c [n, p] fp32, contiguous
void pair_product(at::Tensor& c, const at::Tensor& a, const Packed& b, bool add);

}  // namespace hopscope::kernels::cpu
