#include "app/widgets/number.h"

#include <cmath>
#include <imgui_internal.h>
#include <utility>

#include "app/widgets/fonts.h"
#include "app/widgets/format.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr const char* kNumberMenu = "number";
constexpr float kWidestCommand = 30;  ///< of the command in the menu, in heights of its text

bool has_interval_of(const Number& number) {
    return std::isfinite(number.low) && std::isfinite(number.high);
}

int64_t step_of_run(const AppState& state) {
    return state.session ? state.status.step : -1;
}

/// How a number is written that has no unit of its own.
std::string written(const Number& number) {
    if (!number.shown.empty()) return number.shown;
    return std::isnan(number.value) ? kNothing : significant(number.value, 4);
}

/// An entry that copies a text; grey with `why` where there is none.
void copies(AppState& state, const char* title, const std::string& text, const std::string& help,
            const std::string& why) {
    if (ImGui::MenuItem(title, nullptr, false, !text.empty())) {
        ImGui::SetClipboardText(text.c_str());
        state.say("copied " + shortened(text, 200));
    }
    tooltip(text.empty() ? why : help);
}

void exports(AppState& state, const char* title, PanelFile as, const char* help) {
    const std::string& panel = state.drawn->asked_in;
    if (ImGui::MenuItem(title, nullptr, false, !panel.empty()))
        state.drawn->orders.push_back({panel, as, state.runs_opened});
    tooltip(panel.empty() ? "It stands in no panel." : help);
}

/// The command, in the face that it is typed in.
void show_command(const AppState& state, const std::string& command) {
    ImGui::PushFont(state.fonts.mono, kMonoSize);
    ImGui::PushTextWrapPos(ImGui::GetCursorPosX() + kWidestCommand * ImGui::GetFontSize());
    ImGui::PushStyleColor(ImGuiCol_Text, state.theme().dim);
    ImGui::TextUnformatted(command.c_str());
    ImGui::PopStyleColor();
    ImGui::PopTextWrapPos();
    ImGui::PopFont();
}

std::string reason_of_no_command(const AppState& state, const Number& number) {
    if (!number.no_command.empty()) return number.no_command;
    return is_of_sample(state, number.step)
               ? "It is of a larger sample, taken in the window; no command takes one."
               : "It needs a run folder, and there is none yet.";
}

void draw_entries(AppState& state, const Number& number) {
    ImGui::TextColored(state.theme().dim, "%s", number.label.c_str());
    ImGui::SameLine(0, 12 * state.pixel_scale);
    ImGui::PushFont(state.fonts.mono, kMonoSize);
    ImGui::TextUnformatted(written(number).c_str());
    ImGui::PopFont();
    ImGui::Separator();
    const bool measured = !std::isnan(number.value);
    copies(state, "Copy value", measured ? exact(number.value) : number.shown,
           "All digits, as it is stored", "It has not been measured.");
    copies(state, "Copy as JSON",
           json_of(number, state.drawn->asked_in, number.run.value_or(state.status.run_dir),
                   step_of_run(state)),
           "With interval, n, step and run", "");
    copies(state, "Copy the command", number.command, "It computes this number without a window",
           reason_of_no_command(state, number));
    if (!number.command.empty()) show_command(state, number.command);
    ImGui::Separator();
    exports(state, "Export the panel as CSV", PanelFile::csv,
            "Its numbers, into the folder of the run");
    exports(state, "Export the panel as JSON", PanelFile::json,
            "Its numbers, into the folder of the run");
    exports(state, "Export the panel as PNG", PanelFile::png,
            "Its picture, into the folder of the run");
    if (number.expert < 0) return;
    ImGui::Separator();
    expert_entries(state, number.layer, number.expert);
}

}  // namespace

std::string explanation(const Number& number, int64_t step_of_run) {
    std::string out = number.label;
    if (!number.shown.empty())
        out += ": " + number.shown;
    else if (!std::isnan(number.value))
        out += ": " + significant(number.value, 4);
    const auto line = [&](const std::string& text) { out += "\n" + text; };
    if (!number.definition.empty()) line(number.definition);
    if (has_interval_of(number))
        line("95 % interval " + significant(number.low, 4) + " to " + significant(number.high, 4));
    const int64_t step = number.step >= 0 ? number.step : step_of_run;
    std::string source;
    if (number.n >= 0)
        source = "n = " + with_thousands(number.n) + (number.over.empty() ? "" : " " + number.over);
    if (step >= 0) source += (source.empty() ? "step " : ", step ") + with_thousands(step);
    if (!source.empty()) line(source);
    return out;
}

bool asks_for_explanation() {
    return ImGui::IsItemHovered(ImGuiHoveredFlags_AllowWhenDisabled);
}

bool right_click() {
    // Zero as long as the pointer stayed within the threshold.
    const ImVec2 dragged = ImGui::GetMouseDragDelta(ImGuiMouseButton_Right);
    return ImGui::IsMouseReleased(ImGuiMouseButton_Right) && dragged.x == 0 && dragged.y == 0;
}

void ask(const AppState& state, const Number& number) {
    state.drawn->asked = number;
    state.drawn->asked_in = state.drawn->controls.panel_id();
}

void explain(const AppState& state, const Number& number) {
    tooltip(explanation(number, step_of_run(state)));
    if (ImGui::IsItemHovered() && right_click()) ask(state, number);
}

void value_row(const AppState& state, const Number& number) {
    value_row(state, number.label.c_str(), written(number));
    const ImRect row(ImGui::GetItemRectMin(), ImGui::GetItemRectMax());
    const ImGuiID id = ImGui::GetID(number.label.c_str());
    ImGui::ItemAdd(row, id, nullptr, ImGuiItemFlags_NoNav | ImGuiItemFlags_NoTabStop);
    [[maybe_unused]] ImGuiContext& g = *ImGui::GetCurrentContext();
    IMGUI_TEST_ENGINE_ITEM_INFO(id, number.label.c_str(), 0);  // found by its name
    if (asks_for_explanation()) explain(state, number);
}

void draw_number_menu(AppState& state) {
    if (state.drawn->asked) {
        state.drawn->menu = *std::move(state.drawn->asked);
        state.drawn->asked.reset();
        ImGui::OpenPopup(kNumberMenu);
    }
    if (!ImGui::BeginPopup(kNumberMenu)) return;
    draw_entries(state, state.drawn->menu);
    ImGui::EndPopup();
}

}  // namespace hopscope::app
