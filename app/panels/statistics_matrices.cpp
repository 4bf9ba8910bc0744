// The views of the statistics panel that are matrices: overlap of routing, collinearity, load.
#include <algorithm>
#include <cmath>

#include "app/panels/statistics_panel.h"
#include "app/window/format.h"
#include "app/window/widgets.h"

namespace hopscope::app {
namespace {

constexpr ColorScale kCosines = {-0.5f, 1.0f};
constexpr const char* kJaccardWhy =
    "|A \xE2\x88\xA9 B| / |A \xE2\x88\xAA B| of the sets of experts chosen by one token, mean over "
    "the tokens of the fixed sample (science.md E11). 1: the same experts again; two random sets "
    "of k of M experts share about k / (2M \xE2\x88\x92 k).";

std::string number_name(int64_t i) {
    return std::to_string(i);
}

/// A rectangle of `size` out of `area`, the first `share` of its width.
Area left_part(const Area& area, float share, float gap) {
    return {area.at, ImVec2(std::floor(area.size.x * share - gap * 0.5f), area.size.y)};
}
Area right_part(const Area& area, float share, float gap) {
    const float from = std::floor(area.size.x * share + gap * 0.5f);
    return {ImVec2(area.at.x + from, area.at.y), ImVec2(area.size.x - from, area.size.y)};
}

}  // namespace

void StatisticsPanel::draw_overview(AppState& state, Area area) {
    const float gap = 14 * state.pixel_scale;
    const bool one_hop = geometry_of(state)->hops < 2;
    Area upper = area, lower = area;
    upper.size.y = std::floor(area.size.y * 0.6f);
    lower.at.y = upper.bottom() + gap * 0.5f;
    lower.size.y = area.bottom() - lower.at.y;
    const float share = one_hop ? 0.3f : 0.46f;
    draw_hops(state, left_part(upper, share, gap));
    draw_collinearity(state, right_part(upper, share, gap));
    draw_load(state, lower);
}

void StatisticsPanel::draw_hops(AppState& state, Area area) {
    const core::LayerGeometry& g = *geometry_of(state);
    caption(state, area, "overlap of hops (Jaccard)", kJaccardWhy);
    const auto tokens = static_cast<int64_t>(state.geometry->token_ids.size());
    if (g.hops < 2 || g.jaccard.size() < static_cast<size_t>(g.hops * g.hops)) {
        nothing(state, area,
                g.hops < 2 ? "One hop: there are no pairs of hops."
                           : "This snapshot holds no overlap of hops.");
        return;
    }
    footer(state, area,
           "mean of " + with_thousands(tokens) + " tokens, top-" + std::to_string(g.top_k));
    Matrix m;
    m.values = g.jaccard;
    m.rows = m.columns = g.hops;
    m.row_name = m.column_name = number_name;
    m.row_axis = "hop";
    const Cell cell = draw_matrix(state, "hops", area, m);
    if (!cell.any() || !ImGui::BeginTooltip()) return;
    ImGui::Text(
        "hop %d and hop %d: %s", static_cast<int>(cell.row), static_cast<int>(cell.column),
        rounded(
            static_cast<double>(g.jaccard[static_cast<size_t>(cell.row * g.hops + cell.column)]), 4)
            .c_str());
    const double k = static_cast<double>(g.top_k), experts = static_cast<double>(g.experts);
    ImGui::TextColored(state.theme().dim, "random sets: about %s",
                       rounded(k / (2 * experts - k), 4).c_str());
    ImGui::TextColored(state.theme().dim, "n %s tokens, step %s", with_thousands(tokens).c_str(),
                       with_thousands(state.geometry->step).c_str());
    ImGui::EndTooltip();
}

void StatisticsPanel::draw_overlap(AppState& state, Area area) {
    const float gap = 16 * state.pixel_scale;
    Area upper = area, lower = area;
    upper.size.y = std::floor((area.size.y - gap) * 0.5f);
    lower.at.y = upper.bottom() + gap;
    lower.size.y = area.bottom() - lower.at.y;
    draw_hops(state, left_part(upper, 0.5f, gap));

    Area by_layer = right_part(upper, 0.5f, gap);
    caption(state, by_layer, "consecutive hops, all layers",
            "Experts of different layers are different experts, so that layers are compared by how "
            "much each of them changes its choice from hop to hop.");
    Matrix m;
    m.row_name = number_name;
    m.row_axis = "layer";
    if (layers_.layers == 0) {
        nothing(state, by_layer, "One hop in every layer: there are no pairs of hops.");
    } else {
        m.values = layers_.jaccard;
        m.rows = layers_.layers;
        m.columns = layers_.pairs;
        m.column_name = [](int64_t h) {
            return std::to_string(h) + "\xE2\x80\x93" + std::to_string(h + 1);
        };
        const Cell cell = draw_matrix(state, "layers", by_layer, m);
        if (cell.any())
            tooltip("layer " + std::to_string(cell.row) + ", hop " + std::to_string(cell.column) +
                    " and hop " + std::to_string(cell.column + 1) + ": " +
                    rounded(static_cast<double>(layers_.jaccard[static_cast<size_t>(
                                cell.row * layers_.pairs + cell.column)]),
                            4));
        if (cell.clicked) state.selection.set_layer(cell.row);
    }

    caption(state, lower, "overlap of steps: the same tokens at two times",
            "Jaccard of the experts that a token of the fixed sample chose at two steps, mean over "
            "tokens and hops. High beside the diagonal: the routing has settled.");
    if (steps_.steps.size() < 2) {
        nothing(state, lower,
                "The sample has been routed once so far. A second time comes with the next "
                "snapshot that is due (train.snapshot_every).");
        return;
    }
    footer(state, lower,
           "mean of " + with_thousands(steps_.tokens) + " tokens \xC3\x97 " +
               std::to_string(steps_.hops) + (steps_.hops == 1 ? " hop" : " hops") +
               ", since the window opened");
    m.values = steps_.jaccard;
    m.rows = m.columns = static_cast<int64_t>(steps_.steps.size());
    m.row_axis = "step";
    m.row_name = m.column_name = [&](int64_t i) {
        return with_thousands(steps_.steps[static_cast<size_t>(i)]);
    };
    const Cell cell = draw_matrix(state, "steps", lower, m);
    if (cell.any())
        tooltip(
            "step " + m.row_name(cell.row) + " and step " + m.row_name(cell.column) + ": " +
            rounded(static_cast<double>(
                        steps_.jaccard[static_cast<size_t>(cell.row * m.columns + cell.column)]),
                    4));
}

void StatisticsPanel::draw_collinearity(AppState& state, Area area) {
    const core::LayerGeometry& g = *geometry_of(state);
    const Collinearity& c = collinearity_;
    const std::string router = state.session ? state.session->config().moe.router : "";
    if (g.centroids.empty()) {
        caption(state, area, "collinearity of centroids");
        nothing(
            state, area,
            router == "hash" ? "A hash router has no centroids." : "This router has no centroids.");
        return;
    }
    const bool made = !c.empty() && c.layer == static_cast<int64_t>(layer_of(state));
    caption(state, area,
            "collinearity of centroids" + (made ? ": " + caption_of(c) : std::string()),
            "Cosine of each pair of centroids (science.md C4, router geometry).");
    if (!made) {
        nothing(state, area, "Computing\xE2\x80\xA6");
        return;
    }
    const auto& all = c.all;
    const auto show = [](float v) { return rounded(static_cast<double>(v), 3); };
    const std::string rank = rounded(static_cast<double>(all.effective_rank), 1) + " of " +
                             std::to_string(std::min(c.width, c.experts));
    scale_legend(state, area,
                 "\xE2\x88\x92"
                 "0.5",
                 "1", "cosine");
    footer(
        state, area,
        "mean " + show(all.mean) + "   nearest " + show(all.nearest) + "   rank " + rank + "   n " +
            with_thousands(all.pairs) + " pairs",
        "mean: over all pairs of different centroids. nearest: mean over centroids of the cosine "
        "of the nearest other one. rank: exp(entropy of the normalised squared singular "
        "values). Over all " +
            with_thousands(all.rows) + " centroids of layer " + std::to_string(c.layer) +
            " at step " + with_thousands(c.step) + ". Highest pair: E" + std::to_string(all.a) +
            " and E" + std::to_string(all.b) + ", " + show(all.largest) + ".");
    if (area.size.y < 24 || area.size.x < 24) return;
    const auto n = static_cast<int64_t>(c.shown.size());
    const Picture wanted = {collinearity_version_, static_cast<int>(area.size.x),
                            static_cast<int>(area.size.y), state.theme().dark};
    area.size = ImVec2(static_cast<float>(wanted.width), static_cast<float>(wanted.height));
    if (!(wanted == cosine_picture_)) {
        cosine_picture_ = wanted;
        cosine_texture_.set(viz::raster_of(c.cosines, n, n, wanted.width, wanted.height,
                                           kCosines.low, kCosines.high, data_ramp(state.theme()),
                                           packed(state.theme().raised)));
    }
    const Cell cell = draw_heat(state, "cosines", area, cosine_texture_, n, n);
    mark_selected(state, area, c.shown, true);
    if (!cell.any()) return;
    const int32_t a = c.shown[static_cast<size_t>(cell.row)];
    const int32_t b = c.shown[static_cast<size_t>(cell.column)];
    if (cell.clicked) {
        state.selection.pick_expert(a, ImGui::GetIO().KeyShift);
        if (b != a && !state.selection.experts.contains(b)) state.selection.pick_expert(b, true);
    }
    draw_pair(state, a, b, c.cosines[static_cast<size_t>(cell.row * n + cell.column)]);
}

void StatisticsPanel::expert_line(const AppState& state, int32_t expert) const {
    const core::LayerGeometry& g = *geometry_of(state);
    const auto i = static_cast<size_t>(expert);
    const float size = ImGui::GetTextLineHeight();
    const ImVec2 at = ImGui::GetCursorScreenPos();
    ImGui::GetWindowDrawList()->AddRectFilled(
        ImVec2(at.x, at.y + size * 0.2f), ImVec2(at.x + size * 0.6f, at.y + size * 0.8f),
        viz::packed(state.places.expert_color(static_cast<int64_t>(layer_of(state)), expert,
                                              state.theme().dark)));
    ImGui::Dummy(ImVec2(size * 0.7f, size));
    ImGui::SameLine();
    ImGui::Text("E%d", expert);
    if (i >= g.load.size()) return;
    ImGui::SameLine();
    ImGui::TextColored(
        state.theme().dim, "load %s \xC3\x97 uniform",
        rounded(static_cast<double>(g.load[i]) * static_cast<double>(g.experts), 2).c_str());
}

void StatisticsPanel::draw_pair(AppState& state, int32_t a, int32_t b, float cosine) {
    if (!ImGui::BeginTooltip()) return;
    expert_line(state, a);
    if (a != b) {
        expert_line(state, b);
        ImGui::Text("cosine %s", rounded(static_cast<double>(cosine), 4).c_str());
    } else if (static_cast<size_t>(a) < collinearity_.all.nearest_of.size()) {
        ImGui::Text(
            "nearest other %s",
            rounded(static_cast<double>(collinearity_.all.nearest_of[static_cast<size_t>(a)]), 4)
                .c_str());
    }
    ImGui::TextColored(state.theme().dim, "layer %lld, step %s; click selects, shift adds",
                       static_cast<long long>(collinearity_.layer),
                       with_thousands(collinearity_.step).c_str());
    ImGui::EndTooltip();
}

void StatisticsPanel::mark_selected(const AppState& state, const Area& area,
                                    const std::vector<int32_t>& order, bool columns) const {
    if (state.selection.experts.empty()) return;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float s = state.pixel_scale;
    const ImU32 color = packed(state.theme().accent);
    for (size_t i = 0; i < order.size(); ++i) {
        if (!state.selection.experts.contains(order[i])) continue;
        const float share = (static_cast<float>(i) + 0.5f) / static_cast<float>(order.size());
        const float y = area.at.y + share * area.size.y, x = area.at.x + share * area.size.x;
        list->AddTriangleFilled(ImVec2(area.at.x - 7 * s, y - 4 * s),
                                ImVec2(area.at.x - 7 * s, y + 4 * s), ImVec2(area.at.x - 1 * s, y),
                                color);
        if (columns)
            list->AddTriangleFilled(ImVec2(x - 4 * s, area.at.y - 7 * s),
                                    ImVec2(x + 4 * s, area.at.y - 7 * s),
                                    ImVec2(x, area.at.y - 1 * s), color);
    }
}

void StatisticsPanel::draw_load(AppState& state, Area area) {
    const LoadMap& m = load_map_;
    if (m.empty()) {
        caption(state, area, "load of each expert over time");
        nothing(state, area, "Loads appear once a batch has been trained in this window.");
        return;
    }
    caption(state, area,
            "load of each expert, steps " + with_thousands(m.first_step) + " \xE2\x80\x93 " +
                with_thousands(m.last_step) + " (one row an expert, most used now on top)",
            "Share of all choices of the recent batches, times the number of experts: 1 is "
            "uniform. Remembered since the window opened the run.");
    scale_legend(state, area, "\xE2\x85\x9B", "8", "\xC3\x97 uniform, log");
    if (area.size.y < 24 || area.size.x < 24) return;
    const Picture wanted = {load_version_, static_cast<int>(area.size.x),
                            static_cast<int>(area.size.y), state.theme().dark};
    area.size = ImVec2(static_cast<float>(wanted.width), static_cast<float>(wanted.height));
    if (!(wanted == load_picture_)) {
        load_picture_ = wanted;
        load_texture_.set(viz::raster_of(m.values, m.experts, m.columns, wanted.width,
                                         wanted.height, LoadMap::kLow, LoadMap::kHigh,
                                         data_ramp(state.theme()), packed(state.theme().raised)));
    }
    const Cell cell = draw_heat(state, "load map", area, load_texture_, m.experts, m.columns);
    mark_selected(state, area, m.order, false);
    if (!cell.any()) return;
    const int32_t expert = m.order[static_cast<size_t>(cell.row)];
    if (cell.clicked) state.selection.pick_expert(expert, ImGui::GetIO().KeyShift);
    if (!ImGui::BeginTooltip()) return;
    expert_line(state, expert);
    const float v = m.values[static_cast<size_t>(cell.row * m.columns + cell.column)];
    const double times = v == LoadMap::kUnused ? 0.0 : std::exp2(static_cast<double>(v));
    ImGui::Text("%s \xC3\x97 uniform near step %s", rounded(times, 2).c_str(),
                with_thousands(m.step_of(cell.column)).c_str());
    ImGui::TextColored(state.theme().dim, "click selects, shift adds");
    ImGui::EndTooltip();
}

}  // namespace hopscope::app
