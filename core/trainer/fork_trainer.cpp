#include "core/trainer/fork_trainer.h"

#include <cmath>
#include <iterator>
#include <utility>

#include "core/api/command_registry.h"
#include "core/run/metrics_csv.h"
#include "core/trainer/peak_memory.h"

namespace hopscope::core {

Result<std::optional<Command>> inner_command(const Command& fork) {
    if (!fork.has("with")) return std::optional<Command>();
    const auto wrong = [](const std::string& what) {
        return usage_error("fork: \"with\": " + what);
    };
    auto inner = parse_command(fork.text("with", ""));
    if (!inner) return wrong(inner.error().message);
    if (!changes_training(*inner))
        return wrong("found \"" + inner->name() +
                     "\", allowed are commands that change the run in training, such as "
                     "{\"command\": \"freeze\", \"what\": \"routing\"}");
    if (auto why = unavailable(*inner, Domain::live); !why.empty()) return wrong(why);
    if (inner->has("from_step"))
        return wrong("acts from the copy's first update on; give \"from_step\" to the fork");
    return std::optional<Command>(std::move(*inner));
}

Status check_fork(const Command& command, const std::string& alive) {
    if (command.has("end")) {
        if (command.args.at("end") == Value(false))
            return usage_error(
                "fork: \"end\": found false, allowed is true; without it a fork begins");
        if (alive.empty())
            return usage_error("fork: no fork is being trained, so there is none to end");
        return {};
    }
    if (!alive.empty())
        return usage_error("fork: the " + alive +
                           " is still being trained; end it first with "
                           "{\"command\": \"fork\", \"end\": true}");
    for (const char* scope : {"layers", "hops", "tokens"})
        if (command.has(scope))
            return usage_error(std::string("fork: \"") + scope +
                               "\" belongs to the command in \"with\"");
    return {};
}

Status check_fork_memory(int64_t parameters, int64_t available) {
    const int64_t needed = kForkBytes * parameters;
    if (available < 0 || needed <= available) return {};
    return usage_error("fork: a copy of the run needs " + mebibytes(needed) + " (" +
                       std::to_string(kForkBytes) + " bytes for each of " +
                       std::to_string(parameters) + " parameters), and " + mebibytes(available) +
                       " are available; free memory, or fork a smaller model");
}

ForkTrainer::Available ForkTrainer::available_bytes() {
    return available_memory;
}

ForkTrainer::ForkTrainer(SessionOptions options, Available available)
    : headless_(options.headless), run_(std::move(options)), available_(std::move(available)) {}

Status ForkTrainer::prepare(const Progress& progress, RunStatus& status) {
    auto prepared = run_.prepare(progress, status);
    run_name_ = status.run_name;
    // Without a window nobody draws their curves again.
    if (prepared && !headless_) recall_forks(progress);
    if (prepared) describe(status);
    return prepared;
}

/// Those of earlier sessions keep their lanes and numbers; one that cannot be read is told.
void ForkTrainer::recall_forks(const Progress& progress) {
    for (const int64_t step : run_.folder().forks()) {
        // Of a course that the run has left, or killed while it was founded.
        if (step > run_.step() || !is_fork_folder(run_.folder().fork_path(step))) continue;
        auto fork = read_fork(run_.folder(), step);
        if (!fork) {
            progress.tell(fork.error().message);
            continue;
        }
        auto records = read_metrics_csv(fork->dir + "/metrics.csv");
        if (!records) {
            progress.tell(records.error().message);
            continue;
        }
        status_ = *std::move(fork);
        forks_.push_back(status_.name);
        status_.lane = static_cast<int32_t>(forks_.size());
        for (ScalarRecord& record : *records) {
            if (record.step <= step) continue;
            record.lane = status_.lane;
            past_.push_back(std::move(record));
        }
    }
}

std::vector<ScalarRecord> ForkTrainer::history() {
    std::vector<ScalarRecord> all = run_.history();
    all.insert(all.end(), std::make_move_iterator(past_.begin()),
               std::make_move_iterator(past_.end()));
    past_.clear();
    return all;
}

Result<ScalarRecord> ForkTrainer::update(const std::function<void()>& between) {
    auto record = run_.update(between);
    if (record) run_saved_ = false;
    return record;
}

Result<float> ForkTrainer::evaluate(const Progress& progress) {
    auto loss = run_.evaluate(progress);
    if (!loss) return loss;
    run_evaluated_ = run_.step();
    // An evaluation that was due comes before the copy's update, which has its own.
    if (copy_ && copy_->step() == run_.step())
        guard([&]() -> Status {
            float copy_loss = kNaN;
            if (auto s = measure(progress, copy_loss); !s) return s;
            if (std::isnan(copy_loss)) return {};
            return difference_->write_evaluation(copy_->step(), copy_->tokens(), status_);
        });
    return loss;
}

Status ForkTrainer::record(const ScalarRecord& record) {
    if (auto s = run_.record(record); !s) return s;
    if (copy_) difference_->add(record);
    return {};
}

Status ForkTrainer::apply(const Command& command, const std::string& by) {
    if (command.kind == CommandKind::fork)
        return command.has("end") ? end(command, by) : begin(command, by);
    catch_up({});
    if (auto s = run_.apply(command, by); !s) return s;
    run_saved_ = false;
    guard([&]() -> Status {
        auto taken = copy_->apply(command, by);
        copy_saved_ = false;
        if (taken || taken.error().kind != ErrorKind::usage) return taken;
        messages_.push_back("the fork did not take " + to_json(command) +
                            ", which acts on the run alone: " + taken.error().message);
        return {};
    });
    return {};
}

Status ForkTrainer::begin(const Command& command, const std::string& by) {
    if (auto s = check_fork(command, copy_ ? status_.name : ""); !s) return s;
    if (run_.step() >= run_.steps())
        return usage_error("fork: the run has made all its steps, none is left to compare");
    auto inner = inner_command(command);
    if (!inner) return inner.error();
    if (auto s = check_fork_memory(run_.parameters(), available_(run_.device())); !s) return s;
    auto copy = run_.fork(*inner ? &**inner : nullptr);
    if (!copy) {
        auto error = copy.error();
        error.message = "fork: " + error.message;
        return error;
    }
    auto difference = ForkDifference::create((*copy)->folder().dir());
    Status begun = difference ? Status() : Status(difference.error());
    if (begun) begun = (*copy)->write_state(state_, "");
    if (begun) begun = run_.note(command, by);
    if (!begun) {
        (*copy)->abandon(begun.error());
        return begun;
    }
    copy_ = std::move(*copy);
    copy_saved_ = true;
    difference_.emplace(std::move(*difference));
    status_ = {};
    status_.step = run_.step();
    status_.alive = true;
    status_.name = fork_name(run_.step());
    status_.dir = copy_->folder().dir();
    status_.with = *inner ? plain_text(**inner) : "";
    forks_.push_back(status_.name);
    status_.lane = static_cast<int32_t>(forks_.size());
    messages_.push_back("forked: the copy writes " + status_.dir);
    return {};
}

Status ForkTrainer::end(const Command& command, const std::string& by) {
    if (auto s = check_fork(command, copy_ ? status_.name : ""); !s) return s;
    catch_up({});
    save();
    guard([&] {
        const std::string why = "ended at step " + std::to_string(copy_->step());
        auto written = copy_->write_state(RunState::paused, why);
        if (written) leave(why);
        return written;
    });
    return run_.note(command, by);
}

Status ForkTrainer::note(const Command& command, const std::string& by) {
    if (auto s = run_.note(command, by); !s) return s;
    guard([&] { return copy_->note(command, by); });
    return {};
}

std::vector<ScalarRecord> ForkTrainer::beside(const Progress& progress) {
    catch_up(progress);
    return std::exchange(records_, {});
}

/// The copy is behind by the update just made, or by more after a failure of the run.
void ForkTrainer::catch_up(const Progress& progress) {
    if (!copy_) return;
    const Progress own = progress.of("fork");
    while (copy_ && copy_->step() < run_.step()) guard([&] { return take_turn(own); });
}

Status ForkTrainer::take_turn(const Progress& progress) {
    auto record = copy_->update([] {});
    if (!record) return record.error();
    copy_saved_ = false;
    record->lane = status_.lane;
    record->publish_ms = 0;
    const Due due = copy_->due();
    if (due.evaluate)
        if (auto s = measure(progress, record->valid_loss); !s) return s;
    if (due.snapshot)
        if (const auto picture = copy_->geometry())
            if (auto s = copy_->save_geometry(*picture); !s) messages_.push_back(s.error().message);
    if (auto s = copy_->record(*record); !s) return s;
    if (auto s = difference_->pair(*record, status_); !s) return s;
    records_.push_back(std::move(*record));
    if (due.checkpoint) save();
    return {};
}

/// Evaluates the copy and compares it with the run where that was evaluated at the same step; cut
/// short by a stop it leaves `loss` as it is.
Status ForkTrainer::measure(const Progress& progress, float& loss) {
    const auto measured = copy_->evaluate(progress);
    if (!measured) return progress.cancelled() ? Status() : Status(measured.error());
    loss = *measured;
    const auto &run = run_.evaluated(), &own = copy_->evaluated();
    if (run_evaluated_ == copy_->step() && run.size() == own.size())
        difference_->compare(copy_->step(), run, own, status_);
    return {};
}

Status ForkTrainer::checkpoint() {
    // Of a run with a copy only what changed: either may have been saved by itself.
    if (!copy_ || !run_saved_)
        if (auto s = checkpoint_due(); !s) return s;
    save();
    return {};
}

Status ForkTrainer::checkpoint_due() {
    auto saved = run_.checkpoint();
    if (saved) run_saved_ = true;
    return saved;
}

bool ForkTrainer::unsaved() const {
    return copy_ && !(run_saved_ && copy_saved_);
}

void ForkTrainer::save() {
    if (copy_saved_) return;
    guard([&] {
        auto saved = difference_->sync();
        if (saved) saved = copy_->checkpoint();
        if (saved) copy_saved_ = true;
        return saved;
    });
}

Status ForkTrainer::write_state(RunState state, const std::string& reason) {
    state_ = state;
    auto written = run_.write_state(state, reason);
    // A run that fails makes no further step; its copy can go on by itself.
    if (state == RunState::failed) save();
    guard([&] {
        if (state == RunState::failed)
            return copy_->write_state(RunState::paused, "the run failed: " + reason);
        const bool done = copy_->step() >= copy_->steps();
        if (state == RunState::done && !done) return copy_->write_state(RunState::paused, "");
        return copy_->write_state(state, reason);
    });
    return written;
}

/// What fails in the copy ends the fork and nothing else.
void ForkTrainer::guard(const std::function<Status()>& work) {
    if (!copy_) return;
    Status worked;
    try {
        worked = work();
    } catch (const std::exception& e) {
        worked = torch_error(e);
    }
    if (worked) return;
    const std::string reason = worked.error().message;
    if (copy_)
        if (auto s = copy_->write_state(RunState::failed, reason); !s)
            messages_.push_back(s.error().message);
    leave("failed: " + reason);
}

/// Lets the copy go: its folder stays, its memory is free.
void ForkTrainer::leave(const std::string& why) {
    messages_.push_back("the " + status_.name + " is no longer trained: " + why);
    status_.alive = false;
    status_.ended = why;
    copy_.reset();
    difference_.reset();
}

void ForkTrainer::describe(RunStatus& status) const {
    if (forks_.empty()) return;
    status.fork = status_;
    if (status.lanes.size() == forks_.size() + 1) return;
    status.lanes = forks_;
    status.lanes.insert(status.lanes.begin(), run_name_);
}

}  // namespace hopscope::core
