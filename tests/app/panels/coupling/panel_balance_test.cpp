// The rows of the load balance in the panel of coupling, one a run: which run each number says it
// is of.
#include "app/panels/coupling/balance.h"
#include "tests/app/number_menu.h"
#include "tests/app/stage.h"

namespace hopscope::gui_test {
namespace {

/// Wrong if a number of another run called itself one of the open run, or of no run.
void register_balance(ImGuiTestEngine* engine) {
    ImGuiTest* t = IM_REGISTER_TEST(engine, "coupling", "rows_of_the_balance_name_their_own_run");
    use<app::make_coupling_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        stage->session->mutable_status().run_dir = "runs/deep-42";
        stage->state.watch_runs({"runs/wide-42"});
        ctx->SetRef("Stage");
        IM_CHECK(wait_for(ctx, [] { return app::balance_rows(stage->state).size() == 2; }));
        ctx->Yield(3);
        for (const app::BalanceRow& row : app::balance_rows(stage->state))
            for (const char* column : {"CV##2", "chance##3", "dead##4", "n##6"}) {
                const std::string cell = row.name + ", " + column;
                const nlohmann::json number = json_at(ctx, place(ctx, ("**/" + cell).c_str()));
                IM_CHECK(cell.starts_with(name_in(number)));
                IM_CHECK_STR_EQ(number.value("run", "none").c_str(), row.dir.c_str());
                IM_CHECK_EQ(number.value("step", int64_t{-1}), row.step);
            }
        IM_CHECK_STR_EQ(app::balance_rows(stage->state)[1].dir.c_str(), "runs/wide-42");
    };
}

const PanelTests balance(register_balance);

}  // namespace
}  // namespace hopscope::gui_test
