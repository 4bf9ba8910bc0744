// If these fail, a slip in a configuration or in a name leads to another key than the one meant.
#include "core/api/config_keys.h"

#include <gtest/gtest.h>

namespace hopscope::core {
namespace {

TEST(NearestKey, LeadsToTheKeyThatWasMeant) {
    EXPECT_EQ(nearest_key("moe.top_k"), "moe.top_k");
    EXPECT_EQ(nearest_key("moe.topk"), "moe.top_k");
    EXPECT_EQ(nearest_key("model.top_k"), "moe.top_k") << "a wrong table";
    EXPECT_EQ(nearest_key("topk"), "moe.top_k") << "none";
    EXPECT_EQ(nearest_key("train.eval_evry"), "train.eval_every");
    EXPECT_EQ(nearest_key("moe.seed"), "train.seed");
}

// Fails if the point before a name counts as one of its letters: with the wrong table and a slip in
// the name, keys of that table then look nearer.
TEST(NearestKey, OfAnotherTableIsFoundByItsNameAlone) {
    EXPECT_EQ(nearest_key("train.nheads"), "model.n_heads");
    EXPECT_EQ(nearest_key("moe.stps"), "train.steps");
    EXPECT_EQ(nearest_key("data.theads"), "train.threads");
}

// Of equals the one that stands first in the configuration, so that the same slip always leads to
// the same key.
TEST(NearestKey, OfEqualsIsTheFirst) {
    EXPECT_EQ(nearest_key("train.beta"), "train.beta1");
    EXPECT_EQ(nearest_key("beta3"), "train.beta1");
}

TEST(NearestWord, IsTheOneOfTheFewestSlips) {
    constexpr std::string_view kWords[] = {"route", "experts", "routes"};
    EXPECT_EQ(nearest_word("rout", kWords), "route");
    EXPECT_EQ(nearest_word("expert", kWords), "experts");
    EXPECT_EQ(nearest_word("rotues", kWords), "routes") << "neighbours swapped are one slip";
    constexpr std::string_view kEqual[] = {"ab", "ac", "ad"};
    EXPECT_EQ(nearest_word("ax", kEqual), "ab");
    EXPECT_EQ(nearest_word("ax", {}), "");
}

}  // namespace
}  // namespace hopscope::core
