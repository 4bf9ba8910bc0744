// The pages of the statistics panel that hold experts and tokens against each other, on the fake
// session without a screen: pairs beside their matrices, orders, saturation, information.
#include <algorithm>
#include <cmath>

#include "app/panels/statistics/panel.h"
#include "tests/app/seen.h"
#include "tests/app/stage.h"
#include "tests/temp_folder.h"

namespace hopscope::gui_test {
namespace {

constexpr auto kMake = app::make_statistics_panel;

app::StatisticsPanel& panel() {
    return static_cast<app::StatisticsPanel&>(*stage->panel);
}

std::string row_id(int32_t a, int32_t b) {
    return "**/##pair_" + std::to_string(a) + "_" + std::to_string(b);
}

FakeOptions one_choice() {
    FakeOptions options = small();
    options.top_k = 1;
    return options;
}

void register_pairs(ImGuiTestEngine* engine) {
    // Wrong if a row selected other experts than it names, or shift did not add them.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "statistics", "a_closest_pair_is_selected_everywhere");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        ctx->ItemClick("collinearity");
        IM_CHECK(wait_for(ctx, [] { return !panel().collinearity().empty(); }));
        ctx->Yield(3);
        const auto closest = panel().collinearity().closest;
        IM_CHECK_EQ(closest.size(), 100u);
        ctx->ItemClick(row_id(closest[1].a, closest[1].b).c_str());
        auto& experts = stage->state.selection.experts;
        IM_CHECK_EQ(experts.size(), 2u);
        IM_CHECK(experts.contains(closest[1].a) && experts.contains(closest[1].b));
        ctx->KeyDown(ImGuiMod_Shift);
        ctx->ItemClick(row_id(closest[0].a, closest[0].b).c_str());
        ctx->KeyUp(ImGuiMod_Shift);
        for (const auto& pair : {closest[0], closest[1]})
            IM_CHECK(experts.contains(pair.a) && experts.contains(pair.b));
        ctx->ItemClick(row_id(closest[2].a, closest[2].b).c_str());
        IM_CHECK_EQ(experts.size(), 2u);
    };

    // Wrong if clusters could be asked for that nobody has found, or the order did nothing.
    t = IM_REGISTER_TEST(engine, "statistics", "the_order_of_rows");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        ctx->ItemClick("collinearity");
        IM_CHECK(wait_for(ctx, [] { return !panel().collinearity().empty(); }));
        ctx->ItemClick("##order");
        const ImGuiTestItemInfo cluster = ctx->ItemInfo("//$FOCUSED/cluster");
        IM_CHECK((cluster.ItemFlags & ImGuiItemFlags_Disabled) != 0);
        ctx->ItemClick("//$FOCUSED/load");
        IM_CHECK(wait_for(ctx, [] { return panel().collinearity().order == app::RowOrder::load; }));
        const auto& load = stage->session->geometry()->layers[0].load;
        const auto& shown = panel().collinearity().shown;
        for (size_t i = 1; i < shown.size(); ++i)
            IM_CHECK_SILENT(load[static_cast<size_t>(shown[i - 1])] >=
                            load[static_cast<size_t>(shown[i])]);
        // The other matrix of experts has the same order.
        ctx->ItemClick("co-activation");
        IM_CHECK(wait_for(ctx, [] { return !panel().coactivation().empty(); }));
        IM_CHECK(panel().coactivation().order == app::RowOrder::load);
    };

