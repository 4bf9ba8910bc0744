// The run panel on a run that another process writes: what it says of it, and that none of its
// settings can be changed.
#include "app/panels/run/view.h"
#include "tests/app/seen.h"
#include "tests/app/stage.h"

namespace hopscope::gui_test {
namespace {

bool holds(const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
}

void register_followed(ImGuiTestEngine* engine) {
    // Wrong if a run that is written elsewhere looked like one of this window, or one whose process
    // has ended like one that goes on.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "run", "who_writes_it_is_said");
    use<app::make_run_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        constexpr const char* kFollowing = "written by another process: following";
        constexpr const char* kEnded = "its process has ended";
        ctx->Yield(3);
        ctx->ScrollToTop("//Stage");  // wherever the test before has scrolled to
        IM_CHECK(!sees(ctx, "//Stage", kFollowing));
        stage->session->mutable_status().followed = "Another process is writing this run.";
        ctx->Yield(3);
        IM_CHECK(sees(ctx, "//Stage", kFollowing));
        IM_CHECK(!sees(ctx, "//Stage", kEnded));
        stage->session->mutable_status().writer_left = true;
        ctx->Yield(3);
        IM_CHECK(!sees(ctx, "//Stage", kFollowing));
        IM_CHECK(sees(ctx, "//Stage", kEnded));
    };

    // Wrong if a setting or a freeze of a run that is only looked at could be changed.
    t = IM_REGISTER_TEST(engine, "run", "no_setting_of_a_followed_run_can_be_changed");
    use<app::make_run_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        const auto all_grey = [ctx](bool grey) {
            for (const core::LiveSetting& setting : app::sliders())
                for (const char* part : {"/##field", "/##value"}) {
                    if (setting.need && !stage->state.lacks(*setting.need).empty()) continue;
                    const auto info = ctx->ItemInfo((setting.value.name + part).c_str());
                    if (((info.ItemFlags & ImGuiItemFlags_Disabled) != 0) != grey) return false;
                }
            return true;
        };
        ctx->Yield(2);
        IM_CHECK(!app::sliders().empty());
        IM_CHECK(all_grey(false));
        stage->session->mutable_status().followed = "Another process is writing this run.";
        ctx->Yield(3);
        IM_CHECK(all_grey(true));
    };

    // Wrong if the list of runs did not say how far each is, and which of them is being written.
    t = IM_REGISTER_TEST(engine, "run", "the_list_of_runs_says_how_far_they_are");
    use<app::make_run_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        auto& watched = stage->state.watched;
        watched.resize(2);
        watched[0].run.dir = stage->session->mutable_status().run_dir = "runs/a";
        watched[0].run.name = "a";
        watched[0].run.step = 1200;
        watched[1].run.dir = "runs/b";
        watched[1].run.name = "b";
        watched[1].run.step = 40;
        watched[1].run.being_written = true;
        ctx->Yield(2);
        ctx->SetRef("Stage");
        ctx->ItemClick("##inspected");
        const std::string text = text_of_a_frame(ctx);
        IM_CHECK(holds(text, "b, being written, step 40"));
        IM_CHECK(holds(text, "a, step 1") && holds(text, "200"));
        ctx->PopupCloseAll();
    };
}

const PanelTests followed(register_followed);

}  // namespace
}  // namespace hopscope::gui_test
