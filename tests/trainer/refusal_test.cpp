// If these fail, a run that cannot be gone on with is spoilt by the attempt, or a folder that was
// deleted or given to someone else is written.
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/run/run_folder.h"
#include "core/session/headless.h"
#include "core/trainer/run_trainer.h"
#include "tests/trainer/trained_run.h"

namespace hopscope::core {
namespace {

using namespace hopscope::test;
using nlohmann::json;
namespace fs = std::filesystem;
using Damage = std::function<void(const std::string& run)>;

void copy_folder(const std::string& from, const std::string& to) {
    fs::remove_all(to);
    fs::copy(from, to, fs::copy_options::recursive);
}

/// Puts `value` at `key` ("live.tau": inside an object) of every state.json of the run.
Damage state_with(const std::string& key, const json& value) {
    return [=](const std::string& run) {
        for (const auto& entry : fs::directory_iterator(run + "/checkpoints")) {
            const std::string path = entry.path() / "state.json";
            json state = json::parse(bytes_of(path));
            const auto dot = key.find('.');
            if (dot == std::string::npos)
                state[key] = value;
            else
                state[key.substr(0, dot)][key.substr(dot + 1)] = value;
            put_bytes(path, state.dump());
        }
    };
}

class Refusal : public SharedRuns {
  protected:
    static void SetUpTestSuite() {
        SharedRuns::SetUpTestSuite();
        write_corpus(*runs_ / "other.txt", 5000);
        const std::vector<std::string> small = {"train.threads=1", "train.steps=8",
                                                "train.eval_every=4", "train.checkpoint_every=4"};
        train_run("run", small);
        train_run("other", small, {"data.train=\"" + *runs_ / "other.txt" + "\""});
    }
    static lab::TrainOptions resume(std::vector<std::string> overrides = {"train.steps=12"}) {
        lab::TrainOptions o;
        o.out = *runs_ / "copy";
        o.resume = true;
        o.overrides = std::move(overrides);
        return o;
    }
    /// A copy of the run with `damage` is not gone on with: exit 2, the message holds all of
    /// `words`, and no byte of the folder changes.
    static void refused(const std::string& what, const Damage& damage,
                        const std::vector<std::string>& words,
                        const std::vector<std::string>& overrides = {"train.steps=12"}) {
        copy_folder(*runs_ / "run", *runs_ / "copy");
        damage(*runs_ / "copy");
        const auto before = contents_of(*runs_ / "copy");
        const auto done = lab::train(resume(overrides));
        ASSERT_FALSE(done.ok()) << what;
        EXPECT_EQ(done.error().kind, ErrorKind::usage) << what << ": " << done.error().message;
        for (const std::string& word : words)
            EXPECT_NE(done.error().message.find(word), std::string::npos)
                << what << ": " << done.error().message;
        EXPECT_TRUE(contents_of(*runs_ / "copy") == before) << what << " changed the folder";
    }
    static Damage foreign(const std::string& file) {
        return [file](const std::string& run) {
            fs::copy_file(*runs_ / "other/" + file, run + "/" + file,
                          fs::copy_options::overwrite_existing);
        };
    }
    static void nothing(const std::string&) {}
};

TEST_F(Refusal, OfSettingsChangesNothing) {
    refused("steps", nothing, {"train.steps: found 4", "8 or more"}, {"train.steps=4"});
    refused("a key", nothing, {"train.lr"}, {"train.lr=1"});
    refused("a range", nothing, {"train.eval_every"}, {"train.eval_every=-3"});
    refused("run.json",
            [](const std::string& run) {
                json info = json::parse(bytes_of(run + "/run.json"));
                info["threads"] = 1000000;
                put_bytes(run + "/run.json", info.dump());
            },
            {"run.json", "\"threads\": found 1000000"}, {"train.threads=0", "train.steps=12"});
    refused("no .lock", [](const std::string& run) { fs::remove(run + "/.lock"); }, {"8 or more"},
            {"train.steps=4"});
}

TEST_F(Refusal, OfOtherDataChangesNothing) {
    for (const char* file : {"tokenizer.model", "data/train.tokens", "data/valid.tokens"})
        refused(file, foreign(file), {"content hash", *runs_ / "copy/" + file});
    // The text grew, and what was made of it is gone.
    const std::string text = *runs_ / "corpus.txt", as_it_was = bytes_of(text);
    const Damage without_tokens = [](const std::string& run) { fs::remove_all(run + "/data"); };
    const auto without = [](const char* file) -> Damage {
        return [file](const std::string& run) { fs::remove(run + file); };
    };
    const Damage without_all = [](const std::string& run) {
        fs::remove_all(run + "/data");
        fs::remove(run + "/tokenizer.model");
    };
    std::ofstream(text, std::ios::app) << "more\n";
    refused("no tokens", without_tokens, {"content hash", text});
    refused("no tokens and tokenizer", without_all, {"content hash", text});
    fs::remove(text);
    refused("no text", without_tokens, {text});
    put_bytes(text, as_it_was);
    // With the text as it was everything comes back, and the run goes on bit for bit.
    copy_folder(*runs_ / "run", *runs_ / "copy");
    ASSERT_TRUE(lab::train(resume()).ok());
    copy_folder(*runs_ / "copy", *runs_ / "whole");
    for (const Damage& damage : {without_tokens, without_all, without("/data/train.tokens"),
                                 without("/data/valid.tokens")}) {
        copy_folder(*runs_ / "run", *runs_ / "copy");
        damage(*runs_ / "copy");
        const auto done = lab::train(resume());
        ASSERT_TRUE(done.ok()) << done.error().message;
        expect_same_course(*runs_ / "whole", *runs_ / "copy");
        expect_same_checkpoint(*runs_ / "whole", *runs_ / "copy", 12);
        for (const char* file : {"tokenizer.model", "data/train.tokens", "data/valid.tokens"})
            EXPECT_TRUE(bytes_of(*runs_ / "copy/" + file) == bytes_of(*runs_ / "run/" + file))
                << file;
        EXPECT_FALSE(fs::exists(*runs_ / "copy/.data_new"));
    }
}

TEST_F(Refusal, OfADamagedCheckpointChangesNothing) {
    const struct {
        const char* key;
        json value;
    } cases[] = {{"tokens", 1e300},
                 {"tokens", -1},
                 {"tokens", 1.5},
                 {"tokens", 0},
                 {"tokens", int64_t{1} << 53},
                 {"seconds", -1},
                 {"seconds", nullptr},
                 {"frozen", {"nonsense"}},
                 {"frozen", 3},
                 {"frozen_experts", {{"1", {99}}}},
                 {"frozen_experts", {{"1", {-1}}}},
                 {"frozen_experts", {{"7", {1}}}},
                 {"frozen_experts", {{"1x", {1}}}},
                 {"frozen_experts", {{"1", 4}}},
                 {"frozen_layers", {{"router", {9}}}},
                 {"frozen_layers", {{"nonsense", {0}}}},
                 {"recent_load", 3},
                 {"recent_load", {1, 2}},
                 {"recent_load", {{0.5}, {0.5}}},
                 {"recent_load", {std::vector<double>(16, 0.1), std::vector<double>(16, -0.1)}},
                 {"recent_load", {std::vector<double>(16, 0.1), std::vector<double>(16, 1.5)}},
                 {"recent_load", {std::vector<double>(16, 0.1), std::vector<json>(16, "x")}},
                 {"commands", -7},
                 {"commands", "x"},
                 {"interventions", {1}},
                 {"interventions", {{{"line", 3}, {"acts", json::array()}}}},
                 {"interventions", {{{"line", "{\"command\": \"nonsense\"}"}, {"acts", {"{}"}}}}},
                 {"live", 3},
                 {"live.tau", -3},
                 {"live.tau", "x"},
                 {"live.tau", 1e300},
                 {"live.top_k", 1.5},
                 {"live.top_k", 1e300}};
    for (const auto& one : cases) {
        const std::string what = std::string(one.key) + " = " + one.value.dump(), key = one.key;
        refused(what, state_with(key, one.value),
                {"step_00000008/state.json", key.substr(key.find('.') + 1)});
        lab::EvalOptions eval;
        eval.run = *runs_ / "copy";
        EXPECT_EQ(lab::eval(eval).error().kind, ErrorKind::usage) << what;
    }
    refused("all damaged",
            [](const std::string& run) {
                for (const auto& entry : fs::directory_iterator(run + "/checkpoints"))
                    put_bytes(entry.path() / "state.json", "{");
            },
            {"no checkpoint of this run can be read", "and 1 older", "nothing was changed"});
}

// Wrong if each checkpoint that is passed over is told, and then the same once more as the reason.
TEST_F(Refusal, OfAllCheckpointsIsToldOnce) {
    copy_folder(*runs_ / "run", *runs_ / "copy");
    for (const auto& entry : fs::directory_iterator(*runs_ / "copy/checkpoints"))
        put_bytes(entry.path() / "state.json", "{");
    std::vector<std::string> told;
    auto o = resume();
    o.on_status = [&](const RunStatus& status) { told = status.notes; };
    EXPECT_FALSE(lab::train(o).ok());
    EXPECT_EQ(told, std::vector<std::string>());
}

// Wrong if a run.json that lost what the run was trained with is taken for one that agrees.
TEST_F(Refusal, OfARunThatDoesNotSayWhatItWasTrainedWith) {
    for (const char* part : {"train", "tokenizer"})
        refused(part,
                [&](const std::string& run) {
                    json info = json::parse(bytes_of(run + "/run.json"));
                    info["corpus_hashes"].erase(part);
                    put_bytes(run + "/run.json", info.dump());
                },
                {"model.safetensors", part, "run.json does not say"});
}

TEST_F(Refusal, StepsThatWereEditedAreNoted) {
    copy_folder(*runs_ / "run", *runs_ / "copy");
    const std::string path = *runs_ / "copy/config.toml";
    std::string text = bytes_of(path);
    const std::string before = "\nsteps = 8 ";
    ASSERT_NE(text.find(before), std::string::npos) << text;
    text.replace(text.find(before), before.size(), "\nsteps = 10 ");
    put_bytes(path, text);
    ASSERT_TRUE(lab::train(resume({})).ok());
    const auto resumes = RunFolder::open(*runs_ / "copy", false)->info().resumes;
    ASSERT_EQ(resumes.size(), 1u);
    EXPECT_EQ(resumes[0].changed,
              std::vector<std::string>{"train.steps: 8 → 10, as config.toml says"});
    EXPECT_EQ(records_of(*runs_ / "copy").back().step, 10);
}

// Wrong if a run whose checkpoints were taken away begins anew, and its curves are cut for that.
TEST_F(Refusal, OfARunWithoutItsCheckpointsChangesNothing) {
    refused("no folder", [](const std::string& run) { fs::remove_all(run + "/checkpoints"); },
            {"metrics.csv holds 8 updates", "put them back"});
    refused("an empty folder",
            [](const std::string& run) {
                fs::remove_all(run + "/checkpoints");
                fs::create_directory(run + "/checkpoints");
            },
            {"metrics.csv holds 8 updates", "put them back"});
}

/// In config.toml, whose lines are KEY = VALUE.
Damage config_with(const std::string& key, const std::string& value) {
    return [=](const std::string& run) {
        std::string text = bytes_of(run + "/config.toml");
        const size_t begin = text.find("\n" + key + " = ") + 1;
        text.replace(begin, text.find('\n', begin) - begin, key + " = " + value);
        put_bytes(run + "/config.toml", text);
    };
}

// Wrong if weights are read as another configuration means them: the numbers would be wrong, and
// nothing would say so.
TEST_F(Refusal, OfAConfigurationThatDidNotMakeTheWeights) {
    const std::pair<std::string, Damage> cases[] = {
        {"model.n_heads", config_with("n_heads", "4")},
        {"model.rope_theta", config_with("rope_theta", "2.0")},
        {"moe.score", config_with("score", "\"sigmoid\"")},
        {"data.train", [](const std::string& run) {
             fs::remove_all(run + "/checkpoints");
             fs::copy(*runs_ / "other/checkpoints", run + "/checkpoints",
                      fs::copy_options::recursive);
         }}};
    for (const auto& [key, damage] : cases) {
        refused(key, damage, {"model.safetensors", key, "config.toml"});
        lab::EvalOptions eval;
        eval.run = *runs_ / "copy";
        const auto done = lab::eval(eval);
        ASSERT_FALSE(done.ok()) << key;
        EXPECT_EQ(done.error().kind, ErrorKind::usage) << key;
        EXPECT_NE(done.error().message.find(key), std::string::npos) << done.error().message;
        EXPECT_LT(done.error().message.size(), 400u);
    }
}

// Wrong if what a person put where a checkpoint will be written is deleted for it.
TEST_F(Refusal, OfWhatStandsWhereACheckpointGoes) {
    refused("a file",
            [](const std::string& run) { put_bytes(run + "/checkpoints/step_00000012", "mine"); },
            {"step_00000012: is a file, a folder is expected", "move it away"});
    refused("a link",
            [](const std::string& run) {
                fs::create_directory_symlink("step_00000004", run + "/checkpoints/step_00000012");
            },
            {"step_00000012: is a link, a folder is expected", "move it away"});
    copy_folder(*runs_ / "run", *runs_ / "copy");
    for (const char* step : {"step_00000008", "step_00000012"}) {
        fs::create_directories(*runs_ / "copy/checkpoints/" + step);
        put_bytes(*runs_ / "copy/checkpoints/" + step + "/thesis.txt", "mine");
    }
    const auto done = lab::train(resume());
    ASSERT_TRUE(done.ok()) << done.error().message;
    for (const char* step : {"step_00000008", "step_00000012"}) {
        EXPECT_EQ(bytes_of(*runs_ / "copy/checkpoints/" + step + "/thesis.txt"), "mine");
        EXPECT_TRUE(fs::exists(*runs_ / "copy/checkpoints/" + step + "/model.safetensors"));
    }
}

// Wrong if metrics.csv turns out to be none after the folder was changed.
TEST_F(Refusal, OfCurvesThatAreNoneChangesNothing) {
    for (const std::string& bytes : {std::string(4000, '\0'), std::string("no curve")})
        refused("metrics.csv",
                [&](const std::string& run) { put_bytes(run + "/metrics.csv", bytes); },
                {"metrics.csv", "a line of units"});
    const std::string all = bytes_of(*runs_ / "run/metrics.csv");
    const auto line = [&](int n) {  // with its end
        size_t begin = 0;
        for (int i = 0; i < n; ++i) begin = all.find('\n', begin) + 1;
        return all.substr(begin, all.find('\n', begin) + 1 - begin);
    };
    const size_t fourth = all.find(line(4));
    std::string doubled = all, swapped = all;
    doubled.insert(fourth, line(4));
    swapped.replace(fourth, line(4).size() + line(5).size(), line(5) + line(4));
    refused("doubled", [&](const std::string& run) { put_bytes(run + "/metrics.csv", doubled); },
            {"metrics.csv:6: update 3 after update 3; allowed rising ones, each once"});
    refused("swapped", [&](const std::string& run) { put_bytes(run + "/metrics.csv", swapped); },
            {"metrics.csv:6: update 3 after update 4"});
}

// Wrong if a run whose weights are no numbers trains on, and blames settings that may not change.
TEST_F(Refusal, OfWeightsThatAreNoNumbersChangesNothing) {
    copy_folder(*runs_ / "run", *runs_ / "copy");
    for (const auto& entry : fs::directory_iterator(*runs_ / "copy/checkpoints")) {
        const std::string path = entry.path() / "model.safetensors";
        std::string bytes = bytes_of(path);
        const float nan = std::numeric_limits<float>::quiet_NaN();
        std::memcpy(bytes.data() + bytes.size() - sizeof nan, &nan, sizeof nan);
        put_bytes(path, bytes);
        // Without them, as in files of older versions: by its hash the content would be found.
        json state = json::parse(bytes_of(entry.path() / "state.json"));
        state.erase("hashes");
        put_bytes(entry.path() / "state.json", state.dump());
    }
    const auto before = contents_of(*runs_ / "copy");
    const auto done = lab::train(resume());
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().kind, ErrorKind::failed);
    EXPECT_NE(done.error().message.find("the weights hold NaN"), std::string::npos)
        << done.error().message;
    EXPECT_TRUE(contents_of(*runs_ / "copy") == before);
}

TEST_F(Refusal, OfAFolderThatIsNoneChangesNothing) {
    for (const std::string name : {"data", "metrics", "geometry", "eval", "checkpoints"}) {
        const std::string path = *runs_ / "copy/" + name;
        refused(name,
                [&](const std::string&) {
                    fs::remove_all(path);
                    put_bytes(path, "x");
                },
                {path + ": is a file", "a folder is expected", "move it away"});
        refused(name + " as a link",
                [&](const std::string&) {
                    fs::remove_all(path);
                    fs::create_symlink("nowhere", path);
                },
                {path + ": is a link that leads to nothing"});
    }
}

TEST_F(Refusal, OfALockOfSomeoneElseChangesNothing) {
    const std::string lock = *runs_ / "copy/.lock";
    refused("text", [&](const std::string&) { put_bytes(lock, "mine"); }, {lock});
    put_bytes(*runs_ / "victim", "4711\n");
    refused("link",
            [&](const std::string&) {
                fs::remove(lock);
                fs::create_symlink("../victim", lock);
            },
            {lock + ": is a link"});
    EXPECT_EQ(bytes_of(*runs_ / "victim"), "4711\n");
}

// The checkpoint is what counts; that the curve no longer reaches it is said, and only then.
TEST_F(Refusal, ACurveThatEndsBeforeTheCheckpointIsToldNotRefused) {
    const std::string path = *runs_ / "copy/metrics.csv",
                      all = bytes_of(*runs_ / "run/metrics.csv");
    size_t third = 0;  // behind units, header, three updates
    for (int line = 0; line < 5; ++line) third = all.find('\n', third) + 1;
    const std::string gap = ": the curve has a gap", ends = ", the checkpoint is of step 8" + gap;
    size_t fourth = all.find('\n', third) + 1;
    std::string renamed = all;
    renamed.replace(renamed.find(",grad_norm,"), 11, ",grad_nurm,");
    const struct {
        std::function<void()> damage;
        std::string told;
    } cases[] = {
        {[] {}, ""},
        {[&] { put_bytes(path, all.substr(0, third)); }, "metrics.csv ends at step 3" + ends},
        {[&] { put_bytes(path, all.substr(0, all.size() - 1)); },
         "metrics.csv ends at step 7" + ends},
        {[&] { put_bytes(path, ""); }, "metrics.csv holds no update" + ends},
        {[&] { fs::remove(path); }, "metrics.csv is missing" + ends},
        {[&] { put_bytes(path, all.substr(0, third) + all.substr(fourth)); },
         "metrics.csv lacks 1 of the 8 steps up to the checkpoint, the first of them 4" + gap},
        {[&] { put_bytes(path, renamed); },
         "metrics.csv has columns that this version does not know (grad_nurm): their values stay "
         "in the old file beside it"}};
    for (const auto& one : cases) {
        copy_folder(*runs_ / "run", *runs_ / "copy");
        one.damage();
        const auto folder = RunFolder::open(*runs_ / "copy", false);
        ASSERT_TRUE(folder.ok());
        SessionOptions o;
        o.run_dir = folder->dir();
        o.config = *stored_config(*folder);
        o.open_only = true;
        std::string told;
        Progress progress;
        progress.note = [&](const std::string& sentence) { told += sentence; };
        RunStatus status;
        ASSERT_TRUE(RunTrainer(o).prepare(progress, status).ok());
        const auto done = lab::train(resume({"train.steps=9"}));
        ASSERT_TRUE(done.ok()) << done.error().message;
        const auto resumes = RunFolder::open(*runs_ / "copy", false)->info().resumes;
        ASSERT_EQ(resumes.size(), 1u);
        std::vector<std::string> expected = {"train.steps: 8 → 9"};
        if (!one.told.empty()) expected.push_back(one.told);
        EXPECT_EQ(resumes.back().changed, expected);
        // A look moves no values into an old file.
        const bool looked = one.told.find("columns") == std::string::npos;
        EXPECT_EQ(told, looked ? one.told : "");
        EXPECT_EQ(records_of(*runs_ / "copy").back().step, 9);
    }
}

// The file keeps its name while its text changes: only the hashes tell such runs apart.
TEST_F(Refusal, OfWeightsTrainedOnOtherText) {
    const std::string text = *runs_ / "corpus.txt", as_it_was = bytes_of(text);
    write_corpus(text, 5000);
    train_run("edited", {"train.threads=1", "train.steps=8", "train.eval_every=4",
                         "train.checkpoint_every=4"});
    put_bytes(text, as_it_was);
    const Damage foreign_weights = [](const std::string& run) {
        fs::remove_all(run + "/checkpoints");
        fs::copy(*runs_ / "edited/checkpoints", run + "/checkpoints", fs::copy_options::recursive);
    };
    refused("weights", foreign_weights, {"model.safetensors", "trained with other text"});
    lab::EvalOptions o;
    o.run = *runs_ / "copy";
    const auto evaluated = lab::eval(o);
    ASSERT_FALSE(evaluated.ok());
    EXPECT_NE(evaluated.error().message.find("trained with other text"), std::string::npos)
        << evaluated.error().message;
}

// A setting that was changed live holds against config.toml, which says what the run began with;
// silently, an edited file would seem to count.
TEST_F(Refusal, ALiveSettingThatHoldsAgainstTheConfigurationIsTold) {
    copy_folder(*runs_ / "run", *runs_ / "copy");
    state_with("live.lr", 0.5)(*runs_ / "copy");
    std::vector<std::string> told;
    auto o = resume();
    o.on_status = [&](const RunStatus& status) { told = status.notes; };
    ASSERT_TRUE(lab::train(o).ok());
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].rfind(
                  "train.lr stays 0.5, as the run's newest checkpoint has it (config.toml: ", 0),
              0u)
        << told[0];
}

