// The menu of a number, the same in every panel: what lies on the clipboard afterwards, and what is
// asked of the window.
#include <cmath>
#include <imgui_internal.h>

#include "tests/app/compared_stage.h"
#include "tests/app/number_menu.h"

namespace hopscope::gui_test {
namespace {

void register_menu(ImGuiTestEngine* engine) {
    // Wrong if a number were copied as it is rounded on the screen, or its JSON, its command or the
    // export of its panel were those of another.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "numbers", "the_menu_of_a_number");
    use<app::make_run_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        stage->session->mutable_status().run_dir = "runs/it's here";
        ctx->SetRef("Stage");
        ctx->Yield(3);
        right_click(ctx, place(ctx, "step"));
        IM_CHECK_STR_EQ(take(ctx, "Copy value").c_str(), "120");
        right_click(ctx, place(ctx, "step"));
        IM_CHECK_STR_EQ(take(ctx, "Copy the command").c_str(),
                        "hopscope info 'runs/it'\\''s here' --json");
        const nlohmann::json all = json_at(ctx, place(ctx, "validation perplexity"));
        IM_CHECK_STR_EQ(all.value("format", "").c_str(), "hopscope.number/1");
        IM_CHECK_STR_EQ(name_in(all).c_str(), "validation perplexity");
        IM_CHECK_STR_EQ(all.value("run", "").c_str(), "runs/it's here");
        IM_CHECK(all.at("value").is_number());
        IM_CHECK(all.value("value", 0.0) == std::exp(stage->state.history.valid_loss.back()));
        right_click(ctx, place(ctx, "validation perplexity"));
        IM_CHECK(std::to_string(all.value("value", 0.0)).substr(0, 4) ==
                 take(ctx, "Copy value").substr(0, 4));
        right_click(ctx, place(ctx, "step"));
        take(ctx, "Export the panel as CSV");
        IM_CHECK(stage->state.drawn->orders.size() == 1);
        IM_CHECK_STR_EQ(stage->state.drawn->orders.back().panel_id.c_str(), "Stage");
        IM_CHECK(stage->state.drawn->orders.back().as == app::PanelFile::csv);
        right_click(ctx, place(ctx, "step"));
        take(ctx, "Export the panel as JSON");
        IM_CHECK(stage->state.drawn->orders.back().as == app::PanelFile::json);
        stage->state.drawn->orders.clear();
    };

    // Wrong if a command were offered for what none computes.
    t = IM_REGISTER_TEST(engine, "numbers", "no_command_where_none_computes_it");
    use<app::make_run_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        stage->session->mutable_status().run_dir = "runs/a";
        ctx->SetRef("Stage");
        ctx->Yield(3);
        right_click(ctx, place(ctx, "open for"));
        const auto entry = ctx->ItemInfo("//$FOCUSED/Copy the command");
        IM_CHECK((entry.ItemFlags & ImGuiItemFlags_Disabled) != 0);
        ctx->KeyPress(ImGuiKey_Escape);
    };
}

