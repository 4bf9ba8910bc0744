// The resolved configuration of a run: one plain struct a TOML table, with the defaults of
// product.md section 3. Plain C++, any thread. core/config reads and writes it; everything else
// only reads it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace hopscope::core {

struct ModelConfig {
    int64_t d_model = 256;
    int64_t n_layers = 4;
    int64_t n_heads = 4;
    int64_t vocab_size = 4096;
    int64_t max_seq_len = 1024;
    double dropout = 0.1;
    std::vector<std::string> dropout_places = {"embedding", "attention", "residual"};
    double rope_theta = 10000.0;
    bool attention_bias = true;
    bool embedding_norm = true;
    std::string ffn = "moe";  ///< "moe" | "dense"
    int64_t d_ff = 1120;      ///< dense only

    bool drops(const std::string& place) const {
        if (dropout <= 0.0) return false;
        for (const auto& p : dropout_places)
            if (p == place) return true;
        return false;
    }
    bool operator==(const ModelConfig&) const = default;
};

struct MoeConfig {
    int64_t experts = 256;       ///< M
    std::string expert = "mlp";  ///< "mlp" | "static" | "swiglu"
    int64_t expert_rank = 1;     ///< r
    int64_t shared_expert = 0;
    std::string pools = "shared";     ///< "shared" | "unrolled"
    int64_t top_k = 12;               ///< k
    std::vector<int64_t> hops = {1};  ///< H: one value for all layers, or one a layer
    std::string router = "cosine";    ///< "cosine" | "linear" | "hash" | "random_fixed" | "kmeans"
    std::string hash_key = "position";
    std::string score = "softmax";
    std::string balance = "switch";
    double bias_rate = 1e-3;
    double z_loss = 0.0;
    std::string kmeans = "spherical";
    std::string kmeans_gating = "softmax";
    std::string kmeans_space = "routing";
    std::string projection = "shared";  ///< "shared" | "per_hop" | "identity"
    int64_t d_space = 64;               ///< s
    double tau = 30.0;
    bool learn_tau = false;
    std::string reroute = "semantic";
    std::string composition = "sum";
    std::string output_scale = "none";
    std::string renormalise = "auto";  ///< "true" | "false" | "auto"
    std::string returns = "delta";
    bool legacy_param_count = false;

    /// H of one layer.
    int64_t hops_of(int64_t layer) const {
        return hops.size() == 1 ? hops[0] : hops[static_cast<size_t>(layer)];
    }
    /// Whether the router has positions in a routing space (cosine, random_fixed, kmeans).
    bool has_positions() const { return router != "linear" && router != "hash"; }
    /// Whether re-routing moves the position by the experts' kinematic vectors (science.md E9).
    bool reads_kinematic() const { return reroute == "kinematic" || reroute == "hybrid"; }
    /// Whether a bias that counting moves takes part in the selection (science.md C3).
    bool has_bias() const {
        return router == "kmeans" ||
               (router != "hash" && (balance == "loss_free" || balance == "loss_free_sequence"));
    }
    /// Whether the balance term enters the loss: not where the router does not learn (E19, hash) or
    /// balances by its own bias (K-Means, C3).
    bool balances_by_loss() const {
        return router != "random_fixed" && router != "hash" && router != "kmeans" &&
               (balance == "switch" || balance == "sequence" || balance == "loss_free_sequence");
    }
    /// Whether the weights of `k` chosen experts are divided by their sum (science.md E4).
    bool renormalises(int64_t k) const {
        return renormalise == "true" || (renormalise == "auto" && k != 1);
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
    std::string decay = "matrices";  ///< "matrices" | "all"
    double clip = 1.0;
    double balance_alpha = 0.05;
    std::vector<std::pair<int64_t, int64_t>> curriculum;  ///< [from step, highest hop count]
    uint64_t seed = 42;
    std::string device = "auto";     ///< "auto" | "cpu" | "cuda"
    std::string precision = "auto";  ///< "auto" | "fp32" | "bf16"
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
    std::string source = "synthetic";  ///< "synthetic" | "text"
    std::string train;
    std::string valid;
    std::string separator = "<|endoftext|>";
    std::string tokenizer = "train";  ///< "train", or the path of a SentencePiece model
    std::string pack = "stream";      ///< "stream" | "document"
    bool operator==(const DataConfig&) const = default;
};

struct Config {
    ModelConfig model;
    MoeConfig moe;
    TrainConfig train;
    DataConfig data;
    bool operator==(const Config&) const = default;
};

}  // namespace hopscope::core
