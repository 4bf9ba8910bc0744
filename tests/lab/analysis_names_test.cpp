// Names of analyses of any run: if these fail, a slip is not told from what a run cannot have.
#include "core/lab/analysis_names.h"

#include <gtest/gtest.h>

namespace hopscope::core::lab {
namespace {

TEST(AnalysisNames, ARunThatIsTrainedHereHasNoneOfAPublishedModel) {
    EXPECT_TRUE(check_trained_names("all"));
    EXPECT_TRUE(check_trained_names("load,saturation"));
    for (const char* what : {"domains", "load,domains"}) {
        const auto refused = check_trained_names(what);
        ASSERT_FALSE(refused) << what;
        EXPECT_EQ(refused.error().message, only_of_imported("domains"));
    }
    const auto slip = check_trained_names("expert_set");
    ASSERT_FALSE(slip);
    for (const char* part : {"did you mean", "expert_sets"})
        EXPECT_NE(slip.error().message.find(part), std::string::npos) << slip.error().message;
}

}  // namespace
}  // namespace hopscope::core::lab
