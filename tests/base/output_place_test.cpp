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
    for (const char* name : {"/notes/../run.json", "/notes/../metrics.csv"})
        EXPECT_TRUE(contains(against(run + name), "belongs to the run ")) << name;
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

// Wrong if a new run can be made among the checkpoints of another.
TEST(NewPlace, NotAmongTheFilesOfARun) {
    const TempFolder dir;
    for (const char* name : {"run/run.json", "run/config.toml", "run/forks/step_00000004/run.json",
                             "run/forks/step_00000004/config.toml"})
        dir.write(name, "");
    fs::create_directory_symlink(dir / "run", dir / "link");
    const std::string run = dir / "run";
    for (const char* place : {"/checkpoints", "/checkpoints/new", "/geometry/a/b", "/forks/mine"}) {
        const auto refused = check_new_place(run + place);
        ASSERT_FALSE(refused) << place;
        EXPECT_EQ(refused.error().kind, ErrorKind::usage);
        EXPECT_EQ(refused.error().message,
                  run + place + " belongs to the run " + run + "; choose a folder outside of it");
    }
    EXPECT_FALSE(check_new_place(dir / "link/checkpoints/new"));
    EXPECT_FALSE(check_new_place(dir / "other/../run/checkpoints/new")) << "other is missing";
    EXPECT_FALSE(check_new_place(run + "/forks/step_00000004/eval/new"));
    for (const std::string& place : {run, run + "/mine", run + "/analysis/new", dir / "other/new",
                                     std::string("a"), std::string("a/b"), std::string("/none/a")})
        EXPECT_TRUE(check_new_place(place)) << place;
}

TEST(FolderPlace, ANameThatIsTooLongIsNone) {
    const TempFolder dir;
    for (const std::string& path :
         {dir / std::string(300, 'a'), dir / std::string(300, 'a') + "/b"}) {
        const auto fits = check_folder_place(path);
        ASSERT_FALSE(fits);
        EXPECT_EQ(fits.error().kind, ErrorKind::usage);
        EXPECT_NE(fits.error().message.find("File name too long; name another place"),
                  std::string::npos)
            << fits.error().message;
    }
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
