// The stack of the intervene panel: rows, adding, scripts, and the way of a row into the run.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <imgui.h>
#include <iterator>
#include <misc/cpp/imgui_stdlib.h>
#include <utility>

#include "app/panels/fork_controls.h"
#include "app/panels/intervene_panel.h"
#include "app/panels/run_view.h"
#include "app/window/actions.h"
#include "app/window/format.h"
#include "app/window/widgets.h"

namespace hopscope::app {
namespace {

constexpr const char* kFileDialog = "Script file###script file";
constexpr size_t kMostScriptBytes = size_t{1} << 20;

/// A small button without a frame, for the tools of a row.
bool tool(const AppState& state, const char* label, const char* help, bool allowed) {
    ImGui::PushStyleColor(ImGuiCol_Button, ImVec4(0, 0, 0, 0));
    ImGui::PushStyleColor(ImGuiCol_Text, state.theme().dim);
    ImGui::BeginDisabled(!allowed);
    const bool pressed = ImGui::SmallButton(label);
    ImGui::EndDisabled();
    ImGui::PopStyleColor(2);
    tooltip(help);
    return pressed;
}

}  // namespace

void IntervenePanel::draw_stack(AppState& state) {
    draw_add(state);
    draw_script_buttons(state);
    const std::vector<StackItem> items = state.stack.items();  // rows may go while they are drawn
    for (size_t i = 0; i < items.size(); ++i) {
        ImGui::PushID(static_cast<int>(items[i].id));
        draw_item(state, items[i], i);
        ImGui::PopID();
    }
    draw_strength(state);
}

void IntervenePanel::draw_add(AppState& state) {
    ImGui::SetNextItemWidth(-1);
    if (!ImGui::BeginCombo("##add", "Add an intervention\xE2\x80\xA6", ImGuiComboFlags_HeightLarge))
        return;
    for (const auto& spec : core::command_registry()) {
        if (spec.args.empty() && !spec.inference) continue;  // run control has its own buttons
        const bool live_only = !spec.inference;
        const std::string label =
            spec.title + (live_only ? "  (run in training)" : "") + "###" + spec.name;
        if (ImGui::Selectable(label.c_str()))
            state.stack.add(spec.name, state.selection, state.model_shape());
        tooltip(spec.help);
    }
    ImGui::EndCombo();
}

void IntervenePanel::draw_script_buttons(AppState& state) {
    const float gap = 4 * state.pixel_scale;
    const char* no_past = state.stack.can_undo() ? nullptr : "There is nothing to undo.";
    const char* no_future = state.stack.can_redo() ? nullptr : "There is nothing to redo.";
    const std::string script = state.stack.script_text();
    const char* no_script = script.empty() ? "No row is on." : nullptr;
    if (button(state, "Undo", no_past, "Takes the last change back (Ctrl+Z)")) state.stack.undo();
    ImGui::SameLine(0, gap);
    if (button(state, "Redo", no_future, "Makes it again (Ctrl+Shift+Z)")) state.stack.redo();
    ImGui::SameLine(0, gap);
    if (button(state, "Copy", no_script,
               "Copies the rows that are on as a script, one JSON object a line; hopscope "
               "intervene reads it")) {
        ImGui::SetClipboardText(script.c_str());
        state.say("copied the script");
    }
    ImGui::SameLine(0, gap);
    if (button(state, "File\xE2\x80\xA6", nullptr, "Saves the rows as a script file, or loads one"))
        file_dialog_ = true;
    ImGui::SameLine(0, gap);
    const char* none = state.stack.items().empty() ? "The stack is empty." : nullptr;
    if (button(state, "Empty", none, "Removes all rows; undo brings them back"))
        state.stack.clear();
    draw_script_file(state);
}

void IntervenePanel::draw_script_file(AppState& state) {
    if (std::exchange(file_dialog_, false)) {
        if (file_path_.empty()) file_path_ = state.status.run_dir + "/script.jsonl";
        file_problem_.clear();
        ImGui::OpenPopup(kFileDialog);
    }
    ImGui::SetNextWindowPos(ImGui::GetMainViewport()->GetCenter(), ImGuiCond_Appearing,
                            ImVec2(0.5f, 0.5f));
    if (!ImGui::BeginPopupModal(
            kFileDialog, nullptr,
            ImGuiWindowFlags_AlwaysAutoResize | ImGuiWindowFlags_NoSavedSettings))
        return;
    const float s = state.pixel_scale, width = 110 * s;
    ImGui::SetNextItemWidth(460 * s);
    ImGui::InputText("##path", &file_path_);
    note(state, "JSON lines, as hopscope intervene --script reads them.");
    if (!file_problem_.empty()) {
        ImGui::PushTextWrapPos(ImGui::GetCursorPosX() + 460 * s);
        ImGui::TextColored(state.theme().red_text, "%s", file_problem_.c_str());
        ImGui::PopTextWrapPos();
    }
    const std::string script = state.stack.script_text();
    if (button(state, "Save", script.empty() ? "No row is on." : nullptr, nullptr, width)) {
        std::ofstream file(file_path_, std::ios::trunc);
        file << script;
        if (file.flush()) {
            state.say("wrote " + file_path_);
            ImGui::CloseCurrentPopup();
        } else {
            file_problem_ = file_path_ + " cannot be written";
        }
    }
    ImGui::SameLine();
    if (button(state, "Load", nullptr, "Puts its commands in place of the rows", width)) {
        std::ifstream file(file_path_);
        std::string text(std::istreambuf_iterator<char>(file), {});
        if (!file) {
            file_problem_ = file_path_ + " cannot be read";
        } else if (text.size() > kMostScriptBytes) {
            file_problem_ = file_path_ + " is larger than a script can be (1 MB)";
        } else if (const auto loaded = state.stack.load(text); !loaded) {
            file_problem_ = file_path_ + ": " + loaded.error().message;
        } else {
            ImGui::CloseCurrentPopup();
        }
    }
    ImGui::SameLine();
    if (cancel_button(state, width)) ImGui::CloseCurrentPopup();
    ImGui::EndPopup();
}

void IntervenePanel::draw_item(AppState& state, const StackItem& item, size_t index) {
    const core::CommandSpec* spec = core::find_command(item.command.name);
    if (!spec) return;
    const Theme& theme = state.theme();
    const float s = state.pixel_scale;
    ImGui::Dummy(ImVec2(0, 2 * s));
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float full = ImGui::GetContentRegionAvail().x;
    // One rule above each row: rows are told apart without boxes.
    ImGui::GetWindowDrawList()->AddLine(at, ImVec2(at.x + full, at.y), packed(theme.border));
    ImGui::Dummy(ImVec2(0, 1 * s));
    bool on = item.on;
    if (ImGui::Checkbox("##on", &on)) state.stack.set_on(item.id, on);
    tooltip(on ? "On: acts on the prompt" : "Off");
    ImGui::SameLine();
    const std::string problem = prompt_problem(item.command, state.model_shape());
    const bool acts = item.on && problem.empty();
    ImGui::AlignTextToFramePadding();
    ImGui::TextColored(acts ? theme.amber_text : theme.text, "%s", spec->title.c_str());
    tooltip(spec->help);
    const float tools = 84 * s;
    ImGui::SameLine(full - tools);
    ImGui::AlignTextToFramePadding();
    const size_t last = state.stack.items().empty() ? 0 : state.stack.items().size() - 1;
    if (tool(state, "\xE2\x86\x91", "Earlier: rows act in their order", index > 0))
        state.stack.move(item.id, -1);
    ImGui::SameLine(0, 2 * s);
    if (tool(state, "\xE2\x86\x93", "Later", index < last)) state.stack.move(item.id, 1);
    ImGui::SameLine(0, 2 * s);
    if (tool(state, "\xC3\x97###remove", "Remove (undo brings it back)", true))
        state.stack.remove(item.id);
    draw_arguments(state, item);
    if (!problem.empty()) {
        ImGui::PushStyleColor(ImGuiCol_Text, spec->inference ? theme.red_text : theme.dim);
        ImGui::PushTextWrapPos(0.0f);
        ImGui::TextUnformatted(problem.c_str());
        ImGui::PopTextWrapPos();
        ImGui::PopStyleColor();
    }
    draw_apply(state, item);
}

/// The same command for the run in training, and what became of it.
void IntervenePanel::draw_apply(AppState& state, const StackItem& item) {
    const core::Command command = core::scaled({item.command}, state.strength).front();
    const core::CommandSpec* spec = core::find_command(command.name);
    std::string why = core::unavailable(command, core::Domain::live);
    if (why.empty())
        if (const auto checked = core::check_command(command); !checked)
            why = checked.error().message;
    if (why.empty())
        if (const char* no = refusal(state, spec->action)) why = no;
    if (button(state, "Apply to the run", why.empty() ? nullptr : why.c_str(),
               "Sends this command to the run in training: it acts before its next update, is "
               "logged, and marked on the curves"))
        sent_[item.id] = state.submit(command);
    if (command.name != "fork") {
        const std::string line = core::to_json(command);
        if (why.empty()) why = fork_refusal(state, line);
        ImGui::SameLine(0, 4 * state.pixel_scale);
        if (button(state, "Fork with it", why.empty() ? nullptr : why.c_str(),
                   "Copies the run; the copy alone gets this command, and both go on on the same "
                   "batches"))
            sent_[item.id] = state.submit(fork_command(line));
    }
    const auto sent = sent_.find(item.id);
    if (sent == sent_.end()) return;
    const Theme& theme = state.theme();
    for (const auto& answer : state.answers) {
        if (answer.id != sent->second) continue;
        switch (answer.state) {
            case core::AnswerState::pending:
                ImGui::TextColored(theme.amber_text, "pending");
                break;
            case core::AnswerState::applied:
                text_cut(state, "applied at step " + with_thousands(answer.step), theme.text);
                break;
            case core::AnswerState::refused:
                text_cut(state, "refused: " + answer.reason, theme.red_text);
                break;
        }
        break;
    }
}

void IntervenePanel::draw_strength(AppState& state) {
    if (!has_dose(state.stack.prompt_script(state.model_shape()))) return;
    const float s = state.pixel_scale;
    heading(state, "Strength");
    ImGui::AlignTextToFramePadding();
    ImGui::TextColored(state.theme().dim, "factor");
    ImGui::SameLine(92 * s);
    double value = state.strength;
    if (slider(state, value, 0, 4, false)) {
        state.strength = value;
        state.keep_drawing();
    }
    tooltip(
        "Times lambda and strength of all rows; 0 takes their effect away. Ctrl+click types a "
        "value.");
}

}  // namespace hopscope::app
