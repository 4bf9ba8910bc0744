#include "core/imported/recorded_routing.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <optional>
#include <span>
#include <tuple>

#include "core/base/json.h"
#include "core/base/numbers.h"
#include "core/base/utf8.h"
#include "core/imported/model_folder.h"
#include "core/imported/tensor_values.h"
#include "core/run/safetensors_file.h"

namespace hopscope::core {
namespace {

constexpr const char* kFormat = "hopscope.routing/1";
constexpr int64_t kNarrowExperts = int64_t{1} << 15;
constexpr const char* kHop = ".hops.";

/// Collects tensors of one file and owns those that are made on the way.
class Tensors {
  public:
    template <class T>
    void add(std::string name, const char* dtype, std::vector<int64_t> shape,
             const std::vector<T>& values) {
        if (!values.empty())
            all_.push_back({std::move(name), dtype, std::move(shape), values.data(),
                            values.size() * sizeof(T)});
    }
    void experts(std::string name, std::vector<int64_t> shape, const RecordedLayer& layer) {
        if (layer.experts > kNarrowExperts)
            return add(std::move(name), "I32", std::move(shape), layer.chosen);
        narrow_.emplace_back(layer.chosen.begin(), layer.chosen.end());
        add(std::move(name), "I16", std::move(shape), narrow_.back());
    }
    const std::vector<TensorView>& all() const { return all_; }

  private:
    std::deque<std::vector<int16_t>> narrow_;
    std::vector<TensorView> all_;
};

/// "layers.7.attention.hops.0.experts" → 7, "attention", 0, "experts".
struct HopName {
    int64_t layer = 0;
    std::string pool;
    int64_t hop = 0;
    std::string what;
};

std::optional<HopName> hop_name(const std::string& name) {
    constexpr std::string_view kLayers = "layers.";
    const size_t hop = name.rfind(kHop);
    if (!name.starts_with(kLayers) || hop == std::string::npos) return std::nullopt;
    const std::string place = name.substr(kLayers.size(), hop - kLayers.size());
    const std::string rest = name.substr(hop + std::string_view(kHop).size());
    const size_t dot = place.find('.'), point = rest.find('.');
    if (point == std::string::npos) return std::nullopt;
    const auto layer = read_natural(place.substr(0, dot)),
               number = read_natural(rest.substr(0, point));
    if (!layer || !number || *layer > INT32_MAX || *number > INT32_MAX) return std::nullopt;
    return HopName{static_cast<int64_t>(*layer),
                   dot == std::string::npos ? kOwnPool : place.substr(dot + 1),
                   static_cast<int64_t>(*number), rest.substr(point + 1)};
}

/// Copies a file's tensors out; the first that is wrong ends it.
class Reading {
  public:
    Reading(const SafetensorsFile& file, const ModelLayout& model) : file_(file), model_(model) {}

    Result<RecordedRouting> all(const std::map<std::string, std::vector<float>>& corrections) {
        for (const TensorView& tensor : file_.tensors()) {
            const auto name = hop_name(tensor.name);
            if (!name || name->what != "experts") continue;
            // Another spelling ("layers.1.mlp") could stand beside it and count twice.
            if (const std::string usual = router_prefix(name->layer, name->pool) + kHop +
                                          std::to_string(name->hop) + ".experts";
                tensor.name != usual)
                return wrong_of(tensor, file_.path(), "is called " + in_quotes(usual) + " here")
                    .error();
            if (auto s = add_layer(tensor, *name, corrections); !s) return s.error();
        }
        if (out_.layers.empty()) return wrong("no tensor layers.L.hops.0.experts found").error();
        std::stable_sort(
            out_.layers.begin(), out_.layers.end(),
            [](const RecordedLayer& a, const RecordedLayer& b) { return a.layer < b.layer; });
        if (out_.rows() == 0) return wrong("holds no token; -1 stands in every row").error();
        if (auto s = check_ends(); !s) return s.error();
        if (auto s = add_tokens(); !s) return s.error();
        return std::move(out_);
    }

