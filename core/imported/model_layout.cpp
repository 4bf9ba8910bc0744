#include "core/imported/model_layout.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include "core/base/names.h"
#include "core/base/numbers.h"
#include "core/base/utf8.h"
#include "core/imported/model_config.h"
#include "core/imported/tensor_values.h"

namespace hopscope::core {
namespace {

/// Of a router; what is larger is no router, and is not worth an allocation to find out.
constexpr uint64_t kMostValues = uint64_t{1} << 28;

/// "model.layers.7.mlp.gate.weight" → {"model.", 7, "mlp.gate.weight"}.
struct LayerName {
    std::string_view before;
    int64_t index = 0;
    std::string_view rest;
};

std::optional<LayerName> layer_name(std::string_view name) {
    constexpr std::string_view kLayers = "layers.";
    for (size_t at = name.find(kLayers); at != std::string_view::npos;
         at = name.find(kLayers, at + 1)) {
        if (at > 0 && name[at - 1] != '.') continue;
        const size_t number = at + kLayers.size(), dot = name.find('.', number);
        if (dot == std::string_view::npos) return std::nullopt;
        const auto index = read_natural(name.substr(number, dot - number));
        if (index && *index < static_cast<uint64_t>(kMostLayers))
            return LayerName{name.substr(0, at), static_cast<int64_t>(*index),
                             name.substr(dot + 1)};
    }
    return std::nullopt;
}

/// Whether a part of the name says that the layer predicts tokens beyond the next.
bool names_prediction(std::string_view before) {
    const std::string name = "." + std::string(before);
    return name.find(".mtp.") != std::string::npos || name.find(".nextn.") != std::string::npos;
}

/// Layers are told apart by what stands before their number, too: those of an encoder are others
/// than those of a decoder.
using LayerKey = std::pair<std::string, int64_t>;
using NamesOfLayer = std::map<std::string, const TensorView*, std::less<>>;
using LayersByName = std::map<LayerKey, NamesOfLayer>;

LayersByName layers_by_name(const ModelFolder& model) {
    LayersByName out;
    for (const auto& [name, tensor] : model.tensors())
        if (const auto found = layer_name(name))
            out[{std::string(found->before), found->index}].emplace(found->rest, tensor);
    return out;
}

const TensorView* first_of(const NamesOfLayer& names, const TensorNames& wanted) {
    for (const std::string_view name : wanted)
        if (const auto found = names.find(name); found != names.end()) return found->second;
    return nullptr;
}

/// Whether it has tensors that only a layer which predicts tokens beyond the next has: what joins
/// the hidden state with the next token's embedding.
bool joins_tokens(const NamesOfLayer& names) {
    return first_of(names, {"eh_proj.weight", "enorm.weight", "hnorm.weight"}) != nullptr;
}

/// A shape that a router can have.
Status check_matrix(const ModelFolder& model, const TensorView& tensor) {
    const auto& shape = tensor.shape;
    const bool fits =
        shape.size() == 2 && shape[0] > 1 && shape[0] <= kMostExperts && shape[1] > 0 &&
        shape[1] <= kMostWidth &&
        static_cast<uint64_t>(shape[0]) * static_cast<uint64_t>(shape[1]) <= kMostValues;
    if (fits) return {};
    return usage_error(shown_path(model.dir()) + ": router " + in_quotes(tensor.name) + ": found " +
                       form_of(tensor) + ", [experts, width] expected with 2 … " +
                       std::to_string(kMostExperts) + " experts and a width of 1 … " +
                       std::to_string(kMostWidth));
}

/// One number an expert (or of the width), whatever dimensions of 1 stand before.
Status check_vector(const ModelFolder& model, const TensorView* tensor, int64_t size) {
    if (!tensor) return {};
    bool fits = !tensor->shape.empty() && tensor->shape.back() == size;
    for (size_t i = 0; fits && i + 1 < tensor->shape.size(); ++i) fits = tensor->shape[i] == 1;
    if (fits) return {};
    return usage_error(shown_path(model.dir()) + ": tensor " + in_quotes(tensor->name) +
                       ": found " + form_of(*tensor) + ", [" + std::to_string(size) +
                       "] expected as its router has it");
}

std::string name_or_none(const TensorView* tensor) {
    return tensor ? tensor->name : "";
}

class Finder {
  public:
    Finder(const ModelFolder& model, const Family* family)
        : model_(model), family_(family), names_(layers_by_name(model)) {}

