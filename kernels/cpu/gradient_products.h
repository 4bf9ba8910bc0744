// The products of routing's gradient for a block of tokens, of fp32 or fp64 factors and of bf16
// ones. An object is one thread's; the factors are shared.
#pragma once

#include <c10/util/BFloat16.h>
#include <optional>
#include <vector>

#include "kernels/cpu/packed.h"
#include "kernels/cpu/route_block.h"

namespace hopscope::kernels::cpu {

/// to [n, rows] = the transpose of from [rows, n].
template <class T>
void turn(Strided<const T> from, int64_t rows, int64_t n, Strided<T> to) {
    for (int64_t i = 0; i < n; ++i)
        for (int64_t r = 0; r < rows; ++r)
            to.data[i * to.stride + r] = from.data[r * from.stride + i];
}

/// What all threads' products read.
struct WideFactors {
    at::Tensor unit, proj;

    explicit WideFactors(const CosineInput& in)
        : unit(spread_rows(in.unit)),
          proj(in.proj.defined() ? spread_rows(in.proj) : at::Tensor()) {}
};

template <class T>
class WideProducts {
  public:
    using Factors = WideFactors;

    WideProducts(const Factors& factors, const Sizes& n)
        : factors_(factors), n_(n), turned_(static_cast<size_t>(n.s * kRouteBlock)) {}

    /// dpos [rows, s] = dscores · unit.
    void to_positions(Strided<const T> dscores, int64_t rows, Strided<T> dpos) {
        row_product<T>({rows, n_.s, n_.m}, dscores, rows_of<T>(factors_.unit), /*add=*/false, dpos);
    }
    /// sum [s, m] = posᵀ · dscores or, with `add`, more than before; behind to_positions of them.
    void to_units(Strided<const T> dscores, Strided<const T> pos, int64_t rows, bool add,
                  Strided<T> sum) {
        row_product<T>({n_.s, n_.m, rows}, turned(pos, rows), dscores, add, sum);
    }
    /// dh [rows, d] = dz · proj.
    void to_input(Strided<const T> dz, int64_t rows, Strided<T> dh) {
        row_product<T>({rows, n_.d, n_.s}, dz, rows_of<T>(factors_.proj), /*add=*/false, dh);
    }
    /// sum [s, d] = dzᵀ · h or more than before; behind to_input of them.
    void to_projection(Strided<const T> dz, Strided<const T> h, int64_t rows, bool add,
                       Strided<T> sum) {
        row_product<T>({n_.s, n_.d, rows}, turned(dz, rows), h, add, sum);
    }
    /// Behind the last block.
    void end() const {}

  private:
    Strided<const T> turned(Strided<const T> x, int64_t rows) {
        turn<T>(x, rows, n_.s, {turned_.data(), kRouteBlock});
        return {turned_.data(), kRouteBlock};
    }

    const Factors& factors_;
    Sizes n_;
    std::vector<T> turned_;
};

struct NarrowFactors {
    Packed unit;
    std::optional<Packed> proj;

    explicit NarrowFactors(const CosineInput& in) : unit(in.unit.to(at::kBFloat16)) {
        if (in.proj.defined()) proj.emplace(in.proj.to(at::kBFloat16));
    }
};

/// The same with factors rounded to bf16; only where has_pair_products().
class NarrowProducts {
  public:
    using Factors = NarrowFactors;

    NarrowProducts(const Factors& factors, const Sizes& n)
        : factors_(factors),
          n_(n),
          scores_(room(kRouteBlock, n.m)),
          small_(room(kRouteBlock, n.s)),
          hidden_(room(kRouteBlock, n.projects ? n.d : 0)),
          turned_(room(n.s, kRouteBlock)),
          packed_(static_cast<size_t>(packed_size(kRouteBlock, std::max(n.m, n.d)))) {}

    void to_positions(Strided<const float> dscores, int64_t rows, Strided<float> dpos) {
        pair_product(rows, n_.s, n_.m, rounded(dscores, rows, n_.m, scores_),
                     factors_.unit.factor(), /*add=*/false, dpos);
    }
    void to_units(Strided<const float>, Strided<const float> pos, int64_t rows, bool add,
                  Strided<float> sum) {
        pair_product(n_.s, n_.m, rows, turned(rounded(pos, rows, n_.s, small_), rows),
                     packed(scores_, rows, n_.m), add, sum);
    }
    void to_input(Strided<const float> dz, int64_t rows, Strided<float> dh) {
        pair_product(rows, n_.d, n_.s, rounded(dz, rows, n_.s, small_), factors_.proj->factor(),
                     /*add=*/false, dh);
    }
    void to_projection(Strided<const float>, Strided<const float> h, int64_t rows, bool add,
                       Strided<float> sum) {
        rounded(h, rows, n_.d, hidden_);
        pair_product(n_.s, n_.d, rows, turned({small_.data(), padded_rows(n_.s)}, rows),
                     packed(hidden_, rows, n_.d), add, sum);
    }
    void end() const { end_pair_products(); }

  private:
    using Numbers = std::vector<c10::BFloat16>;

    /// Rows of an even number of columns: behind an odd one lies a zero.
    static Numbers room(int64_t rows, int64_t columns) {
        return Numbers(static_cast<size_t>(rows * padded_rows(columns)));
    }
    static Strided<const c10::BFloat16> rounded(Strided<const float> x, int64_t rows,
                                                int64_t columns, Numbers& to) {
        const int64_t stride = padded_rows(columns);
        round_rows(x, {to.data(), stride}, rows, columns);
        return {to.data(), stride};
    }
    Strided<const c10::BFloat16> turned(Strided<const c10::BFloat16> x, int64_t rows) {
        transpose(x.data, x.stride, rows, n_.s, turned_.data(), kRouteBlock);
        for (int64_t i = 0; rows < padded_rows(rows) && i < n_.s; ++i)
            turned_[static_cast<size_t>(i * kRouteBlock + rows)] = c10::BFloat16(0);
        return {turned_.data(), kRouteBlock};
    }
    PackedFactor packed(const Numbers& x, int64_t rows, int64_t columns) {
        pack({x.data(), padded_rows(columns)}, rows, columns, packed_.data());
        return {packed_.data(), rows};
    }

    const Factors& factors_;
    Sizes n_;
    Numbers scores_, small_, hidden_, turned_, packed_;
};

}  // namespace hopscope::kernels::cpu
