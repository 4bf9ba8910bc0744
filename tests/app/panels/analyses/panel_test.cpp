// The analyses panel on the fake session and a made-up laboratory, without a screen.
#include <filesystem>
#include <fstream>

#include "tests/app/stage.h"
#include "tests/temp_folder.h"

namespace hopscope::gui_test {
namespace {

/// Clicks an item inside a child window, wherever it is.
void click(ImGuiTestContext* ctx, const char* label) {
    ctx->ItemClick((std::string("**/") + label).c_str());
}

/// A laboratory that makes one document; `fails` has no data for it.
void give_laboratory(const std::string& folder) {
    auto& services = stage->state.services;
    services.analysis_definitions = [] {
        return std::vector<std::pair<std::string, std::string>>{
            {"load", "counts of each expert. n: choices."}, {"fails", "never there. n: 0."}};
    };
    services.analyze = [](const std::string& run, const std::string& name,
                          const core::Progress& progress) -> core::Result<std::string> {
        progress.report("reading", 0.5);
        if (name == "fails") return core::usage_error("fails: this run has no data for it");
        std::filesystem::create_directories(run + "/analysis");
        std::ofstream(run + "/analysis/load.json")
            << R"({"format": "hopscope.analysis/1", "name": "load", "n": 64, "step": 120,
                   "result": {"gini": 0.5}})";
        std::ofstream(run + "/analysis/load.csv") << "expert,count\n0,10\n1,9\n2,30\n";
        return std::string();
    };
    stage->session->mutable_status().run_dir = folder;
}

/// Wrong if an analysis could be started without a checkpoint, its result did not appear, or a
/// failure was silent.
void register_analyses_panel(ImGuiTestEngine* engine) {
    ImGuiTest* t = IM_REGISTER_TEST(engine, "analyses", "runs_in_the_background_and_shows_tables");
    use<app::make_analyses_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        const test::TempFolder folder;
        give_laboratory(folder.path());
        ctx->SetRef("Stage");
        ctx->Yield(3);
        IM_CHECK((ctx->ItemInfo("**/Run").ItemFlags & ImGuiItemFlags_Disabled) != 0);
        std::filesystem::create_directories(folder / "checkpoints/step_00000100");
        IM_CHECK(wait_for(ctx, [&] {
            return (ctx->ItemInfo("**/Run").ItemFlags & ImGuiItemFlags_Disabled) == 0;
        }));
        click(ctx, "Run");
        IM_CHECK(wait_for(ctx, [&] { return ctx->ItemExists("**/Run again"); }));
        IM_CHECK(ctx->ItemExists("**/Copy"));
        IM_CHECK(ctx->ItemExists("**/PNG"));  // the table has a picture
        click(ctx, "fails");
        click(ctx, "Run");
        IM_CHECK(wait_for(ctx, [] {
            const auto tasks = stage->state.tasks->tasks();
            return tasks.back().state == app::TaskState::failed;
        }));
        ctx->Yield(3);
        IM_CHECK(stage->state.log.back().problem);
        click(ctx, "load");
        IM_CHECK(wait_for(ctx, [&] { return ctx->ItemExists("**/Run again"); }));
    };
}

const PanelTests tests(register_analyses_panel);

}  // namespace
}  // namespace hopscope::gui_test
