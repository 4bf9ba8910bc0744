// The optimizer step on live weights: micro-batches, balance loss, clipping, AdamW, freezes and
// interventions as the state has them. Knows nothing of threads, files or windows. Owned and used
// by the trainer thread alone.
#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/api/command.h"
#include "core/api/snapshot.h"
#include "core/base/result.h"
#include "core/model/forward.h"
#include "core/model/model.h"
#include "core/probe/plan.h"
#include "core/text/batches.h"
#include "core/train/balance.h"
#include "core/train/engine_state.h"

namespace hopscope::core {

/// How updates are made; a run trains with all statistics, `bench` measures what they cost.
struct UpdateForm {
    kernels::Form form = kernels::Form::fused;  ///< of all operators; a run's is in its run.json
    /// Off: no statistics of the layers, ScalarRecord::layers and counts() stay empty; except where
    /// a selection bias needs the counts, which then come with all the rest.
    bool statistics = true;
};
/// Shown the gradients of an update, [as each tensor is shaped], fp32 and before clipping, by the
/// names of Weights::for_each, together with the model they were taken at.
using GradientView =
    std::function<void(const Model& model, const std::map<std::string, at::Tensor>& gradients)>;

class Engine {
  public:
    explicit Engine(EngineState state, UpdateForm how = {});
    /// A copy trains by itself from the same state on (EngineState::clone).
    Engine(const Engine& other) : Engine(other.state_.clone(), other.how_) {}
    Engine(Engine&&) = default;
    Engine& operator=(const Engine&) = delete;
    Engine& operator=(Engine&&) = delete;
    ~Engine() = default;

    /// One update. `between` runs between micro-batches; `look`, where given, sees the gradients
    /// before the weights move. Errors (failed): loss or gradient not finite; then neither weights
    /// nor moments changed, and `bad_batch()` holds the tokens.
    Result<ScalarRecord> update(const BatchSource& data, const std::function<void()>& between,
                                const GradientView& look = {});

    /// A live command, before the next update (core/train/live.h). The error says why it is
    /// refused.
    Status apply(const Command& command);
    std::vector<std::string> frozen() const;         ///< in words
    std::vector<std::string> interventions() const;  ///< in words
    /// What a pass carries besides the weights, in training, validation and pictures alike.
    PassChanges changes() const;
    const Plan& plan() const { return plan_; }

    const EngineState& state() const { return state_; }
    /// Choices of each expert in the last update, [layers][M].
    const std::vector<std::vector<int64_t>>& counts() const { return counts_; }
    const std::vector<int32_t>& bad_batch() const { return bad_batch_; }

  private:
    /// What the micro-batches of an update leave to its end.
    struct Passes {
        double data_ms = 0, forward_ms = 0, backward_ms = 0;
        double loss = 0, balance = 0, z = 0;  ///< sums over micro-batches
        std::vector<LayerStats> stats;        ///< summed too
        std::vector<int32_t> tokens;          ///< of the newest micro-batch
    };

    /// Rows of frozen experts as they were, to be put back after the update, moments included: so
    /// they stay bit-equal.
    struct FrozenRows {
        std::vector<at::Tensor> tensors, rows;
        at::Tensor index;
        void put_back() const;
    };

    void make_compute();
    std::vector<RouterMoves> router_moves() const;
    // The stages of an update, in their order.
    void forget_gradients();
    /// Forward and backward of micro-batch `index`. Errors: the loss is not finite.
    Status pass(const BatchSource& data, int64_t index, Passes& passes);
    /// From compute_ to grads_; returns their norm.
    double gather_gradients(ScalarRecord& record);
    /// The end of advice after numbers that are not finite; "" where nothing acts.
    std::string or_take_back() const;
    void apply_optimizer(double grad_norm, double lr);
    FrozenRows frozen_rows(const std::string& name, const std::vector<at::Tensor>& tensors) const;
    void take_statistics(ScalarRecord& record, Passes& passes);
    void fill_record(ScalarRecord& record, const Passes& passes, double grad_norm, double lr) const;
    ForwardOptions training_options() const;

    EngineState state_;
    UpdateForm how_;
    Plan plan_;  ///< of state_.interventions
    /// The model as the forward pass uses it: leaves of the weights, bf16 shadows of the matrices
    /// with bf16; the same configuration as state_.model.
    Model compute_;
    bool bf16_ = false;
    std::map<std::string, at::Tensor> grads_;  ///< fp32, of this update
    std::vector<std::vector<int64_t>> counts_;
    CountedRouting counted_;
    std::vector<int32_t> bad_batch_;
};

}  // namespace hopscope::core
