#include "core/session/trainer_loop.h"

#include <algorithm>
#include <cmath>

#include "core/api/command_registry.h"

namespace hopscope::core {
namespace {

/// Live pictures and copies for the inspector may take this share of the time of training: one that
/// took a millisecond is followed by the next after 50 at the earliest.
constexpr double kPublishShare = 0.02;
constexpr std::chrono::milliseconds kGeometryPeriod{100};
constexpr std::chrono::milliseconds kWeightsPeriod{250};
constexpr std::chrono::milliseconds kReportPeriod{50};
/// Weight of earlier updates in the publishing cost that the status line shows.
constexpr double kFade = 0.98;

double seconds_since(Wakeup::Clock::time_point begin) {
    return std::chrono::duration<double>(Wakeup::Clock::now() - begin).count();
}

Wakeup::Clock::time_point earliest_next(double cost_seconds, std::chrono::milliseconds period) {
    const auto rest = std::chrono::duration_cast<Wakeup::Clock::duration>(
        std::chrono::duration<double>(cost_seconds / kPublishShare));
    return Wakeup::Clock::now() + std::max<Wakeup::Clock::duration>(rest, period);
}

}  // namespace

TrainerLoop::TrainerLoop(Board& board, CommandQueue& commands, std::unique_ptr<Trainer> trainer,
                         TrainerLoopOptions options)
    : board_(board), commands_(commands), trainer_(std::move(trainer)), options_(options) {}

void TrainerLoop::run() {
    guard([&] {
        if (prepare()) live();
    });
    board_.trainer_gone = true;
    board_.inspector_bell.notify();
    // Only a run that failed or never began comes here before the session closes: it answers.
    while (!board_.closing) {
        const uint64_t ticket = board_.trainer_bell.ticket();
        const char* why = refusal(board_.state(), Action::change);
        commands_.refuse_waiting(why ? why : "The trainer broke off.");
        board_.wake();
        if (!board_.closing) board_.trainer_bell.wait(ticket);
    }
    commands_.refuse_waiting("The run is closed.");
    guard([&] { trainer_.reset(); });
}

/// Programming faults below end in the state `failed`, never in the end of the program.
void TrainerLoop::guard(const std::function<void()>& work) {
    std::string what;
    try {
        work();
        return;
    } catch (const std::exception& e) {
        what = e.what();
    } catch (...) {
        what = "an unknown exception";
    }
    try {
        fail(failure("the trainer broke off: " + what));
    } catch (...) {
        // The folder could not be told either; the window and the exit code still are.
    }
}

bool TrainerLoop::prepare() {
    RunStatus filled = board_.status();
    const auto show = [&] {
        board_.edit_status([&](RunStatus& status) {
            RunStatus shown = filled;
            shown.reason = status.reason;
            shown.input_error = status.input_error;
            shown.activity = status.activity;
            shown.progress = status.progress;
            shown.notes = status.notes;
            shown.inspector_step = status.inspector_step;
            status = std::move(shown);
        });
    };
    Progress reporting = progress();
    const auto report = reporting.report;
    reporting.report = [&](const std::string& activity, double fraction) {
        show();
        report(activity, fraction);
    };
    const Status prepared = trainer_->prepare(reporting, filled);
    clear_activity();
    if (!prepared) {
        if (stop_wanted()) {
            while (auto waiting = commands_.next(0))
                waiting->command.kind == CommandKind::stop
                    ? commands_.applied(waiting->id, 0)
                    : commands_.refused(waiting->id, refusal(RunState::stopping, Action::change));
            board_.become(RunState::stopping);
            board_.become(RunState::stopped);
        } else {
            board_.say("preparing failed: " + prepared.error().message);
            board_.become(RunState::failed, prepared.error().message,
                          prepared.error().kind == ErrorKind::usage);
        }
        return false;
    }
    filled.step = trainer_->step();
    filled.steps = trainer_->steps();
    filled.frozen = trainer_->frozen();
    filled.interventions = trainer_->interventions();
    for (ScalarRecord& record : trainer_->history()) {
        if (record.lane == 0 && !std::isnan(record.valid_loss))
            filled.valid_loss = record.valid_loss;
        board_.records.push(std::move(record));
    }
    show();
    commands_.remember(trainer_->past());
    needs_checkpoint_ = filled.step == 0 && !options_.open_only;
    ++board_.revision;
    return true;
}

void TrainerLoop::live() {
    const bool starts = options_.start && !options_.open_only;
    if (trainer_->step() >= trainer_->steps() && !(starts && trainer_->owes_evaluation())) {
        finish(RunState::done);
    } else if (starts) {
        begin(0);
    } else {
        pause();
    }
    for (;;) {
        const uint64_t ticket = board_.trainer_bell.ticket();
        carry_out_commands();
        if (board_.closing || stop_) end(RunState::stopped);
        if (board_.closing) return;
        if (running_ && trainer_->owes_evaluation()) {
            make_up_evaluation();
            continue;
        }
        if (running_) {
            // A run paused by its last checkpoint's failure is resumed here with nothing to train.
            trainer_->step() >= trainer_->steps() ? end(RunState::done) : make_update();
            continue;
        }
        // Nothing else to do: what is shown may as well be the newest.
        publish(false);
        board_.wake();
        board_.trainer_bell.wait(ticket);
    }
}

void TrainerLoop::carry_out_commands() {
    while (!board_.closing) {
        const auto waiting = commands_.next(trainer_->step());
        if (!waiting) return;
        const Action action = spec_of(waiting->command.kind).action;
        if (const char* why = refusal(board_.state(), action)) {
            commands_.refused(waiting->id, why);
            board_.wake();
            continue;
        }
        const int64_t step = trainer_->step();
        try {
            const Status done = carry_out(*waiting, action);
            if (done)
                commands_.applied(waiting->id, step);
            else
                commands_.refused(waiting->id, done.error().message);
            // Hours of training without what was asked for help nobody.
            if (!done && waiting->by == kByScript)
                return trouble(usage_error("script: " + plain_text(waiting->command) +
                                           " was refused: " + done.error().message));
        } catch (...) {
            commands_.refused(waiting->id, "The trainer broke off.");
            throw;
        }
        board_.wake();
    }
}

/// The answer is "applied" before the update begins that is the first to be affected.
Status TrainerLoop::carry_out(const WaitingCommand& waiting, Action action) {
    touched_ = true;
    if (action == Action::change) {
        if (Status done = trainer_->apply(waiting.command, waiting.by); !done) return done;
        needs_checkpoint_ = true;
        ++board_.revision;
        show_changes();
        tell();
        board_.say("step " + std::to_string(trainer_->step()) + " " + plain_text(waiting.command));
        return {};
    }
    switch (action) {
        case Action::pause:
            pause();
            break;
        case Action::resume:
            begin(0);
            break;
        case Action::step:
            begin(waiting.command.integer("count", 1) * trainer_->lanes());
            break;
        case Action::stop:
            stop_ = true;
            running_ = false;
            board_.become(RunState::stopping);
            break;
        case Action::checkpoint:
            if (Status done = checkpoint(/*all=*/true); !done) return done;
            break;
        case Action::evaluate: {
            float loss = kNaN;
            if (Status done = evaluate(loss); !done) return done;
            break;
        }
        default:
            break;
    }
    tell();
    return trainer_->note(waiting.command, waiting.by);
}

/// What acts on the run from now on.
void TrainerLoop::show_changes() {
    const std::vector<std::string> frozen = trainer_->frozen();
    const std::vector<std::string> active = trainer_->interventions();
    board_.edit_status([&](RunStatus& status) {
        status.frozen = frozen;
        status.interventions = active;
    });
}

/// `steps` > 0: so many updates, then pause again.
void TrainerLoop::begin(int64_t steps) {
    running_ = enter(RunState::running, "", steps == 0);
    steps_left_ = steps;
}

void TrainerLoop::pause(const std::string& reason) {
    // Single steps leave run.json at "paused" throughout; it is not written twice a step.
    const bool stepping = running_ && steps_left_ > 0;
    running_ = false;
    steps_left_ = 0;
    enter(RunState::paused, reason, !stepping || !reason.empty());
}

void TrainerLoop::make_update() {
    if (const Status kept = keep_record(); !kept) return trouble(kept.error());
    const auto begin_time = Clock::now();
    touched_ = true;
    Result<ScalarRecord> made = trainer_->update([&] {
        if (stop_wanted())
            board_.edit_status([](RunStatus& status) { status.activity = "finishing the step"; });
    });
    if (!made) return trouble(made.error());
    ScalarRecord& record = *made;
    needs_checkpoint_ = true;
    ++board_.revision;
    if (std::vector<Answer> again = trainer_->past(); !again.empty()) {
        commands_.remember(std::move(again));
        show_changes();
    }
    // What the trainer itself gathered for a snapshot counts as publishing.
    const double gathered =
        std::isnan(record.publish_ms) ? 0 : static_cast<double>(record.publish_ms) / 1e3;
    train_seconds_ = train_seconds_ * kFade + seconds_since(begin_time) - gathered;

    const Due due = trainer_->due();
    Status worked;
    if (due.evaluate) worked = evaluate(record.valid_loss);
    const double published = publish(due.snapshot) + gathered;
    publish_seconds_ = publish_seconds_ * kFade + published;
    record.publish_ms = static_cast<float>(published * 1e3);
    if (const Status recorded = trainer_->record(record); !recorded) {
        unrecorded_ = record;
        if (worked) worked = recorded;
    }
    const int64_t device_bytes = trainer_->device_bytes();
    board_.edit_status([&](RunStatus& status) {
        status.step = record.step;
        status.device_bytes = device_bytes;
        status.publish_share = publish_seconds_ / (train_seconds_ + publish_seconds_);
    });
    board_.records.push(std::move(record));
    if (worked && due.checkpoint) worked = checkpoint(/*all=*/false);
    if (worked) go_beside();

    if (!worked) {
        trouble(worked.error());
    } else if (due.evaluate && cut_short_) {
        // The stop that cut the evaluation short is carried out next, after the last update too:
        // the run is not done without it.
    } else if (trainer_->step() >= trainer_->steps()) {
        end(RunState::done);
    } else if (steps_left_ > 0 && --steps_left_ == 0) {
        steps_left_ = 1;  // pause() must know that these were single steps
        pause();
    }
    board_.wake();
}

/// A fork makes its update when the run's is through, so that commands find both at one step.
void TrainerLoop::go_beside() {
    std::vector<ScalarRecord> records = trainer_->beside(progress());
    tell();
    if (records.empty()) return;
    clear_activity();
    if (trainer_->unsaved()) needs_checkpoint_ = true;
    for (ScalarRecord& record : records) board_.records.push(std::move(record));
}

void TrainerLoop::tell() {
    for (const std::string& message : trainer_->messages()) board_.say(message);
    board_.edit_status([&](RunStatus& status) { trainer_->describe(status); });
}

/// Ended early by a stop: no loss and no error.
Status TrainerLoop::evaluate(float& loss) {
    const Result<float> measured = trainer_->evaluate(progress());
    clear_activity();
    cut_short_ = !measured && stop_wanted();
    if (cut_short_) return {};
    if (!measured) return measured.error();
    loss = *measured;
    board_.edit_status([&](RunStatus& status) { status.valid_loss = loss; });
    board_.say("step " + std::to_string(trainer_->step()) + " validation loss " +
               std::to_string(loss));
    return {};
}

/// What a stop left undone at the step that the run goes on from; the curves get the record again.
void TrainerLoop::make_up_evaluation() {
    touched_ = true;
    float loss = kNaN;
    Status worked = evaluate(loss);
    if (worked && !cut_short_) {
        Result<ScalarRecord> completed = trainer_->make_up(loss);
        if (completed)
            board_.records.push(std::move(*completed));
        else
            worked = completed.error();
    }
    if (!worked) trouble(worked.error());
    board_.wake();
}

/// `all`: everything that changed since it was saved; else the checkpoint that was due.
Status TrainerLoop::checkpoint(bool all) {
    board_.edit_status([](RunStatus& status) { status.activity = "writing a checkpoint"; });
    const Status written = all ? trainer_->checkpoint() : trainer_->checkpoint_due();
    clear_activity();
    if (!written) return written;
    needs_checkpoint_ = trainer_->unsaved();
    board_.say("step " + std::to_string(trainer_->step()) + " checkpoint written");
    return {};
}

/// A record that found no room is kept, so that metrics.csv has no hole once the run goes on.
Status TrainerLoop::keep_record() {
    if (!unrecorded_) return {};
    const Status kept = trainer_->record(*unrecorded_);
    if (kept) unrecorded_.reset();
    return kept;
}

/// Gives the window and the inspector what they need; returns the seconds that it took.
double TrainerLoop::publish(bool snapshot_due) {
    const auto begin_time = Clock::now();
    const bool stale = geometry_revision_ != board_.revision;
    const bool due_live = !running_ || (board_.geometry_looked_at && begin_time >= next_geometry_);
    if (snapshot_due || (stale && due_live && !options_.headless)) publish_geometry(snapshot_due);
    publish_weights();
    return seconds_since(begin_time);
}

void TrainerLoop::publish_geometry(bool save) {
    const auto begin_time = Clock::now();
    board_.geometry_looked_at = false;
    geometry_revision_ = board_.revision;
    const auto snapshot = trainer_->geometry();
    if (!snapshot) return;
    if (save) {
        // A picture less is no reason to stop a run; the checkpoint of a full disk is.
        const Status saved = trainer_->save_geometry(*snapshot);
        if (!saved && !geometry_broken_) board_.say(saved.error().message);
        geometry_broken_ = !saved;
    }
    board_.geometry.store(snapshot);
    next_geometry_ = earliest_next(seconds_since(begin_time), kGeometryPeriod);
}

void TrainerLoop::publish_weights() {
    const WeightsWanted wanted = board_.weights_wanted;
    if (wanted == WeightsWanted::no) return;
    if (weights_revision_ == board_.revision) {
        // "soon" stays until there is something newer.
        if (wanted == WeightsWanted::now) {
            board_.weights_wanted = WeightsWanted::no;
            board_.inspector_bell.notify();
        }
        return;
    }
    const auto begin_time = Clock::now();
    if (wanted == WeightsWanted::soon && running_ && begin_time < next_weights_) return;
    auto published = std::make_shared<PublishedWeights>();
    published->copy = trainer_->copy_weights();
    if (!published->copy) return;
    published->revision = weights_revision_ = board_.revision;
    board_.weights.store(std::move(published));
    board_.weights_wanted = WeightsWanted::no;
    board_.inspector_bell.notify();
    next_weights_ = earliest_next(seconds_since(begin_time), kWeightsPeriod);
}

/// A NaN, a full disk: the window shows the reason and may go on; without a window the run fails.
void TrainerLoop::trouble(const Error& error) {
    clear_activity();
    if (options_.headless) return fail(error);
    pause(error.message);
    board_.say("paused: " + error.message);
}

void TrainerLoop::fail(const Error& error) {
    running_ = false;
    if (!board_.become(RunState::failed, error.message, error.kind == ErrorKind::usage)) return;
    board_.say("failed: " + error.message);
    (void)write_state(RunState::failed, error.message).ok();  // it is said there
}

/// Leaves a run that can be gone on with: checkpoint first, then the word in run.json.
void TrainerLoop::end(RunState final_state) {
    running_ = stop_ = false;
    if (is_final(board_.state())) return;
    if (final_state == RunState::stopped) board_.become(RunState::stopping);
    Status saved = keep_record();
    if (saved && needs_checkpoint_) saved = checkpoint(/*all=*/true);
    if (!saved) {
        // A run that has made all its steps can still be saved once there is room.
        return final_state == RunState::done ? trouble(saved.error()) : fail(saved.error());
    }
    board_.say(std::string("run ") + name_of(final_state) + " at step " +
               std::to_string(trainer_->step()));
    finish(final_state);
}

/// A run is not over before its run.json says so: whoever reads that would take it for running.
void TrainerLoop::finish(RunState final_state) {
    if (!can_become(board_.state(), final_state)) return;
    const std::string reason = final_state == RunState::stopped ? board_.close_reason() : "";
    const Status written = write_state(final_state, reason);
    if (written) {
        board_.become(final_state, reason);
    } else if (options_.headless || final_state == RunState::stopped) {
        fail(written.error());
    } else {
        trouble(written.error());
    }
}

/// run.json first: whoever sees the state finds it there. False if the table forbids it by now.
bool TrainerLoop::enter(RunState state, const std::string& reason, bool write) {
    if (!can_become(board_.state(), state)) return false;
    if (write) (void)write_state(state, reason).ok();  // it is said there; the run goes on
    return board_.become(state, reason);
}

Status TrainerLoop::write_state(RunState state, const std::string& reason) {
    if (options_.open_only && !touched_) return {};  // looking at a run changes nothing in it
    const Status written = trainer_->write_state(state, reason);
    tell();
    if (!written) board_.say("run.json: " + written.error().message);
    return written;
}

Progress TrainerLoop::progress() {
    Progress progress;
    progress.report = [this](const std::string& activity, double fraction) {
        board_.edit_status([&](RunStatus& status) {
            status.activity = activity;
            status.progress = fraction;
        });
        if (Clock::now() - last_report_ < kReportPeriod) return;
        last_report_ = Clock::now();
        board_.wake();
    };
    progress.note = [this](const std::string& sentence) {
        board_.edit_status([&](RunStatus& status) { status.notes.push_back(sentence); });
        board_.say(sentence);
    };
    progress.cancelled = [this] { return stop_wanted(); };
    return progress;
}

void TrainerLoop::clear_activity() {
    board_.edit_status([](RunStatus& status) {
        status.activity.clear();
        status.progress = -1;
    });
}

}  // namespace hopscope::core
