// If these fail, experts that gate each other compose on a GPU to something else than the
// reference, or learn from another gradient. The kernels run on the CPU, under many orders of their
// threads.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/kernels/simt/expert_room.h"
// CUDA's words have to come first.
#include "kernels/cuda/gated.cuh"

namespace {

using namespace hopscope;
using kernels::cases::ExpertsShape;
using simt::ExpertRoom;
using simt::Guarded;
using simt::Wanted;
namespace cases = kernels::cases;
namespace cuda = kernels::cuda;

template <class T>
class CrossGated : public ::testing::Test {
  protected:
    static constexpr at::ScalarType kType = c10::CppTypeToScalarType<T>::value;

    /// Forward and backward of a bank under one order of the threads.
    template <int kReads>
    static void compare(const ExpertsShape& c, const Wanted& wanted, uint64_t schedule);
};

template <class T>
template <int kReads>
void CrossGated<T>::compare(const ExpertsShape& c, const Wanted& wanted, uint64_t schedule) {
    using Room = ExpertRoom<T, kReads>;
    Room room(c, wanted, {0, c.k, 1}, schedule);
    Guarded<T> g(wanted.problem.pulls[0]), total({c.tokens, c.d}, kType),
        out({c.tokens, c.d}, kType), dw({c.tokens, c.k}, kType);
    Guarded<typename Room::W> shared({c.tokens, c.d}, Room::kWide),
        again({c.tokens, c.k, room.r, kReads + 1}, Room::kWide);
    room.run(c.tokens, [&] {
        cuda::gated_forward_kernel<kReads>(room.pass, room.pre.data(), room.to.data(), total.data(),
                                           out.data());
    });
    wanted.expect("y", out.read());
    room.run(c.tokens, [&] {
        cuda::gated_backward_kernel<kReads>(room.pass, room.pre.data(), total.data(), g.data(),
                                            room.dh.data(), dw.data(), again.data(), shared.data());
    });
    wanted.expect("grad.weight", dw.read());
    room.run_rows([&](const int* first, const int* pairs) {
        cuda::gated_row_gradients_kernel<kReads>(room.pass, c.experts, first, pairs, total.data(),
                                                 shared.data(), g.data(), again.data(), room.rows);
    });
    room.expect_added(wanted.exact);
    again.read();
    shared.read();
}

using GatedTypes = ::testing::Types<float, double, c10::BFloat16>;
TYPED_TEST_SUITE(CrossGated, GatedTypes);

TYPED_TEST(CrossGated, ValueAndGradientsEqualTheReference) {
    simt::for_each_listed(cases::experts_shapes(), cases::experts_case, this->kType,
                          [](const ExpertsShape& c, const Wanted& wanted, uint64_t schedule) {
                              if (c.composition != kernels::Composition::cross_gated) return;
                              simt::with_reads(c.kind, [&](auto reads) {
                                  TestFixture::template compare<decltype(reads)::value>(c, wanted,
                                                                                        schedule);
                              });
                          });
}

}  // namespace
