// The optimizer step on live weights: micro-batches, balance loss, clipping, AdamW, freezes,
// interventions, evaluation. Knows nothing of threads, files or windows. Owned and used by the
// trainer thread alone.
#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/api/command.h"
#include "core/api/freeze_parts.h"
#include "core/api/progress.h"
#include "core/api/snapshot.h"
#include "core/base/result.h"
#include "core/model/forward.h"
#include "core/model/model.h"
#include "core/model/weights.h"
#include "core/text/batches.h"
#include "core/train/balance.h"
#include "core/train/interventions.h"

namespace hopscope::core {

/// Everything that decides the next update besides the data: saved in checkpoints, restored on
/// resume.
struct EngineState {
    /// Its configuration is the run's with the live settings as they are now (`set`).
    Model model;
    Weights m, v;                                                   ///< moments
    int64_t step = 0;                                               ///< updates done
    int64_t tokens = 0;                                             ///< trained on
    double seconds = 0;                                             ///< of training
    std::set<FreezePart, ByWord> frozen;                            ///< everywhere
    std::map<int64_t, std::set<int64_t>> frozen_experts;            ///< layer → experts
    std::map<FreezePart, std::set<int64_t>, ByWord> frozen_layers;  ///< → layers, where not all
    std::vector<Intervention> interventions;  ///< in the order they came, as `clear` counts
    /// Applied so far: a resumed run applies those behind it again. −1: an older checkpoint, whose
    /// commands are told by their steps.
    int64_t commands = 0;

    /// The same in tensors of its own; a plain copy shares them.
    EngineState clone() const;
};

/// Before the first update: the model as it is, moments zero.
EngineState untrained(Model model);

/// Mean losses of the evaluation batches, in order [def:validation].
struct Evaluation {
    std::vector<double> batches;
    std::vector<double> sequences;  ///< mean loss of each sequence, for intervals of small samples
    double loss = 0;
    int64_t tokens = 0;
    std::vector<double> hops_executed;           ///< [layers] mean over tokens
    std::vector<std::vector<int64_t>> executed;  ///< [layers][H] tokens that ran each hop
    std::vector<std::vector<double>> jaccard;    ///< [layers][hop pairs]
};

/// Evaluates `model` on the first `batches` batches of `source`, dropout off; `probe` (not owned,
/// may be null) takes part in every pass. Errors: interrupted.
Result<Evaluation> evaluate(const Model& model, const BatchSource& source, int64_t batches,
                            const PassChanges& changes, const Progress& progress,
                            Probe* probe = nullptr);

struct EvaluationTime {
    double seconds = 0;      ///< forward pass and losses
    double moe_seconds = 0;  ///< of these in MoE layers
};

/// Time of evaluation batch `index` alone, without reading the data and without routing statistics.
EvaluationTime time_batch(const Model& model, const BatchSource& source, int64_t index,
                          const PassChanges& changes);

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

    /// A live command (set, freeze, unfreeze, move_centroid, clear and the interventions), before
    /// the next update; its "from_step" is not waited for. The error says why it is refused.
    ///
    /// Interventions add up; one with the same target as an earlier one replaces it. Gradients flow
    /// through them as through the rest of the pass: a suppressed expert gets none, directions that
    /// steer are constants of the pass. The balance term is that of the router's own choice, after
    /// suppression and boosts and before force and freezes; load counts what was chosen in the end.
    /// Selection biases of experts that no token can reach wait, those of the others step towards
    /// the mean of the others. A moved centroid keeps its second moment, its first begins at 0.
    Status apply(const Command& command);
    std::vector<std::string> frozen() const;
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
    /// @param layer of the tensor; −1 for those of no layer
    bool is_frozen(Group group, int64_t layer) const;
    /// Whether it belongs to the shared expert of a layer whose experts are frozen one and all.
    bool shared_is_frozen(const std::string& name) const;
    Status set(const std::string& key, double value);
    Status freeze(const Command& command, bool on);
    Status freeze_routing(FreezePart part, const Command& command, bool on);
    Status freeze_experts(const std::vector<int64_t>& layers, std::vector<int64_t> experts,
                          bool on);
    Status freeze_part(FreezePart part, const std::vector<int64_t>& layers, bool on);
    Status intervene(const Command& command);
    Status clear(const Command& command);
    Status adopt(std::vector<Intervention> active);
    Status move_centroid(const Command& command);
    Status carry_out(const Command& command);
    std::vector<RouterMoves> router_moves() const;
    Error not_frozen(FreezePart part) const;
    // The stages of an update, in their order.
    void forget_gradients();
    /// Forward and backward of micro-batch `index`. Errors: the loss is not finite.
    Status pass(const BatchSource& data, int64_t index, Passes& passes);
    /// From compute_ to grads_; returns their norm.
    double gather_gradients(ScalarRecord& record);
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
