// What the pieces of work that `hopscope bench` measures are made from: a configuration, random
// numbers of its sizes, and a run of their own with prepared text, made when first asked for. Made
// and called on the measuring thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/api/config.h"
#include "core/api/progress.h"
#include "core/base/result.h"
#include "core/base/scratch.h"
#include "core/bench/rounds.h"
#include "core/text/batches.h"
#include "core/trainer/device.h"
#include "core/trainer/model_copy.h"
#include "core/trainer/run_trainer.h"

namespace hopscope::core {

/// A run made for the measurement, with an untrained model and its text.
struct BenchRun {
    std::unique_ptr<RunTrainer> trainer;  ///< a snapshot of it is due after each update
    std::shared_ptr<const ModelCopy> copy;
    std::string dir;
    BatchSource train;
};

/// The case whose sizes are those of the configuration; the others are named in kernels/cases.
inline constexpr const char* kConfigured = "configured";

class BenchSetting {
  public:
    BenchSetting(Config c, Device d, std::vector<std::string> names, Progress p)
        : config(std::move(c)),
          device(std::move(d)),
          cases(std::move(names)),
          progress(std::move(p)) {}

    const Config config;
    const Device device;
    const std::vector<std::string> cases;  ///< that operators are timed on
    const Progress progress;

    /// Tokens of a micro-batch.
    int64_t tokens() const { return config.train.batch * config.train.seq_len; }
    /// What matrices and their inputs are computed in.
    at::ScalarType narrow() const {
        return device.precision == Precision::bf16 ? at::kBFloat16 : at::kFloat;
    }
    /// Normal numbers from the configuration's seed; each call draws others.
    at::Tensor random(at::IntArrayRef shape, at::ScalarType type = at::kFloat);

    /// Made at the first call, kept to the end.
    Result<BenchRun*> run();
    /// Another trainer on the same text, whose snapshots are never due.
    Result<std::unique_ptr<RunTrainer>> trainer();

  private:
    Result<std::unique_ptr<RunTrainer>> prepared(const std::string& name, int64_t snapshot_every,
                                                 RunStatus& status);

    std::optional<Scratch> scratch_;  ///< goes after whatever reads from it
    std::optional<BenchRun> run_;
    uint64_t draws_ = 0;
};

using BenchWorks = Result<std::vector<BenchWork>>;

}  // namespace hopscope::core
