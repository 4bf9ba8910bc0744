// The statistics panel on the fake session without a screen: the selection it shares, its views,
// what it exports, empty states, and that heavy numbers are not made with every frame.
#include "app/panels/statistics/panel.h"

#include <cmath>

#include "tests/app/stage.h"

namespace hopscope::gui_test {
namespace {

constexpr auto kMake = app::make_statistics_panel;

app::StatisticsPanel& panel() {
    return static_cast<app::StatisticsPanel&>(*stage->panel);
}

bool wait_for_matrix(ImGuiTestContext* ctx) {
    return wait_for(ctx, [] { return !panel().collinearity().empty(); });
}

/// `share` of its width and height.
void click_at(ImGuiTestContext* ctx, const char* item, ImVec2 share) {
    const ImRect rect = ctx->ItemInfo(item).RectFull;
    ctx->MouseMoveToPos(
        ImVec2(rect.Min.x + rect.GetWidth() * share.x, rect.Min.y + rect.GetHeight() * share.y));
    ctx->MouseClick();
    ctx->Yield(2);
}

void register_views(ImGuiTestEngine* engine) {
    // Wrong if a cell selected another pair of experts than the one it stands for, or only here.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "statistics", "a_cell_selects_its_experts");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        IM_CHECK(wait_for_matrix(ctx));
        ctx->Yield(2);
        const auto shown = panel().collinearity().shown;
        IM_CHECK_EQ(shown.size(), 16u);
        click_at(ctx, "cosines", ImVec2(2.5f / 16, 12.5f / 16));
        auto& experts = stage->state.selection.experts;
        IM_CHECK_EQ(experts.size(), 2u);
        IM_CHECK(experts.contains(shown[12]) && experts.contains(shown[2]));
        click_at(ctx, "load map", ImVec2(0.5f, 0.5f / 16));
        IM_CHECK_EQ(experts.size(), 1u);
        IM_CHECK(experts.contains(panel().loads().order[0]));
    };

    // Wrong if the tabs took the room of the picture in a narrow panel, a row of controls were cut,
    // or a picture stood there of which only the words have room.
    t = IM_REGISTER_TEST(engine, "statistics", "a_narrow_panel_lists_its_pages");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        IM_CHECK(wait_for_matrix(ctx));
        IM_CHECK(ctx->ItemExists("overlap") && !ctx->ItemExists("##page"));
        stage->size = ImVec2(320, 760);
        ctx->Yield(3);
        IM_CHECK(!ctx->ItemExists("overlap") && ctx->ItemExists("##page"));
        IM_CHECK(ctx->ItemExists("load map") && ctx->ItemExists("cosines"));
        const float high = ctx->ItemInfo("cosines").RectFull.GetHeight();
        stage->size = ImVec2(320, 260);
        ctx->Yield(3);
        IM_CHECK(!ctx->ItemExists("load map") && ctx->ItemExists("cosines"));
        IM_CHECK_LT(ctx->ItemInfo("cosines").RectFull.GetHeight(), high);
        for (const char* page : {"##page/load", "##page/information", "##page/norms"}) {
            ctx->ComboClick(page);
            ctx->Yield(3);
            const ImRect inner = ctx->GetWindowByRef("")->WorkRect;
            for (const char* control : {"##page", "Copy", "CSV", "PNG"})
                IM_CHECK_LE(ctx->ItemInfo(control).RectFull.Max.x, inner.Max.x + 1);
            IM_CHECK_EQ(ctx->ItemExists("load map"), std::string(page) == "##page/load");
        }
        stage->size = Stage::kUsual;
        ctx->Yield(3);
        ctx->ItemClick("overview");
    };

    // Wrong if the panel showed another layer than the others do.
    t = IM_REGISTER_TEST(engine, "statistics", "the_layer_is_shared");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        IM_CHECK(wait_for_matrix(ctx));
        ctx->ComboClick("##layer/2");
        IM_CHECK_EQ(stage->state.selection.layer, 2);
        IM_CHECK(wait_for(ctx, [] { return panel().collinearity().layer == 2; }));
        stage->state.selection.set_layer(1);
        IM_CHECK(wait_for(ctx, [] { return panel().collinearity().layer == 1; }));
        IM_CHECK_STR_EQ(panel().detail(stage->state).c_str(), "layer 1   step 120");
    };

    // Wrong if a view crashed or had nothing to copy though there are numbers.
    t = IM_REGISTER_TEST(engine, "statistics", "every_view_copies_its_numbers");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        IM_CHECK(wait_for_matrix(ctx));
        stage->session->request_trace({"one two three", {}});
        ctx->Yield(3);
        const std::pair<const char*, const char*> views[] = {
            {"overview", "# Jaccard"},
            {"overlap", "# Jaccard"},
            {"co-activation", "# share of the uses"},
            {"collinearity", "# cosines"},
            {"load", "# load of each"},
            {"use", "# load of the"},
            {"confidence", "# routing"},
            {"information", "# mutual information"},
            {"norms", "# mean norms"}};
        for (const auto& [name, begin] : views) {
            ctx->ItemClick(name);
            IM_CHECK(wait_for(ctx, [ctx] {
                return (ctx->ItemInfo("Copy").ItemFlags & ImGuiItemFlags_Disabled) == 0;
            }));
            ImGui::SetClipboardText("");
            ctx->ItemClick("Copy");
            const std::string text = ImGui::GetClipboardText();
            IM_CHECK_SILENT(text.starts_with(begin));
            if (!text.starts_with(begin)) ctx->LogError("%s: %.60s", name, text.c_str());
        }
        ctx->ItemClick("PNG");
        ctx->Yield(2);
        IM_CHECK(stage->state.picture_order.has_value());
        IM_CHECK(stage->state.picture_order->path.ends_with(
            "statistics_norms_layer0_step_00000120.png"));
    };

    // Wrong if the numbers were made with every frame, or a newer snapshot were not taken.
    t = IM_REGISTER_TEST(engine, "statistics", "numbers_are_made_once_a_snapshot");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        IM_CHECK(wait_for_matrix(ctx));
        // The past is read aside; what comes of it later is made anew by right.
        IM_CHECK(wait_for(ctx, [] { return stage->state.archive.complete(); }));
        stage->state.now += 10;
        ctx->Yield(3);
        const float* before = panel().collinearity().cosines.data();
        const float* loads = panel().loads().values.data();
        ctx->Yield(20);
        IM_CHECK(panel().collinearity().cosines.data() == before);
        IM_CHECK(panel().loads().values.data() == loads);
        stage->session->advance(10);
        stage->state.now += 10;
        IM_CHECK(wait_for(ctx, [] { return panel().collinearity().step == 130; }));
        IM_CHECK_EQ(panel().loads().last_step, 130);
    };
}