  private:
    Status wrong(const std::string& what) const {
        return usage_error(shown_path(file_.path()) + ": " + what);
    }
    static Status wrong_of(const TensorView& tensor, const std::string& file,
                           const std::string& what) {
        return usage_error(shown_path(file) + ": tensor " + in_quotes(tensor.name) + ": " + what);
    }

    Status add_layer(const TensorView& tensor, const HopName& name,
                     const std::map<std::string, std::vector<float>>& corrections) {
        const auto bad = [&](const std::string& what) {
            return wrong_of(tensor, file_.path(), what);
        };
        const ModelRouter* router = model_.find(name.layer, name.pool);
        if (!router)
            return bad("the model has no router " + in_quotes(name.pool) + " in layer " +
                       std::to_string(name.layer));
        if (name.hop != 0) return bad("hop 0 expected, a published model has one");
        const auto& shape = tensor.shape;
        const int64_t most = router->experts;
        if (shape.size() != 3 || shape[0] < 1 || shape[1] < 1 || shape[2] < 1 || shape[2] > most)
            return bad("found " + form_of(tensor) + ", [texts, tokens, k] expected");
        if (model_.rule.top_k > 0 && shape[2] != model_.rule.top_k)
            return bad(std::to_string(shape[2]) + " experts a token found, this model has " +
                       std::to_string(model_.rule.top_k));
        if (!out_.layers.empty() && (shape[0] != out_.sequences || shape[1] != out_.length ||
                                     shape[2] != out_.layers[0].top_k))
            return bad("found " + form_of(tensor) + ", [" + std::to_string(out_.sequences) + ", " +
                       std::to_string(out_.length) + ", " + std::to_string(out_.layers[0].top_k) +
                       "] expected as in other layers");
        out_.sequences = shape[0];
        out_.length = shape[1];
        RecordedLayer layer;
        layer.layer = name.layer;
        layer.pool = name.pool;
        layer.experts = most;
        layer.top_k = shape[2];
        auto chosen = integer_values(tensor, file_.path());
        if (!chosen) return chosen.error();
        layer.chosen = *std::move(chosen);
        if (auto s = check_sets(tensor, layer); !s) return s;
        if (auto s = add_numbers(layer, corrections); !s) return s;
        auto inputs = read_inputs(file_, router_prefix(layer.layer, layer.pool), out_.sequences,
                                  out_.length, layer.experts);
        if (!inputs) return inputs.error();
        layer.inputs = *std::move(inputs);
        out_.layers.push_back(std::move(layer));
        return {};
    }

    /// A text ends at one token in all layers: what is said of several layers is said of one token.
    Status check_ends() const {
        const RecordedLayer& first = out_.layers[0];
        const auto k = static_cast<size_t>(first.top_k);
        for (const RecordedLayer& layer : out_.layers)
            for (size_t at = 0; at < first.chosen.size(); at += k)
                if ((layer.chosen[at] < 0) != (first.chosen[at] < 0))
                    return wrong("row " + std::to_string(at / k) + " is a token in only one of " +
                                 in_quotes(router_prefix(first.layer, first.pool)) + " and " +
                                 in_quotes(router_prefix(layer.layer, layer.pool)));
        return {};
    }

    Status check_sets(const TensorView& tensor, const RecordedLayer& layer) const {
        const auto k = static_cast<size_t>(layer.top_k);
        for (size_t row = 0; row * k < layer.chosen.size(); ++row) {
            const auto* ids = layer.chosen.data() + row * k;
            // A row that is no token's is −1 throughout.
            if (std::all_of(ids, ids + k, [](int32_t id) { return id == -1; })) continue;
            for (size_t i = 0; i < k; ++i) {
                const bool twice = std::find(ids, ids + i, ids[i]) != ids + i;
                if (ids[i] >= 0 && ids[i] < layer.experts && !twice) continue;
                return wrong_of(
                    tensor, file_.path(),
                    place_of(row) + ": expert " + std::to_string(ids[i]) +
                        (twice ? " stands twice in one set"
                               : " found, the layer has 0 … " + std::to_string(layer.experts - 1)));
            }
        }
        return {};
    }

