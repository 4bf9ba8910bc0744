// If these fail, experts that gate each other compose on a GPU to something else than the
// reference, or learn from another gradient. The kernels run on the CPU, under many orders of their
// threads.
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <vector>

#include "tests/kernels/expert_banks.h"
#include "tests/kernels/simt/launches.h"
#include "tests/kernels/simt/schedules.h"
// CUDA's words have to come first.
#include "kernels/cuda/gated.cuh"

namespace {

using namespace hopscope;
using at::Tensor;
using kernels::Composition;
using kernels::ExpertKind;
using simt::Guarded;
using simt::kSchedules;
using test::ExpertCase;
namespace cuda = kernels::cuda;

/// tokens, k, experts, rank, d: edges of a warp, of a block of tokens, of a tile of 256 columns;
/// one expert, which has nobody to gate it.
const std::vector<ExpertCase> kGatedCases{
    {1, 1, 1, 1, 1}, {5, 3, 7, 2, 31}, {3, 4, 9, 1, 33}, {33, 2, 5, 1, 3}, {2, 2, 5, 3, 257}};

template <class T>
class CrossGated : public ::testing::Test {
  protected:
    static constexpr at::ScalarType kType = c10::CppTypeToScalarType<T>::value;
    static constexpr at::ScalarType kWide = c10::CppTypeToScalarType<cuda::Wide<T>>::value;
    /// Of the largest number of a tensor; what comes out is rounded to its type, and so is the
    /// total that the backward pass reads.
    static constexpr double kShare = std::is_same_v<T, double>  ? 1e-12
                                     : std::is_same_v<T, float> ? 1e-5
                                                                : 0.02;

    static void expect_near(const Tensor& got, const Tensor& want, const char* what) {
        EXPECT_LE(test::max_abs(got, want), kShare * (1 + want.abs().max().item<double>())) << what;
    }

    /// Forward and backward of a bank under one order of the threads; `exact` are the inputs in
    /// fp64, with the gradients that the reference gave them.
    template <int kReads>
    static void compare(ExpertKind kind, const ExpertCase& c, const Tensor& idx,
                        const std::vector<Tensor>& exact, const Tensor& want, const Tensor& grad,
                        uint64_t schedule);
};

template <class T>
template <int kReads>
void CrossGated<T>::compare(ExpertKind kind, const ExpertCase& c, const Tensor& idx,
                            const std::vector<Tensor>& exact, const Tensor& want,
                            const Tensor& grad, uint64_t schedule) {
    using W = cuda::Wide<T>;
    const int64_t r = kind == ExpertKind::fixed ? 1 : c.rank;
    const auto narrow = [](const Tensor& x) { return x.detach().to(kType); };
    const auto& write = kind == ExpertKind::fixed ? exact[1] : exact[3];
    std::vector<Tensor> readers;
    if (kind == ExpertKind::swiglu) readers.push_back(exact[4]);
    if (kind != ExpertKind::fixed) readers.push_back(exact[2]);
    Guarded<int64_t> choice(idx);
    // Gradients of rows and tokens are added to what is there, those of weights written.
    Guarded<T> weight(narrow(exact[0])), h(narrow(exact[1])), rows(narrow(write)), g(grad),
        total({c.tokens, c.d}, kType), out({c.tokens, c.d}, kType), dh(narrow(exact[1])),
        dw({c.tokens, c.k}, kType), dwrite(narrow(write));
    Guarded<W> pre({c.tokens, c.k, r, kReads}, kWide), to({c.tokens, c.k, r, kReads + 1}, kWide),
        shared({c.tokens, c.d}, kWide);
    std::vector<Guarded<T>> read, dread;
    for (const auto& x : readers) {
        read.emplace_back(narrow(x));
        dread.emplace_back(narrow(x));
    }
    cuda::ExpertPass<T> pass{.tokens = c.tokens,
                             .k = c.k,
                             .r = r,
                             .d = c.d,
                             .first = 0,
                             .count = c.k,
                             .groups = 1,
                             .idx = choice.data(),
                             .h = h.data(),
                             .w = weight.data(),
                             .write = rows.data(),
                             .read = {}};
    cuda::RowGrads<T> into{.read = {}, .write = dwrite.data()};
    for (size_t i = 0; i < read.size(); ++i) {
        pass.read[i] = read[i].data();
        into.read[i] = dread[i].data();
    }
    const auto run = [&](int64_t warps, const std::function<void()>& kernel) {
        ASSERT_EQ(simt::run(simt::warps_launch(warps, cuda::kExpertWarps, schedule), kernel), "");
    };
    run(c.tokens, [&] {
        cuda::gated_forward_kernel<kReads>(pass, pre.data(), to.data(), total.data(), out.data());
    });
    expect_near(out.read(), want, "out");
    Guarded<W> again({c.tokens, c.k, r, kReads + 1}, kWide);
    run(c.tokens, [&] {
        cuda::gated_backward_kernel<kReads>(pass, pre.data(), total.data(), g.data(), dh.data(),
                                            dw.data(), again.data(), shared.data());
    });
    expect_near(dw.read(), exact[0].grad(), "weight");
    const auto sorted = simt::sort_pairs(idx, {c.tokens, c.k, 0, c.k}, c.experts, schedule);
    Guarded<int> first(sorted.first), pairs(sorted.pairs);
    run(cuda::row_gradient_warps(c.experts, r, c.d), [&] {
        cuda::gated_row_gradients_kernel<kReads>(pass, c.experts, first.data(), pairs.data(),
                                                 total.data(), shared.data(), g.data(),
                                                 again.data(), into);
    });
    pre.read();
    to.read();
    again.read();
    shared.read();
    const auto with = [](const Tensor& leaf) { return leaf.grad() + leaf.detach(); };
    expect_near(dwrite.read(), with(write), "written rows");
    if (kReads == 0) return;
    expect_near(dh.read(), with(exact[1]), "h");
    for (size_t i = 0; i < dread.size(); ++i)
        expect_near(dread[i].read(), with(readers[i]), "read rows");
}

using GatedTypes = ::testing::Types<float, double, c10::BFloat16>;
TYPED_TEST_SUITE(CrossGated, GatedTypes);

TYPED_TEST(CrossGated, ValueAndGradientsEqualTheReference) {
    for (const auto kind : test::kKinds)
        for (const auto& c : kGatedCases) {
            const auto idx = test::choices(c.tokens, c.k, c.experts, 9);
            std::vector<Tensor> exact;
            for (const auto& x : test::expert_inputs(kind, c, this->kType))
                exact.push_back(x.clone().to(at::kDouble).set_requires_grad(true));
            const auto want =
                test::compose(kind, idx, exact, Composition::cross_gated, kernels::Form::reference);
            const auto grad = test::randn(want.sizes(), 22, this->kType);
            want.backward(grad.to(at::kDouble));
            for (uint64_t schedule = 0; schedule < kSchedules; ++schedule) {
                SCOPED_TRACE(testing::Message()
                             << test::name_of(kind) << ", " << c.tokens << " tokens, k " << c.k
                             << ", rank " << c.rank << ", d " << c.d << ", schedule " << schedule);
                const auto compare = [&](auto reads) {
                    this->template compare<decltype(reads)::value>(kind, c, idx, exact,
                                                                   want.detach(), grad, schedule);
                };
                if (kind == ExpertKind::fixed) compare(std::integral_constant<int, 0>{});
                if (kind == ExpertKind::mlp) compare(std::integral_constant<int, 1>{});
                if (kind == ExpertKind::swiglu) compare(std::integral_constant<int, 2>{});
                if (this->HasFailure()) return;
            }
        }
}

}  // namespace
