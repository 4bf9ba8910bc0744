// Run folders and documents of earlier versions stay readable, and say the same numbers:
// tests/formats holds a small file of each format written so far.
#include <cmath>
#include <filesystem>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <string>

#include "core/api/lab.h"
#include "core/run/geometry_file.h"
#include "core/run/metrics_csv.h"
#include "tests/temp_folder.h"

namespace hopscope::core {
namespace {

using Json = nlohmann::json;
using test::bytes_of;

/// A copy of what version 0.1 wrote, since readers may add to a run.
class Formats01 : public ::testing::Test {
  protected:
    Formats01() {
        std::filesystem::copy(std::string(HOPSCOPE_FORMATS) + "/0.1", dir_.path(),
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

TEST_F(Formats01, EvaluationsAreTheSame) {
    lab::EvalOptions o;
    o.run = dir_ / "run";
    o.batches = 2;
    const Json now = parsed(lab::eval(o)), then = stored("eval.json");
    for (const char* key :
         {"loss", "batches", "hops_executed", "jaccard", "config_hash", "live", "data"})
        expect_close(now.at(key), then.at(key), key);
}

TEST_F(Formats01, TracesAreTheSame) {
    lab::TraceOptions o;
    o.run = dir_ / "run";
    o.text = "the river";
    o.positions = true;
    const Json now = parsed(lab::trace(o)), then = stored("trace.json");
    expect_close(now.at("layers"), then.at("layers"), "layers");
    expect_close(now.at("tokens"), then.at("tokens"), "tokens");
}

TEST_F(Formats01, AStoppedRunGoesOn) {
    lab::TrainOptions o;
    o.out = dir_ / "run";
    o.resume = true;
    o.overrides = {"train.steps=10"};
    const auto went_on = lab::train(o);
    ASSERT_TRUE(went_on.ok()) << went_on.error().message;
    EXPECT_EQ(Json::parse(*went_on).at("state"), "done");
    EXPECT_EQ(read_metrics_csv(dir_ / "run/metrics.csv")->size(), 10u);
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

}  // namespace
}  // namespace hopscope::core
