#include "app/window/top_bar.h"

#include <algorithm>
#include <cmath>
#include <imgui.h>

#include "app/state/keys.h"
#include "app/widgets/format.h"
#include "app/widgets/widgets.h"
#include "app/window/actions.h"
#include "app/window/menu_bar.h"

namespace hopscope::app {
namespace {

constexpr float kLayoutWidth = 88;  ///< of a layout's button, unscaled pixels
constexpr const char* kNoRun = "no run";

struct StateLook {
    const char* word;
    ImVec4 color;
    bool filled;
};

StateLook look_of(const AppState& state) {
    const Theme& t = state.theme();
    if (!state.session) return {kNoRun, t.chrome_dim, false};
    switch (state.status.state) {
        case core::RunState::idle:
            return {"idle", t.chrome_dim, false};
        case core::RunState::preparing:
            return {"preparing", t.accent, false};
        case core::RunState::running:
            return {"training", t.green, true};
        case core::RunState::paused:
            return {"paused", t.chrome_dim, true};
        case core::RunState::stopping:
            return {"finishing step", t.accent, false};
        case core::RunState::stopped:
            return {"stopped", t.chrome_dim, true};
        case core::RunState::done:
            return {"done", t.accent, true};
        case core::RunState::failed:
            return {"failed", t.red, true};
        case core::RunState::imported:
            return {"imported", t.accent, false};
    }
    return {"", t.dim, false};
}

/// Where the run's state begins at the right end of the bar, with its dot.
struct StatePlace {
    float step_right, word_left, left;
};
StatePlace state_place(const AppState& state, const std::string& step) {
    const float s = state.pixel_scale;
    StatePlace place;
    place.step_right = ImGui::GetWindowWidth() - 14 * s;
    // Room for the longest word, so that nothing shifts while a run goes on.
    const float step_width = std::max(56 * s, text_width(state.fonts.mono, kMonoSize, step));
    const float room = step_width + ImGui::CalcTextSize("finishing step").x + 12 * s;
    place.word_left = place.step_right - (state.session ? room : ImGui::CalcTextSize(kNoRun).x);
    place.left = place.word_left - 24 * s;
    return place;
}

std::string step_text(const AppState& state) {
    return state.session ? with_thousands(state.status.step) : "";
}

/// The layouts as a list, where there is no room for buttons.
void draw_layout_list(AppState& state, std::span<const ActionItem> actions, Layout present,
                      ImVec2 at, float width) {
    ImGui::SetCursorPos(at);
    ImGui::SetNextItemWidth(width);
    const std::string shown = std::string(name_of(present)) + " \xE2\x96\xBE";
    const bool open = ImGui::BeginCombo("##layout", shown.c_str(), ImGuiComboFlags_NoArrowButton);
    for (Layout layout : kLayouts)
        if (!open) state.spots.note_item(layout_action(layout));
    if (!open) return;
    for (Layout layout : kLayouts)
        if (ImGui::Selectable(name_of(layout), layout == present))
            if (const ActionItem* action = find_action(actions, layout_action(layout)))
                act(state, *action);
    ImGui::EndCombo();
}

void draw_layout_buttons(AppState& state, std::span<const ActionItem> actions, Layout present,
                         float bar_height) {
    const float s = state.pixel_scale, gap = 6 * s;
    constexpr auto kCount = static_cast<float>(std::size(kLayouts));
    const float begin = ImGui::GetItemRectMax().x - ImGui::GetWindowPos().x + 24 * s;
    const float room = state_place(state, step_text(state)).left - begin;
    const float width = std::min(kLayoutWidth * s, (room - gap * (kCount - 1)) / kCount);
    const float total = width * kCount + gap * (kCount - 1);
    const float from =
        std::max(begin, std::min((ImGui::GetWindowWidth() - total) * 0.5f, begin + room - total));
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(8 * s, 5 * s));
    const float top = std::floor((bar_height - ImGui::GetFrameHeight()) * 0.5f);
    if (width < 70 * s) {
        if (room > 40 * s)
            draw_layout_list(state, actions, present, ImVec2(begin, top),
                             std::min(room, kLayoutWidth * s));
        return ImGui::PopStyleVar();
    }
    for (Layout layout : kLayouts) {
        ImGui::SetCursorPos(ImVec2(from + static_cast<float>(layout) * (width + gap), top));
        if (const ActionItem* action = find_action(actions, layout_action(layout)))
            action_button(state, *action, name_of(layout), width, layout == present);
        state.spots.note_item(layout_action(layout));
    }
    ImGui::PopStyleVar();
}

/// `menus_end`: right end of the menus.
void draw_state(AppState& state, std::span<const ActionItem> actions, float bar_height,
                float menus_end) {
    const Theme& theme = state.theme();
    const float s = state.pixel_scale;
    const ImVec2 origin = ImGui::GetWindowPos();
    const StateLook look = look_of(state);
    const float text_top = std::floor((bar_height - ImGui::GetTextLineHeight()) * 0.5f);

    // Right to left: step, word, dot, search field.
    const std::string step = step_text(state);
    const StatePlace place = state_place(state, step);
    ImGui::PushFont(state.fonts.mono, kMonoSize);
    ImGui::SetCursorPos(ImVec2(place.step_right - ImGui::CalcTextSize(step.c_str()).x, text_top));
    ImGui::TextUnformatted(step.c_str());
    ImGui::PopFont();
    if (state.session) tooltip("Updates done so far");

    const float word_left = place.word_left;
    ImGui::SetCursorPos(ImVec2(word_left, text_top));
    ImGui::TextUnformatted(look.word);
    if (!state.status.followed.empty())
        tooltip(state.status.followed);
    else if (state.status.state == core::RunState::failed)
        tooltip(state.status.reason);
    const ImVec2 dot(origin.x + word_left - 12 * s, origin.y + bar_height * 0.5f);
    ImDrawList* list = ImGui::GetWindowDrawList();
    if (look.filled)
        list->AddCircleFilled(dot, 4.5f * s, packed(look.color));
    else
        list->AddCircle(dot, 4 * s, packed(look.color), 0, 1.5f * s);

    const ActionItem* palette = find_action(actions, "palette");
    // Half of the layout buttons' width, with a gap; without a run there are none.
    constexpr float kButtons = static_cast<float>(std::size(kLayouts)) * (kLayoutWidth + 6);
    const float used = state.session ? ImGui::GetWindowWidth() * 0.5f + (kButtons * 0.5f + 17) * s
                                     : menus_end + 24 * s;
    const float field = std::min(220 * s, word_left - 36 * s - used);
    if (field < 90 * s || !palette) return;
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(12 * s, 5 * s));
    ImGui::PushStyleVar(ImGuiStyleVar_ButtonTextAlign, ImVec2(0, 0.5f));
    ImGui::PushStyleColor(ImGuiCol_Text, theme.chrome_dim);
    ImGui::SetCursorPos(ImVec2(word_left - 36 * s - field,
                               std::floor((bar_height - ImGui::GetFrameHeight()) * 0.5f)));
    const bool wide = field > 170 * s;
    if (ImGui::Button(wide ? "Search commands###search" : "Search###search", ImVec2(field, 0)))
        palette->run();
    const ImVec2 end = ImGui::GetItemRectMax(), start = ImGui::GetItemRectMin();
    std::string keys = palette->keys;
    std::replace(keys.begin(), keys.end(), '+', ' ');
    const ImVec2 key = ImGui::CalcTextSize(keys.c_str());
    if (wide)
        list->AddText(ImVec2(end.x - key.x - 12 * s, std::floor((start.y + end.y - key.y) * 0.5f)),
                      packed(theme.chrome_dim), keys.c_str());
    ImGui::PopStyleColor();
    ImGui::PopStyleVar(2);
    tooltip(with_keys(palette->help, palette->keys));
}

}  // namespace

