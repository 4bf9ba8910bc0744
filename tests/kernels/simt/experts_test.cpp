// If these fail, experts on a GPU write something else than their reference, or their weights learn
// from another gradient. The kernels run on the CPU, under many orders of their threads.
#include <ATen/ATen.h>
#include <algorithm>
#include <gtest/gtest.h>
#include <vector>

#include "kernels/reference/reference.h"
#include "tests/kernels/expert_banks.h"
#include "tests/kernels/simt/guarded.h"
#include "tests/kernels/simt/launches.h"
#include "tests/kernels/simt/schedules.h"
// CUDA's words have to come first.
#include "kernels/cuda/experts.cuh"

namespace {

using namespace hopscope;
using at::Tensor;
using kernels::ExpertKind;
using simt::Guarded;
using simt::kSchedules;
using simt::sort_pairs;
using simt::warps_launch;
using test::ExpertCase;
using test::randn;
namespace cuda = kernels::cuda;

struct PairCase {
    int64_t tokens, k, experts, first, count;
    bool one_takes_all = false;
};

TEST(Pairs, StandByExpertInTokenOrder) {
    for (const auto& c : std::vector<PairCase>{{1, 1, 1, 0, 1},
                                               {33, 3, 7, 0, 3},
                                               {71, 4, 300, 0, 4},
                                               {129, 4, 32, 0, 4},
                                               {128, 4, 257, 0, 4},
                                               {171, 6, 71, 2, 3},
                                               {1000, 1, 5, 0, 1, true},
                                               {345, 3, 1000, 1, 2}}) {
        auto idx = test::choices(c.tokens, c.k, c.experts, 7);
        if (c.one_takes_all) idx.fill_(c.experts - 1);
        std::vector<int> want;
        for (int64_t t = 0; t < c.tokens; ++t)
            for (int64_t j = c.first; j < c.first + c.count; ++j)
                want.push_back(static_cast<int>(t * c.k + j));
        const auto* e = idx.const_data_ptr<int64_t>();
        std::stable_sort(want.begin(), want.end(), [&](int a, int b) { return e[a] < e[b]; });
        for (uint64_t schedule = 0; schedule < kSchedules; ++schedule) {
            const auto got =
                sort_pairs(idx, {c.tokens, c.k, c.first, c.count}, c.experts, schedule);
            const auto* pairs = got.pairs.const_data_ptr<int>();
            ASSERT_EQ(std::vector<int>(pairs, pairs + got.pairs.numel()), want)
                << c.tokens << " tokens, schedule " << schedule;
            const auto* first = got.first.const_data_ptr<int>();
            ASSERT_EQ(first[0], 0);
            ASSERT_EQ(first[c.experts], static_cast<int>(want.size()));
            for (int64_t x = 0; x < c.experts; ++x)
                for (int i = first[x]; i < first[x + 1]; ++i) ASSERT_EQ(e[want[i]], x);
        }
    }
}

/// tokens, k, experts, rank, d: edges of a warp, of a block of tokens, of a tile of 256 columns.
const std::vector<ExpertCase> kExpertCases{
    {1, 1, 1, 1, 1},  {5, 3, 7, 1, 31},    {4, 4, 9, 1, 32},  {3, 2, 5, 2, 71},
    {9, 4, 6, 3, 16}, {2, 12, 40, 1, 129}, {3, 4, 8, 1, 257}, {2, 2, 3, 1, 1024}};

/// One bank and one hop of tokens, with what the reference says of it.
struct Bank {
    Bank(ExpertKind of, const ExpertCase& shape, at::ScalarType type) : kind(of), c(shape) {
        idx = test::choices(c.tokens, c.k, c.experts, 9);
        for (const auto& x : test::expert_inputs(kind, c, type)) in.push_back(x.to(at::kDouble));
    }
    const Tensor& h() const { return in[1]; }
    std::vector<Tensor> readers() const {
        if (kind == ExpertKind::fixed) return {};
        if (kind == ExpertKind::mlp) return {in[2]};
        return {in[4], in[2]};
    }
    const Tensor& write() const { return kind == ExpertKind::fixed ? in[1] : in[3]; }

