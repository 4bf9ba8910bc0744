#include "app/window/palette.h"

#include <algorithm>
#include <cmath>
#include <imgui.h>
#include <iterator>
#include <misc/cpp/imgui_stdlib.h>

#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr const char* kName = "Command palette";
constexpr float kWidth = 560, kListHeight = 330;

/// Title left, keys or the reason against it right, cut where they would meet.
void draw_row(const AppState& state, const ActionItem& item, ImVec2 at, float height) {
    const Theme& theme = state.theme();
    const float pad = 8 * state.pixel_scale;
    const std::string why = item.refusal();
    const bool allowed = why.empty();
    const ImVec2 title = ImGui::CalcTextSize(item.title.c_str());
    const float end = at.x + ImGui::GetContentRegionAvail().x - pad;
    const float least = at.x + pad + title.x + 2 * pad;
    const std::string right = fitted(allowed ? item.keys : why, std::max(0.0f, end - least));
    const float from = std::max(least, end - ImGui::CalcTextSize(right.c_str()).x);
    const float top = at.y + std::floor((height - title.y) * 0.5f);
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->AddText(ImVec2(at.x + pad, top), packed(allowed ? theme.text : theme.dim),
                  item.title.c_str());
    list->PushClipRect(ImVec2(from, at.y), ImVec2(end, at.y + height), true);
    list->AddText(ImVec2(from, top), packed(theme.dim), right.c_str());
    list->PopClipRect();
}

}  // namespace

void Palette::draw(AppState& state, std::span<const ActionItem> items) {
    if (opening_) {
        opening_ = false;
        query_.clear();
        selected_ = 0;
        ImGui::OpenPopup(kName);
    }
    const float s = state.pixel_scale;
    const ImGuiViewport* view = ImGui::GetMainViewport();
    const float width = std::min(kWidth * s, view->Size.x - 24 * s);
    ImGui::SetNextWindowPos(ImVec2(view->Pos.x + view->Size.x * 0.5f, view->Pos.y + 56 * s),
                            ImGuiCond_Always, ImVec2(0.5f, 0.0f));
    ImGui::SetNextWindowSize(ImVec2(width, 0));
    shown_ = ImGui::BeginPopup(kName, ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings);
    if (!shown_) return;
    if (ImGui::IsWindowAppearing()) ImGui::SetKeyboardFocusHere();
    ImGui::SetNextItemWidth(-1);
    const std::string before = query_;
    const bool entered = ImGui::InputTextWithHint("##query", "Search commands, or type one as JSON",
                                                  &query_, ImGuiInputTextFlags_EnterReturnsTrue);
    if (query_ != before) selected_ = 0;
    // ImGui's field takes the first Esc for itself, to give the keyboard back.
    if (ImGui::IsKeyPressed(ImGuiKey_Escape)) ImGui::CloseCurrentPopup();
    if (!query_.empty() && query_.front() == '{') {
        const ActionItem typed = typed_action(state, query_);
        draw_list(state, {&typed, 1}, entered);
    } else {
        std::vector<ActionItem> all(items.begin(), items.end());
        std::ranges::move(control_actions(state), std::back_inserter(all));
        draw_list(state, all, entered);
    }
    ImGui::EndPopup();
}

void Palette::draw_list(AppState& state, std::span<const ActionItem> items, bool entered) {
    const float s = state.pixel_scale;
    const bool typed = items.size() == 1 && items[0].id == "typed";
    const std::vector<Match> found = typed ? std::vector<Match>{{0, 0}} : search(items, query_);
    if (found.empty()) {
        note(state, "No command fits these letters.");
        return;
    }
    const size_t count = found.size();
    if (ImGui::IsKeyPressed(ImGuiKey_DownArrow)) selected_ = (selected_ + 1) % count;
    if (ImGui::IsKeyPressed(ImGuiKey_UpArrow)) selected_ = (selected_ + count - 1) % count;
    selected_ = std::min(selected_, count - 1);

    const ActionItem* chosen = entered ? &items[found[selected_].index] : nullptr;
    const float row = ImGui::GetTextLineHeight() + 8 * s;
    // It ends within the window, however large the scale.
    const ImGuiViewport* view = ImGui::GetMainViewport();
    const float left = view->Pos.y + view->Size.y - ImGui::GetCursorScreenPos().y -
                       ImGui::GetStyle().WindowPadding.y - 8 * s;
    const float height = std::max(
        2 * row, std::min({kListHeight * s, row * static_cast<float>(count) + 4 * s, left}));
    ImGui::BeginChild("items", ImVec2(0, height));
    for (size_t i = 0; i < count; ++i) {
        const ActionItem& item = items[found[i].index];
        ImGui::PushID(item.id.c_str());
        const ImVec2 at = ImGui::GetCursorScreenPos();
        const float row_height = row - ImGui::GetStyle().ItemSpacing.y + 4 * s;
        if (ImGui::Selectable("##item", i == selected_, 0, ImVec2(0, row_height))) chosen = &item;
        const std::string why = item.refusal();
        tooltip(why.empty() ? item.help : why);
        if (i == selected_ &&
            (ImGui::IsKeyPressed(ImGuiKey_DownArrow) || ImGui::IsKeyPressed(ImGuiKey_UpArrow)))
            ImGui::SetScrollHereY();
        draw_row(state, item, at, row_height);
        ImGui::PopID();
    }
    ImGui::EndChild();
    if (!chosen) return;
    if (chosen->refusal().empty()) {
        ImGui::CloseCurrentPopup();
        // What it does is seen on its panel.
        if (!chosen->panel_id.empty()) state.show_panel = chosen->panel_id;
    }
    act(state, *chosen, true);
}

}  // namespace hopscope::app
