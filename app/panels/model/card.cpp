#include "app/panels/model/card.h"

#include <cmath>
#include <imgui.h>
#include <utility>

#include "app/panels/model/diagram.h"
#include "app/widgets/format.h"
#include "app/widgets/marks.h"
#include "app/widgets/number.h"
#include "app/widgets/number_table.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

std::string gradient_text(const AppState& state, std::vector<double> History::*gradient) {
    const double value = newest(state.history, gradient);
    return std::isfinite(value) ? significant(value, 3) : kNothing;
}

}  // namespace

void draw_whole_model(const AppState& state, const core::ModelCounts& counts) {
    heading(state, "Whole model");
    constexpr NumberColumn kColumns[] = {
        {"parameters", "Numbers that the tensors of the group hold"},
        {"share", "Of all parameters"},
        {"FLOPs a token", "A forward pass; a multiply-add counts 2"},
        {"share", "Of all operations"},
        {"gradient", "Norm of the gradient before clipping, newest update"}};
    if (!begin_number_table(state, "groups", "group", kColumns)) return;
    const auto all = static_cast<double>(counts.parameters.total);
    const std::string info = run_command(state, "info", "--json");
    const std::string curves = panel_command(state, "curves", -1);
    const auto counted = [&](double value, std::string shown) {
        return Number{.value = value, .shown = std::move(shown), .command = info};
    };
    const auto row = [&](const char* name, const std::string& why, double parameters, double flops,
                         auto gradient) {
        number_row(state, name, why);
        const double share = parameters / all, of_flops = flops / counts.flops.total;
        const Number numbers[] = {counted(parameters, with_thousands(std::llround(parameters))),
                                  counted(share, percent(share, 1)),
                                  counted(flops, flops > 0 ? in_units(flops) : kNothing),
                                  counted(of_flops, flops > 0 ? percent(of_flops, 1) : kNothing),
                                  {.value = newest(state.history, gradient),
                                   .shown = gradient_text(state, gradient),
                                   .command = curves}};
        number_cells(state, name, kColumns, numbers);
    };
    for (const ModelGroup& group : groups_of(counts))
        row(group.name.c_str(), group.help, static_cast<double>(group.parameters), group.flops,
            group.gradient);
    row("all", "", all, counts.flops.total, &History::grad_norm);
    ImGui::EndTable();
    note(state,
         "Press a part of the diagram to see its tensors; a block is opened, and its layer "
         "selected in all panels.");
}

bool draw_part(const AppState& state, const ModelPart& part, const core::ModelSheet& sheet) {
    const float s = state.pixel_scale;
    const std::string where = part.id == "block" || part.layer < 0
                                  ? std::string()
                                  : ", layer " + std::to_string(part.layer);
    heading(state, (part.title + where).c_str());
    ImGui::SameLine(0, 12 * s);
    by_name(state, "Whole model");
    const bool back = ImGui::SmallButton("Whole model");
    tooltip("Shows the groups of the whole model again");
    note(state, part.help);
    const std::string info = run_command(state, "info", "--json");
    const auto all = static_cast<double>(sheet.counts.parameters.total);
    const auto parameters = static_cast<double>(part.parameters);
    value_row(state, {.label = "parameters",
                      .value = parameters,
                      .shown = with_thousands(part.parameters) + "   " +
                               percent(parameters / all, 1) + " of all",
                      .definition = "Numbers in its tensors",
                      .command = info});
    if (part.flops > 0)
        value_row(state, {.label = "FLOPs a token",
                          .value = part.flops,
                          .shown = in_units(part.flops) + "   " +
                                   percent(part.flops / sheet.counts.flops.total, 1) + " of all",
                          .definition = "A forward pass; a multiply-add counts 2",
                          .command = info});
    if (part.gradient)
        value_row(state, {.label = std::string("gradient norm, ") + part.group,
                          .value = newest(state.history, part.gradient),
                          .shown = gradient_text(state, part.gradient),
                          .definition = "Before clipping, newest update; a norm is recorded for "
                                        "each group, not for each layer",
                          .command = panel_command(state, "curves", -1)});
    if (state.trace) {
        const LayerNorms norms = norms_of(*state.trace);
        if (const double added = added_by(part, norms); std::isfinite(added))
            value_row(state, {.label = "adds to the stream",
                              .value = added,
                              .shown = significant(added, 3),
                              .definition = "Length of what it adds, mean of the tokens of the "
                                            "traced prompt",
                              .n = norms.tokens,
                              .over = "tokens",
                              .step = norms.step,
                              .command = analysis_command(state, "norms")});
    }
    if (part.tensors.empty()) {
        note(state, "It has no tensors of its own.");
        return back;
    }
    ImGui::Dummy(ImVec2(0, 4 * s));
    constexpr NumberColumn kColumns[] = {{"shape"}, {"numbers"}, {"learned"}};
    if (!begin_number_table(state, "tensors", "tensor", kColumns)) return back;
    for (const size_t i : part.tensors) {
        const core::TensorEntry& tensor = sheet.tensors[i];
        number_row(state, tensor.name);
        number_cell(state, shape_words(tensor.shape));
        number_cell(state, with_thousands(tensor.elements));
        number_cell(state, tensor.learns ? "yes" : "no",
                    tensor.learns ? ""
                                  : "No gradient reaches it: it is fixed, moved by counting, "
                                    "or nothing reads it");
    }
    ImGui::EndTable();
    return back;
}

}  // namespace hopscope::app
