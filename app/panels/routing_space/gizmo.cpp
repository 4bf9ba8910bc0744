#include "app/panels/routing_space/gizmo.h"

#include <algorithm>
#include <array>
#include <string>

#include "app/panels/routing_space/labels.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {

void draw_gizmo(AppState& state, const SpaceView& view, SpaceCamera& camera, ImVec2 middle,
                float radius) {
    const Theme& theme = state.theme();
    const float s = state.pixel_scale, size = kSmallSize * s, ball = 9 * s, arm = radius - ball;
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->AddCircleFilled(middle, radius, packed(faded(theme.raised, 0.8f)));
    struct End {
        int axis;
        bool positive;
        viz::Vec3 at;  ///< of the unit sphere, turned
    };
    std::vector<End> ends;
    viz::Orbit turn = camera.orbit();
    turn.pivot = {};
    for (int axis = 0; axis < 3; ++axis)
        for (const float sign : {1.0f, -1.0f})
            ends.push_back(
                {axis, sign > 0,
                 turn.turned({axis == 0 ? sign : 0, axis == 1 ? sign : 0, axis == 2 ? sign : 0})});
    std::ranges::sort(ends, {}, [](const End& e) { return e.at.z; });
    for (const End& end : ends) {
        const ImVec2 p(middle.x + end.at.x * arm, middle.y - end.at.y * arm);
        const float near = (end.at.z + 1) / 2;
        const ImU32 color = packed(mixed(theme.border, theme.text, 0.25f + 0.75f * near));
        if (!end.positive) {
            list->AddCircle(p, 4 * s, color, 0, 1.2f * s);
            continue;
        }
        list->AddLine(middle, p, color, 1.6f * s);
        list->AddCircleFilled(p, ball, color);
        const std::string number = std::to_string(end.axis + 1);
        const ImVec2 extent = text_extent(state.fonts.mono, size, number);
        text_at(list, state.fonts.mono, size, ImVec2(p.x - extent.x / 2, p.y - extent.y / 2),
                packed(theme.panel), number);
        ImGui::SetCursorScreenPos(ImVec2(p.x - ball, p.y - ball));
        ImGui::PushID(end.axis);
        if (ImGui::InvisibleButton("look along", ImVec2(2 * ball, 2 * ball)))
            camera.look_along(state, end.axis);
        tooltip("Look along " + view.axis_names[static_cast<size_t>(end.axis)]);
        ImGui::PopID();
    }
}

}  // namespace hopscope::app
