// If these fail, a run does not learn, or a resumed, repeated or frozen run is not what it claims
// to be.
#include <ATen/TensorOperators.h>
#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>

#include "core/config/parse.h"
#include "core/run/geometry_file.h"
#include "core/run/run_folder.h"
#include "core/run/safetensors_file.h"
#include "core/trainer/checkpoint_io.h"
#include "core/trainer/open_run.h"
#include "core/trainer/run_trainer.h"
#include "tests/trainer/run_helpers.h"

namespace hopscope::core {
namespace {

using namespace hopscope::test;
using nlohmann::json;

class Run : public OwnRuns {
  protected:
    std::string train(const std::string& name, std::vector<std::string> overrides = {},
                      bool resume = false) {
        return trained(order(name, std::move(overrides), resume));
    }
};

TEST_F(Run, LearnsAndWritesTheWholeFolder) {
    const auto run = train("a");
    const auto records = records_of(run);
    ASSERT_EQ(records.size(), 60u);
    EXPECT_NEAR(records.front().loss, std::log(320.0), 0.4)
        << "an untrained model must be near uniform";
    EXPECT_LT(records.back().loss, records.front().loss - 1.5F);
    EXPECT_LT(records.back().valid_loss, records.front().loss - 1.5F);
    for (const char* name : {"config.toml", "run.json", "metrics.csv", "tokenizer.model"})
        EXPECT_TRUE(std::filesystem::is_regular_file(run + "/" + name)) << name;
    EXPECT_EQ(json::parse(bytes_of(run + "/run.json")).at("state"), "done");
    const auto picture = read_geometry(run + "/geometry/step_00000060.safetensors");
    ASSERT_TRUE(picture.ok()) << picture.error().message;
    for (const auto& layer : picture->layers) {
        const size_t tokens = picture->token_ids.size(), k = static_cast<size_t>(layer.top_k);
        ASSERT_EQ(layer.choices.size(), 2 * tokens * k);
        double sum = 0;
        for (size_t t = 0; t < tokens; ++t) {
            std::set<int32_t> both;
            for (size_t hop = 0; hop < 2; ++hop)
                for (size_t i = 0; i < k; ++i)
                    both.insert(layer.choices[(hop * tokens + t) * k + i]);
            const double all = static_cast<double>(both.size());
            sum += (2 * static_cast<double>(k) - all) / all;
        }
        EXPECT_NEAR(layer.jaccard[1], sum / static_cast<double>(tokens), 1e-6)
            << "of the choices beside it";
        EXPECT_LT(layer.jaccard[1], 1);
    }
    const auto eval = json::parse(bytes_of(run + "/eval/step_00000060.json"));
    EXPECT_EQ(eval.at("batches").size(), 3u);
    EXPECT_NEAR(eval.at("loss").get<double>(), records.back().valid_loss, 1e-6);
    EXPECT_EQ(RunFolder::open(run, false)->checkpoints().steps(),
              (std::vector<int64_t>{40, 50, 60}));
}

// Wrong if a run that is opened again shows experts as unused that were used when it was closed.
TEST_F(Run, OpenedAgainItShowsTheLoadsItHad) {
    const auto run = train("a", {"train.steps=20", "train.snapshot_every=20"});
    const auto saved = read_geometry(run + "/geometry/step_00000020.safetensors");
    ASSERT_TRUE(saved.ok()) << saved.error().message;
    SessionOptions o;
    o.run_dir = run;
    o.config = *stored_config(*RunFolder::open(run, false));
    o.open_only = true;
    RunTrainer opened(o);
    RunStatus status;
    ASSERT_TRUE(opened.prepare({}, status).ok());
    const auto shown = opened.geometry();
    ASSERT_TRUE(shown);
    ASSERT_EQ(shown->layers.size(), saved->layers.size());
    for (size_t l = 0; l < saved->layers.size(); ++l) {
        const auto& was = saved->layers[l].load;
        ASSERT_EQ(shown->layers[l].load.size(), was.size());
        EXPECT_GT(*std::max_element(was.begin(), was.end()), 0);
        for (size_t e = 0; e < was.size(); ++e)
            EXPECT_NEAR(shown->layers[l].load[e], was[e], 1e-6) << e;
        for (size_t i = 0; i < saved->layers[l].centroids.size(); ++i)  // the file's are fp16
            EXPECT_NEAR(shown->layers[l].centroids[i], saved->layers[l].centroids[i], 1e-3) << i;
        EXPECT_EQ(shown->layers[l].choices, saved->layers[l].choices);
    }
}

// Fails if the picture of a router with two means an expert has other rows than one an expert, the
// direction half-way between its two.
TEST_F(Run, APictureShowsTwoMeansOfAnExpertAsTheirMiddle) {
    const auto run = train("a", {"train.steps=2", "train.snapshot_every=2", "moe.router=kmeans",
                                 "moe.kmeans=spherical_2"});
    const auto saved = read_geometry(run + "/geometry/step_00000002.safetensors");
    ASSERT_TRUE(saved.ok()) << saved.error().message;
    const auto opened = open_run(run, Precision::fp32);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    for (size_t l = 0; l < 2; ++l) {
        const auto& means = opened->model.weights.layers[l].centroids;
        ASSERT_EQ(means.dim(), 3);
        const int64_t width = means.size(2);
        ASSERT_EQ(std::ssize(saved->layers[l].centroids), 16 * width);
        for (int64_t e = 0; e < 16; ++e) {
            const auto a = means[e][0] / means[e][0].norm(), b = means[e][1] / means[e][1].norm();
            const auto middle = (a + b) / (a + b).norm();
            for (int64_t i = 0; i < width; ++i)
                EXPECT_NEAR(saved->layers[l].centroids[static_cast<size_t>(e * width + i)],
                            middle[i].item().toDouble(), 1e-3)
                    << "layer " << l << ", expert " << e;
        }
    }
}

TEST_F(Run, TellsThePeakMemoryOfAStep) {
    const auto run = train("a", {"train.steps=3"});
    const auto info = json::parse(bytes_of(run + "/run.json"));
    const auto peak = info.at("peak_memory_bytes").get<int64_t>();
    // At least weights, gradients and moments; the program itself is most of it here.
    EXPECT_GT(peak, 16 * info.at("parameters").get<int64_t>());
    EXPECT_LT(peak, int64_t{4} << 30);
}

TEST_F(Run, TheZLossIsRecordedWhereThereIsOne) {
    for (const auto& record : records_of(train("a", {"train.steps=2", "moe.z_loss=0.01"})))
        EXPECT_GT(record.z_loss, 0) << "step " << record.step;
    for (const auto& record : records_of(train("b", {"train.steps=2"})))
        EXPECT_TRUE(std::isnan(record.z_loss)) << "step " << record.step;
}

TEST_F(Run, RepeatsBitForBit) {
    const auto a = train("a"), b = train("b");
    expect_same_course(a, b);
    expect_same_checkpoint(a, b, 60);
}

TEST_F(Run, KilledAtAnyMomentItResumesBitForBit) {
    const auto whole = train("whole");
    const auto broken = dir_ / "broken";
    // Before the first checkpoint, right after one, between two, and near the end.
    for (const int64_t rows : {3, 11, 24, 38, 40, 57})
        ASSERT_TRUE(train_and_kill(config_, broken, is_run_folder(broken), rows))
            << "at row " << rows;
    train("broken", {}, /*resume=*/is_run_folder(broken));
    expect_same_course(whole, broken);
    expect_same_checkpoint(whole, broken, 60);
    // Pictures too: recent loads are means over updates on both sides of a kill.
    for (const int64_t step : {20, 40, 60}) {
        const std::string file = "/geometry/" + step_name(step, ".safetensors");
        const auto a = read_geometry(whole + file), b = read_geometry(broken + file);
        ASSERT_TRUE(a.ok() && b.ok()) << file;
        ASSERT_EQ(a->layers.size(), 2u);
        for (size_t l = 0; l < a->layers.size(); ++l) {
            EXPECT_NEAR(std::accumulate(a->layers[l].load.begin(), a->layers[l].load.end(), 0.0), 1,
                        1e-5);
            EXPECT_EQ(a->layers[l].load, b->layers[l].load) << file;
            EXPECT_EQ(a->layers[l].positions, b->layers[l].positions) << file;
            EXPECT_EQ(a->layers[l].choices, b->layers[l].choices) << file;
            EXPECT_EQ(a->layers[l].centroids, b->layers[l].centroids) << file;
        }
    }
}

TEST_F(Run, InterventionsComeBackBitForBit) {
    // Wrong if a resumed run forgets an intervention, applies a logged command twice, or at another
    // update.
    const auto config = load_config(config_, {"train.threads=1"});
    ASSERT_TRUE(config.ok());
    SessionOptions options;
    options.config = *config;
    options.config_name = "tiny";
    options.run_dir = dir_ / "live";
    options.headless = true;
    Progress quiet;
    quiet.report = [](const std::string&, double) {};
    quiet.cancelled = [] { return false; };
    RunStatus status;
    const std::map<int64_t, std::vector<std::string>> orders = {
        {4,
         {R"({"command": "suppress", "layer": 0, "expert": 1, "neighbours": 3})",
          R"({"command": "boost", "layer": 1, "expert": 2, "strength": 2})"}},
        {6, {R"({"command": "clear", "index": 0})"}},
        {8,
         {R"({"command": "steer", "layers": [0, 1], "expert": 5, "lambda": 1, "hops": 1})",
          R"({"command": "move_centroid", "layer": 0, "expert": 3, "to": [1,0,0,0,0,0,0,2]})",
          R"({"command": "freeze", "what": "centroids", "layers": [1]})"}}};
    const auto go_on = [&](RunTrainer& trainer, bool first, std::vector<float>& losses) {
        while (trainer.step() < 12) {
            const auto due = orders.find(trainer.step());
            if (first && due != orders.end()) {
                for (const auto& line : due->second)
                    ASSERT_TRUE(trainer.apply(*parse_command(line), "test").ok()) << line;
            }
            // The checkpoint of step 6 holds the clear of step 6.
            if (first && trainer.step() == 6) {
                ASSERT_TRUE(trainer.checkpoint().ok());
            }
            const auto record = trainer.update([] {});
            ASSERT_TRUE(record.ok());
            ASSERT_TRUE(trainer.record(*record).ok());
            losses.push_back(record->loss);
        }
        const auto valid = trainer.evaluate(quiet);
        ASSERT_TRUE(valid.ok());
        losses.push_back(*valid);
    };
    std::vector<float> whole, resumed;
    std::vector<std::string> active;
    {
        RunTrainer trainer(options);
        ASSERT_TRUE(trainer.prepare(quiet, status).ok());
        go_on(trainer, true, whole);
        active = trainer.interventions();
        EXPECT_EQ(active.size(), 2u);
    }
    const auto eval = json::parse(bytes_of(options.run_dir + "/eval/step_00000012.json"));
    EXPECT_NE(eval.dump().find("boost: expert 2"), std::string::npos) << "validation says so";
    options.resume = true;
    RunTrainer trainer(options);
    const auto prepared = trainer.prepare(quiet, status);
    ASSERT_TRUE(prepared.ok()) << prepared.error().message;
    ASSERT_EQ(trainer.step(), 6);
    EXPECT_EQ(trainer.interventions(), std::vector<std::string>{active[0]});
    go_on(trainer, false, resumed);
    EXPECT_EQ(trainer.interventions(), active);
    EXPECT_EQ(resumed, std::vector<float>(whole.begin() + 6, whole.end()));
}

TEST_F(Run, RefusesWhatResumeMayNotChange) {
    train("a", {"train.steps=10"});
    lab::TrainOptions o;
    o.config_path = config_;
    o.out = dir_ / "a";
    EXPECT_EQ(lab::train(o).error().kind, ErrorKind::usage) << "an existing run needs --resume";
    o.resume = true;
    o.overrides = {"train.lr=1e-2"};
    const auto result = lab::train(o);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().kind, ErrorKind::usage);
    EXPECT_NE(result.error().message.find("train.lr"), std::string::npos) << result.error().message;
    o.overrides = {"train.steps=12"};
    EXPECT_TRUE(lab::train(o).ok());
    EXPECT_EQ(records_of(dir_ / "a").size(), 12u);
}

TEST_F(Run, NotANumberStopsBeforeTheUpdateAndSavesTheBatch) {
    lab::TrainOptions o;
    o.config_path = config_;
    o.out = dir_ / "nan";
    o.overrides = {"train.lr=1e6", "train.clip=1e9", "train.warmup=0"};
    const auto result = lab::train(o);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().kind, ErrorKind::failed);
    EXPECT_EQ(json::parse(bytes_of(o.out + "/run.json"))
                  .at("state")
                  .get<std::string>()
                  .rfind("failed", 0),
              0u);
    const auto done = records_of(o.out);
    for (const auto& r : done) EXPECT_TRUE(std::isfinite(r.loss));
    bool found = false;
    for (const auto& entry : std::filesystem::directory_iterator(o.out))
        found |= entry.path().filename().string().rfind("bad_batch_", 0) == 0;
    EXPECT_TRUE(found) << "the batch must be kept for a look";
}