    /// What the layout's layers are, and how many are hidden: those of config.json, or more where
    /// there are tensors of more. Layers whose names say that they predict tokens count from behind
    /// all others, in which they would stand again otherwise.
    /// @param predicting how many layers behind the hidden ones do so by config.json or the family
    Status fill(ModelLayout& layout, int64_t predicting) {
        std::map<std::string, std::vector<Found>> stacks;
        for (const auto& [key, names] : names_) {
            auto routers = family_ ? routers_of_family(names) : routers_by_sound(names);
            if (!routers) return routers.error();
            if (!routers->empty()) stacks[key.first].push_back({key.second, *std::move(routers)});
        }
        const auto own = by_layers(stacks, /*prediction=*/false);
        layout.hidden_layers = hidden_layers(own, layout.hidden_layers, predicting);
        std::map<int64_t, ModelLayer> layers;
        const auto put = [&](const std::vector<std::string>& named, int64_t first) {
            for (const std::string& before : named)
                for (Found& found : stacks[before]) {
                    ModelLayer& layer = layers[first + found.index];
                    layer.index = first + found.index;
                    layer.prediction = layer.index >= layout.hidden_layers;
                    for (ModelRouter& router : found.routers) add(layer, std::move(router), before);
                }
        };
        put(own, 0);
        put(by_layers(stacks, /*prediction=*/true),
            std::max(layout.hidden_layers, layers.empty() ? 0 : layers.rbegin()->first + 1));
        for (auto& [key, layer] : layers) layout.layers.push_back(std::move(layer));
        return {};
    }

  private:
    /// A layer with a router, of those whose names begin alike.
    struct Found {
        int64_t index = 0;
        std::vector<ModelRouter> routers;
    };

    /// What their names begin with: the most layers first, which are the model's own.
    static std::vector<std::string> by_layers(
        const std::map<std::string, std::vector<Found>>& stacks, bool prediction) {
        std::vector<std::string> out;
        for (const auto& [before, found] : stacks)
            if (names_prediction(before) == prediction) out.push_back(before);
        std::stable_sort(out.begin(), out.end(), [&](const auto& a, const auto& b) {
            return stacks.at(a).size() > stacks.at(b).size();
        });
        return out;
    }

    /// Of `said` by config.json (0: it says nothing) and the layers whose names begin with one of
    /// `own`.
    int64_t hidden_layers(const std::vector<std::string>& own, int64_t said,
                          int64_t predicting) const {
        std::set<int64_t> more;
        for (const auto& [key, names] : names_)
            if (key.second >= said && std::find(own.begin(), own.end(), key.first) != own.end() &&
                !joins_tokens(names))
                more.insert(key.second);
        // A gap, or more of them than are announced: then they are no such layers.
        if (more.empty() || (said > 0 && *more.rbegin() < said + predicting))
            return std::max<int64_t>(said, 1);
        return *more.rbegin() + 1;
    }

    Result<std::vector<ModelRouter>> routers_of_family(const NamesOfLayer& names) {
        std::vector<ModelRouter> out;
        for (const RouterNames& wanted : family_->routers) {
            const TensorView* weight = first_of(names, wanted.weight);
            if (!weight) continue;
            auto router = router_of(*weight, std::string(wanted.pool));
            if (!router) return router.error();
            const TensorView *bias = first_of(names, wanted.bias),
                             *correction = first_of(names, wanted.correction),
                             *gain = wanted.norm.empty() ? nullptr : first_of(names, {wanted.norm});
            if (auto s = check_vector(model_, bias, router->experts); !s) return s.error();
            if (auto s = check_vector(model_, correction, router->experts); !s) return s.error();
            if (auto s = check_vector(model_, gain, router->width); !s) return s.error();
            router->bias = name_or_none(bias);
            router->correction = name_or_none(correction);
            router->gain = name_or_none(gain);
            out.push_back(*std::move(router));
        }
        return out;
    }

