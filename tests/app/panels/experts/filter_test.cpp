// Which experts the terms of the filter leave, what is said of terms that cannot be read, and the
// order and text of the rows.
#include "app/panels/experts/filter.h"

#include <gtest/gtest.h>

#include "app/panels/experts/contexts.h"
#include "app/panels/experts/rows.h"

namespace hopscope::gui_test {
namespace {

using namespace app;

/// Expert e reads "▁" + kRead[e] and writes kWritten[e].
ExpertBook book() {
    const std::vector<std::string> read = {"before", "after", "river", "Bank", "rain"};
    const std::vector<std::string> written = {"prior", "prior", "water", "money", ""};
    ExpertBook out;
    out.layer = 1;
    out.layer_name = "layer 1";
    out.hops = 3;
    out.sample = 50;
    out.dictionary_step = 10;
    out.classes = {"noun", "time"};
    for (size_t e = 0; e < read.size(); ++e) {
        BookEntry entry;
        entry.expert = static_cast<int64_t>(e);
        entry.tokens = 10 * static_cast<int64_t>(e);
        entry.reads = {{static_cast<int32_t>(out.pieces.size()), static_cast<int32_t>(100 + e), 1,
                        entry.tokens}};
        out.pieces.push_back("\xE2\x96\x81" + read[e]);
        if (!written[e].empty()) {
            entry.writes = {{static_cast<int32_t>(out.pieces.size()), -1, 1, 0}};
            out.pieces.push_back(written[e]);
        }
        entry.hops = {{1, 0.5}, {e < 2 ? 0 : 1, 0.5}, {e < 4 ? 0 : 1, 0.5}};
        entry.of_class.name = e < 2 ? "time" : "noun";
        entry.of_class.share = 0.2 * static_cast<double>(e);
        entry.of_class.odds_low = e == 3 ? 1.5 : 0.5;
        entry.load = 0.5 * static_cast<double>(e);
        entry.position =
            position_use({10, 10, 10, 10 + 20 * static_cast<int64_t>(e % 2)}, {100, 100, 100, 100});
        entry.cluster = e == 2 ? 7 : -1;
        entry.hub = e == 1;
        out.entries.push_back(entry);
    }
    out.entries[4].load = core::kNaN;
    return out;
}

using Ids = std::vector<int32_t>;

Ids left_by(const std::string& typed) {
    static const ExpertBook experts = book();
    static const std::set<int64_t> selected = {3};
    core::LayerGeometry g;
    g.experts = 5;
    g.d_space = 2;
    g.centroids = {1, 0, 1, 0.1f, 0, 1, -1, 0, 0, -1};
    const ExpertFilter filter = parse_filter(typed);
    EXPECT_EQ(filter.problems, std::vector<std::string>{}) << typed;
    return rows_in_order(experts, experts_matching(filter, {experts, &g, &selected}),
                         {ExpertColumn::expert, false});
}

// Wrong if words were compared with their case or their word mark, or a field looked at the other
// words.
TEST(ExpertFilter, Words) {
    EXPECT_EQ(left_by(""), (Ids{0, 1, 2, 3, 4}));
    EXPECT_EQ(left_by("bank"), Ids{3});
    EXPECT_EQ(left_by("prior"), (Ids{0, 1}));
    EXPECT_EQ(left_by("reads:prior"), Ids{});
    EXPECT_EQ(left_by("writes:prior|money"), (Ids{0, 1, 3}));
    EXPECT_EQ(left_by("word:\"river\""), Ids{2});
    EXPECT_EQ(left_by("r"), (Ids{0, 1, 2, 4}));
    EXPECT_EQ(left_by("\"12\""), Ids{});
}

// Wrong if a regular expression met more than single words, or blanks ended it.
TEST(ExpertFilter, RegularExpressions) {
    EXPECT_EQ(left_by("/^(be|af)/"), (Ids{0, 1}));
    EXPECT_EQ(left_by("reads:/^R/"), (Ids{2, 4}));
    EXPECT_EQ(left_by("/a b/"), Ids{});
    EXPECT_EQ(left_by("-/r$/ -word:bank"), (Ids{4}));
}

// Wrong if a list lost an end, or a number were taken for a word.
TEST(ExpertFilter, NumbersOfExpertsAndTokens) {
    EXPECT_EQ(left_by("E3"), Ids{3});
    EXPECT_EQ(left_by("0,2-3"), (Ids{0, 2, 3}));
    EXPECT_EQ(left_by("E1,E4"), (Ids{1, 4}));
    EXPECT_EQ(left_by("-E0-2"), (Ids{3, 4}));
    EXPECT_EQ(left_by("#102"), Ids{2});
    EXPECT_EQ(left_by("token:100,104"), (Ids{0, 4}));
    EXPECT_EQ(left_by("cluster:7"), Ids{2});
}

// Wrong if a comparison were turned round, or what was not measured were less than anything.
TEST(ExpertFilter, Comparisons) {
    EXPECT_EQ(left_by("hops=1"), (Ids{0, 1}));
    EXPECT_EQ(left_by("hops>=2"), (Ids{2, 3, 4}));
    EXPECT_EQ(left_by("load<0.5"), Ids{0});
    EXPECT_EQ(left_by("load<=0.5"), (Ids{0, 1}));
    EXPECT_EQ(left_by("load>0.9"), (Ids{2, 3}));
    EXPECT_EQ(left_by("tokens>20"), (Ids{3, 4}));
    EXPECT_EQ(left_by("purity:0.4"), Ids{2});
}

// Wrong if terms were alternatives, or a class matched in part.
TEST(ExpertFilter, ClassesStatesAndNeighbours) {
    EXPECT_EQ(left_by("class:noun"), (Ids{2, 3, 4}));
    EXPECT_EQ(left_by("class:NOUN|time"), (Ids{0, 1, 2, 3, 4}));
    EXPECT_EQ(left_by("class:no"), Ids{});
    EXPECT_EQ(left_by("is:dead"), Ids{0});
    EXPECT_EQ(left_by("is:hub|enriched"), (Ids{1, 3}));
    EXPECT_EQ(left_by("is:selected"), Ids{3});
    EXPECT_EQ(left_by("class:time -is:dead"), Ids{1});
    EXPECT_EQ(left_by("near:E0").size(), 5u);  // ten neighbours and itself, of five
}

// Wrong if a term that cannot be read went without a word, or took the others with it.
TEST(ExpertFilter, ProblemsAreSaid) {
    const auto problem = [](const std::string& typed) {
        const ExpertFilter filter = parse_filter(typed);
        EXPECT_EQ(filter.problems.size(), 1u) << typed;
        return filter.problems.empty() ? std::string() : filter.problems[0];
    };
    EXPECT_EQ(problem("hops=x"), "hops=x: a number is needed, e.g. hops=2 or load<0.5");
    EXPECT_TRUE(
        problem("clas:noun")
            .starts_with(
                "clas:noun: there is no \"clas\", did you mean \"class\"? There are word,"));
    EXPECT_TRUE(problem("/(/").starts_with("/(/: no regular expression"));
    EXPECT_TRUE(problem("/ab").starts_with("/ab: a regular expression stands between"));
    EXPECT_TRUE(problem("is:ded").ends_with("did you mean \"dead\"?"));
    EXPECT_TRUE(problem("3-1").starts_with("3-1: experts are numbers"));
    EXPECT_TRUE(problem("#x").starts_with("#x: a token id is a number"));
    EXPECT_TRUE(problem("cluster<3").starts_with("cluster<3: a colon is needed"));
    const ExpertFilter both = parse_filter("hops=x bank");
    ASSERT_EQ(both.terms.size(), 1u);
    EXPECT_EQ(both.terms[0].text, "bank");
}

// Wrong if a click on a word of the grammar began what can never be read.
TEST(ExpertFilter, EveryWordOfTheGrammarBeginsATerm) {
    for (const FilterWord& word : filter_words()) {
        bool any = false;
        for (const char* rest : {"", "1", "a"})
            any = any || parse_filter(std::string(word.begin) + rest).problems.empty();
        EXPECT_TRUE(any) << word.begin;
    }
}

// Wrong if an order turned round what has no value, or lost the hits.
TEST(ExpertRows, Order) {
    const ExpertBook b = book();
    const std::vector<uint8_t> all(5, 1);
    EXPECT_EQ(rows_in_order(b, all, {ExpertColumn::load, true}), (Ids{3, 2, 1, 0, 4}));
    EXPECT_EQ(rows_in_order(b, all, {ExpertColumn::load, false}), (Ids{0, 1, 2, 3, 4}));
    EXPECT_EQ(rows_in_order(b, all, {ExpertColumn::writes, false}), (Ids{3, 0, 1, 2, 4}));
    EXPECT_EQ(rows_in_order(b, all, {ExpertColumn::of_class, true}), (Ids{0, 1, 2, 3, 4}));
    EXPECT_EQ(rows_in_order(b, all, {ExpertColumn::position, true}), (Ids{1, 3, 0, 2, 4}));
    EXPECT_EQ(rows_in_order(b, all, {ExpertColumn::mark, true}), (Ids{0, 1, 2, 3, 4}));
    EXPECT_EQ(rows_in_order(b, {0, 1, 0, 1, 0}, {ExpertColumn::expert, true}), (Ids{3, 1}));
}

// Wrong if the text had other experts than the table, or cells without a column.
TEST(ExpertRows, Text) {
    const std::string text = rows_csv(book(), {3, 4});
    EXPECT_TRUE(text.starts_with("# experts of layer 1, step 0; sample of 50 tokens"));
    EXPECT_NE(text.find("\n3,-money,,Bank,30,2,noun,0,0,0.6"), std::string::npos) << text;
    size_t begin = text.find('\n') + 1;
    std::vector<int64_t> commas;
    for (size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
        commas.push_back(std::count(text.begin() + static_cast<long>(begin),
                                    text.begin() + static_cast<long>(end), ','));
    EXPECT_EQ(commas, (std::vector<int64_t>{41, 41, 41}));
}

// Wrong if a context reached into the sequence before it, or a token stood there twice.
TEST(ExpertContexts, StayInTheirSequence) {
    core::GeometrySnapshot snapshot;
    snapshot.pieces = {"\xE2\x96\x81the",
                       "\xE2\x96\x81ri",
                       "ver",
                       "\xE2\x96\x81was",
                       "\xE2\x96\x81"
                       "deep",
                       "."};
    core::LayerGeometry layer;
    layer.experts = 2;
    layer.hops = 2;
    layer.top_k = 1;
    layer.choices = {0, 1, 1, 1, 0, 0, /**/ 0, 0, 1, 0, 0, 0};
    layer.weights = {0.1f, 0, 0.2f, 0.9f, 0, 0, /**/ 0, 0, 0.5f, 0, 0, 0};
    snapshot.layers = {layer};
    const auto found = contexts_of(snapshot, 0, 1, 2, 3);
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].token, 3);
    EXPECT_EQ(found[0].before, "");
    EXPECT_EQ(found[0].piece, "was");
    EXPECT_EQ(found[0].after, " deep.");
    EXPECT_EQ(found[1].token, 2);
    EXPECT_EQ(found[1].hop, 1);
    EXPECT_FLOAT_EQ(found[1].weight, 0.5f);
    EXPECT_EQ(found[1].before, " the ri");
    EXPECT_EQ(found[1].piece, "-ver");
    EXPECT_EQ(found[1].after, "");
    // Texts of different lengths, whose choices a server recorded without weights.
    snapshot.text_begins = {0, 2};
    for (float& weight : snapshot.layers[0].weights) weight = core::kNaN;
    const auto recorded = contexts_of(snapshot, 0, 1, 2, 0);
    ASSERT_EQ(recorded.size(), 2u);
    EXPECT_EQ(recorded[0].token, 1);
    EXPECT_EQ(recorded[0].before, " the");
    EXPECT_EQ(recorded[0].after, "");
    EXPECT_TRUE(std::isnan(recorded[0].weight));
    EXPECT_EQ(recorded[1].token, 2);
    EXPECT_EQ(recorded[1].after, " was deep.");
}

}  // namespace
}  // namespace hopscope::gui_test
