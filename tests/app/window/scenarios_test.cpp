// The jobs that the window is for, each done as its user would, from a run that trains to a finding
// that can be read on the screen: the phases of a run, a token's way, an intervention beside
// chance, the price of halting, what experts read, a race, and whether its lanes differ. Each ends
// in a picture of the window where HOPSCOPE_PICTURES names a folder for them.
#include <algorithm>
#include <cmath>
#include <imgui_internal.h>

#include "tests/app/window/real_program.h"

namespace {

using namespace hopscope;
using namespace hopscope::gui_test::real;
using gui_test::wait_for;

/// Waits as long as training may take on a busy machine.
bool comes(ImGuiTestContext* ctx, const std::function<bool()>& condition) {
    const bool came = wait_for(ctx, condition, kLong);
    ctx->Yield(3);
    return came;
}

void type_into(ImGuiTestContext* ctx, const char* ref, const char* text) {
    ctx->ItemInput(ref);
    ctx->KeyCharsReplaceEnter(text);
    ctx->Yield(3);
}

/// An item of the panel itself, or of a part of it that scrolls.
void press(ImGuiTestContext* ctx, const std::string& item) {
    ctx->ItemClick((ctx->ItemExists(item.c_str()) ? item : "**/" + item).c_str());
}

ImGuiID in_window(ImGuiTestContext* ctx, const char* window, const std::string& item) {
    return ctx->GetID(item.c_str(), ctx->WindowInfo(window).ID);
}

/// Curves, geometry and statistics are of one run and move together; its phases are named; the past
/// is one drag away, and so is the present.
void watches_phases(ImGuiTestContext* ctx) {
    IM_CHECK(comes(ctx, [] { return state->history.step.size() >= 200 && state->geometry; }));
    IM_CHECK(comes(ctx, [] { return !state->phases.all().empty(); }));
    const int64_t seen = state->geometry->step;
    IM_CHECK(comes(ctx, [&] { return state->geometry->step > seen; }));
    IM_CHECK(comes(ctx, [] { return state->archive.files().size() > 3; }));
    for (const char* panel :
         {"//Run##Train", "//Routing space##Train", "//Curves##Train", "//Statistics##Train"})
        IM_CHECK(ctx->GetWindowByRef(panel)->WasActive);
    take_picture(ctx, "J1-live");

    ctx->SetRef(ctx->WindowInfo("//hopscope/timeline").ID);
    const ImRect track = ctx->ItemInfo("track").RectFull;
    ctx->MouseMoveToPos(ImVec2(track.Min.x + 1, track.GetCenter().y));
    ctx->MouseDown();
    ctx->Yield(2);
    ctx->MouseUp();
    IM_CHECK(comes(ctx, [&] { return state->geometry->step < seen; }));
    IM_CHECK(!state->time.live());
    IM_CHECK_GT(state->status.step, state->geometry->step);
    take_picture(ctx, "J1-past");
    ctx->SetRef(ctx->WindowInfo("//hopscope/timeline").ID);
    ctx->ItemClick("###live");
    IM_CHECK(comes(ctx, [&] { return state->time.live() && state->geometry->step >= seen; }));
}

/// A prompt is typed, a token chosen; its experts at every layer and hop are known everywhere.
void follows_a_token(ImGuiTestContext* ctx) {
    choose_layout(ctx, "Inspect");
    ctx->SetRef("Trajectory##Inspect");
    type_into(ctx, "##prompt", "the market was open before noon");
    IM_CHECK(comes(ctx, [] { return state->trace && !state->trace->tokens.empty(); }));
    IM_CHECK_STR_EQ(state->trace->error.c_str(), "");
    IM_CHECK_STR_EQ(state->trace->prompt.c_str(), "the market was open before noon");
    IM_CHECK_EQ(state->trace->layers.size(), 2u);
    for (const auto& layer : state->trace->layers) IM_CHECK_EQ(layer.hops.size(), 2u);
    ctx->ItemClick(in_window(ctx, "//Trajectory##Inspect/strip", "$$1/token"));
    ctx->KeyPress(ImGuiKey_RightArrow);
    ctx->Yield(2);
    IM_CHECK(state->selection.prompt_tokens == std::set<int64_t>{2});
    take_picture(ctx, "J3");
}

/// What experts read: found by typing, sorted by a click, and one of them in full.
void reads_experts(ImGuiTestContext* ctx) {
    choose_layout(ctx, "Inspect");
    ctx->WindowFocus("//Experts##Inspect");
    ctx->SetRef("Experts##Inspect");
    IM_CHECK(comes(ctx, [] { return state->experts.book() != nullptr; }));
    ctx->ItemClick("**/expert");  // by their numbers; by load they move while the run goes on
    ctx->ItemInput("##filter");
    ctx->KeyCharsReplace("load>0.2");
    ctx->Yield(3);
    int64_t expert = -1;
    for (const app::BookEntry& entry : state->experts.book()->entries)
        if (expert < 0 && ctx->ItemExists(("**/##E" + std::to_string(entry.expert)).c_str()))
            expert = entry.expert;
    IM_CHECK_GE(expert, 0);
    ctx->ItemClick(("**/##E" + std::to_string(expert)).c_str());
    ctx->Yield(3);
    IM_CHECK(state->selection.experts.contains(expert));
    IM_CHECK(ctx->ItemExists("**/Suppress"));
    take_picture(ctx, "J7");
}

/// An expert is suppressed on a prompt: the effect stands beside that of random experts, the row
/// goes to the run, is said in every layout, and is taken back there.
void intervenes(ImGuiTestContext* ctx) {
    choose_layout(ctx, "Intervene");
    state->stack.clear();
    ctx->SetRef("Intervene##Intervene");
    ctx->ItemClick(in_window(ctx, "//Intervene##Intervene/stack", "##add"));
    ctx->ItemClick("//$FOCUSED/###steer");
    IM_CHECK(comes(ctx, [] { return state->effect && state->effect->whole; }));
    const core::InterventionEffect effect = *state->effect;
    IM_CHECK_STR_EQ(effect.error.c_str(), "");
    IM_CHECK_EQ(static_cast<int64_t>(effect.control_kls.size()), effect.request.controls);
    IM_CHECK(!effect.request.doses.empty());
    take_picture(ctx, "J4");
    press(ctx, "Undo");
    IM_CHECK(state->stack.items().empty());

    ctx->SetRef("Intervene##Intervene");
    ctx->ItemClick(in_window(ctx, "//Intervene##Intervene/stack", "##add"));
    ctx->ItemClick("//$FOCUSED/###freeze");
    ctx->Yield(5);
    press(ctx, "Apply to the run");
    IM_CHECK(comes(
        ctx, [] { return !state->status.frozen.empty() || !state->status.interventions.empty(); }));
    choose_layout(ctx, "Train");
    take_picture(ctx, "J4-run");
    ctx->ItemClick("//hopscope/Take back\xE2\x80\xA6");
    ctx->ItemClick("//$FOCUSED/frozen: routing/Take back");
    IM_CHECK(comes(ctx, [] { return state->status.frozen.empty(); }));
    state->stack.clear();
}

/// A threshold, and what it saves and costs beside random halting of as many tokens.
void trades_quality_for_time(ImGuiTestContext* ctx) {
    choose_layout(ctx, "Inspect");
    ctx->SetRef("Trajectory##Inspect");
    click_slider(ctx, "**/##epsilon", 0.9f);
    IM_CHECK(comes(ctx, [] {
        const auto effect = state->session->halting();
        return effect && effect->error.empty() && effect->batches > 0;
    }));
    const auto effect = state->session->halting();
    IM_CHECK(effect->mean_hops >= 1 && effect->mean_hops <= 2);
    IM_CHECK(effect->loss_diff_low <= effect->loss_diff_high);
    IM_CHECK(effect->control_draws > 0 && std::isfinite(effect->control_loss));
    take_picture(ctx, "J5");
    ctx->ItemClick("Clear all");
    ctx->Yield(3);
}

/// Two configurations learn in turn on the same batches, in one plot.
void races(ImGuiTestContext* ctx) {
    choose_layout(ctx, "Train");
    shell->door().close_run();
    ctx->Yield(3);
    ctx->ItemClick("//Stop the run?/Stop and save");
    IM_CHECK(comes(ctx, [] { return state->session == nullptr; }));
    ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_P);
    ctx->Yield(3);
    ctx->KeyChars("race configurations");
    ctx->KeyPress(ImGuiKey_Enter);
    ctx->Yield(4);
    for (const char* file : {kConfigFile, kFewerExperts}) {
        type_into(ctx, "//Race configurations/Race several configurations/##path", file);
        ctx->Yield(6);
    }
    ctx->ItemClick("//Race configurations/###start race");
    IM_CHECK(comes(ctx, [] {
        return state->session && state->rivals.size() == 1 && state->rivals[0].step.size() >= 120;
    }));
    const auto &one = state->history, &other = state->rivals[0];
    IM_CHECK_EQ(one.step[100], other.step[100]);
    IM_CHECK_NE(one.loss[100], other.loss[100]);
    IM_CHECK_EQ(state->status.lanes.size(), 2u);
    take_picture(ctx, "J2");
}

