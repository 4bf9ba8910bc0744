// If these fail, a night of runs ends with the first broken one, trains twice what is done, or
// reports numbers that its run folders do not hold.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/stat.h>

#include "core/lab/batch_file.h"
#include "core/lab/batch_report.h"
#include "core/run/folder_lock.h"
#include "core/run/run_folder.h"
#include "tests/trainer/run_helpers.h"

namespace hopscope::core::lab {
namespace {

using namespace hopscope::test;
using nlohmann::json;
using What = lab::BatchRunBegin::What;

class Batch : public ::testing::Test {
  protected:
    Batch() {
        std::filesystem::create_directories(dir_ / "configs");
        write_config(dir_ / "configs/tiny.toml", write_corpus(dir_ / "corpus.txt"));
        options_.file = dir_ / "batch.toml";
        options_.out = dir_ / "out";
        options_.on_run = [this](const lab::BatchRunBegin& begin) { begun_.push_back(begin); };
    }
    ~Batch() override { lab::interrupt_flag() = 0; }

    /// Two variants × two seeds, `more` behind them.
    void write_file(const std::string& more = "", const std::string& top = "train.steps=12") {
        std::ofstream(options_.file)
            << "set = [\"" << top << "\", \"train.eval_every=6\"]\n"
            << "[[run]]\nconfig = \"configs/tiny.toml\"\nname = \"wide\"\nseeds = [42, 7]\n"
            << "[[run]]\nconfig = \"configs/tiny.toml\"\nname = \"deep\"\nseeds = [42, 7]\n"
            << "set = [\"moe.hops=1\", \"moe.top_k=4\"]\n"
            << more;
    }
    json train() {
        begun_.clear();
        const auto result = lab::batch(options_);
        EXPECT_TRUE(result.ok()) << (result ? "" : result.error().message);
        return result ? json::parse(*result) : json();
    }
    std::string refusal() {
        const auto result = lab::batch(options_);
        EXPECT_FALSE(result.ok());
        if (result) return "";
        EXPECT_EQ(result.error().kind, ErrorKind::usage);
        return result.error().message;
    }
    std::vector<What> begun() const {
        std::vector<What> out;
        for (const auto& begin : begun_) out.push_back(begin.what);
        return out;
    }
    std::string run(const std::string& name) const { return options_.out + "/" + name; }

    TempFolder dir_;
    lab::BatchOptions options_;
    std::vector<lab::BatchRunBegin> begun_;
};

TEST_F(Batch, TrainsEveryVariantWithEverySeedAndReportsThem) {
    write_file();
    const json report = train();
    EXPECT_EQ(report.at("format"), "hopscope.batch/1");
    EXPECT_EQ(report.at("state"), "done");
    std::vector<std::string> order;
    for (const auto& begin : begun_) order.push_back(begin.run);
    EXPECT_EQ(order,
              (std::vector<std::string>{"wide-seed42", "deep-seed42", "wide-seed7", "deep-seed7"}))
        << "all variants of one seed come before the next seed";
    ASSERT_EQ(report.at("runs").size(), 4u);
    for (const auto& row : report.at("runs")) {
        const auto records = records_of(run(row.at("run")));
        ASSERT_EQ(records.size(), 12u);
        EXPECT_EQ(row.at("state"), "done");
        EXPECT_EQ(row.at("steps"), 12);
        EXPECT_EQ(row.at("tokens"), records.back().tokens);
        EXPECT_FLOAT_EQ(row.at("valid_loss").get<float>(), records.back().valid_loss);
        EXPECT_FLOAT_EQ(row.at("best_valid_loss").get<float>(),
                        std::min(records[5].valid_loss, records[11].valid_loss));
        EXPECT_NEAR(row.at("perplexity").get<double>(), std::exp(records.back().valid_loss), 1e-3);
    }
    const double a = report.at("runs")[0].at("valid_loss"),
                 b = report.at("runs")[1].at("valid_loss");
    const json& wide = report.at("variants")[0];
    EXPECT_EQ(wide.at("variant"), "wide");
    EXPECT_EQ(wide.at("n"), 2);
    EXPECT_NEAR(wide.at("valid_loss").at("mean").get<double>(), (a + b) / 2, 1e-9);
    EXPECT_NEAR(wide.at("valid_loss").at("std").get<double>(), std::fabs(a - b) / std::sqrt(2.0),
                1e-9);
    EXPECT_NE(a, b) << "the seed must reach the run";
    EXPECT_EQ(json::parse(bytes_of(run("batch.json"))), report);
    const auto csv = bytes_of(run("batch.csv"));
    EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 5);

