// Load by method beside chance, without a window.
#include "app/panels/coupling/balance.h"

#include <cmath>
#include <gtest/gtest.h>
#include <random>

namespace hopscope::app {
namespace {

core::Config routed() {
    core::Config config;
    config.model.n_layers = 2;
    config.moe.experts = 16;
    config.moe.top_k = 2;
    config.moe.hops = {1};
    config.train.batch = 4;
    config.train.seq_len = 32;
    return config;
}

// Wrong if chance were that of another number of tokens, experts or choices: held against tokens
// that do choose at random.
TEST(ChanceLoad, IsThatOfRandomChoices) {
    const core::Config config = routed();
    const ChanceLoad chance = chance_load(config);
    std::mt19937 random(3);
    double cv = 0, highest = 0;
    constexpr int kUpdates = 2000;
    for (int update = 0; update < kUpdates; ++update) {
        std::vector<double> counts(16, 0);
        for (int token = 0; token < 4 * 32; ++token) {
            const auto a = random() % 16, b = random() % 15;
            ++counts[a];
            ++counts[b + (b >= a)];
        }
        double squares = 0;
        for (const double c : counts) squares += (c - 16) * (c - 16) / 16;
        cv += std::sqrt(squares) / 16 / kUpdates;
        highest += *std::max_element(counts.begin(), counts.end()) / 16 / kUpdates;
    }
    EXPECT_NEAR(chance.cv, cv, 0.05 * cv);
    EXPECT_NEAR(chance.max_over_mean, highest, 0.05 * highest);
    EXPECT_LT(chance.dead, 1e-3);
}

// Wrong if a dense model, or pools for each hop, had a chance that is not theirs.
TEST(ChanceLoad, IsUnknownWhereItIsNotThatSimple) {
    core::Config config = routed();
    config.moe.pools = core::Pools::unrolled;
    EXPECT_TRUE(std::isnan(chance_load(config).cv));
    config = routed();
    config.model.ffn = core::FfnKind::dense;
    EXPECT_TRUE(std::isnan(chance_load(config).cv));
}

// Wrong if a method were named that does not act.
TEST(Balance, IsNamedByWhatActs) {
    core::Config config = routed();
    EXPECT_EQ(balance_words(config), "switch loss, alpha 0.05");
    config.moe.balance = core::Balance::loss_free;
    EXPECT_EQ(balance_words(config), "loss-free bias, rate 0.001");
    config.moe.balance = core::Balance::switch_loss;
    config.moe.router = core::RouterKind::random_fixed;
    EXPECT_EQ(balance_words(config), "fixed router, none");
    config.moe.router = core::RouterKind::hash;
    EXPECT_EQ(balance_words(config), "hash, nothing to balance");
}

}  // namespace
}  // namespace hopscope::app
