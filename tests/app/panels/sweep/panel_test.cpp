// The panel of sweeps beside the list of compared runs, on made-up folders.
#include <cmath>

#include "tests/app/stage.h"

namespace hopscope::gui_test {
namespace {

bool give_runs(ImGuiTestContext* ctx) {
    stage->session->mutable_status().run_dir = "runs/wide-42";
    stage->state.watch_runs(
        {"runs/wide-7", "runs/linear-42", "runs/linear-7", "runs/deep-42", "runs/dense-42"});
    const bool came = wait_for(ctx, [] {
        const auto& numbers = stage->state.sweep.numbers();
        const auto& result = stage->state.comparison.result();
        return numbers && numbers->size() == 6 && result && result->runs.size() == 6;
    });
    ctx->Yield(4);
    return came;
}

std::string table() {
    return stage->panel->csv(stage->state);
}

/// Wrong if a single run were shown as a sweep, or the button did not lead to where runs are added.
void register_empty(ImGuiTestEngine* engine) {
    ImGuiTest* t = IM_REGISTER_TEST(engine, "sweep", "a_single_run_asks_for_others");
    use<app::make_sweep_panel, app::make_compared_runs_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        stage->session->mutable_status().run_dir = "runs/wide-42";
        ctx->SetRef("Stage");
        IM_CHECK(wait_for(ctx, [] { return stage->state.sweep.numbers() != nullptr; }));
        constexpr const char* kAdd = "Add a race or folder\xE2\x80\xA6";
        IM_CHECK(wait_for(ctx, [&] { return ctx->ItemExists(kAdd); }));
        ctx->ItemClick(kAdd);
        IM_CHECK_STR_EQ(stage->state.show_panel.c_str(), "compared_runs");
        // The field has the keyboard: what is typed now goes there.
        ctx->Yield(2);
        ctx->KeyCharsAppend("runs/all");
        ctx->KeyPress(ImGuiKey_Enter);
        IM_CHECK(wait_for(ctx, [] {
            const auto& numbers = stage->state.sweep.numbers();
            return numbers && numbers->size() == 15;
        }));
        ctx->Yield(4);
        IM_CHECK_NE(table().find("linear-137"), std::string::npos);
    };
}

/// Wrong if an axis could not be chosen, found by a part of its name, or made logarithmic.
void register_axes(ImGuiTestEngine* engine) {
    ImGuiTest* t = IM_REGISTER_TEST(engine, "sweep", "axes_are_chosen_and_found");
    use<app::make_sweep_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        IM_CHECK(give_runs(ctx));
        IM_CHECK_NE(table().find("parameters"), std::string::npos);
        ctx->ItemClick("##x");
        ctx->Yield(2);
        ctx->KeyCharsAppend("top_k");
        ctx->Yield(2);
        ctx->ItemClick("//$FOCUSED/###moe.top_k");
        ctx->Yield(2);
        IM_CHECK_STR_EQ(stage->state.sweep.choice.x.c_str(), "moe.top_k");
        IM_CHECK_NE(table().find(",moe.top_k,"), std::string::npos);
        ctx->ItemClick("##y");
        ctx->Yield(2);
        ctx->ItemClick("//$FOCUSED/###tokens_per_s\\/end");
        ctx->Yield(2);
        IM_CHECK_NE(table().find("tokens/s"), std::string::npos);
        IM_CHECK_EQ(table().find("nats"), std::string::npos);
        ctx->ItemClick("##x/log");
        ctx->Yield(2);
        IM_CHECK(stage->state.sweep.choice.log_x);
    };
}

/// Wrong if the front could not be switched, or its direction.
void register_front(ImGuiTestEngine* engine) {
    ImGuiTest* t = IM_REGISTER_TEST(engine, "sweep", "the_front_turns_with_its_direction");
    use<app::make_sweep_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        IM_CHECK(give_runs(ctx));
        stage->state.sweep.choice.x = "flops_per_token";
        ctx->Yield(3);
        const auto on_front = [](const char* variant) {
            const std::string text = table();
            const size_t row = text.find(std::string("\n") + variant + ",,");
            const std::string line = text.substr(row + 1, text.find('\n', row + 1) - row - 1);
            return line.find(",yes,") != std::string::npos;
        };
        IM_CHECK(on_front("linear"));
        IM_CHECK(on_front("dense"));
        IM_CHECK(!on_front("deep"));
        ctx->ItemClick("y/###way");
        ctx->Yield(3);
        IM_CHECK(!on_front("linear"));
        IM_CHECK(on_front("dense"));
        ctx->ItemClick("Pareto front");
        ctx->Yield(2);
        IM_CHECK(!ctx->ItemExists("y/###way"));
    };
}

