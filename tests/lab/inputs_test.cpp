// Files that a call names and that are not what was meant: if these fail, a command waits for ever,
// reads what is no text, or calls a file what it is not.
#include <algorithm>
#include <filesystem>

#include "core/lab/zeroshot_items.h"
#include "tests/trainer/trained_run.h"

namespace hopscope::core::lab {
namespace {

using namespace hopscope::test;

std::string complaint_of(const auto& result) {
    EXPECT_FALSE(result.ok());
    if (result) return {};
    EXPECT_EQ(result.error().kind, ErrorKind::usage);
    return result.error().message;
}

TEST(Inputs, AMissingZeroshotFileIsNoCorpus) {
    const TempFolder folder;
    const auto message =
        complaint_of(read_zeroshot_items(ZeroshotTask::arc_easy, folder / "none.jsonl"));
    EXPECT_EQ(message, folder / "none.jsonl" + ": no such file; give the task's file");
    const auto bad = folder.write("bad.jsonl", "a\xff\n");
    EXPECT_TRUE(complaint_of(read_zeroshot_items(ZeroshotTask::arc_easy, bad))
                    .starts_with("zero-shot file "));
}

// Wrong if a file above a folder to be made is told as a failure of the disk.
TEST(Inputs, AFileWhereAFolderIsNeeded) {
    const TempFolder folder;
    write_config(folder / "c.toml", write_corpus(folder / "corpus.txt"));
    const std::string file = folder / "c.toml";
    const std::string told = file + " is a file, a folder is expected";
    lab::TrainOptions train;
    train.config_path = file;
    lab::RaceOptions race;
    race.config_paths = {file, file};
    lab::BatchOptions batch;
    batch.file = folder.write("b.toml", "[[run]]\nconfig = \"c.toml\"\n");
    lab::AnalyzeOptions analyze;
    for (const std::string& out : {file + "/x", file + "/x/y/", file + "/"}) {
        train.out = race.out = batch.out = analyze.out = out;
        EXPECT_TRUE(complaint_of(lab::train(train)).starts_with(told));
        EXPECT_TRUE(complaint_of(lab::race(race)).starts_with(told));
        EXPECT_TRUE(complaint_of(lab::batch(batch)).starts_with(told));
        EXPECT_TRUE(complaint_of(lab::analyze(analyze)).starts_with("--out: " + told));
    }
}

// Wrong if part of a word counts as a number: the rest would be lost without a word.
TEST(Inputs, IdsToDecodeAreWholeWords) {
    const TempFolder folder;
    lab::TokenizerTrainOptions options;
    options.input = write_corpus(folder / "corpus.txt");
    options.vocab_size = 300;
    options.out = folder / "m.model";
    ASSERT_TRUE(lab::tokenizer_train(options));
    const auto decode = [&](const std::string& text) {
        return lab::tokenizer_decode(options.out, text);
    };
    EXPECT_TRUE(decode("10 20\n\n 30\t40\n"));
    // What encode prints is read again, word by word.
    const auto ids = lab::tokenizer_encode(options.out, "the river", false),
               pieces = lab::tokenizer_encode(options.out, "the river", true);
    ASSERT_TRUE(ids && pieces);
    EXPECT_GT(std::count(ids->begin(), ids->end(), ' '), 1);
    EXPECT_EQ(std::count(ids->begin(), ids->end(), ' '),
              std::count(pieces->begin(), pieces->end(), ' '));
    EXPECT_EQ(decode(*ids).value(), "the river\n");
    // The piece of a line break, in a model that holds every byte.
    const auto breaks = decode("13\n10\n");
    ASSERT_TRUE(breaks);
    EXPECT_TRUE(breaks->starts_with("<0x0A>\n")) << *breaks;
    EXPECT_EQ(std::count(breaks->begin(), breaks->end(), '\n'), 2);
    for (const auto& [word, told] :
         {std::pair(std::string("10\0"
                                "20",
                                5),
                    std::string("10\\x0020")),
          std::pair(std::string("7x"), std::string("7x")),
          std::pair(std::string("300"), std::string("300")),
          std::pair(std::string("99999999999999999999"), std::string("99999999999999999999"))})
        EXPECT_EQ(complaint_of(decode("1 2\n3 " + word + " 4\n")),
                  "line 2: found \"" + told + "\", allowed ids 0 … 299");
}

// Wrong if a run takes its own files for its text.
TEST(Inputs, ARunInsideItsCorpus) {
    const TempFolder folder;
    std::filesystem::create_directory(folder / "texts");
    write_config(folder / "c.toml", write_corpus(folder / "texts/corpus.txt"));
    lab::TrainOptions options;
    options.config_path = folder / "c.toml";
    options.overrides = {"data.train=" + (folder / "texts"), "train.threads=1", "train.steps=2"};
    options.out = folder / "texts/runs/a";
    const auto message = complaint_of(lab::train(options));
    EXPECT_NE(message.find("texts/runs/a: is the folder of a run"), std::string::npos) << message;
}

}  // namespace
}  // namespace hopscope::core::lab
