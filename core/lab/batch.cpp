// hopscope batch: the runs of a file one after another, each a plain run folder; what is done is
// skipped, what was stopped goes on, what fails is noted.
#include <algorithm>
#include <filesystem>
#include <numeric>

#include "core/api/lab.h"
#include "core/base/files.h"
#include "core/config/config.h"
#include "core/lab/batch_file.h"
#include "core/lab/batch_report.h"
#include "core/lab/train_run.h"
#include "core/run/run_folder.h"

namespace hopscope::core::lab {
namespace {

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

  private:
    std::string dir_of(const BatchRun& run) const { return options_.out + "/" + run.name; }

    /// Whether the folder holds this very run, finished.
    bool is_done(const BatchRun& run) const {
        const auto folder = RunFolder::open(dir_of(run), /*writer=*/false);
        if (!folder || folder->info().state != RunState::done) return false;
        const auto saved = stored_config(*folder);
        if (!saved || saved->train.steps < run.config.train.steps) return false;
        Config wanted = run.config;
        if (wanted.train.precision == Precision::automatic)
            wanted.train.precision = saved->train.precision;
        return differing_keys(*saved, wanted, /*resumable=*/true).empty();
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
        const std::string json = batch_json(rows_, state).dump(1) + "\n";
        if (auto s = write_file_atomic(options_.out + "/batch.json", json); !s) return s;
        return write_file_atomic(options_.out + "/batch.csv", batch_csv(rows_));
    }

    Result<std::string> finish(BatchState state) const {
        if (auto s = write_report(state); !s) return s.error();
        return batch_json(rows_, state).dump(1);
    }

    const BatchOptions& options_;
    std::vector<BatchRun> runs_;
    std::vector<BatchRow> rows_;
};

}  // namespace

Result<std::string> batch(const BatchOptions& o) {
    if (o.file.empty() || o.out.empty())
        return usage_error("batch needs --file FILE, the list of runs, and --out DIR");
    std::vector<std::string> overrides = o.overrides;
    if (!o.device.empty()) overrides.push_back("train.device=\"" + o.device + "\"");
    auto runs = read_batch_file(o.file, overrides);
    if (!runs) return runs.error();
    for (const BatchRun& run : *runs)
        if (auto s = check_debug(run.config, o.allow_debug, o.file + ": run " + run.name); !s)
            return s.error();
    if (is_run_folder(o.out))
        return usage_error(o.out + " holds a run itself; name another folder with --out");
    std::error_code error;
    std::filesystem::create_directories(o.out, error);
    if (error) return usage_error("--out " + o.out + ": " + error.message());
    return Batch(o, std::move(*runs)).train_all();
}

}  // namespace hopscope::core::lab
