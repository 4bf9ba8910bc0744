// If these fail, the halting table promises savings that were not made, at another loss than the
// one measured, or `eval` measures something else than its options say.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/config/arithmetic.h"
#include "tests/trainer/run_helpers.h"

namespace hopscope::core {
namespace {

using namespace hopscope::test;
using nlohmann::json;

class HaltingRuns : public OwnRuns {
  protected:
    std::string train(const std::string& name, std::vector<std::string> overrides) {
        return trained(order(name, std::move(overrides)));
    }
    static json halting(const lab::HaltingOptions& o) {
        const auto result = lab::halting(o);
        EXPECT_TRUE(result.ok()) << (result ? "" : result.error().message);
        return result ? json::parse(*result) : json();
    }
    static lab::HaltingOptions options(const std::string& run, std::vector<double> epsilons) {
        lab::HaltingOptions o;
        o.runs = {run};
        o.epsilons = std::move(epsilons);
        o.batches = 3;
        o.repeats = 2;
        return o;
    }
    template <class Change>
    static Result<std::string> eval(const std::string& run, Change change) {
        lab::EvalOptions o;
        o.run = run;
        o.batches = 3;
        change(o);
        return lab::eval(o);
    }
};

/// Everything in a row that follows from its histogram; `possible` hops of a token over all layers.
void expect_consistent(const json& row, int64_t tokens, int64_t layers, int64_t possible) {
    const auto depths = row.at("depth_histogram").get<std::vector<int64_t>>();
    EXPECT_EQ(std::accumulate(depths.begin(), depths.end(), int64_t{0}), tokens * layers);
    double ran = 0;
    for (size_t i = 0; i < depths.size(); ++i)
        ran += static_cast<double>(depths[i]) * static_cast<double>(i + 1);
    EXPECT_NEAR(row.at("mean_hops"), ran / static_cast<double>(tokens * layers), 1e-12);
    EXPECT_NEAR(row.at("saving"), 1 - ran / static_cast<double>(tokens * possible), 1e-12);
    EXPECT_EQ(row.at("seconds_each").size(), 2U);
    EXPECT_GT(row.at("moe_seconds"), 0.0);
    EXPECT_GT(row.at("seconds"), row.at("moe_seconds"));
}

TEST_F(HaltingRuns, TheTableFollowsFromTheHopsThatRan) {
    const auto run = train("deep", {"moe.hops=3", "train.steps=40"});
    // Thresholds in the middle of what the tokens show, so that some halt and some do not.
    lab::TraceOptions t;
    t.run = run;
    t.text = "the baker walks to the harbour today. a sailor looks at the green hill";
    const auto traced = lab::trace(t);
    ASSERT_TRUE(traced.ok());
    std::vector<double> ratios;
    const auto trace = json::parse(*traced);
    for (const auto& layer : trace.at("layers"))
        for (size_t hop = 0; hop < 2; ++hop)
            for (const double x : layer.at("hops")[hop].at("halt_ratio")) ratios.push_back(x);
    std::sort(ratios.begin(), ratios.end());
    const double low = ratios[ratios.size() / 4], middle = ratios[ratios.size() / 2];
    ASSERT_LT(low, middle);
    const auto j = halting(options(run, {0, low, middle, 1e9}));
    EXPECT_EQ(j.at("format"), "hopscope.halting/1");
    EXPECT_EQ(j.at("run"), "deep");
    EXPECT_EQ(j.at("step"), 40);
    EXPECT_EQ(j.at("config_hash").get<std::string>().empty(), false);
    const int64_t tokens = j.at("tokens"), layers = 2;
    EXPECT_EQ(tokens, 3 * 4 * 32);
    const auto& base = j.at("base");
    const auto& rows = j.at("rows");
    ASSERT_EQ(rows.size(), 4U);
    expect_consistent(base, tokens, layers, 3 * layers);
    bool between = false;
    double saving = -1;
    for (const auto& row : rows) {
        expect_consistent(row, tokens, layers, 3 * layers);
        EXPECT_NEAR(row.at("saving"), 1 - row.at("mean_hops").get<double>() / 3, 1e-12);
        EXPECT_NEAR(
            row.at("delta_percent"),
            100 * (row.at("perplexity").get<double>() / base.at("perplexity").get<double>() - 1),
            1e-9);
        EXPECT_NEAR(
            row.at("moe_flops_per_token").get<double>(),
            base.at("moe_flops_per_token").get<double>() * (1 - row.at("saving").get<double>()),
            1e-6 * base.at("moe_flops_per_token").get<double>());
        EXPECT_GE(row.at("saving"), saving) << "a higher threshold halts more";
        saving = row.at("saving");
        between = between || (saving > 0.05 && saving < 0.6);
    }
    EXPECT_TRUE(between) << "no threshold halted only some tokens";

    EXPECT_EQ(base.at("depth_histogram"), json({0, 0, tokens * layers}));
    EXPECT_EQ(rows[0].at("perplexity"), base.at("perplexity")) << "epsilon 0 changes no bit";
    EXPECT_EQ(rows[0].at("depth_histogram"), base.at("depth_histogram"));
    EXPECT_EQ(rows[3].at("depth_histogram"), json({tokens * layers, 0, 0}));
    const auto one = eval(run, [](lab::EvalOptions& o) { o.hops = 1; });
    ASSERT_TRUE(one.ok());
    EXPECT_EQ(rows[3].at("perplexity"), json::parse(*one).at("perplexity"));
    const auto some = eval(run, [&](lab::EvalOptions& o) { o.halt = middle; });
    ASSERT_TRUE(some.ok());
    EXPECT_EQ(rows[2].at("perplexity"), json::parse(*some).at("perplexity"));
}

TEST_F(HaltingRuns, ChanceAndClassesStandBesideTheTable) {
    // Wrong if the control halted another number of hops than the threshold, the interval missed
    // the difference that the rows show, or a class were counted with the tokens of another.
    const auto run = train("chance", {"moe.hops=3", "train.steps=40"});
    const std::string lists = dir_ / "lists";
    std::filesystem::create_directories(lists);
    std::ofstream(lists + "/little.toml") << "words = [\"the\", \"a\", \"at\"]\n";
    auto o = options(run, {0, 0.1, 1e9});
    const auto without = halting(o);
    o.controls = 2;
    o.category_dirs = {lists};
    const auto j = halting(o);
    ASSERT_EQ(j.at("rows").size(), 3U);
    const double base = j.at("base").at("loss");
    for (size_t i = 0; i < 3; ++i) {
        const auto& row = j.at("rows")[i];
        EXPECT_EQ(row.at("perplexity"), without.at("rows")[i].at("perplexity"))
            << "a control changes no number";
        EXPECT_FALSE(without.at("rows")[i].contains("control"));
        const auto& difference = row.at("difference");
        EXPECT_NEAR(difference.at("mean"), row.at("loss").get<double>() - base, 1e-5);
        EXPECT_LE(difference.at("ci95")[0], difference.at("mean").get<double>() + 1e-6);
        EXPECT_GE(difference.at("ci95")[1], difference.at("mean").get<double>() - 1e-6);
        EXPECT_EQ(difference.at("n"), 3 * 4) << "sequences";
        EXPECT_EQ(row.at("control").at("draws"), 2);
        // The folder's list, and the rest.
        int64_t little = 0, rest = 0;
        for (const auto& one : row.at("classes")) {
            EXPECT_GT(one.at("tokens"), 0);
            EXPECT_LE(one.at("ci95")[0], one.at("mean_hops"));
            EXPECT_GE(one.at("ci95")[1], one.at("mean_hops"));
            double mean = 0;
            for (const double layer : one.at("layers")) mean += layer / 2;
            EXPECT_NEAR(one.at("mean_hops"), mean, 1e-12);
            if (one.at("name") == "little") little = one.at("tokens");
            if (one.at("name") == "") rest = one.at("tokens");
            const double depth = i == 0 ? 3 : i == 2 ? 1 : one.at("mean_hops").get<double>();
            EXPECT_EQ(one.at("mean_hops"), depth);
        }
        EXPECT_GT(little, 0);
        EXPECT_GT(rest, 0);
        EXPECT_EQ(little + rest, j.at("tokens")) << "a token is in the list or in none";
    }
    // Where all tokens go equally deep, who is drawn makes no difference.
    for (const size_t i : {0U, 2U}) {
        const auto& row = j.at("rows")[i];
        EXPECT_NEAR(row.at("control").at("loss"), row.at("loss"), 1e-5);
        EXPECT_NEAR(row.at("control").at("loss_std"), 0, 1e-5);
    }
    // The same numbers without text.
    o.epsilons = {0.1};
    const auto table = lab::halting_table(o, {});
    ASSERT_TRUE(table.ok());
    EXPECT_EQ(table->run, "chance");
    EXPECT_EQ(table->step, 40);
    EXPECT_EQ(std::exp(table->rows[0].loss), j.at("rows")[1].at("perplexity").get<double>());
    EXPECT_EQ(table->rows[0].classes.size(), j.at("rows")[1].at("classes").size());
    Progress cancelled;
    cancelled.cancelled = [] { return true; };
    EXPECT_FALSE(lab::halting_table(o, cancelled));
}

TEST_F(HaltingRuns, AHopIsWorthItsOwnArithmetic) {
    // Pools of 6, 5, 5 experts, and an always-on expert that runs in hop 0: what stays after
    // halting all others is that of the first hops, no third of the whole.
    const auto run = train(
        "unequal", {"moe.hops=3", "moe.pools=unrolled", "moe.shared_expert=8", "train.steps=4"});
    const auto config = lab::read_config(run + "/config.toml", {});
    ASSERT_TRUE(config.ok());
    const auto hops = hop_flops(*config, 3);
    const auto j = halting(options(run, {1e9}));
    const double all = j.at("base").at("moe_flops_per_token"),
                 first = j.at("rows").at(0).at("moe_flops_per_token");
    EXPECT_NEAR(all, 2 * (hops[0] + hops[1] + hops[2]), 1e-6);
    EXPECT_NEAR(first, 2 * hops[0], 1e-6);
    EXPECT_GT(first, all / 3 + 1000);
}

TEST_F(HaltingRuns, HopsByLayerAreHonoured) {
    // Layers of 3 and 1 hops: possible hops are counted by layer, --hops is min(N, H of the layer).
    const auto run = train("asymmetric", {"moe.hops=[3, 1]", "train.steps=10"});
    auto o = options(run, {0.1, 1e9});
    o.runs.push_back(run);
    const auto j = halting(o);
    ASSERT_EQ(j.at("runs").size(), 2U);
    for (const auto& one : j.at("runs")) {
        EXPECT_EQ(one.at("format"), "hopscope.halting/1");
        const int64_t tokens = one.at("tokens");
        expect_consistent(one.at("base"), tokens, 2, 4);
        EXPECT_EQ(one.at("base").at("depth_histogram"), json({tokens, 0, tokens}));
        EXPECT_EQ(one.at("base").at("mean_hops"), 2.0);
        for (const auto& row : one.at("rows")) expect_consistent(row, tokens, 2, 4);
        EXPECT_NEAR(one.at("rows")[1].at("saving"), 0.5, 1e-12);
    }
    const auto hops = [&](int64_t n) {
        const auto result = eval(run, [&](lab::EvalOptions& e) { e.hops = n; });
        EXPECT_TRUE(result.ok());
        return json::parse(*result).at("hops_executed");
    };
    EXPECT_EQ(hops(0), json({3.0, 1.0}));
    EXPECT_EQ(hops(2), json({2.0, 1.0}));
    EXPECT_EQ(hops(9), json({3.0, 1.0}));
}

TEST_F(HaltingRuns, TimeInTheLayersFallsWithTheHops) {
    // Wide enough that computing outweighs book-keeping. One hop of three has to take clearly less
    // time than three. The shortest pass of each counts: other work on the machine only adds.
    const auto run =
        train("wide", {"model.d_model=256", "moe.experts=256", "moe.top_k=8", "moe.hops=3",
                       "moe.d_space=64", "train.steps=1", "train.batch=8", "train.seq_len=64",
                       "train.warmup=1", "train.grad_accum=1"});
    auto o = options(run, {1e9});
    o.repeats = 5;
    const auto j = halting(o);
    const auto shortest = [](const json& row) {
        const auto each = row.at("moe_seconds_each").get<std::vector<double>>();
        return *std::min_element(each.begin(), each.end());
    };
    const double ratio = shortest(j.at("rows").at(0)) / shortest(j.at("base"));
    RecordProperty("moe_time_ratio_at_one_hop_of_three", std::to_string(ratio));
    std::printf("MoE time at one hop of three: %.3f of full\n", ratio);
    EXPECT_LT(ratio, 0.75);
}

TEST_F(HaltingRuns, WhatTheModelCannotFollowIsRefused) {
    const auto dense = train("dense", {"model.ffn=dense", "model.d_ff=8", "train.steps=2"});
    const auto expect_refused = [](const Result<std::string>& result, const std::string& part) {
        ASSERT_FALSE(result.ok());
        EXPECT_EQ(result.error().kind, ErrorKind::usage);
        EXPECT_NE(result.error().message.find(part), std::string::npos) << result.error().message;
    };
    expect_refused(lab::halting(options(dense, {0.1})), "dense");
    expect_refused(lab::halting(options(dense, {})), "--eps");
    expect_refused(lab::halting(options(dense, {std::nan("")})), "--eps");
    expect_refused(lab::halting(options(dir_ / "none", {0.1})), "none");
    EXPECT_TRUE(eval(dense, [](lab::EvalOptions&) {}).ok());
    expect_refused(eval(dense, [](lab::EvalOptions& o) { o.halt = 0.1; }), "--halt");
    // A threshold of 0 halts nothing, and still asks for what is not there.
    expect_refused(eval(dense, [](lab::EvalOptions& o) { o.halt = 0; }), "--halt");
    expect_refused(eval(dense, [](lab::EvalOptions& o) { o.hops = 1; }), "--hops");
    expect_refused(eval(dense, [](lab::EvalOptions& o) { o.no_experts = true; }), "--no-experts");
    const auto moe = train("moe", {"train.steps=2"});
    expect_refused(eval(moe, [](lab::EvalOptions& o) { o.top_k = 17; }), "allowed 1 … 16");
}

TEST_F(HaltingRuns, TopKAndTauChangeTheChoice) {
    const auto run = train("a", {"train.steps=30"});
    const auto loss = [&](auto change) {
        const auto result = eval(run, change);
        EXPECT_TRUE(result.ok()) << (result ? "" : result.error().message);
        return double(json::parse(*result).at("loss"));
    };
    const double base = loss([](lab::EvalOptions&) {});
    EXPECT_EQ(loss([](lab::EvalOptions& o) { o.top_k = 2; }), base) << "as configured";
    EXPECT_EQ(loss([](lab::EvalOptions& o) { o.tau = 30; }), base) << "as configured";
    EXPECT_NE(loss([](lab::EvalOptions& o) { o.top_k = 5; }), base);
    EXPECT_NE(loss([](lab::EvalOptions& o) { o.tau = 3; }), base);
}

// Fails if an option is refused at the end of what it may be or taken beyond it, or if a document
// does not say of a change that it was asked for, though it changed nothing.
TEST_F(HaltingRuns, OptionsOfAnEvaluationHoldTheirBounds) {
    const auto run = train("a", {"train.steps=2"});
    const auto changes = [&](auto change) {
        const auto result = eval(run, change);
        EXPECT_TRUE(result.ok()) << (result ? "" : result.error().message);
        return result ? json::parse(*result).value("changes", json::object()) : json();
    };
    EXPECT_EQ(changes([](lab::EvalOptions& o) { o.batches = 1; }), json::object());
    EXPECT_EQ(changes([](lab::EvalOptions& o) { o.hops = 1; }), json({{"hops", "1"}}));
    EXPECT_EQ(changes([](lab::EvalOptions& o) { o.top_k = 1; }), json({{"top_k", "1"}}));
    EXPECT_EQ(changes([](lab::EvalOptions& o) { o.top_k = 16; }), json({{"top_k", "16"}}));
    EXPECT_EQ(changes([](lab::EvalOptions& o) { o.halt = 0; }), json({{"halt", "0.0"}}));
    const auto expect_refused = [&](const std::string& start, auto change) {
        const auto result = eval(run, change);
        ASSERT_FALSE(result.ok()) << start;
        EXPECT_EQ(result.error().kind, ErrorKind::usage);
        EXPECT_TRUE(result.error().message.starts_with(start)) << result.error().message;
    };
    expect_refused("--batches: found 0, ", [](lab::EvalOptions& o) { o.batches = 0; });
    expect_refused("--hops: found -1, ", [](lab::EvalOptions& o) { o.hops = -1; });
    expect_refused("--top-k: found -1, ", [](lab::EvalOptions& o) { o.top_k = -1; });
    expect_refused("--tau: found -0.5", [](lab::EvalOptions& o) { o.tau = -0.5; });
    expect_refused("--tau: found nan", [](lab::EvalOptions& o) { o.tau = std::nan(""); });
}

}  // namespace
}  // namespace hopscope::core
