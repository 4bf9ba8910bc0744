#include "app/panels/statistics/collinearity.h"

#include <algorithm>
#include <imgui.h>

#include "app/widgets/format.h"
#include "app/widgets/number.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr double kAskAgain = 1.0;  ///< seconds between two makings while snapshots stream
constexpr ColorScale kCosines = {-0.5f, 1.0f};

}  // namespace

void CollinearityMap::forget() {
    numbers_ = {};
    ++version_;
    asked_ = {};
    pending_.forget();
}

void CollinearityMap::update(AppState& state, const SnapshotLayer& place, bool seen) {
    if (auto made = pending_.take()) {
        numbers_ = std::move(*made);
        ++version_;
    }
    if (!seen || pending_.waits()) return;
    const Asked wanted = {place.snapshot.version, static_cast<int64_t>(place.layer), order};
    if (wanted == asked_) return;
    const bool only_newer = wanted.layer == asked_.layer && wanted.order == asked_.order;
    if (only_newer && state.now - asked_at_ < kAskAgain) return;
    asked_ = wanted;
    asked_at_ = state.now;
    pending_ = state.aside([snapshot = state.geometry, layer = place.layer, by = order] {
        return collinearity_of(*snapshot, layer, by);
    });
}

void CollinearityMap::draw(AppState& state, const SnapshotLayer& place, Area area) {
    const core::LayerGeometry& g = place.geometry();
    const Collinearity& c = numbers_;
    if (g.centroids.empty()) {
        caption(state, area, "collinearity of centroids");
        const std::string why = state.lacks(core::Need::centroids);
        nothing(state, area, why.empty() ? "This snapshot holds no centroids." : why);
        return;
    }
    const bool made = !c.empty() && c.layer == static_cast<int64_t>(place.layer);
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
            with_thousands(all.rows) + " centroids of layer " + std::to_string(c.layer) +
            " at step " + with_thousands(c.step) + ". Highest pair: E" + std::to_string(all.a) +
            " and E" + std::to_string(all.b) + ", " + show(all.largest) + ".");
    explain_when_clicked(state, [&] {
        return Number{.label = "mean cosine of centroids, layer " + std::to_string(c.layer),
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
    if (area.size.y < 24 || area.size.x < 24) return;
    const auto n = static_cast<int64_t>(c.shown.size());
    const RasterOf wanted = {version_, static_cast<int>(area.size.x), static_cast<int>(area.size.y),
                             state.theme().dark};
    area.size = ImVec2(static_cast<float>(wanted.width), static_cast<float>(wanted.height));
    if (!(wanted == raster_)) {
        raster_ = wanted;
        texture_.set(viz::raster_of(c.cosines, n, n, wanted.width, wanted.height, kCosines.low,
                                    kCosines.high, data_ramp(state.theme()),
                                    packed(state.theme().raised)));
    }
    const Cell cell = draw_heat(state, "cosines", area, texture_, n, n);
    mark_selected(state, area, c.shown, true);
    if (!cell.any()) return;
    const auto value =
        static_cast<double>(c.cosines[static_cast<size_t>(cell.row * n + cell.column)]);
    offer_on_click(state, [&] {
        return Number{.label = "cosine of E" +
                               std::to_string(c.shown[static_cast<size_t>(cell.row)]) + " and E" +
                               std::to_string(c.shown[static_cast<size_t>(cell.column)]) +
                               ", layer " + std::to_string(c.layer),
                      .value = value,
                      .shown = rounded(value, 4),
                      .definition = "Cosine of the two centroids [def:collinearity]",
                      .step = c.step,
                      .command = panel_command(state, "statistics", c.step)};
    });
    const int32_t a = c.shown[static_cast<size_t>(cell.row)];
    const int32_t b = c.shown[static_cast<size_t>(cell.column)];
    if (cell.clicked) {
        state.selection.pick_expert(a, ImGui::GetIO().KeyShift);
        if (b != a && !state.selection.experts.contains(b)) state.selection.pick_expert(b, true);
    }
    draw_pair(state, place, a, b, c.cosines[static_cast<size_t>(cell.row * n + cell.column)]);
}

void CollinearityMap::draw_pair(const AppState& state, const SnapshotLayer& place, int32_t a,
                                int32_t b, float cosine) const {
    if (!ImGui::BeginTooltip()) return;
    expert_line(state, place, a);
    if (a != b) {
        expert_line(state, place, b);
        ImGui::Text("cosine %s", rounded(static_cast<double>(cosine), 4).c_str());
    } else if (static_cast<size_t>(a) < numbers_.all.nearest_of.size()) {
        ImGui::Text("nearest other %s",
                    rounded(static_cast<double>(numbers_.all.nearest_of[static_cast<size_t>(a)]), 4)
                        .c_str());
    }
    ImGui::TextColored(state.theme().dim, "layer %lld, step %s; click selects, shift adds",
                       static_cast<long long>(numbers_.layer),
                       with_thousands(numbers_.step).c_str());
    ImGui::EndTooltip();
}

}  // namespace hopscope::app
