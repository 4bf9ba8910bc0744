// If these fail, `hopscope bench` compares forms that compute different things, leaves rows out, or
// its document cannot be read by the scripts that know its format.
#include <ATen/ops/argsort.h>
#include <ATen/ops/empty.h>
#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>

#include "core/bench/baselines.h"
#include "core/bench/rounds.h"
#include "core/bench/words.h"
#include "core/config/parse.h"
#include "core/model/weights.h"
#include "core/run/safetensors_file.h"
#include "core/text/token_file.h"
#include "core/train/engine.h"
#include "tests/kernels/helpers.h"
#include "tests/trainer/run_helpers.h"

namespace hopscope::core {
namespace {

using at::Tensor;
using hopscope::test::max_abs;
using hopscope::test::randn;
using nlohmann::json;

class BenchRuns : public ::testing::Test {
  protected:
    lab::BenchOptions options(const std::string& what) {
        lab::BenchOptions o;
        o.config = test::write_config(dir_ / "tiny.toml", test::write_corpus(dir_ / "corpus.txt"));
        o.what = what;
        o.repeats = 2;
        return o;
    }
    static json document(const lab::BenchOptions& o) {
        const auto result = lab::bench(o);
        EXPECT_TRUE(result.ok()) << (result ? "" : result.error().message);
        return result ? json::parse(*result) : json();
    }
    test::TempFolder dir_;
};

using Key = std::tuple<std::string, std::string, std::string>;
std::set<Key> keys(const json& j) {
    std::set<Key> out;
    for (const auto& row : j.at("rows"))
        out.emplace(row.at("name").get<std::string>(), row.at("form").get<std::string>(),
                    row.at("direction").get<std::string>());
    return out;
}

TEST_F(BenchRuns, EveryRowIsMeasured) {
    const auto j = document(options("all"));
    EXPECT_EQ(j.at("format"), "hopscope.bench/1");
    EXPECT_EQ(j.at("device"), "cpu, 2 threads");
    EXPECT_TRUE(j.at("skipped").empty()) << j.at("skipped");
    std::set<Key> expected;
    const auto add = [&](const std::string& name, const std::vector<std::string>& forms,
                         const std::vector<std::string>& directions) {
        for (const auto& form : forms)
            for (const auto& direction : directions) expected.emplace(name, form, direction);
    };
    const std::vector<std::string> pair = {"fused", "reference"},
                                   three = {"forward", "backward", "both"};
    for (const char* name : {"route", "choose", "rotate", "linear", "add_norm", "classifier"})
        add(name, pair, three);
    for (const char* name : {"sum_squares", "count_choices", "mean_jaccard"})
        add(name, pair, {"forward"});
    add("experts",
        {"fused", "reference", "gather", "embedding_bag", "dense_mask", "dense_equal_flops",
         "dense_equal_parameters"},
        three);
    add("attention", {"fused", "reference", "aten"}, three);
    add("adamw", pair, {"update"});
    add("forward", pair, {"forward"});
    add("step", pair, {"update"});
    add("trace", {"forward", "trace", "trace_json"}, {"forward"});
    add("decode", {"whole", "hop_by_hop", "at_once", "gram"}, {"forward"});
    add("statistics", {"without", "with"}, {"update"});
    add("statistics", {"with"}, {"snapshot"});
    EXPECT_EQ(keys(j), expected);

    for (const auto& row : j.at("rows")) {
        SCOPED_TRACE(row.dump());
        const double median = row.at("median_ms");
        EXPECT_GT(median, 0);
        EXPECT_LE(row.at("p10_ms"), median);
        EXPECT_GE(row.at("p90_ms"), median);
        EXPECT_TRUE(row.at("shape").is_object());
        EXPECT_GE(row.at("peak_bytes"), 0);
        if (row.at("tokens_per_s").is_number()) {
            const auto& shape = row.at("shape");
            const double tokens = row.at("name") == "trace"    ? double(shape.at("seq_len"))
                                  : row.at("name") == "decode" ? double(shape.at("batch"))
                                  : row.at("direction") == "update"
                                      ? 4.0 * 32 * 2  // two micro-batches
                                      : 4.0 * 32;
            EXPECT_NEAR(row.at("tokens_per_s"), tokens / (median / 1e3), 1e-6 * tokens / median);
        } else {
            EXPECT_TRUE(row.at("name") == "adamw" || row.at("name") == "sum_squares" ||
                        row.at("direction") == "snapshot");
        }
        EXPECT_EQ(row.at("reference").is_null(), row.at("ratio").is_null());
        if (row.at("form") == row.at("reference")) {
            EXPECT_EQ(row.at("ratio"), 1.0);
        }
        const auto name = row.at("name").get<std::string>();
        const bool text =
            name == "forward" || name == "step" || name == "trace" || name == "statistics";
        EXPECT_EQ(row.at("data"), text ? dir_ / "corpus.txt" : std::string("random numbers"));
    }
    ASSERT_EQ(j.at("limits").size(), 3U);
    for (const auto& limit : j.at("limits"))
        EXPECT_EQ(limit.at("holds"), limit.at("found") <= limit.at("limit"));
}

TEST_F(BenchRuns, PartsThatTheModelLacksAreSkippedOrRefused) {
    auto o = options("all");
    o.overrides = {"model.ffn=dense", "model.d_ff=8"};
    const auto j = document(o);
    std::set<std::string> skipped;
    for (const auto& one : j.at("skipped")) skipped.insert(one.at("name").get<std::string>());
    EXPECT_EQ(skipped, (std::set<std::string>{"route", "choose", "experts", "count_choices",
                                              "mean_jaccard"}));
    o.what = "route";
    const auto refused = lab::bench(o);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().kind, ErrorKind::usage);
    EXPECT_NE(refused.error().message.find("model.ffn"), std::string::npos);

