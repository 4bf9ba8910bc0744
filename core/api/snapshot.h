// A snapshot is what one moment of a run looks like, as plain values without tensors: what the
// trainer and the inspector publish, the window draws and the run folder keeps. It is made by one
// thread, handed over behind a shared pointer to const, and never changed again.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "core/api/state.h"

namespace hopscope::core {

inline constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

/// Per-layer routing statistics of one update [def:jaccard] [def:entropy] [def:expert_load]; also
/// columns of metrics.csv.
struct LayerScalars {
    float entropy = kNaN;  ///< nats, full softmax, mean over tokens and hops
    float max_prob = kNaN;
    float jaccard = kNaN;  ///< consecutive hops, mean; NaN for H = 1
    float load_max_over_mean = kNaN;
    float load_cv = kNaN;
    float dead = kNaN;  ///< experts without a token in this batch
    float load_q10 = kNaN, load_q50 = kNaN, load_q90 = kNaN;  ///< quantiles of choices an expert
    float tau = kNaN;                                         ///< NaN for routers without
    float moe_scale = kNaN;  ///< output scale of the layer, or the global one; NaN without
    // Recorded where a geometry snapshot is due, NaN otherwise [def:live_geometry]: of the weights
    // …
    float coupling = kNaN;        ///< mean cos(r_i, w_down_i), r_i the router row in model space
    float collinearity = kNaN;    ///< mean cosine of pairs of router rows
    float nearest_cosine = kNaN;  ///< mean over rows of the largest cosine to another
    // … of the probe sample: median over experts of Spearman's rho of score and activation …
    float score_spearman = kNaN;
    // … and of this update's gradients: mean cos(∂L/∂r_i, ∂L/∂w_down_i), r_i in model space.
    float gradient_cosine = kNaN;
};

/// One record an update, sent through the ring; every one is kept.
struct ScalarRecord {
    int32_t lane = 0;    ///< of a race or fork (RunStatus::lanes); not part of metrics.csv
    int64_t step = 0;    ///< number of updates done after this one
    int64_t tokens = 0;  ///< trained on so far
    double seconds = 0;  ///< of training so far, pauses left out
    float loss = kNaN;   ///< mean token NLL, nats
    float balance_loss = kNaN;
    float z_loss = kNaN;   ///< router z term before its weight; NaN where it is off
    float clipped = kNaN;  ///< 1 where clipping acted; its running mean is the share of such steps
    float lr = kNaN;
    float grad_norm = kNaN;   ///< before clipping
    float valid_loss = kNaN;  ///< only where an evaluation followed this update
    float tokens_per_s = kNaN;
    float data_ms = kNaN, forward_ms = kNaN, backward_ms = kNaN, optimizer_ms = kNaN,
          publish_ms = kNaN;
    float grad_embedding = kNaN, grad_attention = kNaN, grad_router = kNaN, grad_experts = kNaN,
          grad_norms = kNaN;
    std::vector<LayerScalars> layers;
};

/// Routing geometry of one layer. Positions belong to the fixed probe sample of the snapshot.
struct LayerGeometry {
    /// Of an imported model, whose layers have numbers of their own (layer_names.h).
    std::string name;
    int64_t experts = 0, d_space = 0, hops = 0, top_k = 0;
    std::vector<float> centroids;  ///< [experts, d_space], unit rows
    std::vector<float> load;  ///< [experts], share of all choices in the recent batches, sums to 1
    std::vector<float> positions;  ///< [hops, tokens, d_space], unit rows
    std::vector<int32_t> choices;  ///< [hops, tokens, top_k], falling weight
    std::vector<float> weights;    ///< [hops, tokens, top_k]
    /// [hops, tokens] of the full softmax, nats [def:entropy]; empty for a router without scores,
    /// and of a file from before it was kept
    std::vector<float> entropy;
    std::vector<float> jaccard;  ///< [hops, hops] mean over tokens, index sets [def:jaccard]
    /// @name Of an imported model, [experts]; empty where there is none
    ///@{
    std::vector<float> row_length;  ///< of the rows before they became unit rows
    std::vector<float> bias;        ///< on the logits
    std::vector<float> correction;  ///< on the choice alone
    ///@}
};

/// A sample larger than the run's own has at most so many tokens.
inline constexpr int64_t kMostSampleTokens = 50'000;

struct GeometrySnapshot {
    uint64_t version = 0;
    int64_t step = 0;
    double seconds = 0;               ///< wall clock (Unix) of its making
    std::vector<int32_t> token_ids;   ///< [tokens] of the probe sample
    std::vector<std::string> pieces;  ///< [tokens]
    /// First token of each of its texts, rising, 0 first; empty: sequences of one length
    std::vector<int64_t> text_begins;
    std::vector<std::string>
        classes;  ///< [tokens] label of the synthetic generator, "" where unknown
    /// [tokens] loss of the token behind each, given all up to it, nats [def:next_loss]; empty of a
    /// file from before it was kept
    std::vector<float> next_loss;
    std::vector<LayerGeometry> layers;
};

/// A snapshot that the folder of a run keeps.
struct KeptSnapshot {
    int64_t step = 0;
    int64_t written = 0;  ///< when its file was last changed: tells one that was written anew
    bool operator==(const KeptSnapshot&) const = default;
};

struct NextToken {
    int32_t id = 0;
    std::string piece;
    float p = 0;
};

struct TraceToken {
    int32_t id = 0;
    std::string piece;
    int64_t begin = 0, end = 0;   ///< byte offsets into the prompt
    float nll = kNaN;             ///< NaN for the first
    std::vector<NextToken> next;  ///< 10, falling p
};

/// One hop of one layer for all T tokens. Rows of a token that was halted before have executed = 0.
struct TraceHop {
    int64_t top_k = 0, d_space = 0;
    int64_t pool_offset = 0;       ///< first expert of the hop's pool (unrolled pools)
    std::vector<int32_t> experts;  ///< [T, top_k], falling weight, ties by lowest index
    std::vector<float> weights;    ///< [T, top_k]
    std::vector<float> entropy, max_prob, update_norm,
        halt_ratio;                 ///< [T]; NaN where not executed or not defined
    std::vector<uint8_t> executed;  ///< [T]
    std::vector<float> position;    ///< [T, d_space]; empty for routers without
};

struct TraceLayer {
    std::string name;                                ///< as LayerGeometry::name
    std::vector<float> attention_norm, update_norm;  ///< [T]
    std::vector<TraceHop> hops;                      ///< empty for dense layers
};

/// A prompt of more tokens than the model reads, and how much of it can be read. Of one that is too
/// large to be read for that, the limit alone.
struct TooLong {
    int64_t tokens = 0, limit = 0;  ///< of the prompt, of the model; limit 0: it is not too long
    int64_t bytes = 0;      ///< length of its longest beginning that can be read, whole characters
    int64_t end_bytes = 0;  ///< the same of its end
};

/// Everything about one prompt (docs/formats.md#trace-of-a-prompt).
struct TraceResult {
    uint64_t version = 0;
    int64_t step = 0;  ///< of the weights that were used
    std::string prompt;
    std::string error;  ///< not empty: nothing but `too_long` is filled
    TooLong too_long;
    std::vector<TraceToken> tokens;
    std::vector<TraceLayer> layers;
    /// Of the second prompt, where one was asked beside this: of the same step, and with an error
    /// of its own.
    std::shared_ptr<const TraceResult> second;
};

/// The newest fork of the run (command `fork`): a copy that trains beside it on the same batches.
/// Differences are fork − run, in nats a token.
struct ForkStatus {
    int64_t step = -1;        ///< updates done when it was made; −1: there was none
    int32_t lane = 0;         ///< ScalarRecord::lane of its records
    bool alive = false;       ///< it makes its update after each of the run's
    std::string name;         ///< "fork at step 120", as in RunStatus::lanes
    std::string dir;          ///< its run folder
    std::string with;         ///< what the copy alone was given, in words; "" = nothing
    std::string ended;        ///< why it is not trained any more; "" while it is
    int64_t updates = 0;      ///< the newest ones, that `loss` is the mean over
    double loss = kNaN;       ///< difference of the training loss
    int64_t valid_step = -1;  ///< of the newest evaluation of both; −1: none yet
    int64_t sequences = 0;    ///< of that evaluation, the pairs of the interval
    double valid = kNaN;      ///< difference of the validation loss
    double valid_low = kNaN, valid_high = kNaN;  ///< 95 %, paired bootstrap over the sequences
};

/// What the status line shows; a copy is taken each frame.
struct RunStatus {
    RunState state = RunState::idle;
    std::string reason;        ///< of a failure, or of a pause that nobody asked for
    bool input_error = false;  ///< the failure lies in the call, a config or an input file (exit 2)
    std::string activity;      ///< "training the tokenizer", "evaluating batch 12 of 50", … or ""
    double progress = -1;      ///< of the activity, 0 … 1; −1 unknown
    /// What was found while it was prepared (a gap in the curves, a damaged checkpoint, …).
    std::vector<std::string> notes;
    std::string run_name, run_dir, device, source;  ///< source: "synthetic text" or the corpus file
    bool synthetic = false;
    int64_t step = 0, steps = 0;
    int64_t threads = 0;
    int64_t device_bytes = 0;  ///< memory of the GPU that the program holds; 0: it trains on none
    int64_t parameters = 0;
    float valid_loss = kNaN;
    int64_t inspector_step = -1;
    double publish_share = 0;         ///< time spent publishing / time spent training
    std::vector<std::string> lanes;   ///< names, of a race or of a run and its forks; else empty
    std::vector<std::string> frozen;  ///< active freezes, e.g. "routing", "centroids"
    /// Active in training and in the validation loss, in the order that `clear` counts; each as
    /// plain_text(its command) gives it.
    std::vector<std::string> interventions;
    /// Not empty: the run is only looked at, since another process writes it, or it is not to be
    /// changed; why no command is taken, a sentence.
    std::string followed;
    bool read_only = false;    ///< nothing is to be written into its folder (look_reason)
    bool writer_left = false;  ///< of a followed run: no process writes it any more
    ForkStatus fork;
};

}  // namespace hopscope::core