    // Wrong if a row of the co-activation selected other experts, or its matrix others than it
    // shows; the numbers are those of the choices in the snapshot.
    t = IM_REGISTER_TEST(engine, "statistics", "a_strong_pair_is_selected_everywhere");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        ctx->ItemClick("co-activation");
        IM_CHECK(wait_for(ctx, [] { return !panel().coactivation().empty(); }));
        ctx->Yield(3);
        const app::Coactivation c = panel().coactivation();
        IM_CHECK_EQ(c.tokens, 16);
        const app::PairUse& first = c.strongest.at(0);
        const auto& choices = stage->session->geometry()->layers[0].choices;
        IM_CHECK_EQ(first.uses, std::count(choices.begin(), choices.end(), first.expert));
        ctx->ItemClick(row_id(first.expert, first.other).c_str());
        auto& experts = stage->state.selection.experts;
        IM_CHECK_EQ(experts.size(), 2u);
        IM_CHECK(experts.contains(first.expert) && experts.contains(first.other));
        const ImRect matrix = ctx->ItemInfo("coactivation").RectFull;
        ctx->MouseMoveToPos(ImVec2(matrix.Min.x + matrix.GetWidth() * 3.5f / 16,
                                   matrix.Min.y + matrix.GetHeight() * 9.5f / 16));
        ctx->MouseClick();
        ctx->Yield(2);
        IM_CHECK_EQ(experts.size(), 2u);
        IM_CHECK(experts.contains(c.shown[9]) && experts.contains(c.shown[3]));
    };

    // Wrong if a router of one choice had pairs, or no word why not.
    t = IM_REGISTER_TEST(engine, "statistics", "one_choice_has_no_company");
    use<kMake>(t, one_choice);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        ctx->ItemClick("co-activation");
        ctx->Yield(5);
        IM_CHECK(!ctx->ItemExists("coactivation"));
        IM_CHECK((ctx->ItemInfo("Copy").ItemFlags & ImGuiItemFlags_Disabled) != 0);
        IM_CHECK(!stage->state.lacks(core::Need::several_choices).empty());
    };
}

/// What the analyses "dictionary" and "clusters" write of 16 experts of layer 0: expert e is of the
/// cluster e % 4.
void write_clusters(const test::TempFolder& folder) {
    std::string experts, clusters;
    for (int e = 0; e < 16; ++e)
        experts += (e ? ", " : "") + std::string(R"({"id": )") + std::to_string(e) +
                   R"(, "words": [{"piece": "quay", "score": 1}]})";
    for (int c = 0; c < 4; ++c) {
        clusters += (c ? ", " : "") + std::string(R"({"experts": [)");
        for (int e = c; e < 16; e += 4)
            clusters += (e > c ? ", " : "") + std::string(R"({"layer": 0, "expert": )") +
                        std::to_string(e) + "}";
        clusters += "]}";
    }
    folder.write("analysis/dictionary.json",
                 R"({"step": 100, "result": {"layers": [{"experts": [)" + experts + "]}]}}");
    folder.write("analysis/clusters.json",
                 R"({"step": 100, "result": {"all": [)" + clusters + "]}}");
}

void register_clusters(ImGuiTestEngine* engine) {
    // Wrong if clusters that were found could not be chosen as order, or experts of one did not
    // stand beside each other.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "statistics", "rows_stand_by_cluster");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        const test::TempFolder folder;
        write_clusters(folder);
        stage->session->mutable_status().run_dir = folder.path();
        ctx->SetRef("Stage");
        ctx->ItemClick("collinearity");
        IM_CHECK(wait_for(ctx, [] { return !panel().collinearity().empty(); }));
        IM_CHECK(wait_for(ctx, [] {
            stage->state.now += 1;
            const auto* book = stage->state.experts.book();
            return book && book->clusters_step == 100;
        }));
        ctx->ComboClick("##order/cluster");
        IM_CHECK(
            wait_for(ctx, [] { return panel().collinearity().order == app::RowOrder::cluster; }));
        const auto shown = panel().collinearity().shown;
        IM_CHECK_EQ(shown.size(), 16u);
        for (size_t i = 1; i < shown.size(); ++i) IM_CHECK_SILENT(shown[i - 1] % 4 <= shown[i] % 4);
        ctx->Yield(3);
        IM_CHECK(sees(ctx, "//Stage", "cluster"));
        stage->session->mutable_status().run_dir = "runs/demo";
        stage->state.finish_aside();
    };
}