    o = options("experts");
    o.overrides = {"moe.expert=swiglu", "moe.expert_rank=2"};
    const auto experts = keys(document(o));
    EXPECT_TRUE(experts.count({"experts", "reference", "both"}));
    EXPECT_FALSE(experts.count({"experts", "dense_mask", "both"}));
    o.overrides = {"moe.router=linear"};
    o.what = "route";
    EXPECT_NE(lab::bench(o).error().message.find("moe.router"), std::string::npos);
}

// Wrong if what the model runs without dropout had no row, or nothing to be held against.
TEST_F(BenchRuns, AttentionWithoutDropoutStandsBesideLibTorchs) {
    auto o = options("attention");
    o.overrides = {"model.dropout=0"};
    std::set<Key> expected;
    for (const char* form : {"fused", "reference", "aten"})
        for (const char* direction : {"forward", "backward", "both"})
            expected.emplace("attention", form, direction);
    EXPECT_EQ(keys(document(o)), expected);
}

// Wrong if operators were timed on other sizes than those asked for, or a pass of the whole model
// on sizes that it has not.
TEST_F(BenchRuns, OperatorsAreTimedOnNamedCases) {
    auto o = options("experts");
    o.cases = "configured,tiny_k4";
    o.forms = "fused";
    std::vector<int64_t> tokens;
    const auto j = document(o);
    for (const auto& row : j.at("rows"))
        if (row.at("direction") == "both") {
            tokens.push_back(row.at("shape").at("tokens"));
            EXPECT_EQ(row.at("shape").contains("case"), tokens.size() == 2) << row;
        }
    EXPECT_EQ(tokens, (std::vector<int64_t>{4 * 32, 2048}));
    const auto message = [&](const std::string& what, const std::string& cases) {
        o.what = what;
        o.cases = cases;
        const auto result = lab::bench(o);
        return result ? std::string() : result.error().message;
    };
    EXPECT_NE(message("rotate", "tiny_k4").find("allowed configured, tiny, paper"),
              std::string::npos);
    EXPECT_NE(message("step", "tiny").find("allowed configured"), std::string::npos);
    EXPECT_NE(message("rotate", "tinny").find("did you mean \"tiny\""), std::string::npos);
    o.keep = dir_ / "kept";
    EXPECT_NE(message("rotate", "tiny,paper").find("--keep: found 2 names of --cases"),
              std::string::npos);
}

// Wrong if a form that was not asked for were timed, or one that is not there passed over.
TEST_F(BenchRuns, FormsCanBeChosen) {
    auto o = options("experts,route");
    o.forms = "fused,dense_mask";
    std::set<Key> expected;
    for (const char* direction : {"forward", "backward", "both"})
        for (const auto& [name, form] :
             {std::pair{"experts", "fused"}, {"experts", "dense_mask"}, {"route", "fused"}})
            expected.emplace(name, form, direction);
    const auto j = document(o);
    EXPECT_EQ(keys(j), expected);
    for (const auto& row : j.at("rows")) EXPECT_TRUE(row.at("ratio").is_null()) << row;
    o.forms = "dense_mask";
    const auto none = lab::bench(o);
    ASSERT_FALSE(none.ok());
    EXPECT_EQ(none.error().kind, ErrorKind::usage);
    EXPECT_EQ(none.error().message,
              "route: --forms: none of those named is there, allowed fused, reference");
    o.forms = "densemask";
    EXPECT_NE(lab::bench(o).error().message.find("did you mean \"dense_mask\""), std::string::npos);
}

Tensor kept(const SafetensorsFile& file, const std::string& name) {
    const auto* view = file.find(name);
    if (!view) throw std::runtime_error(file.path() + " has no " + name);
    EXPECT_EQ(view->dtype, "F32") << name;
    auto t = at::empty(view->shape, at::TensorOptions().dtype(at::kFloat));
    std::memcpy(t.mutable_data_ptr(), view->data, view->bytes);
    return t;
}

// Wrong if another program that does the same work on what was kept could not come to the same
// results: then no ratio of times means anything.
TEST_F(BenchRuns, WhatIsKeptIsWhatWasComputed) {
    auto o = options("experts,step");
    o.forms = "fused,reference";
    o.keep = dir_ / "kept/here";
    document(o);
    const auto open = [&](const std::string& name) {
        auto file = SafetensorsFile::open(o.keep + "/" + name + ".safetensors");
        EXPECT_TRUE(file.ok()) << (file ? "" : file.error().message);
        return *file;
    };
    const auto fused = open("experts.fused"), reference = open("experts.reference");
    EXPECT_EQ(fused.metadata().at("form"), "fused");
    EXPECT_EQ(fused.metadata().at("precision"), "fp32");
    const auto* view = fused.find("given.idx");
    auto idx = at::empty(view->shape, at::TensorOptions().dtype(at::kLong));
    std::memcpy(idx.mutable_data_ptr(), view->data, view->bytes);
    std::vector<Tensor> given;
    for (const char* name : {"given.h", "given.weight", "given.down", "given.up"}) {
        given.push_back(kept(fused, name).set_requires_grad(true));
        EXPECT_TRUE(given.back().equal(kept(reference, name))) << name;
    }
    const auto y = kernels::experts(given[0], idx, given[1], given[2], given[3]);
    y.backward(kept(fused, "given.grad_of_y"));
    EXPECT_LT(max_abs(y.detach(), kept(fused, "out.y")), 1e-5);
    size_t i = 0;
    for (const char* name : {"grad.h", "grad.weight", "grad.down", "grad.up"}) {
        EXPECT_LT(max_abs(given[i++].grad(), kept(fused, name)), 1e-4) << name;
        EXPECT_FALSE(kept(fused, name).equal(kept(reference, name))) << "one form ran twice";
    }

    const auto step = open("step.fused");
    const auto parsed = parse_config(step.metadata().at("config"), "kept", {});
    ASSERT_TRUE(parsed.ok()) << parsed.error().message;
    const auto loss = kept(step, "out.loss");
    ASSERT_EQ(step.find("given.tokens")->shape,
              (std::vector<int64_t>{loss.size(0), parsed->train.grad_accum, parsed->train.batch,
                                    parsed->train.seq_len + 1}));
    EXPECT_NEAR(loss[0].item().toDouble(), std::log(parsed->model.vocab_size), 0.5);
    EXPECT_LT(max_abs(loss, kept(open("step.reference"), "out.loss")), 1e-3);
    initial_model(*parsed, 42)
        .weights.for_each([&](const std::string& name, Group, const Tensor& t) {
            EXPECT_EQ(step.find("given." + name)->shape, t.sizes().vec()) << name;
        });
}

// Wrong if something that is timed in turns with a form could not tell its calls apart, or the
// document at the end forgot some.
TEST_F(BenchRuns, OneFormIsTimedInTurns) {
    auto o = options("experts");
    o.forms = "dense_mask";
    std::vector<int64_t> asked = {3, 1, 0};
    std::vector<json> answers;
    o.next_turn = [&, i = size_t{0}]() mutable {
        EXPECT_EQ(answers.size(), i + 1) << "the turn before was not answered";
        return asked[i++];
    };
    o.answer = [&](const std::string& answer) { answers.push_back(json::parse(answer)); };
    const auto j = document(o);
    ASSERT_EQ(answers.size(), 3U);
    EXPECT_EQ(answers[0].at("form"), "dense_mask");
    EXPECT_EQ(answers[0].at("direction"), "both");
    EXPECT_GT(answers[0].at("median_ms"), 0);
    EXPECT_GT(answers[0].at("peak_bytes"), 0);
    EXPECT_TRUE(answers[0].at("ratio").is_null());
    EXPECT_EQ(answers[1].size(), 3U);
    EXPECT_EQ(answers[2].size(), 1U);
    std::vector<double> all = {answers[0].at("median_ms"), answers[2][0]};
    for (const double ms : answers[1]) all.push_back(ms);
    std::sort(all.begin(), all.end());
    for (const auto& row : j.at("rows"))
        if (row.at("direction") == "both") {
            EXPECT_NEAR(row.at("median_ms"), all[2], 1e-9);
        }

    o.forms = "all";
    const auto several = lab::bench(o);
    ASSERT_FALSE(several.ok());
    EXPECT_EQ(several.error().kind, ErrorKind::usage);
    EXPECT_NE(
        several.error().message.find("--turns: found 1 names of --what and " +
                                     std::to_string(all_words<BenchWay>().size()) + " of --forms"),
        std::string::npos)
        << several.error().message;
}

TEST_F(BenchRuns, SlipsAreNamedAndStopsObeyed) {
    auto o = options("rout");
    auto result = lab::bench(o);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().kind, ErrorKind::usage);
    EXPECT_NE(result.error().message.find("did you mean \"route\""), std::string::npos);
    o.what = "route";
    o.overrides = {"moe.topk=2"};
    EXPECT_NE(lab::bench(o).error().message.find("moe.topk"), std::string::npos);
    o.overrides = {};
    o.on_progress = [](const std::string&, double) { lab::interrupt_flag() = 2; };
    result = lab::bench(o);
    lab::interrupt_flag() = 0;
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().kind, ErrorKind::interrupted);
}

