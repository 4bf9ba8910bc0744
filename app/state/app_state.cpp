#include "app/state/app_state.h"

#include <algorithm>
#include <tuple>

#include "app/state/actions.h"
#include "app/state/hop_clock.h"
#include "core/api/base.h"
#include "core/api/files.h"
#include "core/api/layer_names.h"

namespace hopscope::app {
namespace {

/// Refusals are told once, when they appear among the answers.
void report_refusals(AppState& state, const std::vector<core::Answer>& now) {
    for (const auto& answer : now) {
        if (answer.state != core::AnswerState::refused) continue;
        if (!state.told_refusals.insert(answer.id).second) continue;
        state.say(answer.command.name() + " refused: " + answer.reason, true);
    }
}

/// "" where a layer's place is its number.
std::string own_name(const AppState& state, int64_t layer) {
    const auto at = static_cast<size_t>(layer);
    if (!state.imported || layer < 0 || at >= state.imported->routers.size()) return {};
    return state.imported->routers[at].name;
}

}  // namespace

void AppState::update_places() {
    if (!session || !geometry) return;
    viz::Anchors anchors = {archive.first().get(), archive.settled().get()};
    // A run that is over and kept none keeps no other either.
    if (!anchors.settled && archive.complete() && core::is_final(status.state))
        anchors.settled = geometry.get();
    if (places.update(*geometry, anchors, selection.layer)) keep_drawing(1);
}

uint64_t AppState::submit(const core::Command& command) {
    if (!session) {
        say(command.name() + " refused: no run is open", true);
        return 0;
    }
    keep_drawing();
    return session->submit(command, "window");
}

TaskRunner& AppState::task_runner() {
    if (!tasks) tasks = std::make_unique<TaskRunner>(wake);
    return *tasks;
}

void AppState::finish_aside() {
    comparison.stop();
    sweep.stop();
    if (short_work) short_work->finish();
}

void AppState::tell(std::string done, Pending<std::string> reason) {
    untold.emplace_back(std::move(done), std::move(reason));
}

void AppState::write_file(const std::string& path, std::string text) {
    tell("wrote " + path, write_aside(path, std::move(text)));
}

Pending<std::string> AppState::write_aside(const std::string& path, std::string text) {
    return aside([path, text = std::move(text)]() -> std::string {
        if (const auto may = core::check_output_apart(path, {}); !may) return may.error().message;
        const auto written = core::write_file_atomic(path, text);
        return written ? "" : written.error().message;
    });
}

std::string AppState::lacks(std::span<const core::Need> needs) const {
    const auto why =
        session ? core::missing(needs, session->config(), holds_of_run()) : std::nullopt;
    return why ? core::as_sentence(*why) : std::string();
}

core::RunHolds AppState::holds_of_run() const {
    core::RunHolds out;
    if (!is_imported()) return out;
    // Before the first look nothing is known to be missing.
    core::ImportedHolds known{.choices = true, .positions = true, .experts = true};
    if (imported) {
        known = {};
        for (const core::ImportedTrace& one : imported->traces) {
            known.choices = true;
            known.positions |= one.positions;
        }
        known.experts = imported->experts;
        known.top_k = imported->routers.empty() ? 0 : imported->routers.front().top_k;
    }
    out.imported = known;
    return out;
}

core::ImportedView AppState::next_view() const {
    if (asked_view) return *asked_view;
    return imported ? imported->view : core::ImportedView();
}

void AppState::ask_for_view(core::ImportedView view) {
    if (!session || view == next_view()) return;
    asked_view = view;
    session->request_view(std::move(view));
    keep_drawing();
}

const core::ImportedTrace* AppState::shown_trace() const {
    if (!imported) return nullptr;
    const auto& all = imported->traces;
    const auto found = std::find_if(
        all.begin(), all.end(), [&](const auto& one) { return one.name == imported->view.trace; });
    return found == all.end() ? nullptr : &*found;
}

std::string AppState::layer_number(int64_t layer) const {
    return core::layer_number(own_name(*this, layer), layer);
}

std::string AppState::layer_name(int64_t layer) const {
    return core::layer_name(own_name(*this, layer), layer);
}

ModelShape AppState::model_shape() const {
    if (!session) return {};
    return app::model_shape(session->config(), geometry.get(), trace.get());
}

std::vector<core::Command> AppState::prompt_script() const {
    if (!session) return {};
    return core::scaled(stack.prompt_script(model_shape()), strength);
}

void AppState::say(const std::string& text, bool problem) {
    log.push_back({core::local_time("%H:%M:%S ") + text, problem});
    log_at = now;
    if (log.size() > kLogLines) log.erase(log.begin(), log.begin() + kLogLines / 4);
    keep_drawing();
}

void AppState::watch_runs(std::vector<std::string> dirs) {
    if (!services.watch_runs) return;
    std::vector<WatchedCurves> before = std::exchange(watched, {});
    for (std::string& dir : dirs) {
        while (dir.size() > 1 && dir.back() == '/') dir.pop_back();
        const auto known = std::find_if(before.begin(), before.end(),
                                        [&](const auto& curves) { return curves.run.dir == dir; });
        WatchedCurves curves;
        if (known != before.end()) curves = std::move(*known);
        curves.run.dir = dir;
        curves.reread = true;
        watched.push_back(std::move(curves));
    }
    watch = dirs.empty() ? nullptr : services.watch_runs(std::move(dirs), wake);
    compared.update(*this);  // what it held of the histories is void
    keep_drawing();
}

bool AppState::inspects(const core::WatchedRun& run) const {
    return session && status.run_dir == run.dir;
}

void AppState::attach(std::unique_ptr<core::Session> opened) {
    session = std::move(opened);
    if (tasks) tasks->cancel_all();
    ++runs_opened;
    stop_asked = false;
    status = {};
    newest = geometry = nullptr;
    trace = nullptr;
    effect = nullptr;
    imported = nullptr;
    asked_view.reset();
    answers.clear();
    history = {};
    rivals.clear();
    selection = {};
    selection_history = {};
    named = {};
    stack = {};
    strength = 1;
    halt_position = 0;
    places = {};
    archive = {};
    experts = {};
    time = {};
    sample = {};
    pointed_step = pointing_at = {};
    playback.clock = Clock::steps;
    playback.playing = false;
    phases = {};
    rules.forget();
    opened_at = now;
    told_refusals.clear();
    compared.update(*this);
    keep_drawing();
}

namespace {

/// What became of files that were written aside.
void tell_outcomes(AppState& state) {
    std::erase_if(state.untold, [&](auto& waiting) {
        const auto reason = waiting.second.take();
        if (reason) state.say(reason->empty() ? waiting.first : *reason, !reason->empty());
        return reason.has_value();
    });
}

/// Tells what broke a rule, and pauses the run where the rule asks for it.
void obey(AppState& state, const std::vector<Finding>& found) {
    const bool can_pause = refusal(state, core::Action::pause) == nullptr;
    bool pauses = false;
    for (const Finding& finding : found) {
        // Red is for what failed: where the run goes on nothing has.
        state.say(finding.text + (finding.pauses && can_pause ? " The run is paused." : ""),
                  finding.pauses && can_pause);
        pauses |= finding.pauses;
    }
    if (pauses && can_pause) state.submit({core::CommandKind::pause, {}});
}

void update_watched(AppState& state) {
    if (!state.watch) return;
    const auto runs = state.watch->runs();
    for (size_t i = 0; i < runs.size() && i < state.watched.size(); ++i)
        state.watched[i].run = runs[i];
    for (const auto& news : state.watch->drain()) {
        if (news.run >= state.watched.size()) continue;
        WatchedCurves& curves = state.watched[news.run];
        History& history = curves.history;
        if (news.restarted || std::exchange(curves.reread, false)) history = {};
        for (const auto& record : news.records) history.append(record);
    }
    for (const auto& message : state.watch->drain_messages()) state.say(message, true);
}

/// What the run has come to meanwhile.
void take_news(AppState& state) {
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
        History& history = lane == 0 ? state.history : state.rivals[lane - 1];
        // A fork has the run's past; its first record takes the place of the run's own.
        if (lane > 0 && history.empty() && record.step > 1) history = state.history;
        history.append(record);
    }
    std::erase_if(records, [](const core::ScalarRecord& record) { return record.lane > 0; });
    obey(state, state.rules.read(records, state.session->config().train));
}

}  // namespace