/// Whether the lanes of the race differ: interval, margin, verdict.
void decides_whether_they_differ(ImGuiTestContext* ctx) {
    choose_layout(ctx, "Compare");
    IM_CHECK(comes(ctx, [] {
        const auto& result = state->comparison.result();
        return result && result->differences.size() == 1 &&
               !result->differences[0].resampled.empty();
    }));
    ctx->SetRef("Pairwise differences##Compare");
    ctx->ItemInputValue("##value", 5.0f);
    ctx->Yield(2);
    const core::VariantDifference& found = state->comparison.result()->differences[0];
    IM_CHECK_GT(found.batches, 1);
    IM_CHECK_LE(found.low95, found.mean);
    IM_CHECK_GE(found.high95, found.mean);
    const core::Verdict wide = found.verdict(state->comparison.margin);
    IM_CHECK(wide == core::Verdict::equivalent || wide == core::Verdict::both);
    press(ctx, "Copy");
    IM_CHECK_NE(std::string(ImGui::GetClipboardText()).find("equivalent"), std::string::npos);
    ctx->ItemInputValue("##value", 0.03f);
    take_picture(ctx, "J6");
}

void register_scenarios(ImGuiTestEngine* engine) {
    struct Scenario {
        const char* name;
        void (*play)(ImGuiTestContext*);
    };
    // One after another on one run; the race that the sixth begins is what the last compares.
    for (const Scenario& scenario : {Scenario{"1_watch_a_runs_phases_live", watches_phases},
                                     {"2_follow_a_token", follows_a_token},
                                     {"3_read_experts", reads_experts},
                                     {"4_intervene", intervenes},
                                     {"5_trade_quality_for_time", trades_quality_for_time},
                                     {"6_race_variants", races},
                                     {"7_decide_whether_they_differ", decides_whether_they_differ}})
        IM_REGISTER_TEST(engine, "scenarios", scenario.name)->TestFunc = scenario.play;
}

}  // namespace

int main() {
    return run_real_program("test_scenarios.xml", register_scenarios);
}
