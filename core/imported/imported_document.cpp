#include "core/imported/imported_document.h"

#include "core/base/names.h"
#include "core/base/utf8.h"
#include "core/imported/model_config.h"

namespace hopscope::core {
namespace {

OrderedJson counts_json(const NamedCounts& counts) {
    OrderedJson out = OrderedJson::object();
    for (const auto& [name, count] : counts) out[name] = count;
    return out;
}

OrderedJson count_or_null(int64_t count) {
    return count > 0 ? OrderedJson(count) : OrderedJson(nullptr);
}

OrderedJson text_or_null(const std::string& text) {
    return text.empty() ? OrderedJson(nullptr) : OrderedJson(text);
}

/// The rule and those of its numbers that it reads.
void add_rule(OrderedJson& j, const RuleSettings& s) {
    j["k"] = count_or_null(s.top_k);
    j["rule"] = word(s.rule);
    const bool grouped_sigmoid = s.rule == RoutingRule::grouped_sigmoid;
    if (s.rule == RoutingRule::softmax_top_k || grouped_sigmoid) j["normalise"] = s.normalise;
    if (grouped_sigmoid || s.rule == RoutingRule::grouped_softmax) {
        j["groups"] = s.groups;
        j["kept_groups"] = s.kept_groups;
        j["scale"] = s.scale;
    }
    if (s.rule == RoutingRule::sparse_mixer) j["jitter"] = s.jitter;
    if (s.rule == RoutingRule::corrected_softmax) j["least_sum"] = s.least_sum;
}

OrderedJson router_json(const ModelRouter& router, const RuleSettings& rule) {
    OrderedJson j = {{"name", router.pool}, {"experts", router.experts}};
    add_rule(j, rule);
    j["width"] = router.width;
    j["bias"] = !router.bias.empty();
    j["correction"] = !router.correction.empty();
    j["norm_gain"] = !router.gain.empty();
    if (!router.expert_matrices.empty())
        j["experts_read"] = {{"matrices", router.expert_matrices},
                             {"inner", router.inner},
                             {"directions", router.directions}};
    j["tensors"] = {{"weight", router.weight},
                    {"bias", text_or_null(router.bias)},
                    {"correction", text_or_null(router.correction)},
                    {"norm_gain", text_or_null(router.gain)}};
    return j;
}

/// The number that all routers have; null where they differ.
OrderedJson common_experts(const ModelLayout& layout) {
    const int64_t first = layout.layers.front().routers.front().experts;
    for (const ModelLayer& layer : layout.layers)
        for (const ModelRouter& router : layer.routers)
            if (router.experts != first) return nullptr;
    return first;
}

/// The objects in a list; the first that is none ends it.
Result<std::vector<const Json*>> objects_in(const Json& json, const char* key,
                                            const std::string& name) {
    std::vector<const Json*> out;
    const auto list = json.find(key);
    if (list == json.end() || !list->is_array())
        return usage_error(name + ": \"" + key + "\": a list of objects expected");
    for (const Json& item : *list) {
        if (!item.is_object())
            return usage_error(name + ": \"" + key + "\": a list of objects expected");
        out.push_back(&item);
    }
    return out;
}

/// Where the number is outside of 0 (or `low`) … `high`.
Status within(int64_t found, int64_t low, int64_t high, const std::string& place) {
    if (found >= low && found <= high) return {};
    return usage_error(place + ": found " + std::to_string(found) + ", allowed " +
                       std::to_string(low) + " … " + std::to_string(high));
}

Result<RuleSettings> read_rule(const Json& json, const std::string& name) {
    RuleSettings s;
    std::string rule;
    double scale = s.scale, jitter = 0, least_sum = 0;
    if (const auto k = json.find("k"); k != json.end() && !k->is_null()) {
        FieldReader fields(json, name);
        fields.integer("k", s.top_k);
        if (auto status = fields.status(); !status) return status.error();
        if (auto status = within(s.top_k, 1, kMostExperts, name + ": k"); !status)
            return status.error();
    }
    FieldReader fields(json, name);
    fields.required().text("rule", rule).optional();
    fields.flag("normalise", s.normalise)
        .integer("groups", s.groups)
        .integer("kept_groups", s.kept_groups)
        .number("scale", scale)
        .number("jitter", jitter)
        .number("least_sum", least_sum);
    if (auto status = fields.status(); !status) return status.error();
    const auto known = kind_of<RoutingRule>(rule);
    if (!known)
        return usage_error(name + ": \"rule\": found " + in_quotes(rule) + ", allowed " +
                           joined(word_list<RoutingRule>()));
    s.rule = *known;
    s.scale = static_cast<float>(scale);
    s.jitter = static_cast<float>(jitter);
    s.least_sum = static_cast<float>(least_sum);
    return s;
}

/// What an import with experts says of them; nothing where there is no such object.
Status read_experts(const Json& json, const std::string& name, ModelRouter& router) {
    const auto experts = json.find("experts_read");
    if (experts == json.end() || experts->is_null()) return {};
    if (!experts->is_object()) return usage_error(name + ": \"experts_read\": an object expected");
    const std::string place = name + ": experts_read";
    FieldReader fields(*experts, place);
    fields.required()
        .texts("matrices", router.expert_matrices)
        .integer("inner", router.inner)
        .integer("directions", router.directions);
    if (auto s = fields.status(); !s) return s;
    for (const std::string& matrix : router.expert_matrices)
        if (matrix != "gate" && matrix != "up" && matrix != "down")
            return usage_error(place + ": \"matrices\": found " + in_quotes(matrix) +
                               ", allowed gate, up, down");
    if (auto s = within(router.inner, 1, kMostWidth, place + ": inner"); !s) return s;
    return within(router.directions, 1, kMostWidth, place + ": directions");
}

Result<ModelRouter> read_router(const Json& json, const std::string& name) {
    ModelRouter router;
    FieldReader fields(json, name);
    fields.required()
        .text("name", router.pool)
        .integer("experts", router.experts)
        .integer("width", router.width);
    if (auto s = fields.status(); !s) return s.error();
    if (auto s = within(router.experts, 2, kMostExperts, name + ": experts"); !s) return s.error();
    if (auto s = within(router.width, 1, kMostWidth, name + ": width"); !s) return s.error();
    const auto tensors = json.find("tensors");
    if (tensors == json.end() || !tensors->is_object())
        return usage_error(name + ": \"tensors\": an object expected");
    for (const auto& [key, out] : {std::pair("weight", &router.weight),
                                   {"bias", &router.bias},
                                   {"correction", &router.correction},
                                   {"norm_gain", &router.gain}}) {
        const auto found = tensors->find(key);
        if (found == tensors->end() || found->is_null()) continue;
        FieldReader names(*tensors, name + ": tensors");
        names.text(key, *out);
        if (auto s = names.status(); !s) return s.error();
    }
    if (auto s = read_experts(json, name, router); !s) return s.error();
    return router;
}

/// Names of the traces, which are names of files.
Result<std::vector<std::string>> read_traces(const Json& json, const std::string& name) {
    std::vector<std::string> out;
    if (!json.contains("traces")) return out;
    auto list = objects_in(json, "traces", name);
    if (!list) return list.error();
    for (const Json* one : *list) {
        std::string trace;
        FieldReader fields(*one, name + ": traces");
        fields.required().text("name", trace);
        if (auto s = fields.status(); !s) return s.error();
        if (trace.empty() || trace.find_first_of(std::string("/\0", 2)) != std::string::npos)
            return usage_error(name + ": traces: \"name\": found " + in_quotes(trace) +
                               ", the name of a file expected");
        out.push_back(std::move(trace));
    }
    return out;
}

}  // namespace

OrderedJson layout_json(const ModelLayout& layout, const NamedCounts& parameters,
                        const NamedCounts& dtypes) {
    OrderedJson j;
    j["family"] = layout.family;
    j["model_type"] = layout.model_type;
    j["hidden_layers"] = layout.hidden_layers;
    j["experts"] = common_experts(layout);
    add_rule(j, layout.rule);
    j["norm_gain_from_one"] = layout.gain_from_one;
    j["layers"] = OrderedJson::array();
    for (const ModelLayer& layer : layout.layers) {
        OrderedJson routers = OrderedJson::array();
        for (const ModelRouter& router : layer.routers)
            routers.push_back(router_json(router, layout.rule));
        j["layers"].push_back({{"index", layer.index},
                               {"prediction", layer.prediction},
                               {"routers", std::move(routers)}});
    }
    j["dense_layers"] = layout.dense;
    j["router_parameters"] = nullptr;
    for (const auto& [name, count] : parameters)
        if (name == "routing") j["router_parameters"] = count;
    j["parameters"] = counts_json(parameters);
    j["dtype"] = dtypes.empty() ? OrderedJson(nullptr) : OrderedJson(dtypes.front().first);
    j["dtypes"] = counts_json(dtypes);
    j["warnings"] = layout.warnings;
    return j;
}

Result<ImportedDocument> parse_imported(const std::string& text, const std::string& name) {
    auto json = parse_object(text, name);
    if (!json) return json.error();
    if (auto s = expect_format(*json, kImportedFormat, name); !s) return s.error();
    ModelLayout layout;
    FieldReader fields(*json, name);
    fields.required()
        .text("family", layout.family)
        .text("model_type", layout.model_type)
        .integer("hidden_layers", layout.hidden_layers)
        .optional()
        .flag("norm_gain_from_one", layout.gain_from_one)
        .texts("warnings", layout.warnings);
    if (auto s = fields.status(); !s) return s.error();
    if (auto s = within(layout.hidden_layers, 1, kMostLayers, name + ": hidden_layers"); !s)
        return s.error();
    auto rule = read_rule(*json, name);
    if (!rule) return rule.error();
    layout.rule = *rule;
    auto layers = objects_in(*json, "layers", name);
    if (!layers) return layers.error();
    for (const Json* one : *layers) {
        ModelLayer layer;
        const std::string place = name + ": layers";
        FieldReader numbers(*one, place);
        numbers.required().integer("index", layer.index).flag("prediction", layer.prediction);
        if (auto s = numbers.status(); !s) return s.error();
        if (auto s = within(layer.index, 0, 2 * kMostLayers, place + ": index"); !s)
            return s.error();
        auto routers = objects_in(*one, "routers", place);
        if (!routers) return routers.error();
        for (const Json* json_of_router : *routers) {
            auto router = read_router(*json_of_router, place + ": routers");
            if (!router) return router.error();
            layer.routers.push_back(*std::move(router));
        }
        if (layer.routers.empty()) return usage_error(place + ": a layer without routers found");
        layout.layers.push_back(std::move(layer));
    }
    if (layout.layers.empty()) return usage_error(name + ": \"layers\" names none");
    layout.dense = dense_layers(layout);
    auto traces = read_traces(*json, name);
    if (!traces) return traces.error();
    return ImportedDocument{std::move(layout), *std::move(traces)};
}

}  // namespace hopscope::core
