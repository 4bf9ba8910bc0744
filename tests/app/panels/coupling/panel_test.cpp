// The panel of coupling on the fake session and a made-up laboratory, without a screen.
#include <filesystem>
#include <fstream>

#include "app/panels/coupling/view.h"
#include "tests/app/made_up_coupling.h"
#include "tests/app/number_menu.h"
#include "tests/app/stage.h"
#include "tests/temp_folder.h"

namespace hopscope::gui_test {
namespace {

void write_coupling(const std::string& run, double cosine, int64_t step) {
    std::filesystem::create_directories(run + "/analysis");
    std::ofstream(run + "/analysis/coupling.experts.csv") << kMadeUpExperts;
    std::ofstream(run + "/analysis/coupling.json") << made_up_coupling(cosine, step);
}

/// A laboratory whose measurement waits until it is cancelled, or writes one of `step`.
void give_coupling(bool waits, int64_t step) {
    auto& services = stage->state.services;
    services.analysis_refusals = [](const core::Config& config, const core::RunHolds&) {
        std::vector<std::pair<std::string, std::string>> out;
        if (config.is_dense()) out.emplace_back("coupling", "A dense model has no experts.");
        return out;
    };
    services.analyze = [waits, step](const std::string& run, const std::string&, const std::string&,
                                     const core::Progress& progress) -> core::Result<std::string> {
        progress.report("evaluating batch 3 of 50", 0.06);
        while (waits && !progress.cancelled())
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        if (waits) return core::stopped_on_request();
        write_coupling(run, 0.3, step);
        return std::string();
    };
    stage->open(app::make_coupling_panel, nullptr, small());
}

bool grey(ImGuiTestContext* ctx, const char* item) {
    return (ctx->ItemInfo(item).ItemFlags & ImGuiItemFlags_Disabled) != 0;
}

/// Wrong if it could be measured without a checkpoint, did not appear, or could not be ended.
void register_measuring(ImGuiTestEngine* engine) {
    ImGuiTest* t = IM_REGISTER_TEST(engine, "coupling", "is_measured_beside_the_training");
    use<app::make_coupling_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        const test::TempFolder folder;
        give_coupling(true, 120);
        stage->session->mutable_status().run_dir = folder.path();
        ctx->SetRef("Stage");
        ctx->Yield(3);
        IM_CHECK(grey(ctx, "Measure coupling"));
        IM_CHECK(grey(ctx, "CSV"));
        std::filesystem::create_directories(folder / "checkpoints/step_00000100");
        IM_CHECK(wait_for(ctx, [&] { return !grey(ctx, "Measure coupling"); }));
        ctx->ItemClick("Measure coupling");
        IM_CHECK(wait_for(ctx, [&] { return ctx->ItemExists("Cancel"); }));
        ctx->ItemClick("Cancel");
        IM_CHECK(wait_for(ctx, [&] { return ctx->ItemExists("Measure coupling"); }));
        IM_CHECK(stage->panel->csv(stage->state).empty());
        give_coupling(false, 120);
        stage->session->mutable_status().run_dir = folder.path();
        ctx->Yield(3);  // what was there before counts for a frame or two
        IM_CHECK(wait_for(ctx, [&] { return !grey(ctx, "Measure coupling"); }));
        ctx->ItemClick("Measure coupling");
        IM_CHECK(wait_for(ctx, [&] { return ctx->ItemExists("Measure again"); }));
        IM_CHECK_STR_EQ(stage->panel->detail(stage->state).c_str(), "step 120");
        IM_CHECK(stage->panel->csv(stage->state).find("cosine of own expert") != std::string::npos);
        IM_CHECK(ctx->ItemExists("##alignment"));
        IM_CHECK(ctx->ItemExists("##experts"));
    };
}

/// Wrong if it could not be called by name, from wherever one is.
void register_action(ImGuiTestEngine* engine) {
    ImGuiTest* t = IM_REGISTER_TEST(engine, "coupling", "is_measured_by_name");
    use<app::make_coupling_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        const test::TempFolder folder;
        std::filesystem::create_directories(folder / "checkpoints/step_00000100");
        give_coupling(false, 120);
        stage->session->mutable_status().run_dir = folder.path();
        const app::ActionItem* item = app::find_action(stage->actions, "coupling.analyze");
        IM_CHECK(item != nullptr);
        ctx->Yield(3);  // the window knows of the folder
        IM_CHECK(item->refusal().empty());
        // What the run cannot have is said before it is asked for.
        stage->state.status.read_only = true;
        IM_CHECK_NE(item->refusal().find("train a copy"), std::string::npos);
        stage->state.status.read_only = false;
        item->run();
        IM_CHECK_STR_EQ(stage->state.show_panel.c_str(), "coupling");
        stage->state.show_panel.clear();
        IM_CHECK(wait_for(ctx, [] { return stage->panel->detail(stage->state) == "step 120"; }));
    };
}