    ExpertKind kind;
    ExpertCase c;
    Tensor idx;
    std::vector<Tensor> in;  ///< fp64: weight, h and the rows
};

/// The outputs [groups, T, d] of runs of slots, as sums of the reference over one run each.
Tensor group_sums(const Bank& b, const std::vector<Tensor>& in, int64_t first, int64_t count,
                  int64_t groups) {
    std::vector<Tensor> out;
    for (int64_t g = 0; g < groups; ++g) {
        auto part = at::zeros_like(b.in[0]);
        part.narrow(1, first + g * count / groups, count / groups).fill_(1);
        out.push_back(kernels::reference::experts(b.kind == ExpertKind::fixed ? Tensor() : in[1],
                                                  b.idx, in[0] * part, test::bank_of(b.kind, in)));
    }
    return at::stack(out);
}

struct SlotRange {
    int64_t first, count, groups;
};

/// What the reference says of a range of slots, for a gradient from behind.
struct Wanted {
    Wanted(const Bank& b, const SlotRange& s, at::ScalarType type) {
        for (const auto& x : b.in) leaves.push_back(x.clone().set_requires_grad(true));
        const auto sums = group_sums(b, leaves, s.first, s.count, s.groups);
        grad = randn(sums.sizes(), 21, type);
        (sums * grad.to(at::kDouble)).sum().backward();
        out = sums.detach();
    }
    Tensor out, grad;
    std::vector<Tensor> leaves;
};

std::vector<SlotRange> ranges_of(int64_t k) {
    std::vector<SlotRange> out{{0, k, 1}};
    if (k % 4 == 0) out.push_back({0, k, 4});
    if (k > 2) out.push_back({1, 2, 1});
    return out;
}

template <class T>
class Experts : public ::testing::Test {
  protected:
    static constexpr at::ScalarType kType = c10::CppTypeToScalarType<T>::value;
    static constexpr at::ScalarType kWide = c10::CppTypeToScalarType<cuda::Wide<T>>::value;
    /// bf16 has 8 binary digits, and what a kernel adds to is rounded to them.
    static constexpr double kTolerance = kType == at::kDouble  ? 1e-11
                                         : kType == at::kFloat ? 2e-5
                                                               : 2.0 / 256;

    static void expect_near(const Tensor& got, const Tensor& want, const std::string& what) {
        EXPECT_TRUE(
            at::allclose(got.to(at::kDouble), want.view(got.sizes()), kTolerance, kTolerance))
            << what << ": off by " << test::max_abs(got, want.view(got.sizes()));
    }
    static Tensor narrow(const Tensor& x) { return x.detach().to(kType).contiguous(); }

    /// Forward and backward of one range of slots under one order of the threads.
    template <int kReads>
    static void compare(const Bank& b, const SlotRange& s, const Wanted& want, uint64_t schedule);

