#include "app/widgets/widgets.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <imgui_internal.h>
#include <utility>

#include "app/state/keys.h"
#include "app/widgets/fonts.h"
#include "app/widgets/format.h"

namespace hopscope::app {
namespace {

constexpr float kQuestionWidth = 19;  ///< least width of a question, in heights of its text

void wrapped(const std::string& text, ImVec4 color) {
    ImGui::PushStyleColor(ImGuiCol_Text, color);
    ImGui::PushTextWrapPos(0.0f);
    ImGui::TextUnformatted(text.c_str());
    ImGui::PopTextWrapPos();
    ImGui::PopStyleColor();
}

}  // namespace

bool begin_question(const char* name) {
    ImGui::SetNextWindowPos(ImGui::GetMainViewport()->GetCenter(), ImGuiCond_Always,
                            ImVec2(0.5f, 0.5f));
    // Notes wrap at its right edge: without a least width the first frame wraps them at every word,
    // and the second shows a box as high as the window.
    const float width = kQuestionWidth * ImGui::GetFontSize();
    ImGui::SetNextWindowSizeConstraints(ImVec2(width, 0), ImVec2(FLT_MAX, FLT_MAX));
    return ImGui::BeginPopupModal(name, nullptr,
                                  ImGuiWindowFlags_AlwaysAutoResize | ImGuiWindowFlags_NoMove |
                                      ImGuiWindowFlags_NoSavedSettings);
}

bool cancel_button(const AppState& state, float width) {
    return button(state, "Cancel", nullptr, nullptr, width) || ImGui::IsKeyPressed(ImGuiKey_Escape);
}

void tooltip(const std::string& text) {
    if (text.empty() ||
        !ImGui::IsItemHovered(ImGuiHoveredFlags_ForTooltip | ImGuiHoveredFlags_AllowWhenDisabled))
        return;
    if (!ImGui::BeginTooltip()) return;
    ImGui::PushTextWrapPos(ImGui::GetFontSize() * 24.0f);
    ImGui::TextUnformatted(text.c_str());
    ImGui::PopTextWrapPos();
    ImGui::EndTooltip();
}

float button_width(const char* label) {
    return ImGui::CalcTextSize(label, nullptr, /*hide_text_after_double_hash=*/true).x +
           2 * ImGui::GetStyle().FramePadding.x;
}

void flow(float width, float gap) {
    if (gap < 0) gap = 1.5f * ImGui::GetStyle().ItemSpacing.x;
    const float right = ImGui::GetWindowPos().x + ImGui::GetWindowContentRegionMax().x;
    if (ImGui::GetItemRectMax().x + gap + width <= right) ImGui::SameLine(0, gap);
}

namespace {

/// The longest that `cut` makes of the text in this width.
std::string longest(const std::string& text, float width,
                    std::string (*cut)(const std::string&, size_t)) {
    size_t fits = 3, too_long = text.size();
    while (fits + 1 < too_long) {
        const size_t length = (fits + too_long) / 2;
        const bool wide = ImGui::CalcTextSize(cut(text, length).c_str()).x > width;
        (wide ? too_long : fits) = length;
    }
    return cut(text, fits);
}

}  // namespace

std::string fitted(const std::string& text, float width) {
    if (ImGui::CalcTextSize(text.c_str()).x <= width) return text;
    return longest(text, width, shortened_in_middle);
}

std::string fitted_among(const std::string& name, const std::vector<std::string>& all,
                         float width) {
    if (ImGui::CalcTextSize(name.c_str()).x <= width) return name;
    const std::string cut = longest(name, width, shortened);
    const auto same = std::ranges::mismatch(cut, name).in1 - cut.begin();
    const std::string_view left(cut.data(), static_cast<size_t>(same));
    const auto begins = std::ranges::count_if(
        all, [&](const std::string& other) { return other.starts_with(left); });
    return begins <= 1 ? cut : fitted(name, width);
}

float text_width(ImFont* font, float size, const std::string& text) {
    ImGui::PushFont(font, size);
    const float width = ImGui::CalcTextSize(text.c_str()).x;
    ImGui::PopFont();
    return width;
}

void heading(const AppState& state, const char* text) {
    ImGui::Dummy(ImVec2(0, 4 * state.pixel_scale));
    ImGui::PushFont(state.fonts.title, kTitleSize);
    ImGui::TextUnformatted(text);
    ImGui::PopFont();
}

void value_row(const AppState& state, const char* label, const std::string& value,
               const std::string& why) {
    const float left = ImGui::GetCursorPosX();
    const float right = left + ImGui::GetContentRegionAvail().x;
    ImGui::BeginGroup();
    ImGui::TextColored(state.theme().dim, "%s", label);
    const float label_end = left + ImGui::CalcTextSize(label).x + 8 * state.pixel_scale;
    ImGui::PushFont(state.fonts.mono, kMonoSize);
    const float width = ImGui::CalcTextSize(value.c_str()).x;
    ImGui::SameLine();
    ImGui::SetCursorPosX(std::max(label_end, right - width));
    ImGui::TextUnformatted(value.c_str());
    ImGui::PopFont();
    ImGui::EndGroup();
    tooltip(why);
}

void text_cut(const AppState&, const std::string& text, const ImVec4& color) {
    const float width = ImGui::GetContentRegionAvail().x;
    const ImVec2 size = ImGui::CalcTextSize(text.c_str());
    const ImVec2 at = ImGui::GetCursorScreenPos();
    ImGui::PushStyleColor(ImGuiCol_Text, color);
    ImGui::Dummy(ImVec2(std::min(size.x, width), size.y));
    ImGui::RenderTextEllipsis(ImGui::GetWindowDrawList(), at, ImVec2(at.x + width, at.y + size.y),
                              at.x + width, text.c_str(), nullptr, &size);
    ImGui::PopStyleColor();
    if (size.x > width) tooltip(text);
}

void note(const AppState& state, const std::string& text) {
    wrapped(text, state.theme().dim);
}

void problem_text(const AppState& state, const std::string& text) {
    wrapped(text, state.theme().red_text);
}

void draw_missing_font(const AppState& state, const std::string& text) {
    if (const std::string why = missing_font(text, state.fonts.text); !why.empty())
        note(state, why);
}

namespace {

bool draw_button(const AppState& state, const char* label, const char* refusal, const char* help,
                 float width, bool selected) {
    const Theme& theme = state.theme();
    if (selected) {
        ImGui::PushStyleColor(ImGuiCol_Button, selected_fill(theme));
        ImGui::PushStyleColor(ImGuiCol_ButtonHovered, mixed(theme.panel, theme.accent, 0.3f));
        ImGui::PushStyleColor(ImGuiCol_Text, theme.accent_text);
    }
    // What is chosen already stays bright though it cannot be pressed again.
    const float alpha = selected ? 1.0f : ImGui::GetStyle().DisabledAlpha;
    ImGui::PushStyleVar(ImGuiStyleVar_DisabledAlpha, alpha);
    ImGui::BeginDisabled(refusal != nullptr);
    const bool pressed = ImGui::Button(label, ImVec2(width, 0));
    ImGui::EndDisabled();
    ImGui::PopStyleVar();
    if (selected) ImGui::PopStyleColor(3);
    if (pressed) return true;  // without its hint, which would lie over a picture being exported
    if (refusal)
        tooltip(refusal);
    else if (help)
        tooltip(help);
    return pressed;
}

}  // namespace

void by_name(const AppState& state, const char* label, const std::string& name,
             const std::string& help, const std::string& refusal) {
    Controls& controls = state.drawn->controls;
    if (controls.listens()) controls.note(label, name.empty() ? label : name, help, refusal);
}

NameScope::NameScope(const AppState& state, std::string prefix) : controls_(state.drawn->controls) {
    controls_.set_prefix(std::move(prefix));
}

NameScope::~NameScope() {
    controls_.set_prefix({});
}

bool button(const AppState& state, const char* label, const char* refusal, const char* help,
            float width, bool selected) {
    if (state.drawn->controls.listens())
        by_name(state, label, {}, help ? help : "", refusal ? refusal : "");
    return draw_button(state, label, refusal, help, width, selected);
}

bool action_button(AppState& state, const ActionItem& action, const char* label, float width,
                   bool selected) {
    const std::string why = action.refusal(), help = with_keys(action.help, action.keys);
    Controls& controls = state.drawn->controls;
    if (controls.listens()) controls.note(label, action.title, help, why, /*listed=*/false);
    const bool pressed = draw_button(state, label, why.empty() ? nullptr : why.c_str(),
                                     help.c_str(), width, selected);
    if (pressed) act(state, action);
    return pressed;
}

void progress_line(AppState& state, double share) {
    const Theme& theme = state.theme();
    const float s = state.pixel_scale, height = kProgressHeight * s;
    const float width = ImGui::GetContentRegionAvail().x;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    ImGui::Dummy(ImVec2(width, height));
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->AddRectFilled(at, ImVec2(at.x + width, at.y + height), packed(theme.raised), height / 2);
    float from = 0, to = static_cast<float>(std::clamp(share, 0.0, 1.0));
    if (share < 0) {
        const double turn = std::fmod(state.now * 0.5, 1.0);
        from = state.settings.animations ? static_cast<float>(turn) * 0.75f : 0.375f;
        to = from + 0.25f;
        if (state.settings.animations) state.keep_drawing(1);
    }
    if (to > from)
        list->AddRectFilled(ImVec2(at.x + width * from, at.y),
                            ImVec2(at.x + width * to, at.y + height), packed(theme.accent),
                            height / 2);
}

bool empty_state(const AppState& state, const char* title, const char* text, const char* action) {
    const ImVec2 area = ImGui::GetContentRegionAvail();
    const float s = state.pixel_scale;
    const float wrap = std::min(area.x, 340 * s);
    const ImVec2 text_size = ImGui::CalcTextSize(text, nullptr, false, wrap);
    const ImVec2 title_size = ImGui::CalcTextSize(title, nullptr, false, area.x);
    const float line = title_size.y;
    const float height =
        line + 6 * s + text_size.y + (action ? 16 * s + ImGui::GetFrameHeight() : 0);
    const ImVec2 start = ImGui::GetCursorPos();
    const float top = start.y + std::max(0.0f, (area.y - height) * 0.5f);
    const auto center = [&](float width) {
        return start.x + std::max(0.0f, (area.x - width) * 0.5f);
    };
    ImGui::SetCursorPos(ImVec2(center(title_size.x), top));
    ImGui::PushTextWrapPos(start.x + area.x);
    ImGui::TextUnformatted(title);
    ImGui::PopTextWrapPos();
    ImGui::SetCursorPos(ImVec2(center(text_size.x), top + line + 6 * s));
    ImGui::PushTextWrapPos(ImGui::GetCursorPosX() + wrap);
    ImGui::TextColored(state.theme().dim, "%s", text);
    ImGui::PopTextWrapPos();
    if (!action) return false;
    const float width = button_width(action) + 16 * s;
    ImGui::SetCursorPos(ImVec2(center(width), top + line + 22 * s + text_size.y));
    return button(state, action, nullptr, nullptr, width, true);
}

bool empty_without_run(const AppState& state) {
    const std::string why = no_run(state);
    if (why.empty()) return false;
    const size_t end = why.find(". ");  // of the first sentence, the second says what to do
    empty_state(state, why.substr(0, end).c_str(), why.substr(end + 2).c_str());
    return true;
}

bool empty_for_imported(const AppState& state) {
    if (!state.is_imported()) return false;
    empty_state(state, "Nothing runs here", state.lacks(core::Need::model).c_str());
    return true;
}

const char* without_snapshot(const AppState& state) {
    if (state.geometry) return "";
    return state.status.state == core::RunState::failed ? "The run failed before that"
                                                        : "Waiting for the first snapshot";
}

void expert_entries(AppState& state, int64_t layer, int64_t expert) {
    for (const auto& item : expert_actions(state, layer, expert)) {
        const std::string why = item.refusal();
        if (ImGui::MenuItem(item.title.c_str(), nullptr, false, why.empty())) item.run();
        tooltip(why.empty() ? item.help : why);
    }
}

void expert_menu(AppState& state, const char* id, int64_t layer, int64_t expert) {
    if (!ImGui::BeginPopup(id)) return;
    expert_entries(state, layer, expert);
    ImGui::EndPopup();
}

}  // namespace hopscope::app