/// Wrong if a run of the table, or a point of the plot, were not the one that the list of compared
/// runs then has chosen.
void register_click(ImGuiTestEngine* engine) {
    ImGuiTest* t = IM_REGISTER_TEST(engine, "sweep", "a_point_is_the_run_in_the_list");
    use<app::make_sweep_panel, app::make_compared_runs_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        IM_CHECK(give_runs(ctx));
        ctx->ItemClick("**/runs\\/linear-7\\/run/##run");
        IM_CHECK_STR_EQ(stage->state.compared.chosen.c_str(), "runs/linear-7");
        const auto pair = stage->state.comparison.pair();
        IM_CHECK(pair.has_value());
        ctx->SetRef("Second");
        ctx->Yield(2);
        IM_CHECK_EQ(ctx->ItemInfo("Take out").ItemFlags & ImGuiItemFlags_Disabled, 0);
        ctx->SetRef("Stage");
        // Words of two places: the left and the right half of the plot.
        stage->state.sweep.choice.x = "moe.top_k";
        ctx->Yield(4);
        const ImGuiTestItemInfo plot = ctx->ItemInfo("##sweep");
        IM_CHECK(plot.ID != 0);
        bool hit = false;
        const ImRect area = plot.RectFull;
        for (int step = 0; step < 60 && !hit; ++step) {
            // dense alone has top_k 1: it is the leftmost point.
            const float y = area.Min.y + area.GetHeight() * static_cast<float>(step) / 60;
            for (int column = 0; column < 24 && !hit; ++column) {
                const float x = area.Min.x + area.GetWidth() * static_cast<float>(column) / 60;
                ctx->MouseTeleportToPos(ImVec2(x, y));
                ctx->Yield();
                const ImGuiWindow* told = ImGui::FindWindowByName("##Tooltip_00");
                hit = told && told->WasActive;
            }
        }
        IM_CHECK(hit);
        ctx->MouseClick();
        ctx->Yield(2);
        IM_CHECK_STR_EQ(stage->state.compared.chosen.c_str(), "runs/dense-42");
    };
}

/// Wrong if the table could not be sorted, or what is written were not in its order.
void register_sorting(ImGuiTestEngine* engine) {
    ImGuiTest* t = IM_REGISTER_TEST(engine, "sweep", "the_table_is_sorted_and_copied");
    use<app::make_sweep_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        IM_CHECK(give_runs(ctx));
        const auto first = [] {
            const std::string text = table();
            const size_t row = text.find('\n') + 1;
            return text.substr(row, text.find(',', row) - row);
        };
        ctx->ItemClick("**/###y");
        ctx->Yield(2);
        IM_CHECK_STR_EQ(first().c_str(), "linear");
        ctx->ItemClick("**/###y");
        ctx->Yield(2);
        IM_CHECK_STR_EQ(first().c_str(), "dense");
        ctx->ItemClick("Copy");
        IM_CHECK_STR_EQ(ImGui::GetClipboardText(), table().c_str());
    };
}

/// Wrong if a session file did not bring back what was chosen.
void register_session(ImGuiTestEngine* engine) {
    ImGuiTest* t = IM_REGISTER_TEST(engine, "sweep", "the_choice_is_kept_in_a_session");
    use<app::make_sweep_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        IM_CHECK(give_runs(ctx));
        stage->state.sweep.choice.x = "seconds";
        stage->state.sweep.choice.better_y = core::Better::higher;
        stage->state.sweep.choice.trend = true;
        ctx->Yield(3);
        const app::SweepChoice before = stage->state.sweep.choice;
        const app::PanelView kept = stage->panel->saved_view();
        stage->state.sweep.choice = {};
        ctx->Yield(2);
        stage->panel->restore_view(kept);
        ctx->Yield(3);
        IM_CHECK(stage->state.sweep.choice == before);
        stage->state.sweep.choice = {};
        stage->panel->restore_view(kept);
        stage->panel->forget_restored();  // another run
        ctx->Yield(3);
        IM_CHECK(stage->state.sweep.choice != before);
    };
}

const PanelTests empty(register_empty), axes(register_axes), front(register_front),
    click(register_click), sorting(register_sorting), session(register_session);

}  // namespace
}  // namespace hopscope::gui_test
