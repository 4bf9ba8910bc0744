// Matched experts on made-up folders: two checkpoints of one run, two runs, a chosen pair.
#include "tests/app/stage.h"

namespace hopscope::gui_test {
namespace {

bool answered(ImGuiTestContext* ctx, const std::string& a, const std::string& b) {
    ctx->Yield(2);
    return wait_for(ctx, [&] {
        if (!ctx->ItemExists("Copy")) return false;
        ctx->ItemClick("Copy");
        const std::string text = ImGui::GetClipboardText();
        return text.find(", a: " + a + " step") != std::string::npos &&
               text.find(", b: " + b + " step") != std::string::npos;
    });
}

void choose_b(ImGuiTestContext* ctx, const char* run) {
    ctx->ItemClick("B/##run");
    ctx->ItemClick((std::string("//$FOCUSED/") + run).c_str());
}

/// Wrong if a run alone had nothing to match, its beginning and its end, a second run could not be
/// chosen, or the pair that is chosen elsewhere were not followed.
void register_matches(ImGuiTestEngine* engine) {
    ImGuiTest* t = IM_REGISTER_TEST(engine, "compare", "experts_of_checkpoints_and_of_runs");
    use<app::make_matches_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        stage->session->mutable_status().run_dir = "runs/wide-42";
        stage->session->advance(60);
        ctx->SetRef("Stage");
        IM_CHECK(answered(ctx, "runs/wide-42", "runs/wide-42"));
        IM_CHECK(ctx->ItemExists("##moved"));
        stage->state.watch_runs({"runs/deep-42", "runs/linear-42"});
        ctx->Yield(3);
        choose_b(ctx, "deep-42");
        IM_CHECK(answered(ctx, "runs/wide-42", "runs/deep-42"));
        IM_CHECK(wait_for(ctx, [] {
            const auto& result = stage->state.comparison.result();
            return result && result->variants.size() == 3;
        }));
        stage->state.comparison.set_pair(2, 1);
        IM_CHECK(answered(ctx, "runs/linear-42", "runs/deep-42"));
        ctx->ComboClick("##layer/2");
        ctx->Yield(2);
        IM_CHECK(wait_for(ctx, [&] {
            ctx->ItemClick("Copy");
            return std::string(ImGui::GetClipboardText()).find("# experts of layer 2") == 0;
        }));
        // A row chooses its pair; again lets go.
        ctx->ItemClick("**/$$0/##match");
        ctx->ItemClick("**/$$0/##match");
        ctx->ItemClick("Quantiles");
        ctx->Yield(2);
        IM_CHECK(ctx->ItemExists("All"));
        ctx->ItemClick("All");
        // A narrow panel has its numbers whole, and no picture.
        stage->state.pixel_scale = 2;
        ctx->Yield(3);
        IM_CHECK(!ctx->ItemExists("##moved"));
        IM_CHECK_LE(ctx->ItemInfo("**/no match above chance").RectFull.Max.x,
                    ctx->GetWindowByRef("")->InnerRect.Max.x);
        stage->state.pixel_scale = 1;
    };
}

/// Wrong if the same checkpoint on both sides, or runs of other texts, showed numbers.
void register_refusals(ImGuiTestEngine* engine) {
    ImGuiTest* t = IM_REGISTER_TEST(engine, "compare", "what_cannot_be_matched_says_why");
    use<app::make_matches_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        stage->session->mutable_status().run_dir = "runs/wide-42";
        stage->session->advance(60);
        ctx->SetRef("Stage");
        IM_CHECK(answered(ctx, "runs/wide-42", "runs/wide-42"));
        stage->state.watch_runs({"runs/other_text"});
        ctx->Yield(3);
        choose_b(ctx, "other_text");
        IM_CHECK(wait_for(ctx, [&] { return !ctx->ItemExists("**/matches"); }));
    };
}

const PanelTests matches(register_matches), refusals(register_refusals);

}  // namespace
}  // namespace hopscope::gui_test