// Wrong if a look at a run whose tokens are gone makes them in its folder.
TEST_F(Refusal, ALookChangesNothing) {
    copy_folder(*runs_ / "run", *runs_ / "copy");
    fs::remove_all(*runs_ / "copy/data");
    const auto before = contents_of(*runs_ / "copy");
    const HeadlessWake wake;
    SessionOptions o;
    o.run_dir = *runs_ / "copy";
    o.open_only = true;
    o.wake = wake.callback();
    auto session = Session::open(std::move(o));
    ASSERT_TRUE(session.ok());
    while ((*session)->status().state == RunState::preparing)
        wake.bell->wait_until(wake.bell->ticket(),
                              Wakeup::Clock::now() + std::chrono::milliseconds(20));
    EXPECT_EQ((*session)->status().state, RunState::done);
    session->reset();
    EXPECT_TRUE(contents_of(*runs_ / "copy") == before);
}

class Deleted : public OwnRuns {
  protected:
    /// Trains, does `harm` after the fifth update and gives the error that the run ends with.
    Error ended(const std::function<void(const std::string& run)>& harm) {
        auto o = order("run", {"train.threads=1", "train.steps=400", "train.checkpoint_every=2",
                               "train.eval_every=1000", "train.grad_accum=1"});
        bool done = false;
        o.on_step = [&](const ScalarRecord& record, const RunStatus&) {
            if (record.step >= 5 && !std::exchange(done, true)) harm(o.out);
        };
        const auto result = lab::train(o);
        EXPECT_FALSE(result.ok());
        return result ? failure("") : result.error();
    }
    static void expect_failed(const Error& error, const std::string& word) {
        EXPECT_EQ(error.kind, ErrorKind::failed) << error.message;
        EXPECT_NE(error.message.find(word), std::string::npos) << error.message;
    }
};

