#include "app/window/app_state.h"

#include <algorithm>
#include <chrono>
#include <ctime>

namespace hopscope::app {
namespace {

std::string clock_text() {
    const std::time_t t = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    std::tm local{};
    localtime_r(&t, &local);
    char text[16];
    std::strftime(text, sizeof text, "%H:%M:%S ", &local);
    return text;
}

/// Refusals are told once, when they appear among the answers.
void report_refusals(AppState& state, const std::vector<core::Answer>& now) {
    for (const auto& answer : now) {
        if (answer.state != core::AnswerState::refused) continue;
        if (!state.told_refusals.insert(answer.id).second) continue;
        state.say(answer.command.name + " refused: " + answer.reason, true);
    }
}

}  // namespace

uint64_t AppState::submit(const core::Command& command) {
    if (!session) {
        say(command.name + " refused: no run is open", true);
        return 0;
    }
    keep_drawing();
    return session->submit(command, "window");
}

void AppState::say(const std::string& text, bool problem) {
    log.push_back({clock_text() + text, problem});
    log_at = now;
    if (log.size() > kLogLines) log.erase(log.begin(), log.begin() + kLogLines / 4);
    keep_drawing();
}

void AppState::attach(std::unique_ptr<core::Session> opened) {
    session = std::move(opened);
    status = {};
    geometry = nullptr;
    trace = nullptr;
    answers.clear();
    history = {};
    rivals.clear();
    selection = {};
    places = {};
    told_refusals.clear();
    keep_drawing();
}

void update_state(AppState& state) {
    if (!state.session) return;
    const core::RunState before = state.status.state;
    state.status = state.session->status();
    if (state.status.state != before) {
        state.keep_drawing();
        if (state.status.state == core::RunState::failed)
            state.say("the run failed: " + state.status.reason, true);
    }
    std::vector<core::ScalarRecord> records;
    state.session->drain_scalars(records);
    for (const auto& record : records) {
        const auto lane = static_cast<size_t>(std::max(record.lane, 0));
        if (lane > state.rivals.size()) state.rivals.resize(lane);
        (lane == 0 ? state.history : state.rivals[lane - 1]).append(record);
    }
    if (auto newest = state.session->geometry()) state.geometry = std::move(newest);
    if (auto newest = state.session->trace()) state.trace = std::move(newest);
    state.answers = state.session->answers();
    report_refusals(state, state.answers);
    for (const auto& message : state.session->drain_messages()) {
        state.log.push_back({message, false});
        state.log_at = state.now;
    }
}

}  // namespace hopscope::app
