// What several runs look like beside each other, as plain values without tensors: each run with its
// settings, seeds grouped to variants, and of every two variants the difference of their losses as
// often as it was resampled, so that a reader can ask for another margin at once. Made by
// lab::compare_runs, never changed afterwards; any thread.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "core/api/config.h"

namespace hopscope::core {

/// Half the width of the band within which two losses count as equal, nats a token [def:tost].
inline constexpr double kLossMargin = 0.03;

struct ComparedRun {
    std::string dir;            ///< as asked for
    std::string name;           ///< last part of the path
    std::string problem;        ///< why it cannot be read; then nothing below is known
    std::string config_name;    ///< "wide"
    std::string variant;        ///< what all seeds of one configuration share
    Config config;              ///< as the run was begun or last resumed with
    int64_t parameters = 0;     ///< 0: not known
    int64_t steps = 0;          ///< planned updates
    int64_t evaluated_at = -1;  ///< step of the newest evaluation; −1: there is none
    double loss = std::numeric_limits<double>::quiet_NaN();  ///< of it: mean a token, nats
    std::string left_out;  ///< why its losses are not compared, a sentence; "": they are
};

/// Runs of one configuration apart from the seed.
struct ComparedVariant {
    std::string name;          ///< for people, unique
    std::string variant;       ///< ComparedRun::variant
    std::vector<size_t> runs;  ///< all of them, in the order of the runs
    std::vector<size_t>
        seeds;  ///< those whose losses are compared: one a seed, equally long trained
    int64_t evaluated_at = -1;  ///< step of their evaluations; −1: none is compared
    double loss = std::numeric_limits<double>::quiet_NaN();  ///< mean over `seeds`, nats
    double perplexity =
        std::numeric_limits<double>::quiet_NaN();  ///< mean of exp(loss) over `seeds`
    double perplexity_std = std::numeric_limits<double>::quiet_NaN();  ///< n − 1; NaN of one seed
};

/// What an interval says at a margin [def:tost].
enum class Verdict : uint8_t {
    undecided,   ///< the 95 % interval holds 0, and the 90 % one reaches out of the margin
    different,   ///< the 95 % interval excludes 0
    equivalent,  ///< the whole 90 % interval lies within the closed margin
    both         ///< a difference, and too small to matter
};

/// Mean loss of variant a less that of b, nats a token.
struct VariantDifference {
    size_t a = 0, b = 0;  ///< variants
    int64_t seeds_a = 0, seeds_b = 0;
    int64_t batches = 0;  ///< validation batches that all have in common
    /// Whether seeds were drawn, then batches; else batches alone, since one side has a single
    /// seed: how much seeds differ is then not in the interval.
    bool over_seeds = false;
    double mean = std::numeric_limits<double>::quiet_NaN();
    double low95 = std::numeric_limits<double>::quiet_NaN(), high95 = low95;
    double low90 = low95, high90 = low95;
    double p_difference = low95;    ///< two-sided, of "no difference"
    std::vector<double> resampled;  ///< rising; empty where there are too few batches

    /// The larger one-sided p of |true difference| ≥ margin; NaN without resamples.
    double tost_p(double margin) const;
    Verdict verdict(double margin) const;
};

struct Comparison {
    std::vector<ComparedRun> runs;  ///< in the order asked for
    std::vector<ComparedVariant> variants;
    std::vector<VariantDifference> differences;  ///< a < b, of those with compared seeds
    int64_t resamples = 0;
    uint64_t seed = 0;  ///< of the resampling
};

}  // namespace hopscope::core
