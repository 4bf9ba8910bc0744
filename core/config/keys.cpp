#include "core/config/keys.h"

#include <algorithm>
#include <limits>

#include "core/api/nearest.h"

namespace hopscope::core {
namespace {

template <auto Table, auto Member>
Key key(std::string name, Allowed allowed, std::string comment = "") {
    return {std::move(name), [](Config& c) -> FieldRef { return &((c.*Table).*Member); },
            [](const Config& c) -> FieldView { return &((c.*Table).*Member); }, std::move(allowed),
            std::move(comment)};
}

template <auto Member>
Key model(std::string name, Allowed allowed, std::string comment = "") {
    return key<&Config::model, Member>("model." + name, std::move(allowed), std::move(comment));
}

template <auto Member>
Key moe(std::string name, Allowed allowed, std::string comment = "") {
    return key<&Config::moe, Member>("moe." + name, std::move(allowed), std::move(comment));
}

template <auto Member>
Key train(std::string name, Allowed allowed, std::string comment = "") {
    return key<&Config::train, Member>("train." + name, std::move(allowed), std::move(comment));
}

template <auto Member>
Key data(std::string name, Allowed allowed, std::string comment = "") {
    return key<&Config::data, Member>("data." + name, std::move(allowed), std::move(comment));
}

Key resumable(Key k) {
    k.resumable = true;
    return k;
}

Allowed anything() {
    return {};
}
Allowed within(double low, double high) {
    return {.low = low, .high = high};
}
Allowed above(double low) {
    return {.low = low, .low_open = true};
}
Allowed from_below(double low, double high) {
    return {.low = low, .high = high, .high_open = true};
}
Allowed one_of(std::vector<std::string> words) {
    return {.choices = std::move(words)};
}

// Bounds that have no reason in the model only keep products of sizes far from overflow.
constexpr double kMaxSteps = 1e12;

std::vector<Key> make_keys() {
    using M = ModelConfig;
    using E = MoeConfig;
    using T = TrainConfig;
    using D = DataConfig;
    return {
        model<&M::d_model>("d_model", within(2, 65536)),
        model<&M::n_layers>("n_layers", within(1, 256)),
        model<&M::n_heads>("n_heads", within(1, 1024)),
        model<&M::vocab_size>("vocab_size", within(2, 1048576)),
        model<&M::max_seq_len>("max_seq_len", within(1, 1048576), "tokens"),
        model<&M::dropout>("dropout", from_below(0, 1), "probability"),
        model<&M::dropout_places>("dropout_places", one_of({"embedding", "attention", "residual"})),
        model<&M::rope_theta>("rope_theta", above(0)),
        model<&M::attention_bias>("attention_bias", anything()),
        model<&M::embedding_norm>("embedding_norm", anything(), "LayerNorm after the embedding"),
        model<&M::ffn>("ffn", one_of({"moe", "dense"})),
        model<&M::d_ff>("d_ff", within(1, 1048576), "dense only"),

        moe<&E::experts>("experts", within(1, 1048576), "M, a layer"),
        moe<&E::expert>("expert", one_of({"mlp", "static", "swiglu"})),
        moe<&E::expert_rank>("expert_rank", within(1, 65536), "r"),
        moe<&E::shared_expert>("shared_expert", within(0, 1048576), "hidden width, 0 = none"),
        moe<&E::pools>("pools", one_of({"shared", "unrolled"})),
        moe<&E::top_k>("top_k", within(1, 1048576), "k, a hop"),
        moe<&E::hops>("hops", within(1, 64), "H, or one value a layer"),
        moe<&E::router>("router", one_of({"cosine", "linear", "hash", "random_fixed", "kmeans"})),
        moe<&E::hash_key>("hash_key", one_of({"position", "token"})),
        moe<&E::score>("score", one_of({"softmax", "sigmoid", "relu"})),
        moe<&E::balance>("balance",
                         one_of({"switch", "none", "loss_free", "sequence", "loss_free_sequence"})),
        moe<&E::bias_rate>("bias_rate", within(0, 1), "loss-free bias step"),
        moe<&E::z_loss>("z_loss", within(0, 1e6), "weight"),
        moe<&E::kmeans>("kmeans", one_of({"plain", "spherical", "spherical_2"})),
        moe<&E::kmeans_gating>("kmeans_gating", one_of({"softmax", "identity"})),
        moe<&E::kmeans_space>("kmeans_space", one_of({"routing", "model"})),
        moe<&E::projection>("projection", one_of({"shared", "per_hop", "identity"})),
        moe<&E::d_space>("d_space", within(1, 65536), "s"),
        moe<&E::tau>("tau", above(0), "scale of the cosine"),
        moe<&E::learn_tau>("learn_tau", anything()),
        moe<&E::reroute>("reroute", one_of({"semantic", "kinematic", "hybrid", "frozen"})),
        moe<&E::composition>("composition",
                             one_of({"sum", "grouped_silu", "grouped_gated", "cross_gated"})),
        moe<&E::output_scale>("output_scale", one_of({"none", "global", "per_layer"})),
        moe<&E::renormalise>("renormalise",
                             {.choices = {"true", "false", "auto"}, .flag_too = true}),
        moe<&E::returns>("returns", one_of({"delta", "state"})),
        moe<&E::legacy_param_count>("legacy_param_count", anything(),
                                    "allocate the unused kinematic vectors"),

        resumable(train<&T::steps>("steps", within(1, kMaxSteps), "updates")),
        train<&T::batch>("batch", within(1, 1048576), "sequences a micro-batch"),
        train<&T::seq_len>("seq_len", within(1, 1048576), "tokens"),
        train<&T::grad_accum>("grad_accum", within(1, 1048576), "micro-batches an update"),
        train<&T::lr>("lr", within(0, 1e6), "highest learning rate"),
        train<&T::lr_min_ratio>("lr_min_ratio", within(0, 1), "last / highest"),
        train<&T::warmup>("warmup", within(0, kMaxSteps), "updates"),
        train<&T::beta1>("beta1", from_below(0, 1)),
        train<&T::beta2>("beta2", from_below(0, 1)),
        train<&T::eps>("eps", above(0)),
        train<&T::weight_decay>("weight_decay", within(0, 1e6)),
        train<&T::decay>("decay", one_of({"matrices", "all"})),
        train<&T::clip>("clip", above(0), "global gradient norm"),
        train<&T::balance_alpha>("balance_alpha", within(0, 1e6)),
        train<&T::curriculum>("curriculum", within(0, kMaxSteps),
                              "[from update, highest hop count]"),
        train<&T::seed>("seed", within(0, 9.2e18)),
        resumable(train<&T::device>("device", one_of({"auto", "cpu", "cuda"}))),
        train<&T::precision>("precision", one_of({"auto", "fp32", "bf16"})),
        resumable(train<&T::threads>("threads", within(0, 1024), "0 = chosen by the machine")),
        train<&T::deterministic>("deterministic", anything()),
        resumable(train<&T::eval_every>("eval_every", within(1, kMaxSteps), "updates")),
        resumable(train<&T::eval_batches>("eval_batches", within(1, kMaxSteps))),
        resumable(train<&T::checkpoint_every>("checkpoint_every", within(1, kMaxSteps), "updates")),
        resumable(train<&T::keep_checkpoints>("keep_checkpoints", within(1, kMaxSteps), "newest")),
        train<&T::snapshot_every>("snapshot_every", within(1, kMaxSteps), "updates"),

        data<&D::source>("source", one_of({"synthetic", "text"})),
        data<&D::train>("train", anything(), "UTF-8 text, .xz, or a folder"),
        data<&D::valid>("valid", anything(), "empty = the last 5 % of documents"),
        data<&D::separator>("separator", anything(), "a line that ends a document"),
        data<&D::tokenizer>("tokenizer", anything(), "\"train\" or a SentencePiece model"),
        data<&D::pack>("pack", one_of({"stream", "document"})),
    };
}

}  // namespace

const std::vector<Key>& config_keys() {
    static const std::vector<Key> keys = make_keys();
    return keys;
}

const Key* find_key(std::string_view name) {
    for (const Key& k : config_keys())
        if (k.name == name) return &k;
    return nullptr;
}

std::string nearest_word(std::string_view word, const std::vector<std::string>& known) {
    std::string best;
    size_t least = std::numeric_limits<size_t>::max();
    for (const std::string& candidate : known) {
        const size_t distance = slips(word, candidate);
        if (distance < least) {
            least = distance;
            best = candidate;
        }
    }
    return best;
}

std::string nearest_key(std::string_view name) {
    const size_t dot = name.rfind('.');
    const std::string_view leaf = dot == std::string_view::npos ? name : name.substr(dot + 1);
    std::string best;
    size_t least = std::numeric_limits<size_t>::max();
    for (const Key& k : config_keys()) {
        // A wrong or missing table costs one slip, so that "model.top_k" leads to "moe.top_k";
        // doubled, so that among equals the key of the same table wins.
        const size_t whole = 2 * slips(name, k.name);
        const size_t by_leaf = 2 * slips(leaf, k.leaf()) + 1;
        const size_t distance = std::min(whole, by_leaf);
        if (distance < least) {
            least = distance;
            best = k.name;
        }
    }
    return best;
}

}  // namespace hopscope::core