    Result<std::vector<ModelRouter>> routers_by_sound(const NamesOfLayer& names) {
        std::vector<ModelRouter> out;
        for (const auto& [name, tensor] : names) {
            if (!sounds_like_router(name) || tensor->shape.size() != 2 || tensor->shape[0] < 2)
                continue;
            constexpr std::string_view kWeight = ".weight";
            auto router = router_of(*tensor, name.substr(0, name.size() - kWeight.size()));
            if (!router) return router.error();
            out.push_back(*std::move(router));
        }
        if (out.size() == 1) out[0].pool = kOwnPool;
        return out;
    }

    Result<ModelRouter> router_of(const TensorView& weight, std::string pool) {
        if (auto s = check_matrix(model_, weight); !s) return s.error();
        ModelRouter router;
        router.pool = std::move(pool);
        router.experts = weight.shape[0];
        router.width = weight.shape[1];
        router.weight = weight.name;
        return router;
    }

    /// Of two routers of one name in one layer (of an encoder and a decoder, say) the second is
    /// told by where it stands.
    static void add(ModelLayer& layer, ModelRouter router, const std::string& before) {
        const auto taken = [&] {
            return std::any_of(layer.routers.begin(), layer.routers.end(),
                               [&](const ModelRouter& r) { return r.pool == router.pool; });
        };
        if (taken()) router.pool = before + router.pool;
        layer.routers.push_back(std::move(router));
    }

