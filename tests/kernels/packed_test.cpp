// If these fail, products of bf16 pairs are not the products of their factors: a border of a block,
// an odd size, a transposed factor or what lies behind a row has got into a sum.
#include "kernels/cpu/packed.h"

#include <ATen/Parallel.h>
#include <ATen/ops/full.h>
#include <ATen/ops/mm.h>

#include "tests/kernels/helpers.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;
namespace cpu = kernels::cpu;

constexpr int64_t kEdges[] = {1, 2, 31, 33, 64, 71, 129};

/// Random bf16 numbers, as a transposed view if asked.
at::Tensor factor(int64_t rows, int64_t columns, bool transposed, uint64_t seed) {
    const auto made = [&](int64_t a, int64_t b) { return randn({a, b}, seed).to(at::kBFloat16); };
    return transposed ? made(columns, rows).t() : made(rows, columns);
}

void expect_product(int64_t n, int64_t p, int64_t m, bool turned_a, bool turned_b) {
    const auto a = factor(n, m, turned_a, 1), b = factor(m, p, turned_b, 2);
    const auto exact = at::mm(a.to(at::kDouble), b.to(at::kDouble));
    auto c = at::full({n, p}, 7.0, at::TensorOptions().dtype(at::kFloat));
    const cpu::Packed packed(b);
    cpu::pair_product(c, a, packed, /*add=*/false);
    const double most = 1e-5 * std::sqrt(static_cast<double>(m));
    EXPECT_LT(max_abs(c.to(at::kDouble), exact), most) << n << " " << p << " " << m;
    cpu::pair_product(c, a, packed, /*add=*/true);
    EXPECT_LT(max_abs(c.to(at::kDouble), exact * 2), 2 * most) << n << " " << p << " " << m;
}

// On a processor without such instructions there is nothing to test; who calls asks first.
TEST(PairProducts, EqualTheProductAtEveryEdge) {
    if (!cpu::has_pair_products()) return;
    for (const int64_t n : kEdges)
        for (const int64_t p : kEdges)
            for (const int64_t m : kEdges) expect_product(n, p, m, false, false);
}

TEST(PairProducts, TakeTransposedFactors) {
    if (!cpu::has_pair_products()) return;
    for (const int64_t m : {1, 31, 71, 129, 2049}) {
        expect_product(130, 71, m, true, false);
        expect_product(31, 130, m, false, true);
        expect_product(71, 33, m, true, true);
    }
}

TEST(PairProducts, DoNotDependOnThreads) {
    if (!cpu::has_pair_products()) return;
    const auto a = factor(700, 300, true, 1), b = factor(300, 200, true, 2);
    const auto with = [&](int threads) {
        const int before = at::get_num_threads();
        at::set_num_threads(threads);
        auto c = at::full({700, 200}, 0.0, at::TensorOptions().dtype(at::kFloat));
        cpu::pair_product(c, a, cpu::Packed(b), /*add=*/false);
        at::set_num_threads(before);
        return c;
    };
    const auto one = with(1);
    for (const int threads : {2, 3, 8}) EXPECT_TRUE(one.equal(with(threads))) << threads;
}

TEST(PairProducts, ATransposeIsOne) {
    for (const int64_t rows : kEdges)
        for (const int64_t columns : kEdges) {
            const auto x = factor(rows, columns, false, 3);
            auto y = at::full({columns, rows + 3}, 7.0, x.options());
            cpu::transpose(x.const_data_ptr<c10::BFloat16>(), columns, rows, columns,
                           y.mutable_data_ptr<c10::BFloat16>(), rows + 3);
            EXPECT_TRUE(y.narrow(1, 0, rows).equal(x.t())) << rows << " " << columns;
            EXPECT_TRUE(y.narrow(1, rows, 3).eq(7).all().item().toBool()) << "written behind a row";
        }
}

}  // namespace
