// Experts of two moments held against each other: of two checkpoints of one run, or of two runs.
// Who is whose partner, how far it moved, which tokens both take, and what chance would give
// [def:expert_matches]. Plain values, any thread.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace hopscope::core {

struct MatchRequest {
    std::string run_a, run_b;          ///< folders; the same for two checkpoints of one run
    int64_t step_a = -1, step_b = -1;  ///< of the snapshots; −1: the newest that is kept
    int64_t layer = 0;
    int64_t draws = 100;  ///< of chance
    uint64_t seed = 42;
    bool operator==(const MatchRequest&) const = default;
};

/// A number with its 95 % interval, bootstrap over experts, and what chance gives for it.
struct MatchedNumber {
    double value = std::numeric_limits<double>::quiet_NaN();
    double low = value, high = value;
    int64_t n = 0;          ///< experts
    double chance = value;  ///< mean over the draws
    double chance_std = value;
};

/// An expert of a and its partner in b.
struct ExpertMatch {
    int32_t a = -1, b = -1;
    double cosine = std::numeric_limits<double>::quiet_NaN();  ///< of the centroids
    double moved = cosine;      ///< angle, degrees: to the partner; in one run to itself
    double jaccard = cosine;    ///< of the sets of tokens that take them; NaN where one has none
    bool above_chance = false;  ///< its likeness is above 95 % of the best ones by chance
    std::vector<std::string> pieces_a, pieces_b;  ///< that take it most, three at most
};

struct ExpertMatches {
    MatchRequest request;    ///< with the steps that were read
    std::string layer_name;  ///< as that of a is called (layer_names.h)
    int64_t layers = 0;      ///< that both have
    int64_t experts_a = 0, experts_b = 0, tokens = 0;
    bool one_run = false;
    bool one_space = false;  ///< rows of both have the same coordinates: nothing is turned
    bool by_tokens = false;  ///< partners share tokens: there is no common space
    std::string no_cosine;   ///< why there are no cosines, a sentence; "" where there are
    std::vector<ExpertMatch> matches;  ///< one an expert of a, the most alike first
    MatchedNumber cosine, jaccard, moved;
    int64_t above_chance = 0;
    /// Of a's space, unit rows; b's are turned onto them. Empty without cosines.
    std::vector<float> centroids_a, centroids_b;  ///< [experts, d_space]
};

}  // namespace hopscope::core
