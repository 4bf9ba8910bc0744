// If these fail, a result takes the place of the text, the script or the weights that it was made
// from, or a folder of one's own in a run is called the run's.
#include "core/base/output_place.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <unistd.h>
#include <vector>

#include "tests/base/helpers.h"

namespace hopscope::core {
namespace {

namespace fs = std::filesystem;

/// The message without "--out: PATH " and without the advice; "" where the place is free.
std::string against(const std::string& path, const std::vector<std::string>& inputs = {}) {
    const auto apart = check_output_apart(path, inputs);
    if (apart) return "";
    EXPECT_EQ(apart.error().kind, ErrorKind::usage);
    const std::string& message = apart.error().message;
    const std::string begin = "--out: " + path + " ", end = "; give another file";
    EXPECT_TRUE(message.starts_with(begin) && message.ends_with(end)) << message;
    return message.substr(begin.size(), message.size() - begin.size() - end.size());
}

const std::string kRead = "is read by this call";

TEST(OutputApart, AnInputByAnyName) {
    const TempFolder dir;
    const std::string text = dir.write("text", "a"), other = dir.write("other", "a");
    fs::create_directory(dir / "sub");
    fs::create_symlink("text", dir / "link");
    fs::create_hard_link(text, dir / "hard");
    for (const char* name : {"text", "./text", "sub/../text", "link", "hard", "/text"})
        EXPECT_EQ(against(dir / name, {other, text}), kRead) << name;
    EXPECT_EQ(against(text, {dir / "link"}), kRead);
    EXPECT_EQ(against(text, {other, dir / "none", "", "-"}), "");
    EXPECT_EQ(against(dir / "new", {text}), "");
    EXPECT_EQ(against("/dev/null", {"/dev/null"}), "") << "nothing is replaced there";
    EXPECT_EQ(against(dir / "none/new", {text}), "") << "said by check_output";
}

TEST(OutputApart, WhatLiesBelowAFolderThatIsRead) {
    const TempFolder dir;
    const std::string far = dir.write("far", "a");
    dir.write("texts/sub/a", "a");
    fs::create_symlink(far, dir / "texts/sub/b");
    fs::create_symlink("texts", dir / "link");
    const std::string below = "lies in " + (dir / "texts") + ", which is read by this call";
    for (const char* name : {"texts/sub/a", "texts/new", "link/new", "texts/../texts/new"})
        EXPECT_EQ(against(dir / name, {dir / "texts"}), below) << name;
    EXPECT_EQ(against(far, {dir / "texts"}), kRead) << "it is linked there";
    EXPECT_EQ(against(dir / "texts_new", {dir / "texts"}), "");
}

TEST(OutputApart, WhatARunIsKeptIn) {
    const TempFolder dir;
    const std::string run = dir / "run";
    for (const char* name : {"run.json", "config.toml", "checkpoints/step_00000002/model"})
        dir.write(std::string("run/") + name, "");
    for (const char* name : {"eval", "geometry", "metrics", "data", "notes", "analysis"})
        fs::create_directory(run + "/" + name);
    const std::string kept = "belongs to the run " + run;
    for (const std::vector<std::string>& inputs : {std::vector<std::string>{}, {run}}) {
        for (const char* name :
             {"run.json", "config.toml", "metrics.csv", "events.jsonl", "tokenizer.model", ".lock",
              "difference.csv", "checkpoints/step_00000002/model", "checkpoints/new", "eval/new",
              "geometry/new", "metrics/new", "data/new"})
            EXPECT_EQ(against(run + "/" + name, inputs), kept) << name;
        for (const char* name : {"my_eval.json", "notes/x.json", "notes/run.json",
                                 "analysis/zeroshot.json", "notes/../my_eval.json"})
            EXPECT_EQ(against(run + "/" + name, inputs), "") << name;
    }
    EXPECT_TRUE(contains(against(run + "/notes/../run.json"), "belongs to the run "));
    fs::create_symlink("run/run.json", dir / "link");
    EXPECT_TRUE(contains(against(dir / "link"), "belongs to the run "));
    fs::rename(run + "/checkpoints", dir / "large");
    fs::create_symlink(dir / "large", run + "/checkpoints");
    EXPECT_EQ(against(run + "/checkpoints/step_00000002/model"), kept);
    fs::remove(run + "/config.toml");
    EXPECT_EQ(against(run + "/run.json"), "") << "run.json alone is a file of anybody";
}

TEST(OutputApart, AForkIsARunOfItsOwn) {
    const TempFolder dir;
    for (const char* name :
         {"run.json", "config.toml", "forks/step_2/run.json", "forks/step_2/config.toml"})
        dir.write(std::string("run/") + name, "");
    const std::string fork = dir / "run/forks/step_2";
    EXPECT_EQ(against(fork + "/difference.csv"), "belongs to the run " + fork);
    EXPECT_EQ(against(fork + "/mine.json"), "");
    EXPECT_EQ(against(dir / "run/forks/mine.json"), "belongs to the run " + (dir / "run"));
}

TEST(OutputApart, RacesAndBatches) {
    const TempFolder dir;
    for (const char* name : {"race/race.json", "race/.lock", "batch/batch.json", "batch/.lock"})
        dir.write(name, "");
    EXPECT_EQ(against(dir / "race/race.json"), "belongs to the race " + (dir / "race"));
    EXPECT_EQ(against(dir / "batch/batch.csv"), "belongs to the batch " + (dir / "batch"));
    EXPECT_EQ(against(dir / "batch/mine.csv"), "");
    fs::remove(dir / "batch/.lock");
    EXPECT_EQ(against(dir / "batch/batch.json"), "") << "a batch.json that somebody put aside";
}

TEST(FolderPlace, AFileIsNone) {
    const TempFolder dir;
    const std::string file = dir.write("file", "");
    for (const std::string& path : {file, file + "/", file + "/a", file + "/a/b/"}) {
        const auto fits = check_folder_place(path);
        ASSERT_FALSE(fits) << path;
        EXPECT_EQ(fits.error().kind, ErrorKind::usage);
        EXPECT_EQ(fits.error().message,
                  file + " is a file, a folder is expected; name another place");
    }
    for (const std::string& path :
         {dir.path(), dir / "a", dir / "a/b/", std::string("a"), std::string("/none/a")})
        EXPECT_TRUE(check_folder_place(path)) << path;
}

}  // namespace
}  // namespace hopscope::core
