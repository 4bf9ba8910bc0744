#include "app/panels/coupling/activation.h"

#include <algorithm>
#include <cmath>
#include <imgui.h>

#include "app/panels/coupling/numbers.h"
#include "app/panels/coupling/plots.h"
#include "app/widgets/format.h"
#include "app/widgets/marks.h"
#include "app/widgets/number_table.h"
#include "app/widgets/plain_plot.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr float kActivationHeight = 190;  ///< unscaled pixels

constexpr NumberColumn kSpearmanColumns[] = {
    {"Spearman, median",
     "Rank correlation of score and activation over the tokens that chose an "
     "expert, median over experts, with its 95 % bootstrap interval; 0 is "
     "chance"},
    {"positive",
     "Share of experts whose correlation is positive, with its exact 95 % interval; "
     "50 % is chance"},
    {"p", "Two-sided sign test of \"as many positive as negative\""},
    {"n", "Experts with enough pairs"}};

std::string percent_with_interval(const CouplingNumber& m) {
    if (!std::isfinite(m.value)) return kNothing;
    std::string out = percent(m.value, 0);
    if (std::isfinite(m.low))
        out += " [" + rounded(100 * m.low, 0) + ", " + rounded(100 * m.high, 0) + "]";
    return out;
}

void spearman_row(const AppState& state, const TableRow& row, const SpearmanRow& of_layer,
                  const CouplingNumbers& of) {
    number_row(state, row.words, {}, of.beside());
    const Number numbers[] = {
        of.measured(of_layer.median, shown(of_layer.median)),
        of.measured(of_layer.positive, percent_with_interval(of_layer.positive)),
        of.plain(of_layer.sign_p, of_layer.experts, 2), of.counted(of_layer.experts)};
    number_cells(state, row.name, kSpearmanColumns, numbers, of.beside());
}

void draw_spearman(const AppState& state, const CouplingSides& sides) {
    if (!begin_number_table(state, "spearman", "experts", kSpearmanColumns)) return;
    const CouplingNumbers own(state, sides.own, false);
    const auto line = [&](int64_t layer) {
        const std::string words = layer_words(layer);
        spearman_row(state, own_row(words), sides.own.of(layer).spearman, own);
        if (sides.beside)
            spearman_row(state, row_beside(words, sides.beside_name),
                         sides.beside->of(layer).spearman,
                         CouplingNumbers(state, *sides.beside, true));
    };
    line(-1);
    for (int64_t l = 0; l < std::ssize(sides.own.layers); ++l)
        if (sides.layer < 0 || l == sides.layer) line(l);
    ImGui::EndTable();
}

struct DecileColumns {
    std::vector<double> x, median, low, high;
};

DecileColumns columns_of(const Coupling& coupling) {
    DecileColumns out;
    for (size_t i = 0; i < coupling.deciles.size(); ++i) {
        const DecileRow& d = coupling.deciles[i];
        out.x.push_back(static_cast<double>(i) + 1);
        out.median.push_back(d.median);
        out.low.push_back(d.low);
        out.high.push_back(d.high);
    }
    return out;
}

void plot_median(const AppState& state, const std::string& name, const DecileColumns& columns,
                 const ImVec4& color) {
    ImPlotSpec line;
    line.LineColor = line.MarkerLineColor = line.MarkerFillColor = color;
    line.LineWeight = 1.8f * state.pixel_scale;
    line.Marker = ImPlotMarker_Circle;
    line.MarkerSize = 3 * state.pixel_scale;
    ImPlot::PlotLine(name.c_str(), columns.x.data(), columns.median.data(),
                     static_cast<int>(columns.x.size()), line);
}

