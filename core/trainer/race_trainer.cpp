#include "core/trainer/race_trainer.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/base/names.h"
#include "core/trainer/race_file.h"

namespace hopscope::core {
namespace {

SessionOptions lane_options(const SessionOptions& race, const RaceLane& lane) {
    SessionOptions out;
    out.config = lane.config;
    out.config_name = lane.name;
    out.run_dir = race.run_dir + "/" + lane.name;
    out.open_only = race.open_only;
    out.allow_debug = race.allow_debug;
    // A race killed while it was prepared has lanes that were never begun.
    out.resume = race.resume && is_run_folder(out.run_dir);
    return out;
}

Error of_lane(const std::string& name, Error error) {
    error.message = name + ": " + error.message;
    return error;
}

}  // namespace

RaceTrainer::RaceTrainer(const SessionOptions& options)
    : dir_(options.run_dir),
      headless_(options.headless),
      open_only_(options.open_only),
      resume_(options.resume) {
    std::vector<std::string> siblings;
    for (const RaceLane& entry : options.race) {
        SessionOptions own = lane_options(options, entry);
        own.siblings = siblings;
        siblings.push_back(own.run_dir);
        Lane lane;
        lane.name = entry.name;
        lane.dir = own.run_dir;
        lane.begun = own.resume || own.open_only;
        lane.config = entry.config;
        lane.trainer = std::make_unique<RunTrainer>(std::move(own));
        lanes_.push_back(std::move(lane));
    }
}

Status RaceTrainer::prepare_lane(Lane& lane, const Progress& progress, RunStatus& status) {
    const Progress own = progress.of(lane.name);
    // Of one that goes on nothing is changed before all lanes have been checked.
    auto prepared =
        lane.begun ? lane.trainer->examine(own, status) : lane.trainer->prepare(own, status);
    if (!prepared) return of_lane(lane.name, prepared.error());
    lane.parameters = status.parameters;
    lane.saved = lane.trainer->step() > 0;
    for (const ScalarRecord& record : lane.trainer->history()) follow(lane, record);
    return {};
}

/// The folder is this race's, and nobody else writes it.
Status RaceTrainer::claim_folder() {
    if (open_only_) return {};
    if (resume_) return ensure_writer();
    auto place = NewFolder::make(dir_, FolderOf::race);
    if (!place) return place.error();
    // First of all, so that a race killed while it is prepared can go on with --resume.
    auto lock = place->become([&] { return write_race_file(dir_, RunState::running, reports()); },
                              [&] {
                                  std::error_code ignored;
                                  std::filesystem::remove(dir_ + "/race.json", ignored);
                              });
    if (!lock) return lock.error();
    lock_ = *std::move(lock);
    place_ = *std::move(place);
    return {};
}

/// A race that was opened to look at becomes ours at the first thing that writes.
Status RaceTrainer::ensure_writer() {
    if (lock_.held()) return lock_.check();
    auto lock = FolderLock::take(dir_, FolderOf::race);
    if (!lock) return lock.error();
    lock_ = *std::move(lock);
    return {};
}

Status RaceTrainer::prepare_lanes(const Progress& progress, RunStatus& status) {
    // New lanes last: one that cannot be made is taken away again, and those that go on are as they
    // were.
    for (const bool begun : {true, false})
        for (Lane& lane : lanes_) {
            if (lane.begun != begun) continue;
            RunStatus own;
            if (auto s = prepare_lane(lane, progress, own); !s) return s;
            if (&lane != lanes_.data()) continue;
            status.device = own.device;
            status.threads = own.threads;
            status.source = own.source;
            status.synthetic = own.synthetic;
            status.parameters = own.parameters;
            status.valid_loss = own.valid_loss;
        }
    if (open_only_) return {};
    if (auto s = lock_.sign(); !s) return s;
    for (Lane& lane : lanes_)
        if (lane.begun)
            if (auto s = lane.trainer->begin_writing(); !s) return of_lane(lane.name, s.error());
    return write_race(RunState::running);
}

Status RaceTrainer::prepare(const Progress& progress, RunStatus& status) {
    if (auto s = claim_folder(); !s) return s;
    status.run_dir = dir_;
    status.run_name = folder_name(dir_);
    for (const Lane& lane : lanes_) status.lanes.push_back(lane.name);
    const auto prepared = prepare_lanes(progress, status);
    if (!prepared) {
        // The lanes go the way of the one that failed.
        for (Lane& lane : lanes_) lane.trainer->abandon(prepared.error());
        if (place_ && prepared.error().kind == ErrorKind::interrupted)
            (void)write_race(RunState::paused).ok();  // can go on with --resume
        else if (place_)
            place_->undo(std::move(lock_), {"race.json"});
    }
    place_.reset();
    return prepared;
}

const RaceTrainer::Lane* RaceTrainer::next_lane() const {
    const Lane* next = nullptr;
    for (const Lane& lane : lanes_) {
        if (!lane.failure.empty() || lane.is_through()) continue;
        if (!next || lane.trainer->step() < next->trainer->step()) next = &lane;
    }
    return next;
}

RaceTrainer::Lane* RaceTrainer::next_lane() {
    return const_cast<Lane*>(std::as_const(*this).next_lane());
}

int64_t RaceTrainer::step() const {
    const Lane* next = next_lane();
    return next ? next->trainer->step() : steps();
}

int64_t RaceTrainer::steps() const {
    int64_t most = 0;
    for (const Lane& lane : lanes_) most = std::max(most, lane.trainer->steps());
    return most;
}

std::vector<ScalarRecord> RaceTrainer::history() {
    // The lanes have given theirs away in prepare(); what the curves of a window need is read anew.
    std::vector<ScalarRecord> all;
    if (headless_) return all;
    for (size_t i = 0; i < lanes_.size(); ++i)
        for (ScalarRecord& record : lanes_[i].trainer->recorded()) {
            record.lane = static_cast<int32_t>(i);
            all.push_back(std::move(record));
        }
    std::stable_sort(all.begin(), all.end(),
                     [](const ScalarRecord& a, const ScalarRecord& b) { return a.step < b.step; });
    return all;
}

Result<ScalarRecord> RaceTrainer::update(const std::function<void()>& between) {
    Error last = failure("no lane is left to train");
    while (Lane* lane = next_lane()) {
        if (auto s = ensure_writer(); !s) return s.error();
        current_ = static_cast<size_t>(lane - lanes_.data());
        auto record = lane->trainer->update(between);
        if (record) {
            lane->saved = false;
            record->lane = static_cast<int32_t>(current_);
            return record;
        }
        last = of_lane(lane->name, record.error());
        if (!headless_) return last;
        lane->failure = record.error().message;
        if (auto s = lane->trainer->write_state(RunState::failed, lane->failure); !s)
            return of_lane(lane->name, s.error());
    }
    return last;
}

void RaceTrainer::follow(Lane& lane, const ScalarRecord& record) {
    const auto add = [&](RaceCurve& curve, float value) {
        if (std::isnan(value)) return;
        if (!curve.steps.empty() && curve.steps.back() >= record.step) return;
        curve.steps.push_back(record.step);
        curve.tokens.push_back(record.tokens);
        curve.seconds.push_back(record.seconds);
        curve.values.push_back(value);
    };
    add(lane.loss, record.loss);
    add(lane.valid, record.valid_loss);
}

Status RaceTrainer::record(const ScalarRecord& record) {
    Lane& lane = lanes_[static_cast<size_t>(record.lane)];
    if (auto s = lane.trainer->record(record); !s) return s;
    follow(lane, record);
    return {};
}

bool RaceTrainer::owes_evaluation() {
    for (size_t i = 0; i < lanes_.size(); ++i) {
        if (!lanes_[i].failure.empty() || !lanes_[i].trainer->owes_evaluation()) continue;
        current_ = i;
        return true;
    }
    return false;
}

Result<ScalarRecord> RaceTrainer::make_up(float valid_loss) {
    auto record = current().make_up(valid_loss);
    if (!record) return record;
    record->lane = static_cast<int32_t>(current_);
    follow(lanes_[current_], *record);
    return record;
}

Status RaceTrainer::save(Lane& lane) {
    if (auto s = lane.trainer->checkpoint(); !s) return of_lane(lane.name, s.error());
    lane.saved = true;
    return {};
}

Status RaceTrainer::checkpoint_due() {
    if (auto s = save(lanes_[current_]); !s) return s;
    return write_race(state_);
}

Status RaceTrainer::checkpoint() {
    Status all;
    for (Lane& lane : lanes_) {
        if (lane.saved || !lane.failure.empty()) continue;
        if (auto s = save(lane); !s && all) all = s;
    }
    if (auto s = write_race(state_); !s && all) all = s;
    return all;
}

bool RaceTrainer::unsaved() const {
    return std::any_of(lanes_.begin(), lanes_.end(), [](const Lane& lane) { return !lane.saved; });
}

Status RaceTrainer::apply(const Command& command, const std::string&) {
    return usage_error("A race compares its configurations as they are, so that \"" +
                       command.name() + "\" is not possible; change a configuration instead.");
}

Status RaceTrainer::note(const Command& command, const std::string& by) {
    for (Lane& lane : lanes_)
        if (auto s = lane.trainer->note(command, by); !s) return of_lane(lane.name, s.error());
    return {};
}

std::shared_ptr<const GeometrySnapshot> RaceTrainer::geometry() {
    return shown().geometry();
}

Status RaceTrainer::save_geometry(const GeometrySnapshot& snapshot) {
    if (&shown() == &current()) return current().save_geometry(snapshot);
    const auto own = current().geometry();
    return own ? current().save_geometry(*own) : Status();
}

std::shared_ptr<const WeightsCopy> RaceTrainer::copy_weights() {
    return shown().copy_weights();
}

Status RaceTrainer::write_state(RunState state, const std::string& reason) {
    state_ = state;
    reason_ = reason;
    Status all;
    for (Lane& lane : lanes_) {
        if (!lane.failure.empty()) continue;
        const bool done = lane.is_whole();
        auto s = lane.trainer->write_state(done ? RunState::done : state, done ? "" : reason);
        if (!s && all) all = of_lane(lane.name, s.error());
    }
    if (auto s = write_race(state); !s && all) all = s;
    return all;
}

std::vector<LaneReport> RaceTrainer::reports() const {
    std::vector<LaneReport> reports;
    for (const Lane& lane : lanes_) {
        LaneReport report;
        report.name = lane.name;
        report.config = &lane.config;
        report.parameters = lane.parameters;
        report.step = lane.trainer->step();
        report.steps = lane.trainer->steps();
        report.whole = lane.is_whole();
        report.failure = lane.failure;
        // It ended with the race.
        if (lane.failure.empty() && !report.whole && state_ == RunState::failed)
            report.failure = reason_;
        report.loss = &lane.loss;
        report.valid = &lane.valid;
        reports.push_back(report);
    }
    return reports;
}

Status RaceTrainer::write_race(RunState state) {
    if (auto s = ensure_writer(); !s) return s;
    return write_race_file(dir_, state, reports());
}

}  // namespace hopscope::core
