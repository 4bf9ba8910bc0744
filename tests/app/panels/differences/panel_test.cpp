// Forest plot and square of equivalence beside each other, on made-up folders.
#include <algorithm>
#include <cmath>

#include "tests/app/compared_stage.h"
#include "tests/app/seen.h"

namespace hopscope::gui_test {
namespace {

/// Wrong if nothing said what would appear, the margin could not be typed or dragged, or what is
/// written were not what is seen.
void register_margin(ImGuiTestEngine* engine) {
    ImGuiTest* t = IM_REGISTER_TEST(engine, "compare", "margin_is_typed_and_dragged");
    use<app::make_differences_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        ctx->Yield(3);
        IM_CHECK(!ctx->ItemExists("##value"));
        IM_CHECK(give_three_variants(ctx));
        ctx->ItemInputValue("##value", 0.2f);
        ctx->Yield(2);
        IM_CHECK_LT(std::fabs(stage->state.comparison.margin - 0.2), 1e-6);
        ctx->ItemClick("Copy");
        IM_CHECK_EQ(std::string(ImGui::GetClipboardText()).find("undecided"), std::string::npos);
        const ImGuiTestItemInfo handle = ctx->ItemInfo("$$1/##handle");
        ctx->MouseMoveToPos(handle.RectFull.GetCenter());
        ctx->MouseDragWithDelta(ImVec2(-60, 0));
        ctx->Yield(2);
        IM_CHECK_LT(stage->state.comparison.margin, 0.19);
        ctx->ItemInputValue("##value", 0.0f);
        ctx->Yield(2);
        ctx->ItemClick("Copy");
        IM_CHECK_EQ(std::string(ImGui::GetClipboardText()).find("equivalent"), std::string::npos);
        ctx->ItemClick("to the reference");
        ctx->Yield(2);
        ctx->ItemClick("Copy");
        IM_CHECK_EQ(std::string(ImGui::GetClipboardText()).find("linear,deep"), std::string::npos);
        stage->state.comparison.margin = core::kLossMargin;
    };
}

/// Wrong if a pair that is chosen in one of the two were not chosen in the other.
void register_pair(ImGuiTestEngine* engine) {
    ImGuiTest* t = IM_REGISTER_TEST(engine, "compare", "a_pair_is_chosen_in_forest_and_square");
    use<app::make_differences_panel, app::make_equivalence_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        IM_CHECK(give_three_variants(ctx));
        const auto names = [] {
            const auto pair = stage->state.comparison.pair();
            const auto& all = stage->state.comparison.result()->variants;
            return pair ? all[pair->first].name + " " + all[pair->second].name : std::string();
        };
        IM_CHECK_STR_EQ(names().c_str(), "");
        ctx->SetRef("Second");
        ctx->ItemClick("**/$$2/##cell");  // first row: linear, third column: deep
        IM_CHECK_STR_EQ(names().c_str(), "linear deep");
        ctx->SetRef("Stage");
        ctx->ItemClick("**/$$1000/##pair");  // linear less wide, as they were given
        IM_CHECK_STR_EQ(names().c_str(), "linear wide");
    };
}

/// Wrong if a narrow panel cut its controls, or left the picture no width between the columns.
void register_narrow(ImGuiTestEngine* engine) {
    ImGuiTest* t = IM_REGISTER_TEST(engine, "compare", "a_narrow_forest_keeps_its_width");
    use<app::make_differences_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        IM_CHECK(give_three_variants(ctx));
        const auto width = [ctx] {
            return ctx->ItemInfo("$$1/##handle").RectFull.Min.x -
                   ctx->ItemInfo("$$-1/##handle").RectFull.Min.x;
        };
        const float usual = width();
        stage->size = ImVec2(330, 760);
        ctx->Yield(3);
        IM_CHECK_GT(width(), usual / 3);
        const float right = ctx->GetWindowByRef("")->WorkRect.Max.x + 1;
        for (const char* control : {"##value", "all pairs", "to the reference", "Copy", "CSV"})
            IM_CHECK_LE(ctx->ItemInfo(control).RectFull.Max.x, right);
        // Each verdict is a sign, and its word is among the counts alone.
        IM_CHECK_EQ(std::ranges::count_if(lines_seen(ctx, "//Stage"),
                                          [](const std::string& line) {
                                              return line.find("different") != std::string::npos;
                                          }),
                    1);
    };
}

/// Wrong if a session forgot that all variants are held against the reference.
void register_session(ImGuiTestEngine* engine) {
    ImGuiTest* t = IM_REGISTER_TEST(engine, "compare", "a_session_finds_the_reference_again");
    use<app::make_differences_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        IM_CHECK(give_three_variants(ctx));
        const auto copied = [ctx] {
            ctx->Yield(2);
            ctx->ItemClick("Copy");
            return std::string(ImGui::GetClipboardText());
        };
        const std::string all = copied();
        ctx->ItemClick("to the reference");
        const std::string of_first = copied();
        IM_CHECK(of_first != all);
        stage->state.comparison.set_reference(1);
        const std::string fewer = copied();
        IM_CHECK(fewer != of_first);
        const app::PanelView kept = stage->panel->saved_view();
        stage->actions.clear();
        stage->panel = app::make_differences_panel();
        stage->state.comparison.want_reference("");
        IM_CHECK(copied() == all);
        stage->panel->restore_view(kept);
        IM_CHECK(copied() == fewer);
        stage->panel->restore_view({{"to reference", "yes"}, {"reference", "of another run"}});
        IM_CHECK(copied() == of_first);
        stage->panel->restore_view(kept);
        stage->panel->forget_restored();  // another run
        IM_CHECK(copied() == of_first);
        stage->state.comparison.want_reference("");
    };
}

const PanelTests margin(register_margin), pair(register_pair), narrow(register_narrow),
    session(register_session);

}  // namespace
}  // namespace hopscope::gui_test
