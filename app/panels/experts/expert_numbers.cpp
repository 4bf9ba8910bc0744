#include "app/panels/experts/expert_numbers.h"

#include <cmath>

#include "app/panels/experts/filter.h"
#include "app/panels/experts/position_part.h"
#include "app/widgets/format.h"
#include "app/widgets/run_words.h"

namespace hopscope::app {
namespace {

std::string name_of(const AppState& state, int64_t layer, const BookEntry& entry) {
    return "E" + std::to_string(entry.expert) + ", " + state.layer_name(layer);
}

}  // namespace

Number load_number(const AppState& state, int64_t layer, const BookEntry& entry) {
    const int64_t step = state.geometry ? state.geometry->step : -1;
    return {.label = "load of " + name_of(state, layer, entry),
            .value = entry.load,
            .shown = std::isnan(entry.load) ? std::string(kNothing)
                                            : rounded(entry.load, 2) + " \xC3\x97 uniform",
            .definition = "Share of all choices of " + choices_counted(state) +
                          ", times the number of experts [def:load]",
            .step = step,
            .command = panel_command(state, "experts", step),
            .layer = layer,
            .expert = entry.expert};
}

Number column_number(const AppState& state, const ExpertBook& book, const BookEntry& entry,
                     ExpertColumn column) {
    Number out = {.step = book.step,
                  .command = panel_command(state, "experts", book.step),
                  .layer = book.layer,
                  .expert = entry.expert};
    const ClassUse& c = entry.of_class;
    const std::string of = " of " + name_of(state, book.layer, entry);
    switch (column) {
        case ExpertColumn::of_class:
        case ExpertColumn::purity:
            out.label = "purity" + of;
            out.value = shown_class(book, entry).purity;
            out.shown = std::isnan(out.value) ? kNothing : rounded(out.value, 2);
            if (book.classes.empty()) {
                out.definition = "Share of its words that are of the category of most";
                break;
            }
            out.definition = "Share of the tokens choosing it that are of the class " + c.name +
                             "; interval of Wilson [def:expert_class]";
            out.low = c.low;
            out.high = c.high;
            out.n = c.of;
            out.over = "tokens";
            break;
        case ExpertColumn::odds:
            out.label = "odds ratio" + of;
            out.value = c.odds;
            out.shown = std::isnan(c.odds) ? kNothing : rounded(c.odds, c.odds < 10 ? 1 : 0);
            out.definition = "Odds ratio of (class " + c.name +
                             " or not) \xC3\x97 (choosing the expert or not) [def:expert_class]";
            out.low = c.odds_low;
            out.high = c.odds_high;
            out.n = book.sample;
            out.over = "tokens";
            break;
        case ExpertColumn::position: {
            const PositionUse& use = entry.position;
            out.label = "position" + of;
            out.over = "tokens";
            out.n = use.of;
            out.definition =
                "Share of the tokens choosing it that stand in one quarter of their sequence, over "
                "that of all tokens of the sample; of the quarter where it is largest; interval of "
                "Wilson [def:expert_position]";
            if (!use.known()) {
                out.shown = kNothing;
                break;
            }
            out.value = use.peak().times;
            out.shown = rounded(out.value, 2) + " \xC3\x97 in the " + quarter_name(use.most);
            out.low = use.peak().times_low;
            out.high = use.peak().times_high;
            break;
        }
        case ExpertColumn::tokens:
            out.label = "tokens" + of;
            out.value = static_cast<double>(entry.tokens);
            out.shown = with_thousands(entry.tokens);
            out.definition = "Tokens of the sample that choose it in some hop";
            out.n = book.sample;
            out.over = "tokens";
            break;
        case ExpertColumn::cluster:
            out.label = "cluster" + of;
            if (entry.cluster >= 0) out.value = static_cast<double>(entry.cluster);
            out.shown = entry.cluster < 0 ? kNothing : std::to_string(entry.cluster);
            out.definition = "Number of the cluster of experts that write alike [def:clusters]";
            out.step = book.clusters_step;
            out.command = analysis_command(state, "clusters");
            break;
        case ExpertColumn::expert:
        case ExpertColumn::writes:
        case ExpertColumn::reads:
        case ExpertColumn::load:
        case ExpertColumn::mark:
            return load_number(state, book.layer, entry);
    }
    return out;
}

}  // namespace hopscope::app
