// Where one stands in the routing space: kept in a session, and found again by undo and redo. On
// the fake session without a screen.
#include <cmath>
#include <functional>
#include <set>

#include "tests/app/panels/routing_space/space_stage.h"

namespace hopscope::gui_test {
namespace {

using Set = std::set<int64_t>;

app::Selection& selection() {
    return stage->state.selection;
}

void begin(ImGuiTestContext* ctx) {
    stage->state.settings.animations = false;
    ctx->Yield(3);
    ctx->SetRef("Stage");
}

void end() {
    stage->state.settings.animations = true;
}

/// From a corner of the picture where no point lies.
void drag_by(ImGuiTestContext* ctx, ImGuiMouseButton button, ImVec2 by) {
    const ImRect r = ctx->ItemInfo("picture").RectFull;
    const ImVec2 from(r.Min.x + 20, r.Max.y - 60);
    ctx->MouseMoveToPos(from);
    ctx->MouseDown(button);
    ctx->MouseMoveToPos(ImVec2(from.x + by.x / 2, from.y + by.y / 2));
    ctx->MouseMoveToPos(ImVec2(from.x + by.x, from.y + by.y));
    ctx->MouseUp(button);
    ctx->Yield(2);
}

void press(ImGuiTestContext* ctx, ImGuiKeyChord chord) {
    ctx->KeyPress(chord);
    ctx->Yield(3);
}
constexpr ImGuiKeyChord kUndo = ImGuiMod_Ctrl | ImGuiKey_Z;
constexpr ImGuiKeyChord kRedo = ImGuiMod_Ctrl | ImGuiMod_Shift | ImGuiKey_Z;

bool near(const viz::Camera2d& a, const viz::Camera2d& b) {
    const float unit = 1 / a.zoom;  // a pixel
    return std::abs(a.center.x - b.center.x) < unit && std::abs(a.center.y - b.center.y) < unit &&
           std::abs(a.zoom - b.zoom) < 1e-3f * a.zoom;
}

/// Another panel in place of it, as in another sitting.
void sit_down_again() {
    stage->actions.clear();
    stage->panel = app::make_routing_space_panel();
    stage->add_actions(stage->panel.get(), "Stage");
}

void register_session(ImGuiTestEngine* engine) {
    // Wrong if a session lost how the space was shown: axes, what is assigned, tails, regions,
    // dimensions, or where the camera stood.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "space", "a_session_finds_the_view_again");
    alone(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        begin(ctx);
        const app::PanelView first = space().saved_view();
        IM_CHECK_STR_EQ(first.at("camera").c_str(), "all");
        ctx->ComboClick("##axes/random");
        ctx->ItemInputValue("##seed", 17);
        ctx->ComboClick("##colour/class");
        ctx->ItemClick("tokens");
        in_more(ctx, [ctx] {
            ctx->ComboClick("##size/even");
            ctx->ComboClick("##opacity/load");
            ctx->ComboClick("##regions/margins");
        });
        ctx->ItemInputValue("##tail", 3);
        ctx->Yield(3);
        drag_by(ctx, ImGuiMouseButton_Left, ImVec2(40, -30));
        const app::PanelView flat = space().saved_view();
        const viz::Camera2d camera = space().camera();
        IM_CHECK(flat != first);
        sit_down_again();
        space().restore_view(flat);
        IM_CHECK(space().saved_view() == flat);  // it waits for the panel to be seen
        ctx->Yield(3);
        IM_CHECK(space().saved_view() == flat);
        IM_CHECK(near(space().camera(), camera));
        IM_CHECK(space().view().axes.kind == viz::AxesKind::random);
        IM_CHECK_EQ(space().view().axes.seed, 17u);
        IM_CHECK(space().view().values.color != nullptr);
        IM_CHECK(space().view().values.size == nullptr);
        IM_CHECK(space().view().values.alpha != nullptr);
        IM_CHECK_EQ(space().view().points.size(), 16u);
        IM_CHECK(wait_for(ctx, [] { return space().regions().is_there(); }));

        ctx->ItemClick("3-D");
        ctx->Yield(3);
        drag_by(ctx, ImGuiMouseButton_Left, ImVec2(60, -30));
        const viz::Orbit orbit = space().orbit();
        const app::PanelView solid = space().saved_view();
        sit_down_again();
        space().restore_view(solid);
        ctx->Yield(3);
        IM_CHECK(space().view().solid);
        IM_CHECK(std::abs(space().orbit().yaw - orbit.yaw) < 1e-4f);
        IM_CHECK(std::abs(space().orbit().pitch - orbit.pitch) < 1e-4f);

        // Of another run it is not what was kept.
        sit_down_again();
        space().restore_view(solid);
        space().forget_restored();
        ctx->Yield(3);
        IM_CHECK(space().saved_view() == first);

        // What is none is passed over; what an older file does not have stays as it is at first.
        sit_down_again();
        space().restore_view({{"axes", "sideways"},
                              {"seed", "-3"},
                              {"colour", "river"},
                              {"size", "class"},
                              {"tail", "1e9"},
                              {"camera", "1 2"},
                              {"turn", "north"},
                              {"other", ""}});
        ctx->Yield(3);
        IM_CHECK(space().saved_view() == first);
        end();
    };
}

void register_undo(ImGuiTestEngine* engine) {
    // Wrong if a drag, or turns of the wheel, were more than one step, or undo and redo took
    // another order than that in which camera and selection were changed.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "space", "the_camera_is_undone_in_its_order");
    alone(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        begin(ctx);
        ctx->ItemClick("tokens");
        ctx->Yield(2);
        const viz::Camera2d first = space().camera();
        drag_by(ctx, ImGuiMouseButton_Left, ImVec2(50, -40));
        const viz::Camera2d panned = space().camera();
        IM_CHECK(!near(panned, first));
        selection().pick_expert(4, false);
        ctx->Yield(2);
        ctx->MouseMove("picture");
        for (int turn = 0; turn < 3; ++turn) ctx->MouseWheelY(1);
        ctx->Yield(2);
        const viz::Camera2d zoomed = space().camera();
        IM_CHECK(zoomed.zoom > 1.5f * panned.zoom);

        press(ctx, kUndo);
        IM_CHECK(near(space().camera(), panned));
        IM_CHECK_EQ(selection().experts, Set{4});
        press(ctx, kUndo);
        IM_CHECK(near(space().camera(), panned));
        IM_CHECK(selection().experts.empty());
        press(ctx, kUndo);
        IM_CHECK(near(space().camera(), first));
        press(ctx, kRedo);
        IM_CHECK(near(space().camera(), panned));
        IM_CHECK(selection().experts.empty());
        press(ctx, kRedo);
        IM_CHECK_EQ(selection().experts, Set{4});
        IM_CHECK(near(space().camera(), panned));
        press(ctx, kRedo);
        IM_CHECK(near(space().camera(), zoomed));

        // Who goes another way cannot redo any more.
        press(ctx, kUndo);
        selection().pick_expert(7, false);
        ctx->Yield(2);
        press(ctx, kRedo);
        IM_CHECK(near(space().camera(), panned));
        IM_CHECK_EQ(selection().experts, Set{7});
        end();
    };

    // Wrong if a double click, which fits, could not be undone alone, or the selection that its
    // first click took and gave back were a step.
    t = IM_REGISTER_TEST(engine, "space", "a_double_click_is_one_step");
    alone(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        begin(ctx);
        selection().pick_expert(4, false);
        ctx->Yield(2);
        drag_by(ctx, ImGuiMouseButton_Left, ImVec2(50, -40));
        const viz::Camera2d panned = space().camera();
        const ImRect r = ctx->ItemInfo("picture").RectFull;
        ctx->MouseMoveToPos(ImVec2(r.Max.x - 4, r.Max.y - 4));
        ctx->MouseDoubleClick();
        ctx->Yield(3);
        IM_CHECK_EQ(selection().experts, Set{4});
        IM_CHECK(!near(space().camera(), panned));
        press(ctx, kUndo);
        IM_CHECK(near(space().camera(), panned));
        IM_CHECK_EQ(selection().experts, Set{4});
        end();
    };

    // Wrong if turns of the wheel at the limit of the zoom, which change nothing, swallowed the
    // step of those that follow them at once; likewise a turn that begins at the pole.
    t = IM_REGISTER_TEST(engine, "space", "a_limit_takes_no_step_away");
    alone(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        begin(ctx);
        ctx->ItemClick("tokens");
        ctx->Yield(2);
        ctx->MouseMove("picture");
        for (int turn = 0; turn < 60; ++turn) ctx->MouseWheelY(5);
        ctx->Yield(2);
        const viz::Camera2d limit = space().camera();
        IM_CHECK_EQ(limit.zoom, limit.zoom_max);
        stage->state.now += 5;
        ctx->MouseWheelY(1);
        IM_CHECK(space().camera() == limit);
        ctx->MouseWheelY(-3);
        ctx->Yield(2);
        IM_CHECK(space().camera().zoom < limit.zoom);
        press(ctx, kUndo);
        IM_CHECK(near(space().camera(), limit));

        ctx->ItemClick("Fit");
        ctx->ItemClick("3-D");
        ctx->Yield(3);
        for (int i = 0; i < 4; ++i) drag_by(ctx, ImGuiMouseButton_Left, ImVec2(0, -300));
        const viz::Orbit pole = space().orbit();
        const ImRect r = ctx->ItemInfo("picture").RectFull;
        ctx->MouseMoveToPos(ImVec2(r.Min.x + 20, r.Max.y - 60));
        ctx->MouseDown();
        ctx->MouseMoveToPos(ImVec2(r.Min.x + 20, r.Max.y - 160));
        IM_CHECK(space().orbit() == pole);
        ctx->MouseMoveToPos(ImVec2(r.Min.x + 20, r.Max.y - 40));
        ctx->MouseUp();
        ctx->Yield(2);
        IM_CHECK(!(space().orbit() == pole));
        press(ctx, kUndo);
        IM_CHECK(space().orbit() == pole);
        end();
    };

    // Wrong if a turn in three dimensions did not go back, or moved the other gestures with it.
    t = IM_REGISTER_TEST(engine, "space", "a_turn_is_undone");
    alone(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        begin(ctx);
        ctx->ItemClick("tokens");
        ctx->ItemClick("3-D");
        ctx->Yield(3);
        const viz::Orbit first = space().orbit();
        const viz::Camera2d camera = space().camera();
        drag_by(ctx, ImGuiMouseButton_Left, ImVec2(60, -30));
        const viz::Orbit turned = space().orbit();
        IM_CHECK(!(turned == first));
        drag_by(ctx, ImGuiMouseButton_Middle, ImVec2(30, -20));
        const viz::Camera2d moved = space().camera();
        IM_CHECK(!near(moved, camera));
        press(ctx, kUndo);
        IM_CHECK(near(space().camera(), camera));
        IM_CHECK(space().orbit() == turned);
        press(ctx, kUndo);
        IM_CHECK(space().orbit() == first);
        press(ctx, kRedo);
        IM_CHECK(space().orbit() == turned);
        press(ctx, kRedo);
        IM_CHECK(near(space().camera(), moved));

        // Another picture begins anew: its camera has no way into the last one.
        ctx->ItemClick("2-D");
        ctx->Yield(3);
        const viz::Camera2d flat = space().camera();
        press(ctx, kUndo);
        IM_CHECK(near(space().camera(), flat));
        IM_CHECK(!space().view().solid);
        end();
    };
}

const PanelTests tests([](ImGuiTestEngine* engine) {
    register_session(engine);
    register_undo(engine);
});

}  // namespace
}  // namespace hopscope::gui_test
