// The resolved configuration of a run: one plain struct a TOML table, with the defaults of
// docs/formats.md#configuration. Plain C++, any thread. core/config reads and writes it; everything
// else only reads it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/api/kinds.h"
#include "core/api/routers.h"

namespace hopscope::core {

struct ModelConfig {
    int64_t d_model = 256;
    int64_t n_layers = 4;
    int64_t n_heads = 4;
    int64_t vocab_size = 4096;
    int64_t max_seq_len = 1024;
    double dropout = 0.1;
    std::vector<DropoutPlace> dropout_places = {DropoutPlace::embedding, DropoutPlace::attention,
                                                DropoutPlace::residual};
    double rope_theta = 10000.0;
    bool attention_bias = true;
    bool embedding_norm = true;
    FfnKind ffn = FfnKind::moe;
    int64_t d_ff = 1120;  ///< dense only

    /// Whether each layer is one dense FFN in place of a mixture of experts.
    bool is_dense() const { return ffn == FfnKind::dense; }
    bool drops(DropoutPlace place) const {
        if (dropout <= 0.0) return false;
        for (const auto p : dropout_places)
            if (p == place) return true;
        return false;
    }
    bool operator==(const ModelConfig&) const = default;
};

struct MoeConfig {
    int64_t experts = 256;  ///< M
    ExpertKind expert = ExpertKind::mlp;
    int64_t expert_rank = 1;  ///< r
    int64_t shared_expert = 0;
    Pools pools = Pools::shared;
    int64_t top_k = 12;               ///< k
    std::vector<int64_t> hops = {1};  ///< H: one value for all layers, or one a layer
    RouterKind router = RouterKind::cosine;
    HashKey hash_key = HashKey::position;
    Score score = Score::softmax;
    Balance balance = Balance::switch_loss;
    double bias_rate = 1e-3;
    double z_loss = 0.0;
    KMeans kmeans = KMeans::spherical;
    KMeansGating kmeans_gating = KMeansGating::softmax;
    KMeansSpace kmeans_space = KMeansSpace::routing;
    ProjectionKind projection = ProjectionKind::shared;
    int64_t d_space = 64;  ///< s
    double tau = 30.0;
    bool learn_tau = false;
    Reroute reroute = Reroute::semantic;
    Composition composition = Composition::sum;
    OutputScale output_scale = OutputScale::none;
    Renormalise renormalise = Renormalise::automatic;
    Returns returns = Returns::delta;
    bool legacy_param_count = false;

