// Do two variants differ? Pairwise statistics of per-batch losses, groups of seeds, and warnings
// about what the numbers do not carry [def:paired_bootstrap] [def:tost] [def:mcnemar]
// [def:comparison_warnings]. Pure functions of loaded inputs, any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/api/comparison.h"
#include "core/api/progress.h"
#include "core/compare/input.h"
#include "core/compare/warnings.h"
#include "core/stats/bootstrap.h"
#include "core/stats/mean_tests.h"
#include "core/stats/proportions.h"

namespace hopscope::core {

inline constexpr double kAccuracyMargin = 0.02;

struct CompareOptions {
    std::optional<double> margin;  ///< default: kLossMargin nats, or kAccuracyMargin of accuracy
    std::vector<int64_t> blocks = {5, 10};
    int64_t resamples = 10'000;
    uint64_t seed = 42;
};

struct BlockResult {
    int64_t size = 0;
    stats::Interval ci90;  ///< NaN where there are fewer than two blocks
    bool equivalent = false;
    double width_ratio = stats::kNaN;  ///< of its 90 % interval to the plain one
};

/// One ordered pair; all differences are a − b.
struct PairResult {
    size_t a = 0, b = 0;  ///< inputs
    int64_t n = 0;        ///< batches
    double mean = stats::kNaN;
    stats::Equivalence tost;
    stats::Interval unpaired_ci95;
    std::vector<BlockResult> blocks;
};

/// Zero-shot answers of one pair, by one way of scoring.
struct AnswerResult {
    double accuracy_a = stats::kNaN, accuracy_b = stats::kNaN;
    stats::McNemar mcnemar;
    stats::PairedProportions tost;
};
struct AnswerPair {
    size_t a = 0, b = 0;
    AnswerResult sum, norm;
};

/// Runs of one configuration apart from the seed, evaluated after equal training.
struct SeedGroup {
    std::string variant;          ///< name for people, unique
    std::vector<size_t> members;  ///< inputs, one a seed
    stats::Sample perplexity;     ///< over seeds
    stats::Sample loss;
};

struct SeedTost {
    size_t a = 0, b = 0;  ///< groups
    stats::MeanEquivalence welch;
    stats::Equivalence hierarchical;
};

struct CompareResult {
    double margin = 0;
    CompareOptions options;
    std::vector<CompareInput> inputs;
    std::vector<PairResult> pairs;
    std::vector<AnswerPair> answers;
    std::vector<SeedGroup> groups;
    double spread_of_means = stats::kNaN;  ///< largest − smallest mean perplexity of the groups
    double mean_within_std = stats::kNaN;  ///< over groups of two seeds or more
    double largest_within_std = stats::kNaN;
    double ratio = stats::kNaN;  ///< spread_of_means / mean_within_std
    std::vector<SeedTost> seed_tost;
    std::vector<Warning> warnings;
};

/// `progress` is told, and asked, pair by pair.
/// Errors (usage): what check_comparable says, a margin or resamples out of range; interrupted.
Result<CompareResult> compare(std::vector<CompareInput> inputs, const CompareOptions& options,
                              const Progress& progress = {});

/// Groups of inputs, in order of appearance.
std::vector<SeedGroup> seed_groups(const std::vector<CompareInput>& inputs);

}  // namespace hopscope::core
