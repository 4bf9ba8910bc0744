#include "app/panels/statistics/overlap.h"

#include <cmath>
#include <imgui.h>

#include "app/panels/statistics/csv.h"
#include "app/widgets/format.h"
#include "app/widgets/number.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

std::string jaccard_why(const AppState& state) {
    return std::string(
               "|A \xE2\x88\xA9 B| / |A \xE2\x88\xAA B| of the sets of experts chosen by one "
               "token, mean over the tokens of ") +
           state.sample.in_words() +
           " [def:jaccard]. 1: the same experts again; two random sets of k of M experts share "
           "about k / (2M \xE2\x88\x92 k).";
}

constexpr const char* kComputing = "Computing\xE2\x80\xA6";

std::string number_name(int64_t i) {
    return std::to_string(i);
}

/// A cell of one of the squares; its name says which.
Number jaccard_number(const AppState& state, const SnapshotLayer& place, const Matrix& m,
                      const Cell& cell, const std::string& axis, int64_t tokens, int64_t step) {
    const float value = m.values[static_cast<size_t>(cell.row * m.columns + cell.column)];
    return {.label = "Jaccard, " + axis + " " + m.row_name(cell.row) + " and " +
                     m.column_name(cell.column) + (axis == "layer" ? "" : ", " + place.name()),
            .value = static_cast<double>(value),
            .shown = rounded(static_cast<double>(value), 4),
            .definition = std::string("|A \xE2\x88\xA9 B| / |A \xE2\x88\xAA B| of the sets of "
                                      "experts, mean over the tokens of ") +
                          state.sample.in_words() + " [def:jaccard]",
            .n = tokens,
            .over = "tokens",
            .step = step,
            .command = panel_command(state, "statistics", step)};
}

}  // namespace

std::string sample_text(const viz::SampledMean& sampled) {
    std::string out = "n " + with_thousands(sampled.n) + " tokens";
    const std::string interval = interval_text(sampled.ci95, 3);
    return interval.empty() ? out : out + ", 95 % " + interval;
}

void OverlapPage::update(AppState& state, const SnapshotLayer& place, bool seen) {
    const MadeFrom from = {state.geometry, state.archive.version(),
                           static_cast<int64_t>(place.layer), 0, -1};
    if (!made_.wants(state, from, seen)) return;
    made_.ask(state, from,
              [past = state.archive.until(state.geometry), layer = place.layer,
               moe = state.session->config().moe]() -> Numbers {
                  return {static_cast<int64_t>(layer), past.back()->step,
                          std::ssize(past.back()->token_ids), layer_overlap(*past.back(), moe),
                          step_overlap(past, layer)};
              });
}

bool OverlapPage::has_numbers(const SnapshotLayer& place) const {
    return has_hops(place) || (ready(place) && made_.numbers().steps.steps.size() > 1);
}

bool has_hops(const SnapshotLayer& place) {
    const core::LayerGeometry& g = place.geometry();
    return g.hops > 1 && g.jaccard.size() >= static_cast<size_t>(g.hops * g.hops);
}

std::string hops_csv(const SnapshotLayer& place, const core::MoeConfig& moe) {
    if (!has_hops(place)) return {};
    return csv_of(place.geometry(), hop_overlaps(place.geometry(), moe), place.name(),
                  place.snapshot.step);
}

std::string OverlapPage::csv(const SnapshotLayer& place, const core::MoeConfig& moe) const {
    std::string out = hops_csv(place, moe);
    if (!ready(place)) return out;
    const StepOverlap& steps = made_.numbers().steps;
    if (steps.steps.size() > 1) out += csv_of(steps, place.name());
    return out;
}

void draw_hops(AppState& state, const SnapshotLayer& place, Area area) {
    const core::LayerGeometry& g = place.geometry();
    caption(state, area, "overlap of hops (Jaccard)", jaccard_why(state));
    const auto tokens = static_cast<int64_t>(place.snapshot.token_ids.size());
    if (!has_hops(place)) {
        nothing(state, area,
                g.hops < 2 ? "One hop: there are no pairs of hops."
                           : "This snapshot holds no overlap of hops.");
        return;
    }
    footer(state, area,
           "mean of " + with_thousands(tokens) + " tokens, top-" + std::to_string(g.top_k) +
               "; hover for the 95 % interval",
           "Intervals of means over tokens [def:mean_interval].");
    Matrix m;
    m.values = g.jaccard;
    m.rows = m.columns = g.hops;
    m.row_name = m.column_name = number_name;
    m.row_axis = "hop";
    const Cell cell = draw_matrix(state, "hops", area, m);
    if (cell.any())
        offer_on_click(state, [&] {
            return jaccard_number(state, place, m, cell, "hop", tokens, place.snapshot.step);
        });
    if (!cell.any() || !ImGui::BeginTooltip()) return;
    ImGui::Text(
        "hop %d and hop %d: %s", static_cast<int>(cell.row), static_cast<int>(cell.column),
        rounded(
            static_cast<double>(g.jaccard[static_cast<size_t>(cell.row * g.hops + cell.column)]), 4)
            .c_str());
    const double k = static_cast<double>(g.top_k), experts = static_cast<double>(g.experts);
    ImGui::TextColored(state.theme().dim, "random sets: about %s",
                       rounded(k / (2 * experts - k), 4).c_str());
    const viz::SampledMean sampled =
        state.session ? hop_overlap(g, state.session->config().moe, cell.row, cell.column)
                      : viz::SampledMean{};
    ImGui::TextColored(state.theme().dim, "%s, step %s", sample_text(sampled).c_str(),
                       with_thousands(place.snapshot.step).c_str());
    ImGui::EndTooltip();
}

