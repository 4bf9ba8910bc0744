#include "core/measure/dictionary.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/matmul.h>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/random.h"
#include "core/measure/numbers.h"
#include "core/stats/descriptive.h"
#include "kernels/reference/reference.h"

namespace hopscope::core {
namespace {

using kernels::reference::l2norm;

constexpr int64_t kBlockBytes = int64_t{16} << 20;

at::Tensor on_cpu(const at::Tensor& t) {
    return t.detach().to(at::kCPU, at::kFloat).contiguous();
}

/// Tokens are offered by rising id, so that of equal scores the lowest id stays first.
void offer(WordList& best, size_t top, int32_t token, double score) {
    if (!std::isfinite(score)) return;
    if (best.size() == top && !(score > best.back().score)) return;
    const auto at = std::upper_bound(best.begin(), best.end(), score,
                                     [](double s, const ScoredWord& w) { return s > w.score; });
    best.insert(at, {token, score});
    if (best.size() > top) best.pop_back();
}

/// Ids of at most `count` different tokens, rising.
std::vector<int64_t> draw_tokens(int64_t vocabulary, int64_t count, uint64_t seed) {
    std::vector<int64_t> ids(static_cast<size_t>(vocabulary));
    std::iota(ids.begin(), ids.end(), int64_t{0});
    Random(seed).shuffle(ids);
    ids.resize(static_cast<size_t>(std::min(vocabulary, count)));
    std::sort(ids.begin(), ids.end());
    return ids;
}

at::Tensor rows_of(const at::Tensor& embed, const std::vector<int64_t>& ids) {
    const auto index = at::from_blob(const_cast<int64_t*>(ids.data()),
                                     {static_cast<int64_t>(ids.size())}, at::kLong);
    return on_cpu(embed.detach().index_select(0, index.to(embed.device())));
}

/// Marks rows whose mean cosine to random words stands out in their layer [def:hub].
void mark_hubs(std::vector<ExpertWords>& rows) {
    std::vector<double> x;
    for (const auto& row : rows) x.push_back(row.mean_cosine);
    const double limit = stats::mean(x) + 2 * stats::sample_std(x);
    for (auto& row : rows) row.hub = row.mean_cosine > limit;
}

}  // namespace

std::vector<int32_t> word_tokens(const WordList& words, int64_t count) {
    std::vector<int32_t> out;
    for (size_t i = 0; i < std::min(words.size(), static_cast<size_t>(count)); ++i)
        out.push_back(words[i].token);
    std::sort(out.begin(), out.end());
    return out;
}

Result<std::vector<DirectionWords>> read_directions(const at::Tensor& directions,
                                                    const at::Tensor& embed, int64_t top,
                                                    const Progress& progress) {
    const auto w = on_cpu(directions), e = on_cpu(embed);
    const int64_t rows = w.size(0), vocabulary = e.size(0);
    const auto block = std::max<int64_t>(
        1, kBlockBytes / (static_cast<int64_t>(sizeof(float)) * std::max<int64_t>(1, vocabulary)));
    const auto lengths = numbers(at::linalg_vector_norm(w, 2, at::IntArrayRef{1})),
               word_lengths = numbers(at::linalg_vector_norm(e, 2, at::IntArrayRef{1}));
    std::vector<DirectionWords> out(static_cast<size_t>(rows));
    const auto n = static_cast<size_t>(std::min(top, vocabulary));
    for (int64_t begin = 0; begin < rows; begin += block) {
        if (progress.cancelled()) return Error{ErrorKind::interrupted, "interrupted"};
        progress.report("reading the experts' words",
                        static_cast<double>(begin) / static_cast<double>(rows));
        const int64_t count = std::min(block, rows - begin);
        const auto scores = at::matmul(w.narrow(0, begin, count), e.t()).contiguous();
        for (int64_t i = 0; i < count; ++i) {
            const float* score = scores.const_data_ptr<float>() + i * vocabulary;
            auto& words = out[static_cast<size_t>(begin + i)];
            const double length = lengths[static_cast<size_t>(begin + i)];
            if (!(length > 0)) continue;
            for (int64_t v = 0; v < vocabulary; ++v) {
                const auto token = static_cast<int32_t>(v);
                const double dot = score[v];
                offer(words.dot, n, token, dot);
                offer(words.negative, n, token, -dot);
                offer(words.cosine, n, token,
                      dot / (length * word_lengths[static_cast<size_t>(v)]));
            }
        }
    }
    return out;
}

at::Tensor written_directions(const LayerWeights& weights) {
    if (weights.value.defined()) return on_cpu(weights.value);
    if (!weights.up.defined()) return {};
    return on_cpu(weights.up).reshape({-1, weights.up.size(-1)});
}

double mean_pairwise_cosine(const at::Tensor& rows) {
    const auto n = static_cast<double>(rows.size(0));
    if (n < 2) return stats::kNaN;
    // |Σ u|² = n + Σ over ordered pairs.
    const auto sum = l2norm(rows.to(at::kFloat)).to(at::kDouble).sum(0);
    return (sum.dot(sum).item<double>() - n) / (n * (n - 1));
}

at::Tensor embeddings_of(const at::Tensor& embed, const WordList& words, int64_t count) {
    std::vector<int64_t> ids;
    for (const auto& word : words) {
        if (static_cast<int64_t>(ids.size()) == count) break;
        ids.push_back(word.token);
    }
    return rows_of(embed, ids);
}

Result<Dictionary> read_dictionary(const Weights& weights, const DictionaryOptions& options,
                                   const Progress& progress) {
    const auto embed = on_cpu(weights.embed);
    const auto sample =
        l2norm(rows_of(embed, draw_tokens(embed.size(0), kHubSample, options.seed)));
    const auto typical = sample.mean(0);
    Dictionary out;
    out.random_cohesion = mean_pairwise_cosine(sample);
    const auto layers = static_cast<double>(weights.layers.size());
    for (size_t l = 0; l < weights.layers.size(); ++l) {
        const auto& layer = weights.layers[l];
        auto written = written_directions(layer);
        if (!written.defined()) return usage_error("dense layers have no experts to read");
        const int64_t rank = layer.value.defined() ? 1 : layer.up.size(1);
        const auto norms = numbers(at::linalg_vector_norm(written, 2, at::IntArrayRef{1}));
        const auto read =
            layer.down.defined()
                ? numbers(at::linalg_vector_norm(layer.down.detach(), 2, at::IntArrayRef{-1}))
                : std::vector<double>(norms.size(), 1.0);
        if (options.final_norm) written = written * on_cpu(weights.final_norm_weight);
        const auto cosines = numbers(at::matmul(l2norm(written), typical));
        Progress part = progress;
        part.report = [&](const std::string& activity, double share) {
            progress.report(activity, (static_cast<double>(l) + share) / layers);
        };
        auto words = read_directions(written, embed, options.top, part);
        if (!words) return words.error();
        std::vector<ExpertWords> rows(words->size());
        for (size_t i = 0; i < rows.size(); ++i) {
            ExpertWords& row = rows[i];
            row.expert = static_cast<int64_t>(i) / rank;
            row.row = static_cast<int64_t>(i) % rank;
            row.norm = norms[i];
            row.strength = norms[i] * read[i];
            row.mean_cosine = cosines[i];
            row.words = std::move((*words)[i]);
            row.cohesion = mean_pairwise_cosine(embeddings_of(embed, row.words.dot, kShownWords));
        }
        mark_hubs(rows);
        out.layers.push_back(std::move(rows));
    }
    return out;
}

}  // namespace hopscope::core