void register_empty(ImGuiTestEngine* engine) {
    // Wrong if a router without space, one hop or no snapshot gave a crash or an empty rectangle
    // without a word: nothing may be pressed there, and the rest still works.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "statistics", "what_is_not_there");
    use<kMake>(t, [] {
        auto options = small();
        options.hops = 1;
        options.start_step = 0;
        return options;
    });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        ctx->Yield(2);
        IM_CHECK(!ctx->ItemExists("Copy"));
        stage->session->set_state(core::RunState::running);
        stage->session->advance(20);
        IM_CHECK(wait_for_matrix(ctx));
        ctx->Yield(2);
        IM_CHECK(!ctx->ItemExists("hops"));
        IM_CHECK(ctx->ItemExists("load map"));
        core::GeometrySnapshot g = *stage->session->geometry();
        for (auto& layer : g.layers) {
            layer.centroids.clear();
            layer.positions.clear();
            layer.d_space = 0;
        }
        g.step += 1;
        stage->session->put(g);
        stage->state.now += 10;
        ctx->Yield(5);
        IM_CHECK(!ctx->ItemExists("cosines"));
        for (const char* view : {"overlap", "saturation", "co-activation", "collinearity", "use",
                                 "confidence", "information", "norms"}) {
            ctx->ItemClick(view);
            ctx->Yield(2);
        }
    };

    // Wrong if a page could be copied only where all of its parts are there: before the first
    // update nothing has a load, but hops overlap and centroids have cosines.
    t = IM_REGISTER_TEST(engine, "statistics", "parts_are_copied_without_the_others");
    use<kMake>(t, [] {
        auto options = small();
        options.start_step = 0;
        return options;
    });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        core::GeometrySnapshot part = *FakeSession(small()).geometry();
        const auto shows = [&](bool copies) {
            ++part.step;
            stage->session->put(part);
            stage->state.now += 10;
            const ImGuiItemFlags off = ImGuiItemFlags_Disabled;
            return wait_for(ctx, [&] {
                return ((ctx->ItemInfo("CSV").ItemFlags & off) == 0) == copies &&
                       panel().table(stage->state).empty() != copies;
            });
        };
        for (auto& layer : part.layers) layer.load.assign(layer.load.size(), 0.0f);
        IM_CHECK(shows(true));
        IM_CHECK(panel().loads().empty());
        for (auto& layer : part.layers) layer.centroids.clear();
        IM_CHECK(shows(true));
        for (auto& layer : part.layers) layer.jaccard.clear();
        IM_CHECK(shows(false));
        ctx->ItemClick("overlap");
        IM_CHECK(shows(false));
    };

    // Wrong if numbers that are none, or sizes that contradict each other, crashed a view.
    t = IM_REGISTER_TEST(engine, "statistics", "damage_does_no_harm");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        IM_CHECK(wait_for_matrix(ctx));
        const core::GeometrySnapshot sound = *stage->session->geometry();
        for (int damage = 0; damage < 5; ++damage) {
            core::GeometrySnapshot g = sound;
            g.step += damage + 1;
            for (auto& layer : g.layers) {
                if (damage == 0)
                    for (auto* values : {&layer.centroids, &layer.load, &layer.jaccard})
                        for (float& v : *values) v = core::kNaN;
                if (damage == 1) layer.load.clear();
                if (damage == 2) layer.jaccard.resize(2);
                if (damage == 3) layer.choices.resize(5);
                if (damage == 4) layer = {};
            }
            stage->session->put(g);
            stage->state.now += 10;
            for (const char* view :
                 {"overview", "overlap", "saturation", "co-activation", "collinearity", "load",
                  "use", "confidence", "information", "norms"}) {
                ctx->ItemClick(view);
                ctx->Yield(2);
                ctx->MouseMoveToPos(ImVec2(300, 500));
                ctx->Yield(1);
            }
        }
        stage->session->put(sound);
        stage->state.now += 10;
        ctx->ItemClick("overview");
        IM_CHECK(wait_for_matrix(ctx));
        IM_CHECK(ctx->ItemExists("load map"));
    };
}

const PanelTests views(register_views), empty(register_empty);

}  // namespace

}  // namespace hopscope::gui_test