void register_panels(ImGuiTestEngine* engine) {
    // Wrong if a cell gave the number of another.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "numbers", "of_the_statistics");
    use<app::make_statistics_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        IM_CHECK(wait_for(ctx, [&] { return ctx->ItemExists("cosines"); }));
        ctx->Yield(2);
        const nlohmann::json load = json_at(ctx, place(ctx, "load map", ImVec2(0.5f, 0.5f / 16)));
        IM_CHECK(name_in(load).starts_with("load of E"));
        IM_CHECK(load.contains("step"));
        const nlohmann::json cosine =
            json_at(ctx, place(ctx, "cosines", ImVec2(0.5f / 16, 0.5f / 16)));
        IM_CHECK(name_in(cosine).starts_with("cosine of E"));
        IM_CHECK(std::abs(cosine.value("value", 0.0) - 1) < 1e-5);  // of an expert with itself
        const nlohmann::json jaccard = json_at(ctx, place(ctx, "hops", ImVec2(0.01f, 0.01f)));
        IM_CHECK(name_in(jaccard).starts_with("Jaccard, hop 0 and 0"));
        IM_CHECK_EQ(jaccard.value("n", 0), 16);
        IM_CHECK_STR_EQ(jaccard.value("over", "").c_str(), "tokens");
    };

    // Wrong if a cell of a table had no menu, or that of another row or column.
    t = IM_REGISTER_TEST(engine, "numbers", "of_the_model");
    use<app::make_model_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        stage->session->mutable_status().run_dir = "runs/a";
        ctx->SetRef("Stage");
        IM_CHECK(wait_for(ctx, [&] { return ctx->ItemExists("**/all, parameters##0"); }));
        ctx->Yield(2);
        const nlohmann::json all = json_at(ctx, place(ctx, "**/all, parameters##0"));
        IM_CHECK_STR_EQ(name_in(all).c_str(), "all, parameters");
        const double total =
            static_cast<double>(made_up_sheet(stage->session->config()).counts.parameters.total);
        IM_CHECK_EQ(all.value("value", 0.0), total);
        IM_CHECK_STR_EQ(all.value("command", "").c_str(), "hopscope info runs/a --json");
        IM_CHECK(all.value("definition", "").starts_with("Numbers that the tensors"));
        const nlohmann::json share = json_at(ctx, place(ctx, "**/all, share##1"));
        IM_CHECK_EQ(share.value("value", 0.0), 1.0);
    };

    // Wrong if the legend gave another value than that of its line.
    t = IM_REGISTER_TEST(engine, "numbers", "of_the_curves");
    use<app::make_curves_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        ctx->Yield(3);
        const nlohmann::json last = json_at(ctx, place(ctx, "line validation"));
        IM_CHECK_STR_EQ(name_in(last).c_str(), "validation, last value");
        IM_CHECK(last.value("value", 0.0) == stage->state.history.valid_loss.back());
    };

    // Wrong if a cell of the table or a line of the card gave the number of another expert, or the
    // menu had lost what can be done to that expert.
    t = IM_REGISTER_TEST(engine, "numbers", "of_the_experts");
    use<app::make_experts_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        IM_CHECK(wait_for(ctx, [&] { return ctx->ItemExists("**/##E3"); }));
        ctx->Yield(2);
        const nlohmann::json number = json_at(ctx, place(ctx, "**/##E3", ImVec2(0.02f, 0.5f)));
        IM_CHECK(name_in(number).starts_with("load of E3,"));
        right_click(ctx, place(ctx, "**/##E3"));
        IM_CHECK(ctx->ItemExists("//$FOCUSED/Steer towards E3"));
        ctx->KeyPress(ImGuiKey_Escape);
    };

    // Wrong if a neighbour's distance were copied as its cosine.
    t = IM_REGISTER_TEST(engine, "numbers", "of_the_routing_space");
    use<app::make_routing_space_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        ctx->Yield(3);
        stage->state.selection.pick_expert(2, false);
        ctx->MouseMove("picture");
        ctx->KeyPress(ImGuiKey_N);
        ctx->Yield(3);
        const ImGuiID list = ctx->WindowInfo("//Stage/neighbours").ID;
        const ImRect cosine = ctx->ItemInfo(ctx->GetID("near/cosine", list)).RectFull;
        const ImRect distance = ctx->ItemInfo(ctx->GetID("near/distance", list)).RectFull;
        const float row = cosine.Max.y + 0.6f * cosine.GetHeight();
        const nlohmann::json near = json_at(ctx, ImVec2(cosine.Min.x + 12, row));
        IM_CHECK(name_in(near).starts_with("cosine of E2 and E"));
        const nlohmann::json far = json_at(ctx, ImVec2(distance.Min.x + 12, row));
        IM_CHECK(name_in(far).starts_with("distance of E2 and E"));
        // Of unit vectors: distance² = 2 − 2 · cosine.
        const double d = far.value("value", 0.0), c = near.value("value", 0.0);
        IM_CHECK(std::abs(d * d - (2 - 2 * c)) < 1e-3);
    };

    // Wrong if the token, layer or hop were those of another cell.
    t = IM_REGISTER_TEST(engine, "numbers", "of_the_trajectory");
    use<app::make_trajectory_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        stage->session->mutable_status().run_dir = "runs/a";
        ctx->SetRef("Stage");
        stage->session->request_trace({"one two three", {}});
        IM_CHECK(
            wait_for(ctx, [] { return stage->state.trace && stage->state.trace->error.empty(); }));
        ctx->ItemClick("**/All tokens");
        ctx->Yield(3);
        const ImGuiTestItemInfo row = ctx->ItemInfo("**/$$1/row");
        const nlohmann::json cell =
            json_at(ctx, ImVec2(row.RectFull.Max.x - 4, row.RectFull.GetCenter().y));
        IM_CHECK(name_in(cell).find("token 1 ") != std::string::npos);
        IM_CHECK(
            cell.value("command", "").starts_with("hopscope trace runs/a --text 'one two three'"));
        const auto& layers = stage->state.trace->layers;
        const std::string last = "layer " + std::to_string(layers.size() - 1) + ", hop " +
                                 std::to_string(layers.back().hops.size() - 1);
        IM_CHECK(name_in(cell).ends_with(last));
    };

    // Wrong if the forest and the square told different numbers of a pair, or p and difference were
    // taken for each other.
    t = IM_REGISTER_TEST(engine, "numbers", "of_the_comparison");
    use<app::make_differences_panel, app::make_equivalence_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        IM_CHECK(give_three_variants(ctx));
        const nlohmann::json row = json_at(ctx, place(ctx, "**/$$1000/##pair", ImVec2(0.1f, 0.5f)));
        IM_CHECK(name_in(row).starts_with("difference of the validation loss, linear"));
        IM_CHECK(row.contains("ci95") && row.value("n", 0) > 0);
        IM_CHECK(row.value("command", "").starts_with("hopscope compare runs/"));
        ctx->SetRef("Second");
        const nlohmann::json above = json_at(ctx, place(ctx, "**/$$2/##cell"));
        IM_CHECK(name_in(above).starts_with("difference"));
        const nlohmann::json below = json_at(ctx, place(ctx, "**/$$1000/##cell"));
        IM_CHECK(name_in(below).starts_with("p of TOST"));
        IM_CHECK(!below.contains("ci95"));
    };

    // Wrong if a column of a pair of experts gave the number of another column.
    t = IM_REGISTER_TEST(engine, "numbers", "of_matched_experts");
    use<app::make_matches_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        stage->session->mutable_status().run_dir = "runs/wide-42";
        stage->session->advance(60);
        ctx->SetRef("Stage");
        IM_CHECK(wait_for(ctx, [&] { return ctx->ItemExists("**/$$0/##match"); }));
        ctx->Yield(2);
        const nlohmann::json pair = json_at(ctx, place(ctx, "**/$$0/##match", ImVec2(0.05f, 0.5f)));
        IM_CHECK(name_in(pair).starts_with("Jaccard, E"));
        const nlohmann::json mean = json_at(ctx, place(ctx, "**/cosine, mean"));
        IM_CHECK_STR_EQ(name_in(mean).c_str(), "cosine, mean");
        IM_CHECK(mean.contains("ci95") && mean.value("n", 0) > 0);
    };

    // Wrong if the row of a quantity gave another one, or the command left out what was asked.
    t = IM_REGISTER_TEST(engine, "numbers", "of_an_intervention");
    use<app::make_intervene_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        stage->session->mutable_status().run_dir = "runs/a";
        ctx->SetRef("Stage");
        stage->state.stack.clear();
        stage->state.stack.add(
            *core::parse_command(R"({"command": "steer", "layer": 0, "expert": 3, "lambda": 2})"));
        IM_CHECK(wait_for(ctx, [] { return stage->state.effect && stage->state.effect->whole; }));
        ctx->Yield(3);
        ctx->ScrollToItemY("**/$$0/##row");
        ctx->Yield(2);
        const nlohmann::json kl = json_at(ctx, place(ctx, "**/numbers/$$0/##row"));
        IM_CHECK_STR_EQ(name_in(kl).c_str(), "KL, nats");
        IM_CHECK(kl.value("value", -1.0) == stage->state.effect->kl);
        const std::string command = kl.value("command", "");
        IM_CHECK(command.find(" && hopscope intervene runs/a --script $S ") != std::string::npos);
        IM_CHECK(command.find(R"("command":"steer")") != std::string::npos);
        IM_CHECK(command.find("--controls 20 --seed ") != std::string::npos);
    };
}

const PanelTests kTests([](ImGuiTestEngine* engine) {
    register_menu(engine);
    register_panels(engine);
});

}  // namespace
}  // namespace hopscope::gui_test