void register_times(ImGuiTestEngine* engine) {
    // Wrong if saturation were held against another step than the one shown, or did not grow with
    // the run; or if there were one of a sample that was routed once.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "statistics", "saturation_follows_the_run");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        ctx->ItemClick("saturation");
        ctx->Yield(5);
        IM_CHECK(panel().saturation().empty());
        const auto disabled = [ctx] {
            return (ctx->ItemInfo("Copy").ItemFlags & ImGuiItemFlags_Disabled) != 0;
        };
        IM_CHECK(disabled());
        stage->session->advance(600);
        IM_CHECK(wait_for(ctx, [] {
            stage->state.now += 1;
            return !panel().saturation().empty() && panel().saturation().last_step == 720;
        }));
        IM_CHECK_EQ(panel().saturation().layers.size(), 4u);
        IM_CHECK_EQ(panel().saturation().layers[0].mean.back(), 1.0);
        IM_CHECK(panel().saturation().layers[0].mean.front() < 1.0);
        ctx->Yield(2);
        IM_CHECK(!disabled());
        ctx->ItemClick("Copy");
        const std::string text = ImGui::GetClipboardText();
        IM_CHECK(
            text.starts_with("# share of the experts chosen at a step that are chosen at step "
                             "720"));
        stage->session->advance(60);
        IM_CHECK(wait_for(ctx, [] {
            stage->state.now += 1;
            return panel().saturation().last_step == 780;
        }));
        IM_CHECK_EQ(panel().saturation().layers[0].mean.back(), 1.0);
    };

    // Wrong if what is said of a larger sample were said of the run's own.
    t = IM_REGISTER_TEST(engine, "statistics", "a_larger_sample_is_called_so");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        stage->session->advance(600);
        ctx->Yield(3);
        stage->state.sample.wanted = 40;
        stage->state.sample.start(stage->state);
        IM_CHECK(wait_for(ctx, [] { return stage->state.sample.shown(); }));
        for (const char* page : {"overlap", "saturation"}) {
            ctx->ItemClick(page);
            IM_CHECK(wait_for(ctx, [ctx] {
                stage->state.now += 1;
                return sees(ctx, "//Stage", "The larger sample was routed once");
            }));
            IM_CHECK(!sees(ctx, "//Stage", "snapshot that is due"));
        }
        stage->state.sample.put_away(stage->state);
        IM_CHECK(wait_for(ctx, [] {
            stage->state.now += 1;
            return !panel().saturation().empty();
        }));
        IM_CHECK(!sees(ctx, "//Stage", "The larger sample"));
    };

    // Wrong if the choice of the label changed nothing, or a session did not find it again.
    t = IM_REGISTER_TEST(engine, "statistics", "information_of_ids_and_classes");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        ctx->ItemClick("information");
        IM_CHECK(wait_for(ctx, [] { return !panel().information().empty(); }));
        IM_CHECK_EQ(panel().information().layers.size(), 4u);
        IM_CHECK(panel().information().label == app::TokenLabel::id);
        const int64_t ids = panel().information().labels;
        ctx->ComboClick("##label/class");
        IM_CHECK(wait_for(
            ctx, [] { return panel().information().label == app::TokenLabel::word_class; }));
        IM_CHECK(panel().information().labels < ids);
        const auto kept = stage->panel->saved_view();
        ctx->ComboClick("##label/token id");
        ctx->ItemClick("overview");
        stage->panel->restore_view(kept);
        ctx->Yield(2);
        IM_CHECK(panel().page() == app::StatisticsPanel::Page::information);
        IM_CHECK(wait_for(
            ctx, [] { return panel().information().label == app::TokenLabel::word_class; }));
    };
}

const PanelTests pairs(register_pairs), clusters(register_clusters), times(register_times);

}  // namespace
}  // namespace hopscope::gui_test
