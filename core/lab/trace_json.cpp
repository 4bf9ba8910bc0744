#include "core/lab/trace_json.h"

#include <vector>

#include "core/lab/json_out.h"

namespace hopscope::core {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

json column(const std::vector<float>& values) {
    json out = json::array();
    for (const float v : values) out.push_back(number(v));
    return out;
}

/// [T][width]; the row of a token that did not run is empty.
template <class T>
json rows(const std::vector<T>& values, const std::vector<uint8_t>& executed, int64_t width) {
    json out = json::array();
    for (size_t t = 0; t < executed.size(); ++t) {
        json row = json::array();
        if (executed[t])
            for (size_t j = 0; j < static_cast<size_t>(width); ++j)
                row.push_back(values[t * static_cast<size_t>(width) + j]);
        out.push_back(std::move(row));
    }
    return out;
}

ordered_json hop_json(const TraceHop& hop, bool positions) {
    json executed = json::array();
    for (const auto e : hop.executed) executed.push_back(e != 0);
    ordered_json j = {{"experts", rows(hop.experts, hop.executed, hop.top_k)},
                      {"weights", rows(hop.weights, hop.executed, hop.top_k)},
                      {"entropy", column(hop.entropy)},
                      {"max_prob", column(hop.max_prob)},
                      {"update_norm", column(hop.update_norm)},
                      {"halt_ratio", column(hop.halt_ratio)},
                      {"executed", executed}};
    if (positions && hop.d_space > 0)  // absent for routers without positions
        j["position"] = rows(hop.position, hop.executed, hop.d_space);
    return j;
}

ordered_json token_json(const TraceToken& token) {
    json next = json::array();
    for (const auto& n : token.next) next.push_back({{"id", n.id}, {"piece", n.piece}, {"p", n.p}});
    return {{"id", token.id},   {"piece", token.piece},     {"begin", token.begin},
            {"end", token.end}, {"nll", number(token.nll)}, {"next", next}};
}

}  // namespace

void add_trace(ordered_json& j, const TraceResult& traced, bool positions) {
    j["tokens"] = json::array();
    for (const auto& t : traced.tokens) j["tokens"].push_back(token_json(t));
    j["layers"] = json::array();
    for (const auto& layer : traced.layers) {
        ordered_json l = {{"attention_norm", column(layer.attention_norm)},
                          {"update_norm", column(layer.update_norm)},
                          {"hops", json::array()}};
        for (const auto& hop : layer.hops) l["hops"].push_back(hop_json(hop, positions));
        j["layers"].push_back(std::move(l));
    }
}

std::string dump_trace(const ordered_json& j) {
    return j.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace hopscope::core
