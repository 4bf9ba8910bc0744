#include "kernels/cases/route.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/sort.h>
#include <ATen/ops/where.h>
#include <cmath>
#include <limits>

#include "kernels/reference/reference.h"

namespace hopscope::kernels::cases {
namespace {

using at::Tensor;

constexpr Tolerances kRouteWithin{{1e-12, 1e-11}, {1e-5, 5e-5}, {}};

struct RouteDrawn {
    Tensor h, centroids, tau, proj, bias, delta;
};

/// [T] rows in which two of the k + 1 best scores lie within rounding of each other.
Tensor close_rows(const RouteDrawn& x, int64_t k) {
    constexpr double kRounding = 4e-6;  // of tau: some steps of fp32
    const auto wide = [](const Tensor& t) { return t.to(at::kDouble); };
    auto pos =
        reference::l2norm(x.proj.defined() ? at::matmul(wide(x.h), wide(x.proj).t()) : wide(x.h));
    if (x.delta.defined()) pos = reference::l2norm(pos + wide(x.delta));
    auto scores = wide(x.tau) * at::matmul(pos, reference::l2norm(wide(x.centroids)).t());
    if (x.bias.defined()) scores = scores + wide(x.bias);
    const int64_t looked = std::min(k + 1, scores.size(1));
    const auto best = std::get<0>(at::sort(scores, -1, /*descending=*/true)).narrow(1, 0, looked);
    const auto gap = best.narrow(1, 0, looked - 1) - best.narrow(1, 1, looked - 1);
    return (gap < wide(x.tau) * kRounding).any(-1);
}

RouteDrawn draw_route(const RouteShape& s, uint64_t seed, at::ScalarType type) {
    Draw draw(seed);
    RouteDrawn x;
    const int64_t width = s.space ? s.space : s.d;
    x.h = draw.normal({s.tokens, s.d}, type);
    x.centroids = draw.normal({s.experts, width}, type);
    x.tau = at::full({}, s.tau, x.h.options());
    if (s.space) x.proj = draw.normal({s.space, s.d}, type) / std::sqrt(static_cast<double>(s.d));
    if (s.biased) {
        x.bias = draw.normal({s.tokens, s.experts}, type);
        x.bias.select(1, s.experts / 2).fill_(-std::numeric_limits<double>::infinity());
    }
    if (s.steered) x.delta = draw.normal({s.tokens, width}, type);
    while (s.apart) {
        const auto close = close_rows(x, s.k);
        if (!close.any().item<bool>()) break;
        x.h = at::where(close.unsqueeze(1), draw.normal(x.h.sizes(), type), x.h);
    }
    return x;
}

}  // namespace

const std::vector<Shaped<RouteShape>>& route_shapes() {
    constexpr Uses kSmall = kValues | kDifferences;
    static const std::vector<Shaped<RouteShape>> kShapes = {
        {"k of M", {7, 6, 4, 9, 3}, kSmall},
        {"k 1, renormalised", {7, 6, 4, 9, 1}, kSmall},
        {"k 1, raw", {7, 6, 4, 9, 1, false}, kSmall},
        {"k = M", {7, 6, 4, 9, 9}, kSmall},
        {"raw probabilities", {7, 6, 4, 9, 3, false}, kSmall},
        {"identity projection", {7, 6, 0, 9, 2}, kSmall},
        {"changed scores", {7, 6, 4, 9, 3, false, 5, true, false}, kSmall},
        {"moved positions", {7, 6, 4, 9, 3, true, 5, false, true}, kSmall},
        {"changed and moved", {7, 6, 4, 9, 3, false, 5, true, true}, kSmall},
        {"1 token, 1 expert", {1, 1, 1, 1, 1}},
        {"31 tokens of 31 experts", {31, 31, 8, 31, 4}},
        {"32 tokens, k = M", {32, 32, 8, 32, 32}},
        {"33 tokens", {33, 33, 33, 33, 1, false}},
        {"71 tokens of 129 experts", {71, 71, 16, 129, 12}},
        {"129 tokens, changed", {129, 32, 16, 71, 12, true, 5, true, true}},
        {"33 tokens of 1000 experts", {33, 64, 16, 1000, 12, true, 30}},
        {"1000 tokens", {1000, 24, 8, 32, 4, false}},
        {"tiny", {2048, 256, 64, 256, 12, true, 30, false, false, false}, kSpeed},
        {"paper", {4096, 1024, 64, 1024, 12, true, 30, false, false, false}, kSpeed},
    };
    return kShapes;
}

Case route_case(const Shaped<RouteShape>& of) {
    const RouteShape s = of.shape;
    Case out{of.name, of.uses, of.within.value_or(kRouteWithin), {}, s.tokens, {}};
    out.sizes = {{"tokens", s.tokens},
                 {"d_model", s.d},
                 {"d_space", s.space ? s.space : s.d},
                 {"experts", s.experts},
                 {"top_k", s.k}};
    out.make = [s](uint64_t seed, at::ScalarType type) {
        const auto x = draw_route(s, seed, type);
        Problem p;
        p.given = {{"h", x.h, true}, {"centroids", x.centroids, true}, {"tau", x.tau, true}};
        if (s.space) p.given.push_back({"proj", x.proj, true});
        if (s.biased) p.given.push_back({"score_bias", x.bias});
        if (s.steered) p.given.push_back({"pos_delta", x.delta});
        Draw draw(seed + 1);
        p.pulls = {draw.normal({s.tokens, s.k}, type), draw.normal({s.experts}, type)};
        p.call = [s](const std::vector<Tensor>& given, Form form) -> std::vector<Named> {
            size_t next = 3;
            const auto proj = s.space ? given[next++] : Tensor();
            std::optional<Tensor> bias, delta;
            if (s.biased) bias = given[next++];
            if (s.steered) delta = given[next++];
            const auto r = route(given[0], proj, given[1], given[2], s.k, s.renormalise, bias,
                                 delta, form, s.narrow_gradient);
            return {{"weight", r.weight},   {"mean_p", r.mean_p}, {"idx", r.idx},
                    {"entropy", r.entropy}, {"max_p", r.max_p},   {"pos", r.pos}};
        };
        return p;
    };
    return out;
}

OperatorCases route_cases() {
    return listed(Operator::route, route_shapes(), route_case,
                  [](at::ScalarType, std::string_view) { return true; });
}

}  // namespace hopscope::kernels::cases