    /// H of one layer.
    int64_t hops_of(int64_t layer) const {
        return hops.size() == 1 ? hops[0] : hops[static_cast<size_t>(layer)];
    }
    const RouterTraits& traits() const { return traits_of(router); }
    /// Whether the router compares tokens with rows, one an expert, and so has scores.
    bool has_rows() const { return traits().rows != RouterRows::none; }
    /// Whether these rows are centroids, and tokens have positions in a routing space.
    bool has_positions() const { return traits().rows == RouterRows::centroids; }
    /// Whether centroids are moved by counting, and the keys kmeans* are read.
    bool counts_centroids() const { return traits().move == RowsMove::by_counting; }
    /// Whether positions and centroids are unit vectors.
    bool is_spherical() const { return !counts_centroids() || kmeans != KMeans::plain; }
    /// Centroids an expert has.
    int64_t centroids_per_expert() const {
        return counts_centroids() && kmeans == KMeans::spherical_2 ? 2 : 1;
    }
    /// Whether the nearness itself is the weight of a choice.
    bool gates_by_identity() const {
        return counts_centroids() && kmeans_gating == KMeansGating::identity;
    }
    /// Whether the scores are tau · cosine (Eq. (3)); a raw dot product has its own scale.
    bool scales_by_tau() const { return has_positions() && is_spherical() && !gates_by_identity(); }
    /// Whether routing happens in R^d_model.
    bool routes_in_model_space() const {
        return projection == ProjectionKind::identity ||
               (counts_centroids() && kmeans_space == KMeansSpace::model);
    }
    /// Whether re-routing moves the position by the experts' kinematic vectors [def:reroute].
    bool reads_kinematic() const {
        return reroute == Reroute::kinematic || reroute == Reroute::hybrid;
    }
    /// Groups that the chosen experts are composed in; 1: no groups.
    int64_t groups() const {
        const bool grouped =
            composition == Composition::grouped_silu || composition == Composition::grouped_gated;
        return grouped ? 4 : 1;
    }
    /// Whether a bias that counting moves takes part in the selection [def:loss_free].
    bool has_bias() const {
        return counts_centroids() || (has_rows() && (balance == Balance::loss_free ||
                                                     balance == Balance::loss_free_sequence));
    }
    /// Whether the balance term is taken inside each sequence.
    bool balances_sequences() const {
        return balance == Balance::sequence || balance == Balance::loss_free_sequence;
    }
    /// Whether the balance term enters the loss: not where no gradient moves the router's rows
    /// (random-fixed, hash; K-Means balances by its own bias) [def:balance_loss].
    bool balances_by_loss() const {
        return has_rows() && traits().move == RowsMove::by_gradient &&
               (balance == Balance::switch_loss || balances_sequences());
    }
    /// Whether the weights of `k` chosen experts are divided by their sum [def:renormalise].
    bool renormalises(int64_t k) const {
        return renormalise == Renormalise::yes || (renormalise == Renormalise::automatic && k != 1);
    }
    bool operator==(const MoeConfig&) const = default;
};

struct TrainConfig {
    int64_t steps = 2000;
    int64_t batch = 8;  ///< sequences a micro-batch
    int64_t seq_len = 256;
    int64_t grad_accum = 1;
    double lr = 3e-4;
    double lr_min_ratio = 0.1;
    int64_t warmup = 200;
    double beta1 = 0.9;
    double beta2 = 0.95;
    double eps = 1e-8;
    double weight_decay = 0.01;
    Decay decay = Decay::matrices;
    double clip = 1.0;
    double balance_alpha = 0.05;
    std::vector<std::pair<int64_t, int64_t>> curriculum;  ///< [from step, highest hop count]
    uint64_t seed = 42;
    DeviceKind device = DeviceKind::automatic;
    Precision precision = Precision::automatic;
    int64_t threads = 0;
    bool deterministic = true;
    int64_t eval_every = 200;
    int64_t eval_batches = 50;
    int64_t checkpoint_every = 500;
    int64_t keep_checkpoints = 3;
    int64_t snapshot_every = 50;
    bool operator==(const TrainConfig&) const = default;
};

struct DataConfig {
    DataSource source = DataSource::synthetic;
    std::string train;
    std::string valid;
    std::string separator = "<|endoftext|>";
    std::string tokenizer = "train";  ///< "train", or the path of a SentencePiece model
    Pack pack = Pack::stream;

    bool is_synthetic() const { return source == DataSource::synthetic; }
    /// Whether the run makes its own tokenizer.
    bool trains_tokenizer() const { return tokenizer == "train"; }
    bool operator==(const DataConfig&) const = default;
};

/// Faults and rare paths forced for tests; a run that asks for any must be allowed to.
struct DebugConfig {
    std::string kill_at;         ///< is_debug_point; "" = nowhere
    int64_t slow_writer_ms = 0;  ///< slept before each whole file and each record written
    int64_t nan_at_step = -1;    ///< the loss after so many updates is NaN; −1 = never
    bool skip_publication = false;
    bool reference_kernels = false;  ///< of a new run
    int64_t frame_ms = 0;            ///< a frame of the window takes at least so long

    bool asks_for_any() const { return *this != DebugConfig(); }
    bool operator==(const DebugConfig&) const = default;
};

struct Config {
    ModelConfig model;
    MoeConfig moe;
    TrainConfig train;
    DataConfig data;
    DebugConfig debug;

    bool is_dense() const { return model.is_dense(); }
    bool operator==(const Config&) const = default;
};

/// First step whose snapshot pictures of the run are fitted to: before the end of the warm-up (at
/// most a tenth of the run) the routing is near its random start.
inline int64_t settling_step(const Config& config) {
    return std::max<int64_t>(1, std::min(config.train.warmup, config.train.steps / 10));
}

}  // namespace hopscope::core
