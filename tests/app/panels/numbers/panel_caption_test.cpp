// The line above a panel that is exported as a picture: a picture alone must say what it is of.
#include "app/window/export_view.h"
#include "tests/app/seen.h"
#include "tests/app/stage.h"

namespace hopscope::gui_test {
namespace {

std::unique_ptr<app::ExportView> picture;

/// Wrong if the picture did not name its run and step, or named the newest step where it shows an
/// earlier one.
void register_caption(ImGuiTestEngine* engine) {
    ImGuiTest* t = IM_REGISTER_TEST(engine, "pictures", "the_caption_says_run_and_step");
    t->GuiFunc = [](ImGuiTestContext* ctx) {
        if (ctx->IsFirstGuiFrame()) {
            stage->open(app::make_run_panel, nullptr, small());
            for (const app::PanelEntry& entry : app::panel_table())
                if (std::string_view(entry.id) == "run")
                    picture = app::one_panel(stage->state, entry);
        }
        app::update_state(stage->state);
        if (picture) picture->draw();
    };
    t->TestFunc = [](ImGuiTestContext* ctx) {
        app::AppState& state = stage->state;
        const auto says = [ctx](int64_t step) {
            return sees_line_of(ctx, "//export", "step " + std::to_string(step));
        };
        ctx->Yield(3);
        IM_CHECK(sees(ctx, "//export", "Run"));
        IM_CHECK(sees(ctx, "//export", "synthetic text"));
        IM_CHECK(says(120));
        stage->session->advance(100);
        IM_CHECK(wait_for(ctx, [&] {
            state.now += 1;
            return state.archive.files().size() > 1;
        }));
        ctx->Yield(3);
        IM_CHECK(says(220) && !says(120));
        const int64_t kept = state.archive.files().front().step;
        state.time.go_to(state.archive.files(), kept);
        IM_CHECK(wait_for(ctx, [&] { return state.geometry->step == kept; }));
        ctx->Yield(3);
        IM_CHECK(says(kept));
        IM_CHECK(!says(220));
        state.time.go_live();
        picture.reset();
    };
}

const PanelTests captions(register_caption);

}  // namespace
}  // namespace hopscope::gui_test
