#include "app/panels/statistics/coactivation.h"

#include <imgui.h>

#include "app/panels/statistics/pair_list.h"
#include "app/widgets/format.h"
#include "app/widgets/number.h"
#include "app/widgets/run_words.h"

namespace hopscope::app {
namespace {

/// "0.31 (95 %: 0.28 to 0.34)".
std::string share_text(double value, const viz::Interval& ci95) {
    const std::string interval = interval_text(ci95, 3);
    return rounded(value, 3) + (interval.empty() ? "" : " (95 %: " + interval + ")");
}

}  // namespace

void CoactivationPage::update(AppState& state, const SnapshotLayer& place, RowOrder order,
                              bool seen) {
    const Clusters clusters = clusters_of(state, place, order);
    const MadeFrom from = {state.geometry, 0, static_cast<int64_t>(place.layer),
                           static_cast<int>(order), clusters.step};
    if (!made_.wants(state, from, seen)) return;
    made_.ask(state, from,
              [snapshot = state.geometry, layer = place.layer, order, of = clusters.of,
               moe = state.session->config().moe] {
                  return coactivation_of(*snapshot, layer, moe, order, of);
              });
}

void CoactivationPage::draw(AppState& state, const SnapshotLayer& place, Area area) {
    const std::string why = state.lacks(core::Need::several_choices);
    if (!why.empty()) return nothing(state, area, why);
    const Coactivation& c = numbers();
    if (c.layer != static_cast<int64_t>(place.layer) || (c.empty() && c.experts == 0))
        return nothing(state, area, "Computing\xE2\x80\xA6");
    if (c.empty())
        return nothing(state, area, "This snapshot holds no choices of the tokens of the sample.");
    const MatrixAndList parts = split_for_list(state, area);
    draw_matrix_of(state, place, parts.matrix);
    draw_pairs(state, place, parts.list);
}

void CoactivationPage::draw_matrix_of(AppState& state, const SnapshotLayer& place, Area area) {
    const Coactivation& c = numbers();
    const auto n = static_cast<int64_t>(c.shown.size());
    caption(state, area, "co-activation: " + rows_in_words(n, c.experts, c.order),
            "Share of the uses of the row's expert, a token and hop each, whose set also holds the "
            "column's [def:coactivation]. Over " +
                with_thousands(c.tokens) + " tokens \xC3\x97 " + std::to_string(c.hops) +
                (c.hops == 1 ? " hop" : " hops") + " of " + state.sample.in_words() + ".");
    scale_legend(state, area, "0", rounded(static_cast<double>(c.highest), 2), "share of uses");
    footer(state, area,
           "strongest partner " + share_text(c.partner.mean, c.partner.ci95) + "   dealt anew " +
               rounded(c.dealt, 3) + "   n " + with_thousands(c.tokens) + " tokens, " +
               with_thousands(c.partner.n) + " experts",
           "Share of its uses that an expert's strongest partner is in, mean over the " +
               with_thousands(c.partner.n) +
               " experts in use, with the 95 % interval of that mean. dealt anew: the same once "
               "the choices are dealt anew, every expert with its uses, every token with its k "
               "different experts; " +
               std::to_string(kDealtAnew) + " draws, " + rounded(c.dealt_low, 3) + " to " +
               rounded(c.dealt_high, 3) + " [def:coactivation].");
    const Cell cell = picture_.draw(state, "coactivation", area,
                                    {c.shares, n, n, {0, c.highest}, made_.version()});
    mark_selected(state, area, c.shown, true);
    if (!cell.any()) return;
    const int32_t a = c.shown[static_cast<size_t>(cell.row)];
    const int32_t b = c.shown[static_cast<size_t>(cell.column)];
    pick_cell(state, cell, a, b);
    offer_on_click(state, [&] {
        const auto share =
            static_cast<double>(c.shares[static_cast<size_t>(cell.row * n + cell.column)]);
        const auto of = static_cast<double>(c.uses[static_cast<size_t>(a)]);
        const viz::Interval ci95 = viz::wilson_interval(share * of, of);
        return Number{.label = "share of the uses of E" + std::to_string(a) + " with E" +
                               std::to_string(b) + ", " + place.name(),
                      .value = share,
                      .shown = rounded(share, 3),
                      .definition =
                          "Share of the uses of the first whose set also holds the second; "
                          "interval of Wilson [def:coactivation]",
                      .low = ci95.low,
                      .high = ci95.high,
                      .n = c.uses[static_cast<size_t>(a)],
                      .over = "uses",
                      .step = c.step,
                      .command = panel_command(state, "statistics", c.step)};
    });
    if (!ImGui::BeginTooltip()) return;
    expert_line(state, place, a);
    const int64_t uses = c.uses[static_cast<size_t>(a)];
    if (a != b) {
        expert_line(state, place, b);
        const auto share =
            static_cast<double>(c.shares[static_cast<size_t>(cell.row * n + cell.column)]);
        const double of = static_cast<double>(uses);
        ImGui::Text("of the %s uses of E%d, E%d is in %s", with_thousands(uses).c_str(), a, b,
                    share_text(share, viz::wilson_interval(share * of, of)).c_str());
    } else {
        ImGui::Text("%s uses in the sample", with_thousands(uses).c_str());
    }
    ImGui::TextColored(state.theme().dim, "%s%s; click selects, shift adds", place.name().c_str(),
                       step_text(state, ", ", c.step).c_str());
    ImGui::EndTooltip();
}

void CoactivationPage::draw_pairs(AppState& state, const SnapshotLayer& place, Area area) const {
    const Coactivation& c = numbers();
    caption(state, area, "strongest pairs",
            "Of experts with a tenth of the mean use or more: an expert with a handful of uses has "
            "a strong partner by chance. Faint: the 95 % interval of the share holds what the uses "
            "alone would give. Of many pairs some are strong by chance [def:coactivation].");
    PairList list;
    list.columns = {
        {"share", "Share of the first one's uses whose set also holds the second"},
        {"expected",
         "(k \xE2\x88\x92 1) p' / (k \xE2\x88\x92 p), p and p' the shares of all turns that "
         "have the first and the second"},
        {"n", "Uses of the first one in the sample"}};
    list.chance = {rounded(c.dealt, 3), "", ""};
    list.chance_text = "strongest partner, dealt anew";
    list.chance_help =
        "Share of the strongest partner, mean over experts, once the choices are "
        "dealt anew: " +
        rounded(c.dealt, 3) + ", in " + std::to_string(kDealtAnew) + " draws " +
        rounded(c.dealt_low, 3) + " to " + rounded(c.dealt_high, 3) + ".";
    list.rows = c.strongest.size();
    list.row = [&](size_t i) {
        const PairUse& pair = c.strongest[i];
        PairRow row{pair.expert,
                    pair.other,
                    {rounded(pair.share, 3), rounded(pair.expected, 3), with_thousands(pair.uses)},
                    pair.ci95.low > pair.expected,
                    {}};
        row.help = "together in " + with_thousands(pair.together) +
                   " of n = " + with_thousands(pair.uses) +
                   " uses: " + share_text(pair.share, pair.ci95) +
                   ", Wilson. Its uses alone would give " + rounded(pair.expected, 3) + ".";
        return row;
    };
    draw_pair_list(state, place, area, list);
}

}  // namespace hopscope::app
