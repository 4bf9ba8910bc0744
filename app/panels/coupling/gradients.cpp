#include "app/panels/coupling/gradients.h"

#include <cmath>
#include <imgui.h>

#include "app/panels/coupling/numbers.h"
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

void match_row(const AppState& state, const TableRow& row, const GradientRow& g,
               const CouplingNumbers& of) {
    number_row(state, row.words, {}, of.beside());
    const int64_t n = g.cosine.n;
    const Number numbers[] = {of.measured(g.cosine, shown(g.cosine)),
                              of.plain(g.cosine_mismatched, n),
                              of.plain(g.size, n),
                              of.plain(g.size_mismatched, n),
                              of.measured(g.specificity, shown(g.specificity)),
                              of.counted(n)};
    number_cells(state, row.name, kMatchColumns, numbers, of.beside());
}

void rows_row(const AppState& state, const char* words, const RowsRow& r,
              const CouplingNumbers& of) {
    number_row(state, words);
    const Number numbers[] = {of.plain(r.common_energy, r.n), of.plain(r.effective_rank, r.n),
                              of.plain(r.cosine, r.n), of.plain(r.centred_cosine, r.n),
                              of.counted(r.n)};
    number_cells(state, words, kRowsColumns, numbers);
}

}  // namespace

void draw_gradients(const AppState& state, const CouplingSides& sides) {
    heading(state, "Are router row and expert pushed the same way?");
    const CouplingPlace& all = sides.own.of(-1);
    if (!std::isfinite(all.gradient.cosine.value)) {
        note(state, "No gradient reaches these router rows: they are fixed, or moved by counting.");
        return;
    }
    const CouplingNumbers own(state, sides.own, false);
    if (begin_number_table(state, "match", "gradients", kMatchColumns)) {
        const auto line = [&](int64_t layer) {
            const std::string words = layer_words(layer);
            match_row(state, own_row(words), sides.own.of(layer).gradient, own);
            if (sides.beside)
                match_row(state, row_beside(words, sides.beside_name),
                          sides.beside->of(layer).gradient,
                          CouplingNumbers(state, *sides.beside, true));
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
    rows_row(state, "router rows", g.router_weights, own);
    rows_row(state, "their gradients", g.router_gradients, own);
    rows_row(state, "reading rows", g.read_weights, own);
    rows_row(state, "their gradients", g.read_gradients, own);
    ImGui::EndTable();
}

}  // namespace hopscope::app
