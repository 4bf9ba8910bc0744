// A category whose words one expert was built from: if these fail, the search names another one.
#include "core/analyses/category_search.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <algorithm>
#include <set>

#include "core/measure/dictionary.h"
#include "tests/measure/planted_experts.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;

TEST(CategorySearch, FindsThePlantedExpertAndPassesOverTheHub) {
    auto gen = at::detail::createCPUGenerator(5);
    const auto embed = at::randn({400, 256}, gen) + at::ones({256}) * 0.5;
    auto up = at::randn({60, 1, 256}, gen);
    const std::vector<int64_t> category = {3, 50, 90, 170, 222, 310, 399};
    up[17][0].zero_();
    for (const int64_t v : category) up[17][0] += embed[v] - embed.mean(0);
    up[30][0].copy_(embed.mean(0));
    const auto d = read_dictionary(with_experts(embed, up), {}, kQuiet);
    ASSERT_TRUE(d.ok());
    ASSERT_TRUE(d->layers[0][30].hub);
    const auto best = search_category(*d, category, 5);
    ASSERT_FALSE(best.empty());
    EXPECT_EQ(best[0].expert, 17);
    EXPECT_GE(best[0].overlap, 6);
    // A hub is left out even where all its words are asked for.
    std::vector<int64_t> of_hub;
    for (const auto& w : d->layers[0][30].words.dot) of_hub.push_back(w.token);
    std::sort(of_hub.begin(), of_hub.end());
    for (const auto& match : search_category(*d, of_hub, 60)) EXPECT_NE(match.expert, 30);
    EXPECT_EQ(searched_directions(*d), 60 - std::count_if(d->layers[0].begin(), d->layers[0].end(),
                                                          [](const auto& r) { return r.hub; }));
    const auto found = found_words(*d, {best[0]});
    EXPECT_EQ(found.size(), 10u);
    EXPECT_TRUE(std::binary_search(found.begin(), found.end(), 222));
}

TEST(CategorySearch, SeedsAndHeldOutWordsShareNothing) {
    const std::vector<int64_t> ids = {1, 4, 9, 16, 25, 36, 49};
    const auto [seeds, held_out] = split_words(ids, 3);
    EXPECT_EQ(seeds.size(), 4u);
    EXPECT_EQ(held_out.size(), 3u);
    std::set<int64_t> all(seeds.begin(), seeds.end());
    all.insert(held_out.begin(), held_out.end());
    EXPECT_EQ(all, std::set<int64_t>(ids.begin(), ids.end()));
    EXPECT_EQ(split_words(ids, 3).first, seeds);
    bool moved = false;
    for (uint64_t seed = 4; seed < 12; ++seed)
        moved = moved || split_words(ids, seed).first != seeds;
    EXPECT_TRUE(moved) << "the seed decides";
}

}  // namespace
