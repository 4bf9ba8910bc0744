#include "app/panels/statistics/load.h"

#include <cmath>
#include <imgui.h>

#include "app/widgets/format.h"
#include "app/widgets/number.h"
#include "app/widgets/run_words.h"

namespace hopscope::app {

void LoadChart::make(const Past& past, size_t layer) {
    map_ = load_map(past, layer);
    ++version_;
}

void LoadChart::forget() {
    map_ = {};
    ++version_;
}

void LoadChart::draw(AppState& state, const SnapshotLayer& place, Area area) {
    const LoadMap& m = map_;
    if (m.empty()) {
        caption(state, area, "load of each expert over time");
        nothing(state, area, no_load(state));
        return;
    }
    caption(state, area,
            state.is_imported()
                ? "load of each expert (one row an expert, most used on top)"
                : "load of each expert, steps " + with_thousands(m.first_step) + " \xE2\x80\x93 " +
                      with_thousands(m.last_step) + " (one row an expert, most used now on top)",
            "Share of all choices of " + choices_counted(state) +
                ", times the number of experts: 1 is uniform [def:recent_load]. Of the snapshots "
                "that the run keeps "
                "(train.snapshot_every), and "
                "the newest.");
    const double now = choices_of(state, place);
    footer(
        state, area,
        "n " + significant(now, 3) +
            (state.is_imported() ? " choices" : " choices behind the newest column") +
            ", 95 % of a uniform load: " +
            interval_text(load_interval(1.0 / static_cast<double>(m.experts), now, m.experts), 2),
        "The load is a fading mean over the last ten updates or so, worth that many choices; "
        "hovering a cell tells its interval (Wilson). Tokens of one text are not independent "
        "[def:recent_load].");
    scale_legend(state, area, "\xE2\x85\x9B", "8", "\xC3\x97 uniform, log");
    const Cell cell =
        picture_.draw(state, "load map", area,
                      {m.values, m.experts, m.columns, {LoadMap::kLow, LoadMap::kHigh}, version_});
    mark_selected(state, area, m.order, false);
    if (!cell.any()) return;
    const int32_t expert = m.order[static_cast<size_t>(cell.row)];
    if (cell.clicked) state.selection.pick_expert(expert, ImGui::GetIO().KeyShift);
    const float v = m.values[static_cast<size_t>(cell.row * m.columns + cell.column)];
    const double times = v == LoadMap::kUnused ? 0.0 : std::exp2(static_cast<double>(v));
    const int64_t step = cell.column + 1 == m.columns ? m.last_step : m.step_of(cell.column);
    const double n = !state.session || state.is_imported()
                         ? choices_of(state, place)
                         : recent_choices(state.session->config(), place.geometry(), step);
    offer_on_click(state, [&] {
        return Number{.label = "load of E" + std::to_string(expert) + ", " + place.name(),
                      .value = times,
                      .shown = rounded(times, 2) + " \xC3\x97 uniform",
                      .definition = "Share of all choices of " + choices_counted(state) +
                                    ", times the number of experts [def:load]",
                      .n = std::llround(n),
                      .over = "choices",
                      .step = step,
                      .command = panel_command(state, "statistics", -1)};
    });
    if (!ImGui::BeginTooltip()) return;
    expert_line(state, place, expert);
    ImGui::Text("%s \xC3\x97 uniform%s", rounded(times, 2).c_str(),
                step_text(state, " near ", step).c_str());
    const double share = times / static_cast<double>(m.experts);
    ImGui::TextColored(state.theme().dim, "95 %%: %s, n = %s choices",
                       interval_text(load_interval(share, n, m.experts), 2).c_str(),
                       significant(n, 3).c_str());
    ImGui::TextColored(state.theme().dim, "click selects, shift adds");
    ImGui::EndTooltip();
}

}  // namespace hopscope::app
