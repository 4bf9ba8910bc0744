// Combinations of values that cannot stand together.
#include "core/config/check.h"

#include <algorithm>
#include <string>

#include "core/api/config_keys.h"
#include "core/api/config_values.h"
#include "core/api/needs.h"
#include "core/base/debug_points.h"
#include "core/base/names.h"
#include "core/base/utf8.h"
#include "core/config/arithmetic.h"

namespace hopscope::core {
namespace {

std::string text(int64_t value) {
    return std::to_string(value);
}

/// Above this nothing could be allocated anyway, and every product of sizes stays far inside 64
/// bits.
constexpr double kMaxParameters = 1e12;
constexpr int64_t kMaxTokensPerBatch = 1 << 24;

std::optional<Conflict> model_conflict(const Config& c) {
    const ModelConfig& m = c.model;
    if (m.d_model % m.n_heads != 0)
        return Conflict{{"model.d_model", "model.n_heads"},
                        "found " + text(m.d_model) +
                            ", allowed a multiple of model.n_heads = " + text(m.n_heads)};
    const int64_t head_dim = m.d_model / m.n_heads;
    if (head_dim % 2 != 0)
        return Conflict{{"model.d_model", "model.n_heads"},
                        "found " + text(m.d_model) + " / " + text(m.n_heads) +
                            " heads = an odd head dimension of " + text(head_dim) +
                            ", allowed an even one (RoPE rotates pairs)"};
    if (approximate_parameters(c) > kMaxParameters)
        return Conflict{{"model.d_model", "moe.experts", "moe.expert_rank", "model.n_layers",
                         "model.d_ff", "model.vocab_size", "moe.d_space"},
                        "found sizes that give about " + format_number(approximate_parameters(c)) +
                            " parameters, allowed at most " + format_number(kMaxParameters)};
    return std::nullopt;
}

std::optional<Conflict> pool_conflict(const Config& c) {
    const MoeConfig& e = c.moe;
    if (e.pools == Pools::unrolled) {
        // The layer with most hops has the smallest pools.
        const int64_t most = *std::max_element(e.hops.begin(), e.hops.end());
        const int64_t pool = e.experts / most;
        if (e.top_k > pool)
            return Conflict{{"moe.top_k", "moe.experts", "moe.hops", "moe.pools"},
                            "found " + text(e.top_k) + ", allowed 1 … " + text(pool) +
                                ", the smallest pool of moe.experts = " + text(e.experts) +
                                " unrolled over " + text(most) + " hops"};
    } else if (e.top_k > e.experts) {
        return Conflict{
            {"moe.top_k", "moe.experts"},
            "found " + text(e.top_k) + ", allowed 1 … " + text(e.experts) + " (moe.experts)"};
    }
    return std::nullopt;
}

std::optional<Conflict> moe_conflict(const Config& c) {
    const MoeConfig& e = c.moe;
    if (auto conflict = hops_length_conflict(e.hops.size(), c.model.n_layers);
        conflict && e.hops.size() != 1)
        return conflict;
    if (auto conflict = pool_conflict(c)) return conflict;
    if (e.groups() > 1 && e.top_k % e.groups() != 0)
        return Conflict{{"moe.top_k", "moe.composition"},
                        "found " + text(e.top_k) + ", allowed a multiple of " + text(e.groups()) +
                            " (moe.composition = " + toml_text(word(e.composition)) + " makes " +
                            text(e.groups()) + " groups)"};
    if (e.projection == ProjectionKind::identity && e.d_space != c.model.d_model)
        return Conflict{{"moe.d_space", "moe.projection", "model.d_model"},
                        "found " + text(e.d_space) +
                            ", allowed model.d_model = " + text(c.model.d_model) +
                            " (moe.projection = \"identity\"); leave moe.d_space out"};
    if (!e.has_positions() && e.reads_kinematic())
        return Conflict{{"moe.reroute", "moe.router"},
                        "found " + toml_text(word(e.reroute)) +
                            ", allowed \"semantic\" | \"frozen\" (" + router_in_words(c) +
                            " has no positions to move)"};
    return std::nullopt;
}

std::optional<Conflict> train_conflict(const Config& c) {
    const TrainConfig& t = c.train;
    if (t.seq_len > c.model.max_seq_len)
        return Conflict{{"train.seq_len", "model.max_seq_len"},
                        "found " + text(t.seq_len) + ", allowed 1 … " + text(c.model.max_seq_len) +
                            " (model.max_seq_len)"};
    if (t.batch > kMaxTokensPerBatch / t.seq_len)
        return Conflict{{"train.batch", "train.seq_len"},
                        "found " + text(t.batch) + " × " + text(t.seq_len) +
                            " tokens a micro-batch, allowed at most " + text(kMaxTokensPerBatch) +
                            "; use train.grad_accum"};
    const int64_t most = *std::max_element(c.moe.hops.begin(), c.moe.hops.end());
    for (size_t i = 0; i < t.curriculum.size(); ++i) {
        const auto [from, hops] = t.curriculum[i];
        if (i > 0 && from <= t.curriculum[i - 1].first)
            return Conflict{{"train.curriculum"},
                            "found step " + text(from) + " after step " +
                                text(t.curriculum[i - 1].first) +
                                ", allowed steps in rising order"};
        if (hops > most)
            return Conflict{{"train.curriculum", "moe.hops"},
                            "found a hop count of " + text(hops) + ", allowed 1 … " + text(most) +
                                " (the highest of moe.hops)"};
    }
    return std::nullopt;
}

std::optional<Conflict> data_conflict(const Config& c) {
    if (!c.data.is_synthetic() && c.data.train.empty())
        return Conflict{{"data.train", "data.source"},
                        "found \"\", allowed a UTF-8 text file (.xz accepted) or a folder of them, "
                        "because data.source = \"text\""};
    if (c.data.tokenizer.empty())
        return Conflict{{"data.tokenizer"},
                        "found \"\", allowed \"train\" or the path of a SentencePiece model"};
    return std::nullopt;
}

std::optional<Conflict> debug_conflict(const Config& c) {
    const std::string& point = c.debug.kill_at;
    if (point.empty() || is_debug_point(point)) return std::nullopt;
    const auto names = debug_point_names();
    return Conflict{{"debug.kill_at"},
                    "found " + in_quotes(point) + ", allowed \"\", or one of " +
                        joined({names.begin(), names.end()}, " | ") +
                        ", with \":N\" behind it for the Nth time"};
}

}  // namespace

std::optional<Conflict> hops_length_conflict(size_t count, int64_t n_layers) {
    if (count == static_cast<size_t>(n_layers)) return std::nullopt;
    return Conflict{{"moe.hops", "model.n_layers"},
                    "found an array of " + std::to_string(count) +
                        ", allowed one integer or an array of " + text(n_layers) +
                        " (model.n_layers)"};
}

std::optional<Conflict> find_conflict(const Config& config) {
    for (const auto check :
         {model_conflict, moe_conflict, train_conflict, data_conflict, debug_conflict})
        if (auto conflict = check(config)) return conflict;
    return std::nullopt;
}

Status check_debug(const Config& config, bool allowed, const std::string& name) {
    if (allowed) return {};
    for (const Key& key : config_keys())
        if (key.table() == "debug" && !is_default(key, config))
            return usage_error(name + ": " + key.name + ": found " + format_value(key, config) +
                               ", allowed only with --allow-debug: it forces a fault or a rare "
                               "path, for tests");
    return {};
}

Status check_config(const Config& config, const std::string& name) {
    for (const Key& key : config_keys())
        if (const auto problem = value_problem(key, config))
            return usage_error(name + ": " + key.name + ": " + *problem);
    if (const auto conflict = find_conflict(config))
        return usage_error(name + ": " + conflict->keys.front() + ": " + conflict->problem);
    return {};
}

}  // namespace hopscope::core
