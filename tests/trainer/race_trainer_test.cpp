// If these fail, the lanes of a race are not the runs they claim to be, or the file that says who
// overtook whom does not follow from their curves.
#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <tuple>
#include <utility>

#include "core/run/folder_lock.h"
#include "core/run/run_folder.h"
#include "tests/trainer/run_helpers.h"

namespace hopscope::core {
namespace {

using namespace hopscope::test;
using nlohmann::json;

class Race : public ::testing::Test {
  protected:
    Race() {
        const auto corpus = write_corpus(dir_ / "corpus.txt");
        options_.config_paths = {
            write_config(dir_ / "wide.toml", corpus),
            variant("deep", "moe]\n", "moe]\nexpert_rank = 2\n"),
            variant("dense", "n_heads = 2\n", "n_heads = 2\nffn = \"dense\"\nd_ff = 48\n")};
        options_.overrides = {"train.steps=24", "train.eval_every=4"};
        options_.out = dir_ / "race";
    }
    ~Race() override { lab::interrupt_flag() = 0; }

    /// wide.toml with `from` replaced.
    std::string variant(const std::string& name, const std::string& from, const std::string& to) {
        std::string text = bytes_of(dir_ / "wide.toml");
        const auto at = text.find(from);
        EXPECT_NE(at, std::string::npos);
        text.replace(at, from.size(), to);
        std::ofstream(dir_ / (name + ".toml")) << text;
        return dir_ / (name + ".toml");
    }
    json race() {
        const auto result = lab::race(options_);
        EXPECT_TRUE(result.ok()) << (result ? "" : result.error().message);
        return result ? json::parse(*result) : json();
    }
    void refused(const std::string& part) {
        const auto result = lab::race(options_);
        ASSERT_FALSE(result.ok());
        EXPECT_EQ(result.error().kind, ErrorKind::usage);
        EXPECT_NE(result.error().message.find(part), std::string::npos) << result.error().message;
    }
    std::string lane(const std::string& name) const { return options_.out + "/" + name; }

    /// Trains each configuration alone and compares everything but times.
    void expect_lanes_as_alone() {
        for (const auto& path : options_.config_paths) {
            lab::TrainOptions o;
            o.config_path = path;
            o.overrides = options_.overrides;
            const auto name = std::filesystem::path(path).stem().string();
            o.out = dir_ / ("alone_" + name);
            ASSERT_TRUE(lab::train(o).ok());
            expect_same_course(o.out, lane(name));
            for (const char* file : {"/checkpoints/step_00000024/model.safetensors",
                                     "/checkpoints/step_00000024/optimizer.safetensors",
                                     "/tokenizer.model", "/config.toml"})
                EXPECT_EQ(bytes_of(o.out + file), bytes_of(lane(name) + file)) << name << file;
            const auto a = RunFolder::open(o.out, false), b = RunFolder::open(lane(name), false);
            ASSERT_TRUE(a.ok() && b.ok());
            EXPECT_EQ(a->checkpoints().steps(), b->checkpoints().steps()) << name;
            EXPECT_EQ(a->evals(), b->evals()) << name;
            ASSERT_EQ(a->geometry().size(), b->geometry().size()) << name;
            EXPECT_EQ(a->info().corpus_hashes, b->info().corpus_hashes);
            EXPECT_EQ(b->info().state, RunState::done);
            lab::EvalOptions eval;
            eval.run = lane(name);
            eval.batches = 2;
            EXPECT_TRUE(lab::eval(eval).ok()) << "a lane must be a plain run";
        }
    }

