// The log panel alone, without a screen: what it filters, copies and writes into files.
#include <filesystem>
#include <string>

#include "tests/app/seen.h"
#include "tests/app/stage.h"
#include "tests/temp_folder.h"

namespace hopscope::gui_test {
namespace {

void register_log_panel(ImGuiTestEngine* engine) {
    // Wrong if the filter hid nothing or copied what it hides.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "log", "filter_and_copy");
    use<app::make_log_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        stage->state.log.clear();
        stage->state.say("alpha line");
        stage->state.say("beta line");
        ctx->SetRef("Stage");
        ctx->ItemInputValue("##filter", "BETA");
        ctx->ItemClick("Copy");
        const std::string copied = ImGui::GetClipboardText();
        IM_CHECK(copied.find("beta line") != std::string::npos);
        IM_CHECK(copied.find("alpha") == std::string::npos);
        ctx->ItemInputValue("##filter", "");
        ctx->ItemClick("Commands");
        stage->state.submit({core::CommandKind::freeze, {{"what", std::string("router")}}});
        stage->session->advance(1);
        ctx->Yield(2);
        // Read in words, copied as what can be replayed.
        IM_CHECK(sees(ctx, "//Stage", "step 121  freeze router"));
        IM_CHECK(!sees(ctx, "//Stage", "{\"command"));
        ctx->ItemClick("Copy");
        IM_CHECK_STR_EQ(ImGui::GetClipboardText(),
                        "{\"command\":\"freeze\",\"from_step\":121,\"what\":\"router\"}\n");
    };

    // Wrong if Export wrote nothing, other lines than those shown, or commands that were refused,
    // which do not replay; or if it were not said why one was refused.
    t = IM_REGISTER_TEST(engine, "log", "the_lines_shown_are_written");
    use<app::make_log_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        const test::TempFolder folder;
        stage->session->mutable_status().run_dir = folder.path();
        stage->state.submit({core::CommandKind::freeze, {{"what", std::string("router")}}});
        stage->state.submit({core::CommandKind::fork, {}});
        stage->state.submit({core::CommandKind::freeze, {{"what", std::string("norms")}}});
        stage->session->advance(1);
        ctx->SetRef("Stage");
        ctx->ItemClick("Commands");
        ctx->Yield(3);
        IM_CHECK(sees(ctx, "//Stage", "refused: the demo has no model to fork"));
        const auto line = [](const char* what) {
            return "{\"command\":\"freeze\",\"from_step\":121,\"what\":\"" + std::string(what) +
                   "\"}\n";
        };
        const auto written = [&](const char* name) {
            const std::string file = folder / name;
            std::filesystem::remove(file);
            ctx->ItemClick("Export");
            IM_CHECK_RETV(wait_for(ctx, [&] { return std::filesystem::exists(file); }),
                          std::string());
            return test::bytes_of(file);
        };
        IM_CHECK_STR_EQ(written("commands_shown.jsonl").c_str(),
                        (line("router") + line("norms")).c_str());
        ctx->ItemInputValue("##filter", "NORMS");
        ctx->Yield(2);
        IM_CHECK_STR_EQ(written("commands_shown.jsonl").c_str(), line("norms").c_str());
        stage->state.log.clear();
        stage->state.say("alpha norms");
        stage->state.say("beta line");
        ctx->ItemClick("Messages");
        ctx->Yield(2);
        const std::string text = written("messages_shown.txt");
        IM_CHECK(text.ends_with("alpha norms\n"));
        IM_CHECK(text.find("beta") == std::string::npos);
    };

    // Wrong if a session forgot which lines were looked for.
    t = IM_REGISTER_TEST(engine, "log", "a_session_finds_the_filter_again");
    use<app::make_log_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        stage->state.log.clear();
        stage->state.say("alpha line");
        ctx->SetRef("Stage");
        ctx->ItemInputValue("##filter", "beta");
        ctx->ItemClick("Commands");
        const app::PanelView kept = stage->panel->saved_view();
        stage->panel = app::make_log_panel();
        ctx->Yield(2);
        IM_CHECK(stage->panel->saved_view() != kept);
        stage->panel->restore_view(kept);
        ctx->Yield(2);
        IM_CHECK(stage->panel->saved_view() == kept);
        ctx->ItemClick("Messages");
        ctx->Yield(2);
        IM_CHECK_STR_EQ(stage->panel->detail(stage->state).c_str(), "0 of 1 line");
        stage->panel->restore_view({{"filter", "ALPHA"}});
        ctx->Yield(2);
        IM_CHECK_STR_EQ(stage->panel->detail(stage->state).c_str(), "1 line");
    };
}

const PanelTests tests(register_log_panel);

}  // namespace
}  // namespace hopscope::gui_test
