// Tokens found by the grammar of the filter of experts.
#include "app/panels/experts/token_search.h"

#include <gtest/gtest.h>
#include <set>

#include "tests/app/fake_session.h"

namespace hopscope::app {
namespace {

using Hits = std::vector<uint8_t>;

std::vector<TokenFacts> three_tokens() {
    return {{"river", 7, {"noun"}, 2, {1, 4}},
            {"Bank", 9, {"noun", "verb"}, 1, {4}},
            {"of", 3, {}, 0, {}}};
}

Hits found(const std::string& typed) {
    const ExpertFilter filter = parse_token_filter(typed);
    EXPECT_TRUE(filter.problems.empty()) << filter.problems.front();
    return tokens_matching(filter, three_tokens(), {1});
}

// Wrong if a term found other tokens than it says.
TEST(TokenSearch, FindsByEachTerm) {
    EXPECT_EQ(found(""), Hits());
    EXPECT_EQ(found("ban"), (Hits{0, 1, 0}));
    EXPECT_EQ(found("/^(R|o)/"), (Hits{1, 0, 1}));
    EXPECT_EQ(found("#9"), (Hits{0, 1, 0}));
    EXPECT_EQ(found("#3,7"), (Hits{1, 0, 1}));
    EXPECT_EQ(found("class:verb"), (Hits{0, 1, 0}));
    EXPECT_EQ(found("class:NOUN"), (Hits{1, 1, 0}));
    EXPECT_EQ(found("hops>1"), (Hits{1, 0, 0}));
    EXPECT_EQ(found("hops=0"), (Hits{0, 0, 1}));
    EXPECT_EQ(found("E4"), (Hits{1, 1, 0}));
    EXPECT_EQ(found("is:selected"), (Hits{0, 1, 0}));
    EXPECT_EQ(found("class:noun -ban"), (Hits{1, 0, 0}));
    EXPECT_EQ(found("-is:selected -/^R/"), (Hits{0, 0, 1}));
}

// Wrong if what only experts have were looked for without a word, or a term that cannot be read
// found everything.
TEST(TokenSearch, ProblemsAreSaid) {
    for (const char* typed :
         {"load<3", "purity>0.5", "is:dead", "near:E4", "cluster:1", "writes:river", "tokens>3"}) {
        const ExpertFilter filter = parse_token_filter(typed);
        ASSERT_EQ(filter.problems.size(), 1u) << typed;
        EXPECT_TRUE(filter.problems[0].starts_with(typed)) << filter.problems[0];
        EXPECT_NE(filter.problems[0].find("class:"), std::string::npos);
        EXPECT_TRUE(tokens_matching(filter, three_tokens(), {}).empty());
    }
    EXPECT_EQ(parse_token_filter("/(/").problems.size(), 1u);
}

// Wrong if a token of the sample were told by other numbers than the snapshot holds.
TEST(TokenSearch, FactsAreThoseOfTheSnapshot) {
    gui_test::FakeOptions options;
    options.start_step = 100;
    AppState state;
    state.attach(std::make_unique<gui_test::FakeSession>(options));
    update_state(state);
    ASSERT_NE(state.geometry, nullptr);
    const core::GeometrySnapshot& g = *state.geometry;
    const core::LayerGeometry& layer = g.layers[0];
    const auto facts = sample_facts(state);
    ASSERT_EQ(facts.size(), g.pieces.size());
    for (size_t t = 0; t < facts.size(); ++t) {
        EXPECT_EQ(facts[t].id, g.token_ids[t]);
        EXPECT_EQ(facts[t].hops, layer.hops);
        std::set<int64_t> chosen;
        for (int64_t h = 0; h < layer.hops; ++h)
            for (int64_t k = 0; k < layer.top_k; ++k)
                chosen.insert(layer.choices[(static_cast<size_t>(h) * facts.size() + t) *
                                                static_cast<size_t>(layer.top_k) +
                                            static_cast<size_t>(k)]);
        EXPECT_EQ(std::set<int64_t>(facts[t].experts.begin(), facts[t].experts.end()), chosen);
    }
    EXPECT_TRUE(prompt_facts(AppState()).empty());
}

}  // namespace
}  // namespace hopscope::app