void draw_deciles(const AppState& state, const CouplingSides& sides, ImVec2 size) {
    const DecileColumns own = columns_of(sides.own);
    if (own.x.empty()) {
        note(state, "No expert has enough tokens for deciles.");
        return;
    }
    if (!begin_plain_plot("##deciles", size, "decile of the score", "activation, z within expert"))
        return;
    const auto [low, high] = std::pair(*std::min_element(own.low.begin(), own.low.end()),
                                       *std::max_element(own.high.begin(), own.high.end()));
    ImPlot::SetupAxisLimits(ImAxis_X1, 0.5, 10.5, ImPlotCond_Always);
    std::vector<double> ticks;
    for (size_t i = 0; i < own.x.size(); ++i) ticks.push_back(own.x[i]);
    ImPlot::SetupAxisTicks(ImAxis_X1, ticks.data(), static_cast<int>(ticks.size()));
    fix_range(low, high);
    legend_on_top();
    ImPlotSpec band;
    band.FillColor = faded(state.theme().accent, 0.22f);
    band.LineColor = ImVec4(0, 0, 0, 0);
    ImPlot::PlotShaded("quartiles", own.x.data(), own.low.data(), own.high.data(),
                       static_cast<int>(own.x.size()), band);
    plot_level(state, "no relation: level", sides.own.level());
    plot_median(state, "median", own, state.theme().accent);
    if (sides.beside)
        if (const DecileColumns other = columns_of(*sides.beside); !other.x.empty())
            plot_median(state, sides.beside_name, other, state.theme().dim);
    if (ImPlot::IsPlotHovered()) {
        const auto at = std::llround(ImPlot::GetPlotMousePos().x);
        if (at >= 1 && at <= std::ssize(sides.own.deciles) && ImGui::BeginTooltip()) {
            const DecileRow& d = sides.own.deciles[static_cast<size_t>(at - 1)];
            ImGui::Text("decile %lld: %s, quartiles %s to %s", static_cast<long long>(at),
                        significant(d.median, 3).c_str(), significant(d.low, 3).c_str(),
                        significant(d.high, 3).c_str());
            ImGui::TextColored(state.theme().dim, "n = %s pairs, mean score z %s",
                               with_thousands(d.n).c_str(), significant(d.score, 3).c_str());
            ImGui::EndTooltip();
        }
    }
    ImPlot::EndPlot();
}

void draw_ranks(const AppState& state, const CouplingSides& sides, ImVec2 size) {
    if (sides.own.ranks.empty()) return;
    PointSeries own, beside;
    for (const RankRow& row : sides.own.ranks) own.add(static_cast<double>(row.rank), row.norm);
    if (sides.beside)
        for (const RankRow& row : sides.beside->ranks)
            beside.add(static_cast<double>(row.rank) + 0.1, row.norm);
    double low = 0, high = 0;
    own.widen(low, high);
    beside.widen(low, high);
    if (!begin_plain_plot("##ranks", size, "rank of the expert", "strength, z within expert"))
        return;
    const auto last = static_cast<double>(sides.own.ranks.back().rank);
    ImPlot::SetupAxisLimits(ImAxis_X1, 0.5, last + 0.5, ImPlotCond_Always);
    std::vector<double> ticks;
    for (const RankRow& row : sides.own.ranks) ticks.push_back(static_cast<double>(row.rank));
    const std::vector<double> few = fewer(ticks, 12);
    ImPlot::SetupAxisTicks(ImAxis_X1, few.data(), static_cast<int>(few.size()));
    fix_range(low, high);
    legend_on_top();
    plot_level(state, "chance, 0", 0);
    plot_points(state, "mean, 95 % over batches", own, PointRole::own);
    if (sides.beside) plot_points(state, sides.beside_name, beside, PointRole::beside);
    if (ImPlot::IsPlotHovered()) {
        const auto at = std::llround(ImPlot::GetPlotMousePos().x);
        if (at >= 1 && at <= std::ssize(sides.own.ranks) && ImGui::BeginTooltip()) {
            const CouplingNumber& norm = sides.own.ranks[static_cast<size_t>(at - 1)].norm;
            ImGui::Text("rank %lld: %s, n = %lld batches", static_cast<long long>(at),
                        shown(norm).c_str(), static_cast<long long>(norm.n));
            ImGui::EndTooltip();
        }
    }
    ImPlot::EndPlot();
}

}  // namespace

void draw_activation(const AppState& state, const CouplingSides& sides) {
    heading(state, "Do scores foretell how strongly an expert fires?");
    draw_spearman(state, sides);
    note(state, "All layers: " + with_thousands(sides.own.pairs) +
                    " pairs of token and expert from " + with_thousands(sides.own.tokens) +
                    " tokens, experts with " + with_thousands(sides.own.least_pairs) +
                    " pairs or more.");
    const float s = state.pixel_scale, room = ImGui::GetContentRegionAvail().x;
    const bool side_by_side = room > 520 * s;
    const float gap = 12 * s;
    const ImVec2 size(side_by_side ? (room - gap) * 0.5f : room, kActivationHeight * s);
    draw_deciles(state, sides, size);
    if (side_by_side) ImGui::SameLine(0, gap);
    draw_ranks(state, sides, size);
}

}  // namespace hopscope::app
