#include "app/panels/trajectory/token_numbers.h"

#include "app/widgets/format.h"
#include "app/widgets/piece_text.h"

namespace hopscope::app {
namespace {

/// "token 3 "river", layer 1, hop 0"
std::string place_of(const AppState& state, int64_t token, int64_t layer) {
    const auto& t = state.trace->tokens[static_cast<size_t>(token)];
    return "token " + std::to_string(token) + " \"" + piece_text(t.piece) + "\", layer " +
           std::to_string(layer);
}

std::string trace_command(const AppState& state) {
    return run_command(state, "trace", "--text " + shell_word(state.trace->prompt) + " --json");
}

}  // namespace

Number cell_number(const AppState& state, int64_t token, int64_t layer, int64_t hop,
                   CellValue value) {
    const HopCell cell = cell_of(*state.trace, token, layer, hop);
    if (value == CellValue::expert)
        return weight_number(state, token, layer, hop, {cell.expert, cell.weight});
    const auto number = static_cast<double>(cell.value(value));
    return {.label = std::string(name_of(value)) + ", " + place_of(state, token, layer) + ", hop " +
                     std::to_string(hop),
            .value = number,
            .definition = definition_of(value),
            .step = state.trace->step,
            .command = trace_command(state)};
}

Number weight_number(const AppState& state, int64_t token, int64_t layer, int64_t hop,
                     const ChosenExpert& chosen) {
    return {.label = "weight of E" + std::to_string(chosen.expert) + ", " +
                     place_of(state, token, layer) + ", hop " + std::to_string(hop),
            .value = static_cast<double>(chosen.weight),
            .shown = rounded(static_cast<double>(chosen.weight), 3),
            .definition = definition_of(CellValue::weight),
            .step = state.trace->step,
            .command = trace_command(state),
            .layer = layer,
            .expert = chosen.expert};
}

Number overlap_number(const AppState& state, int64_t token, int64_t layer) {
    const auto overlap = static_cast<double>(jaccard_of(*state.trace, token, layer));
    return {.label = "Jaccard of hops, " + place_of(state, token, layer),
            .value = overlap,
            .shown = rounded(overlap, 2),
            .definition =
                "|S \xE2\x88\xA9 S'| / |S \xE2\x88\xAA S'| of the expert sets of "
                "consecutive hops, mean over the hop pairs of this token [def:jaccard]",
            .step = state.trace->step,
            .command = trace_command(state)};
}

}  // namespace hopscope::app
