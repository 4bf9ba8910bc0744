#include "kernels/cases/attention.h"

namespace hopscope::kernels::cases {
namespace {

using at::Tensor;

// bf16: weights and results are rounded once each, gradients are sums over a row of such weights.
constexpr Tolerances kAttentionWithin{{1e-12, 1e-11}, {5e-6, 2e-5}, {1e-2, 1e-2}};

}  // namespace

const std::vector<Shaped<AttentionShape>>& attention_shapes() {
    constexpr Uses kSmall = kValues | kDifferences, kBoth = kValues | kSimt,
                   kLong = kValues | kSimtLong;
    static const std::vector<Shaped<AttentionShape>> kShapes = {
        {"few", {1, 2, 5, 3}, kSmall},
        {"few, dropout", {1, 2, 5, 3, 0.3}, kSmall},
        {"1 token", {1, 2, 1, 5}, kBoth},
        {"31 tokens", {1, 2, 31, 5, 0.3}, kBoth},
        {"33 tokens", {1, 2, 33, 5}, kBoth},
        {"128 tokens", {1, 2, 128, 5, 0.3}, kBoth},
        {"129 tokens", {1, 2, 129, 5}, kLong},
        {"141 tokens", {1, 2, 141, 5, 0.3}, kLong},
        {"32 tokens", {2, 3, 32, 16}},
        {"64 tokens", {2, 3, 64, 5}},
        {"65 tokens, dropout", {2, 2, 65, 16, 0.2}},
        {"71 tokens, 1 head of 1", {1, 1, 71, 1}},
        {"140 tokens, dropout", {2, 2, 140, 16, 0.2}},
        {"200 tokens", {2, 3, 200, 8}},
        {"the last of 70", {2, 3, 1, 8, 0, 69}},
        {"the last 33 of 70", {2, 3, 33, 8, 0, 37}},
        {"1000 tokens", {1, 1, 1000, 8, 0.1}},
        {"tiny", {8, 4, 256, 64}, kSpeed},
        {"tiny_dropout", {8, 4, 256, 64, 0.1}, kSpeed},
        {"paper", {8, 16, 512, 64}, kSpeed},
    };
    return kShapes;
}

Case attention_case(const Shaped<AttentionShape>& of) {
    const AttentionShape s = of.shape;
    Case out{of.name, of.uses, of.within.value_or(kAttentionWithin), {}, s.batch * s.length, {}};
    out.sizes = {{"batch", s.batch},
                 {"heads", s.heads},
                 {"seq_len", s.length},
                 {"head_dim", s.head_dim},
                 {"dropout", s.p}};
    if (s.before) out.sizes.emplace_back("before", s.before);
    out.make = [s](uint64_t seed, at::ScalarType type) {
        Draw draw(seed);
        const auto heads = [&](int64_t length) {
            return draw.normal({s.batch, length, s.heads, s.head_dim}, type).transpose(1, 2);
        };
        Problem p;
        p.given = {{"q", heads(s.length), true},
                   {"k", heads(s.before + s.length), true},
                   {"v", heads(s.before + s.length), true}};
        p.pulls = {draw.normal({s.batch, s.heads, s.length, s.head_dim}, type)};
        p.call = [s](const std::vector<Tensor>& given, Form form) -> std::vector<Named> {
            return {{"y", attention(given[0], given[1], given[2], s.p, s.seed, form)}};
        };
        return p;
    };
    return out;
}

OperatorCases attention_cases() {
    return listed(Operator::attention, attention_shapes(), attention_case,
                  [](at::ScalarType, std::string_view) { return true; });
}

}  // namespace hopscope::kernels::cases