void update_status(AppState& state) {
    tell_outcomes(state);
    update_watched(state);
    if (!state.session) return;
    if (!state.holds) take_news(state);
    for (const auto& message : state.session->drain_messages()) {
        state.log.push_back({message, false});
        state.log_at = state.now;
    }
}

void update_state(AppState& state) {
    // Before the status: a change that is answered by now has its rows there.
    if (state.session) state.answers = state.session->answers();
    update_status(state);
    state.compared.update(state);
    if (!state.session) return;
    state.selection_history.note(state.selection);
    auto published = state.holds ? nullptr : state.session->geometry();
    if (published && published != state.newest) {
        state.newest = std::move(published);
        obey(state, state.rules.read(*state.newest, state.session->config()));
    }
    if (auto newest = state.session->trace()) state.trace = std::move(newest);
    if (auto newest = state.session->intervention()) state.effect = std::move(newest);
    if (auto newest = state.session->imported(); newest && newest != state.imported) {
        // Other rows lie in another space, which has nothing to be aligned to.
        const auto rows_of = [](const core::ImportedLook& look) {
            return std::tuple(look.view.fold_gain, look.view.centre, look.view.trace);
        };
        if (state.imported && rows_of(*newest) != rows_of(*state.imported)) state.places = {};
        state.imported = std::move(newest);
        if (state.imported->view == state.asked_view || !state.imported->problem.empty())
            state.asked_view.reset();
    }
    if (!state.holds) state.archive.update(state);
    state.geometry = state.sample.update(state, state.time.update(state, state.newest));
    state.phases.update(state);
    state.pointed_step = std::exchange(state.pointing_at, {});
    play_hops(state);
    report_refusals(state, state.answers);
}

}  // namespace hopscope::app
