// Wrong if a run folder says other numbers than the model's files, or a call that fails leaves
// something behind.
#include "core/imported/import_model.h"

#include <csignal>
#include <filesystem>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/imported/imported_run.h"
#include "core/run/run_folder.h"
#include "core/run/safetensors_file.h"
#include "tests/imported/replies.h"
#include "tests/imported/tiny_model.h"

namespace hopscope::core {
namespace {

using namespace test;
namespace fs = std::filesystem;

const std::vector<int> kIds = {0, 1, 2, 3, 1, 0, 3, 1};  // two tokens, two layers, two experts

class ImportModel : public testing::Test {
  protected:
    ImportModel() {
        model_.add_routers(2, "block_sparse_moe.gate.weight");
        model_.add("model.layers.1.post_attention_layernorm.weight", {3});
        model_.save(2);
    }
    Result<std::string> run(const std::vector<std::string>& traces = {}) {
        return import_model({model_.dir(), traces, out_}, {});
    }
    std::string reply(const std::string& name, const std::string& text) {
        return model_.folder().write(name, text);
    }
    TinyModel model_;
    std::string out_ = model_.folder() / "out";
};

TEST_F(ImportModel, RowsAreThoseOfTheModelsFiles) {
    const auto text = run();
    ASSERT_TRUE(text) << text.error().message;
    EXPECT_EQ(*text, bytes_of(out_ + "/imported.json"));
    const auto opened = ImportedRun::open(out_);
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_EQ(opened->layout().family, "mixtral");
    EXPECT_EQ(opened->info().state, RunState::imported);
    EXPECT_EQ(opened->info().config_name, "m");
    EXPECT_TRUE(opened->traces().empty());
    for (int64_t l = 0; l < 2; ++l)
        EXPECT_EQ(*opened->rows(l, "mlp"), model_.values("model.layers." + std::to_string(l) +
                                                         ".block_sparse_moe.gate.weight"));
    EXPECT_EQ(lacks(opened->rows(2, "mlp"), {"layer 2"}), "");
    EXPECT_EQ(lacks(opened->rows(0, "attention"), {"attention"}), "");
    const auto file = SafetensorsFile::open(imported_rows_path(out_));
    EXPECT_EQ(file->tensors().size(), 3u);
    EXPECT_NE(file->find("layers.1.norm_gain"), nullptr);
    const auto json = Json::parse(*text);
    EXPECT_EQ(json.at("format"), "hopscope.imported/1");
    EXPECT_EQ(json.at("source"), model_.dir());
    EXPECT_EQ(json.at("source_files").size(), 3u);
    EXPECT_EQ(json.at("experts"), 4);
    EXPECT_EQ(json.at("k"), 2);
    EXPECT_EQ(json.at("parameters").at("total"), 27);
}

TEST_F(ImportModel, TracesReadBackAsTheyWereTold) {
    const std::string first = reply("a/reply.json", sglang_reply(kIds)),
                      second =
                          reply("b/reply.json",
                                vllm_reply(base64(npy("|u1", "(2, 2, 2)", bytes_as<uint8_t>(kIds))),
                                           {5, 6, 7}));
    const auto text = run({first, second});
    ASSERT_TRUE(text) << text.error().message;
    const auto opened = ImportedRun::open(out_);
    ASSERT_EQ(opened->traces(), (std::vector<std::string>{"reply", "reply-2"}));
    for (const std::string& name : opened->traces()) {
        const auto trace = opened->trace(name);
        ASSERT_TRUE(trace) << trace.error().message;
        EXPECT_EQ(trace->sequences, 1);
        EXPECT_EQ(trace->length, 2);
        ASSERT_EQ(trace->layers.size(), 2u);
        EXPECT_EQ(trace->layers[1].chosen, (std::vector<int32_t>{2, 3, 3, 1}));
        EXPECT_EQ(trace->tokens.empty(), name == "reply");
        EXPECT_EQ(trace->next_token,
                  name == "reply" ? std::vector<int32_t>{} : std::vector<int32_t>{7});
    }
    fs::remove(imported_trace_path(out_, "reply-2"));
    EXPECT_EQ(lacks(opened->trace("reply-2"), {"traces/reply-2.safetensors"}), "");
    const auto json = Json::parse(*text);
    EXPECT_EQ(json.at("traces")[0].at("holds"), Json({"experts"}));
    EXPECT_EQ(json.at("traces")[1].at("holds"), Json({"experts", "tokens"}));
    EXPECT_EQ(json.at("traces")[1].at("tokens"), 2);
}

TEST_F(ImportModel, TokensThatWereLeftOutAreCountedToo) {
    const ReplyJson later = {{"data", base64(bytes_as<uint8_t>(kIds))},
                             {"shape", {2, 2, 2}},
                             {"dtype", "uint8"},
                             {"start", 3}};
    ASSERT_TRUE(run({reply("reply.json", vllm_reply(later, {1, 1, 1, 5, 6, 7}))}));
    const auto trace = ImportedRun::open(out_)->trace("reply");
    ASSERT_TRUE(trace) << trace.error().message;
    EXPECT_EQ(trace->skipped, std::vector<int32_t>{3});
    EXPECT_EQ(trace->tokens, (std::vector<int32_t>{5, 6}));
}

// A shell may stand in it: with another folder under its name it would stand nowhere.
TEST_F(ImportModel, AFolderThatStoodThereStays) {
    fs::create_directory(out_);
    fs::permissions(out_, fs::perms::owner_all);
    struct stat before {
    }, after{};
    ASSERT_EQ(::stat(out_.c_str(), &before), 0);
    ASSERT_TRUE(run());
    ASSERT_EQ(::stat(out_.c_str(), &after), 0);
    EXPECT_EQ(before.st_ino, after.st_ino);
    EXPECT_EQ(before.st_mode, after.st_mode);
    EXPECT_TRUE(ImportedRun::open(out_));
    EXPECT_EQ(contents_of(out_).size(), 5u);
    const auto beside = contents_of(fs::path(out_).parent_path());
    EXPECT_EQ(std::count_if(beside.begin(), beside.end(),
                            [](const auto& entry) {
                                return std::string(entry.first).find("hopscope-new") !=
                                       std::string::npos;
                            }),
              0);
}

TEST_F(ImportModel, WhatAKillLeftInsideIsSwept) {
    const std::string left = out_ + "/hopscope-new-5";
    fs::create_directories(left + "/geometry");
    put_bytes(left + "/.hopscope-scratch",
              "temporary files of hopscope, to be removed: hopscope-new-5\n");
    const auto made = run();
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_FALSE(fs::exists(left));
    EXPECT_TRUE(is_imported_run(out_));
}

TEST_F(ImportModel, AFailureLeavesNothing) {
    const std::string bad = reply("bad.json", sglang_reply({0, 1, 2, 9}));
    EXPECT_EQ(lacks(run({bad}), {"bad.json", "expert 9"}), "");
    EXPECT_FALSE(fs::exists(out_));
    fs::create_directory(out_);
    EXPECT_FALSE(run({bad}));
    EXPECT_TRUE(fs::is_empty(out_));
    put_bytes(out_ + "/mine.txt", "x");
    EXPECT_EQ(lacks(run(), {"not empty", "mine.txt"}), "");
    EXPECT_EQ(contents_of(out_).size(), 1u);
}

TEST_F(ImportModel, ItStopsWhenAsked) {
    Progress progress;
    progress.cancelled = [] { return true; };
    const auto stopped = import_model({model_.dir(), {}, out_}, progress);
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().kind, ErrorKind::interrupted);
    EXPECT_FALSE(fs::exists(out_));
}

/// Progress that calls `then` as soon as rows are being written.
Progress while_writing(std::function<void()> then) {
    Progress progress;
    progress.report = [then = std::move(then)](const std::string& activity, double) {
        if (activity == "reading routers") then();
    };
    return progress;
}

TEST_F(ImportModel, WhatAKillLeftIsSweptAndNotInTheWay) {
    std::vector<int> ids;
    for (int token = 0; token < 3000; ++token) ids.insert(ids.end(), {0, 1, 2, 3});
    const std::string trace = reply("long.json", sglang_reply(ids));
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        // The rows are written, the trace is more than may be: that kills.
        const rlimit bytes = {4096, 4096}, none = {0, 0};
        ::setrlimit(RLIMIT_FSIZE, &bytes);
        ::setrlimit(RLIMIT_CORE, &none);
        ::_exit(import_model({model_.dir(), {trace}, out_}, {}) ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ) << status;
    // A folder of a person that is called like what a kill leaves stays.
    model_.folder().write("hopscope-import-17/mine.txt", "x");
    const auto again = run();
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_TRUE(is_imported_run(out_));
    std::set<std::string> left;
    for (const auto& entry : fs::directory_iterator(model_.folder().path()))
        left.insert(entry.path().filename());
    EXPECT_EQ(left, (std::set<std::string>{"hopscope-import-17", "long.json", "m", "out"}));
    EXPECT_EQ(contents_of(out_).size(), 5u);
}

TEST_F(ImportModel, APlaceThatIsTakenMeanwhileIsNotOverwritten) {
    const auto late = import_model({model_.dir(), {}, out_},
                                   while_writing([&] { put_bytes(out_ + "/mine.txt", "x"); }));
    EXPECT_EQ(lacks(late, {"out", "not empty", "mine.txt"}), "");
    EXPECT_EQ(contents_of(out_).size(), 1u);
}

TEST_F(ImportModel, AnEmptyFolderOrALinkToOneIsFilled) {
    fs::create_directory(out_);
    fs::permissions(out_, fs::perms::owner_all);
    ASSERT_TRUE(run());
    EXPECT_TRUE(is_imported_run(out_));
    EXPECT_EQ(fs::status(out_).permissions(), fs::perms::owner_all);
    for (const char* target : {"elsewhere", "nowhere/at/all"}) {
        const std::string link = model_.folder() / "link";
        if (target == std::string("elsewhere")) fs::create_directory(model_.folder() / target);
        fs::remove(link);
        fs::create_symlink(target, link);
        const auto made = import_model({model_.dir(), {}, link}, {});
        ASSERT_TRUE(made) << made.error().message;
        EXPECT_TRUE(fs::is_symlink(link));
        EXPECT_TRUE(is_imported_run(model_.folder() / target));
    }
}

TEST_F(ImportModel, WhatAKilledStartLeftIsReplaced) {
    fs::create_directory(out_);
    put_bytes(out_ + "/.lock", "4711 new\n");
    put_bytes(out_ + "/config.toml", "");
    const auto made = run();
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(contents_of(out_).size(), 5u);
}

TEST_F(ImportModel, NothingOfARunCanBeAskedOfIt) {
    ASSERT_TRUE(run());
    EXPECT_EQ(lacks(run(), {"already holds a run"}), "");
    EXPECT_TRUE(is_imported_run(out_));
    for (const bool writer : {false, true})
        EXPECT_EQ(
            lacks(RunFolder::open(out_, writer), {out_, "imported model", "hopscope analyze"}), "");
    EXPECT_FALSE(fs::exists(out_ + "/.lock"));
    fs::remove(out_ + "/imported.json");
    EXPECT_EQ(lacks(ImportedRun::open(out_), {"imported.json"}), "");
}

TEST_F(ImportModel, RoutersWithoutNumbersAreWarnedOf) {
    model_.add("model.layers.0.block_sparse_moe.gate.weight", {4, 3}, {1, NAN, 3});
    model_.save(2);
    const auto text = run();
    ASSERT_TRUE(text) << text.error().message;
    EXPECT_NE(Json::parse(*text).at("warnings").dump().find("layer 0: the router has numbers"),
              std::string::npos);
}

/// A trace of this program's own form.
struct OwnTrace {
    std::vector<int32_t> experts = {1, 0, 3, 2};        ///< [1, 2, 2]
    std::vector<float> weights, logits;                 ///< [1, 2, 2], [1, 2, 4]
    std::vector<float> entropy = {}, max_prob = {};     ///< [1, 2]
    std::vector<int32_t> tokens = {}, next_token = {};  ///< [1, 2], [1]
    std::vector<int64_t> shape = {1, 2, 2};
    std::string prefix = "layers.1.hops.0.", format = "hopscope.routing/1", model_type = "";
    std::vector<int64_t> other_layer = {};  ///< shape of the experts of layer 0, if there are any

