// A bank of experts and one hop of tokens as the kernels of experts see them, for those that add
// slots and for those whose slots gate each other: what a pass is given, what it keeps, and where
// its gradients go.
#pragma once

#include <string>
#include <vector>

#include "kernels/cases/experts.h"
#include "tests/kernels/simt/launches.h"
#include "tests/kernels/simt/listed.h"
// CUDA's words have to come first.
#include "kernels/cuda/experts.cuh"

namespace hopscope::simt {

struct SlotRange {
    int64_t first, count, groups;
};

/// kReads: row tensors that an expert reads, 0 of fixed ones.
template <class T, int kReads>
struct ExpertRoom {
    using W = kernels::cuda::Wide<T>;
    static constexpr at::ScalarType kType = c10::CppTypeToScalarType<T>::value,
                                    kWide = c10::CppTypeToScalarType<W>::value;

    ExpertRoom(const kernels::cases::ExpertsShape& shape, const Wanted& wanted_case,
               const SlotRange& slots, uint64_t order)
        : c(shape),
          wanted(wanted_case),
          range(slots),
          schedule(order),
          r(kReads == 0 ? 1 : shape.rank),
          idx(given("idx")),
          weight(given("weight")),
          h(given(kReads == 0 ? "value" : "h")),  // of fixed experts: not read
          write(given(written())),
          dh(given(kReads == 0 ? "value" : "h")),
          dwrite(given(written())),
          pre({c.tokens, c.k, r, kReads}, kWide),
          to({c.tokens, c.k, r, kReads + 1}, kWide) {
        for (const auto* name : readers()) {
            read.emplace_back(given(name));
            dread.emplace_back(given(name));
        }
        pass = {.tokens = c.tokens,
                .k = c.k,
                .r = r,
                .d = c.d,
                .first = range.first,
                .count = range.count,
                .groups = range.groups,
                .idx = idx.data(),
                .h = h.data(),
                .w = weight.data(),
                .write = write.data(),
                .read = {}};
        rows = {.read = {}, .write = dwrite.data()};
        for (size_t i = 0; i < read.size(); ++i) {
            pass.read[i] = read[i].data();
            rows.read[i] = dread[i].data();
        }
    }

    static const char* written() { return kReads == 0 ? "value" : "up"; }
    static std::vector<const char*> readers() {
        if (kReads == 2) return {"gate", "down"};
        return kReads == 1 ? std::vector<const char*>{"down"} : std::vector<const char*>{};
    }
    at::Tensor given(const char* name) const { return wanted.problem[name]; }

    /// A kernel of which a warp has an item.
    template <class F>
    void run(int64_t warps, const F& kernel) const {
        ASSERT_EQ(simt::run(warps_launch(warps, kernels::cuda::kExpertWarps, schedule), kernel),
                  "");
    }

    /// The kernel of the rows' gradients, on pairs sorted by expert.
    template <class F>
    void run_rows(const F& kernel) const {
        const auto sorted = sort_pairs(given("idx"), {c.tokens, c.k, range.first, range.count},
                                       c.experts, schedule);
        Guarded<int> first(sorted.first), pairs(sorted.pairs);
        run(kernels::cuda::row_gradient_warps(c.experts, r, c.d),
            [&] { kernel(first.data(), pairs.data()); });
        first.read();
        pairs.read();
    }

    /// Gradients of tokens and rows, which began as what they are gradients of, and have been added
    /// to; @param exact what they are.
    void expect_added(const kernels::cases::Found& exact) {
        const auto expect = [&](const std::string& name, Guarded<T>& got) {
            const auto whole = exact["grad." + name] + given(name.c_str()).to(at::kDouble);
            wanted.expect("grad." + name, got.read(), whole);
        };
        expect(written(), dwrite);
        if (kReads > 0) expect("h", dh);
        size_t next = 0;
        for (const auto* name : readers()) expect(name, dread[next++]);
        pre.read();
        to.read();
    }

    kernels::cases::ExpertsShape c;
    const Wanted& wanted;
    SlotRange range;
    uint64_t schedule;
    int64_t r;
    Guarded<int64_t> idx;
    Guarded<T> weight, h, write, dh, dwrite;
    Guarded<W> pre, to;
    std::vector<Guarded<T>> read, dread;
    kernels::cuda::ExpertPass<T> pass;
    kernels::cuda::RowGrads<T> rows;
};

/// f(integral constant): how many row tensors experts of that kind read.
template <class F>
void with_reads(kernels::ExpertKind kind, const F& f) {
    if (kind == kernels::ExpertKind::fixed) f(std::integral_constant<int, 0>{});
    if (kind == kernels::ExpertKind::mlp) f(std::integral_constant<int, 1>{});
    if (kind == kernels::ExpertKind::swiglu) f(std::integral_constant<int, 2>{});
}

}  // namespace hopscope::simt