TEST_F(Run, EvaluationModes) {
    const auto run = train("a");
    const auto eval = [&](auto change) {
        lab::EvalOptions o;
        o.run = run;
        o.batches = 3;
        change(o);
        auto result = lab::eval(o);
        EXPECT_TRUE(result.ok()) << (result ? "" : result.error().message);
        return json::parse(*result);
    };
    const auto base = eval([](lab::EvalOptions&) {});
    EXPECT_NEAR(base.at("loss").get<double>(), records_of(run).back().valid_loss, 1e-6);
    EXPECT_EQ(base.at("hops_executed"), json({2.0, 2.0}));
    const auto frozen = eval([](lab::EvalOptions& o) { o.freeze_routing = true; });
    EXPECT_EQ(frozen.at("jaccard"), json::array({json::array({1.0}), json::array({1.0})}));
    EXPECT_EQ(eval([](lab::EvalOptions& o) { o.hops = 1; }).at("hops_executed"), json({1.0, 1.0}));
    EXPECT_EQ(eval([](lab::EvalOptions& o) { o.halt = 0; }).at("loss"), base.at("loss"));
    EXPECT_EQ(eval([](lab::EvalOptions& o) { o.halt = 1e9; }).at("loss"),
              eval([](lab::EvalOptions& o) { o.hops = 1; }).at("loss"));
    EXPECT_GT(eval([](lab::EvalOptions& o) { o.no_experts = true; }).at("loss").get<double>(),
              base.at("loss").get<double>());
}

TEST_F(Run, PrecisionBf16TrainsOnTheCpuToo) {
    const auto run = train("a", {"train.precision=bf16", "train.steps=40"});
    const auto records = records_of(run);
    EXPECT_LT(records.back().loss, records.front().loss - 1.0F);
    const auto file = SafetensorsFile::open(checkpoint_of(run, 40) + "/model.safetensors");
    ASSERT_TRUE(file.ok());
    for (const auto& t : file->tensors()) EXPECT_EQ(t.dtype, "F32") << t.name;
}

}  // namespace
}  // namespace hopscope::core
