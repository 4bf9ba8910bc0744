#include "app/panels/routing_space/points.h"

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>
#include <algorithm>
#include <cmath>
#include <imgui.h>

#include "app/panels/routing_space/labels.h"

namespace hopscope::app {
namespace {

/// Where there is no OpenGL 3.3 (and in tests without a screen): the same picture, slower.
void draw_without_gl(const SpaceView& view, const SpaceCamera& camera) {
    const ImVec2 at = camera.at(), size = camera.size();
    ImDrawList* list = ImGui::GetWindowDrawList();
    const auto inside = [&](ImVec2 p, float r) {
        return p.x + r >= at.x && p.x - r <= at.x + size.x && p.y + r >= at.y &&
               p.y - r <= at.y + size.y;
    };
    for (const auto& line : view.lines)
        list->AddLine(camera.on_screen({line.x0, line.y0, line.z0}),
                      camera.on_screen({line.x1, line.y1, line.z1}), line.color1, line.width);
    for (const auto& point : view.points) {
        const ImVec2 p = camera.on_screen({point.x, point.y, point.z});
        const float r = point.size / 2;
        if (!inside(p, r)) continue;
        draw_glyph(p, r, point.color, point.glyph);
        if (point.outline >> 24) list->AddCircle(p, r, point.outline);
    }
}

}  // namespace

void SpacePoints::draw(AppState& state, const SpaceView& view, const SpaceCamera& camera) {
    const ImVec2 at = camera.at(), size = camera.size();
    if (!tried_) {
        tried_ = true;
        works_ = glfwGetCurrentContext() != nullptr && renderer_.start(glfwGetProcAddress);
        if (!works_ && !renderer_.error().empty())
            state.say("routing space is drawn the slow way: " + renderer_.error());
    }
    if (!works_) return draw_without_gl(view, camera);
    if (upload_) {
        renderer_.set_points(view.points);
        renderer_.set_segments(view.lines);
        upload_ = false;
    }
    const ImVec2 ratio = ImGui::GetIO().DisplayFramebufferScale;
    const float r = std::max(ratio.x, 0.1f);
    const unsigned texture =
        renderer_.render(camera.matrix(), static_cast<int>(std::lround(size.x * r)),
                         static_cast<int>(std::lround(size.y * r)), packed(state.theme().panel), r);
    if (texture == 0) return draw_without_gl(view, camera);
    ImGui::GetWindowDrawList()->AddImage(ImTextureRef(static_cast<ImTextureID>(texture)), at,
                                         ImVec2(at.x + size.x, at.y + size.y), ImVec2(0, 1),
                                         ImVec2(1, 0));
}

}  // namespace hopscope::app
