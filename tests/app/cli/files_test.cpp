// Files that calls name: --out is looked at before the work, and nothing that is read is read
// without an end.
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/app/cli/fake_lab.h"
#include "tests/app/cli/run.h"
#include "tests/temp_folder.h"

namespace hopscope::app::testing {
namespace {

namespace fs = std::filesystem;

class Files : public ::testing::Test {
  protected:
    void SetUp() override { fake_lab() = {}; }
    /// Every call that writes a file of the caller's, without its --out.
    std::vector<std::vector<std::string>> calls() {
        const std::string script = dir_.write("s.jsonl", R"({"command": "zero_experts"})");
        return {{"eval", "R"},
                {"halting", "R"},
                {"trace", "R", "--text", "a"},
                {"trace", "R"},
                {"generate", "R", "--text", "a"},
                {"intervene", "R", "--script", script},
                {"compare", "a", "b"},
                {"zeroshot", "R", "--task", "arc_easy", "--file", "f"},
                {"info", "R"},
                {"bench"},
                {"commands"},
                {"tokenizer", "encode", "--model", "m"},
                {"tokenizer", "decode", "--model", "m"}};
    }
    static bool worked() {
        const FakeLab& lab = fake_lab();
        return lab.eval || lab.halting || lab.trace || lab.dump || lab.generate || lab.intervene ||
               lab.compare || lab.zeroshot || lab.bench || !lab.info_target.empty() ||
               !lab.coded_model.empty();
    }
    test::TempFolder dir_;
    World world_;
};

// Fails if a call works first and then cannot give away what it made.
TEST_F(Files, OutIsLookedAtBeforeTheWork) {
    ASSERT_EQ(::mkfifo((dir_ / "pipe").c_str(), 0600), 0);
    fs::create_directory(dir_ / "folder");
    for (auto call : calls()) {
        call.push_back("--out");
        for (const auto& [out, why] : {std::pair("none/x.json", "does not exist"),
                                       {"folder", "is a folder"},
                                       {"pipe", "is a named pipe"}}) {
            fake_lab() = {};
            call.push_back(dir_ / out);
            const Outcome got = world_.run(call);
            EXPECT_EQ(got.code, 2) << call[0] << " " << out;
            EXPECT_EQ(got.out, "") << call[0] << " " << out;
            EXPECT_NE(got.err.find("--out: "), std::string::npos) << call[0] << ": " << got.err;
            EXPECT_NE(got.err.find(why), std::string::npos) << call[0] << ": " << got.err;
            EXPECT_FALSE(worked()) << call[0] << " " << out;
            call.pop_back();
        }
    }
    EXPECT_TRUE(fs::is_fifo(dir_ / "pipe"));
    EXPECT_TRUE(fs::is_empty(dir_ / "folder"));
}

// Fails if "-" makes a file or a folder of that name instead of stdout or a refusal.
TEST_F(Files, AStrokeIsNoNameToWriteTo) {
    auto all = calls();
    all.push_back({"tokenizer", "train", "--vocab-size", "300", "--input", "i"});
    all.push_back({"train", "--config", "c.toml"});
    all.push_back({"analyze", "R"});
    for (auto call : all) {
        fake_lab() = {};
        call.insert(call.end(), {"--out", "-"});
        const Outcome got = world_.run(call);
        EXPECT_EQ(got.code, 2) << call[0];
        EXPECT_EQ(got.out, "") << call[0];
        EXPECT_EQ(got.err,
                  "hopscope: --out: found \"-\", which is no name here: leave --out out where "
                  "results are to go to stdout, or give ./- for that name\n")
            << call[0];
        EXPECT_FALSE(worked()) << call[0];
        EXPECT_FALSE(fs::exists("-")) << call[0];
    }
}

// Fails if a prompt of another encoding is traced, from wherever it comes.
TEST_F(Files, APromptOfAnotherEncodingIsNamed) {
    const std::string wide("t\0h\0e\0 \0b\0a\0n\0k\0", 16);
    world_.input = wide;
    for (const std::string& from : {std::string("-"), dir_.write("wide", wide)}) {
        const Outcome got = world_.run({"trace", "R", "--text-file", from, "--json"});
        EXPECT_EQ(got.code, 2) << from;
        EXPECT_NE(got.err.find(": is UTF-16LE text; convert it first"), std::string::npos)
            << got.err;
        EXPECT_FALSE(fake_lab().trace);
    }
}

// Fails if a result takes the place of what the call reads, or of what a run is kept in.
TEST_F(Files, OutReplacesNoInputAndNothingOfARun) {
    const std::string run = dir_ / "run", text = dir_.write("text", "{}\n");
    dir_.write("run/run.json", "{}");
    dir_.write("run/config.toml", "");
    dir_.write("run/my.json", "mine");
    const std::string script = dir_.write("script", R"({"command": "zero_experts"})");
    const auto expect = [&](std::vector<std::string> call, const std::string& out,
                            const std::string& why) {
        fake_lab() = {};
        call.insert(call.end(), {"--out", out});
        const Outcome got = world_.run(call);
        EXPECT_EQ(got.code, why.empty() ? 0 : 2) << call[0] << got.err;
        EXPECT_EQ(got.err, why.empty()
                               ? ""
                               : "hopscope: --out: " + out + " " + why + "; give another file\n");
        EXPECT_EQ(worked() || fake_lab().tokenizer, why.empty()) << call[0];
    };
    const std::string read = "is read by this call";
    expect({"eval", run, "--corpus", text}, text, read);
    expect({"halting", run, "--corpus", text}, text, read);
    expect({"trace", run, "--corpus", text}, text, read);
    expect({"trace", run, "--text-file", text}, text, read);
    for (std::vector<std::string> call :
         {std::vector<std::string>{"trace", run, "--text", "a"},
          {"generate", run, "--text", "a"},
          {"intervene", run},
          {"zeroshot", run, "--task", "arc_easy", "--file", text}}) {
        call.insert(call.end(), {"--script", script});
        expect(call, script, read);
    }
    expect({"intervene", run, "--script", script, "--prompts", text}, text, read);
    expect({"zeroshot", run, "--task", "arc_easy", "--file", text}, text, read);
    expect({"compare", text, run}, text, read);
    expect({"compare", "--printed", text}, text, read);
    expect({"info", "--config", text}, text, read);
    expect({"bench", "--config", text}, text, read);
    expect({"tokenizer", "encode", "--model", text}, text, read);
    expect({"tokenizer", "decode", "--model", text}, text, read);
    expect({"tokenizer", "train", "--vocab-size", "300", "--input", text}, text, read);
    fs::create_directory(dir_ / "lists");
    expect({"intervene", run, "--script", script, "--categories", dir_ / "lists"}, dir_ / "lists/x",
           "lies in " + (dir_ / "lists") + ", which is read by this call");
    const std::string kept = "belongs to the run " + run;
    auto all = calls();
    all.push_back({"tokenizer", "train", "--vocab-size", "300", "--input", "i"});
    for (const auto& call : all) expect(call, run + "/run.json", kept);
    expect({"eval", run}, run + "/config.toml", kept);
    for (const std::string& out : {run + "/my.json", run + "/new.json"})
        EXPECT_EQ(world_.run({"eval", run, "--out", out}).code, 0) << out;
}

// Fails if a link is replaced instead of what it leads to.
TEST_F(Files, OutFollowsALink) {
    fs::create_symlink(dir_ / "real.json", dir_ / "link.json");
    const Outcome got = world_.run({"commands", "--json", "--out", dir_ / "link.json"});
    EXPECT_EQ(got.code, 0) << got.err;
    EXPECT_TRUE(fs::is_symlink(dir_ / "link.json"));
    EXPECT_TRUE(test::bytes_of(dir_ / "real.json").starts_with("{"));
}

// Fails if a prompt, or a text to encode, is read until the memory is full.
TEST_F(Files, EndlessInputIsRefused) {
    std::ifstream zero("/dev/zero", std::ios::binary);
    std::ostringstream out, err;
    Environment environment{zero, out, err};
    const char* const argv[] = {"hopscope", "trace", "R", "--text-file", "-", "--json"};
    EXPECT_EQ(run_cli(6, argv, environment), 2);
    EXPECT_NE(err.str().find("stdin: more than 67108864 bytes"), std::string::npos) << err.str();
    EXPECT_FALSE(fake_lab().trace);
}

// Fails if a byte-order mark becomes part of a prompt, of the first line to encode, or hides the
// first line of a script.
TEST_F(Files, AByteOrderMarkIsNoText) {
    const std::string mark = "\xef\xbb\xbf";
    const std::string file = dir_.write("p.txt", mark + "the river\n");
    ASSERT_EQ(world_.run({"trace", "R", "--text-file", file, "--json"}).code, 0);
    EXPECT_EQ(fake_lab().trace->text, "the river");
    world_.input = mark + "the bank\n";
    ASSERT_EQ(world_.run({"trace", "R", "--text-file", "-", "--json"}).code, 0);
    EXPECT_EQ(fake_lab().trace->text, "the bank");
    ASSERT_EQ(world_.run({"tokenizer", "encode", "--model", "m"}).code, 0);
    EXPECT_EQ(fake_lab().coded_text, "the bank\n");
    const std::string script = dir_.write("s.jsonl", mark + R"({"command": "zero_experts"})");
    const Outcome got = world_.run({"trace", "R", "--text", "a", "--script", script, "--json"});
    ASSERT_EQ(got.code, 0) << got.err;
    EXPECT_EQ(fake_lab().trace->script.size(), 1u);
}

// Fails if answers that were not kept in the run look like a success.
TEST_F(Files, ZeroshotThatCannotSaveFails) {
    fake_lab().answer =
        R"({"task": "arc_easy", "items": 4, "saved": null, "not_saved": "cannot create R/x"})";
    const std::vector<std::string> call = {"zeroshot", "R", "--task", "arc_easy",
                                           "--file",   "f", "--json"};
    Outcome got = world_.run(call);
    EXPECT_EQ(got.code, 1);
    EXPECT_EQ(got.out, fake_lab().answer + "\n") << "the answers are not lost";
    EXPECT_NE(got.err.find("could not be saved in the run: cannot create R/x"), std::string::npos);
    auto kept = call;
    kept.insert(kept.end(), {"--out", dir_ / "z.json"});
    got = world_.run(kept);
    EXPECT_EQ(got.code, 0) << "they are where they were asked for";
    EXPECT_NE(got.err.find("cannot create R/x"), std::string::npos);
}

}  // namespace
}  // namespace hopscope::app::testing
