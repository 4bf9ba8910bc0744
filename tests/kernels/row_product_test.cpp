// If these fail, products of blocks of rows are not the products of their factors: a stride, a size
// that is not round or what was there before has got into a sum.
#include "kernels/cpu/row_product.h"

#include <ATen/ops/full.h>
#include <ATen/ops/mm.h>

#include "tests/kernels/helpers.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;
using kernels::cpu::row_product;
using kernels::cpu::spread_rows;
using kernels::cpu::Strided;

template <class T>
Strided<const T> read(const at::Tensor& x) {
    return {x.const_data_ptr<T>(), x.stride(0)};
}

template <class T>
void expect_product(int64_t n, int64_t p, int64_t m, at::ScalarType type, double most) {
    const auto a = spread_rows(randn({n, m}, 1, type)), b = spread_rows(randn({m, p}, 2, type));
    const auto exact = at::mm(a.to(at::kDouble), b.to(at::kDouble));
    auto room = at::full({n, p + 3}, 7.0, a.options());
    const Strided<T> c{room.mutable_data_ptr<T>(), p + 3};
    for (const bool add : {false, true}) {
        row_product<T>({n, p, m}, read<T>(a), read<T>(b), add, c);
        EXPECT_LT(max_abs(room.narrow(1, 0, p), exact * (add ? 2 : 1)), most)
            << n << " " << p << " " << m << (add ? ", added" : "");
        EXPECT_TRUE(room.narrow(1, p, 3).eq(7.0).all().item().toBool()) << "behind a row";
    }
}

TEST(RowProduct, EqualsTheProduct) {
    for (const int64_t n : {1, 8, 31, 64})
        for (const int64_t p : {1, 33, 71, 128, 256})
            for (const int64_t m : {1, 7, 8, 64, 129, 256}) {
                expect_product<float>(n, p, m, at::kFloat, 2e-4);
                expect_product<double>(n, p, m, at::kDouble, 1e-11);
            }
}

TEST(RowProduct, SpreadRowsAreNotAPowerOfTwoApart) {
    for (const int64_t columns : {1, 16, 100, 128, 256, 1000, 1024, 4096}) {
        const auto x = randn({3, columns}, 1), spread = spread_rows(x);
        EXPECT_TRUE(spread.equal(x));
        EXPECT_NE(spread.stride(0) % 128, 0) << columns;
    }
}

}  // namespace
