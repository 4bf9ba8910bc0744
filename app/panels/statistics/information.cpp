#include "app/panels/statistics/information.h"

#include <algorithm>
#include <cmath>
#include <implot.h>

#include "app/panels/statistics/plots.h"
#include "app/widgets/format.h"
#include "app/widgets/line_style.h"
#include "app/widgets/number.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

bool has_classes(const core::GeometrySnapshot& snapshot) {
    return std::any_of(snapshot.classes.begin(), snapshot.classes.end(),
                       [](const std::string& name) { return !name.empty(); });
}

void layer_bars(const char* name, const std::vector<double>& xs, const std::vector<double>& ys,
                const ImVec4& color) {
    ImPlotSpec spec;
    spec.FillColor = spec.LineColor = color;
    ImPlot::PlotBars(name, xs.data(), ys.data(), static_cast<int>(xs.size()), 0.28, spec);
}

void layer_help(const AppState& state, const Information& all, size_t layer) {
    const LayerInformation& n = all.layers[layer];
    if (!std::isfinite(n.nats) || !ImGui::BeginTooltip()) return;
    ImGui::Text("%s: %s nats above chance, of an entropy of %s",
                state.layer_name(static_cast<int64_t>(layer)).c_str(), rounded(n.above, 3).c_str(),
                rounded(n.entropy, 3).c_str());
    ImGui::TextColored(state.theme().dim, "95 %%: %s (jackknife), n = %s tokens",
                       interval_text(n.above_ci95, 3).c_str(), with_thousands(all.tokens).c_str());
    ImGui::TextColored(state.theme().dim, "as counted %s, labels shuffled %s (95 %%: %s), p = %s",
                       rounded(n.nats, 3).c_str(), rounded(n.chance, 3).c_str(),
                       interval_text({n.chance_low, n.chance_high}, 3).c_str(),
                       significant(n.p, 2).c_str());
    ImGui::EndTooltip();
}

}  // namespace

void InformationPage::update(AppState& state, bool seen) {
    const MadeFrom from = {state.geometry, 0, -1, static_cast<int>(label), -1};
    if (!made_.wants(state, from, seen)) return;
    made_.ask(state, from,
              [snapshot = state.geometry, of = label] { return information_of(*snapshot, of); });
}

void InformationPage::draw_options(AppState& state) {
    ImGui::SetNextItemWidth(102 * state.pixel_scale);
    by_name(state, "##label", "label\xE2\x80\xA6");
    if (ImGui::BeginCombo("##label", name_of(label))) {
        for (const TokenLabel one : {TokenLabel::id, TokenLabel::word_class}) {
            const bool known = one == TokenLabel::id || has_classes(*state.geometry);
            ImGui::BeginDisabled(!known);
            if (ImGui::Selectable(name_of(one), one == label)) label = one;
            ImGui::EndDisabled();
            if (!known) tooltip("The tokens of this sample have no classes.");
        }
        ImGui::EndCombo();
    }
    tooltip("What is known of a token: its id, or its class where the text has classes");
}

void InformationPage::draw(AppState& state, const SnapshotLayer& place, Area area) const {
    const Information& all = numbers();
    if (all.empty() || all.layers.size() != place.snapshot.layers.size()) {
        const bool none = label == TokenLabel::word_class && !has_classes(place.snapshot);
        const auto& ids = place.snapshot.token_ids;
        const bool no_ids = label == TokenLabel::id &&
                            std::all_of(ids.begin(), ids.end(), [](int32_t id) { return id < 0; });
        return nothing(state, area,
                       none     ? "The tokens of this sample have no classes."
                       : no_ids ? "The ids of these tokens are not known."
                                : "Computing\xE2\x80\xA6");
    }
    const std::string what = name_of(all.label);
    caption(state, area, "what the " + what + " tells about the expert, by layer",
            "Mutual information of the " + what +
                " and the chosen expert, over all hops and choices of a layer "
                "[def:mutual_information]. As counted it is too high, the more the fewer tokens "
                "there are; with the labels shuffled among the tokens nothing but that is left.");
    const LayerInformation& now = all.layers[place.layer];
    footer(
        state, area,
        place.name() + ": above chance " + rounded(now.above, 3) +
            (std::isfinite(now.above_ci95.low) ? " (95 %: " + interval_text(now.above_ci95, 3) + ")"
                                               : "") +
            " of " + rounded(now.entropy, 2) + " nats   n " + with_thousands(all.tokens) +
            " tokens, " + with_thousands(all.labels) + " labels",
        "above chance: as counted less the mean of " + std::to_string(kShuffles) +
            " shuffles; its interval is a jackknife over tokens. of: entropy of the experts "
            "chosen, all that could be told.");
    std::vector<double> left, middle, right, counted, chance, entropy;
    std::vector<viz::Interval> shuffles;
    double high = 1e-9;
    for (size_t l = 0; l < all.layers.size(); ++l) {
        const LayerInformation& n = all.layers[l];
        if (!std::isfinite(n.nats)) continue;
        left.push_back(static_cast<double>(l) - 0.29);
        middle.push_back(static_cast<double>(l));
        right.push_back(static_cast<double>(l) + 0.29);
        counted.push_back(n.nats);
        chance.push_back(n.chance);
        shuffles.push_back({n.chance_low, n.chance_high});
        entropy.push_back(n.entropy);
        high = std::max({high, n.nats, n.entropy});
    }
    if (!begin_area_plot("##information", area, "layer", "nats")) return;
    layer_axis(state, all.layers.size());
    ImPlot::SetupAxisLimits(ImAxis_Y1, 0, high * 1.08, ImPlotCond_Always);
    legend_above();
    layer_bars("entropy of the experts", left, entropy, faded(state.theme().text, 0.35f));
    layer_bars("information, as counted", middle, counted, state.theme().accent);
    layer_bars("labels shuffled", right, chance, state.theme().amber);
    whiskers(state, "shuffles", right, chance, shuffles);
    if (ImPlot::IsPlotHovered()) {
        const auto l = static_cast<int64_t>(std::llround(ImPlot::GetPlotMousePos().x));
        if (l >= 0 && l < static_cast<int64_t>(all.layers.size())) {
            layer_help(state, all, static_cast<size_t>(l));
            offer_on_click(state, [&] {
                const LayerInformation& of = all.layers[static_cast<size_t>(l)];
                return Number{.label = "information of the " + what +
                                       " about the expert, above "
                                       "chance, " +
                                       state.layer_name(l),
                              .value = of.above,
                              .shown = rounded(of.above, 3) + " nats",
                              .definition =
                                  "Mutual information as counted less the mean of the "
                                  "shuffles; interval: jackknife over tokens "
                                  "[def:mutual_information]",
                              .low = of.above_ci95.low,
                              .high = of.above_ci95.high,
                              .n = all.tokens,
                              .over = "tokens",
                              .step = place.snapshot.step,
                              .command = panel_command(state, "statistics", place.snapshot.step)};
            });
            if (ImGui::IsMouseClicked(ImGuiMouseButton_Left)) state.selection.set_layer(l);
        }
    }
    ImPlot::EndPlot();
}

}  // namespace hopscope::app
