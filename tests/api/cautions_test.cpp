// What is said of a configuration that is allowed but seldom meant.
#include "core/api/cautions.h"

#include <gtest/gtest.h>

namespace hopscope::core {
namespace {

Config top_one() {
    Config config;
    config.moe.top_k = 1;
    config.moe.renormalise = Renormalise::yes;
    return config;
}

bool says(const Config& config, const std::string& words) {
    return router_without_task_gradient(config).find(words) != std::string::npos;
}

// Wrong if a router that the loss reaches were warned of, or one that it does not reach were not.
TEST(Cautions, TopOneWithRenormalisedWeightsLearnsFromItsBalanceAlone) {
    EXPECT_TRUE(says(top_one(), "the balance loss alone trains it"));
    EXPECT_TRUE(says(top_one(), "analyze router_gradient")) << "what measures it is named";
    Config config = top_one();
    config.moe.renormalise = Renormalise::automatic;
    EXPECT_EQ(router_without_task_gradient(config), "") << "the raw probability is kept";
    config = top_one();
    config.moe.top_k = 2;
    EXPECT_EQ(router_without_task_gradient(config), "");
    config = top_one();
    config.model.ffn = FfnKind::dense;
    EXPECT_EQ(router_without_task_gradient(config), "");
    for (const RouterKind never : {RouterKind::hash, RouterKind::random_fixed}) {
        config = top_one();
        config.moe.router = never;
        EXPECT_EQ(router_without_task_gradient(config), "") << "nothing of it is meant to learn";
    }
}

// Wrong if what trains it were named wrongly.
TEST(Cautions, NamesWhatTrainsItInstead) {
    Config config = top_one();
    config.train.balance_alpha = 0;
    EXPECT_TRUE(says(config, "nothing trains it"));
    config.moe.z_loss = 1e-3;
    EXPECT_TRUE(says(config, "so that the z loss alone trains it"));
    config.train.balance_alpha = 0.01;
    EXPECT_TRUE(says(config, "the balance loss and the z loss alone train it"));
    config.moe.balance = Balance::loss_free;
    EXPECT_TRUE(says(config, "so that the z loss alone trains it"));
    config = top_one();
    config.moe.router = RouterKind::kmeans;
    EXPECT_TRUE(says(config, "The projection before the router"));
    EXPECT_TRUE(says(config, "nothing trains it")) << "counting balances it";
    config.moe.kmeans_gating = KMeansGating::identity;
    EXPECT_EQ(router_without_task_gradient(config), "") << "the nearness itself is the weight";
}

}  // namespace
}  // namespace hopscope::core
