// The panel of the model on the fake session, without a screen: what is pressed in its diagram.
#include <imgui_internal.h>
#include <string>

#include "tests/app/stage.h"

namespace hopscope::gui_test {
namespace {

/// Wrong if a press on a block selected no layer, or a layer selected elsewhere were not opened.
void register_selection(ImGuiTestEngine* engine) {
    ImGuiTest* t = IM_REGISTER_TEST(engine, "model", "a_block_selects_its_layer");
    use<app::make_model_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        IM_CHECK(wait_for(ctx, [&] { return ctx->ItemExists("block 2"); }));
        IM_CHECK_EQ(stage->state.selection.layer, 0);
        ctx->ItemClick("block 2");
        IM_CHECK_EQ(stage->state.selection.layer, 2);
        ctx->Yield(2);
        IM_CHECK(stage->panel->detail(stage->state).starts_with("block 2 of 4"));
        stage->state.selection.set_layer(1);
        ctx->Yield(2);
        IM_CHECK(stage->panel->detail(stage->state).starts_with("block 1 of 4"));
    };
}

/// Wrong if a part that is pressed did not show its card, or the card could not be left.
void register_card(ImGuiTestEngine* engine) {
    ImGuiTest* t = IM_REGISTER_TEST(engine, "model", "a_part_shows_its_tensors");
    use<app::make_model_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        IM_CHECK(wait_for(ctx, [&] { return ctx->ItemExists("attention"); }));
        IM_CHECK(!ctx->ItemExists("Whole model"));
        ctx->ItemClick("attention");
        ctx->Yield(2);
        IM_CHECK(ctx->ItemExists("Whole model"));
        IM_CHECK_STR_EQ(stage->panel->saved_view().at("part").c_str(), "attention");
        ctx->ItemClick("experts");
        IM_CHECK_STR_EQ(stage->panel->saved_view().at("part").c_str(), "experts");
        ctx->ItemClick("Whole model");
        ctx->Yield(2);
        IM_CHECK(!ctx->ItemExists("Whole model"));
        // A second press lets go, too, and what was looked at comes back with a session.
        ctx->ItemClick("scores");
        ctx->ItemClick("scores");
        ctx->Yield(2);
        IM_CHECK(!ctx->ItemExists("Whole model"));
        stage->panel->restore_view({{"part", "head"}});
        ctx->Yield(2);
        IM_CHECK(ctx->ItemExists("Whole model"));
    };
}

/// Wrong if a head wider than the numbers below it were cut.
void register_heads(ImGuiTestEngine* engine) {
    ImGuiTest* t = IM_REGISTER_TEST(engine, "model", "every_head_has_room");
    use<app::make_model_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        IM_CHECK(wait_for(ctx, [&] { return ctx->ItemExists("block 2"); }));
        ctx->Yield(5);
        int heads = 0;
        ImPool<ImGuiTable>& tables = ctx->UiContext->Tables;
        for (int i = 0; i < tables.GetMapSize(); ++i) {
            ImGuiTable* table = tables.TryGetMapData(i);
            if (!table || table->LastFrameActive + 1 < ImGui::GetFrameCount()) continue;
            for (int c = 1; c < table->ColumnsCount; ++c, ++heads) {
                const char* head = ImGui::TableGetColumnName(table, c);
                IM_CHECK_GE(table->Columns[c].WidthGiven, ImGui::CalcTextSize(head).x);
            }
        }
        IM_CHECK_GE(heads, 5);
    };
}

/// Wrong if nothing could be taken along, or the picture were not of the diagram.
void register_export(ImGuiTestEngine* engine) {
    ImGuiTest* t = IM_REGISTER_TEST(engine, "model", "csv_and_png");
    use<app::make_model_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        IM_CHECK(wait_for(ctx, [&] { return ctx->ItemExists("PNG"); }));
        IM_CHECK(stage->panel->csv(stage->state).find("layers.3.experts.down") !=
                 std::string::npos);
        ctx->ItemClick("PNG");
        IM_CHECK(stage->state.picture_order.has_value());
        IM_CHECK(stage->state.picture_order->path.ends_with("model.png"));
        IM_CHECK(stage->state.picture_order->high.y - stage->state.picture_order->low.y > 200);
    };
}

/// Wrong if a run without experts, or none, left the panel with what it showed before.
void register_without(ImGuiTestEngine* engine) {
    ImGuiTest* t = IM_REGISTER_TEST(engine, "model", "dense_and_no_run");
    use<app::make_model_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        IM_CHECK(wait_for(ctx, [&] { return ctx->ItemExists("projection"); }));
        core::Config dense;
        dense.model.ffn = core::FfnKind::dense;
        stage->state.attach(std::make_unique<FakeSession>(small(), dense));
        IM_CHECK(wait_for(ctx, [&] { return ctx->ItemExists("dense layer"); }));
        ctx->Yield(3);
        IM_CHECK(ctx->ItemExists("read"));
        IM_CHECK(!ctx->ItemExists("projection"));
        stage->state.attach(nullptr);
        ctx->Yield(2);
        IM_CHECK(!ctx->ItemExists("embedding"));
    };
}

const PanelTests selection(register_selection), card(register_card), heads(register_heads),
    exported(register_export), without(register_without);

}  // namespace
}  // namespace hopscope::gui_test