    // A run of a batch is the run that `train` makes, and the shared tokenizer the one it trains.
    lab::TrainOptions alone;
    alone.config_path = dir_ / "configs/tiny.toml";
    alone.out = dir_ / "alone";
    alone.overrides = {"train.steps=12", "train.eval_every=6", "moe.hops=1", "moe.top_k=4",
                       "train.seed=7"};
    ASSERT_TRUE(lab::train(alone).ok());
    expect_same_course(alone.out, run("deep-seed7"));
    EXPECT_EQ(bytes_of(alone.out + "/tokenizer.model"),
              bytes_of(run("deep-seed7/tokenizer.model")));

    // Made once: the others' token files are links to the same bytes.
    struct ::stat first {
    }, last{};
    ASSERT_EQ(::stat(run("wide-seed42/data/train.tokens").c_str(), &first), 0);
    ASSERT_EQ(::stat(run("deep-seed7/data/train.tokens").c_str(), &last), 0);
    EXPECT_EQ(first.st_ino, last.st_ino);

    // A second call has nothing to do; more steps in the file make every run go on.
    EXPECT_EQ(train(), report);
    EXPECT_EQ(begun(), (std::vector<What>(4, What::skipped)));
    write_file("", "train.steps=14");
    EXPECT_EQ(train().at("runs")[3].at("steps"), 14);
    EXPECT_EQ(begun(), (std::vector<What>(4, What::resumed)));
}

TEST_F(Batch, FailingRunIsNotedAndTheOthersAreTrained) {
    write_file(
        "[[run]]\nconfig = \"configs/tiny.toml\"\nname = \"lost\"\nseeds = [3]\nset = "
        "[\"data.train=" +
        (dir_ / "missing.txt") + "\"]\n");
    json report = train();
    EXPECT_EQ(report.at("state"), "failed");
    for (const auto& row : report.at("runs"))
        EXPECT_EQ(row.at("state"), row.at("run") == "lost-seed3" ? "failed" : "done");
    EXPECT_NE(report.at("runs")[4].at("reason").get<std::string>().find("missing.txt"),
              std::string::npos);
    // Put right, the next call trains it alone.
    write_corpus(dir_ / "missing.txt");
    report = train();
    EXPECT_EQ(report.at("state"), "done");
    EXPECT_EQ(std::count_if(begun_.begin(), begun_.end(),
                            [](const auto& b) { return b.what == What::skipped; }),
              4);
}

TEST_F(Batch, StopsCleanlyAndGoesOn) {
    write_file("", "train.steps=60");  // the stop, ordered from another thread, must come in time
    options_.on_step = [&](const ScalarRecord& record, const RunStatus&) {
        if (begun_.size() == 2 && record.step >= 4) lab::interrupt_flag() = SIGINT;
    };
    json report = train();
    EXPECT_EQ(report.at("state"), "interrupted");
    EXPECT_EQ(report.at("runs")[0].at("state"), "done");
    EXPECT_EQ(report.at("runs")[2].at("state"), "paused");
    const auto& waits = report.at("runs")[1];
    EXPECT_EQ(waits.at("state"), "waiting");
    for (const char* key : {"steps", "tokens", "seconds"}) EXPECT_EQ(waits.at(key), 0) << key;
    EXPECT_TRUE(waits.at("valid_loss").is_null());
    EXPECT_EQ(json::parse(bytes_of(run("batch.json"))), report);
    lab::interrupt_flag() = 0;
    options_.on_step = nullptr;
    report = train();
    EXPECT_EQ(report.at("state"), "done");
    EXPECT_EQ(begun(),
              (std::vector<What>{What::skipped, What::resumed, What::started, What::started}));
    lab::TrainOptions alone;
    alone.config_path = dir_ / "configs/tiny.toml";
    alone.out = dir_ / "alone";
    alone.overrides = {"train.steps=60", "train.eval_every=6", "moe.hops=1", "moe.top_k=4"};
    ASSERT_TRUE(lab::train(alone).ok());
    expect_same_course(alone.out, run("deep-seed42"));
}

TEST_F(Batch, ChangedTextIsNotTakenOver) {
    write_file();
    options_.on_run = [&](const lab::BatchRunBegin& begin) {
        if (begin.number == 3) write_corpus(dir_ / "corpus.txt", 7000);
    };
    const json report = train();
    ASSERT_EQ(report.at("state"), "done");
    const auto hash = [&](const std::string& name) {
        return RunFolder::open(run(name), false)->info().corpus_hashes.at("train");
    };
    EXPECT_EQ(hash("wide-seed42"), hash("deep-seed42"));
    EXPECT_NE(hash("wide-seed42"), hash("wide-seed7")) << "tokens of the old text were taken over";
    EXPECT_EQ(hash("wide-seed7"), hash("deep-seed7"));
}

// A batch of the repository that cannot be read would be found after everything was set up for it.
TEST_F(Batch, FilesOfTheRepositoryCanBeRead) {
    size_t files = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(std::string(HOPSCOPE_CONFIGS) + "/batches")) {
        const auto runs = read_batch_file(entry.path().string(), {"train.steps=7"});
        ASSERT_TRUE(runs.ok()) << runs.error().message;
        ++files;
        for (const auto& run : *runs) EXPECT_EQ(run.config.train.steps, 7) << run.name;
    }
    EXPECT_GE(files, 1u);
}

