// If these fail, a number is measured on text, or with a tokenizer, that the run was not trained
// with, and nobody is told.
#include "core/base/random.h"
#include "core/run/run_folder.h"
#include "core/session/headless.h"
#include "tests/trainer/trained_run.h"

namespace hopscope::core {
namespace {

using namespace hopscope::test;
namespace fs = std::filesystem;

class Readers : public TrainedRun {
  protected:
    static void SetUpTestSuite() {
        TrainedRun::SetUpTestSuite();
        write_corpus(*runs_ / "other.txt", 5000);
        train_run("other", {"train.threads=1", "train.steps=2"},
                  {"data.train=\"" + *runs_ / "other.txt" + "\""});
    }
    static std::string copy() { return *runs_ / "copy"; }
    /// What every reader of the run says, by its name.
    static std::map<std::string, Result<std::string>> read_all() {
        std::map<std::string, Result<std::string>> out;
        const auto boost =
            script(R"({"command": "boost", "layer": 0, "expert": 1, "strength": 1})");
        lab::EvalOptions eval;
        eval.run = copy();
        eval.batches = 1;
        out.emplace("eval", lab::eval(eval));
        eval.corpus = *runs_ / "corpus.txt";
        out.emplace("eval --corpus", lab::eval(eval));
        lab::TraceOptions trace;
        trace.run = copy();
        trace.text = "the baker";
        out.emplace("trace", lab::trace(trace));
        lab::RoutingDumpOptions dump;
        dump.run = copy();
        dump.out = *runs_ / "dump.safetensors";
        dump.batches = 1;
        out.emplace("trace --corpus", lab::trace_corpus(dump));
        lab::AnalyzeOptions analyze;
        analyze.run = copy();
        analyze.what = "echo";
        out.emplace("analyze", lab::analyze(analyze));
        lab::GenerateOptions generate;
        generate.run = copy();
        generate.text = "the";
        generate.tokens = 1;
        out.emplace("generate", lab::generate(generate));
        lab::InterveneOptions intervene;
        intervene.run = copy();
        intervene.script = boost;
        intervene.prompts = write("prompts.jsonl", "{\"text\": \"the baker walks\"}\n");
        intervene.controls = 0;
        out.emplace("intervene", lab::intervene(intervene));
        lab::HaltingOptions halting;
        halting.runs = {copy()};
        halting.epsilons = {0.1};
        halting.batches = halting.repeats = 1;
        out.emplace("halting", lab::halting(halting));
        lab::ZeroshotOptions zeroshot;
        zeroshot.run = copy();
        zeroshot.task = ZeroshotTask::arc_easy;
        zeroshot.file =
            write("arc.jsonl", R"({"id": "q", "question": {"stem": "Who?", "choices": [)"
                               R"({"text": "a", "label": "A"}, {"text": "b", "label": "B"}, )"
                               R"({"text": "c", "label": "C"}]}, )"
                               R"("answerKey": "A"})"
                               "\n");
        out.emplace("zeroshot", lab::zeroshot(zeroshot));
        out.emplace("window", opened());
        return out;
    }
    static Result<std::string> opened() {
        const HeadlessWake wake;
        SessionOptions o;
        o.run_dir = copy();
        o.open_only = true;
        o.wake = wake.callback();
        auto session = Session::open(std::move(o));
        if (!session) return session.error();
        while ((*session)->status().state == RunState::preparing)
            wake.bell->wait_until(wake.bell->ticket(),
                                  Wakeup::Clock::now() + std::chrono::milliseconds(20));
        const RunStatus status = (*session)->status();
        if (status.state != RunState::failed) return std::string("opened");
        return Error{status.input_error ? ErrorKind::usage : ErrorKind::failed, status.reason};
    }
    static void copy_run() {
        fs::remove_all(copy());
        fs::copy(*runs_ / "run", copy(), fs::copy_options::recursive);
    }
};

TEST_F(Readers, RefuseWhatTheRunWasNotTrainedWith) {
    copy_run();
    for (const auto& [reader, got] : read_all())
        EXPECT_TRUE(got.ok()) << reader << ": " << got.error().message;
    for (const std::string file : {"tokenizer.model", "data/train.tokens", "data/valid.tokens"}) {
        copy_run();
        fs::copy_file(*runs_ / "other/" + file, copy() + "/" + file,
                      fs::copy_options::overwrite_existing);
        for (const auto& [reader, got] : read_all()) {
            ASSERT_FALSE(got.ok()) << reader << " took " << file;
            EXPECT_EQ(got.error().kind, ErrorKind::usage) << reader << " " << file;
            EXPECT_NE(got.error().message.find(copy() + "/" + file), std::string::npos)
                << reader << ": " << got.error().message;
        }
    }
}

// The truth of a synthetic text says what its words are: that of another text would give wrong
// categories and nobody would know.
TEST_F(Readers, RefuseATruthThatIsNotTheRuns) {
    copy_run();
    const std::string truth = copy() + "/data/truth.json", path = copy() + "/run.json",
                      content = R"({"format": "hopscope.truth/1", "words": []})";
    ContentHash hash;
    hash.update(content);
    auto info = nlohmann::json::parse(bytes_of(path));
    info["corpus_hashes"]["truth"] = hash.hex();
    put_bytes(path, info.dump());
    lab::TraceOptions trace;
    trace.run = copy();
    trace.text = "the baker";
    EXPECT_TRUE(lab::trace(trace).ok()) << "a copy without its truth";
    put_bytes(truth, content);
    const auto own = lab::trace(trace);
    EXPECT_TRUE(own.ok()) << (own ? "" : own.error().message);
    put_bytes(truth, R"({"format": "hopscope.truth/1", "words": [ ]})");
    refused(lab::trace(trace), truth);
}

// Wrong if a person waits for a checkpoint that can never come.
TEST_F(Readers, SayWhatStandsWhereCheckpointsGo) {
    copy_run();
    lab::TraceOptions trace;
    trace.run = copy();
    trace.text = "the baker";
    const std::string place = copy() + "/checkpoints";
    fs::remove_all(place);
    refused(lab::trace(trace), "no complete checkpoint, and the run is done; put");
    put_bytes(place, "x");
    refused(lab::trace(trace), place + ": is a file; a folder is expected");
}

// Runs of older versions say less, and a run may have been copied without its text.
TEST_F(Readers, TakeRunsThatSayLess) {
    copy_run();
    const std::string path = copy() + "/run.json";
    auto info = nlohmann::json::parse(bytes_of(path));
    info.erase("corpus_hashes");
    put_bytes(path, info.dump());
    for (const auto& [reader, got] : read_all())
        EXPECT_TRUE(got.ok()) << reader << ": " << got.error().message;
    copy_run();
    fs::remove_all(copy() + "/data");
    for (const auto& [reader, got] : read_all())
        if (reader == "trace" || reader == "generate" || reader == "zeroshot") {
            EXPECT_TRUE(got.ok()) << reader << ": " << got.error().message;
        }
}

TEST_F(Readers, FolderOfAnalysesIsOurs) {
    lab::AnalyzeOptions o;
    o.what = "echo";
    o.run = *runs_ / "absent";
    o.out = *runs_ / "tables/deep";
    refused(lab::analyze(o), "absent");
    EXPECT_FALSE(fs::exists(*runs_ / "tables")) << "nothing came into it";
    o.run = *runs_ / "run";
    o.out = *runs_ / "mine";
    fs::create_directories(o.out);
    for (const char* file : {"/echo.json", "/echo.csv"}) {
        put_bytes(o.out + file, "{}");
        refused(lab::analyze(o), o.out + file);
        EXPECT_EQ(contents_of(o.out), (std::map<std::string, std::string>{{file + 1, "{}"}}));
        fs::remove(o.out + file);
    }
    put_bytes(o.out + "/notes.txt", "mine");
    for (int twice = 0; twice < 2; ++twice) EXPECT_TRUE(lab::analyze(o).ok());
    EXPECT_TRUE(fs::exists(o.out + "/echo.json"));
    EXPECT_EQ(bytes_of(o.out + "/notes.txt"), "mine");
}

}  // namespace
}  // namespace hopscope::core
