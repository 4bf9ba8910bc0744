#include "app/panels/experts/words_line.h"

#include <algorithm>
#include <cmath>
#include <imgui_internal.h>

#include "app/widgets/fonts.h"

namespace hopscope::app {
namespace {

constexpr float kLoadRange = 3;  ///< powers of two on each side of the uniform load

std::string rest_text(size_t count) {
    return "\xE2\x80\xA6 +" + std::to_string(count);
}

}  // namespace

size_t draw_words(const AppState& state, ImVec2 at, float width,
                  const std::vector<std::string>& words, ImU32 color) {
    const float gap = 9 * state.pixel_scale;
    ImDrawList* list = ImGui::GetWindowDrawList();
    float x = 0;
    size_t drawn = 0;
    for (; drawn < words.size(); ++drawn) {
        const std::string word = displayable(words[drawn], state.fonts.text);
        const float needed = ImGui::CalcTextSize(word.c_str()).x;
        const size_t left = words.size() - drawn - 1;
        const float rest = left > 0 ? gap + ImGui::CalcTextSize(rest_text(left).c_str()).x : 0;
        if (x + needed + rest > width) {
            if (drawn > 0) break;
            // Not even one: cut, so that something stands there.
            const ImVec2 size = ImGui::CalcTextSize(word.c_str());
            ImGui::PushStyleColor(ImGuiCol_Text, color);
            ImGui::RenderTextEllipsis(list, at, ImVec2(at.x + width, at.y + size.y), at.x + width,
                                      word.c_str(), nullptr, &size);
            ImGui::PopStyleColor();
            return 0;
        }
        list->AddText(ImVec2(at.x + x, at.y), color, word.c_str());
        x += needed + gap;
    }
    if (drawn < words.size())
        list->AddText(ImVec2(at.x + x, at.y), packed(state.theme().dim),
                      rest_text(words.size() - drawn).c_str());
    return drawn;
}

void share_bar(const AppState& state, ImVec2 at, ImVec2 size, double share, ImU32 color) {
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float round = size.y / 2;
    list->AddRectFilled(at, ImVec2(at.x + size.x, at.y + size.y), packed(state.theme().raised),
                        round);
    if (!(share > 0)) return;
    const float part = size.x * static_cast<float>(std::min(share, 1.0));
    list->AddRectFilled(at, ImVec2(at.x + std::max(part, size.y), at.y + size.y), color, round);
}

void load_bar(const AppState& state, ImVec2 at, ImVec2 size, double load) {
    const Theme& theme = state.theme();
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->AddRectFilled(at, ImVec2(at.x + size.x, at.y + size.y), packed(theme.raised), size.y / 2);
    const float middle = std::floor(at.x + size.x / 2);
    if (load > 0) {
        const float side =
            std::clamp(static_cast<float>(std::log2(load)) / kLoadRange, -1.0f, 1.0f);
        const float end = middle + side * size.x / 2;
        list->AddRectFilled(ImVec2(std::min(middle, end), at.y),
                            ImVec2(std::max(middle, end), at.y + size.y),
                            packed(side < 0 ? faded(theme.dim, 0.75f) : theme.text), size.y / 2);
    }
    const float over = 3 * state.pixel_scale;
    list->AddLine(ImVec2(middle, at.y - over), ImVec2(middle, at.y + size.y + over),
                  packed(theme.dim), state.pixel_scale);
}

void expert_mark(const AppState& state, bool dead, bool hub) {
    if (!dead && !hub) return;
    const float s = state.pixel_scale, line = ImGui::GetTextLineHeight(), r = 4.5f * s;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const ImVec2 middle(at.x + r + s, at.y + line / 2);
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImU32 ink = packed(dead ? state.theme().dim : state.theme().text);
    list->AddCircle(middle, r, ink, 0, 1.3f * s);
    if (dead)
        list->AddLine(ImVec2(middle.x - 0.7f * r, middle.y + 0.7f * r),
                      ImVec2(middle.x + 0.7f * r, middle.y - 0.7f * r), ink, 1.3f * s);
    else
        list->AddCircleFilled(middle, 2 * s, ink);
    ImGui::Dummy(ImVec2(2 * r + 2 * s, line));
    ImGui::SameLine(0, 4 * s);
    ImGui::PushStyleColor(ImGuiCol_Text, ink);
    ImGui::TextUnformatted(dead ? "dead" : "hub");
    ImGui::PopStyleColor();
}

ImU32 expert_ink(const AppState& state, int64_t layer, int64_t expert) {
    return viz::packed(state.places.expert_color(layer, expert, state.theme().dark));
}

void expert_swatch(const AppState& state, int64_t layer, int64_t expert, bool dead) {
    const float s = state.pixel_scale, height = ImGui::GetTextLineHeight(), side = 10 * s;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    ImGui::Dummy(ImVec2(side, height));
    const ImVec2 low(at.x, std::floor(at.y + (height - side) / 2));
    const ImVec2 high(low.x + side, low.y + side);
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImU32 ink = expert_ink(state, layer, expert);
    if (dead)
        list->AddRect(ImVec2(low.x + s, low.y + s), ImVec2(high.x - s, high.y - s), ink, 2 * s, 0,
                      1.5f * s);
    else
        list->AddRectFilled(low, high, ink, 2.5f * s);
    ImGui::SameLine(0, 6 * s);
}

}  // namespace hopscope::app