// The forms that experts are compared with compute the same numbers and the same gradients.
TEST(BenchForms, BaselinesEqualTheReference) {
    constexpr int64_t kTokens = 9, kD = 6, kExperts = 7, kK = 3;
    const auto idx =
        at::argsort(randn({kTokens, kExperts}, 1), int64_t{-1}).narrow(1, 0, kK).contiguous();
    const auto gradient = randn({kTokens, kD}, 2);
    const auto run = [&](auto&& call) {
        std::vector<at::Tensor> out = {randn({kTokens, kD}, 3), randn({kTokens, kK}, 4),
                                       randn({kExperts, 1, kD}, 5), randn({kExperts, 1, kD}, 6)};
        for (auto& t : out) t.set_requires_grad(true);
        const auto y = call(out[0], idx, out[1], out[2], out[3]);
        y.backward(gradient);
        std::vector<at::Tensor> all = {y.detach()};
        for (const auto& t : out) all.push_back(t.grad());
        return all;
    };
    const auto expected =
        run([](const auto&... a) { return kernels::experts(a..., kernels::Form::reference); });
    for (const auto call : {baselines::gather, baselines::embedding_bag, baselines::dense_mask}) {
        const auto got = run(call);
        ASSERT_EQ(got.size(), expected.size());
        for (size_t i = 0; i < got.size(); ++i) EXPECT_LT(max_abs(got[i], expected[i]), 1e-12) << i;
    }
}

