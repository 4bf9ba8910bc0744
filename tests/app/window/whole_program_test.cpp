// The whole program on a real screen (or Xvfb) with the real laboratory: a tiny run is started from
// the window, learns, is frozen, halted, paused, closed and opened again. Linked with core_lab in
// place of the fake session.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <numeric>

#include "app/panels/run/view.h"
#include "tests/app/window/real_program.h"

namespace {

using namespace hopscope;
using namespace hopscope::gui_test::real;
using gui_test::wait_for;
namespace fs = std::filesystem;

double mean(const std::vector<double>& values, size_t from, size_t count) {
    return std::accumulate(values.begin() + static_cast<int64_t>(from),
                           values.begin() + static_cast<int64_t>(from + count), 0.0) /
           static_cast<double>(count);
}

size_t updates() {
    return state->history.step.size();
}

/// How long the last updates took.
double update_seconds() {
    const auto& seconds = state->history.seconds;
    const size_t n = seconds.size();
    return (seconds[n - 1] - seconds[n - 21]) / 20;
}

bool in_state(core::RunState wanted) {
    return state->session && state->status.state == wanted;
}

bool some_hop_left_out(const core::TraceResult& trace) {
    for (const auto& layer : trace.layers)
        for (const auto& hop : layer.hops)
            if (std::count(hop.executed.begin(), hop.executed.end(), 0) > 0) return true;
    return false;
}

void run_story(ImGuiTestContext* ctx) {
    // Learns: wrong if the window's session did not train, or records got lost on the way.
    IM_CHECK(wait_for(
        ctx, [] { return updates() >= 120 || in_state(core::RunState::failed); }, kLong));
    IM_CHECK_STR_EQ(state->status.reason.c_str(), "");
    const auto& h = state->history;
    IM_CHECK_EQ(static_cast<size_t>(h.step.back()), updates());
    IM_CHECK_LT(mean(h.loss, updates() - 20, 20), mean(h.loss, 0, 20) - 0.3);
    IM_CHECK(state->status.synthetic);
    IM_CHECK(wait_for(
        ctx, [] { return state->geometry != nullptr; }, kLong));

    // Freezes: wrong if the click did not reach the trainer, or its step was not told.
    ctx->SetRef("Run##Train");
    ctx->ItemClick("router");
    IM_CHECK(wait_for(
        ctx, [] { return !state->status.frozen.empty(); }, kLong));
    IM_CHECK_STR_EQ(state->status.frozen[0].c_str(), "router");
    IM_CHECK(wait_for(
        ctx, [] { return state->answers.back().state == core::AnswerState::applied; }, kLong));
    IM_CHECK_GT(state->answers.back().step, 0);
    // What is told above it, the freeze and rules of the run, may move it between pointing and
    // pressing.
    const size_t answers = state->answers.size();
    for (int tries = 0; tries < 5 && state->answers.size() == answers; ++tries) {
        ctx->Yield(5);
        ctx->ItemClick("router");
        wait_for(
            ctx, [&] { return state->answers.size() > answers; }, 5);
    }
    IM_CHECK(wait_for(
        ctx, [] { return state->status.frozen.empty(); }, kLong));

    // Halts: wrong if the inspector answered for another threshold, or with numbers that cannot be.
    // Driven as by a person: the prompt is traced, the slider moved, the banner read and cleared.
    choose_layout(ctx, "Inspect");
    ctx->SetRef("Trajectory##Inspect");
    ctx->ItemClick("Trace");
    const auto traced = [] { return state->trace && !state->trace->tokens.empty(); };
    IM_CHECK(wait_for(ctx, traced, kLong));
    IM_CHECK_STR_EQ(state->trace->error.c_str(), "");
    IM_CHECK(!ctx->ItemExists("Clear all"));
    IM_CHECK(!some_hop_left_out(*state->trace));
    ctx->Yield(3);
    click_slider(ctx, "**/##epsilon", 0.97f);
    const auto halted = [] {
        const auto effect = state->session->halting();
        return effect && effect->error.empty() && effect->batches > 0;
    };
    IM_CHECK(wait_for(ctx, halted, kLong));
    const auto effect = state->session->halting();
    IM_CHECK_STR_EQ(effect->prompt.c_str(), state->prompt.c_str());
    IM_CHECK(effect->epsilon > 0.5 && effect->epsilon <= 1);
    IM_CHECK_GE(effect->kl, -1e-5f);
    IM_CHECK(effect->saving >= 0 && effect->saving <= 0.5f);
    IM_CHECK(effect->mean_hops >= 1 && effect->mean_hops <= 2);
    IM_CHECK(std::fabs(effect->saving - (1 - effect->mean_hops / 2)) < 1e-4f);
    // The prompt's own picture follows the threshold, unless no token falls below it.
    IM_CHECK(wait_for(
        ctx, [&] { return effect->saving < 0.01f || some_hop_left_out(*state->trace); }, kLong));
    IM_CHECK(ctx->ItemExists("Clear all"));
    ctx->ItemClick("Clear all");
    IM_CHECK(wait_for(
        ctx, [] { return !some_hop_left_out(*state->trace); }, kLong));
    ctx->Yield(3);
    IM_CHECK(!ctx->ItemExists("Clear all"));
    choose_layout(ctx, "Train");

    // Intervenes on the prompt beside the training: wrong if the panel got no answer, one without
    // its control, or if the run was changed.
    choose_layout(ctx, "Intervene");
    ctx->SetRef("Intervene##Intervene");
    ctx->ItemClick("**/Zero the experts of one hop");
    IM_CHECK(wait_for(
        ctx,
        [] {
            const auto e = state->session->intervention();
            return e && (e->whole || !e->error.empty());
        },
        kLong));
    const auto zeroed = state->session->intervention();
    IM_CHECK_STR_EQ(zeroed->error.c_str(), "");
    IM_CHECK_GT(zeroed->kl, 0.0);
    IM_CHECK_EQ(static_cast<int64_t>(zeroed->control_kls.size()), zeroed->request.controls);
    IM_CHECK(std::fabs(zeroed->nll_base + std::log(zeroed->target.base)) < 1e-9);
    IM_CHECK(state->status.frozen.empty());
    ctx->Yield(3);
    ctx->ItemClick("**/Empty");
    IM_CHECK(state->stack.items().empty());
    choose_layout(ctx, "Train");

    // Pauses and steps: wrong if the run went on, or made more or fewer updates than asked.
    ctx->SetRef("Run##Train");
    ctx->MouseMove("Pause");
    const int64_t asked_at = state->status.step;
    const auto asked = std::chrono::steady_clock::now();
    ctx->MouseClick();
    IM_CHECK(wait_for(
        ctx, [] { return in_state(core::RunState::paused); }, kLong));
    const double waited =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - asked).count();
    ctx->Yield(5);
    const int64_t paused_at = state->status.step;
    // An update that has begun is ended; while a frame is drawn, a few more of these short ones.
    const double update = update_seconds();
    std::printf("Pause: answered after %.0f ms and %lld updates of %.0f ms\n", 1e3 * waited,
                static_cast<long long>(paused_at - asked_at), 1e3 * update);
    IM_CHECK_LT(waited, 1 + 10 * update);
    ctx->SleepNoSkip(0.5f, 0.1f);
    IM_CHECK_EQ(state->status.step, paused_at);
    ctx->ItemClick("Step");
    IM_CHECK(wait_for(
        ctx, [=] { return state->status.step == paused_at + 1; }, kLong));
    IM_CHECK(wait_for(
        ctx, [] { return in_state(core::RunState::paused); }, kLong));

