#include "app/panels/intervene/stack.h"

#include <algorithm>
#include <imgui.h>
#include <utility>

#include "app/panels/intervene/view.h"
#include "app/panels/run/fork_controls.h"
#include "app/widgets/exact_slider.h"
#include "app/widgets/format.h"
#include "app/widgets/widgets.h"
#include "core/api/command_registry.h"

namespace hopscope::app {
namespace {

/// A small button without a frame, for the tools of a row.
bool tool(const AppState& state, const char* label, const char* help, bool allowed) {
    ImGui::PushStyleColor(ImGuiCol_Button, ImVec4(0, 0, 0, 0));
    ImGui::PushStyleColor(ImGuiCol_Text, state.theme().dim);
    ImGui::BeginDisabled(!allowed);
    by_name(state, label, help, help, allowed ? "" : "It is the outermost row.");
    const bool pressed = ImGui::SmallButton(label);
    ImGui::EndDisabled();
    ImGui::PopStyleColor(2);
    tooltip(help);
    return pressed;
}

}  // namespace

ActionItem undo_action(AppState& state) {
    ActionItem item;
    item.id = "stack.undo";
    item.title = "Undo in the stack";
    item.help = "Takes the last change back.";
    item.keys = "Ctrl+Z";
    item.why_not = [&state] { return state.stack.can_undo() ? "" : "There is nothing to undo."; };
    item.run = [&state] { state.stack.undo(); };
    return item;
}

ActionItem redo_action(AppState& state) {
    ActionItem item;
    item.id = "stack.redo";
    item.title = "Redo in the stack";
    item.help = "Makes it again.";
    item.keys = "Ctrl+Shift+Z";
    item.why_not = [&state] { return state.stack.can_redo() ? "" : "There is nothing to redo."; };
    item.run = [&state] { state.stack.redo(); };
    return item;
}

void StackList::draw(AppState& state) {
    draw_add(state);
    draw_script_buttons(state);
    const std::vector<StackItem> items = state.stack.items();  // rows may go while they are drawn
    for (size_t i = 0; i < items.size(); ++i) {
        ImGui::PushID(static_cast<int>(items[i].id));
        draw_item(state, items[i], i);
        ImGui::PopID();
    }
    show_newest(state, items);
    draw_strength(state);
}

/// A row that came, from wherever, is seen.
void StackList::show_newest(AppState& state, std::span<const StackItem> items) {
    const uint64_t newest = items.empty() ? 0 : items.back().id;
    if (newest <= std::exchange(newest_, std::max(newest, newest_))) return;
    const ImVec2 low = ImGui::GetWindowPos(), size = ImGui::GetWindowSize();
    if (ImGui::GetCursorScreenPos().y < low.y + size.y) return;
    ImGui::SetScrollHereY(1.0f);
    state.keep_drawing(2);
}

void StackList::draw_add(AppState& state) {
    ImGui::SetNextItemWidth(-1);
    by_name(state, "##add", "Add an intervention\xE2\x80\xA6");
    const bool open =
        ImGui::BeginCombo("##add", "Add an intervention\xE2\x80\xA6", ImGuiComboFlags_HeightLarge);
    if (!open) return state.spots.note_item("intervene.add");
    for (const auto& spec : core::command_registry()) {
        if (spec.args.empty() && !spec.inference) continue;  // run control has its own buttons
        const bool live_only = !spec.inference;
        const std::string label =
            spec.title + (live_only ? "  (run in training)" : "") + "###" + spec.name;
        if (ImGui::Selectable(label.c_str()))
            state.stack.add(spec.kind, state.selection, state.model_shape());
        tooltip(spec.help);
    }
    ImGui::EndCombo();
}

void StackList::draw_script_buttons(AppState& state) {
    const float gap = 4 * state.pixel_scale;
    const std::string script = state.stack.script_text();
    const char* no_script = script.empty() ? "No row is on." : nullptr;
    action_button(state, undo_action(state), "Undo");
    ImGui::SameLine(0, gap);
    action_button(state, redo_action(state), "Redo");
    ImGui::SameLine(0, gap);
    if (button(state, "Copy", no_script,
               "Copies the rows that are on as a script, one JSON object a line; hopscope "
               "intervene reads it")) {
        ImGui::SetClipboardText(script.c_str());
        state.say("copied the script");
    }
    ImGui::SameLine(0, gap);
    if (button(state, "File\xE2\x80\xA6", nullptr, "Saves the rows as a script file, or loads one"))
        script_.open();
    ImGui::SameLine(0, gap);
    const char* none = state.stack.items().empty() ? "The stack is empty." : nullptr;
    if (button(state, "Empty", none, "Removes all rows; undo brings them back"))
        state.stack.clear();
    script_.draw(state);
}

void StackList::draw_item(AppState& state, const StackItem& item, size_t index) {
    const core::CommandSpec* spec = &core::spec_of(item.command.kind);
    const Theme& theme = state.theme();
    const float s = state.pixel_scale;
    ImGui::Dummy(ImVec2(0, 2 * s));
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float full = ImGui::GetContentRegionAvail().x;
    // One rule above each row: rows are told apart without boxes.
    ImGui::GetWindowDrawList()->AddLine(at, ImVec2(at.x + full, at.y), packed(theme.border));
    ImGui::Dummy(ImVec2(0, 1 * s));
    const NameScope of(state, "row " + std::to_string(index + 1) + ": ");
    bool on = item.on;
    by_name(state, "##on", "on or off");
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
    form_.draw(state, item);
    if (!problem.empty()) {
        spec->inference ? problem_text(state, problem) : note(state, problem);
    }
    draw_apply(state, item);
}

/// The same command for the run in training, and what became of it.
void StackList::draw_apply(AppState& state, const StackItem& item) {
    const core::Command command = core::scaled({item.command}, state.strength).front();
    const core::CommandSpec* spec = &core::spec_of(command.kind);
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
    if (command.kind != core::CommandKind::fork) {
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

void StackList::draw_strength(AppState& state) {
    if (!core::has_dose(state.stack.prompt_script(state.model_shape()))) return;
    const float s = state.pixel_scale;
    heading(state, "Strength");
    ImGui::AlignTextToFramePadding();
    ImGui::TextColored(state.theme().dim, "factor");
    ImGui::SameLine(92 * s);
    double value = state.strength;
    if (slider_with_value(state, value, {0, 4}).changed) {
        state.strength = value;
        state.keep_drawing();
    }
    tooltip("Times " + core::doses_in_words() +
            " of all rows; 0 takes their effect away. Ctrl+click types a value.");
}

}  // namespace hopscope::app
