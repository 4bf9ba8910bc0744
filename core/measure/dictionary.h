// What experts write, read out as words: each written direction against the rows of the tied
// embedding [def:dictionary] [def:cohesion] [def:hub]. Needs weights only, no forward pass. Thread:
// whoever owns the weights; results are plain values.
#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <vector>

#include "core/api/progress.h"
#include "core/base/result.h"
#include "core/model/weights.h"

namespace hopscope::core {

struct ScoredWord {
    int32_t token = 0;
    double score = 0;
    bool operator==(const ScoredWord&) const = default;
};
using WordList = std::vector<ScoredWord>;  ///< falling scores, ties by lowest token id

/// Token ids of the first `count` words, rising.
std::vector<int32_t> word_tokens(const WordList& words, int64_t count);

/// The words of one written direction. Where it is zero, or not finite, there are none.
struct DirectionWords {
    WordList dot;       ///< by <E_v, w>
    WordList cosine;    ///< by cos(E_v, w): frequent tokens with long rows lose their head start
    WordList negative;  ///< by <E_v, −w>: what it argues against
};

/// Reads directions [R, d] against the embedding [V, d]; a block of scores holds 16 MiB, whatever R
/// and V are. @param top words a list (fewer where V is smaller). Errors: interrupted.
Result<std::vector<DirectionWords>> read_directions(const at::Tensor& directions,
                                                    const at::Tensor& embed, int64_t top,
                                                    const Progress& progress);

/// What the experts of a layer write: rows of up, [M·r, d], row e·r + j is rank row j of expert e;
/// static experts: V_i. Undefined for dense layers.
///
/// Rank rows are read one by one and never summed: gate and down rows can turn a SwiGLU row's sign
/// without changing what the expert computes, so that a sum of rows would mean nothing there, and
/// for SiLU experts it would presume that all rows answer equally.
at::Tensor written_directions(const LayerWeights& weights);

/// One rank row of one expert.
struct ExpertWords {
    int64_t expert = 0, row = 0;
    double norm = 0;  ///< of the written direction
    /// ‖written‖ · ‖read‖ (static: ‖written‖): which row of an expert weighs most, whatever scale
    /// was moved from one to the other.
    double strength = 0;
    DirectionWords words;
    /// Mean pairwise cosine of the embeddings of the first ten words by dot [def:cohesion]: pure >
    /// 0.35, junk < 0.15.
    double cohesion = 0;
    double mean_cosine = 0;  ///< to a random sample of the vocabulary
    bool hub = false;        ///< mean_cosine above mean + 2 sd of its layer's rows [def:hub]
};

struct DictionaryOptions {
    int64_t top = 20;
    bool final_norm = false;  ///< times the final LayerNorm's gain [def:dictionary]
    uint64_t seed = 42;       ///< of the sample for hubs
};

inline constexpr int64_t kShownWords = 10;     ///< the dictionary's words an expert
inline constexpr int64_t kHubSample = 1'000;   ///< token embeddings [def:hub]
inline constexpr double kPureCohesion = 0.35;  ///< [def:cohesion]
inline constexpr double kJunkCohesion = 0.15;

struct Dictionary {
    std::vector<std::vector<ExpertWords>> layers;  ///< [layers][M·r], by expert, then row
    /// Mean pairwise cosine of the hub sample: the cohesion of words that have nothing to do with
    /// each other.
    double random_cohesion = 0;
};
/// Errors: usage for a dense model; interrupted.
Result<Dictionary> read_dictionary(const Weights& weights, const DictionaryOptions& options,
                                   const Progress& progress);

/// Mean over pairs of rows [n, d] of their cosine; NaN for fewer than two rows.
double mean_pairwise_cosine(const at::Tensor& rows);
/// The embeddings of a list's first `count` words, [≤ count, d] fp32.
at::Tensor embeddings_of(const at::Tensor& embed, const WordList& words, int64_t count);

}  // namespace hopscope::core
