#include "app/panels/coupling/gradients.h"

#include <cmath>
#include <imgui.h>

#include "app/widgets/format.h"
#include "app/widgets/number_table.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr NumberColumn kMatchColumns[] = {
    {"cosine, own",
     "Mean cosine of the gradient of a router row to that of the reading row of its "
     "own expert, with its 95 % interval over experts"},
    {"others", "The same with the reading rows of other experts"},
    {"size, own", "Mean size of that cosine, without its sign"},
    {"others", "The same with other experts"},
    {"own / others", "Specificity with its 95 % interval; 1 is chance"},
    {"n", "Experts"}};

constexpr NumberColumn kRowsColumns[] = {
    {"common", "Share of the unit rows' energy along their mean direction"},
    {"effective rank", "exp of the entropy of the squared singular values, rows centred"},
    {"cosine, size", "Mean size of the cosine of two rows"},
    {"centred", "The same after the mean row is taken away"},
    {"n", "Rows"}};

void match_row(const AppState& state, const std::string& words, const GradientRow& g, bool faint) {
    number_row(state, words, {}, faint);
    const auto number = [](double x) { return significant(x, 3); };
    for (const std::string& text :
         {shown(g.cosine), number(g.cosine_mismatched), number(g.size), number(g.size_mismatched),
          shown(g.specificity), with_thousands(g.cosine.n)})
        number_cell(state, text, {}, faint);
}

void rows_row(const AppState& state, const char* words, const RowsRow& r) {
    number_row(state, words);
    const auto number = [](double x) { return significant(x, 3); };
    for (const std::string& text :
         {number(r.common_energy), number(r.effective_rank), number(r.cosine),
          number(r.centred_cosine), with_thousands(r.n)})
        number_cell(state, text);
}

}  // namespace

void draw_gradients(const AppState& state, const CouplingSides& sides) {
    heading(state, "Are router row and expert pushed the same way?");
    const CouplingPlace& all = sides.own.of(-1);
    if (!std::isfinite(all.gradient.cosine.value)) {
        note(state, "No gradient reaches these router rows: they are fixed, or moved by counting.");
        return;
    }
    if (begin_number_table(state, "match", "gradients", kMatchColumns)) {
        const auto line = [&](int64_t layer) {
            match_row(state, layer < 0 ? "all layers" : "layer " + std::to_string(layer),
                      sides.own.of(layer).gradient, false);
            if (sides.beside)
                match_row(state, "   " + sides.beside_name, sides.beside->of(layer).gradient, true);
        };
        line(-1);
        for (int64_t l = 0; l < std::ssize(sides.own.layers); ++l)
            if (sides.layer < 0 || l == sides.layer) line(l);
        ImGui::EndTable();
    }
    note(state, "One backward pass of the run's own loss over " +
                    with_thousands(sides.own.gradient_batches) + " validation batches.");
    if (sides.layer < 0) {
        note(state, "How alike the rows are among themselves stands here for a single layer.");
        return;
    }
    const GradientRow& g = sides.own.of(sides.layer).gradient;
    if (!begin_number_table(state, "rows", "rows among themselves", kRowsColumns)) return;
    rows_row(state, "router rows", g.router_weights);
    rows_row(state, "their gradients", g.router_gradients);
    rows_row(state, "reading rows", g.read_weights);
    rows_row(state, "their gradients", g.read_gradients);
    ImGui::EndTable();
}

}  // namespace hopscope::app
