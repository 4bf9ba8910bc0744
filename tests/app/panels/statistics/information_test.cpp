// Mutual information of token and expert, against the definition and against samples in which the
// truth is known.
#include <cmath>
#include <gtest/gtest.h>
#include <map>

#include "app/panels/statistics/csv.h"
#include "app/panels/statistics/information_numbers.h"
#include "core/api/random.h"

namespace hopscope::app {
namespace {

/// Σ p(l, e) ln p(l, e) / (p(l) p(e)), term by term.
double by_definition(const std::vector<int32_t>& labels, const std::vector<int32_t>& experts) {
    std::map<std::pair<int32_t, int32_t>, double> joint;
    std::map<int32_t, double> label, expert;
    const size_t each = experts.size() / labels.size();
    const double one = 1 / static_cast<double>(experts.size());
    for (size_t i = 0; i < experts.size(); ++i) {
        joint[{labels[i / each], experts[i]}] += one;
        label[labels[i / each]] += one;
        expert[experts[i]] += one;
    }
    double out = 0;
    for (const auto& [cell, p] : joint)
        out += p * std::log(p / (label[cell.first] * expert[cell.second]));
    return out;
}

/// A snapshot of one layer whose tokens, `labels`, choose by `choose(label, random)`, in two hops.
template <class Choose>
core::GeometrySnapshot sample(const std::vector<int32_t>& labels, int64_t experts, Choose choose) {
    core::GeometrySnapshot out;
    out.token_ids = labels;
    core::LayerGeometry& g = out.layers.emplace_back();
    g.experts = experts;
    g.hops = 2;
    g.top_k = 1;
    core::Random random(3);
    for (int hop = 0; hop < 2; ++hop)
        for (const int32_t label : labels) g.choices.push_back(choose(label, random));
    return out;
}

std::vector<int32_t> labels_of(int64_t tokens, int32_t different) {
    std::vector<int32_t> out;
    for (int64_t t = 0; t < tokens; ++t) out.push_back(static_cast<int32_t>(t % different));
    return out;
}

// Wrong if a term were left out: random counts, hops that choose the same expert again among them.
TEST(Information, ByDefinition) {
    core::Random random(9);
    std::vector<int32_t> labels, experts;
    for (int i = 0; i < 70; ++i) {
        labels.push_back(static_cast<int32_t>(random.below(9)));
        for (int j = 0; j < 3; ++j) experts.push_back(static_cast<int32_t>(random.below(6)));
    }
    EXPECT_NEAR(mutual_information(labels, 9, experts, 6), by_definition(labels, experts), 1e-12);
    EXPECT_EQ(mutual_information({}, 0, {}, 4), 0);
}

// Wrong if what is told were not all of it: the label decides the expert.
TEST(Information, ALabelThatDecides) {
    const auto snapshot =
        sample(labels_of(160, 4), 4, [](int32_t label, core::Random&) { return label; });
    const Information all = information_of(snapshot, TokenLabel::id);
    ASSERT_EQ(all.layers.size(), 1u);
    const LayerInformation& n = all.layers[0];
    EXPECT_EQ(all.tokens, 160);
    EXPECT_EQ(all.labels, 4);
    EXPECT_NEAR(n.nats, std::log(4.0), 1e-12);
    EXPECT_NEAR(n.entropy, std::log(4.0), 1e-12);
    // Shuffled, 160 tokens that choose the same in both hops: (4 − 1)² / (2 · 160).
    EXPECT_NEAR(n.chance, 9.0 / 320, 0.006);
    EXPECT_NEAR(n.p, 1.0 / 101, 1e-12);
    EXPECT_GT(n.above_ci95.low, 1.3);
}

// Wrong if a small sample of nothing looked like something: many labels, choices at random.
TEST(Information, NothingStaysNothing) {
    const auto snapshot = sample(labels_of(300, 60), 16, [](int32_t, core::Random& random) {
        return static_cast<int32_t>(random.below(16));
    });
    const LayerInformation n = information_of(snapshot, TokenLabel::id).layers[0];
    EXPECT_GT(n.nats, 0.5) << "as counted there is much of it";
    EXPECT_NEAR(n.above, 0, 0.06);
    EXPECT_LE(n.chance_low, n.chance);
    EXPECT_GE(n.chance_high, n.chance);
    EXPECT_GT(n.p, 0.02);
}

// Wrong if the interval missed the truth more often than one of 95 % may: labels of three kinds
// that draw their expert from known shares.
TEST(Information, IntervalHoldsTheTruth) {
    // Each label has an expert of its own for 1/2 of its choices, the rest falls on all three.
    double truth = 0;
    for (const double p : {2.0 / 3, 1.0 / 6, 1.0 / 6}) truth += p * std::log(p * 3);
    int held = 0;
    for (uint64_t i = 0; i < 60; ++i) {
        core::Random draws(i + 100);
        const auto snapshot = sample(labels_of(240, 3), 3, [&](int32_t label, core::Random&) {
            return draws.chance(0.5) ? label : static_cast<int32_t>(draws.below(3));
        });
        const LayerInformation n = information_of(snapshot, TokenLabel::id).layers[0];
        held += n.above_ci95.low <= truth && truth <= n.above_ci95.high;
    }
    EXPECT_GE(held, 52) << "of 60";
}

// Wrong if a token without a class counted, or classes were taken where there are none.
TEST(Information, OfClasses) {
    auto snapshot =
        sample(labels_of(40, 40), 2, [](int32_t label, core::Random&) { return label % 2; });
    EXPECT_TRUE(information_of(snapshot, TokenLabel::word_class).empty());
    for (int t = 0; t < 40; ++t)
        snapshot.classes.push_back(t < 30 ? (t % 2 == 0 ? "noun" : "verb") : "");
    const Information all = information_of(snapshot, TokenLabel::word_class);
    EXPECT_EQ(all.tokens, 30);
    EXPECT_EQ(all.labels, 2);
    EXPECT_NEAR(all.layers[0].nats, std::log(2.0), 1e-12);
}

// Wrong if sizes that contradict each other gave a number.
TEST(Information, DamageHasNoNumber) {
    auto snapshot = sample(labels_of(40, 4), 4, [](int32_t label, core::Random&) { return label; });
    snapshot.layers[0].choices[3] = 4;
    EXPECT_TRUE(std::isnan(information_of(snapshot, TokenLabel::id).layers[0].nats));
    snapshot.layers[0].choices.resize(5);
    EXPECT_TRUE(std::isnan(information_of(snapshot, TokenLabel::id).layers[0].nats));
    const auto table = [&] { return csv_of(information_of(snapshot, TokenLabel::id), snapshot); };
    EXPECT_TRUE(table().ends_with("\n0,,,,,,,,,\n"));
    snapshot.layers[0].name = "layer 7 attention";
    EXPECT_TRUE(table().ends_with("\n7 attention,,,,,,,,,\n"));
}

}  // namespace
}  // namespace hopscope::app
