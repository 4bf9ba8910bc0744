#include "app/panels/trajectory/csv.h"

#include <cmath>

#include "core/api/base.h"
#include "core/api/layer_names.h"

namespace hopscope::app {
namespace {

/// Empty where it is not defined, too.
std::string cell(const std::vector<float>& values, size_t token) {
    return token < values.size() ? core::csv_number(values[token]) : "";
}

/// A line for each choice, after `begin`. Choices without weights have no ranks: they are a set.
std::string lines_of(const core::TraceResult& trace, const std::string& begin) {
    std::string lines;
    for (size_t t = 0; t < trace.tokens.size(); ++t)
        for (size_t l = 0; l < trace.layers.size(); ++l)
            for (size_t h = 0; h < trace.layers[l].hops.size(); ++h) {
                const core::TraceHop& hop = trace.layers[l].hops[h];
                if (!hop.executed.empty() && !hop.executed[t]) continue;
                const auto k = static_cast<size_t>(hop.top_k);
                for (size_t rank = 0; rank < k; ++rank)
                    lines +=
                        begin + std::to_string(t) + "," + core::csv_text(trace.tokens[t].piece) +
                        "," + core::layer_number(trace.layers[l].name, static_cast<int64_t>(l)) +
                        "," + std::to_string(h) + "," +
                        (std::isnan(hop.weights[t * k + rank]) ? "" : std::to_string(rank)) + "," +
                        std::to_string(hop.experts[t * k + rank]) + "," +
                        core::csv_number(hop.weights[t * k + rank]) + "," + cell(hop.entropy, t) +
                        "," + cell(hop.update_norm, t) + "," + cell(hop.halt_ratio, t) + "\n";
            }
    return lines;
}

}  // namespace

std::string csv_of(const core::TraceResult& trace) {
    constexpr const char* kHead =
        "token,piece,layer,hop,rank,expert,weight,\"entropy, nats\",update_norm,halt_ratio\n";
    if (trace.second) {
        const std::string lines = lines_of(trace, "1,") + lines_of(*trace.second, "2,");
        return lines.empty() ? lines : std::string("prompt,") + kHead + lines;
    }
    const std::string lines = lines_of(trace, "");
    return lines.empty() ? lines : kHead + lines;
}

std::string csv_of_pair(const core::TraceResult& first, int64_t token, const Alignment& pairs,
                        const std::vector<HopColumn>& columns, const std::vector<PairedHop>& hops) {
    if (!first.second) return {};
    std::string out =
        "layer,hop,first_token,second_token,jaccard,mean_jaccard,mean_jaccard_ci95_low,"
        "mean_jaccard_ci95_high,n,others_jaccard,others_n\n";
    const int64_t below = pairs.below(token);
    for (size_t i = 0; i < columns.size() && i < hops.size(); ++i) {
        const HopColumn& at = columns[i];
        const PairedHop& hop = hops[i];
        out += std::to_string(at.layer) + "," + std::to_string(at.hop) + "," +
               std::to_string(token) + "," + (below < 0 ? "" : std::to_string(below)) + "," +
               core::csv_number(overlap(first, token, *first.second, below, at.layer, at.hop)) +
               "," + core::csv_number(hop.mean) + "," + core::csv_number(hop.low) + "," +
               core::csv_number(hop.high) + "," + std::to_string(hop.n) + "," +
               core::csv_number(hop.other) + "," + std::to_string(hop.other_n) + "\n";
    }
    return out;
}

}  // namespace hopscope::app
