// hopscope trace: everything about one prompt (hopscope.trace/1, product.md section 5).
#include "core/api/lab.h"
#include "core/lab/device.h"
#include "core/lab/json_out.h"
#include "core/lab/open_run.h"
#include "core/probe/trace.h"

namespace hopscope::core::lab {
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

Result<std::string> trace(const TraceOptions& o) {
    try {
        auto run = open_run(o.run, o.precision);
        if (!run) return run.error();
        auto plan = make_plan(run->config, run->weights, o.script, run->config.train.seed);
        if (!plan) return plan.error();
        auto result = trace_prompt(run->config, run->weights, run->tokenizer,
                                   {o.text, o.positions, o.cut, *plan});
        if (!result) return result.error();
        ordered_json j = {{"format", "hopscope.trace/1"}};
        j["run"] = {{"name", run->folder.name()},
                    {"config_name", run->folder.info().config_name},
                    {"seed", run->config.train.seed},
                    {"source", run->folder.info().source}};
        j["step"] = run->step;
        j["config_hash"] = document("", run->folder, run->step, run->config)["config_hash"];
        j["text"] = o.text;
        j["precision"] = o.precision;
        j["tokens"] = json::array();
        for (const auto& t : result->tokens) j["tokens"].push_back(token_json(t));
        j["layers"] = json::array();
        for (const auto& layer : result->layers) {
            ordered_json l = {{"attention_norm", column(layer.attention_norm)},
                              {"update_norm", column(layer.update_norm)},
                              {"hops", json::array()}};
            for (const auto& hop : layer.hops) l["hops"].push_back(hop_json(hop, o.positions));
            j["layers"].push_back(std::move(l));
        }
        return j.dump(-1, ' ', false, json::error_handler_t::replace);
    } catch (const std::exception& e) {
        return torch_error(e);
    }
}

}  // namespace hopscope::core::lab