    static void compare(const Bank& b, const SlotRange& s, const Wanted& want, uint64_t schedule) {
        if (b.kind == ExpertKind::fixed) compare<0>(b, s, want, schedule);
        if (b.kind == ExpertKind::mlp) compare<1>(b, s, want, schedule);
        if (b.kind == ExpertKind::swiglu) compare<2>(b, s, want, schedule);
    }
};

template <class T>
template <int kReads>
void Experts<T>::compare(const Bank& b, const SlotRange& s, const Wanted& want, uint64_t schedule) {
    const auto& c = b.c;
    const int64_t r = b.kind == ExpertKind::fixed ? 1 : c.rank;
    const auto& grad = want.grad;
    const auto before = randn(grad.sizes(), 22, kType);  // everything is added to what is there
    Guarded<int64_t> idx(b.idx);
    Guarded<T> weight(narrow(b.in[0])), h(narrow(b.h())), write(narrow(b.write())), g(grad),
        out(before), dw(at::zeros({c.tokens, c.k}, grad.options())), dh(narrow(b.h())),
        dwrite(narrow(b.write()));
    Guarded<cuda::Wide<T>> pre({c.tokens, c.k, r, kReads}, kWide),
        to({c.tokens, c.k, r, kReads + 1}, kWide);
    std::vector<Guarded<T>> read, dread;
    for (const auto& x : b.readers()) {
        read.emplace_back(narrow(x));
        dread.emplace_back(narrow(x));
    }
    cuda::ExpertPass<T> pass{.tokens = c.tokens,
                             .k = c.k,
                             .r = r,
                             .d = c.d,
                             .first = s.first,
                             .count = s.count,
                             .groups = s.groups,
                             .idx = idx.data(),
                             .h = h.data(),
                             .w = weight.data(),
                             .write = write.data(),
                             .read = {}};
    cuda::RowGrads<T> rows{.read = {}, .write = dwrite.data()};
    for (size_t i = 0; i < read.size(); ++i) {
        pass.read[i] = read[i].data();
        rows.read[i] = dread[i].data();
    }
    const auto run = [&](int64_t warps, const std::function<void()>& kernel) {
        ASSERT_EQ(simt::run(warps_launch(warps, cuda::kExpertWarps, schedule), kernel), "");
    };
    run(c.tokens,
        [&] { cuda::experts_forward_kernel<kReads>(pass, false, pre.data(), out.data()); });
    expect_near(out.read(), want.out + before.to(at::kDouble), "out");
    // Once more with what is kept: the same bits.
    Guarded<T> again(before);
    run(c.tokens,
        [&] { cuda::experts_forward_kernel<kReads>(pass, true, pre.data(), again.data()); });
    ASSERT_TRUE(again.read().equal(out.read()));

    run(c.tokens, [&] {
        cuda::experts_backward_kernel<kReads>(pass, pre.data(), g.data(), dh.data(), dw.data(),
                                              to.data());
    });
    expect_near(dw.read(), want.leaves[0].grad(), "weight");
    const auto sorted = sort_pairs(b.idx, {c.tokens, c.k, s.first, s.count}, c.experts, schedule);
    Guarded<int> first(sorted.first), pairs(sorted.pairs);
    run(cuda::row_gradient_warps(c.experts, r, c.d), [&] {
        cuda::row_gradients_kernel<kReads>(pass, c.experts, first.data(), pairs.data(), g.data(),
                                           to.data(), rows);
    });
    const auto with = [](const Tensor& leaf) { return leaf.grad() + leaf.detach(); };
    if (kReads == 0) {
        expect_near(dwrite.read(), with(want.leaves[1]), "value");
        return;
    }
    expect_near(dh.read(), with(want.leaves[1]), "h");
    expect_near(dwrite.read(), with(want.leaves[3]), "up");
    expect_near(dread.back().read(), with(want.leaves[2]), "down");
    if (kReads == 2) expect_near(dread.front().read(), with(want.leaves[4]), "gate");
    pre.read();
    to.read();
}

using ExpertTypes = ::testing::Types<float, double, c10::BFloat16>;
TYPED_TEST_SUITE(Experts, ExpertTypes);

TYPED_TEST(Experts, ForwardAndGradientsEqualTheReference) {
    for (const auto kind : test::kKinds)
        for (const auto& c : kExpertCases) {
            const Bank bank(kind, c, this->kType);
            for (const auto& s : ranges_of(c.k)) {
                const Wanted want(bank, s, this->kType);
                for (uint64_t schedule = 0; schedule < kSchedules; ++schedule) {
                    SCOPED_TRACE(testing::Message()
                                 << test::name_of(kind) << ", " << c.tokens << " tokens, k " << c.k
                                 << ", rank " << c.rank << ", d " << c.d << ", slots from "
                                 << s.first << ", groups " << s.groups << ", schedule "
                                 << schedule);
                    this->compare(bank, s, want, schedule);
                    if (this->HasFailure()) return;
                }
            }
        }
}

TYPED_TEST(Experts, OneExpertTakesAllAndTheOthersStayEmpty) {
    for (const auto kind : test::kKinds) {
        Bank bank(kind, {37, 2, 5, 2, 33}, this->kType);
        bank.idx.fill_(3);
        const SlotRange s{0, 2, 1};
        const Wanted want(bank, s, this->kType);
        for (uint64_t schedule = 0; schedule < kSchedules; ++schedule) {
            this->compare(bank, s, want, schedule);
            if (this->HasFailure()) return;
        }
    }
}

}  // namespace