void OverlapPage::draw(AppState& state, const SnapshotLayer& place, Area area) const {
    const float gap = 16 * state.pixel_scale;
    Area upper = area, lower = area;
    upper.size.y = std::floor((area.size.y - gap) * 0.5f);
    lower.at.y = upper.bottom() + gap;
    lower.size.y = area.bottom() - lower.at.y;
    draw_hops(state, place, left_part(upper, 0.5f, gap));

    Area by_layer = right_part(upper, 0.5f, gap);
    caption(state, by_layer, "consecutive hops, all layers",
            "Experts of different layers are different experts, so that layers are compared by how "
            "much each of them changes its choice from hop to hop.");
    Matrix m;
    m.row_name = number_name;
    m.row_axis = "layer";
    const LayerOverlap& layers = made_.numbers().layers;
    const StepOverlap& steps = made_.numbers().steps;
    if (!ready(place)) {
        nothing(state, by_layer, kComputing);
    } else if (layers.layers == 0) {
        nothing(state, by_layer, "One hop in every layer: there are no pairs of hops.");
    } else {
        m.values = layers.jaccard;
        m.rows = layers.layers;
        m.columns = layers.pairs;
        m.column_name = [](int64_t h) {
            return std::to_string(h) + "\xE2\x80\x93" + std::to_string(h + 1);
        };
        const Cell cell = draw_matrix(state, "layers", by_layer, m);
        if (cell.any())
            tooltip(
                state.layer_name(cell.row) + ", hop " + std::to_string(cell.column) + " and hop " +
                std::to_string(cell.column + 1) + ": " +
                rounded(
                    static_cast<double>(
                        layers.jaccard[static_cast<size_t>(cell.row * layers.pairs + cell.column)]),
                    4) +
                "\n" +
                sample_text(
                    layers.sampled[static_cast<size_t>(cell.row * layers.pairs + cell.column)]));
        if (cell.any())
            offer_on_click(state, [&] {
                return jaccard_number(state, place, m, cell, "layer", made_.numbers().tokens,
                                      made_.numbers().step);
            });
        if (cell.clicked) state.selection.set_layer(cell.row);
    }

    caption(state, lower, "overlap of steps: the same tokens at two times",
            std::string("Jaccard of the experts that a token of ") + state.sample.in_words() +
                " chose at two steps, mean over tokens and hops. High beside the diagonal: the "
                "routing has settled.");
    if (!ready(place)) return nothing(state, lower, kComputing);
    if (steps.steps.size() < 2) {
        nothing(state, lower,
                state.is_imported() ? state.lacks(core::Need::two_snapshots)
                                    : state.sample.routed_once());
        return;
    }
    footer(state, lower,
           "mean of " + with_thousands(steps.tokens) + " tokens \xC3\x97 " +
               std::to_string(steps.hops) + (steps.hops == 1 ? " hop" : " hops") +
               ", snapshots that the run keeps; hover for the 95 % interval",
           "Intervals of means over tokens [def:mean_interval].");
    m.values = steps.jaccard;
    m.rows = m.columns = static_cast<int64_t>(steps.steps.size());
    m.row_axis = "step";
    m.row_name = m.column_name = [&](int64_t i) {
        return with_thousands(steps.steps[static_cast<size_t>(i)]);
    };
    const Cell cell = draw_matrix(state, "steps", lower, m);
    if (cell.any())
        tooltip("step " + m.row_name(cell.row) + " and step " + m.row_name(cell.column) + ": " +
                rounded(static_cast<double>(
                            steps.jaccard[static_cast<size_t>(cell.row * m.columns + cell.column)]),
                        4) +
                "\n" +
                sample_text({0, steps.ci95[static_cast<size_t>(cell.row * m.columns + cell.column)],
                             steps.tokens}));
    if (cell.any())
        offer_on_click(state, [&] {
            return jaccard_number(state, place, m, cell, "step", steps.tokens, steps.steps.back());
        });
}

}  // namespace hopscope::app