TEST_F(Batch, WrongFilesAreNamedWithTheirLine) {
    const auto complains = [&](const std::string& text, const std::string& part) {
        std::ofstream(options_.file) << text;
        const auto message = refusal();
        EXPECT_NE(message.find(part), std::string::npos) << message;
    };
    const std::string tiny = "[[run]]\nconfig = \"configs/tiny.toml\"\n";
    complains("set = [", "batch.toml:1");
    complains("", "no [[run]]");
    complains("sets = []\n" + tiny, "batch.toml:1: unknown key sets");
    complains(tiny + "seed = [1]\n", "batch.toml:3: unknown key run.seed");
    complains(tiny + "seeds = []\n", "batch.toml:3: run.seeds");
    complains(tiny + "seeds = [1, 2, 1]\n", "found 1 twice");
    complains(tiny + "seeds = [-1]\n", "run.seeds");
    complains(tiny + "name = \"../up\"\n", "run.name: found \"../up\"");
    complains(tiny + "name = \"" + std::string(201, 'n') + "\"\n", "allowed up to 200 letters");
    complains("[[run]]\nconfig = \"some/folder/\"\n",
              "batch.toml:1: run.config: found \"some/folder/\", a folder");
    complains("[[run]]\nconfig = \".\"\n", "/.: is a folder");
    complains("[[run]]\nname = \"a\"\n", "run.config is missing");
    complains("[[run]]\nconfig = \"none.toml\"\n", "none.toml");
    complains(tiny + "set = [\"moe.top_k=600\"]\n", "moe.top_k");
    complains(tiny + "set = \"moe.top_k=2\"\n", "batch.toml:3: run.set");
    complains("set = [\"moe.tau=2\",\n\"x\"]\n" + tiny,
              "batch.toml:2: set x: allowed table.key=value");
    complains(tiny + "set = [\n\"train.lr=1e39\"]\n",
              "batch.toml:4: set train.lr=1e39: train.lr: found 1e+39");
    complains(tiny + tiny, "stands in line 1 already");
    EXPECT_FALSE(std::filesystem::exists(options_.out)) << "nothing may be begun";
}

TEST_F(Batch, OfAnotherProcessIsRefusedBeforeAnythingIsDone) {
    write_file("", "train.steps=2");
    train();
    const auto lock = FolderLock::take(options_.out, FolderOf::batch);
    ASSERT_TRUE(lock);
    const auto before = contents_of(options_.out);
    EXPECT_NE(refusal().find("is writing this batch"), std::string::npos);
    EXPECT_TRUE(contents_of(options_.out) == before);
}

// Wrong if a call that asks something else of what was trained makes a failure of it.
TEST_F(Batch, RunsThatDoNotFitTheFileAreRefusedBeforeAnythingIsDone) {
    write_file("", "train.steps=2");
    train();
    const auto before = contents_of(options_.out);
    const auto refused_for = [&](const std::string& key) {
        const std::string message = refusal();
        for (const std::string& part : {std::string("wide-seed42: ") + key, "deep-seed7: " + key,
                                        options_.out, options_.file})
            EXPECT_NE(message.find(part), std::string::npos) << message;
        EXPECT_TRUE(begun_.empty());
        EXPECT_TRUE(contents_of(options_.out) == before);
    };
    begun_.clear();
    options_.overrides = {"train.lr=0.1"};
    refused_for("train.lr: ");
    options_.overrides = {"train.lr=0.1", "train.steps=9"};
    refused_for("train.lr: ");
    options_.overrides = {"train.steps=9"};
    EXPECT_EQ(train().at("runs")[0].at("steps"), 9) << "what resume may change";
}

