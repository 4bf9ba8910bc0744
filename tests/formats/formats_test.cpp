// Run folders and documents of earlier versions stay readable, and say the same numbers:
// tests/formats holds a small file of each format written so far.
#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/api/lab.h"
#include "core/run/geometry_file.h"
#include "core/run/metrics_csv.h"
#include "core/run/run_folder.h"
#include "core/text/truth.h"
#include "core/trainer/race_file.h"
#include "tests/temp_folder.h"

namespace hopscope::core {
namespace {

using Json = nlohmann::json;
using test::bytes_of;

/// A copy of what a version wrote, since readers may add to a run.
class Stored : public ::testing::Test {
  protected:
    explicit Stored(const std::string& version) {
        std::filesystem::copy(std::string(HOPSCOPE_FORMATS) + "/" + version, dir_.path(),
                              std::filesystem::copy_options::recursive);
    }
    Json stored(const std::string& name) const { return Json::parse(bytes_of(dir_ / name)); }
    static Json parsed(const Result<std::string>& document) {
        EXPECT_TRUE(document.ok()) << (document ? "" : document.error().message);
        return document ? Json::parse(*document) : Json();
    }
    /// Numbers of the same program differ by what another processor rounds.
    static void expect_close(const Json& now, const Json& then, const std::string& where) {
        ASSERT_EQ(now.is_number(), then.is_number()) << where;
        if (then.is_number()) {
            EXPECT_NEAR(now.get<double>(), then.get<double>(),
                        1e-4 * (1 + std::fabs(then.get<double>())))
                << where;
        } else if (then.is_structured()) {
            for (const auto& [key, value] : then.items()) {
                const auto& part = then.is_array() ? now.at(std::stoul(key)) : now.at(key);
                expect_close(part, value, where + "/" + key);
            }
        } else {
            EXPECT_EQ(now, then) << where;
        }
    }
    test::TempFolder dir_;
};

class StoredRuns : public Stored, public ::testing::WithParamInterface<std::string> {
  protected:
    StoredRuns() : Stored(GetParam()) {}
};

TEST_P(StoredRuns, EvaluationsAreTheSame) {
    const Json then = stored("eval.json");
    lab::EvalOptions o;
    o.run = dir_ / "run";
    o.batches = static_cast<int64_t>(then.at("batches").size());
    const Json now = parsed(lab::eval(o));
    for (const char* key :
         {"loss", "batches", "hops_executed", "jaccard", "config_hash", "live", "data"})
        expect_close(now.at(key), then.at(key), key);
}

TEST_P(StoredRuns, TracesAreTheSame) {
    const Json then = stored("trace.json");
    lab::TraceOptions o;
    o.run = dir_ / "run";
    o.text = then.at("text");
    o.positions = true;
    const Json now = parsed(lab::trace(o));
    expect_close(now.at("layers"), then.at("layers"), "layers");
    expect_close(now.at("tokens"), then.at("tokens"), "tokens");
}

TEST_P(StoredRuns, GoOn) {
    const size_t steps = read_metrics_csv(dir_ / "run/metrics.csv")->size() + 2;
    lab::TrainOptions o;
    o.out = dir_ / "run";
    o.resume = true;
    o.overrides = {"train.steps=" + std::to_string(steps)};
    const auto went_on = lab::train(o);
    ASSERT_TRUE(went_on.ok()) << went_on.error().message;
    EXPECT_EQ(Json::parse(*went_on).at("state"), "done");
    EXPECT_EQ(read_metrics_csv(dir_ / "run/metrics.csv")->size(), steps);
}

/// Each folder that holds a run.
std::vector<std::string> versions() {
    std::vector<std::string> out;
    for (const auto& entry : std::filesystem::directory_iterator(HOPSCOPE_FORMATS))
        if (std::filesystem::exists(entry.path() / "run/run.json"))
            out.push_back(entry.path().filename().string());
    std::sort(out.begin(), out.end());
    return out;
}

INSTANTIATE_TEST_SUITE_P(All, StoredRuns, ::testing::ValuesIn(versions()), [](const auto& version) {
    std::string name = "of_" + version.param;
    for (char& c : name)
        if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
    return name;
});

class Formats01 : public Stored {
  protected:
    Formats01() : Stored("0.1") {}
};

TEST_F(Formats01, ARunTellsItsConfigurationAndState) {
    const Json info = parsed(lab::info(dir_ / "run", false, {}));
    EXPECT_EQ(info.at("parameters").at("total"), 8384);
    const auto records = read_metrics_csv(dir_ / "run/metrics.csv");
    ASSERT_TRUE(records.ok());
    ASSERT_EQ(records->size(), 8u);
    EXPECT_FLOAT_EQ(records->back().lr, 3.2057713e-05F)
        << "the live learning rate of step 3 counts";
    EXPECT_TRUE(read_geometry(dir_ / "run/geometry/step_00000008.safetensors").ok());
}

TEST_F(Formats01, SavedLossesAndAnswersAreCompared) {
    lab::CompareOptions o;
    o.runs = {dir_ / "run", dir_ / "eval.json"};
    Json now = parsed(lab::compare(o)).at("pairs").at(0),
         then = stored("compare.json").at("pairs").at(0);
    for (const char* path : {"a", "b"}) then.erase(path);  // where the files lie
    expect_close(now, then, "pair");
    o.runs = {dir_ / "zeroshot.json", dir_ / "zeroshot.json"};
    now = parsed(lab::compare(o)).at("pairs").at(0);
    EXPECT_EQ(now.at("n"), 2);
    EXPECT_EQ(now.at("norm").at("accuracy_a"), stored("zeroshot.json").at("accuracy_norm"));
    EXPECT_EQ(now.at("mcnemar").at("only_a"), 0) << "the same answers";
}

TEST_F(Formats01, ScriptsAreUnderstood) {
    std::string line = bytes_of(dir_ / "script.jsonl");
    line.erase(line.find('\n'));
    const auto command = parse_command(line);
    ASSERT_TRUE(command.ok()) << command.error().message;
    lab::InterveneOptions o;
    o.run = dir_ / "run";
    o.script = {*command};
    o.prompts = dir_ / "prompts.jsonl";
    o.category_dirs = {HOPSCOPE_ASSETS "/categories"};
    o.controls = 2;
    const Json now = parsed(lab::intervene(o)), then = stored("intervene.json");
    expect_close(now.at("prompts").at(0).at("changed"), then.at("prompts").at(0).at("changed"),
                 "changed");
    expect_close(now.at("prompts").at(0).at("control"), then.at("prompts").at(0).at("control"),
                 "control");
}

class Formats20261128 : public Stored {
  protected:
    Formats20261128() : Stored("2026-11-28") {}
};

TEST_F(Formats20261128, ARaceTellsItsLanes) {
    const auto lanes = read_race_lanes(dir_ / "race", {});
    ASSERT_TRUE(lanes.ok()) << lanes.error().message;
    ASSERT_EQ(lanes->size(), 2u);
    EXPECT_EQ((*lanes)[0].name, "tiny");
    EXPECT_EQ((*lanes)[0].config.moe.hops, std::vector<int64_t>{2});
    EXPECT_EQ((*lanes)[1].name, "wide");
    EXPECT_EQ((*lanes)[1].config.moe.hops, std::vector<int64_t>{1});
    for (const RaceLane& lane : *lanes)
        EXPECT_EQ(read_metrics_csv(dir_ / ("race/" + lane.name + "/metrics.csv"))->size(), 4u);
}

TEST_F(Formats20261128, ABatchIsKnownAsOne) {
    const Status refused = check_new_folder(dir_ / "batch", FolderOf::run);
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().message.find("batch"), std::string::npos) << refused.error().message;
}

TEST_F(Formats20261128, ATruthTellsClassesAndDoubleMeanings) {
    const auto truth = Truth::load(dir_ / "truth.json");
    ASSERT_TRUE(truth.ok()) << truth.error().message;
    EXPECT_EQ(truth->class_of("a"), "function");
    EXPECT_EQ(truth->class_of("about"), "") << "cut away, so it is not guessed";
    ASSERT_EQ(truth->two_meanings().size(), 2u);
    EXPECT_EQ(truth->meaning(truth->two_meanings()[0], "in", ""), "time");
}

// Runs that were forked, stopped by a fault, gone on with, and of a text whose truth is known.
TEST_F(Formats20261128, RunFilesTellWhereTheyComeFrom) {
    const auto info = [&](const std::string& name) {
        auto found = parse_run_info(bytes_of(dir_ / name), name);
        EXPECT_TRUE(found.ok()) << (found ? "" : found.error().message);
        return found ? *found : RunInfo();
    };
    const RunInfo fork = info("fork/run.json"), broken = info("nan/run.json");
    EXPECT_EQ(fork.forked_from.run, "forked");
    EXPECT_EQ(fork.forked_from.step, 2);
    EXPECT_NE(fork.forked_from.with.find("boost"), std::string::npos);
    EXPECT_TRUE(broken.debug);
    EXPECT_EQ(broken.state, RunState::failed);
    const RunInfo run = info("run/run.json");
    ASSERT_EQ(run.resumes.size(), 1u);
    EXPECT_EQ(run.resumes[0].step, 2);
    EXPECT_EQ(info("synthetic/run.json").corpus_hashes.count("truth"), 1u);
}

TEST_F(Formats20261128, AnalysesSayTheSameNumbers) {
    lab::AnalyzeOptions o;
    o.run = dir_ / "run";
    o.what = "echo";
    const Json now = parsed(lab::analyze(o)), then = stored("analysis.json");
    for (const char* key : {"n", "batches", "result"}) expect_close(now.at(key), then.at(key), key);
}

TEST_F(Formats20261128, ZeroshotAnswersAreCompared) {
    lab::CompareOptions o;
    o.runs = {dir_ / "zeroshot.json", dir_ / "run/analysis/zeroshot-arc_easy.json"};
    o.resamples = 100;
    Json now = parsed(lab::compare(o)).at("pairs").at(0);
    for (const char* label : {"a", "b"}) now.erase(label);  // where the files lie
    Json then = stored("compare_zeroshot.json").at("pairs").at(0);
    for (const char* label : {"a", "b"}) then.erase(label);
    expect_close(now, then, "pair");
}

class Formats20261130 : public Stored {
  protected:
    Formats20261130() : Stored("2026-11-30") {}
};

TEST_F(Formats20261130, ImportedModelsAreRead) {
    lab::AnalyzeOptions o;
    o.run = dir_ / "imported";
    o.what = "load,collinearity";
    const Json now = parsed(lab::analyze(o)).at("analyses");
    Json then = stored("analyses_imported.json").at("analyses");
    // That of rows whose mean stays was given as the chance of folded rows, too.
    for (Json& layer : then.at(1).at("result").at("layers"))
        EXPECT_EQ(layer.at("folded").erase("random_squared_cosine"), 1u);
    for (const size_t i : {0, 1})
        for (const char* key : {"n", "result"})
            expect_close(now.at(i).at(key), then.at(i).at(key), key);
    EXPECT_EQ(parsed(lab::info(o.run, false, {})).at("layers"),
              stored("info_imported.json").at("layers"));
}

TEST_F(Formats20261130, AModelIsRoutedAsThen) {
    lab::RouteOptions o;
    o.model = dir_ / "model";
    o.layer = 1;
    o.inputs = dir_ / "input.safetensors";
    const Json now = parsed(lab::route(o)), then = stored("route.json");
    for (const char* key : {"rule", "experts", "weights"})
        expect_close(now.at(key), then.at(key), key);
}

class Formats20261130b : public Stored {
  protected:
    Formats20261130b() : Stored("2026-11-30b") {}
};

TEST_F(Formats20261130b, WhatAnImportReadOfItsExpertsIsRead) {
    lab::AnalyzeOptions o;
    o.run = dir_ / "imported";
    o.what = "coupling";
    const Json now = parsed(lab::analyze(o)),
               then = stored("analyses_imported.json").at("analyses");
    ASSERT_EQ(then.size(), 3u);
    for (const char* key : {"name", "n", "result"})
        expect_close(now.at(key), then.at(2).at(key), key);
}

}  // namespace
}  // namespace hopscope::core
