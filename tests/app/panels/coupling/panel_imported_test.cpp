// The panel of coupling on an imported model, without a screen.
#include <filesystem>
#include <fstream>

#include "tests/app/imported_stage.h"
#include "tests/app/made_up_coupling.h"

namespace hopscope::gui_test {
namespace {

constexpr auto coupling = use<app::make_coupling_panel>;

/// A laboratory that refuses by what the run holds, and writes the document of an import.
void give_laboratory() {
    auto& services = stage->state.services;
    services.analysis_refusals = [](const core::Config& config, const core::RunHolds& holds) {
        std::vector<std::pair<std::string, std::string>> out;
        if (const auto why = core::missing(core::Need::reading_experts, config, holds))
            out.emplace_back("coupling", core::as_sentence(*why));
        return out;
    };
    services.analyze = [](const std::string& run, const std::string&, const std::string&,
                          const core::Progress&) -> core::Result<std::string> {
        std::filesystem::create_directories(run + "/analysis");
        std::ofstream(run + "/analysis/coupling.json") << made_up_import_coupling();
        return std::string();
    };
}

const PanelTests tests([](ImGuiTestEngine* engine) {
    // Wrong if a model whose experts were not read were offered a measurement, or nobody told how
    // to get one.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "coupling", "of_an_import_without_experts_says_why");
    coupling(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        const ImportedStage imported(ctx);
        give_laboratory();
        ctx->Yield(3);
        ctx->SetRef("Stage");
        IM_CHECK(!ctx->ItemExists("Measure coupling"));
        IM_CHECK_STR_EQ(stage->state.lacks(core::Need::reading_experts).c_str(),
                        "Its experts were not read, only its routers; import the model again with "
                        "--experts.");
    };
    // Wrong if what an import read of the experts could not be looked at, or were shown with what
    // only a training has.
    t = IM_REGISTER_TEST(engine, "coupling", "of_an_import_shows_its_alignment");
    coupling(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        const ImportedStage imported(ctx, /*traces=*/false, /*experts=*/true);
        give_laboratory();
        ctx->SetRef("Stage");
        IM_CHECK(wait_for(ctx, [&] { return ctx->ItemExists("Measure coupling"); }));
        IM_CHECK(!ctx->ItemExists("##live"));
        ctx->ItemClick("Measure coupling");
        IM_CHECK(wait_for(ctx, [&] { return ctx->ItemExists("Measure again"); }));
        IM_CHECK(ctx->ItemExists("##alignment"));
        IM_CHECK(!ctx->ItemExists("##experts"));
        IM_CHECK_STR_EQ(stage->panel->detail(stage->state).c_str(), "");
        IM_CHECK(stage->panel->csv(stage->state).find("score of own expert up of attention") !=
                 std::string::npos);
        ctx->ComboClick("##layer/layer 1");
        IM_CHECK_EQ(stage->state.selection.layer, 1);
    };
});

}  // namespace
}  // namespace hopscope::gui_test
