// The analyses panel on the fake session and a made-up laboratory, without a screen.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <implot.h>
#include <implot_internal.h>

#include "app/panels/analyses/files.h"
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
    services.analysis_definitions = [](bool) {
        return std::vector<std::pair<std::string, std::string>>{
            {"load", "counts of each expert. n: choices."}, {"fails", "never there. n: 0."}};
    };
    services.analyze = [](const std::string& run, const std::string& name, const std::string&,
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

/// One that nobody can have, one that asks for a second run, which it is given as `against`.
void give_refusals(const std::string& folder, std::string& against) {
    auto& services = stage->state.services;
    services.analysis_definitions = [](bool) {
        return std::vector<std::pair<std::string, std::string>>{
            {"load", "counts. n: choices."}, {"dense", "none. n: 0."}, {"two", "of two. n: 1."}};
    };
    services.analysis_refusals = [](const core::Config&, const core::RunHolds& holds) {
        std::vector<std::pair<std::string, std::string>> out = {{"dense", "It has no experts."}};
        if (holds.second_run == false) out.emplace_back("two", "Needs a second run.");
        return out;
    };
    services.analyze = [&against](const std::string&, const std::string& name,
                                  const std::string& second,
                                  const core::Progress&) -> core::Result<std::string> {
        against += name + ":" + second + ";";
        return std::string();
    };
    // The panel asks for the names once.
    stage->open(app::make_analyses_panel, nullptr, small());
    std::filesystem::create_directories(folder + "/own/checkpoints/step_00000100");
    std::filesystem::create_directories(folder + "/other");
    std::filesystem::create_directories(folder + "/no_run");
    std::ofstream(folder + "/other/run.json") << "{}";
    stage->session->mutable_status().run_dir = folder + "/own";
}

/// Wrong if an analysis that the run cannot have could be started, alone or with all, or one of two
/// runs could not be given its second.
void register_refusals(ImGuiTestEngine* engine) {
    ImGuiTest* t = IM_REGISTER_TEST(engine, "analyses", "what_the_run_lacks_is_grey");
    use<app::make_analyses_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        const test::TempFolder folder;
        std::string asked;
        give_refusals(folder.path(), asked);
        ctx->SetRef("Stage");
        const auto grey = [&](const char* item) {
            return (ctx->ItemInfo(item).ItemFlags & ImGuiItemFlags_Disabled) != 0;
        };
        const auto ended = [] {
            const auto tasks = stage->state.task_runner().tasks();
            return std::all_of(tasks.begin(), tasks.end(), [](auto& one) { return one.ended(); });
        };
        IM_CHECK(wait_for(ctx, [&] { return !grey("**/Run all"); }));
        click(ctx, "Run all");
        IM_CHECK(wait_for(ctx, ended));
        IM_CHECK_STR_EQ(asked.c_str(), "load:;");
        click(ctx, "dense");
        ctx->Yield(2);
        IM_CHECK(grey("**/Run"));
        IM_CHECK(!ctx->ItemExists("**/##against"));
        click(ctx, "two");
        ctx->Yield(2);
        IM_CHECK(grey("**/Run"));
        const auto beside = app::look_at_analyses(folder.path() + "/own").beside;
        IM_CHECK_EQ(beside.size(), 1u);
        IM_CHECK_STR_EQ(beside[0].c_str(), (folder.path() + "/other").c_str());
        ctx->ItemInputValue("**/##against", (folder.path() + "/other").c_str());
        ctx->Yield(2);
        IM_CHECK(!grey("**/Run"));
        asked.clear();
        click(ctx, "Run");
        IM_CHECK(wait_for(ctx, ended));
        IM_CHECK_STR_EQ(asked.c_str(), ("two:" + folder.path() + "/other;").c_str());
    };
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
        // A right click on a cell is on the number of that row and column.
        const ImRect head = ctx->ItemInfo("**/count##count").RectFull;
        ctx->MouseMoveToPos(ImVec2(head.Min.x + ImGui::GetStyle().CellPadding.x + 4,
                                   head.Max.y + 1.5f * head.GetHeight()));
        ctx->MouseClick(ImGuiMouseButton_Right);
        ctx->Yield(2);
        ctx->ItemClick("//$FOCUSED/Copy as JSON");
        const std::string json = ImGui::GetClipboardText();
        IM_CHECK_NE(json.find("\"value\":9"), std::string::npos);
        IM_CHECK_NE(json.find("count, expert 1"), std::string::npos);
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

/// The plot that is drawn now.
const ImPlotPlot* plot_shown(ImGuiTestContext* ctx) {
    auto& plots = ImPlot::GetCurrentContext()->Plots;
    for (int i = 0; i < plots.GetBufSize(); ++i)
        if (const ImPlotPlot* one = plots.GetByIndex(i); one->ID != 0 && ctx->ItemExists(one->ID))
            return one;
    return nullptr;
}

/// Wrong if the wheel over a plot zoomed it in place of scrolling the page, or with Ctrl scrolled
/// in place of zooming.
void register_wheel(ImGuiTestEngine* engine) {
    ImGuiTest* t = IM_REGISTER_TEST(engine, "analyses", "the_wheel_over_a_plot_scrolls_the_page");
    use<app::make_analyses_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        const test::TempFolder folder;
        give_laboratory(folder.path());
        stage->state.services.analyze = [](const std::string& run, const std::string&,
                                           const std::string&,
                                           const core::Progress&) -> core::Result<std::string> {
            std::string numbers = R"("gini": 0.5)";
            for (int i = 0; i < 60; ++i) numbers += R"(, "number_)" + std::to_string(i) + R"(": 1)";
            std::filesystem::create_directories(run + "/analysis");
            std::ofstream(run + "/analysis/load.json")
                << R"({"format": "hopscope.analysis/1", "name": "load", "n": 64, "step": 120,
                       "result": {)"
                << numbers << "}}";
            std::ofstream(run + "/analysis/load.csv") << "expert,count\n0,10\n1,9\n2,30\n";
            return std::string();
        };
        std::filesystem::create_directories(folder / "checkpoints/step_00000100");
        ctx->SetRef("Stage");
        IM_CHECK(wait_for(ctx, [&] {
            return (ctx->ItemInfo("**/Run").ItemFlags & ImGuiItemFlags_Disabled) == 0;
        }));
        click(ctx, "Run");
        IM_CHECK(wait_for(ctx, [&] { return ctx->ItemExists("**/Run again"); }));
        ctx->Yield(3);
        const ImPlotPlot* plot = plot_shown(ctx);
        IM_CHECK(plot != nullptr);
        const ImGuiWindow* page = ctx->ItemInfo(plot->ID).Window;
        ctx->ScrollToItemY(plot->ID);
        ctx->Yield(3);
        const float scrolled = page->Scroll.y;
        IM_CHECK_GT(scrolled, 100.0f);
        const ImPlotRange x = plot->Axes[ImAxis_X1].Range, y = plot->Axes[ImAxis_Y1].Range;
        ctx->MouseMoveToPos(plot->PlotRect.GetCenter());
        ctx->MouseWheelY(1);
        ctx->Yield(3);
        IM_CHECK_LT(page->Scroll.y, scrolled);
        IM_CHECK_EQ(plot->Axes[ImAxis_X1].Range.Size(), x.Size());
        IM_CHECK_EQ(plot->Axes[ImAxis_Y1].Range.Size(), y.Size());
        ctx->ScrollToItemY(plot->ID);
        ctx->Yield(3);
        const float before = page->Scroll.y;
        ctx->MouseMoveToPos(plot->PlotRect.GetCenter());
        ctx->KeyDown(ImGuiMod_Ctrl);
        ctx->MouseWheelY(2);
        ctx->KeyUp(ImGuiMod_Ctrl);
        ctx->Yield(3);
        IM_CHECK_EQ(page->Scroll.y, before);
        IM_CHECK_LT(plot->Axes[ImAxis_X1].Range.Size(), x.Size());
    };
}

const PanelTests tests(register_analyses_panel), refusals(register_refusals), wheel(register_wheel);

}  // namespace
}  // namespace hopscope::gui_test