    Status numbers(const std::string& name, std::vector<int64_t> shape, std::vector<float>& out) {
        const TensorView* tensor = file_.find(name);
        if (!tensor) return {};
        if (tensor->shape != shape)
            return wrong_of(*tensor, file_.path(),
                            "found " + form_of(*tensor) +
                                ", the shape of its layer's experts "
                                "expected");
        auto values = float_values(*tensor, file_.path());
        if (!values) return values.error();
        out = *std::move(values);
        return {};
    }

    Status add_numbers(RecordedLayer& layer,
                       const std::map<std::string, std::vector<float>>& corrections) {
        const std::string router = router_prefix(layer.layer, layer.pool);
        const std::string prefix = router + kHop + "0.";
        const int64_t s = out_.sequences, t = out_.length;
        std::vector<float> logits;
        if (auto status = numbers(prefix + "weights", {s, t, layer.top_k}, layer.weights); !status)
            return status;
        if (auto status = numbers(prefix + "entropy", {s, t}, layer.entropy); !status)
            return status;
        if (auto status = numbers(prefix + "max_prob", {s, t}, layer.max_prob); !status)
            return status;
        if (auto status = numbers(prefix + "logits", {s, t, layer.experts}, logits); !status)
            return status;
        if (auto status = check_numbers(layer, prefix); !status) return status;
        if (logits.empty()) return {};
        const auto found = corrections.find(router);
        return compute(layer, logits,
                       found == corrections.end() ? std::vector<float>() : found->second, prefix);
    }

    /// "text 0, token 3".
    std::string place_of(size_t row) const {
        const auto length = static_cast<size_t>(out_.length);
        return "text " + std::to_string(row / length) + ", token " + std::to_string(row % length);
    }

    /// Of rows that are tokens: numbers that no rule gives.
    Status check_numbers(const RecordedLayer& layer, const std::string& prefix) const {
        constexpr double kRounding = 0.01;  // more than bf16 does to a probability
        const auto k = static_cast<size_t>(layer.top_k);
        const auto e = static_cast<double>(layer.experts);
        struct Numbers {
            const char* what;
            const std::vector<float>& values;
            double low, high;
        };
        for (const auto& [what, values, low, high] :
             {Numbers{"weights", layer.weights, 0, std::numeric_limits<float>::max()},
              {"entropy", layer.entropy, 0, std::log(e)},
              {"max_prob", layer.max_prob, 1 / e, 1}}) {
            const size_t width = values.size() / (layer.chosen.size() / k);
            const double rounding = &values == &layer.weights ? 0 : kRounding;
            for (size_t i = 0; i < values.size(); ++i) {
                const double x = values[i];
                const bool fits = x >= low - rounding && x <= high + rounding;
                if (fits || layer.chosen[i / width * k] < 0) continue;
                return wrong("tensor " + in_quotes(prefix + what) + ": " + place_of(i / width) +
                             ": found " + std::to_string(x) + ", allowed " +
                             (rounding == 0 ? "are finite numbers from 0"
                                            : std::to_string(low) + " … " + std::to_string(high)));
            }
        }
        return {};
    }

