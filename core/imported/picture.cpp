#include "core/imported/picture.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "core/base/utf8.h"
#include "core/imported/routing_rule.h"
#include "core/imported/row_directions.h"

namespace hopscope::core {
namespace {

const RecordedLayer* find(const RecordedRouting& routing, const ImportedRouter& router) {
    for (const RecordedLayer& layer : routing.layers)
        if (layer.layer == router.layer && layer.pool == router.pool) return &layer;
    return nullptr;
}

/// Tokens of a text: rows behind its end are −1 in every layer.
int64_t tokens_of_text(const RecordedRouting& routing, int64_t text) {
    if (routing.layers.empty()) return 0;
    const RecordedLayer& layer = routing.layers.front();
    int64_t tokens = routing.length;
    while (tokens > 0 &&
           layer.chosen[static_cast<size_t>((text * routing.length + tokens - 1) * layer.top_k)] <
               0)
        --tokens;
    return tokens;
}

/// Adds the rows of one text that hold a token; other tools fill up in front as well.
void add_rows_of_text(const RecordedRouting& routing, int64_t text, int64_t most,
                      std::vector<size_t>& out) {
    const int64_t tokens = tokens_of_text(routing, text);
    for (int64_t t = 0; t < tokens && std::ssize(out) < most; ++t) {
        const auto row = static_cast<size_t>(text * routing.length + t);
        const RecordedLayer& layer = routing.layers.front();
        if (layer.chosen[row * static_cast<size_t>(layer.top_k)] >= 0) out.push_back(row);
    }
}

/// The rows [S, T] of a recording that hold a token, from its beginning.
std::vector<size_t> rows_of(const RecordedRouting& routing, int64_t most) {
    std::vector<size_t> out;
    for (int64_t s = 0; s < routing.sequences; ++s) add_rows_of_text(routing, s, most, out);
    return out;
}

int32_t id_at(const RecordedRouting& routing, size_t row) {
    return row < routing.tokens.size() ? routing.tokens[row] : -1;
}

/// Pieces begin a word where they begin with U+2581, as those of SentencePiece.
const std::string kWord = "\xE2\x96\x81";

/// What a token spells, where the recording says it.
std::optional<std::string> spelled(const RecordedRouting& routing, size_t row) {
    const auto found = routing.pieces.find(id_at(routing, row));
    if (found == routing.pieces.end()) return std::nullopt;
    std::string out;
    for (const char c : found->second) c == ' ' ? out += kWord : out += c;
    return out;
}

/// A token by what is known of it otherwise: its id, else its place in its text.
std::string named(const RecordedRouting& routing, size_t row) {
    if (const int32_t id = id_at(routing, row); id >= 0) return "id " + std::to_string(id);
    const auto length = static_cast<size_t>(routing.length);
    return "token " +
           std::to_string(routing.skipped_of(row / length) + static_cast<int64_t>(row % length));
}

/// The experts of some rows by falling weight, ties and what has no weights by lowest index.
struct Choices {
    std::vector<int32_t> experts;
    std::vector<float> weights;
};
Choices choices_of(const RecordedLayer& layer, const std::vector<size_t>& rows) {
    const auto k = static_cast<size_t>(layer.top_k);
    Choices out;
    out.experts.reserve(rows.size() * k);
    out.weights.reserve(rows.size() * k);
    std::vector<std::pair<float, int32_t>> of_token(k);
    for (const size_t row : rows) {
        for (size_t j = 0; j < k; ++j)
            of_token[j] = {layer.weights.empty() ? kNaN : layer.weights[row * k + j],
                           layer.chosen[row * k + j]};
        std::sort(of_token.begin(), of_token.end(), [](const auto& a, const auto& b) {
            const auto rank = [](float weight) { return std::isnan(weight) ? 0 : weight; };
            return std::pair(-rank(a.first), a.second) < std::pair(-rank(b.first), b.second);
        });
        for (const auto& [weight, expert] : of_token) {
            out.experts.push_back(expert);
            out.weights.push_back(weight);
        }
    }
    return out;
}

std::vector<float> taken(const std::vector<float>& values, const std::vector<size_t>& rows) {
    std::vector<float> out;
    if (values.empty()) return out;
    out.reserve(rows.size());
    for (const size_t row : rows) out.push_back(values[row]);
    return out;
}

/// Share of all choices of the recording that each expert has.
std::vector<float> load_of(const RecordedLayer& layer) {
    std::vector<int64_t> counts(static_cast<size_t>(layer.experts));
    int64_t all = 0;
    for (const int32_t expert : layer.chosen)
        if (expert >= 0) ++counts[static_cast<size_t>(expert)], ++all;
    std::vector<float> out;
    for (const int64_t count : counts)
        out.push_back(static_cast<float>(static_cast<double>(count) /
                                         static_cast<double>(std::max<int64_t>(all, 1))));
    return out;
}

/// The rows with what is to be folded into them, finite or not.
Result<std::vector<float>> read_rows(const ImportedRun& run, const ImportedRouter& router,
                                     const ImportedView& view) {
    auto rows = run.rows(router.layer, router.pool);
    if (!rows || !view.fold_gain || !router.gain) return rows;
    const auto gain = run.gain(router.layer, router.pool);
    if (!gain) return gain.error();
    fold_gain(*rows, *gain);
    return rows;
}

/// Why they have no directions; "" where they have.
std::string not_finite(const ImportedRun& run, const ImportedRouter& router,
                       const std::vector<float>& rows) {
    const auto at = first_not_finite(rows);
    if (!at) return {};
    return shown_path(imported_rows_path(run.dir())) + ": " + router.name + ": number " +
           std::to_string(*at) + " of its rows is not finite, so that they have no directions";
}

Result<LayerGeometry> geometry_of(const ImportedRun& run, const ImportedRouter& router,
                                  const ImportedView& view, const Progress& progress) {
    auto rows = read_rows(run, router, view);
    if (!rows) return rows.error();
    RowDirections directions;
    if (const std::string why = not_finite(run, router, *rows); !why.empty()) {
        progress.tell(why);  // the other routers can be seen
    } else {
        if (view.centre) centre_rows(*rows, router.experts);
        directions = row_directions(*rows, router.experts);
    }
    LayerGeometry out;
    out.name = router.name;
    out.experts = router.experts;
    out.d_space = directions.dim;
    out.hops = 1;
    out.top_k = router.top_k;
    out.centroids = std::move(directions.unit);
    out.row_length = std::move(directions.length);
    auto bias = run.bias(router.layer, router.pool);
    if (!bias) return bias.error();
    auto correction = run.correction(router.layer, router.pool);
    if (!correction) return correction.error();
    out.bias = *std::move(bias);
    out.correction = *std::move(correction);
    return out;
}

}  // namespace

Result<std::vector<float>> folded_rows(const ImportedRun& run, const ImportedRouter& router,
                                       const ImportedView& view) {
    auto rows = read_rows(run, router, view);
    if (!rows) return rows.error();
    if (const std::string why = not_finite(run, router, *rows); !why.empty())
        return usage_error(why);
    if (view.centre) centre_rows(*rows, router.experts);
    return rows;
}

std::vector<ImportedRouter> routers_of(const ModelLayout& layout) {
    std::vector<ImportedRouter> out;
    for (const ModelLayer& layer : layout.layers)
        for (const ModelRouter& router : layer.routers) {
            ImportedRouter one;
            one.name = "layer " + std::to_string(layer.index);
            if (router.pool != kOwnPool) one.name += " " + router.pool;
            if (layer.prediction) one.name += " (prediction)";
            one.layer = layer.index;
            one.pool = router.pool;
            one.prediction = layer.prediction;
            one.experts = router.experts;
            one.width = router.width;
            one.top_k = layout.rule.top_k;
            one.gain = !router.gain.empty();
            one.bias = !router.bias.empty();
            one.correction = !router.correction.empty();
            out.push_back(std::move(one));
        }
    return out;
}

ImportedTrace described(const std::string& name, const RecordedRouting& routing) {
    const auto some = [&](auto member) {
        return std::any_of(routing.layers.begin(), routing.layers.end(),
                           [&](const RecordedLayer& layer) { return !(layer.*member).empty(); });
    };
    ImportedTrace out;
    out.name = name;
    out.texts = routing.sequences;
    out.tokens = routing.rows();
    out.token_ids = !routing.tokens.empty();
    out.weights = some(&RecordedLayer::weights);
    out.entropy = some(&RecordedLayer::entropy);
    out.pieces = !routing.pieces.empty();
    out.positions = std::any_of(routing.layers.begin(), routing.layers.end(),
                                [](const RecordedLayer& layer) { return layer.inputs.width > 0; });
    out.notes = routing.notes;
    return out;
}

Result<GeometrySnapshot> rows_picture(const ImportedRun& run, const ImportedView& view,
                                      const Progress& progress) {
    GeometrySnapshot out;
    const auto routers = routers_of(run.layout());
    for (size_t i = 0; i < routers.size(); ++i) {
        if (progress.cancelled()) return stopped_on_request();
        progress.report("reading the rows of " + routers[i].name,
                        static_cast<double>(i) / static_cast<double>(routers.size()));
        auto layer = geometry_of(run, routers[i], view, progress);
        if (!layer) return layer.error();
        out.layers.push_back(*std::move(layer));
    }
    return out;
}

void add_choices(GeometrySnapshot& picture, const std::vector<ImportedRouter>& routers,
                 const RecordedRouting& routing) {
    const std::vector<size_t> rows = rows_of(routing, kMostPictureTokens);
    int64_t text = -1;
    for (const size_t row : rows) {
        const auto of = static_cast<int64_t>(row) / routing.length;
        if (std::exchange(text, of) != of)
            picture.text_begins.push_back(std::ssize(picture.token_ids));
        picture.token_ids.push_back(id_at(routing, row));
        picture.pieces.push_back(spelled(routing, row).value_or(kWord + named(routing, row)));
    }
    for (size_t i = 0; i < routers.size() && i < picture.layers.size(); ++i) {
        LayerGeometry& layer = picture.layers[i];
        const RecordedLayer* recorded = find(routing, routers[i]);
        if (!recorded) continue;
        layer.top_k = recorded->top_k;
        Choices choices = choices_of(*recorded, rows);
        layer.choices = std::move(choices.experts);
        layer.weights = std::move(choices.weights);
        layer.entropy = taken(recorded->entropy, rows);
        layer.jaccard = {1};
        layer.load = load_of(*recorded);
    }
}

void add_positions(GeometrySnapshot& picture, const std::vector<ImportedRouter>& routers,
                   const RecordedRouting& routing, const ImportedView& view) {
    const std::vector<size_t> tokens = rows_of(routing, kMostPictureTokens);
    for (size_t i = 0; i < routers.size() && i < picture.layers.size(); ++i) {
        const RecordedLayer* recorded = find(routing, routers[i]);
        // What was recorded has been through the norm: it lies among rows as they are stored.
        if (!recorded || recorded->inputs.width < 1 || (view.fold_gain && routers[i].gain))
            continue;
        const RouterInputs& inputs = recorded->inputs;
        std::vector<float> rows = inputs.rows, positions;
        if (view.centre) centre_rows(rows, routers[i].experts);
        const auto width = static_cast<size_t>(inputs.width);
        positions.reserve(tokens.size() * width);
        for (const size_t token : tokens)
            positions.insert(positions.end(),
                             inputs.position.begin() + static_cast<long>(token * width),
                             inputs.position.begin() + static_cast<long>((token + 1) * width));
        unit_rows(rows, inputs.width);
        unit_rows(positions, inputs.width);
        LayerGeometry& layer = picture.layers[i];
        layer.d_space = inputs.width;
        layer.centroids = std::move(rows);
        layer.positions = std::move(positions);
    }
}

TraceResult text_trace(const std::vector<ImportedRouter>& routers, const RecordedRouting& routing,
                       int64_t text) {
    TraceResult out;
    if (text < 0 || text >= routing.sequences) {
        out.error = "text " + std::to_string(text) + ": the trace has " +
                    std::to_string(routing.sequences) + ", counted from 0";
        return out;
    }
    std::vector<size_t> rows;
    add_rows_of_text(routing, text, kMostPictureTokens, rows);
    for (const size_t row : rows) {
        TraceToken token;
        token.id = id_at(routing, row);
        token.piece = spelled(routing, row).value_or(named(routing, row));
        out.tokens.push_back(std::move(token));
    }
    const std::vector<float> none(rows.size(), kNaN);
    for (const ImportedRouter& router : routers) {
        TraceLayer layer;
        layer.name = router.name;
        layer.attention_norm = layer.update_norm = none;
        if (const RecordedLayer* recorded = find(routing, router)) {
            TraceHop hop;
            hop.top_k = recorded->top_k;
            Choices choices = choices_of(*recorded, rows);
            hop.experts = std::move(choices.experts);
            hop.weights = std::move(choices.weights);
            const auto or_none = [&](std::vector<float> values) {
                return values.empty() ? none : values;
            };
            hop.entropy = or_none(taken(recorded->entropy, rows));
            hop.max_prob = or_none(taken(recorded->max_prob, rows));
            hop.update_norm = hop.halt_ratio = none;
            hop.executed.assign(rows.size(), 1);
            layer.hops.push_back(std::move(hop));
        }
        out.layers.push_back(std::move(layer));
    }
    return out;
}

}  // namespace hopscope::core
