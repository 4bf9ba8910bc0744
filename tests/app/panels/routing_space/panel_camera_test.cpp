// The camera of the routing space by wheel and by dragging, on the fake session without a screen:
// what lies under the pointer stays there, and all else goes along.
#include <cmath>
#include <vector>

#include "tests/app/panels/routing_space/space_stage.h"

namespace hopscope::gui_test {
namespace {

std::vector<ImVec2> places() {
    std::vector<ImVec2> out;
    for (int64_t e = 0; e < 16; ++e) out.push_back(space().screen_of_expert(e));
    return out;
}

float apart(ImVec2 a, ImVec2 b) {
    return std::hypot(a.x - b.x, a.y - b.y);
}

/// Drags from beside the points; where all of them are then, and were before, moved by one vector.
void drag_moves_all(ImGuiTestContext* ctx, ImGuiMouseButton button) {
    const ImRect picture = ctx->ItemInfo("picture").RectFull;
    const ImVec2 from(picture.Min.x + 20, picture.Max.y - 60), by(70, -40);
    const auto before = places();
    ctx->MouseMoveToPos(from);
    ctx->MouseDown(button);
    ctx->MouseMoveToPos(ImVec2(from.x + by.x, from.y + by.y));
    ctx->MouseUp(button);
    ctx->Yield(2);
    const auto after = places();
    for (size_t e = 0; e < after.size(); ++e)
        IM_CHECK_SILENT(apart(after[e], ImVec2(before[e].x + by.x, before[e].y + by.y)) < 1);
}

/// Turns the wheel over a centroid, so that what lies there is known.
void wheel_holds_what_is_under_it(ImGuiTestContext* ctx, size_t expert) {
    const auto before = places();
    const float zoom = space().camera().zoom;
    ctx->MouseMoveToPos(before[expert]);
    ctx->MouseWheelY(2);
    ctx->Yield(2);
    const auto after = places();
    const float times = space().camera().zoom / zoom;
    IM_CHECK_GT(times, 1.2f);
    IM_CHECK_LT(apart(after[expert], before[expert]), 1.5f);
    for (size_t e = 0; e < after.size(); ++e) {
        const float wanted = times * apart(before[e], before[expert]);
        IM_CHECK_SILENT(std::fabs(apart(after[e], before[expert]) - wanted) < 2 + 0.02f * wanted);
    }
    ctx->MouseWheelY(-2);
    ctx->Yield(2);
    IM_CHECK_LT(std::fabs(space().camera().zoom / zoom - 1), 0.01f);
}

void register_camera_moves(ImGuiTestEngine* engine) {
    // Wrong if the wheel zoomed about another point than the one under the pointer, a drag moved
    // the picture by another way than the pointer's, or Fit did not bring it back.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "space", "wheel_and_drag_in_two_dimensions");
    use<app::make_routing_space_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->Yield(3);
        ctx->SetRef("Stage");
        stage->state.settings.animations = false;
        const viz::Camera2d fitted = space().camera();
        wheel_holds_what_is_under_it(ctx, 3);
        wheel_holds_what_is_under_it(ctx, 11);
        drag_moves_all(ctx, ImGuiMouseButton_Left);
        drag_moves_all(ctx, ImGuiMouseButton_Middle);
        IM_CHECK(stage->state.selection.empty());  // a drag is no click
        ctx->ItemClick("Fit");
        ctx->Yield(3);
        IM_CHECK(space().camera() == fitted);
        stage->state.settings.animations = true;
    };

    // Wrong if the middle button turned the picture in place of moving it, or the wheel took the
    // point under the pointer away.
    t = IM_REGISTER_TEST(engine, "space", "the_middle_button_moves_three_dimensions");
    use<app::make_routing_space_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->Yield(3);
        ctx->SetRef("Stage");
        stage->state.settings.animations = false;
        ctx->ItemClick("3-D");
        ctx->Yield(3);
        const viz::Orbit turned = space().orbit();
        const viz::Camera2d fitted = space().camera();
        drag_moves_all(ctx, ImGuiMouseButton_Middle);
        IM_CHECK(space().orbit() == turned);
        wheel_holds_what_is_under_it(ctx, 7);
        ctx->ItemClick("Fit");
        ctx->Yield(3);
        IM_CHECK(space().camera() == fitted);
        ctx->ItemClick("2-D");
        stage->state.settings.animations = true;
    };
}

const PanelTests camera_moves(register_camera_moves);

}  // namespace
}  // namespace hopscope::gui_test