// Wrong if what was reported of other runs is lost without a word.
TEST_F(Batch, TheReportOfAnotherListIsNotReplaced) {
    write_file("", "train.steps=2");
    train();
    const auto before = contents_of(options_.out);
    const std::string all = bytes_of(options_.file);
    put_bytes(options_.file, all.substr(0, all.rfind("[[run]]")));
    EXPECT_NE(refusal().find("deep-seed7 are not in"), std::string::npos) << refusal();
    EXPECT_TRUE(contents_of(options_.out) == before);
}

// Wrong if one that stands where a run is to be is found when others were trained.
TEST_F(Batch, AForeignFolderInTheOneOfTheBatchIsRefusedFirst) {
    write_file("", "train.steps=2");
    train();
    std::filesystem::remove_all(run("deep-seed7"));
    std::filesystem::create_directory(run("deep-seed7"));
    put_bytes(run("deep-seed7/notes.txt"), "mine");
    const auto before = contents_of(options_.out);
    EXPECT_NE(refusal().find("notes.txt"), std::string::npos);
    EXPECT_TRUE(contents_of(options_.out) == before);
}

// Wrong if hours are trained before the report finds no place, or a run its file.
TEST_F(Batch, WhatStandsInPlaceOfAReportIsFoundFirst) {
    write_file();
    EXPECT_EQ(train().at("state"), "done");
    write_file("", "train.steps=14");
    const std::string report = bytes_of(run("batch.json"));
    for (const char* place : {"batch.csv", "wide-seed7/metrics.csv"}) {
        const std::string table = bytes_of(run(place));
        std::filesystem::remove(run(place));
        std::filesystem::create_directory(run(place));
        begun_.clear();
        const std::string message = refusal();
        EXPECT_NE(message.find(run(place) + ": is a folder; a file is expected"), std::string::npos)
            << message;
        EXPECT_TRUE(begun_.empty()) << place;
        EXPECT_EQ(bytes_of(run("batch.json")), report) << place;
        std::filesystem::remove(run(place));
        std::ofstream(run(place)) << table;
    }
    EXPECT_EQ(train().at("state"), "done");
}

// Wrong if a refusal were as long as a name in a damaged report.
TEST_F(Batch, ANameInAReportOfAnyLengthIsToldShort) {
    write_file();
    EXPECT_EQ(train().at("state"), "done");
    std::string report = bytes_of(run("batch.json"));
    report.replace(report.find("\"wide-seed7\""), 12, '"' + std::string(3000, 'a') + '"');
    put_bytes(run("batch.json"), report);
    const std::string message = refusal();
    EXPECT_NE(message.find("holds the batch of another list: aaa"), std::string::npos) << message;
    EXPECT_LT(message.size(), 400u);
}

// Wrong if a batch that ended where nothing found room is kept as one that is running.
TEST_F(Batch, ItsStateFindsRoomWhereNoFileDoes) {
    write_file();
    options_.on_run = [this](const lab::BatchRunBegin&) {
        std::filesystem::create_directory(run("batch.json.tmp"));
    };
    EXPECT_EQ(train().at("state"), "done");
    EXPECT_EQ(json::parse(bytes_of(run("batch.json"))).at("state"), "done");
    std::filesystem::create_directory(run("batch.csv.tmp"));
    const auto failed = lab::batch(options_);
    ASSERT_FALSE(failed.ok());
    EXPECT_EQ(failed.error().kind, ErrorKind::failed);
    EXPECT_NE(failed.error().message.find("batch.csv"), std::string::npos);
    EXPECT_EQ(json::parse(bytes_of(run("batch.json"))).at("state"), "failed");
}

// Wrong if a stopped run is called failed because the file now asks for less than was done.
TEST_F(Batch, FewerStepsThanAStoppedRunHasAreRefused) {
    write_file("", "train.steps=60");
    options_.on_step = [&](const ScalarRecord& record, const RunStatus&) {
        if (record.step >= 4) lab::interrupt_flag() = SIGINT;
    };
    EXPECT_EQ(train().at("state"), "interrupted");
    lab::interrupt_flag() = 0;
    options_.on_step = nullptr;
    const auto before = contents_of(options_.out);
    options_.overrides = {"train.steps=2"};
    EXPECT_NE(refusal().find("wide-seed42: train.steps: found 2, but "), std::string::npos);
    EXPECT_TRUE(contents_of(options_.out) == before);
}

// Wrong if a message of several lines breaks a table that is read line by line.
TEST(BatchTable, AReasonIsOneLineOfIt) {
    BatchRow row;
    row.run = "a-seed1";
    row.state = RunState::failed;
    row.reason = "keys differ:\n  train.lr\n  train.beta2, too\n";
    const std::string csv = batch_csv({row, row});
    EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 3) << csv;
    EXPECT_NE(csv.find("\"keys differ: train.lr; train.beta2, too\""), std::string::npos) << csv;
}