void draw_top_bar(AppState& state, std::span<const ActionItem> actions, Layout layout,
                  float height) {
    const Theme& theme = state.theme();
    const float s = state.pixel_scale;
    ImGui::PushStyleColor(ImGuiCol_ChildBg, theme.background);
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(8 * s, 6 * s));
    ImGui::BeginChild("top bar", ImVec2(0, height), ImGuiChildFlags_None,
                      ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
    const float text_top = std::floor((height - ImGui::GetTextLineHeight()) * 0.5f);
    ImGui::SetCursorPos(ImVec2(12 * s, text_top));
    ImGui::PushFont(state.fonts.title, kTextSize);
    ImGui::TextUnformatted("hopscope");
    ImGui::PopFont();
    const float menus_from = ImGui::GetItemRectMax().x - ImGui::GetWindowPos().x + 24 * s;
    ImGui::PushStyleColor(ImGuiCol_Text, theme.chrome_dim);
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(8 * s, 4 * s));
    ImGui::SetCursorPos(ImVec2(menus_from, std::floor((height - ImGui::GetFrameHeight()) * 0.5f)));
    draw_menu_bar(state, actions);
    ImGui::PopStyleVar();
    ImGui::PopStyleColor();
    const float menus_end = ImGui::GetItemRectMax().x - ImGui::GetWindowPos().x;
    if (state.session) draw_layout_buttons(state, actions, layout, height);
    draw_state(state, actions, height, menus_end);
    ImGui::PopStyleVar();  // before the end, which adds the spacing of the window behind
    ImGui::EndChild();
    ImGui::PopStyleColor();
}

}  // namespace hopscope::app
