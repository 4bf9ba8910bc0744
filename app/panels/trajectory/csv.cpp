#include "app/panels/trajectory/csv.h"

#include "core/api/base.h"

namespace hopscope::app {
namespace {

/// Empty where it is not defined, too.
std::string cell(const std::vector<float>& values, size_t token) {
    return token < values.size() ? core::csv_number(values[token]) : "";
}

}  // namespace

std::string csv_of(const core::TraceResult& trace) {
    std::string lines;
    for (size_t t = 0; t < trace.tokens.size(); ++t)
        for (size_t l = 0; l < trace.layers.size(); ++l)
            for (size_t h = 0; h < trace.layers[l].hops.size(); ++h) {
                const core::TraceHop& hop = trace.layers[l].hops[h];
                if (!hop.executed.empty() && !hop.executed[t]) continue;
                const auto k = static_cast<size_t>(hop.top_k);
                for (size_t rank = 0; rank < k; ++rank)
                    lines +=
                        std::to_string(t) + "," + core::csv_field(trace.tokens[t].piece) + "," +
                        std::to_string(l) + "," + std::to_string(h) + "," + std::to_string(rank) +
                        "," + std::to_string(hop.experts[t * k + rank]) + "," +
                        core::csv_number(hop.weights[t * k + rank]) + "," + cell(hop.entropy, t) +
                        "," + cell(hop.update_norm, t) + "," + cell(hop.halt_ratio, t) + "\n";
            }
    if (lines.empty()) return lines;
    return "token,piece,layer,hop,rank,expert,weight,\"entropy, nats\",update_norm,halt_ratio\n" +
           lines;
}

}  // namespace hopscope::app
