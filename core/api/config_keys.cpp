#include "core/api/config_keys.h"

#include <algorithm>
#include <limits>

#include "core/base/names.h"

namespace hopscope::core {
namespace {

// A field as the table sees it: a kind by its words, everything else by its address.
template <class T>
FieldRef field(T* at) {
    return at;
}
template <class T>
FieldView field(const T* at) {
    return at;
}
template <Kind E>
FieldRef field(E* at) {
    return WordRef(at);
}
template <Kind E>
FieldView field(const E* at) {
    return WordView(at);
}
template <Kind E>
FieldRef field(std::vector<E>* at) {
    return WordListRef(at);
}
template <Kind E>
FieldView field(const std::vector<E>* at) {
    return WordListView(at);
}

template <auto Table, auto Member>
Key key(std::string name, Allowed allowed, std::string comment = "") {
    return {std::move(name), [](Config& c) { return field(&((c.*Table).*Member)); },
            [](const Config& c) { return field(&((c.*Table).*Member)); }, allowed,
            std::move(comment)};
}

template <auto Member>
Key model(std::string name, Allowed allowed, std::string comment = "") {
    return key<&Config::model, Member>("model." + name, allowed, std::move(comment));
}

template <auto Member>
Key moe(std::string name, Allowed allowed, std::string comment = "") {
    return key<&Config::moe, Member>("moe." + name, allowed, std::move(comment));
}

template <auto Member>
Key train(std::string name, Allowed allowed, std::string comment = "") {
    return key<&Config::train, Member>("train." + name, allowed, std::move(comment));
}

template <auto Member>
Key data(std::string name, Allowed allowed, std::string comment = "") {
    return key<&Config::data, Member>("data." + name, allowed, std::move(comment));
}

template <auto Member>
Key debug(std::string name, Allowed allowed, std::string comment = "") {
    return key<&Config::debug, Member>("debug." + name, allowed, std::move(comment));
}

Key resumable(Key k) {
    k.resumable = true;
    return k;
}

Key live(Key k, Live words) {
    k.live = std::move(words);
    return k;
}

Allowed anything() {
    return {};
}
Allowed within(double low, double high) {
    return {.range = {.low = low, .high = high}};
}
Allowed above(double low, double high) {
    return {.range = {.low = low, .high = high, .low_open = true}};
}
Allowed from_below(double low, double high) {
    return {.range = {.low = low, .high = high, .high_open = true}};
}
// Any word of the field's enum.
Allowed a_kind() {
    return {};
}

// Bounds that have no reason in the model only keep products of sizes far from overflow.
constexpr double kMaxSteps = 1e12;
// Below it fp32 loses digits, and soon the number itself.
constexpr double kLeastInFp32 = 1e-30;
// Of `set`: a slip of the finger is told before it reaches the run.
constexpr double kMostByHand = 1e6;

std::vector<Key> make_keys() {
    using M = ModelConfig;
    using E = MoeConfig;
    using T = TrainConfig;
    using D = DataConfig;
    using B = DebugConfig;
    return {
        model<&M::d_model>("d_model", within(2, 65536)),
        model<&M::n_layers>("n_layers", within(1, 256)),
        model<&M::n_heads>("n_heads", within(1, 1024)),
        model<&M::vocab_size>("vocab_size", within(2, 1048576)),
        model<&M::max_seq_len>("max_seq_len", within(1, 1048576), "tokens"),
        live(model<&M::dropout>("dropout", from_below(0, 1), "probability"),
             {.help = "Share of values dropped in training.", .place = 5}),
        model<&M::dropout_places>("dropout_places", a_kind()),
        // Its powers down to theta^-1, times a position, are angles in fp64.
        model<&M::rope_theta>("rope_theta", within(kLeastInFp32, kMostInFp32)),
        model<&M::attention_bias>("attention_bias", anything()),
        model<&M::embedding_norm>("embedding_norm", anything(), "LayerNorm after the embedding"),
        model<&M::ffn>("ffn", a_kind()),
        model<&M::d_ff>("d_ff", within(1, 1048576), "dense only"),

        moe<&E::experts>("experts", within(1, 1048576), "M, a layer"),
        moe<&E::expert>("expert", a_kind()),
        moe<&E::expert_rank>("expert_rank", within(1, 65536), "r"),
        moe<&E::shared_expert>("shared_expert", within(0, 1048576), "hidden width, 0 = none"),
        moe<&E::pools>("pools", a_kind()),
        live(moe<&E::top_k>("top_k", within(1, 1048576), "k, a hop"), {.help = "Experts a hop.",
                                                                       .allowed = "1 … experts",
                                                                       .most = 1e9,
                                                                       .place = 4,
                                                                       .need = Need::experts}),
        moe<&E::hops>("hops", within(1, 64), "H, or one value a layer"),
        moe<&E::router>("router", a_kind()),
        moe<&E::hash_key>("hash_key", a_kind()),
        moe<&E::score>("score", a_kind()),
        moe<&E::balance>("balance", a_kind()),
        moe<&E::bias_rate>("bias_rate", within(0, 1), "loss-free bias step"),
        moe<&E::z_loss>("z_loss", within(0, kMostScale), "weight"),
        moe<&E::kmeans>("kmeans", a_kind()),
        moe<&E::kmeans_gating>("kmeans_gating", a_kind()),
        moe<&E::kmeans_space>("kmeans_space", a_kind()),
        moe<&E::projection>("projection", a_kind()),
        moe<&E::d_space>("d_space", within(1, 65536), "s"),
        // Times a cosine, then the argument of a softmax: at 1e6 the last bit of the cosine
        // decides.
        live(moe<&E::tau>("tau", above(0, kMostScale), "scale of the cosine"),
             {.help = "Sharpness of the routing softmax.",
              .label = "routing scale τ",
              .low = 1,
              .high = 100,
              .logarithmic = true,
              .place = 2,
              .tensor = "router.tau",
              .need = Need::score_scale}),
        moe<&E::learn_tau>("learn_tau", anything()),
        moe<&E::reroute>("reroute", a_kind()),
        moe<&E::composition>("composition", a_kind()),
        moe<&E::output_scale>("output_scale", a_kind()),
        moe<&E::renormalise>("renormalise", {.flag_too = true}),
        moe<&E::returns>("returns", a_kind()),
        moe<&E::legacy_param_count>("legacy_param_count", anything(),
                                    "allocate the unused kinematic vectors"),

        resumable(train<&T::steps>("steps", within(1, kMaxSteps), "updates")),
        train<&T::batch>("batch", within(1, 1048576), "sequences a micro-batch"),
        train<&T::seq_len>("seq_len", within(1, 1048576), "tokens"),
        train<&T::grad_accum>("grad_accum", within(1, 1048576), "micro-batches an update"),
        live(train<&T::lr>("lr", within(0, kMostScale), "highest learning rate"),
             {.help = "Peak of the learning rate's schedule.",
              .label = "learning rate",
              .low = 1e-6,
              .high = 1e-2,
              .logarithmic = true,
              .place = 1}),
        train<&T::lr_min_ratio>("lr_min_ratio", within(0, 1), "last / highest"),
        train<&T::warmup>("warmup", within(0, kMaxSteps), "updates"),
        train<&T::beta1>("beta1", from_below(0, 1)),
        train<&T::beta2>("beta2", from_below(0, 1)),
        // Added to a root that is 0 where no gradient ever came: as 0 it would divide 0 by 0.
        train<&T::eps>("eps", within(kLeastInFp32, kMostScale)),
        train<&T::weight_decay>("weight_decay", within(0, kMostScale)),
        train<&T::decay>("decay", a_kind()),
        live(train<&T::clip>("clip", above(0, kMostInFp32), "global gradient norm"),
             {.help = "Largest norm of the gradient.", .most = kMostByHand, .place = 6}),
        live(train<&T::balance_alpha>("balance_alpha", within(0, kMostScale)),
             {.help = "Weight of the balance loss.",
              .label = "balance weight",
              .high = 0.5,
              .place = 3,
              .need = Need::learning_rows}),
        train<&T::curriculum>("curriculum", within(0, kMaxSteps),
                              "[from update, highest hop count]"),
        train<&T::seed>("seed", within(0, 9.2e18)),
        resumable(train<&T::device>("device", a_kind())),
        train<&T::precision>("precision", a_kind()),
        resumable(train<&T::threads>("threads", within(0, 1024), "0 = chosen by the machine")),
        train<&T::deterministic>("deterministic", anything()),
        resumable(train<&T::eval_every>("eval_every", within(1, kMaxSteps), "updates")),
        resumable(train<&T::eval_batches>("eval_batches", within(1, kMaxSteps))),
        resumable(train<&T::checkpoint_every>("checkpoint_every", within(1, kMaxSteps), "updates")),
        resumable(train<&T::keep_checkpoints>("keep_checkpoints", within(1, kMaxSteps), "newest")),
        train<&T::snapshot_every>("snapshot_every", within(1, kMaxSteps), "updates"),

        data<&D::source>("source", a_kind()),
        data<&D::train>("train", anything(), "UTF-8 text, .xz, or a folder"),
        data<&D::valid>("valid", anything(), "empty = the last 5 % of documents"),
        data<&D::separator>("separator", anything(), "a line that ends a document"),
        data<&D::tokenizer>("tokenizer", anything(), "\"train\" or a SentencePiece model"),
        data<&D::pack>("pack", a_kind()),

        resumable(
            debug<&B::kill_at>("kill_at", anything(), "a write point, \"name\" or \"name:N\"")),
        resumable(debug<&B::slow_writer_ms>("slow_writer_ms", within(0, 60000), "before a write")),
        resumable(debug<&B::nan_at_step>("nan_at_step", within(-1, kMaxSteps), "-1 = never")),
        resumable(debug<&B::skip_publication>("skip_publication", anything(), "of geometry")),
        debug<&B::reference_kernels>("reference_kernels", anything(), "of a new run"),
        resumable(debug<&B::frame_ms>("frame_ms", within(0, 60000), "least time of a frame")),
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

std::string nearest_word(std::string_view word, std::span<const std::string_view> known) {
    std::string best;
    size_t least = std::numeric_limits<size_t>::max();
    for (const std::string_view candidate : known) {
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
