#include "kernels/cases/choose.h"

#include <ATen/TensorOperators.h>
#include <limits>

namespace hopscope::kernels::cases {
namespace {

using at::Tensor;

constexpr Tolerances kChooseWithin{{1e-12, 1e-12}, {4e-6, 2e-5}, {}};
constexpr double kEndless = std::numeric_limits<double>::infinity();

Tensor draw_scores(const ChooseShape& s, Draw& draw, at::ScalarType type) {
    auto x = draw.normal({s.tokens, s.experts}) * 3;
    switch (s.scores) {
        case Scores::normal:
            break;
        case Scores::ties:
            x = x.round();
            break;
        case Scores::suppressed:
            x = x.masked_fill(x > 0, -kEndless);
            break;
        case Scores::denormal:
            x = x * 1e-39;
            break;
        case Scores::one_left: {
            const auto one = x.select(1, s.experts / 2).clone();
            x.fill_(-kEndless).select(1, s.experts / 2).copy_(one);
            break;
        }
        case Scores::endless:
            x.select(0, 0).select(0, s.experts / 2).fill_(kEndless);
            break;
    }
    return x.to(type);
}

}  // namespace

const std::vector<Shaped<ChooseShape>>& choose_shapes() {
    using enum Scores;
    constexpr Uses kSmall = kValues | kDifferences, kBoth = kValues | kSimt;
    static const std::vector<Shaped<ChooseShape>> kShapes = {
        {"softmax", {5, 7, 3}, kSmall},
        {"softmax, raw", {5, 7, 3, normal, Score::softmax, false}, kSmall},
        {"sigmoid", {5, 7, 3, normal, Score::sigmoid}, kSmall},
        {"sigmoid, raw", {5, 7, 3, normal, Score::sigmoid, false}, kSmall},
        {"relu", {5, 7, 3, normal, Score::relu}, kSmall},
        {"scores as weights", {5, 7, 3, normal, Score::softmax, false, true}, kSmall},
        {"biased affinities", {5, 7, 3, normal, Score::sigmoid, true, false, true}, kSmall},
        {"biased scores", {5, 7, 3, normal, Score::softmax, false, false, true, true}, kSmall},
        {"1 token, 1 expert", {1, 1, 1}, kBoth},
        {"k = M, 31", {5, 31, 31}, kBoth},
        {"k = M, 31, ties", {5, 31, 31, ties}, kBoth},
        {"k = M, 31, suppressed", {5, 31, 31, suppressed}, kBoth},
        {"k = M, 31, denormal", {5, 31, 31, denormal}, kBoth},
        {"k = M, 31, one left", {5, 31, 31, one_left}, kBoth},
        {"k 1 of 32", {4, 32, 1}, kBoth},
        {"k 1 of 32, ties", {4, 32, 1, ties}, kBoth},
        {"k 1 of 32, suppressed", {4, 32, 1, suppressed}, kBoth},
        {"k 1 of 32, one left", {4, 32, 1, one_left}, kBoth},
        {"k 4 of 33", {3, 33, 4}, kBoth},
        {"k 4 of 33, ties", {3, 33, 4, ties}, kBoth},
        {"k 4 of 33, one left", {3, 33, 4, one_left}, kBoth},
        {"k 4 of 33, endless", {3, 33, 4, endless}, kBoth},
        {"k 12 of 71, ties", {7, 71, 12, ties}, kBoth},
        {"k 12 of 71, suppressed", {7, 71, 12, suppressed}, kBoth},
        {"k 12 of 71, denormal", {7, 71, 12, denormal}, kBoth},
        {"k = M, 129", {2, 129, 129, ties}, kBoth},
        {"k 1 of 1000", {1, 1000, 1}, kBoth},
        {"k 48 of 1000", {1, 1000, 48, ties}, kBoth},
        {"k 100 of 1000", {1, 1000, 100}, kBoth},
        {"family, k 4", {5, 1024, 4}, kBoth},
        {"family, k 12", {6, 1024, 12, ties}, kBoth},
        {"k 12 of 4096", {1, 4096, 12}, kBoth},
        {"129 tokens, sigmoid", {129, 71, 12, ties, Score::sigmoid, true, false, true}},
        {"1000 tokens", {1000, 33, 4, ties}},
        {"tiny", {2048, 256, 12}, kSpeed},
        {"paper", {4096, 1024, 12}, kSpeed},
    };
    return kShapes;
}

Case choose_case(const Shaped<ChooseShape>& of) {
    const ChooseShape s = of.shape;
    Case out{of.name, of.uses, of.within.value_or(kChooseWithin), {}, s.tokens, {}};
    out.sizes = {{"tokens", s.tokens}, {"experts", s.experts}, {"top_k", s.k}};
    out.make = [s](uint64_t seed, at::ScalarType type) {
        Draw draw(seed);
        Problem p;
        p.given = {{"scores", draw_scores(s, draw, type), true}};
        if (s.biased) p.given.push_back({"select_bias", draw.normal({s.experts}, type)});
        p.pulls = {draw.normal({s.tokens, s.k}, type), draw.normal({s.experts}, type),
                   draw.normal({s.tokens, s.experts}, type)};
        p.call = [s](const std::vector<Tensor>& given, Form form) -> std::vector<Named> {
            Gate gate;
            gate.score = s.score;
            gate.renormalise = s.renormalise;
            gate.identity = s.identity;
            gate.bias_on_scores = s.bias_on_scores;
            if (s.biased) gate.select_bias = given[1];
            const auto r = choose(given[0], s.k, gate, form);
            return {{"weight", r.weight},    {"mean_p", r.mean_p},   {"p", r.p},
                    {"idx", r.idx},          {"entropy", r.entropy}, {"max_p", r.max_p},
                    {"affinity", r.affinity}};
        };
        return p;
    };
    return out;
}

OperatorCases choose_cases() {
    // What is differentiable is LibTorch's.
    return listed(Operator::choose, choose_shapes(), choose_case,
                  [](at::ScalarType, std::string_view what) { return what == "idx"; });
}

}  // namespace hopscope::kernels::cases