// Fails if a variant beyond the first is left out, stands twice, or takes in runs of another or
// such as are not done.
TEST(BatchTable, EachVariantIsSummedOverItsOwnRunsThatAreDone) {
    std::vector<BatchRow> rows;
    const auto add = [&](const char* variant, uint64_t seed, std::optional<RunState> state,
                         double loss, double best) {
        BatchRow& row = rows.emplace_back();
        row.run = std::string(variant) + "-seed" + std::to_string(seed);
        row.variant = variant;
        row.seed = seed;
        row.state = state;
        row.valid_loss = loss;
        row.best_valid_loss = best;
        row.seconds = 10 * static_cast<double>(seed);
    };
    add("wide", 1, RunState::done, 3.0, 2.5);
    add("deep", 1, RunState::done, 4.0, 4.0);
    add("flat", 1, std::nullopt, std::nan(""), std::nan(""));
    add("wide", 2, RunState::done, 3.5, 3.5);
    add("deep", 2, RunState::stopped, 9.0, 9.0);
    const auto j = batch_json(rows, BatchState::done);
    EXPECT_EQ(j["runs"].size(), 5u);
    EXPECT_EQ(j["runs"][2]["state"], "waiting");
    ASSERT_EQ(j["variants"].size(), 3u) << "in the order of their first runs";
    const auto &wide = j["variants"][0], &deep = j["variants"][1], &flat = j["variants"][2];
    EXPECT_EQ(wide["variant"], "wide");
    EXPECT_EQ(wide["n"], 2);
    EXPECT_EQ(wide["valid_loss"]["mean"], 3.25);
    EXPECT_NEAR(wide["valid_loss"]["std"].get<double>(), 0.5 / std::sqrt(2.0), 1e-12);
    EXPECT_EQ(wide["best_valid_loss"]["mean"], 3.0);
    EXPECT_NEAR(wide["perplexity"]["mean"].get<double>(), (std::exp(3.0) + std::exp(3.5)) / 2,
                1e-9);
    EXPECT_EQ(wide["seconds"]["mean"], 15);
    EXPECT_EQ(deep["variant"], "deep");
    EXPECT_EQ(deep["n"], 1);
    EXPECT_EQ(deep["valid_loss"]["mean"], 4.0);
    EXPECT_TRUE(deep["valid_loss"]["std"].is_null()) << "one run has no spread";
    EXPECT_EQ(flat["variant"], "flat");
    EXPECT_EQ(flat["n"], 0);
    EXPECT_TRUE(flat["valid_loss"]["mean"].is_null());
}

TEST_F(Batch, FolderThatIsNotOursIsRefused) {
    write_file("", "train.steps=2");
    std::filesystem::create_directories(options_.out + "/wide-seed42");
    put_bytes(options_.out + "/notes.txt", "mine");
    auto before = contents_of(options_.out);
    EXPECT_NE(refusal().find("notes.txt"), std::string::npos);
    EXPECT_TRUE(contents_of(options_.out) == before);
    std::filesystem::remove(options_.out + "/notes.txt");
    before = contents_of(options_.out);
    EXPECT_NE(refusal().find("wide-seed42"), std::string::npos) << "no run of the batch";
    EXPECT_TRUE(contents_of(options_.out) == before);
    std::filesystem::remove(options_.out + "/wide-seed42");
    put_bytes(options_.out + "/batch.json", "my results");
    before = contents_of(options_.out);
    EXPECT_NE(refusal().find("batch.json"), std::string::npos) << "it is not ours";
    EXPECT_TRUE(contents_of(options_.out) == before);
    std::filesystem::remove(options_.out + "/batch.json");
    EXPECT_EQ(train().at("state"), "done") << "an empty folder is taken";
}

// Wrong if a batch that was killed in its first run, before there was a report, cannot go on.
TEST_F(Batch, KilledInItsFirstRunGoesOn) {
    write_file("", "train.steps=2");
    train();
    for (const char* name : {"/batch.json", "/batch.csv", "/.lock"})
        std::filesystem::remove(options_.out + name);
    for (const char* name : {"/wide-seed7", "/deep-seed42", "/deep-seed7"})
        std::filesystem::remove_all(options_.out + name);
    train();
    EXPECT_EQ(begun(),
              (std::vector<What>{What::skipped, What::started, What::started, What::started}));
}

}  // namespace
}  // namespace hopscope::core::lab
