// Where some controls stand on the screen, by name, so that the tour can point at the real thing:
// whoever draws one notes it behind it. Window thread only.
#pragma once

#include <imgui.h>
#include <map>
#include <optional>
#include <string>

namespace hopscope::app {

struct Spot {
    ImVec2 low, high;  ///< in ImGui's coordinates
};

class Spots {
  public:
    /// The last item, or a part of the frame. Only what can be seen now is noted.
    void note_item(const std::string& name) {
        if (ImGui::IsItemVisible()) note(name, {ImGui::GetItemRectMin(), ImGui::GetItemRectMax()});
    }
    void note(const std::string& name, const Spot& spot) {
        noted_[name] = {spot, ImGui::GetFrameCount()};
    }
    /// Where it was drawn in this frame or the one before.
    std::optional<Spot> find(const std::string& name) const {
        const auto found = noted_.find(name);
        if (found == noted_.end() || ImGui::GetFrameCount() - found->second.frame > 1) return {};
        return found->second.spot;
    }

  private:
    struct Noted {
        Spot spot;
        int frame = 0;
    };
    std::map<std::string, Noted> noted_;
};

}  // namespace hopscope::app
