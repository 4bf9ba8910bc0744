#include "app/window/recent_list.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <imgui.h>

#include "app/widgets/format.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr const char* kRowMenu = "row menu";

std::string name_of_run(const RecentRun& run) {
    return std::filesystem::path(run.dir).filename().string();
}

void open_recent(AppState& state, RunDoor& door, const RecentRun& run) {
    door.open_run(run.dir);
    state.keep_drawing();
}

/// What the mouse can do to a row, for the keyboard, too. True when it is to be opened.
bool draw_row_menu(AppState& state, RecentRuns& recent, const RecentRun& run) {
    if (!ImGui::BeginPopup(kRowMenu)) return false;
    const bool asked = ImGui::MenuItem("Open", nullptr, false, run.missing.empty());
    if (ImGui::MenuItem("Remove from the list")) recent.remove(state, run.dir);
    tooltip("The run itself stays where it is");
    if (ImGui::MenuItem("Copy the path")) ImGui::SetClipboardText(run.dir.c_str());
    ImGui::EndPopup();
    return asked;
}

/// Two lines of text over the row; `right` is its end.
void draw_recent_text(const AppState& state, const RecentRun& run, ImVec2 at, float right) {
    const Theme& theme = state.theme();
    const float s = state.pixel_scale, line = ImGui::GetTextLineHeight();
    const bool there = run.missing.empty();
    ImDrawList* list = ImGui::GetWindowDrawList();
    const std::string when = when_opened(run, state.unix_now);
    const float when_width = ImGui::CalcTextSize(when.c_str()).x;
    const float room = right - at.x - when_width - 16 * s;
    list->AddText(at, packed(there ? theme.text : theme.dim),
                  fitted(name_of_run(run), room).c_str());
    list->AddText(ImVec2(right - when_width, at.y), packed(theme.dim), when.c_str());
    std::string below = in_words(run);
    if (!there) below = "cannot be opened; was " + below;
    list->PushClipRect(ImVec2(at.x, at.y), ImVec2(right, at.y + 3 * line), true);
    list->AddText(ImVec2(at.x, at.y + line + 2 * s), packed(theme.dim), below.c_str());
    list->PopClipRect();
}

/// True when it is to be opened.
bool draw_recent(AppState& state, RecentRuns& recent, const RecentRun& run) {
    const float s = state.pixel_scale, line = ImGui::GetTextLineHeight();
    const float height = 2 * line + 10 * s, tool = 22 * s;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x;
    ImGui::PushID(run.dir.c_str());
    // A row that cannot be opened keeps its tooltip, its menu and its place for the keyboard.
    bool asked = ImGui::Selectable("##open", false, ImGuiSelectableFlags_AllowOverlap,
                                   ImVec2(width, height)) &&
                 run.missing.empty();
    tooltip(run.missing.empty() ? run.dir : run.missing);
    if (ImGui::IsItemClicked(ImGuiMouseButton_Right)) ImGui::OpenPopup(kRowMenu);
    draw_recent_text(state, run, ImVec2(at.x + 8 * s, at.y + 4 * s), at.x + width - tool - 8 * s);
    ImGui::SetCursorScreenPos(
        ImVec2(at.x + width - tool, std::floor(at.y + (height - ImGui::GetFrameHeight()) / 2)));
    ImGui::PushStyleColor(ImGuiCol_Button, ImVec4(0, 0, 0, 0));
    ImGui::PushStyleColor(ImGuiCol_Text, state.theme().dim);
    if (ImGui::Button("\xC3\x97##remove", ImVec2(tool, 0))) recent.remove(state, run.dir);
    ImGui::PopStyleColor(2);
    tooltip("Takes it off the list; the run itself stays where it is");
    ImGui::SetCursorScreenPos(at);
    ImGui::Dummy(ImVec2(width, height));  // what comes next stands below the whole row
    asked |= draw_row_menu(state, recent, run);
    ImGui::PopID();
    return asked;
}

}  // namespace

std::string in_words(const RecentRun& run) {
    const core::RunLook& look = run.look;
    std::string text = look.lanes > 0 ? "race of " + look.variant : look.variant;
    if (!text.empty()) text += ", ";
    text += look.being_written ? "being written" : core::name_of(look.state);
    if (look.step > 0 || look.steps > 0) text += " at step " + with_thousands(look.step);
    if (look.steps > 0) text += " of " + with_thousands(look.steps);
    if (look.synthetic) text += ", synthetic text";
    return text;
}

std::string when_opened(const RecentRun& run, double unix_now) {
    const auto same = [&](const char* part) {
        return core::local_time(part, run.opened) == core::local_time(part, unix_now);
    };
    if (same("%Y-%m-%d")) return core::local_time("%H:%M", run.opened);
    return core::local_time(same("%Y") ? "%d %b %H:%M" : "%Y-%m-%d", run.opened);
}

bool draw_recent_rows(AppState& state, RecentRuns& recent, RunDoor& door, int most) {
    recent.wanted(state);
    const std::vector<RecentRun> runs = recent.runs();  // rows may go while they are drawn
    if (runs.empty()) {
        note(state, "Runs that you start or open are listed here.");
        return false;
    }
    const float s = state.pixel_scale;
    const float row = 2 * ImGui::GetTextLineHeight() + 10 * s + ImGui::GetStyle().ItemSpacing.y;
    const float shown =
        static_cast<float>(std::min<size_t>(runs.size(), static_cast<size_t>(most)));
    bool asked = false;
    if (ImGui::BeginChild("recent", ImVec2(0, shown * row), ImGuiChildFlags_NavFlattened))
        for (const RecentRun& run : runs)
            if (draw_recent(state, recent, run)) {
                open_recent(state, door, run);
                asked = true;
            }
    ImGui::EndChild();
    return asked;
}

void draw_recent_menu(AppState& state, RecentRuns& recent, RunDoor& door) {
    recent.wanted(state);
    if (recent.runs().empty())
        ImGui::MenuItem("no run was opened yet", nullptr, false, /*enabled=*/false);
    for (const RecentRun& run : recent.runs()) {
        ImGui::PushID(run.dir.c_str());
        if (ImGui::MenuItem(name_of_run(run).c_str(), when_opened(run, state.unix_now).c_str(),
                            false, run.missing.empty()))
            open_recent(state, door, run);
        tooltip(run.missing.empty() ? in_words(run) + "\n" + run.dir : run.missing);
        ImGui::PopID();
    }
}

}  // namespace hopscope::app