/// Wrong if a layer could not be chosen, or one were not the layer of all panels.
void register_layers(ImGuiTestEngine* engine) {
    ImGuiTest* t = IM_REGISTER_TEST(engine, "coupling", "a_layer_is_that_of_all_panels");
    use<app::make_coupling_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        const test::TempFolder folder;
        write_coupling(folder.path(), 0.3, 100);
        give_coupling(false, 120);
        stage->session->mutable_status().run_dir = folder.path();
        ctx->SetRef("Stage");
        IM_CHECK(wait_for(ctx, [&] { return ctx->ItemExists("##layer"); }));
        ctx->ComboClick("##layer/layer 1");
        IM_CHECK_EQ(stage->state.selection.layer, 1);
        IM_CHECK_STR_EQ(stage->panel->saved_view().at("layers").c_str(), "selected");
        ctx->ComboClick("##layer/all layers");
        IM_CHECK_STR_EQ(stage->panel->saved_view().at("layers").c_str(), "all");
    };
}

/// Wrong if a second run, or what this one had before, could not be held against it.
void register_beside(ImGuiTestEngine* engine) {
    ImGuiTest* t = IM_REGISTER_TEST(engine, "coupling", "another_run_and_an_earlier_step");
    use<app::make_coupling_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        const test::TempFolder folder;
        const std::string own = folder.path() + "/own", other = folder.path() + "/other";
        write_coupling(own, 0.3, 100);
        write_coupling(other, 0.1, 80);
        std::ofstream(other + "/run.json") << "{}";
        std::filesystem::create_directories(own + "/checkpoints/step_00000100");
        give_coupling(false, 120);
        stage->session->mutable_status().run_dir = own;
        ctx->SetRef("Stage");
        IM_CHECK(wait_for(ctx, [&] { return ctx->ItemExists("##beside"); }));
        ctx->ComboClick("##beside/other");
        IM_CHECK(wait_for(ctx, [&] {  // its file is read beside the window; rows move when it comes
            return ctx->ItemExists("**/all layers of other, Spearman, median##0");
        }));
        ctx->Yield(2);
        // Each number is of one run, and says of which.
        app::AlignmentRow of_down;
        of_down.matrix = "down";
        const std::string down = app::matrix_words(of_down);
        for (const bool of_other : {false, true})
            for (const auto& [words, column] :
                 {std::pair(std::string("all layers"), "Spearman, median##0"),
                  std::pair(std::string("all layers"), "cosine, own##0"),
                  std::pair(down, "cosine, own##4")}) {
                const std::string row = words + (of_other ? " of other, " : ", ");
                const nlohmann::json number =
                    json_at(ctx, place(ctx, ("**/" + row + column).c_str()));
                IM_CHECK(name_in(number).starts_with(row));
                IM_CHECK_EQ(number.contains("command"), !of_other);
                IM_CHECK_STR_EQ(number.value("run", "").c_str(), of_other ? "" : own.c_str());
                IM_CHECK(number.contains("ci95"));
            }
        ctx->ItemClick("Measure again");
        IM_CHECK(wait_for(ctx, [] { return stage->panel->detail(stage->state) == "step 120"; }));
        ctx->ComboClick("##beside/step 100, before");
        ctx->Yield(2);
    };
}

/// Wrong if a dense model were not told why, or the live statistics could not be switched.
void register_live(ImGuiTestEngine* engine) {
    ImGuiTest* t = IM_REGISTER_TEST(engine, "coupling", "what_is_recorded_and_what_is_refused");
    use<app::make_coupling_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        give_coupling(false, 120);
        ctx->SetRef("Stage");
        IM_CHECK(wait_for(ctx, [&] { return ctx->ItemExists("##live"); }));
        ctx->ItemClick("score Spearman");
        IM_CHECK_STR_EQ(stage->panel->saved_view().at("live").c_str(), "score Spearman");
        core::Config dense;
        dense.model.ffn = core::FfnKind::dense;
        stage->state.attach(std::make_unique<FakeSession>(small(), dense));
        ctx->Yield(3);
        IM_CHECK(grey(ctx, "Measure coupling"));
        IM_CHECK(!ctx->ItemExists("##live"));
    };
}

const PanelTests measuring(register_measuring), action(register_action), layers(register_layers),
    beside(register_beside), live(register_live);

}  // namespace
}  // namespace hopscope::gui_test