    /// What the trace's logits say where it does not say it itself, for rows that are tokens.
    Status compute(RecordedLayer& layer, const std::vector<float>& logits,
                   const std::vector<float>& correction, const std::string& prefix) {
        const auto e = static_cast<size_t>(layer.experts), k = static_cast<size_t>(layer.top_k);
        const size_t rows = logits.size() / e;
        const bool ruled = check_rule(model_.rule, layer.experts).ok() &&
                           (!takes_correction(model_.rule.rule) || !correction.empty());
        const bool weigh = ruled && layer.weights.empty();
        Confidence all;
        std::vector<float> weights(weigh ? rows * k : 0, NAN);
        size_t tokens = 0, ties = 0;
        for (size_t row = 0; row < rows; ++row) {
            const std::span<const float> z(logits.data() + row * e, e);
            if (layer.chosen[row * k] < 0) {
                all.entropy.push_back(NAN);
                all.max_prob.push_back(NAN);
                continue;
            }
            if (const auto bad = first_not_finite(z))
                return wrong("tensor " + in_quotes(prefix + "logits") + ": row " +
                             std::to_string(row) + ", expert " + std::to_string(*bad) +
                             ": a logit that is no finite number");
            const Confidence one = confidence_of(z, layer.experts);
            all.entropy.push_back(one.entropy[0]);
            all.max_prob.push_back(one.max_prob[0]);
            ++tokens;
            if (!ruled) continue;
            const RoutedTokens routed = apply_rule(model_.rule, z, correction, layer.experts);
            if (first_not_finite(routed.weights))
                return wrong("tensor " + in_quotes(prefix + "logits") + ": " + place_of(row) +
                             ": the model's rule makes weights of them that are no finite numbers");
            const std::span<const int32_t> set(layer.chosen.data() + row * k, k);
            const bool as_ruled = std::all_of(set.begin(), set.end(), [&](int32_t expert) {
                return std::find(routed.experts.begin(), routed.experts.end(), expert) !=
                       routed.experts.end();
            });
            if (!as_ruled) {
                ++ties;
                if (const auto other = beyond_rounding(model_.rule, z, correction, set))
                    return wrong("tensor " + in_quotes(prefix + "experts") + ": row " +
                                 std::to_string(row) + ": expert " + std::to_string(*other) +
                                 " is not what the model's rule makes of the trace's logits");
            }
            if (!weigh) continue;
            const auto of_set = weights_of(model_.rule, z, correction, set);
            std::copy(of_set.begin(), of_set.end(), weights.data() + row * k);
        }
        if (ties > 0)
            out_.notes.push_back(
                prefix + "experts: " + std::to_string(ties) + " of " + std::to_string(tokens) +
                " tokens have other experts than the rule gives, by logits that agree within the "
                "rounding of bf16");
        if (weigh) layer.weights = std::move(weights);
        if (layer.entropy.empty()) layer.entropy = std::move(all.entropy);
        if (layer.max_prob.empty()) layer.max_prob = std::move(all.max_prob);
        return {};
    }

    Status add_tokens() {
        for (const auto& [name, shape, out] :
             {std::tuple("tokens", std::vector<int64_t>{out_.sequences, out_.length}, &out_.tokens),
              std::tuple("next_token", std::vector<int64_t>{out_.sequences}, &out_.next_token),
              std::tuple("skipped", std::vector<int64_t>{out_.sequences}, &out_.skipped)}) {
            const TensorView* tensor = file_.find(name);
            if (!tensor) continue;
            if (tensor->shape != shape)
                return wrong_of(*tensor, file_.path(),
                                "found " + form_of(*tensor) +
                                    (shape.size() == 2 ? ", one id a token expected"
                                                       : ", one integer a text expected"));
            auto values = integer_values(*tensor, file_.path());
            if (!values) return values.error();
            *out = *std::move(values);
        }
        const RecordedLayer& first = out_.layers[0];
        for (size_t row = 0; row < out_.tokens.size(); ++row)
            if (out_.tokens[row] < 0 && first.chosen[row * static_cast<size_t>(first.top_k)] >= 0)
                return wrong("tensor \"tokens\": " + place_of(row) + ": found " +
                             std::to_string(out_.tokens[row]) + ", allowed are ids from 0");
        for (size_t text = 0; text < out_.next_token.size(); ++text)
            if (out_.next_token[text] < -1)
                return wrong("tensor \"next_token\": text " + std::to_string(text) + ": found " +
                             std::to_string(out_.next_token[text]) +
                             ", allowed are ids from 0, and -1 where it is not known");
        for (size_t text = 0; text < out_.skipped.size(); ++text)
            if (out_.skipped[text] < 0)
                return wrong("tensor \"skipped\": text " + std::to_string(text) + ": found " +
                             std::to_string(out_.skipped[text]) +
                             ", allowed are numbers of tokens from 0");
        const auto told = file_.metadata().find("pieces");
        if (told == file_.metadata().end()) return {};
        auto pieces = parse_pieces(told->second, out_.tokens, shown_path(file_.path()));
        if (!pieces) return pieces.error();
        out_.pieces = *std::move(pieces);
        return {};
    }