    const ModelFolder& model_;
    const Family* family_;
    LayersByName names_;
};

/// "3, 5, 7".
std::string numbers_text(const std::vector<int64_t>& numbers) {
    std::vector<std::string> texts;
    for (const int64_t n : numbers) texts.push_back(std::to_string(n));
    return joined_first(texts, 8);
}

/// Hidden layers of which the folder has nothing: it is not whole, or config.json is another's.
void warn_of_absent(const ModelFolder& model, ModelLayout& layout) {
    std::vector<bool> there(static_cast<size_t>(layout.hidden_layers));
    for (const auto& [name, tensor] : model.tensors())
        if (const auto found = layer_name(name); found && found->index < layout.hidden_layers)
            there[static_cast<size_t>(found->index)] = true;
    std::vector<int64_t> absent;
    for (int64_t l = 0; l < layout.hidden_layers; ++l)
        if (!there[static_cast<size_t>(l)]) absent.push_back(l);
    if (!absent.empty())
        layout.warnings.push_back("config.json says " + std::to_string(layout.hidden_layers) +
                                  " hidden layers; of layers " + numbers_text(absent) +
                                  " there are no tensors, and they count as dense");
}

void warn_of_contradictions(PublishedConfig& config, ModelLayout& layout) {
    const auto experts =
        config.integer({"num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts"},
                       0, kMostExperts);
    const auto width = config.integer({"hidden_size"}, 0, kMostWidth);
    for (const ModelLayer& layer : layout.layers)
        for (const ModelRouter& router : layer.routers) {
            const std::string where = "layer " + std::to_string(layer.index) + ": ";
            if (experts && *experts != router.experts)
                layout.warnings.push_back(where + "config.json says " + std::to_string(*experts) +
                                          " experts, the router has " +
                                          std::to_string(router.experts) + "; the router counts");
            if (width && *width != router.width)
                layout.warnings.push_back(where + "config.json says a width of " +
                                          std::to_string(*width) + ", the router has " +
                                          std::to_string(router.width) + "; the router counts");
            if (takes_correction(layout.rule.rule) && router.correction.empty())
                layout.warnings.push_back(where + "the router's correction is missing");
            else if (auto s = check_rule(layout.rule, router.experts);
                     !s && layout.rule.rule != RoutingRule::unknown)
                layout.warnings.push_back(where + s.error().message);
        }
    const auto expected = mixture_by_config(config, layout.hidden_layers);
    if (!expected) return;
    std::vector<int64_t> lost, found;
    const auto mixtures = layout.mixture_layers();
    for (int64_t l = 0; l < layout.hidden_layers; ++l) {
        const bool there = std::binary_search(mixtures.begin(), mixtures.end(), l);
        const bool said = (*expected)[static_cast<size_t>(l)];
        if (said && !there) lost.push_back(l);
        if (there && !said) found.push_back(l);
    }
    if (!lost.empty())
        layout.warnings.push_back("config.json gives layers " + numbers_text(lost) +
                                  " a mixture, no router is there; they count as dense");
    if (!found.empty())
        layout.warnings.push_back("config.json says that layers " + numbers_text(found) +
                                  " are dense, a router is there; they count as mixtures");
}

Error no_router(const ModelFolder& model, const ModelLayout& layout) {
    return usage_error(shown_path(model.dir()) + ": no router is found among its " +
                       std::to_string(model.tensors().size()) + " tensors (model_type " +
                       in_quotes(layout.model_type) +
                       "); the folder of a mixture of experts is expected");
}

}  // namespace

const ModelRouter* ModelLayout::find(int64_t layer, const std::string& pool) const {
    for (const ModelLayer& one : layers)
        if (one.index == layer)
            for (const ModelRouter& router : one.routers)
                if (router.pool == pool) return &router;
    return nullptr;
}

std::vector<int64_t> ModelLayout::mixture_layers() const {
    std::vector<int64_t> out;
    for (const ModelLayer& layer : layers)
        if (!layer.prediction && find(layer.index, kOwnPool)) out.push_back(layer.index);
    return out;
}

Result<ModelLayout> layout_of(const ModelFolder& model) {
    ModelLayout layout;
    const Family* family = nullptr;
    for (const std::string& type : model.model_types())
        if (!family) family = find_family(type);
    layout.family = family ? std::string(family->model_type) : "unknown";
    layout.model_type = model.model_types().front();
    layout.warnings = model.notes();
    layout.gain_from_one = family && family->gain_from_one;
    PublishedConfig config(model);
    layout.rule = rule_settings(config, family ? *family : Family{"", RoutingRule::unknown, {}},
                                layout.warnings);
    layout.hidden_layers =
        config.integer({"num_hidden_layers", "num_layers", "n_layer"}, 1, kMostLayers).value_or(0);
    const int64_t said = layout.hidden_layers;
    const int64_t predicting = config.integer({"num_nextn_predict_layers"}, 0, kMostLayers)
                                   .value_or(family && family->predicts ? 1 : 0);
    if (auto s = Finder(model, family).fill(layout, predicting); !s) return s.error();
    if (layout.layers.empty()) return no_router(model, layout);
    if (said > 0 && layout.hidden_layers > said)
        layout.warnings.push_back("config.json says " + std::to_string(said) +
                                  " hidden layers, the tensors have " +
                                  std::to_string(layout.hidden_layers) + "; the tensors count");
    layout.dense = dense_layers(layout);
    warn_of_absent(model, layout);
    warn_of_contradictions(config, layout);
    if (auto s = config.status(); !s) return s.error();
    return layout;
}

std::vector<int64_t> dense_layers(const ModelLayout& layout) {
    std::vector<int64_t> out;
    for (int64_t l = 0; l < layout.hidden_layers; ++l)
        if (std::none_of(layout.layers.begin(), layout.layers.end(),
                         [&](const ModelLayer& layer) { return layer.index == l; }))
            out.push_back(l);
    return out;
}

std::string router_prefix(int64_t layer, const std::string& pool) {
    return "layers." + std::to_string(layer) + (pool == kOwnPool ? "" : "." + pool);
}

}  // namespace hopscope::core
