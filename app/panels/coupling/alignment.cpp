#include "app/panels/coupling/alignment.h"

#include <algorithm>
#include <cmath>
#include <imgui.h>

#include "app/panels/coupling/numbers.h"
#include "app/panels/coupling/plots.h"
#include "app/panels/statistics/plots.h"
#include "app/widgets/format.h"
#include "app/widgets/number_table.h"
#include "app/widgets/plain_plot.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr float kPlotHeight = 168;  ///< unscaled pixels

constexpr NumberColumn kAlignmentColumns[] = {
    {"own expert",
     "Mean squared projection of a router row, at length 1, on the strongest "
     "directions of its own expert"},
    {"other experts", "The same on the directions of the other experts of the pool"},
    {"chance", "What a direction drawn at random has: k / d"},
    {"own / others", "Specificity with its 95 % bootstrap interval over experts; 1 is chance"},
    {"cosine, own",
     "Mean cosine of the router row to the rows of its own expert, signed, with its "
     "95 % interval over experts"},
    {"others", "Mean cosine to the rows of other experts: 0 is chance"},
    {"n", "Experts"}};

void table_row(const AppState& state, const TableRow& row, const AlignmentRow& a,
               const CouplingNumbers& of) {
    number_row(state, row.words,
               std::string(a.reads ? "What an expert reads by" : "What an expert writes by") +
                   "; k = " + std::to_string(a.k) + " of its directions are taken",
               of.beside());
    const Number numbers[] = {of.plain(a.matched, a.n),
                              of.plain(a.mismatched, a.n),
                              of.plain(a.chance, a.n),
                              of.with_range_below(a.specificity),
                              of.with_range_below(a.cosine),
                              of.plain(a.cosine_mismatched, a.n),
                              of.counted(a.n)};
    number_cells(state, row.name, kAlignmentColumns, numbers, of.beside());
}

void draw_alignment_table(const AppState& state, const CouplingSides& sides) {
    if (!begin_number_table(state, "alignment", "matrix", kAlignmentColumns)) return;
    const auto& rows = sides.own.of(sides.layer).alignment;
    const CouplingNumbers own(state, sides.own, false);
    for (size_t i = 0; i < rows.size(); ++i) {
        const std::string hop =
            rows[i].hop < 0 ? std::string() : ", hop " + std::to_string(rows[i].hop);
        const std::string words = matrix_words(rows[i]) + hop;
        table_row(state, own_row(words), rows[i], own);
        if (!sides.beside) continue;
        const auto& others = sides.beside->of(sides.layer).alignment;
        const auto same = std::find_if(others.begin(), others.end(), [&](const AlignmentRow& a) {
            return a.matrix == rows[i].matrix && a.hop == rows[i].hop && a.router == rows[i].router;
        });
        if (same != others.end())
            table_row(state, row_beside(words, sides.beside_name), *same,
                      CouplingNumbers(state, *sides.beside, true));
    }
    ImGui::EndTable();
}

/// The cosine of the matrix that is read first, by layer.
PointSeries cosines(const Coupling& coupling, double shift) {
    PointSeries out;
    for (size_t l = 0; l < coupling.layers.size(); ++l)
        if (const auto& rows = coupling.layers[l].alignment; !rows.empty())
            out.add(static_cast<double>(l) + shift, rows.front().cosine);
    return out;
}

}  // namespace

int64_t draw_alignment(const AppState& state, const CouplingSides& sides) {
    heading(state, "Do router rows point where their own experts read?");
    draw_alignment_table(state, sides);
    const float s = state.pixel_scale;
    const PointSeries own = cosines(sides.own, sides.beside ? -0.07 : 0.0);
    PointSeries others, beside;
    for (size_t l = 0; l < sides.own.layers.size(); ++l)
        if (const auto& rows = sides.own.layers[l].alignment; !rows.empty())
            others.add(static_cast<double>(l), rows.front().cosine_mismatched);
    if (sides.beside) beside = cosines(*sides.beside, 0.07);
    double low = 0, high = 0;
    own.widen(low, high);
    others.widen(low, high);
    beside.widen(low, high);
    int64_t pressed = -1;
    if (!begin_plain_plot("##alignment", ImVec2(-1, kPlotHeight * s), "layer",
                          "cosine, row and expert"))
        return pressed;
    layer_axis(state, sides.own.layers.size());
    fix_range(low, high);
    legend_on_top();
    plot_level(state, "chance, 0", 0);
    plot_points(state, "other experts", others, PointRole::chance);
    plot_points(state, "own expert, 95 %", own, PointRole::own);
    if (sides.beside) plot_points(state, sides.beside_name, beside, PointRole::beside);
    if (ImPlot::IsPlotHovered()) {
        const auto l = static_cast<int64_t>(std::llround(ImPlot::GetPlotMousePos().x));
        if (l >= 0 && l < std::ssize(sides.own.layers)) {
            if (ImGui::BeginTooltip()) {
                const auto& rows = sides.own.of(l).alignment;
                ImGui::Text("%s: %s", state.layer_name(l).c_str(),
                            rows.empty() ? kNothing : shown(rows.front().cosine).c_str());
                ImGui::TextColored(state.theme().dim, "A click selects the layer.");
                ImGui::EndTooltip();
            }
            if (ImGui::IsMouseClicked(ImGuiMouseButton_Left)) pressed = l;
        }
    }
    ImPlot::EndPlot();
    return pressed;
}

}  // namespace hopscope::app