    const SafetensorsFile& file_;
    const ModelLayout& model_;
    RecordedRouting out_;
};

}  // namespace

int64_t RecordedRouting::rows() const {
    if (layers.empty()) return 0;
    int64_t count = 0;
    for (size_t at = 0; at < layers[0].chosen.size(); at += static_cast<size_t>(layers[0].top_k))
        count += layers[0].chosen[at] >= 0;
    return count;
}

Status write_routing(const std::string& path, const RecordedRouting& routing,
                     const ModelLayout& model, const std::string& source) {
    Tensors tensors;
    const int64_t s = routing.sequences, t = routing.length;
    tensors.add("tokens", "I32", {s, t}, routing.tokens);
    tensors.add("next_token", "I32", {s}, routing.next_token);
    tensors.add("skipped", "I32", {s}, routing.skipped);
    for (const RecordedLayer& layer : routing.layers) {
        const std::string prefix = router_prefix(layer.layer, layer.pool) + kHop + "0.";
        tensors.experts(prefix + "experts", {s, t, layer.top_k}, layer);
        tensors.add(prefix + "weights", "F32", {s, t, layer.top_k}, layer.weights);
        tensors.add(prefix + "entropy", "F32", {s, t}, layer.entropy);
        tensors.add(prefix + "max_prob", "F32", {s, t}, layer.max_prob);
        const std::string router = router_prefix(layer.layer, layer.pool);
        const RouterInputs& inputs = layer.inputs;
        tensors.add(inputs_name(router), "F32", {s, t, inputs.width}, inputs.position);
        tensors.add(input_rows_name(router), "F32", {layer.experts, inputs.width}, inputs.rows);
    }
    std::map<std::string, std::string> metadata = {{"format", kFormat},
                                                   {"family", model.family},
                                                   {"model_type", model.model_type},
                                                   {"source", source}};
    if (!routing.pieces.empty()) metadata["pieces"] = pieces_json(routing.pieces);
    return write_safetensors(path, tensors.all(), metadata);
}

Result<RecordedRouting> read_routing(const std::string& path, const ModelLayout& model,
                                     const std::map<std::string, std::vector<float>>& corrections) {
    auto file = SafetensorsFile::open(path);
    if (!file) return file.error();
    const auto format = file->metadata().find("format");
    if (format == file->metadata().end() || format->second != kFormat)
        return usage_error(
            shown_path(path) + ": \"format\" is " +
            (format == file->metadata().end() ? "missing" : in_quotes(format->second)) + ", \"" +
            kFormat + "\" expected");
    const auto type = file->metadata().find("model_type");
    if (type != file->metadata().end() && !type->second.empty() &&
        without_text(type->second) != without_text(model.model_type))
        return usage_error(shown_path(path) + ": was recorded of a model of model_type " +
                           in_quotes(type->second) + ", this one is " +
                           in_quotes(model.model_type));
    return Reading(*file, model).all(corrections);
}

}  // namespace hopscope::core
