#include "app/panels/trajectory/depth.h"

#include <algorithm>

namespace hopscope::app {
namespace {

// What is darkest and brightest in a ramp is lost on the surface of its theme.
constexpr float kRampLow = 0.22f, kRampHigh = 0.95f;

}  // namespace

float TokenDepths::depth_of(int64_t token, int64_t layer) const {
    const auto row = static_cast<size_t>(token * layers);
    if (layer >= 0) {
        const auto l = static_cast<size_t>(layer);
        return l < possible.size() && possible[l] > 0 ? static_cast<float>(ran[row + l])
                                                      : core::kNaN;
    }
    int32_t sum = 0, of = 0;
    for (size_t l = 0; l < possible.size(); ++l) {
        if (possible[l] == 0) continue;
        sum += ran[row + l];
        ++of;
    }
    return of > 0 ? static_cast<float>(sum) / static_cast<float>(of) : core::kNaN;
}

std::vector<int64_t> TokenDepths::histogram(int64_t layer) const {
    std::vector<int64_t> out(static_cast<size_t>(most), 0);
    for (int64_t t = 0; t < tokens; ++t)
        for (int64_t l = 0; l < layers; ++l) {
            const int32_t depth = ran[static_cast<size_t>(t * layers + l)];
            if (depth > 0 && (layer < 0 || l == layer)) ++out[static_cast<size_t>(depth - 1)];
        }
    return out;
}

float TokenDepths::mean(int64_t layer) const {
    double sum = 0;
    for (int64_t t = 0; t < tokens; ++t) sum += static_cast<double>(depth_of(t, layer));
    return tokens > 0 ? static_cast<float>(sum / static_cast<double>(tokens)) : core::kNaN;
}

TokenDepths token_depths(const core::TraceResult& trace) {
    TokenDepths out;
    out.tokens = std::ssize(trace.tokens);
    out.layers = std::ssize(trace.layers);
    out.ran.assign(static_cast<size_t>(out.tokens * out.layers), 0);
    for (size_t l = 0; l < trace.layers.size(); ++l) {
        const auto& hops = trace.layers[l].hops;
        out.possible.push_back(static_cast<int32_t>(hops.size()));
        out.most = std::max(out.most, out.possible.back());
        for (const core::TraceHop& hop : hops)
            for (size_t t = 0; t < trace.tokens.size(); ++t)
                if (t >= hop.executed.size() || hop.executed[t] != 0)
                    ++out.ran[t * trace.layers.size() + l];
    }
    return out;
}

viz::Rgb depth_color(float depth, int32_t most, bool dark) {
    const float share = most > 1 ? (depth - 1) / static_cast<float>(most - 1) : 1.0f;
    const float t = kRampLow + (kRampHigh - kRampLow) * std::clamp(share, 0.0f, 1.0f);
    // Deep is what stands out: bright on dark, dark on light.
    return viz::ramp_color(viz::Ramp::cividis, dark ? t : 1 - t);
}

}  // namespace hopscope::app
