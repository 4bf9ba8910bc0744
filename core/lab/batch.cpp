// hopscope batch: the runs of a file one after another, each a plain run folder; what is done is
// skipped, what was stopped goes on, what fails is noted.
#include <algorithm>
#include <filesystem>
#include <numeric>

#include "core/api/lab.h"
#include "core/base/files.h"
#include "core/base/json.h"
#include "core/base/names.h"
#include "core/base/output_place.h"
#include "core/base/state_text.h"
#include "core/base/utf8.h"
#include "core/config/check.h"
#include "core/config/write.h"
#include "core/lab/batch_file.h"
#include "core/lab/batch_report.h"
#include "core/lab/train_run.h"
#include "core/run/run_folder.h"
#include "core/run/step_names.h"

namespace hopscope::core::lab {
namespace {

constexpr size_t kMostNamed = 12;  ///< keys of runs in one message

class Batch {
  public:
    Batch(const BatchOptions& options, std::vector<BatchRun> runs)
        : options_(options), runs_(std::move(runs)) {
        for (const auto& run : runs_) rows_.push_back(batch_row(run, dir_of(run)));
    }

    Result<std::string> train_all() {
        // By seed first: a batch that is cut short can already compare its variants.
        std::vector<size_t> order(runs_.size());
        std::iota(order.begin(), order.end(), size_t{0});
        std::stable_sort(order.begin(), order.end(),
                         [&](size_t a, size_t b) { return runs_[a].round < runs_[b].round; });
        for (size_t place = 0; place < order.size(); ++place) {
            if (interrupt_flag() != 0) return finish(BatchState::interrupted);
            if (auto s = lock_.check(); !s) return s.error();
            const size_t i = order[place];
            const bool go_on = train_one(i, static_cast<int64_t>(place) + 1);
            if (!go_on) return finish(BatchState::interrupted);
            if (auto s = write_report(BatchState::running); !s) return s.error();
        }
        const bool failed = std::any_of(rows_.begin(), rows_.end(), [](const BatchRow& row) {
            return row.state == RunState::failed;
        });
        return finish(failed ? BatchState::failed : BatchState::done);
    }

    /// The folder is this batch's, and nobody else writes it; before anything is done.
    Status claim_folder() {
        const std::string& dir = options_.out;
        const FolderKind kind = look_at_folder(dir).kind;
        if (kind == FolderKind::batch || (kind == FolderKind::foreign && holds_runs_alone())) {
            for (const char* name : {"/batch.json", "/batch.csv"})
                if (auto s = check_place(dir + name, FileKind::file); !s) return s;
            if (auto s = check_report(); !s) return s;
            if (auto s = check_runs(); !s) return s;
            auto lock = FolderLock::take(dir, FolderOf::batch);
            if (!lock) return lock.error();
            lock_ = *std::move(lock);
            if (auto s = lock_.sign(); !s) return s;
            return write_report(BatchState::running);
        }
        if (auto s = check_new_place(dir); !s) return s;
        auto place = NewFolder::make(dir, FolderOf::batch);
        if (!place) return place.error();
        // First of all, so that a batch that is killed in its first run can go on.
        auto lock = place->become([&] { return write_report(BatchState::running); },
                                  [&] {
                                      std::error_code ignored;
                                      for (const char* name : {"/batch.json", "/batch.csv"})
                                          std::filesystem::remove(dir + name, ignored);
                                  });
        if (!lock) return lock.error();
        lock_ = *std::move(lock);
        return {};
    }

  private:
    /// What an older version left that was killed in the first run: run folders of this batch.
    bool holds_runs_alone() const {
        for (const std::string& name : names_in(options_.out)) {
            const bool ours = std::any_of(runs_.begin(), runs_.end(),
                                          [&](const BatchRun& run) { return run.name == name; });
            if (name != ".lock" && !(ours && is_run_folder(options_.out + "/" + name)))
                return false;
        }
        return true;
    }

    std::string dir_of(const BatchRun& run) const { return options_.out + "/" + run.name; }

    /// Whether the folder holds this very run, finished.
    bool is_done(const BatchRun& run) const {
        const auto folder = RunFolder::open(dir_of(run), /*writer=*/false);
        if (!folder || folder->info().state != RunState::done) return false;
        const auto saved = stored_config(*folder);
        if (!saved || saved->train.steps < run.config.train.steps) return false;
        return fixed_keys_that_differ(run, *saved).empty();
    }

    /// What resume may not change, and the file does.
    static std::vector<std::string> fixed_keys_that_differ(const BatchRun& run,
                                                           const Config& saved) {
        Config wanted = run.config;
        if (wanted.train.precision == Precision::automatic)
            wanted.train.precision = saved.train.precision;
        return differing_keys(saved, wanted, /*resumable=*/true);
    }

