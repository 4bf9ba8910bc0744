// The optimizer step on live weights: micro-batches, balance loss, clipping, AdamW, freezes,
// evaluation. Knows nothing of threads, files or windows. Owned and used by the trainer thread
// alone.
#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/api/command.h"
#include "core/api/config.h"
#include "core/api/progress.h"
#include "core/api/result.h"
#include "core/api/snapshot.h"
#include "core/model/forward.h"
#include "core/model/weights.h"
#include "core/text/batches.h"
#include "core/train/balance.h"

namespace hopscope::core {

/// Everything that decides the next update besides the data: saved in checkpoints, restored on
/// resume.
struct EngineState {
    Weights weights, m, v;
    int64_t step = 0;              ///< updates done
    int64_t tokens = 0;            ///< trained on
    double seconds = 0;            ///< of training
    Config live;                   ///< configuration with live settings applied
    std::set<std::string> frozen;  ///< "routing", "router", "centroids", …
    std::map<int64_t, std::set<int64_t>> frozen_experts;  ///< layer → experts
};

/// Mean losses of the evaluation batches, in order (science.md E25).
struct Evaluation {
    std::vector<double> batches;
    std::vector<double> sequences;  ///< mean loss of each sequence, for intervals of small samples
    double loss = 0;
    int64_t tokens = 0;
    std::vector<double> hops_executed;           ///< [layers] mean over tokens
    std::vector<std::vector<int64_t>> executed;  ///< [layers][H] tokens that ran each hop
    std::vector<std::vector<double>> jaccard;    ///< [layers][hop pairs]
};

/// Evaluates `weights` on the first `batches` batches of `source`, dropout off; `probe` (not owned,
/// may be null) takes part in every pass. Errors: interrupted.
Result<Evaluation> evaluate(const Config& config, const Weights& weights, const BatchSource& source,
                            int64_t batches, const Controls& controls, const Progress& progress,
                            Probe* probe = nullptr);

struct EvaluationTime {
    double seconds = 0;      ///< forward pass and losses
    double moe_seconds = 0;  ///< of these in MoE layers
};

/// Time of evaluation batch `index` alone, without reading the data and without routing statistics.
EvaluationTime time_batch(const Config& config, const Weights& weights, const BatchSource& source,
                          int64_t index, const Controls& controls);

class Engine {
  public:
    explicit Engine(EngineState state);

    /// One update. `between` runs between micro-batches. Errors (failed): loss or gradient not
    /// finite; then neither weights nor moments changed, and `bad_batch()` holds the tokens.
    Result<ScalarRecord> update(const BatchSource& data, const std::function<void()>& between);

    /// A live command (set, freeze, unfreeze); the error says why it is refused.
    Status apply(const Command& command);
    std::vector<std::string> frozen() const;

    const EngineState& state() const { return state_; }
    /// Choices of each expert in the last update, [layers][M].
    const std::vector<std::vector<int64_t>>& counts() const { return counts_; }
    const std::vector<int32_t>& bad_batch() const { return bad_batch_; }
    /// Weights as the forward pass uses them (bf16 shadows of the matrices where precision is
    /// bf16).
    const Weights& compute() const { return compute_; }

  private:
    void make_compute();
    bool is_frozen(Group group) const;
    /// Whether it belongs to the shared expert of a layer whose experts are frozen one and all.
    bool shared_is_frozen(const std::string& name) const;
    Status set(const std::string& key, double value);
    Status freeze(const Command& command, bool on);
    Error not_frozen(const std::string& what) const;
    double gather_gradients(ScalarRecord& record);
    void apply_optimizer(double grad_norm, double lr);

    EngineState state_;
    Weights compute_;
    bool bf16_ = false;
    std::map<std::string, at::Tensor> grads_;  ///< fp32, of this update
    std::vector<std::vector<int64_t>> counts_;
    CountedRouting counted_;
    std::vector<int32_t> bad_batch_;
};

}  // namespace hopscope::core
