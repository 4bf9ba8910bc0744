#include "app/window/arrangement_list.h"

#include <algorithm>
#include <imgui.h>
#include <misc/cpp/imgui_stdlib.h>
#include <utility>

#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr const char* kArrangementDialog = "Keep this arrangement";
constexpr size_t kRowsInView = 6;

}  // namespace

ArrangementList::ArrangementList(AppState& state, Workspace& workspace, std::string folder)
    : state_(state), workspace_(workspace), folder_(std::move(folder)) {}

void ArrangementList::begin() {
    std::string problem;
    kept_.replace(load_arrangements(folder_, problem));
    if (!problem.empty()) state_.say(problem, true);
}

std::vector<ActionItem> ArrangementList::actions() const {
    std::vector<ActionItem> items;
    for (const Arrangement& one : kept_.all()) {
        ActionItem item;
        item.id = "arrangement." + one.name;
        item.title = "Arrangement " + one.name;
        item.help = "The panels of " + one.layout + " as they were kept.";
        item.menu = {Menu::layout, 3};
        item.why_not = [this] { return no_run(state_); };
        item.run = [this, name = one.name] {
            if (const Arrangement* kept = kept_.find(name)) workspace_.choose(state_, *kept);
        };
        items.push_back(std::move(item));
    }
    return items;
}

/// Changes what is kept here, and in the file as it is by then: another window may have written it.
void ArrangementList::change(const std::string& done, const Edit& edit) {
    edit(kept_);
    state_.keep_drawing();
    if (folder_.empty()) return state_.say(done + ", until the window closes");
    state_.tell(done, state_.aside([folder = folder_, edit] {
        std::string problem;
        Arrangements in_file;
        in_file.replace(load_arrangements(folder, problem));
        if (!problem.empty()) return problem;  // nor is it written over
        edit(in_file);
        return save_arrangements(folder, in_file.all());
    }));
}

void ArrangementList::draw() {
    if (std::exchange(asked_, false)) {
        typed_.clear();
        ImGui::OpenPopup(kArrangementDialog);
    }
    const float s = state_.pixel_scale;
    ImGui::SetNextWindowSize(ImVec2(420 * s, 0));
    if (!begin_question(kArrangementDialog)) return;
    ImGui::TextColored(state_.theme().dim, "Name");
    ImGui::SetNextItemWidth(ImGui::GetContentRegionAvail().x);
    if (ImGui::IsWindowAppearing()) ImGui::SetKeyboardFocusHere();
    const bool entered = ImGui::InputText("##name", &typed_, ImGuiInputTextFlags_EnterReturnsTrue);
    const std::string name = trimmed_name(typed_), why = kept_.refusal(name);
    note(state_, why.empty() || typed_.empty()
                     ? std::string("Where the panels of ") + name_of(workspace_.layout()) +
                           " stand now, and which are shut. It is in the menu Layout and in the "
                           "palette, by its name."
                     : why);
    draw_rows(name);
    const float width = 96 * s;
    const bool replaces = kept_.find(name) != nullptr;
    const bool pressed = button(state_, replaces ? "Replace###keep" : "Keep###keep",
                                why.empty() ? nullptr : why.c_str(),
                                replaces ? "What has this name is given up" : nullptr, width, true);
    if ((pressed || entered) && why.empty()) {
        Arrangement now = workspace_.arrangement();
        now.name = name;
        change("kept the arrangement " + name, [now](Arrangements& kept) { kept.keep(now); });
        ImGui::CloseCurrentPopup();
    }
    ImGui::SameLine();
    if (cancel_button(state_, width)) ImGui::CloseCurrentPopup();
    ImGui::EndPopup();
}

/// What is kept: a click on a name writes it into the field; each can be renamed to what stands
/// there, and forgotten.
void ArrangementList::draw_rows(const std::string& name) {
    if (kept_.all().empty()) return;
    const float row = ImGui::GetFrameHeightWithSpacing();
    const size_t seen = std::min(kept_.all().size(), kRowsInView);
    const float gap = ImGui::GetStyle().ItemSpacing.x;
    const float buttons =
        ImGui::CalcTextSize("Rename\xC3\x97").x + 4 * ImGui::GetStyle().FramePadding.x + 2 * gap;
    std::string renamed, forgotten;
    ImGui::BeginChild("kept", ImVec2(0, row * static_cast<float>(seen)));
    for (size_t i = 0; i < kept_.all().size(); ++i) {
        const Arrangement& one = kept_.all()[i];
        ImGui::PushID(static_cast<int>(i));
        const float room = std::max(ImGui::GetContentRegionAvail().x - buttons, 40.0f);
        const std::string shown = fitted(one.name, room) + "###name";
        ImGui::AlignTextToFramePadding();
        if (ImGui::Selectable(shown.c_str(), one.name == name,
                              ImGuiSelectableFlags_NoAutoClosePopups, ImVec2(room, 0)))
            typed_ = one.name;
        tooltip(one.name + ": a layout of " + one.layout);
        ImGui::SameLine(0, gap);
        const std::string why = kept_.find(name) ? "Another has this name." : name_problem(name);
        if (button(state_, "Rename", why.empty() ? nullptr : why.c_str(),
                   "Gives it the name that stands above"))
            renamed = one.name;
        ImGui::SameLine(0, gap);
        if (button(state_, "\xC3\x97###forget", nullptr, "Forgets it; the panels stay"))
            forgotten = one.name;
        ImGui::PopID();
    }
    ImGui::EndChild();
    if (!renamed.empty())
        change("renamed the arrangement " + renamed + " to " + name,
               [renamed, name](Arrangements& kept) { kept.rename(renamed, name); });
    if (!forgotten.empty())
        change("forgot the arrangement " + forgotten,
               [forgotten](Arrangements& kept) { kept.forget(forgotten); });
}

}  // namespace hopscope::app
