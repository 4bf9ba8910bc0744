#include "core/measure/choice_counts.h"

#include <algorithm>

namespace hopscope::core {
namespace {

/// The k experts of one token.
std::span<const int32_t> chosen(const HopChoices& hop, int64_t top_k, int64_t token) {
    return std::span(hop.experts)
        .subspan(static_cast<size_t>(token * top_k), static_cast<size_t>(top_k));
}

int64_t length_of(const HopChoices& hop, int64_t top_k) {
    return static_cast<int64_t>(hop.experts.size()) / top_k;
}

}  // namespace

std::vector<stats::Table2> group_tables(const LayerSample& layer, int64_t experts, int64_t top_k,
                                        std::span<const int8_t> groups) {
    std::vector<stats::Table2> out(static_cast<size_t>(experts));
    // A token counts once for an expert, in however many hops it chose it.
    std::vector<int64_t> seen(static_cast<size_t>(experts), -1);
    int64_t first = 0, second = 0;
    for (size_t t = 0; t < groups.size(); ++t) {
        if (groups[t] != 0 && groups[t] != 1) continue;
        ++(groups[t] == 0 ? first : second);
        const auto token = static_cast<int64_t>(t);
        for (const auto& hop : layer.hops)
            for (const int32_t e : chosen(hop, top_k, token)) {
                auto& last = seen[static_cast<size_t>(e)];
                if (last == token) continue;
                last = token;
                auto& table = out[static_cast<size_t>(e)];
                ++(groups[t] == 0 ? table.a : table.c);
            }
    }
    for (auto& table : out) {
        table.b = first - table.a;
        table.d = second - table.c;
    }
    return out;
}

std::vector<int64_t> pair_counts(const LayerSample& layer, int64_t experts, int64_t top_k) {
    std::vector<int64_t> out(static_cast<size_t>(experts * experts), 0);
    for (const auto& hop : layer.hops)
        for (int64_t t = 0; t < length_of(hop, top_k); ++t) {
            const auto set = chosen(hop, top_k, t);
            for (const int32_t a : set)
                for (const int32_t b : set) ++out[static_cast<size_t>(a * experts + b)];
        }
    return out;
}

LabelCounts label_counts(const LayerSample& layer, int64_t experts, int64_t top_k,
                         std::span<const int32_t> labels, int64_t count) {
    LabelCounts out;
    out.chosen.assign(static_cast<size_t>(experts * count), 0);
    out.tokens.assign(static_cast<size_t>(count), 0);
    for (size_t t = 0; t < labels.size(); ++t) {
        if (labels[t] < 0 || labels[t] >= count) continue;
        ++out.tokens[static_cast<size_t>(labels[t])];
        for (const auto& hop : layer.hops)
            for (const int32_t e : chosen(hop, top_k, static_cast<int64_t>(t)))
                ++out.chosen[static_cast<size_t>(e * count + labels[t])];
    }
    return out;
}

std::vector<int64_t> tokens_of(const LayerSample& layer, int64_t top_k, int64_t expert) {
    std::vector<int64_t> out;
    for (const auto& hop : layer.hops)
        for (size_t i = 0; i < hop.experts.size(); ++i)
            if (hop.experts[i] == expert) out.push_back(static_cast<int64_t>(i) / top_k);
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

int64_t turns_of(const LayerSample& layer, int64_t expert) {
    return std::count_if(layer.hops.begin(), layer.hops.end(), [&](const HopChoices& hop) {
        return hop.pool_offset <= expert && expert < hop.pool_offset + hop.pool_size;
    });
}

}  // namespace hopscope::core
