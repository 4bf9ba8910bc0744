#include "app/panels/analyses/second_run.h"

#include <algorithm>
#include <imgui.h>
#include <misc/cpp/imgui_stdlib.h>

#include "app/widgets/widgets.h"

namespace hopscope::app {

void SecondRun::draw(const AppState& state, const std::vector<std::string>& beside) {
    std::vector<std::string> known;
    for (const WatchedCurves& curves : state.watched)
        if (!state.inspects(curves.run)) known.push_back(curves.run.dir);
    for (const std::string& folder : beside)
        if (std::find(known.begin(), known.end(), folder) == known.end()) known.push_back(folder);
    const float s = state.pixel_scale;
    ImGui::AlignTextToFramePadding();
    ImGui::TextColored(state.theme().dim, "against");
    ImGui::SameLine(0, 8 * s);
    const float room = ImGui::GetContentRegionAvail().x;
    ImGui::SetNextItemWidth(std::clamp(room - ImGui::GetFrameHeight(), 60 * s, 420 * s));
    by_name(state, "##against", "against");
    ImGui::InputTextWithHint("##against", "folder of a second run", &folder_);
    tooltip("The run that this one is compared with; a lane of the same race is a run, too");
    ImGui::SameLine(0, 0);
    by_name(state, "##runs", "runs beside this one\xE2\x80\xA6");
    if (ImGui::BeginCombo("##runs", nullptr,
                          ImGuiComboFlags_NoPreview | ImGuiComboFlags_PopupAlignLeft)) {
        if (known.empty()) note(state, "No other run stands beside this one: type its folder.");
        for (const std::string& folder : known)
            if (ImGui::Selectable(folder.c_str(), folder == folder_)) folder_ = folder;
        ImGui::EndCombo();
    }
    tooltip("Runs beside this one, and those whose curves are shown");
}

}  // namespace hopscope::app
