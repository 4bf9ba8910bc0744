// If these fail, experts on a GPU write something else than their reference, or their weights learn
// from another gradient. The kernels run on the CPU, under many orders of their threads.
#include <ATen/ATen.h>
#include <algorithm>
#include <gtest/gtest.h>
#include <vector>

#include "kernels/reference/reference.h"
#include "tests/kernels/expert_banks.h"
#include "tests/kernels/simt/expert_room.h"

namespace {

using namespace hopscope;
using at::Tensor;
using kernels::cases::ExpertsShape;
using simt::ExpertRoom;
using simt::Guarded;
using simt::kSchedules;
using simt::SlotRange;
using simt::sort_pairs;
using simt::Wanted;
using test::randn;
namespace cases = kernels::cases;
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

/// The outputs [groups, T, d] of runs of slots, as sums of the reference over one run each.
Tensor group_sums(const ExpertsShape& c, const SlotRange& s, const std::vector<Tensor>& given) {
    std::vector<Tensor> out;
    for (int64_t g = 0; g < s.groups; ++g) {
        auto part = at::zeros_like(given[0]);
        part.narrow(1, s.first + g * s.count / s.groups, s.count / s.groups).fill_(1);
        out.push_back(
            kernels::reference::experts(c.kind == kernels::ExpertKind::fixed ? Tensor() : given[2],
                                        given[1], given[0] * part, cases::bank_of(c.kind, given)));
    }
    return at::stack(out);
}

/// What the reference says of a range of slots, for a gradient from behind.
struct RangeWanted {
    RangeWanted(const ExpertsShape& c, const SlotRange& s, const Wanted& wanted) {
        auto of_range = wanted.problem;
        of_range.call = [&](const std::vector<Tensor>& given, kernels::Form) {
            return std::vector<cases::Named>{{"y", group_sums(c, s, given)}};
        };
        grad = randn({s.groups, c.tokens, c.d}, 21, wanted.type);
        of_range.pulls = {grad};
        exact = cases::exact(of_range);
    }
    Tensor grad;
    cases::Found exact;
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

    /// Forward and backward of one range of slots under one order of the threads.
    template <int kReads>
    static void compare(const ExpertsShape& c, const SlotRange& s, const Wanted& wanted,
                        const RangeWanted& range, uint64_t schedule);
};

template <class T>
template <int kReads>
void Experts<T>::compare(const ExpertsShape& c, const SlotRange& s, const Wanted& wanted,
                         const RangeWanted& range, uint64_t schedule) {
    ExpertRoom<T, kReads> room(c, wanted, s, schedule);
    const auto before = randn(range.grad.sizes(), 22, kType);  // added to what is there
    Guarded<T> g(range.grad), out(before), dw(at::zeros({c.tokens, c.k}, kType));
    room.run(c.tokens, [&] {
        cuda::experts_forward_kernel<kReads>(room.pass, false, room.pre.data(), out.data());
    });
    wanted.expect("y", out.read(), range.exact["y"] + before.to(at::kDouble));
    // Once more with what is kept: the same bits.
    Guarded<T> again(before);
    room.run(c.tokens, [&] {
        cuda::experts_forward_kernel<kReads>(room.pass, true, room.pre.data(), again.data());
    });
    ASSERT_TRUE(again.read().equal(out.read()));

    room.run(c.tokens, [&] {
        cuda::experts_backward_kernel<kReads>(room.pass, room.pre.data(), g.data(), room.dh.data(),
                                              dw.data(), room.to.data());
    });
    wanted.expect("grad.weight", dw.read(), range.exact["grad.weight"]);
    room.run_rows([&](const int* first, const int* pairs) {
        cuda::row_gradients_kernel<kReads>(room.pass, c.experts, first, pairs, g.data(),
                                           room.to.data(), room.rows);
    });
    room.expect_added(range.exact);
}

using ExpertTypes = ::testing::Types<float, double, c10::BFloat16>;
TYPED_TEST_SUITE(Experts, ExpertTypes);

TYPED_TEST(Experts, ForwardAndGradientsEqualTheReference) {
    std::vector<RangeWanted> ranges;
    simt::for_each_listed(cases::experts_shapes(), cases::experts_case, this->kType,
                          [&](const ExpertsShape& c, const Wanted& wanted, uint64_t schedule) {
                              // Others are made of ranges of slots, or of kernels of their own.
                              if (c.composition != kernels::Composition::sum) return;
                              const auto all = ranges_of(c.k);
                              if (schedule == 0) {
                                  ranges.clear();
                                  for (const auto& s : all) ranges.emplace_back(c, s, wanted);
                              }
                              for (size_t i = 0; i < all.size(); ++i)
                                  simt::with_reads(c.kind, [&](auto reads) {
                                      SCOPED_TRACE(testing::Message()
                                                   << "slots from " << all[i].first << ", groups "
                                                   << all[i].groups);
                                      TestFixture::template compare<decltype(reads)::value>(
                                          c, all[i], wanted, ranges[i], schedule);
                                  });
                          });
}

}  // namespace
