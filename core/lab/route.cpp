// hopscope route: the routing rule of a published model's family, alone.
#include <span>

#include "core/api/lab.h"
#include "core/base/json.h"
#include "core/base/names.h"
#include "core/base/output_place.h"
#include "core/base/utf8.h"
#include "core/imported/import_model.h"
#include "core/imported/router_tensors.h"
#include "core/imported/routing_rule.h"
#include "core/imported/tensor_values.h"
#include "core/lab/exported_model.h"
#include "core/run/safetensors.h"
#include "core/run/safetensors_file.h"

namespace hopscope::core::lab {
namespace {

/// The router that was asked for. Errors (usage) name those there are.
Result<const ModelRouter*> router_at(const ModelLayout& layout, const std::string& dir,
                                     int64_t layer, const std::string& pool) {
    if (const ModelRouter* router = layout.find(layer, pool)) return router;
    std::vector<std::string> layers, pools;
    for (const ModelLayer& one : layout.layers) {
        layers.push_back(std::to_string(one.index));
        if (one.index == layer)
            for (const ModelRouter& router : one.routers) pools.push_back(router.pool);
    }
    if (pools.empty())
        return usage_error(shown_path(dir) + ": --layer: found " + std::to_string(layer) +
                           ", layers with a router are " + joined_first(layers, 12));
    return usage_error(shown_path(dir) + ": --pool: found " + in_quotes(pool) + ", layer " +
                       std::to_string(layer) + " has " + joined(pools));
}

/// `input` or `logits`, [T, width].
struct Given {
    bool logits = false;
    std::vector<float> values;
};

Result<Given> read_given(const std::string& path, const ModelRouter& router) {
    const auto file = SafetensorsFile::open(path);
    if (!file) return file.error();
    const TensorView *input = file->find("input"), *logits = file->find("logits");
    if ((input == nullptr) == (logits == nullptr))
        return usage_error(shown_path(path) + ": found " +
                           (input ? "both the tensors input and" : "neither a tensor input nor") +
                           " logits, one of them expected: [tokens, " +
                           std::to_string(router.width) + "] or [tokens, " +
                           std::to_string(router.experts) + "]");
    const TensorView& tensor = input ? *input : *logits;
    const int64_t width = input ? router.width : router.experts;
    if (tensor.shape.size() != 2 || tensor.shape[0] < 1 || tensor.shape[1] != width)
        return usage_error(shown_path(path) + ": tensor " + tensor.name + ": found " +
                           form_of(tensor) + ", [tokens, " + std::to_string(width) + "] expected");
    auto values = float_values(tensor, path);
    if (!values) return values.error();
    return Given{logits != nullptr, *std::move(values)};
}

/// Errors (usage) name the first number that is not finite by its place.
Status check_finite(std::span<const float> values, int64_t width, const std::string& what) {
    const auto bad = first_not_finite(values);
    if (!bad) return {};
    const auto w = static_cast<size_t>(width);
    return usage_error(what + ": token " + std::to_string(*bad / w) + ", place " +
                       std::to_string(*bad % w) + ": found " + std::to_string(values[*bad]) +
                       ", finite numbers expected");
}

OrderedJson rows_json(const auto& values, int64_t k) {
    OrderedJson rows = OrderedJson::array();
    for (size_t at = 0; at < values.size(); at += static_cast<size_t>(k)) {
        OrderedJson row = OrderedJson::array();
        for (size_t i = at; i < at + static_cast<size_t>(k); ++i) row.push_back(values[i]);
        rows.push_back(std::move(row));
    }
    return rows;
}

struct Routed {
    RoutedTokens tokens;
    int64_t count = 0;
};

Result<Routed> routed(const RouteOptions& o, const ModelFolder& model, const ModelLayout& layout,
                      const ModelRouter& router) {
    const std::string where = shown_path(o.model) + ": layer " + std::to_string(o.layer) + ": ";
    if (auto s = check_rule(layout.rule, router.experts); !s)
        return said_of(where + "family " + layout.family + ": ", s.error());
    auto given = read_given(o.inputs, router);
    if (!given) return given.error();
    const auto tensors = read_router(model, layout, router);
    if (!tensors) return tensors.error();
    if (takes_correction(layout.rule.rule) && tensors->correction.empty())
        return usage_error(where + "the router's correction is missing, which its rule needs");
    const std::string file = shown_path(o.inputs) + ": ";
    if (auto s = check_finite(given->values, given->logits ? router.experts : router.width,
                              file + (given->logits ? "logits" : "input"));
        !s)
        return s.error();
    for (const auto* values : {&tensors->rows, &tensors->bias, &tensors->correction})
        if (first_not_finite(*values))
            return usage_error(where + "the router has numbers that are not finite");
    std::vector<float> logits = std::move(given->values);
    if (!given->logits) {
        logits = router_logits(tensors->rows, tensors->bias, logits, router.experts);
        if (auto s = check_finite(logits, router.experts, file + "logits from input"); !s)
            return s.error();
    }
    Routed out;
    out.tokens = apply_rule(layout.rule, logits, tensors->correction, router.experts);
    out.count = static_cast<int64_t>(logits.size()) / router.experts;
    if (auto s = check_finite(out.tokens.weights, layout.rule.top_k, file + "weights"); !s)
        return s.error();
    return out;
}

}  // namespace

const std::vector<Definition>& route_definitions() {
    static const std::vector<Definition> kDefinitions = {
        {"input", "tensor [T, d] of --inputs: what enters the router, behind the norm"},
        {"logits", "tensor [T, E] of --inputs instead of input: what the router makes of it"},
        {"experts", "[T, k] int32, by falling weight, ties by lowest number [def:routing_rule]"},
        {"weights", "[T, k] fp32, as the family's library has them [def:routing_rule]"},
    };
    return kDefinitions;
}

Result<std::string> route(const RouteOptions& o) {
    const std::string pool = o.pool.empty() ? kOwnPool : o.pool;
    if (auto s = check_not_exported(o.model); !s) return s.error();
    const auto model = ModelFolder::open(o.model);
    if (!model) return model.error();
    const auto layout = layout_of(*model);
    if (!layout) return layout.error();
    const auto router = router_at(*layout, o.model, o.layer, pool);
    if (!router) return router.error();
    const auto found = routed(o, *model, *layout, **router);
    if (!found) return found.error();
    const int64_t k = layout->rule.top_k;
    OrderedJson j = {{"format", "hopscope.route/1"},
                     {"name", name_of_model(o.model)},
                     {"family", layout->family},
                     {"layer", o.layer},
                     {"pool", pool},
                     {"rule", word(layout->rule.rule)},
                     {"k", k},
                     {"tokens", found->count}};
    if (o.out.empty()) {
        j["experts"] = rows_json(found->tokens.experts, k);
        j["weights"] = rows_json(found->tokens.weights, k);
        return dump_pretty(j);
    }
    const std::vector<std::string> inputs = {model->dir(), o.inputs};
    if (auto s = check_output_apart(o.out, inputs); !s) return s.error();
    const auto& [experts, weights] = found->tokens;
    if (auto s = write_safetensors(
            o.out,
            {{"experts", "I32", {found->count, k}, experts.data(), experts.size() * 4},
             {"weights", "F32", {found->count, k}, weights.data(), weights.size() * 4}},
            {{"format", "hopscope.route/1"}, {"family", layout->family}});
        !s)
        return s.error();
    j["file"] = o.out;
    return dump_pretty(j);
}

}  // namespace hopscope::core::lab