    /// All runs, before anything is written: a call that asks of what was trained something that it
    /// cannot become is wrong, and must not make a failure of it. Errors (usage) name the runs.
    Status check_runs() const {
        std::vector<std::string> unfit;
        for (const BatchRun& run : runs_) {
            if (is_done(run)) continue;
            const std::string dir = dir_of(run);
            if (!is_run_folder(dir)) {
                if (auto s = check_new_folder(dir, FolderOf::run); !s) return s;
                continue;
            }
            const auto folder = RunFolder::open(dir, /*writer=*/false);
            if (!folder) return folder.error();
            if (auto s = folder->check_places(); !s) return s;
            const auto saved = stored_config(*folder);
            if (!saved) return saved.error();
            if (auto s = check_debug(*saved, options_.allow_debug, folder->config_path()); !s)
                return s;
            for (const std::string& key : fixed_keys_that_differ(run, *saved))
                unfit.push_back(run.name + ": " + key);
            if (const int64_t done = steps_done(*folder, run); done > run.config.train.steps)
                unfit.push_back(run.name + ": train.steps: found " +
                                std::to_string(run.config.train.steps) + ", but " +
                                std::to_string(done) + " are done");
        }
        if (unfit.empty()) return {};
        return usage_error(shown_path(options_.out) + ": runs there differ from " +
                           shown_path(options_.file) + " in keys that resume may not change:\n  " +
                           joined_first(unfit, kMostNamed, "\n  ") +
                           "\nput them back, or name another --out; nothing was changed");
    }

    /// Whether the report of another list would be lost: it names runs that the file does not.
    /// Errors (usage) name them.
    Status check_report() const {
        const auto report = read_object(options_.out + "/batch.json", "hopscope.batch/1");
        if (!report) return {};  // of a version that wrote none, or not readable: it is made anew
        std::vector<std::string> lost;
        for (const auto& row : report->value("runs", nlohmann::ordered_json::array())) {
            const std::string name = row.is_object() ? row.value("run", std::string()) : "";
            if (!name.empty() && !std::any_of(runs_.begin(), runs_.end(), [&](const BatchRun& run) {
                    return run.name == name;
                }))
                lost.push_back(shown(name));
        }
        if (lost.empty()) return {};
        return usage_error(shown_path(options_.out) +
                           " holds the batch of another list: " + joined_first(lost, kMostNamed) +
                           " are not in " + shown_path(options_.file) +
                           "; add them, or name another --out; nothing was changed");
    }

    /// Of the checkpoint that the run would go on from, where it matters.
    static int64_t steps_done(const RunFolder& folder, const BatchRun& run) {
        const auto steps = folder.checkpoints().steps();
        // Whether a checkpoint is whole takes reading it.
        if (steps.empty() || steps.back() <= run.config.train.steps) return 0;
        const auto newest = folder.checkpoints().newest_complete();
        return newest ? newest->step : 0;
    }

    /// False: stopped on request.
    bool train_one(size_t i, int64_t number) {
        const BatchRun& run = runs_[i];
        const bool done = is_done(run), exists = is_run_folder(dir_of(run));
        if (options_.on_run)
            options_.on_run({run.name, number, static_cast<int64_t>(runs_.size()),
                             done     ? BatchRunBegin::skipped
                             : exists ? BatchRunBegin::resumed
                                      : BatchRunBegin::started});
        if (done) return true;
        SessionOptions session;
        session.config = run.config;
        session.config_name = run.config_name;
        session.run_dir = dir_of(run);
        session.resume = exists;
        session.allow_debug = options_.allow_debug;
        for (const auto& other : runs_)
            if (other.name != run.name) session.siblings.push_back(dir_of(other));
        const auto status = train_run(std::move(session), {options_.on_status, options_.on_step});
        const bool interrupted = !status && status.error().kind == ErrorKind::interrupted;
        rows_[i] = batch_row(run, dir_of(run), status || interrupted ? "" : status.error().message);
        return !interrupted;
    }

    Status write_report(BatchState state) const {
        if (lock_.held())
            if (auto s = lock_.check(); !s) return s;
        Status written = write_state(state);
        if (written) written = write_file_atomic(options_.out + "/batch.csv", batch_csv(rows_));
        // The call ends with this: the batch must not be kept as one that is running.
        if (!written) (void)write_state(BatchState::failed).ok();  // the first error is told
        return written;
    }

    Status write_state(BatchState state) const {
        return write_state_file(options_.out + "/batch.json",
                                dump_pretty(batch_json(rows_, state)));
    }

    Result<std::string> finish(BatchState state) const {
        if (auto s = write_report(state); !s) return s.error();
        return dump_pretty(batch_json(rows_, state));
    }

    const BatchOptions& options_;
    std::vector<BatchRun> runs_;
    std::vector<BatchRow> rows_;
    FolderLock lock_;
};

}  // namespace

Result<std::string> batch(const BatchOptions& o) {
    if (o.file.empty() || o.out.empty())
        return usage_error("batch needs --file FILE, the list of runs, and --out DIR");
    auto runs = read_batch_file(o.file, with_device(o.overrides, o.device));
    if (!runs) return runs.error();
    for (const BatchRun& run : *runs)
        if (auto s = check_debug(run.config, o.allow_debug, o.file + ": run " + run.name); !s)
            return s.error();
    Batch batch(o, std::move(*runs));
    if (auto s = batch.claim_folder(); !s) return s.error();
    return batch.train_all();
}

}  // namespace hopscope::core::lab
