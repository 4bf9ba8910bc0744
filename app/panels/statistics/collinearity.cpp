#include "app/panels/statistics/collinearity.h"

#include <algorithm>
#include <imgui.h>

#include "app/panels/statistics/pair_list.h"
#include "app/widgets/format.h"
#include "app/widgets/number.h"
#include "app/widgets/run_words.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr ColorScale kCosines = {-0.5f, 1.0f};

/// "0.612, in 95 % of draws 0.580 to 0.671".
std::string random_text(const Collinearity& c) {
    return rounded(c.chance.median, 3) + ", in 95 % of draws " +
           interval_text({c.chance.low, c.chance.high}, 3);
}

}  // namespace

void CollinearityMap::update(AppState& state, const SnapshotLayer& place, RowOrder order,
                             bool seen) {
    const Clusters clusters = clusters_of(state, place, order);
    const bool imported = state.imported && place.layer < state.imported->routers.size();
    const int64_t width = imported ? state.imported->routers[place.layer].width : 0;
    // The width comes with the look of an imported model, behind its geometry.
    const MadeFrom from = {state.geometry, static_cast<uint64_t>(width),
                           static_cast<int64_t>(place.layer), static_cast<int>(order),
                           clusters.step};
    if (!made_.wants(state, from, seen)) return;
    made_.ask(state, from,
              [snapshot = state.geometry, layer = place.layer, order, of = clusters.of, width] {
                  return collinearity_of(*snapshot, layer, order, of, width);
              });
}

bool CollinearityMap::shows(const SnapshotLayer& place) const {
    return !numbers().empty() && numbers().layer == static_cast<int64_t>(place.layer);
}

void CollinearityMap::draw(AppState& state, const SnapshotLayer& place, Area area,
                           bool with_pairs) {
    if (!with_pairs || place.geometry().centroids.empty() || !shows(place))
        return draw_matrix_of(state, place, area);
    const MatrixAndList parts = split_for_list(state, area);
    draw_matrix_of(state, place, parts.matrix);
    draw_pairs(state, place, parts.list);
}

void CollinearityMap::draw_matrix_of(AppState& state, const SnapshotLayer& place, Area area) {
    const core::LayerGeometry& g = place.geometry();
    const Collinearity& c = numbers();
    if (g.centroids.empty()) {
        caption(state, area, "collinearity of centroids");
        const std::string why = state.lacks(core::Need::centroids);
        nothing(state, area, why.empty() ? "This snapshot holds no centroids." : why);
        return;
    }
    const bool made = shows(place);
    caption(state, area,
            "collinearity of centroids" + (made ? ": " + caption_of(c) : std::string()),
            "Cosine of each pair of centroids [def:collinearity].");
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
            with_thousands(all.rows) + " centroids of " + place.name() +
            step_text(state, " at ", c.step) + ". Highest pair: E" + std::to_string(all.a) +
            " and E" + std::to_string(all.b) + ", " + show(all.largest) +
            "; as many random directions: " + random_text(c) +
            ". Exact: all pairs are counted, none are sampled.");
    explain_when_clicked(state, [&] {
        return Number{.label = "mean cosine of centroids, " + place.name(),
                      .value = static_cast<double>(all.mean),
                      .shown = show(all.mean),
                      .definition =
                          "Mean over all pairs of different centroids "
                          "[def:collinearity]",
                      .n = all.pairs,
                      .over = "pairs",
                      .step = c.step,
                      .command = analysis_command(state, "collinearity")};
    });
    const auto n = static_cast<int64_t>(c.shown.size());
    const Cell cell =
        picture_.draw(state, "cosines", area, {c.cosines, n, n, kCosines, made_.version()});
    mark_selected(state, area, c.shown, true);
    if (!cell.any()) return;
    const auto value =
        static_cast<double>(c.cosines[static_cast<size_t>(cell.row * n + cell.column)]);
    offer_on_click(state, [&] {
        return Number{.label = "cosine of E" +
                               std::to_string(c.shown[static_cast<size_t>(cell.row)]) + " and E" +
                               std::to_string(c.shown[static_cast<size_t>(cell.column)]) + ", " +
                               place.name(),
                      .value = value,
                      .shown = rounded(value, 4),
                      .definition = "Cosine of the two centroids [def:collinearity]",
                      .step = c.step,
                      .command = panel_command(state, "statistics", c.step)};
    });
    const int32_t a = c.shown[static_cast<size_t>(cell.row)];
    const int32_t b = c.shown[static_cast<size_t>(cell.column)];
    pick_cell(state, cell, a, b);
    draw_pair(state, place, a, b, c.cosines[static_cast<size_t>(cell.row * n + cell.column)]);
}

void CollinearityMap::draw_pairs(AppState& state, const SnapshotLayer& place, Area area) const {
    const Collinearity& c = numbers();
    caption(state, area,
            "closest pairs, " + with_thousands(std::ssize(c.closest)) + " of " +
                with_thousands(c.all.pairs),
            "The pairs of centroids with the highest cosines of all, beside the largest cosine of "
            "as many random directions [def:closest_pair]. Faint: within what these give.");
    PairList list;
    list.columns = {{"cosine", "Cosine of the two centroids [def:collinearity]"}};
    list.chance = {rounded(c.chance.median, 3)};
    list.chance_text = interval_text({c.chance.low, c.chance.high}, 3) + " in 95 % of draws";
    list.chance_help = "Largest cosine of " + with_thousands(c.all.rows) +
                       " random directions of " + with_thousands(c.directions) +
                       " dimensions [def:closest_pair]: median " + random_text(c) + ".";
    list.rows = c.closest.size();
    list.row = [&](size_t i) {
        const viz::RowPair& pair = c.closest[i];
        const auto cosine = static_cast<double>(pair.cosine);
        PairRow row{pair.a, pair.b, {rounded(cosine, 3)}, cosine > c.chance.high, {}};
        row.help = "cosine " + rounded(cosine, 4) + ", rank " +
                   with_thousands(static_cast<int64_t>(i) + 1) +
                   " of n = " + with_thousands(c.all.pairs) +
                   " pairs. Largest of as many random directions: " + random_text(c) + ".";
        return row;
    };
    draw_pair_list(state, place, area, list);
}

void CollinearityMap::draw_pair(const AppState& state, const SnapshotLayer& place, int32_t a,
                                int32_t b, float cosine) const {
    if (!ImGui::BeginTooltip()) return;
    expert_line(state, place, a);
    if (a != b) {
        expert_line(state, place, b);
        ImGui::Text("cosine %s", rounded(static_cast<double>(cosine), 4).c_str());
    } else if (static_cast<size_t>(a) < numbers().all.nearest_of.size()) {
        ImGui::Text(
            "nearest other %s",
            rounded(static_cast<double>(numbers().all.nearest_of[static_cast<size_t>(a)]), 4)
                .c_str());
    }
    ImGui::TextColored(state.theme().dim, "%s%s; click selects, shift adds", place.name().c_str(),
                       step_text(state, ", ", numbers().step).c_str());
    ImGui::EndTooltip();
}

}  // namespace hopscope::app
