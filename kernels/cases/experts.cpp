#include "kernels/cases/experts.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <cmath>

#include "kernels/cases/route.h"

namespace hopscope::kernels::cases {
namespace {

using at::Tensor;

// bf16 has 8 binary digits; gradients of weights are sums of many products of such numbers.
constexpr Tolerances kExpertsWithin{{1e-12, 1e-11}, {1e-5, 2e-5}, {1e-2, 3e-2}};

struct Loads {
    Tensor idx, weight;
};

Loads draw_loads(const ExpertsShape& s, uint64_t seed, const Tensor& h, at::ScalarType type) {
    Draw draw(seed);
    if (s.choices == Choices::one_takes_all)
        return {at::full({s.tokens, s.k}, s.experts - 1, at::TensorOptions().dtype(at::kLong)),
                draw.normal({s.tokens, s.k}, type)};
    if (s.choices == Choices::alike)
        return {draw.choices(s.tokens, s.k, s.experts), draw.normal({s.tokens, s.k}, type)};
    const auto width = s.space ? s.space : s.d;
    const auto proj = s.space ? draw.normal({s.space, s.d}, at::kFloat) : Tensor();
    const auto routed =
        route(h.to(at::kFloat), proj, draw.normal({s.experts, width}, at::kFloat),
              at::full({}, s.tau, at::TensorOptions().dtype(at::kFloat)), s.k, s.k > 1);
    return {routed.idx, routed.weight.to(type)};
}

/// Edges of registers, warps and tiles, one expert for all, k = M, rank above 1, experts without a
/// token.
std::vector<Shaped<ExpertsShape>> expert_shapes_of_a_kind() {
    constexpr Uses kSmall = kValues | kDifferences, kBoth = kValues | kSimt;
    return {
        {"k of M", {5, 2, 6, 1, 7}, kSmall},
        {"k 1, rank 2", {4, 1, 3, 2, 5}, kSmall},
        {"k = M", {3, 4, 4, 1, 3}, kSmall},
        {"rank 3", {4, 4, 5, 3, 4}, kSmall | kSimt},
        {"1 of everything", {1, 1, 1, 1, 1}, kBoth},
        {"width 31", {5, 3, 7, 1, 31}, kBoth},
        {"width 32, k 4", {4, 4, 9, 1, 32}, kBoth},
        {"width 33, rank 2", {3, 2, 5, 2, 33}, kBoth},
        {"width 71", {3, 4, 5, 2, 71}, kValues},
        {"width 129, empty experts", {2, 12, 40, 1, 129}, kBoth},
        {"width 257", {3, 4, 8, 1, 257}, kBoth},
        {"width 1024", {2, 2, 3, 1, 1024}, kBoth},
        {"33 tokens", {33, 2, 5, 1, 3}, kBoth},
        {"one takes all", {37, 2, 5, 2, 33, {}, {}, Choices::one_takes_all}, kBoth},
        {"129 tokens, k = M", {129, 8, 8, 1, 16}, kValues},
        {"300 tokens of width 300", {300, 8, 40, 2, 300}, kValues},
        {"1000 tokens, routed", {1000, 4, 64, 1, 32, {}, {}, Choices::routed, 8}, kValues},
    };
}

}  // namespace

const char* word(ExpertKind kind) {
    return kind == ExpertKind::mlp ? "mlp" : kind == ExpertKind::fixed ? "static" : "swiglu";
}

const char* word(Composition composition) {
    switch (composition) {
        case Composition::sum:
            return "sum";
        case Composition::grouped_silu:
            return "grouped_silu";
        case Composition::grouped_gated:
            return "grouped_gated";
        case Composition::cross_gated:
            return "cross_gated";
    }
    return "";
}

const std::vector<Shaped<ExpertsShape>>& experts_shapes() {
    static const std::vector<Shaped<ExpertsShape>> kShapes = [] {
        std::vector<Shaped<ExpertsShape>> out;
        for (const auto kind : {ExpertKind::mlp, ExpertKind::fixed, ExpertKind::swiglu})
            for (const auto composition : {Composition::sum, Composition::grouped_silu,
                                           Composition::grouped_gated, Composition::cross_gated})
                for (auto one : expert_shapes_of_a_kind()) {
                    const bool grouped = composition == Composition::grouped_silu ||
                                         composition == Composition::grouped_gated;
                    if (grouped && one.shape.k % kCompositionGroups != 0) continue;
                    one.name += std::string(", ") + word(kind) + ", " + word(composition);
                    one.shape.kind = kind;
                    one.shape.composition = composition;
                    out.push_back(std::move(one));
                }
        const auto timed = [&](const char* name, int64_t tokens, int64_t k, int64_t m, int64_t d) {
            ExpertsShape s{tokens, k, m, 1, d};
            s.choices = Choices::routed;
            s.space = 64;
            out.push_back({name, s, kSpeed});
        };
        timed("tiny", 2048, 12, 256, 256);
        timed("tiny_k4", 2048, 4, 256, 256);
        timed("paper", 4096, 12, 1024, 1024);
        timed("paper_k4", 4096, 4, 1024, 1024);
        timed("paper_k48", 4096, 48, 1024, 1024);
        return out;
    }();
    return kShapes;
}

ExpertBank bank_of(ExpertKind kind, const std::vector<Tensor>& given) {
    if (kind == ExpertKind::fixed) return {kind, {}, {}, {}, given[2]};
    return {kind, kind == ExpertKind::swiglu ? given[5] : Tensor(), given[3], given[4], {}};
}

Case experts_case(const Shaped<ExpertsShape>& of) {
    const ExpertsShape s = of.shape;
    Case out{of.name, of.uses, of.within.value_or(kExpertsWithin), {}, s.tokens, {}};
    out.sizes = {{"tokens", s.tokens}, {"d_model", s.d}, {"experts", s.experts},
                 {"rank", s.rank},     {"top_k", s.k},   {"expert", word(s.kind)}};
    if (s.composition != Composition::sum)
        out.sizes.emplace_back("composition", word(s.composition));
    out.make = [s](uint64_t seed, at::ScalarType type) {
        Draw draw(seed);
        const auto h = draw.normal({s.tokens, s.d}, type);
        const auto loads = draw_loads(s, seed + 1, h, type);
        Problem p;
        p.given = {{"weight", loads.weight, true}, {"idx", loads.idx}};
        const auto add = [&](const char* name, double length) {
            const double scale = length / std::sqrt(static_cast<double>(s.d));
            p.given.push_back({name, draw.normal({s.experts, s.rank, s.d}, type) * scale, true});
        };
        if (s.kind == ExpertKind::fixed) {
            p.given.push_back({"value", draw.normal({s.experts, s.d}, type), true});
        } else {
            p.given.push_back({"h", h, true});
            add("down", 1.5);
            add("up", 1.5);
            if (s.kind == ExpertKind::swiglu) add("gate", 1.5);
        }
        p.pulls = {draw.normal({s.tokens, s.d}, type)};
        p.call = [s](const std::vector<Tensor>& given, Form form) -> std::vector<Named> {
            return {{"y", compose(s.kind == ExpertKind::fixed ? Tensor() : given[2], given[1],
                                  given[0], bank_of(s.kind, given), s.composition, form)}};
        };
        return p;
    };
    return out;
}

OperatorCases experts_cases() {
    return listed(Operator::experts, experts_shapes(), experts_case,
                  [](at::ScalarType, std::string_view) { return true; });
}

}  // namespace hopscope::kernels::cases
