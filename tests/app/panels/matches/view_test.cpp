// Matched experts as rows, picture and text, computed without a window.
#include "app/panels/matches/view.h"

#include <gtest/gtest.h>

#include "tests/app/fake_runs.h"

namespace hopscope::app {
namespace {

core::ExpertMatches made_up_matches() {
    core::MatchRequest request;
    request.run_a = "r/a";
    request.run_b = "r/b";
    request.step_a = 100;
    request.step_b = 200;
    return *gui_test::fake_matches(request, {});
}

// Wrong if the ends were missing, or rows stood twice.
TEST(MatchRows, QuantilesReachBothEnds) {
    const core::ExpertMatches matches = made_up_matches();
    const auto nine = quantiles_of(matches, 9);
    ASSERT_EQ(nine.size(), 9u);
    EXPECT_EQ(nine.front(), 0u);
    EXPECT_EQ(nine.back(), matches.matches.size() - 1);
    EXPECT_TRUE(std::is_sorted(nine.begin(), nine.end()));
    EXPECT_EQ(quantiles_of(matches, 1000).size(), matches.matches.size());
}

// Wrong if a centroid lay outside the circle, or an expert's tail led to another's dot.
TEST(MatchPicture, TailsLeadToPartners) {
    const core::ExpertMatches matches = made_up_matches();
    const MovedPicture picture = moved_picture(matches, true);
    ASSERT_EQ(picture.centroids.size(), matches.matches.size());
    for (const MovedCentroid& one : picture.centroids) {
        EXPECT_LE(std::hypot(one.from_x, one.from_y), 1.0001f);
        EXPECT_LE(std::hypot(one.to_x, one.to_y), 1.0001f);
    }
    EXPECT_GT(picture.share_x, picture.share_y);
    core::ExpertMatches flat = matches;
    flat.centroids_a.clear();
    EXPECT_TRUE(moved_picture(flat, true).centroids.empty());
    EXPECT_EQ(moved_picture(flat, true).color_a.size(), 64u);
}

// Wrong if a text did not say of which runs and steps it is, or how much of a number is chance.
TEST(MatchText, SaysOfWhatAndChance) {
    const core::ExpertMatches matches = made_up_matches();
    const std::string csv = csv_of(matches);
    EXPECT_NE(csv.find("a: r/a step 100, b: r/b step 200"), std::string::npos);
    EXPECT_NE(csv.find("\n0,0,"), std::string::npos);
    EXPECT_EQ(with_interval(matches.cosine, 2), "0.92 [0.90, 0.94]");
    EXPECT_EQ(chance_text(matches.jaccard, 3), "0.010 \xC2\xB1 0.002");
}

}  // namespace
}  // namespace hopscope::app
