#include "app/panels/trajectory/strip.h"

#include <algorithm>
#include <imgui.h>
#include <string>
#include <utility>

#include "app/panels/trajectory/cells.h"

namespace hopscope::app {

void TokenStrip::draw(AppState& state, const TraceView& view, const StripRoom& room) {
    const float s = state.pixel_scale;
    const ChipLayout chip = chip_layout(view, s);
    const float lead = static_cast<float>(room.lead) * chip.pitch;
    const int64_t places = std::max(room.total, room.lead + view.tokens);
    const float total = static_cast<float>(places) * chip.pitch;
    const float bar = ImGui::GetStyle().ScrollbarSize;
    const bool scrolls = total > ImGui::GetContentRegionAvail().x;
    ImGui::BeginChild("strip", ImVec2(0, chip.size.y + 4 * s + (scrolls ? bar : 0)),
                      ImGuiChildFlags_None,
                      ImGuiWindowFlags_HorizontalScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
    const ImGuiIO& io = ImGui::GetIO();
    if (ImGui::IsWindowHovered() && scrolls && io.MouseWheel != 0) turn(io.MouseWheel);
    scroll_ = ImGui::GetScrollX();
    if (turns_ != 0) ImGui::SetScrollX(scroll_ - std::exchange(turns_, 0.0f) * chip.pitch);
    const float seen = ImGui::GetWindowWidth();
    if (scroll_to_ >= 0) {
        const float left = lead + scroll_to_ * chip.pitch;
        if (left < scroll_) ImGui::SetScrollX(left);
        if (left + chip.size.x > scroll_ + seen) ImGui::SetScrollX(left + chip.pitch - seen);
        scroll_to_ = -1;
    }
    const ImVec2 origin = ImGui::GetCursorScreenPos();
    const int64_t before = static_cast<int64_t>((scroll_ - lead) / chip.pitch);
    const int64_t last = std::min<int64_t>(
        view.tokens, static_cast<int64_t>((scroll_ - lead + seen) / chip.pitch) + 1);
    for (int64_t t = std::max<int64_t>(0, before); t < last; ++t)
        draw_token(state, view, t, chip,
                   ImVec2(origin.x + lead + static_cast<float>(t) * chip.pitch, origin.y + 2 * s));
    ImGui::SetCursorScreenPos(origin);
    ImGui::Dummy(ImVec2(std::max(total - (chip.pitch - chip.size.x), 1.0f), chip.size.y));
    ImGui::EndChild();
}

void TokenStrip::draw_caption(const AppState& state, const TraceView& view) {
    std::string caption = "columns: layers 0\xE2\x80\x93" + std::to_string(view.layers - 1);
    if (view.hops > 1) caption += ", rows: hops 0\xE2\x80\x93" + std::to_string(view.hops - 1);
    caption += view.hops > 0 ? ", colour: place of the first expert" : ", no layer routes";
    if (view.halted) caption += ", hollow: halted";
    ImGui::TextColored(state.theme().dim, "%s", caption.c_str());
}

void TokenStrip::draw_token(AppState& state, const TraceView& view, int64_t token,
                            const ChipLayout& layout, ImVec2 at) {
    const Chip chip = {*state.trace, view, token, state.selection.prompt_tokens.count(token) != 0,
                       token == shown_token(state)};
    const ChipTouch touch = draw_chip(state, chip, layout, at);
    if (touch.pressed) select_token(state, token, ImGui::GetIO().KeyShift);
    if (!touch.hovered || !ImGui::BeginTooltip()) return;
    token_tooltip(state, *state.trace, token);
    if (touch.layer >= 0) cell_tooltip(state, *state.trace, token, touch.layer, touch.hop);
    ImGui::EndTooltip();
}

}  // namespace hopscope::app