TEST_F(Deleted, RunStopsAndLeavesNoGhost) {
    const auto error = ended([&](const std::string& run) { fs::rename(run, dir_ / "away"); });
    expect_failed(error, dir_ / "run");
    EXPECT_FALSE(fs::exists(dir_ / "run"));
}

TEST_F(Deleted, FolderUnderItsNameIsNotTouched) {
    std::map<std::string, std::string> before;
    const auto error = ended([&](const std::string& run) {
        fs::rename(run, dir_ / "away");
        copy_folder(dir_ / "away", run);
        before = contents_of(run);
    });
    expect_failed(error, "replaced");
    EXPECT_TRUE(contents_of(dir_ / "run") == before);
}

// Wrong if a run whose run.json still says running ends as done.
TEST_F(Deleted, EndThatCannotBeWrittenIsAFailure) {
    auto o = order(
        "run", {"train.threads=1", "train.steps=6", "train.eval_every=1000", "train.grad_accum=1"});
    o.on_step = [&](const ScalarRecord& record, const RunStatus&) {
        if (record.step != 1) return;
        fs::create_directories(o.out + "/run.json.tmp/in the way");
        fs::create_hard_link(o.out + "/run.json", dir_ / "copy.json");  // nor can it be rewritten
    };
    const auto result = lab::train(o);
    ASSERT_FALSE(result.ok());
    expect_failed(result.error(), "run.json");
    EXPECT_EQ(json::parse(bytes_of(o.out + "/run.json")).at("state"), "running");
    fs::remove_all(o.out + "/run.json.tmp");
    o.on_step = nullptr;
    o.resume = true;
    ASSERT_TRUE(lab::train(o).ok());
    EXPECT_EQ(json::parse(bytes_of(o.out + "/run.json")).at("state"), "done");
}

TEST_F(Deleted, FailedStartLeavesTheFolderAsItWas) {
    fs::create_directories(dir_ / "target");
    fs::create_directory_symlink("target", dir_ / "link");
    const auto before = contents_of(dir_.path());
    for (const char* name : {"new", "deep/er", "target", "link"}) {
        const auto result = lab::train(order(name, {"data.train=\"absent.txt\""}));
        ASSERT_FALSE(result.ok());
        EXPECT_EQ(result.error().kind, ErrorKind::usage);
        EXPECT_TRUE(contents_of(dir_.path()) == before) << name;
    }
    const auto linked = trained(order("link", {"train.steps=2", "train.threads=1"}));
    EXPECT_TRUE(fs::is_symlink(linked));
    EXPECT_TRUE(fs::is_regular_file(dir_ / "target/run.json"));
}

}  // namespace
}  // namespace hopscope::core