    TempFolder dir_;
    lab::RaceOptions options_;
};

/// (a, b, step) where the order of the validation losses changes, found by looking alone.
std::vector<std::tuple<std::string, std::string, int64_t>> crossings_of(
    const std::vector<std::string>& names, const std::string& dir) {
    std::vector<std::tuple<std::string, std::string, int64_t>> out;
    for (size_t i = 0; i < names.size(); ++i)
        for (size_t j = i + 1; j < names.size(); ++j) {
            const auto x = records_of(dir + "/" + names[i]), y = records_of(dir + "/" + names[j]);
            bool known = false, i_ahead = false;
            for (size_t n = 0; n < std::min(x.size(), y.size()); ++n) {
                if (std::isnan(x[n].valid_loss) || x[n].valid_loss == y[n].valid_loss) continue;
                const bool now = x[n].valid_loss < y[n].valid_loss;
                if (known && now != i_ahead) out.emplace_back(names[i], names[j], x[n].step);
                known = true;
                i_ahead = now;
            }
        }
    return out;
}

TEST_F(Race, LanesHaveTheNumbersTheyHaveAlone) {
    std::vector<std::pair<int64_t, int32_t>> turns;
    options_.on_step = [&](const ScalarRecord& r, const RunStatus& status) {
        turns.emplace_back(r.step, r.lane);
        EXPECT_EQ(status.lanes, (std::vector<std::string>{"wide", "deep", "dense"}));
    };
    const json report = race();
    ASSERT_EQ(turns.size(), 3u * 24u);
    for (size_t i = 0; i < turns.size(); ++i)
        EXPECT_EQ(turns[i], (std::pair<int64_t, int32_t>(i / 3 + 1, i % 3))) << "not in turn";
    expect_lanes_as_alone();

    EXPECT_EQ(report.at("format"), "hopscope.race/1");
    EXPECT_EQ(report.at("state"), "done");
    ASSERT_EQ(report.at("lanes").size(), 3u);
    for (const auto& l : report.at("lanes")) {
        const auto last = records_of(lane(l.at("run"))).back();
        EXPECT_EQ(l.at("state"), "done");
        EXPECT_EQ(l.at("step"), 24);
        EXPECT_EQ(l.at("tokens"), last.tokens);
        EXPECT_EQ(l.at("seconds"), last.seconds);
        EXPECT_FLOAT_EQ(l.at("valid_loss").get<float>(), last.valid_loss);
    }
    std::vector<std::tuple<std::string, std::string, int64_t>> found;
    for (const auto& c : report.at("crossings")) {
        EXPECT_EQ(c.at("tokens"), c.at("step").get<int64_t>() * 4 * 32 * 2);
        if (c.at("quantity") == "valid_loss")
            found.emplace_back(c.at("a"), c.at("b"), c.at("step").get<int64_t>());
    }
    EXPECT_EQ(found, crossings_of({"wide", "deep", "dense"}, options_.out));
}

TEST_F(Race, StopsCleanlyAndGoesOn) {
    options_.on_step = [](const ScalarRecord& r, const RunStatus&) {
        if (r.step == 7 && r.lane == 0) lab::interrupt_flag() = SIGINT;
    };
    const auto stopped = lab::race(options_);
    ASSERT_FALSE(stopped.ok());
    EXPECT_EQ(stopped.error().kind, ErrorKind::interrupted) << stopped.error().message;
    lab::interrupt_flag() = 0;
    for (const char* name : {"wide", "deep", "dense"}) {
        const auto folder = RunFolder::open(lane(name), false);
        ASSERT_TRUE(folder.ok());
        EXPECT_EQ(folder->info().state, RunState::paused);
        EXPECT_EQ(folder->checkpoints().steps().back(), records_of(lane(name)).back().step)
            << name << " lost updates";
    }
    EXPECT_EQ(json::parse(bytes_of(lane("race.json"))).at("state"), "paused");
    // As after a kill, one lane may be behind the others, and one not even begun.
    std::filesystem::remove_all(lane("deep") + "/checkpoints");
    std::filesystem::remove_all(lane("dense"));
    refused("go on with it");
    auto configs = options_.config_paths;
    bool looked = false;
    options_.on_step = [&](const ScalarRecord&, const RunStatus&) {
        if (std::exchange(looked, true)) return;
        // Who looks at the folders meanwhile sees that they are at work again.
        for (const char* file : {"race.json", "wide/run.json", "deep/run.json", "dense/run.json"})
            EXPECT_EQ(json::parse(bytes_of(lane(file))).at("state"), "running") << file;
    };
    options_.resume = true;
    options_.config_paths.clear();
    refused("dense");
    options_.config_paths = configs;
    EXPECT_EQ(race().at("state"), "done");
    EXPECT_TRUE(looked);
    expect_lanes_as_alone();
    options_.config_paths.clear();
    EXPECT_EQ(race().at("lanes").size(), 3u) << "a finished race is told again";
}

TEST_F(Race, LanesOnOtherBatchesAreRefusedWithTheKeys) {
    const auto wide = options_.config_paths[0];
    for (const auto& [from, to, key] : std::vector<std::array<std::string, 3>>{
             {"batch = 4", "batch = 2", "train.batch: 4 → 2"},
             {"steps = 60", "steps = 60\nseed = 7", "train.seed: 42 → 7"},
             {"grad_accum = 2", "grad_accum = 1", "train.grad_accum"},
             {"vocab_size = 320", "vocab_size = 300", "model.vocab_size"},
             {"seq_len = 32", "seq_len = 16", "train.seq_len"},
             {"source = \"text\"", "separator = \"--\"\nsource = \"text\"", "data.separator"},
             {"threads = 2", "threads = 1", "train.threads"}}) {
        options_.config_paths = {wide, variant("other", from, to)};
        refused(key);
    }
    options_.config_paths = {wide};
    refused("two or more");
    std::filesystem::create_directories(dir_ / "sub");
    std::filesystem::copy_file(wide, dir_ / "sub/wide.toml");
    options_.config_paths = {wide, dir_ / "sub/wide.toml"};
    refused("called \"wide\"");
    // The race's own file stands there.
    std::filesystem::copy_file(wide, dir_ / "race.json.toml");
    options_.config_paths = {wide, dir_ / "race.json.toml"};
    refused("\"race.json\", which cannot be");
    EXPECT_FALSE(std::filesystem::exists(options_.out)) << "nothing may be begun";
}

TEST_F(Race, LaneThatFailsIsLeftBehind) {
    options_.config_paths.resize(2);
    options_.config_paths.push_back(
        variant("wild", "lr = 3e-3\nwarmup = 5", "lr = 1e6\nwarmup = 0\nclip = 1e9"));
    const json report = race();
    for (const auto& l : report.at("lanes"))
        EXPECT_EQ(l.at("state"), l.at("name") == "wild" ? "failed" : "done");
    EXPECT_NE(report.at("lanes")[2].at("reason").get<std::string>().find("loss"),
              std::string::npos);
    EXPECT_EQ(RunFolder::open(lane("wild"), false)->info().state, RunState::failed);
    options_.config_paths.resize(2);
    expect_lanes_as_alone();
}

// Wrong if a lane that lost its last updates is told as done, or a race that ended as running.
TEST_F(Race, ALaneIsDoneOnceItIsSaved) {
    const auto blocked = lane("deep") + "/checkpoints/.new_step_00000024";
    options_.on_step = [&](const ScalarRecord& r, const RunStatus&) {
        if (r.step != 1 || r.lane != 1) return;
        std::ofstream(blocked) << "in the way of the last checkpoint";
        // Nor does a second file find room.
        std::filesystem::create_directory(lane("race.json.tmp"));
        std::filesystem::create_directory(lane("deep/run.json.tmp"));
    };
    const auto failed = lab::race(options_);
    ASSERT_FALSE(failed.ok());
    EXPECT_EQ(failed.error().kind, ErrorKind::failed) << failed.error().message;
    const json report = json::parse(bytes_of(lane("race.json")));
    EXPECT_EQ(report.at("state"), "failed");
    for (const auto& l : report.at("lanes")) {
        const bool whole = l.at("name") == "wide";  // its turn was before
        EXPECT_EQ(l.at("state"), whole ? "done" : "failed") << l;
        if (!whole) {
            EXPECT_NE(l.at("reason").get<std::string>().find(".new_step_00000024"),
                      std::string::npos)
                << l;
        }
        const auto folder = RunFolder::open(lane(l.at("run")), false);
        ASSERT_TRUE(folder.ok());
        EXPECT_EQ(folder->info().state, whole ? RunState::done : RunState::failed) << l;
    }
    options_.on_step = nullptr;
    options_.resume = true;
    refused(".new_step_00000024: is a file");
    for (const std::string& path : {blocked, lane("race.json.tmp"), lane("deep/run.json.tmp")})
        std::filesystem::remove(path);
    EXPECT_EQ(race().at("state"), "done");
    expect_lanes_as_alone();
}

TEST_F(Race, MissingTextLeavesNothingBehind) {
    options_.overrides.push_back("data.train=" + (dir_ / "missing.txt"));
    refused("missing.txt");
    refused("missing.txt");
    EXPECT_FALSE(std::filesystem::exists(lane("wide")));
    EXPECT_FALSE(std::filesystem::exists(lane("race.json")));
}

// Wrong if a file of a person that is called race.json is taken for a race, and written over.
TEST_F(Race, ARaceJsonThatIsNotOursIsLeftAlone) {
    std::filesystem::create_directories(options_.out);
    for (const char* theirs :
         {"{\"winner\": \"me\"}", "", "x", "{\"format\": \"hopscope.race/1\"}",
          "{\"format\": \"hopscope.race/1\", \"lanes\": [{\"run\": \"../up\"}]}"})
        for (const bool resume : {false, true}) {
            put_bytes(lane("race.json"), theirs);
            const auto before = contents_of(options_.out);
            options_.resume = resume;
            refused("race");
            EXPECT_TRUE(contents_of(options_.out) == before) << theirs;
        }
}

TEST_F(Race, RefusedResumeOfOneLaneChangesNone) {
    options_.config_paths.pop_back();
    options_.overrides = {"train.steps=4", "train.eval_every=4"};
    race();
    // The first lane could go on, the second cannot: for a file where a folder belongs, …
    std::filesystem::rename(lane("deep") + "/geometry", dir_ / "geometry");
    put_bytes(lane("deep") + "/geometry", "x");
    const auto disorder = contents_of(options_.out);
    options_.resume = true;
    refused(lane("deep") + "/geometry: is a file");
    EXPECT_TRUE(contents_of(options_.out) == disorder);
    std::filesystem::remove(lane("deep") + "/geometry");
    std::filesystem::rename(dir_ / "geometry", lane("deep") + "/geometry");
    // … or for tokens of other text.
    const std::string tokens = lane("deep") + "/data/valid.tokens";
    std::filesystem::remove(tokens);
    std::filesystem::copy_file(lane("deep") + "/data/train.tokens", tokens);
    const auto before = contents_of(options_.out);
    // Or a lane would be lost without a word.
    const auto configs = options_.config_paths;
    options_.config_paths = {configs[0], variant("third", "lr = 3e-3", "lr = 1e-3")};
    refused("not named is deep; new is third");
    // A name in a damaged file may be of any length.
    const std::string race_file = lane("race.json"), whole = bytes_of(race_file);
    json renamed = json::parse(whole);
    renamed["lanes"][1]["run"] = std::string(3000, 'a');
    put_bytes(race_file, renamed.dump());
    options_.config_paths = configs;
    refused("new is deep");
    EXPECT_LT(lab::race(options_).error().message.size(), 400u);
    put_bytes(race_file, whole);
    options_.config_paths.clear();
    options_.overrides = {"train.steps=8"};
    refused(tokens);
    EXPECT_TRUE(contents_of(options_.out) == before);
}

TEST_F(Race, OfAnotherProcessIsRefusedBeforeAnythingIsDone) {
    options_.overrides = {"train.steps=2"};
    race();
    const auto lock = FolderLock::take(options_.out, FolderOf::race);
    ASSERT_TRUE(lock);
    const auto before = contents_of(options_.out);
    options_.resume = true;
    refused("is writing this race");
    EXPECT_TRUE(contents_of(options_.out) == before);
}

TEST_F(Race, FailedStartLeavesTheFolderAsItWas) {
    const auto before = contents_of(dir_.path());
    options_.overrides = {"data.train=\"absent.txt\""};
    options_.out = dir_ / "deep/er/race";
    refused("absent.txt");
    EXPECT_TRUE(contents_of(dir_.path()) == before);
    std::filesystem::create_directories(dir_ / "mine");
    put_bytes(dir_ / "mine/notes.txt", "mine");
    options_.out = dir_ / "mine";
    options_.overrides = {"train.steps=2"};
    refused("notes.txt");
    EXPECT_EQ(contents_of(dir_ / "mine").size(), 1u);
}

}  // namespace
}  // namespace hopscope::core