/// Three updates of a small model with dropout; losses and the weights left behind.
struct Course {
    std::vector<float> losses;
    Weights weights;
    bool counted = false, layers = false;
};

Course updates(UpdateForm how, Balance balance = Balance::switch_loss) {
    test::TempFolder dir;
    Config c;
    c.model = {.d_model = 16, .n_layers = 2, .n_heads = 2, .vocab_size = 50, .max_seq_len = 16};
    c.moe.experts = 8;
    c.moe.top_k = 2;
    c.moe.hops = {2};
    c.moe.d_space = 4;
    c.moe.balance = balance;
    c.train.batch = 2;
    c.train.seq_len = 16;
    c.train.warmup = 1;
    auto writer = TokenFileWriter::create(dir / "t.tokens", 50);
    std::vector<int32_t> ids;
    for (int i = 0; i < 2000; ++i) ids.push_back((i * i + i / 7) % 50);
    EXPECT_TRUE(writer->append(ids).ok());
    EXPECT_TRUE(writer->finish("c", "t").ok());
    const auto data = BatchSource::create(*TokenFile::open(dir / "t.tokens"), 2, 16, 42);
    Engine engine(untrained(initial_model(c, 42)), how);
    Course out;
    for (int i = 0; i < 3; ++i) {
        const auto record = engine.update(*data, [] {});
        EXPECT_TRUE(record.ok());
        out.losses.push_back(record->loss);
        out.layers = !record->layers.empty();
    }
    out.counted = !engine.counts().empty();
    out.weights = engine.state().model.weights;
    return out;
}

