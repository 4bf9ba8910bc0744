// Popups of several panels on the fake session without a screen: their contents keep off the edge.
#include <functional>

#include "tests/app/stage.h"

namespace hopscope::gui_test {
namespace {

/// Whether what stands in the popup that is open begins and ends within a margin.
bool has_margin(ImGuiTestContext* ctx) {
    constexpr float kLeast = 5;
    const ImGuiWindow* popup = ctx->GetWindowByRef("//$FOCUSED");
    if (!popup || (popup->Flags & ImGuiWindowFlags_Popup) == 0) return false;
    const ImVec2 from = popup->DC.CursorStartPos, to = popup->DC.CursorMaxPos;
    return from.x - popup->Pos.x >= kLeast && from.y - popup->Pos.y >= kLeast &&
           popup->Pos.x + popup->Size.x - to.x >= kLeast &&
           popup->Pos.y + popup->Size.y - to.y >= kLeast;
}

/// Opens a popup, looks at it and shuts it.
bool keeps_off(ImGuiTestContext* ctx, const std::function<void()>& open) {
    ctx->SetRef("Stage");
    open();
    ctx->Yield(3);
    const bool margin = has_margin(ctx);
    ctx->PopupCloseAll();
    ctx->Yield(2);
    return margin;
}

void register_popups(ImGuiTestEngine* engine) {
    // Wrong if the contents of a popup stood at its very edge.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "popups", "of_the_routing_space_have_a_margin");
    use<app::make_routing_space_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->Yield(3);
        IM_CHECK(keeps_off(ctx, [ctx] { ctx->ItemClick("More"); }));
        stage->state.selection.pick_expert(5, false);
        ctx->Yield(2);
        IM_CHECK(keeps_off(ctx, [ctx] { ctx->ItemClick("###selection"); }));
    };
    t = IM_REGISTER_TEST(engine, "popups", "of_a_run_have_a_margin");
    use<app::make_run_panel>(t, [] { return small(core::RunState::paused); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->Yield(2);
        IM_CHECK(keeps_off(ctx, [ctx] { ctx->ItemClick("Step", ImGuiMouseButton_Right); }));
        IM_CHECK(keeps_off(ctx, [ctx] { ctx->ItemClick("Stop"); }));
    };
    t = IM_REGISTER_TEST(engine, "popups", "of_experts_have_a_margin");
    use<app::make_experts_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        IM_CHECK(wait_for(ctx, [ctx] { return ctx->ItemExists("**/##E3"); }));
        IM_CHECK(keeps_off(ctx, [ctx] { ctx->ItemClick("**/##E3", ImGuiMouseButton_Right); }));
        if (ctx->ItemExists("\xE2\x80\xA6"))
            IM_CHECK(keeps_off(ctx, [ctx] { ctx->ItemClick("\xE2\x80\xA6"); }));
    };
    t = IM_REGISTER_TEST(engine, "popups", "of_a_prompt_have_a_margin");
    use<app::make_trajectory_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->Yield(2);
        IM_CHECK(keeps_off(ctx, [ctx] { ctx->ItemClick("From text"); }));
    };
}

const PanelTests popups(register_popups);

}  // namespace
}  // namespace hopscope::gui_test