    // Closes and opens again: wrong if a step or the history were lost.
    const int64_t last = state->status.step;
    const std::string folder = state->status.run_dir;
    IM_CHECK(fs::is_directory(folder));
    shell->door().close_run();
    ctx->Yield(3);
    ctx->SetRef("Stop the run?");
    ctx->ItemClick("Stop and save");
    IM_CHECK(wait_for(
        ctx, [] { return state->session == nullptr; }, kLong));
    shell->door().open_run(folder);
    IM_CHECK(wait_for(
        ctx, [] { return in_state(core::RunState::paused); }, kLong));
    IM_CHECK(wait_for(
        ctx, [=] { return static_cast<int64_t>(updates()) == last; }, kLong));
    IM_CHECK_EQ(state->status.step, last);
    ctx->Yield(3);
    ctx->SetRef("Run##Train");
    ctx->ItemClick("Run");
    IM_CHECK(wait_for(
        ctx, [=] { return state->status.step >= last + 5; }, kLong));
    IM_CHECK_EQ(static_cast<int64_t>(state->history.step.back()), static_cast<int64_t>(updates()));
}

}  // namespace

int main() {
    return run_real_program("test_whole_program.xml", [](ImGuiTestEngine* engine) {
        IM_REGISTER_TEST(engine, "program", "trains_freezes_halts_pauses_closes_reopens")
            ->TestFunc = run_story;
    });
}
