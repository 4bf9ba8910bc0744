#include "app/panels/model/card.h"

#include <cmath>
#include <imgui.h>

#include "app/panels/model/diagram.h"
#include "app/widgets/format.h"
#include "app/widgets/marks.h"
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
    const auto row = [&](const char* name, const std::string& why, double parameters, double flops,
                         const std::string& gradient) {
        number_row(state, name, why);
        number_cell(state, with_thousands(std::llround(parameters)));
        number_cell(state, percent(parameters / all, 1));
        number_cell(state, flops > 0 ? in_units(flops) : kNothing);
        number_cell(state, flops > 0 ? percent(flops / counts.flops.total, 1) : kNothing);
        number_cell(state, gradient);
    };
    for (const ModelGroup& group : groups_of(counts))
        row(group.name.c_str(), group.help, static_cast<double>(group.parameters), group.flops,
            gradient_text(state, group.gradient));
    row("all", "", all, counts.flops.total, gradient_text(state, &History::grad_norm));
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
    const bool back = ImGui::SmallButton("Whole model");
    tooltip("Shows the groups of the whole model again");
    note(state, part.help);
    const auto all = static_cast<double>(sheet.counts.parameters.total);
    value_row(state, "parameters",
              with_thousands(part.parameters) + "   " +
                  percent(static_cast<double>(part.parameters) / all, 1) + " of all");
    if (part.flops > 0)
        value_row(state, "FLOPs a token",
                  in_units(part.flops) + "   " + percent(part.flops / sheet.counts.flops.total, 1) +
                      " of all",
                  "A forward pass; a multiply-add counts 2");
    if (part.gradient)
        value_row(state, (std::string("gradient norm, ") + part.group).c_str(),
                  gradient_text(state, part.gradient),
                  "Before clipping, newest update; a norm is recorded for each group, not for each "
                  "layer");
    if (state.trace) {
        const LayerNorms norms = norms_of(*state.trace);
        if (const double added = added_by(part, norms); std::isfinite(added))
            value_row(state, "adds to the stream", significant(added, 3),
                      "Length of what it adds, mean of the " + std::to_string(norms.tokens) +
                          " tokens of the traced prompt, step " + with_thousands(norms.step));
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
