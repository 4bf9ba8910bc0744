#include "core/lab/trace_json.h"

#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

namespace hopscope::core {
namespace {

// Everything is built in the type of the document and moved into place: a value that changes from
// one JSON type to the other, or stands in an initializer list, is copied element by element.
using Json = nlohmann::ordered_json;

Json array_of(size_t size) {
    Json::array_t out;
    out.reserve(size);
    return out;
}

Json value(float x) {
    return std::isfinite(x) ? Json(x) : Json(nullptr);
}

Json column(const std::vector<float>& values) {
    auto out = array_of(values.size());
    for (const float v : values) out.push_back(value(v));
    return out;
}

/// [T][width]; the row of a token that did not run is empty.
template <class T>
Json rows(const std::vector<T>& values, const std::vector<uint8_t>& executed, int64_t width) {
    const auto n = static_cast<size_t>(width);
    auto out = array_of(executed.size());
    for (size_t t = 0; t < executed.size(); ++t) {
        auto row = array_of(executed[t] ? n : 0);
        for (size_t j = 0; executed[t] && j < n; ++j) row.push_back(values[t * n + j]);
        out.push_back(std::move(row));
    }
    return out;
}

Json hop_json(const TraceHop& hop, bool positions) {
    auto executed = array_of(hop.executed.size());
    for (const auto e : hop.executed) executed.push_back(e != 0);
    Json j;
    j["experts"] = rows(hop.experts, hop.executed, hop.top_k);
    j["weights"] = rows(hop.weights, hop.executed, hop.top_k);
    j["entropy"] = column(hop.entropy);
    j["max_prob"] = column(hop.max_prob);
    j["update_norm"] = column(hop.update_norm);
    j["halt_ratio"] = column(hop.halt_ratio);
    j["executed"] = std::move(executed);
    if (positions) j["position"] = rows(hop.position, hop.executed, hop.d_space);
    return j;
}

Json token_json(const TraceToken& token) {
    auto next = array_of(token.next.size());
    for (const auto& n : token.next)
        next.push_back(Json{{"id", n.id}, {"piece", n.piece}, {"p", n.p}});
    Json j = {{"id", token.id},
              {"piece", token.piece},
              {"begin", token.begin},
              {"end", token.end},
              {"nll", value(token.nll)}};
    j["next"] = std::move(next);
    return j;
}

}  // namespace

void add_trace(nlohmann::ordered_json& j, const TraceResult& traced, bool positions) {
    auto tokens = array_of(traced.tokens.size());
    for (const auto& t : traced.tokens) tokens.push_back(token_json(t));
    auto layers = array_of(traced.layers.size());
    for (const auto& layer : traced.layers) {
        auto hops = array_of(layer.hops.size());
        for (const auto& hop : layer.hops) hops.push_back(hop_json(hop, positions));
        Json l;
        l["attention_norm"] = column(layer.attention_norm);
        l["update_norm"] = column(layer.update_norm);
        l["hops"] = std::move(hops);
        layers.push_back(std::move(l));
    }
    j["tokens"] = std::move(tokens);
    j["layers"] = std::move(layers);
}

std::string dump_trace(const nlohmann::ordered_json& j) {
    return j.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace hopscope::core
