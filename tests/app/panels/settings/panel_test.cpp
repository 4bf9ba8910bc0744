// The settings in which compared runs differ, on made-up folders.
#include "tests/app/seen.h"
#include "tests/app/stage.h"

namespace hopscope::gui_test {
namespace {

/// Wrong if equal settings hid the differing ones, could not be seen, or the text that is copied
/// were another than the table.
void register_settings(ImGuiTestEngine* engine) {
    ImGuiTest* t = IM_REGISTER_TEST(engine, "compare", "settings_that_differ");
    use<app::make_settings_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        stage->session->mutable_status().run_dir = "runs/wide-42";
        ctx->SetRef("Stage");
        ctx->Yield(3);
        IM_CHECK(!ctx->ItemExists("Copy"));
        stage->state.watch_runs({"runs/deep-42"});
        IM_CHECK(wait_for(ctx, [&] { return ctx->ItemExists("Copy"); }));
        ctx->ItemClick("Copy");
        std::string copied = ImGui::GetClipboardText();
        IM_CHECK_NE(copied.find("setting,wide,deep\n"), std::string::npos);
        IM_CHECK_NE(copied.find("moe.hops,1,3\n"), std::string::npos);
        IM_CHECK_EQ(copied.find("train.batch"), std::string::npos);
        // Counts are read by programs as numbers, and by people with separators.
        IM_CHECK_NE(copied.find("\nparameters,85700000,87700000\n"), std::string::npos);
        IM_CHECK(sees(ctx, "//Stage", "85,700,000"));
        ctx->ItemClick("###equal");
        ctx->Yield(2);
        ctx->ItemClick("Copy");
        copied = ImGui::GetClipboardText();
        IM_CHECK_NE(copied.find("train.batch"), std::string::npos);
    };
}

const PanelTests settings(register_settings);

}  // namespace
}  // namespace hopscope::gui_test
