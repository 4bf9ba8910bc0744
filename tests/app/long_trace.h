// A made-up trace of a prompt that is longer than most models read: to see whether what shows
// tokens stays quick. Its tokens are numbered words; every second to fifth layer of a token halts
// early.
#pragma once

#include <algorithm>
#include <string>

#include "core/api/snapshot.h"

namespace hopscope::gui_test {

inline constexpr int64_t kLongTokens = 8192;

inline core::TraceResult long_trace(int64_t layers, int64_t hops, int64_t experts,
                                    int64_t tokens = kLongTokens, int64_t top_k = 4) {
    core::TraceResult out;
    out.prompt = "made-up trace, no model has read this";
    for (int64_t t = 0; t < tokens; ++t) {
        core::TraceToken token;
        token.piece = "\xE2\x96\x81word" + std::to_string(t);
        token.id = static_cast<int32_t>(t);
        token.begin = 9 * t;
        token.end = 9 * t + 8;
        token.nll = t == 0 ? core::kNaN : 2.5f;
        token.next.push_back({1, "\xE2\x96\x81next", 0.5f});
        out.tokens.push_back(std::move(token));
    }
    const auto n = static_cast<size_t>(tokens);
    for (int64_t l = 0; l < layers; ++l) {
        core::TraceLayer layer;
        for (int64_t h = 0; h < hops; ++h) {
            core::TraceHop hop;
            hop.top_k = top_k;
            for (int64_t t = 0; t < tokens; ++t) {
                const bool ran = h < 1 + (t + l) % hops;
                hop.executed.push_back(ran);
                hop.entropy.push_back(ran ? 1.5f : core::kNaN);
                hop.max_prob.push_back(ran ? 0.4f : core::kNaN);
                hop.update_norm.push_back(ran ? 0.5f : core::kNaN);
                hop.halt_ratio.push_back(ran ? 0.2f : core::kNaN);
                for (int64_t k = 0; k < top_k; ++k) {
                    hop.experts.push_back(
                        static_cast<int32_t>((t * 7 + l * 5 + h * 3 + k * 11) % experts));
                    hop.weights.push_back(0.4f / static_cast<float>(k + 1));
                }
            }
            layer.hops.push_back(std::move(hop));
        }
        layer.attention_norm.assign(n, 0.8f);
        layer.update_norm.assign(n, 0.6f);
        out.layers.push_back(std::move(layer));
    }
    return out;
}

}  // namespace hopscope::gui_test
