#include "app/panels/halting/classes.h"

#include <algorithm>
#include <cmath>
#include <imgui.h>

#include "app/panels/trajectory/depth.h"
#include "app/widgets/format.h"
#include "app/widgets/number.h"
#include "app/widgets/number_table.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

/// With its interval, which the tokens of a single sequence do not give.
std::string depth_text(const core::ClassDepth& one, int digits) {
    const std::string mean = rounded(one.mean_hops, digits);
    if (!std::isfinite(one.low)) return mean;
    return mean + " [" + rounded(one.low, digits) + ", " + rounded(one.high, digits) + "]";
}

Number number_of(const core::ClassDepth& one, const std::string& command, int64_t step) {
    Number out = {.label = "hops of " + class_name(one),
                  .value = one.mean_hops,
                  .definition =
                      "Mean hops of a (token, layer) pair of validation, interval by "
                      "bootstrap over sequences",
                  .low = one.low,
                  .high = one.high,
                  .n = one.tokens,
                  .over = "tokens",
                  .step = step,
                  .command = command};
    if (one.name.starts_with("class:"))
        out.definition += "\nA class that the generated text itself labels.";
    for (size_t l = 0; l < one.layers.size(); ++l)
        out.definition += "\nlayer " + std::to_string(l) + ": " + rounded(one.layers[l], 3);
    return out;
}

}  // namespace

void ClassTable::draw(AppState& state, const core::HaltingRow& row, const std::string& command,
                      int64_t step, int64_t most, float height) {
    const float s = state.pixel_scale;
    const float bar = std::clamp(ImGui::GetContentRegionAvail().x - 330 * s, 40 * s, 90 * s);
    constexpr ImGuiTableFlags kFlags = ImGuiTableFlags_ScrollY | ImGuiTableFlags_Sortable |
                                       ImGuiTableFlags_SizingFixedFit |
                                       ImGuiTableFlags_NoSavedSettings;
    if (!ImGui::BeginTable("classes", 4, kFlags, ImVec2(0, height))) return;
    ImGui::TableSetupScrollFreeze(0, 1);
    ImGui::TableSetupColumn("class", ImGuiTableColumnFlags_WidthStretch, 1,
                            static_cast<ImGuiID>(ClassOrder::name));
    ImGui::TableSetupColumn("n", ImGuiTableColumnFlags_PreferSortDescending, 0,
                            static_cast<ImGuiID>(ClassOrder::tokens));
    ImGui::TableSetupColumn("hops [95 %]", ImGuiTableColumnFlags_DefaultSort, 0,
                            static_cast<ImGuiID>(ClassOrder::hops));
    ImGui::TableSetupColumn("##bar",
                            ImGuiTableColumnFlags_NoSort | ImGuiTableColumnFlags_WidthFixed, bar);
    ImGui::PushStyleColor(ImGuiCol_Text, state.theme().dim);
    ImGui::TableHeadersRow();
    ImGui::PopStyleColor();
    if (ImGuiTableSortSpecs* sort = ImGui::TableGetSortSpecs(); sort && sort->SpecsCount > 0) {
        by_ = static_cast<ClassOrder>(sort->Specs[0].ColumnUserID);
        falling_ = sort->Specs[0].SortDirection == ImGuiSortDirection_Descending;
    }
    for (const size_t i : class_order(row, by_, falling_))
        draw_row(state, row.classes[i], command, step, most);
    ImGui::EndTable();
}

void ClassTable::draw_row(const AppState& state, const core::ClassDepth& one,
                          const std::string& command, int64_t step, int64_t most) const {
    const float s = state.pixel_scale;
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    const std::string name = class_name(one);
    ImGui::PushID(one.name.c_str());
    ImGui::Selectable(name.c_str(), false, ImGuiSelectableFlags_SpanAllColumns);
    explain_when_asked(state, [&] { return number_of(one, command, step); });
    ImGui::PopID();
    number_cell(state, with_thousands(one.tokens));
    number_cell(state, depth_text(one, 2));
    ImGui::TableNextColumn();
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x, line = ImGui::GetTextLineHeight();
    const auto x = [&](double hops) {
        return at.x +
               width * static_cast<float>(std::clamp(hops / static_cast<double>(most), 0.0, 1.0));
    };
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float middle = at.y + line / 2;
    list->AddRectFilled(ImVec2(at.x, middle - 3 * s), ImVec2(x(one.mean_hops), middle + 3 * s),
                        viz::packed(depth_color(static_cast<float>(one.mean_hops),
                                                static_cast<int32_t>(most), state.theme().dark)),
                        2 * s);
    if (std::isfinite(one.low))
        list->AddLine(ImVec2(x(one.low), middle), ImVec2(x(one.high), middle),
                      packed(state.theme().text), 1.4f * s);
    ImGui::Dummy(ImVec2(width, line));
}

}  // namespace hopscope::app