double difference(const Weights& a, const Weights& b) {
    std::vector<at::Tensor> left, right;
    a.for_each([&](const std::string&, Group, const at::Tensor& t) { left.push_back(t); });
    b.for_each([&](const std::string&, Group, const at::Tensor& t) { right.push_back(t); });
    double most = 0;
    for (size_t i = 0; i < left.size(); ++i) most = std::max(most, max_abs(left[i], right[i]));
    return most;
}

TEST(BenchForms, UpdatesAreTheSameWithoutStatistics) {
    const auto with = updates({}), without = updates({kernels::Form::fused, false});
    EXPECT_EQ(with.losses, without.losses);
    EXPECT_EQ(difference(with.weights, without.weights), 0.0);
    EXPECT_TRUE(with.counted && with.layers);
    EXPECT_FALSE(without.counted || without.layers);
    // Biases that follow the counts go on following them.
    const auto a = updates({}, Balance::loss_free),
               b = updates({kernels::Form::fused, false}, Balance::loss_free);
    EXPECT_EQ(difference(a.weights, b.weights), 0.0);
}

TEST(BenchForms, UpdatesOfTheReferenceFormAgree) {
    const auto fused = updates({}), reference = updates({kernels::Form::reference, true});
    for (size_t i = 0; i < fused.losses.size(); ++i)
        EXPECT_NEAR(fused.losses[i], reference.losses[i], 1e-4);
    EXPECT_NE(difference(fused.weights, reference.weights), 0.0) << "one form ran twice";
}

TEST(BenchRounds, RatiosAreTakenRoundByRound) {
    std::vector<BenchWay> calls;
    BenchWork work{BenchSubject::route, BenchWay::reference, "none", Direction::forward, 10, {}};
    for (const BenchWay way : {BenchWay::reference, BenchWay::fused}) {
        BenchForm form;
        form.form = way;
        form.run = [&calls, way] { calls.push_back(way); };
        work.forms.push_back(std::move(form));
    }
    const auto rows = time_in_rounds(work, 2, at::kCPU, {});
    ASSERT_TRUE(rows.ok());
    ASSERT_EQ(rows->size(), 2U);
    EXPECT_EQ((*rows)[0].ms.size(), 2U);
    EXPECT_EQ((*rows)[0].ratio, 1.0);
    const std::vector<BenchWay> timed(calls.end() - 4, calls.end());
    EXPECT_EQ(timed, (std::vector{BenchWay::reference, BenchWay::fused, BenchWay::fused,
                                  BenchWay::reference}));

    const auto many = time_in_rounds(work, 20, at::kCPU, {});
    ASSERT_TRUE(many.ok());
    const BenchRow& fast = (*many)[1];
    EXPECT_LE(fast.ratio_low, fast.ratio);
    EXPECT_GE(fast.ratio_high, fast.ratio);
    EXPECT_EQ((*many)[0].ratio_low, 1.0);
}

TEST(BenchRounds, MemoryIsThatOfOneCall) {
    BenchWork work{BenchSubject::route, {}, "none", Direction::forward, 0, {}};
    BenchForm form;
    at::Tensor kept = at::zeros({100});
    form.prepare = [&] { kept = at::zeros({100}); };
    form.run = [&] { kept = at::zeros({1024}) + at::zeros({1024}); };
    form.backward = [&] { kept = at::zeros({64}); };
    work.forms.push_back(form);
    const auto rows = time_in_rounds(work, 1, at::kCPU, {});
    ASSERT_TRUE(rows.ok());
    ASSERT_EQ(rows->size(), 3U);
    EXPECT_EQ((*rows)[0].peak_bytes, 3 * 4096) << "two summands and the sum";
    EXPECT_EQ((*rows)[1].peak_bytes, 256);
    EXPECT_EQ((*rows)[2].peak_bytes, 3 * 4096);
    EXPECT_TRUE(std::isnan((*rows)[0].ratio));
    EXPECT_TRUE(std::isnan((*rows)[0].ratio_low)) << "an interval of one round";
}

}  // namespace
}  // namespace hopscope::core
