#include "app/state/drawn.h"

#include <algorithm>
#include <imgui_internal.h>
#include <iterator>
#include <utility>

namespace hopscope::app {
namespace {

constexpr int kPatience = 60;  ///< frames until a control that does not appear is given up

bool in_popup() {
    for (const ImGuiWindow* window = ImGui::GetCurrentWindow(); window;
         window = window->ParentWindow) {
        if (window->Flags & ImGuiWindowFlags_Popup) return true;
        if (!(window->Flags & ImGuiWindowFlags_ChildWindow)) break;
    }
    return false;
}

}  // namespace

void Controls::begin_panel(std::string_view id, std::string_view title, bool seen) {
    panel_id_ = id;
    panel_ = title;
    seen_ = seen;
    present_.clear();
    if (seen) seen_panels_.emplace(id);
}

void Controls::hide_panel(std::string_view id) {
    if (const auto known = seen_panels_.find(id); known != seen_panels_.end())
        seen_panels_.erase(known);
}

void Controls::end_panel() {
    if (listens()) {
        std::erase_if(all_, [&](const Control& one) { return one.panel_id == panel_id_; });
        std::move(present_.begin(), present_.end(), std::back_inserter(all_));
    }
    present_.clear();
    panel_id_.clear();
}

void Controls::note(const char* label, std::string_view name, std::string_view help,
                    std::string_view refusal, bool listed) {
    if (panel_id_.empty() || !listens() || in_popup()) return;
    Control one = {panel_id_,
                   panel_,
                   prefix_ + std::string(name.substr(0, name.find("##"))),
                   std::string(help),
                   std::string(refusal),
                   ImGui::GetID(label)};
    const std::string plain = one.title;
    const auto taken = [&] {
        return std::ranges::any_of(present_,
                                   [&](const Control& other) { return other.title == one.title; });
    };
    for (int i = 2; taken(); ++i) one.title = plain + " (" + std::to_string(i) + ")";
    if (press_ && seen_ && press_->panel_id == one.panel_id && press_->title == one.title) {
        press_.reset();
        if (one.refusal.empty()) ImGui::ActivateItemByID(one.item);
    }
    present_.push_back(std::move(one));
}

std::string Controls::end_frame() {
    if (!press_ || ++press_->frames < kPatience) return {};
    const Press lost = *std::exchange(press_, {});
    return lost.title;
}

}  // namespace hopscope::app
