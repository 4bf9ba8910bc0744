// Matched experts as a table, and their centroids as a picture. Pure functions, window thread.
#pragma once

#include <string>
#include <vector>

#include "core/api/expert_matches.h"
#include "viz/colour.h"

namespace hopscope::app {

/// Indices of `count` matches spread evenly from the most alike to the least; all where they are no
/// more.
std::vector<size_t> quantiles_of(const core::ExpertMatches& matches, size_t count);

/// A centroid of a, where it is in b, and the colour of its place in a.
struct MovedCentroid {
    float from_x = 0, from_y = 0, to_x = 0, to_y = 0;  ///< −1 … 1
    viz::Rgb color;
    size_t match = 0;  ///< in ExpertMatches::matches
};
struct MovedPicture {
    std::vector<MovedCentroid> centroids;  ///< empty where there is no common space
    double share_x = 0, share_y = 0;       ///< of the variance of a's centroids along each axis
    std::vector<viz::Rgb> color_a;         ///< [experts of a]
};
/// In the principal axes of a's centroids. In one run each expert goes to itself, else to its
/// partner.
MovedPicture moved_picture(const core::ExpertMatches& matches, bool dark);

/// "0.62 [0.59, 0.65]", "0.24 ± 0.01" or a dash.
std::string with_interval(const core::MatchedNumber& number, int decimals);
std::string chance_text(const core::MatchedNumber& number, int decimals);

/// One line a match under a header that says what was held against what.
std::string csv_of(const core::ExpertMatches& matches);

}  // namespace hopscope::app