    std::string write(const TempFolder& folder) const {
        const std::vector<int32_t> same = {0, 1, 0, 1};
        std::vector<TensorView> views;
        if (!other_layer.empty())
            views.push_back(
                {"layers.0.hops.0.experts", "I32", other_layer, same.data(),
                 static_cast<size_t>(other_layer[0] * other_layer[1] * other_layer[2]) * 4});
        views.push_back({prefix + "experts", "I32", shape, experts.data(), experts.size() * 4});
        if (!weights.empty())
            views.push_back({prefix + "weights", "F32", {1, 2, 2}, weights.data(), 16});
        if (!logits.empty())
            views.push_back({prefix + "logits", "F32", {1, 2, 4}, logits.data(), 32});
        if (!entropy.empty())
            views.push_back({prefix + "entropy", "F32", {1, 2}, entropy.data(), 8});
        if (!max_prob.empty())
            views.push_back({prefix + "max_prob", "F32", {1, 2}, max_prob.data(), 8});
        if (!tokens.empty()) views.push_back({"tokens", "I32", {1, 2}, tokens.data(), 8});
        if (!next_token.empty()) views.push_back({"next_token", "I32", {1}, next_token.data(), 4});
        const std::string path = folder / "own.safetensors";
        EXPECT_TRUE(
            write_safetensors(path, views, {{"format", format}, {"model_type", model_type}}));
        return path;
    }
};

TEST_F(ImportModel, LogitsOfATraceGiveWhatItLacks) {
    OwnTrace trace;
    const auto log_of = [](double p) { return static_cast<float>(std::log(p)); };
    trace.logits = {log_of(0.3), log_of(0.4), log_of(0.2), log_of(0.1), 0, 0, 1, 1};
    const auto text = run({trace.write(model_.folder())});
    ASSERT_TRUE(text) << text.error().message;
    const auto read = ImportedRun::open(out_)->trace("own");
    ASSERT_TRUE(read) << read.error().message;
    ASSERT_EQ(read->layers.size(), 1u);  // layer 0 is not in this trace
    const RecordedLayer& layer = read->layers[0];
    EXPECT_EQ(layer.layer, 1);
    EXPECT_EQ(layer.chosen, trace.experts);
    ASSERT_EQ(layer.weights.size(), 4u);
    EXPECT_NEAR(layer.weights[0], 4.0 / 7, 1e-6);
    EXPECT_NEAR(layer.weights[1], 3.0 / 7, 1e-6);
    EXPECT_NEAR(layer.weights[2], 0.5, 1e-6);
    EXPECT_NEAR(layer.max_prob[0], 0.4, 1e-6);
    EXPECT_NEAR(
        layer.entropy[0],
        -(0.1 * std::log(0.1) + 0.2 * std::log(0.2) + 0.3 * std::log(0.3) + 0.4 * std::log(0.4)),
        1e-6);
    EXPECT_TRUE(read->tokens.empty());
}

// Captures hold both: weights say nothing of whether the experts are the model's own choice.
TEST_F(ImportModel, ChoicesAreHeldAgainstLogitsBesideWeightsToo) {
    OwnTrace trace;
    trace.logits = {0, 1, 0, 0, 0, 0, 1, 1};
    trace.weights = {0.6f, 0.4f, 0.5f, 0.5f};
    trace.experts = {1, 0, 3, 2};
    const std::string path = trace.write(model_.folder());
    ASSERT_TRUE(run({path}));
    EXPECT_EQ(ImportedRun::open(out_)->trace("own")->layers[0].weights, trace.weights);
    fs::remove_all(out_);
    // Of the same content under another name.
    const std::string other = model_.folder() / "capture.bin";
    fs::copy_file(path, other);
    EXPECT_TRUE(run({other}));
    fs::remove_all(out_);
    trace.experts = {1, 0, 1, 2};
    EXPECT_EQ(lacks(run({trace.write(model_.folder())}), {"row 1", "expert 1 is not what"}), "");
    trace.experts = {-1, -1, -1, -1};
    EXPECT_EQ(lacks(run({trace.write(model_.folder())}), {"own.safetensors", "no token"}), "");
    trace.experts = {1, 0, 3, 2};
    trace.model_type = "olmoe";
    EXPECT_EQ(lacks(run({trace.write(model_.folder())}), {"own.safetensors", "olmoe", "mixtral"}),
              "");
    put_bytes(path, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n");
    EXPECT_EQ(lacks(run({path}), {"own.safetensors", "Git LFS pointer"}), "");
}

TEST_F(ImportModel, NumbersOfATraceThatAreNoneAreRefusedByPlace) {
    constexpr float kNaN = NAN, kInfinity = INFINITY;
    struct Bad {
        const char* what;
        std::function<void(OwnTrace&)> change;
        std::vector<std::string> said;
    };
    const std::vector<Bad> cases = {{"weights",
                                     [](OwnTrace& t) {
                                         t.weights = {1, 0, kNaN, 1};
                                     },
                                     {"token 1", "nan"}},
                                    {"weights",
                                     [](OwnTrace& t) {
                                         t.weights = {1, kInfinity, 0, 1};
                                     },
                                     {"token 0", "inf"}},
                                    {"weights",
                                     [](OwnTrace& t) {
                                         t.weights = {1, 0, 0, -0.5f};
                                     },
                                     {"token 1", "-0.5"}},
                                    {"entropy",
                                     [](OwnTrace& t) {
                                         t.entropy = {1, kNaN};
                                     },
                                     {"token 1", "nan"}},
                                    {"entropy",
                                     [](OwnTrace& t) {
                                         t.entropy = {1.5f, 1};
                                     },
                                     {"token 0", "1.5", "1.386"}},
                                    {"entropy",
                                     [](OwnTrace& t) {
                                         t.entropy = {1, -1};
                                     },
                                     {"token 1", "-1"}},
                                    {"max_prob",
                                     [](OwnTrace& t) {
                                         t.max_prob = {0.5f, 1.5f};
                                     },
                                     {"token 1", "1.5"}},
                                    {"max_prob",
                                     [](OwnTrace& t) {
                                         t.max_prob = {0.1f, 1};
                                     },
                                     {"token 0", "0.1", "0.25"}},
                                    {"max_prob",
                                     [](OwnTrace& t) {
                                         t.max_prob = {0.5f, kNaN};
                                     },
                                     {"token 1", "nan"}}};
    for (const Bad& bad : cases) {
        OwnTrace trace;
        bad.change(trace);
        auto parts = bad.said;
        for (const char* part : {"own.safetensors", "layers.1.hops.0.", "text 0"})
            parts.emplace_back(part);
        parts.emplace_back(bad.what);
        EXPECT_EQ(lacks(run({trace.write(model_.folder())}), parts), "") << bad.what;
    }
    OwnTrace ids;
    ids.tokens = {5, -1};
    EXPECT_EQ(lacks(run({ids.write(model_.folder())}),
                    {"own.safetensors", "tokens", "text 0, token 1", "-1"}),
              "");
    ids.tokens = {5, 6};
    ids.next_token = {-2};
    EXPECT_EQ(lacks(run({ids.write(model_.folder())}), {"next_token", "text 0", "-2"}), "");
    // Rows behind the end of a text hold nothing, and what rounding does to a bound is no fault.
    OwnTrace good;
    good.experts = {1, 0, -1, -1};
    good.weights = {1, 0, kNaN, kNaN};
    good.entropy = {1.3863f, kNaN};
    good.max_prob = {1.0001f, kNaN};
    good.tokens = {5, -1};
    good.next_token = {-1};
    const auto text = run({good.write(model_.folder())});
    EXPECT_TRUE(text) << text.error().message;
    EXPECT_TRUE(ImportedRun::open(out_)->trace("own"));
}

/// The distance of the numbers that bf16 has at `x`.
float bf16_step(float x) {
    return std::exp2(std::floor(std::log2(std::abs(x))) - 7);
}

TEST_F(ImportModel, TiesWithinRoundingAreNoOtherChoice) {
    // The third expert is a bf16 step below the second, and was chosen.
    const float step = bf16_step(3.3f);
    OwnTrace trace;
    trace.experts = {0, 2, 0, 1};
    trace.logits = {4, 3.3f, 3.3f - step, 0, 4, 3, 1, 0};
    const auto text = run({trace.write(model_.folder())});
    ASSERT_TRUE(text) << text.error().message;
    const auto json = Json::parse(*text);
    EXPECT_NE(json.at("traces")[0].at("notes").dump().find("1 of 2"), std::string::npos) << *text;
    const auto read = ImportedRun::open(out_)->trace("own");
    ASSERT_TRUE(read) << read.error().message;
    // Weights are of the experts that were chosen, by the logits as they are.
    const double other = std::exp(3.3 - step - 4);
    EXPECT_NEAR(read->layers[0].weights[0], 1 / (1 + other), 1e-6);
    EXPECT_NEAR(read->layers[0].weights[1], other / (1 + other), 1e-6);
    fs::remove_all(out_);
    trace.logits[2] = 3.3f - 1.5f * step;
    EXPECT_EQ(lacks(run({trace.write(model_.folder())}),
                    {"row 0", "expert 2 is not what the model's rule makes"}),
              "");
    // A tie beside an expert that is no tie is none.
    trace.experts = {2, 3, 0, 1};
    trace.logits[2] = 3.3f - step;
    EXPECT_EQ(lacks(run({trace.write(model_.folder())}), {"row 0", "expert 3"}), "");
}

TEST_F(ImportModel, TiesAreThoseOfTheRuleWithItsCorrection) {
    model_.config["model_type"] = "deepseek_v3";
    model_.config["n_group"] = 1;
    model_.config["topk_group"] = 1;
    model_.add_routers(2, "mlp.gate.weight");
    for (const char* layer : {"0", "1"})
        model_.add(std::string("model.layers.") + layer + ".mlp.gate.e_score_correction_bias", {4},
                   {0, 0, 0.25f, 0});
    model_.save();
    // sigmoid(0) + 0.25 = 0.75 against sigmoid(1.0986) = 0.75: a tie of logits far apart.
    OwnTrace trace;
    trace.experts = {0, 2, 0, 1};
    const float tie = static_cast<float>(std::log(3.0));
    trace.logits = {4, tie + 0.4f * bf16_step(tie), 0, -4, 4, 3, -3, -4};
    const auto text = run({trace.write(model_.folder())});
    ASSERT_TRUE(text) << text.error().message;
    fs::remove_all(out_);
    // Equal logits are no tie where the correction tells them apart.
    trace.experts = {0, 1, 0, 1};
    trace.logits = {4, 1, 1, -4, 4, 3, -3, -4};
    EXPECT_EQ(lacks(run({trace.write(model_.folder())}), {"row 0", "expert 1"}), "");
}

TEST_F(ImportModel, OfRoutersOnlyCorrectionsAreReadForATrace) {
    model_.config["model_type"] = "deepseek_v3";
    model_.save();
    const std::vector<int32_t> rows(12, 1);
    const std::vector<float> correction(4, 0);
    const std::string layer = "model.layers.1.mlp.gate.";
    ASSERT_TRUE(
        write_safetensors(model_ / "model.safetensors",
                          {{layer + "weight", "I32", {4, 3}, rows.data(), 48},
                           {layer + "e_score_correction_bias", "F32", {4}, correction.data(), 16}},
                          {{"format", "pt"}}));
    OwnTrace trace;
    trace.experts[3] = 4;
    // The trace is what is wrong first: the rows, which are no numbers of a router, come later.
    EXPECT_EQ(lacks(run({trace.write(model_.folder())}), {"own.safetensors", "expert 4"}), "");
}

// Where config.json does not say k, a trace says it, once for all layers.
TEST_F(ImportModel, LayersOfATraceHaveOneNumberOfExpertsAToken) {
    model_.config.erase("num_experts_per_tok");
    model_.save();
    OwnTrace trace;
    trace.other_layer = {1, 2, 1};
    EXPECT_EQ(lacks(run({trace.write(model_.folder())}),
                    {"layers.1", "[1, 2, 1] expected as in other layers"}),
              "");
}

TEST_F(ImportModel, OwnTracesOfOtherModelsAreRefused) {
    const auto refusal = [&](const auto& change) {
        OwnTrace trace;
        change(trace);
        return run({trace.write(model_.folder())});
    };
    EXPECT_EQ(lacks(refusal([](OwnTrace& t) { t.format = "other/1"; }), {"own", "other/1"}), "");
    EXPECT_EQ(lacks(refusal([](OwnTrace& t) { t.prefix = "layers.7.hops.0."; }), {"layer 7"}), "");
    EXPECT_EQ(lacks(refusal([](OwnTrace& t) { t.prefix = "layers.1.hops.1."; }), {"hop 0"}), "");
    EXPECT_EQ(lacks(refusal([](OwnTrace& t) { t.prefix = "layer."; }), {"no tensor layers.L"}), "");
    EXPECT_EQ(lacks(refusal([](OwnTrace& t) { t.experts[3] = 4; }),
                    {"text 0, token 1", "expert 4", "0 … 3"}),
              "");
    EXPECT_EQ(lacks(refusal([](OwnTrace& t) { t.experts[3] = 3; }), {"expert 3", "twice"}), "");
    EXPECT_EQ(lacks(refusal([](OwnTrace& t) {
                        t.shape = {1, 1, 4};
                    }),
                    {"4 experts a token", "this model has 2"}),
              "");
    EXPECT_EQ(lacks(refusal([](OwnTrace& t) { t.logits = {0, 0, 1, 1, 0, 0, 1, 1}; }),
                    {"row 0", "expert 1", "rule"}),
              "");
    EXPECT_EQ(lacks(refusal([](OwnTrace& t) { t.logits = {1, 2, 0, 0, 0, NAN, 1, 1}; }),
                    {"logits", "row 1", "finite"}),
              "");
    // Another spelling of a layer could stand beside the usual one and count twice.
    EXPECT_EQ(lacks(refusal([](OwnTrace& t) { t.prefix = "layers.1.mlp.hops.0."; }),
                    {"layers.1.mlp.hops.0.", "is called", "layers.1.hops.0.experts"}),
              "");
    // What is said of two layers is said of one token.
    EXPECT_EQ(lacks(refusal([](OwnTrace& t) {
                        t.experts = {1, 0, -1, -1};
                        t.other_layer = {1, 2, 2};
                    }),
                    {"row 1", "only one of", "layers.0", "layers.1"}),
              "");
    for (const std::vector<int64_t>& shape : {std::vector<int64_t>{2, 1, 2}, {1, 1, 2}})
        EXPECT_EQ(lacks(refusal([&](OwnTrace& t) { t.other_layer = shape; }),
                        {"layers.1", "[1, 2, 2]", "as in other layers"}),
                  "");
    EXPECT_FALSE(fs::exists(out_));
}

}  // namespace
}  // namespace hopscope::core
