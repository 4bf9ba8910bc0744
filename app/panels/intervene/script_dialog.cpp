#include "app/panels/intervene/script_dialog.h"

#include <imgui.h>
#include <misc/cpp/imgui_stdlib.h>
#include <utility>

#include "app/widgets/export.h"
#include "app/widgets/widgets.h"
#include "core/api/files.h"

namespace hopscope::app {
namespace {

constexpr const char* kFileDialog = "Script file###script file";
constexpr size_t kMostScriptBytes = size_t{1} << 20;

}  // namespace

bool ScriptDialog::take(AppState& state) {
    if (const auto reason = saving_.take()) {
        problem_ = *reason;
        if (problem_.empty()) state.say("wrote " + path_);
        return problem_.empty();
    }
    const auto text = loading_.take();
    if (!text) return false;
    if (!*text) {
        problem_ = text->error().message;
        return false;
    }
    const auto loaded = state.stack.load(**text);
    problem_ = loaded ? "" : path_ + ": " + loaded.error().message;
    return loaded.ok();
}

void ScriptDialog::draw(AppState& state) {
    if (std::exchange(asked_, false)) {
        if (path_.empty()) path_ = export_path(state, "script.jsonl");
        problem_.clear();
        saving_.forget();
        loading_.forget();
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
    ImGui::InputText("##path", &path_);
    note(state, loading_.waits() ? "Reading\xE2\x80\xA6" : "JSON lines, one command each.");
    if (!problem_.empty()) {
        ImGui::PushTextWrapPos(ImGui::GetCursorPosX() + 460 * s);
        ImGui::TextColored(state.theme().red_text, "%s", problem_.c_str());
        ImGui::PopTextWrapPos();
    }
    const std::string script = state.stack.script_text();
    const char* busy = saving_.waits() || loading_.waits() ? "The file is at work." : nullptr;
    if (button(state, "Save", script.empty() ? "No row is on." : busy, nullptr, width))
        saving_ = state.write_aside(path_, script);
    ImGui::SameLine();
    if (button(state, "Load", busy, "Puts its commands in place of the rows", width))
        loading_ = state.aside([path = path_] { return core::read_file(path, kMostScriptBytes); });
    if (take(state)) ImGui::CloseCurrentPopup();
    ImGui::SameLine();
    if (cancel_button(state, width)) ImGui::CloseCurrentPopup();
    ImGui::EndPopup();
}

}  // namespace hopscope::app
