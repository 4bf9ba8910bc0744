// The list of the compared runs, on made-up folders.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "app/widgets/widgets.h"
#include "tests/app/stage.h"

namespace hopscope::gui_test {
namespace {

bool grey(ImGuiTestContext* ctx, const char* item) {
    return (ctx->ItemInfo(item).ItemFlags & ImGuiItemFlags_Disabled) != 0;
}

size_t run_count() {
    return stage->state.compared.entries().size();
}

void add_path(ImGuiTestContext* ctx, const char* path) {
    ctx->ItemInputValue("##folder", path);
    ctx->ItemClick("Add");
    wait_for(ctx, [] { return !stage->state.compared.adding(); });
    ctx->Yield(3);
}

bool compared(ImGuiTestContext* ctx, size_t variants) {
    return wait_for(ctx, [&] {
        const auto& result = stage->state.comparison.result();
        return result && result->variants.size() == variants && !stage->state.comparison.working();
    });
}

/// Wrong if two of the names that are cut read the same.
void register_names(ImGuiTestEngine* engine) {
    ImGuiTest* t = IM_REGISTER_TEST(engine, "compare", "names_that_are_cut_differ");
    use<app::make_compared_runs_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->Yield(2);
        const float room = ImGui::CalcTextSize("top_k 12, ho").x;
        const auto cut = [room](const std::string& name, const std::vector<std::string>& all) {
            return app::fitted_among(name, all, room);
        };
        const std::vector<std::string> first = {"top_k 12, hops 1", "top_k 4, hops 3",
                                                "top_k 1, hops 1"};
        std::set<std::string> shown;
        for (const std::string& name : first) shown.insert(cut(name, first));
        IM_CHECK_EQ(shown.size(), first.size());
        for (const std::string& name : shown)
            IM_CHECK_LE(ImGui::CalcTextSize(name.c_str()).x, room);
        IM_CHECK(shown.begin()->ends_with("\xE2\x80\xA6"));
        // Those that begin alike keep their ends.
        const std::vector<std::string> last = {"wide_cosine_seed42", "wide_cosine_seed43"};
        IM_CHECK(cut(last[0], last).ends_with("42"));
        IM_CHECK(cut(last[1], last).ends_with("43"));
        IM_CHECK_STR_EQ(app::fitted_among("a", {"a", "ab"}, 100).c_str(), "a");
    };
}

/// Wrong if runs could not be added or taken out in the window, a folder of several were one run,
/// or a path without runs said nothing.
void register_adding(ImGuiTestEngine* engine) {
    ImGuiTest* t = IM_REGISTER_TEST(engine, "compare", "runs_are_added_and_taken_out");
    use<app::make_compared_runs_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        stage->session->mutable_status().run_dir = "runs/demo-42";
        ctx->SetRef("Stage");
        ctx->Yield(3);
        IM_CHECK_EQ(run_count(), 1u);
        IM_CHECK(grey(ctx, "Add"));
        IM_CHECK(grey(ctx, "Take out"));
        add_path(ctx, "runs/all");
        IM_CHECK_EQ(run_count(), 16u);
        IM_CHECK(compared(ctx, 6));
        add_path(ctx, "runs/all");
        IM_CHECK_EQ(run_count(), 16u);
        IM_CHECK_STR_EQ(stage->state.compared.problem().c_str(), "It is compared already.");
        add_path(ctx, "runs/nothing");
        IM_CHECK_NE(stage->state.compared.problem().find("no run lies here"), std::string::npos);
        ctx->ItemClick("**/runs\\/wide-137/##run");
        ctx->ItemClick("Take out");
        ctx->Yield(2);
        IM_CHECK_EQ(run_count(), 15u);
        IM_CHECK(stage->state.compared.of("runs/wide-137") == nullptr);
        // The open one stays.
        ctx->ItemClick("**/runs\\/demo-42/##run");
        IM_CHECK(grey(ctx, "Take out"));
        IM_CHECK(grey(ctx, "Inspect"));
    };
}

/// Wrong if a run beside the open one could not be looked at, or the choice of the reference had no
/// effect.
void register_choice(ImGuiTestEngine* engine) {
    ImGuiTest* t = IM_REGISTER_TEST(engine, "compare", "a_run_is_inspected_or_the_reference");
    use<app::make_compared_runs_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        stage->session->mutable_status().run_dir = "runs/demo-42";
        ctx->SetRef("Stage");
        add_path(ctx, "runs/deep-7");
        IM_CHECK(compared(ctx, 2));
        const auto reference = [] {
            return stage->state.comparison.result()
                ->variants[*stage->state.comparison.reference()]
                .name;
        };
        IM_CHECK_STR_EQ(reference().c_str(), "demo");
        ctx->ItemClick("**/runs\\/deep-7/##run");
        ctx->ItemClick("Reference");
        IM_CHECK_STR_EQ(reference().c_str(), "deep");
        ctx->ItemClick("Inspect");
        IM_CHECK_STR_EQ(stage->state.open_next.c_str(), "runs/deep-7");
        stage->state.open_next.clear();
    };
}

/// Wrong if a lane of a race could not be looked at as any run.
void register_lanes(ImGuiTestEngine* engine) {
    ImGuiTest* t = IM_REGISTER_TEST(engine, "compare", "every_lane_of_a_race_is_inspected");
    use<app::make_compared_runs_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        core::RunStatus& status = stage->session->mutable_status();
        status.run_dir = "runs/race";
        status.lanes = {"wide-42", "deep-42"};
        stage->state.rivals.resize(1);
        ctx->SetRef("Stage");
        ctx->Yield(3);
        IM_CHECK_EQ(run_count(), 2u);
        ctx->ItemClick("**/runs\\/race\\/deep-42/##run");
        ctx->ItemClick("Inspect");
        IM_CHECK_STR_EQ(stage->state.open_next.c_str(), "runs/race/deep-42");
        stage->state.open_next.clear();
    };
}

const PanelTests names(register_names), adding(register_adding), choice(register_choice),
    lanes(register_lanes);

}  // namespace
}  // namespace hopscope::gui_test
