// hopscope export in front of a window that only notes what it was asked for.
#include <gtest/gtest.h>

#include "tests/app/cli/calls.h"
#include "tests/temp_folder.h"

namespace hopscope::app::testing {
namespace {

class Export : public Calls {};

// Fails if an option does not reach the panel, or the picture is not what a call says by itself.
TEST_F(Export, SaysWhatToDraw) {
    EXPECT_EQ(run({"export", "R", "--panel", "curves", "--png", dir / "a.png"}).code, 0);
    ASSERT_EQ(world.exported.size(), 1u);
    EXPECT_TRUE(world.signals_caught);
    const ExportOptions plain = world.exported[0];
    EXPECT_EQ(plain.run, "R");
    EXPECT_EQ(plain.panel, "curves");
    EXPECT_FALSE(plain.step);
    EXPECT_EQ(plain.width, 1280);
    EXPECT_EQ(plain.height, 800);
    EXPECT_EQ(plain.scale, 1);
    EXPECT_FALSE(plain.light);

    const std::string script =
        dir.write("s.jsonl", "{\"command\": \"suppress\", \"layer\": 0, \"expert\": 1}\n");
    const Outcome got =
        run({"export",  "R",           "--panel",  "intervene",    "--step",  "40",
             "--csv",   dir / "a.csv", "--json",   dir / "a.json", "--scale", "2",
             "--width", "900",         "--height", "500",          "--light", "--text",
             "a river", "--script",    script,     "--beside",     "S",       "T",
             "--view",  "x=moe.top_k", "--view",   "note=a=b"});
    ASSERT_EQ(got.code, 0) << got.err;
    const ExportOptions full = world.exported[1];
    EXPECT_EQ(full.step, 40);
    EXPECT_EQ(full.csv, dir / "a.csv");
    EXPECT_EQ(full.json, dir / "a.json");
    EXPECT_EQ(full.png, "");
    EXPECT_EQ(full.scale, 2);
    EXPECT_EQ(full.width, 900);
    EXPECT_EQ(full.height, 500);
    EXPECT_TRUE(full.light);
    EXPECT_EQ(full.prompt, "a river");
    EXPECT_EQ(full.script.size(), 1u);
    EXPECT_EQ(full.beside, (std::vector<std::string>{"S", "T"}));
    ASSERT_EQ(full.view.size(), 2u);
    EXPECT_EQ(full.view[0], (std::pair<std::string, std::string>("x", "moe.top_k")));
    EXPECT_EQ(full.view[1], (std::pair<std::string, std::string>("note", "a=b")));
}

// Fails if the whole window is drawn as one of its panels.
TEST_F(Export, DrawsAWholeWindow) {
    ASSERT_EQ(run({"export", "R", "--layout", "inspect", "--front", "model", "halting", "--png",
                   dir / "a.png"})
                  .code,
              0);
    EXPECT_EQ(world.exported.at(0).layout, "inspect");
    EXPECT_EQ(world.exported.at(0).front, (std::vector<std::string>{"model", "halting"}));
    EXPECT_EQ(world.exported.at(0).panel, "");
}

// Fails if a call without a result, or with one that cannot be written, is found out after the
// work, or the refusal names another option than the one that was given.
TEST_F(Export, RefusesBeforeTheWork) {
    refused({"export", "R", "--png", dir / "a.png"}, {"neither --panel nor --layout"});
    refused({"export", "R", "--panel", "run", "--layout", "train", "--png", dir / "a.png"},
            {"both --panel and --layout"});
    refused({"export", "R", "--panel", "run", "--front", "run", "--png", dir / "a.png"},
            {"--front: ", "--layout"});
    for (const std::string numbers : {"--csv", "--json"})
        refused({"export", "R", "--layout", "train", numbers, dir / "a.txt"},
                {numbers + ": ", "--panel"});
    refused({"export", "R", "--panel", "curves"}, {"--png FILE", "--csv FILE", "--json FILE"});
    refused({"export", "R", "--panel", "curves", "--png", dir / "none/a.png"}, {"--png: ", "none"});
    refused({"export", "R", "--panel", "curves", "--csv", dir.path()}, {"--csv: "});
    refused({"export", "R", "--panel", "curves", "--png", dir / "a.png", "--scale", "9"},
            {"--scale", "0.5", "4"});
    refused({"export", "R", "--panel", "curves", "--png", dir / "a.png", "--view", "x"},
            {"--view", "NAME=VALUE"});
    refused({"export", "R", "--panel", "curves", "--png", "-"}, {"--png: ", "./-"});
    refused({"export", "R", "--panel", "trajectory", "--png", dir / "a.png", "--text", ""},
            {"--text: ", "empty"});
    dir.write("race.json", "{}");
    refused({"export", dir.path(), "--panel", "curves", "--png", dir / "a.png"}, {"lanes"});
    EXPECT_TRUE(world.exported.empty());
}

// Fails if the numbers take the place of the picture, or a file that is only written is said to be
// read.
TEST_F(Export, PictureAndNumbersAreTwoFiles) {
    const std::string picture = dir / "a.png", again = dir / "./a.png";
    for (const bool there : {false, true}) {
        if (there) dir.write("a.png", "older");
        refused({"export", "R", "--panel", "curves", "--png", picture, "--csv", again},
                {"--csv: ", "a.png", "where --png writes"});
    }
    EXPECT_TRUE(world.exported.empty());
    EXPECT_EQ(
        run({"export", "R", "--panel", "curves", "--png", picture, "--csv", dir / "a.csv"}).code,
        0);
}

// Fails if the model is not written where it was asked for, its document comes out although nobody
// asked, or the window is needed for it.
TEST_F(Export, AModelGoesToAFolder) {
    world.window = false;
    fake_lab().answer =
        R"({"out": "M", "step": 30, "parameters": 28356, "files": ["a", "b"], "live": {}})";
    const auto told = run({"export", "R", "--as", "transformers", "M"});
    EXPECT_EQ(told.code, 0) << told.err;
    EXPECT_EQ(told.out, "wrote M: step 30, 28,356 parameters, 2 files\n");
    ASSERT_TRUE(fake_lab().model);
    EXPECT_EQ(fake_lab().model->run, "R");
    EXPECT_EQ(fake_lab().model->out, "M");
    EXPECT_EQ(fake_lab().model->step, std::nullopt);
    EXPECT_EQ(run({"export", "R", "M", "--as=transformers", "--step", "20"}).code, 0);
    EXPECT_EQ(fake_lab().model->step, 20);
    for (const auto& call :
         {std::vector<std::string>{"export", "R", "--as", "transformers", "M", "--json"},
          {"export", "R", "--json", "--as", "transformers", "M"}}) {
        const auto document = run(call);
        EXPECT_EQ(document.code, 0) << document.err;
        EXPECT_EQ(document.out, fake_lab().answer + "\n");
    }
    const auto kept = run({"export", "R", "--as", "transformers", "M", "--json", dir / "m.json"});
    EXPECT_EQ(kept.code, 0) << kept.err;
    EXPECT_EQ(kept.out, "");
    EXPECT_EQ(test::bytes_of(dir / "m.json"), fake_lab().answer + "\n");
    EXPECT_TRUE(world.exported.empty());
    fake_lab().error = core::failure("the disk is full");
    EXPECT_EQ(run({"export", "R", "--as", "transformers", "M"}).code, 1);
}

// Fails if a model is written where a picture was asked for, or an option is taken that changes
// nothing.
TEST_F(Export, AModelIsNoPicture) {
    const std::vector<std::string> model = {"export", "R", "--as", "transformers", "M"};
    const auto with = [&](std::vector<std::string> more) {
        std::vector<std::string> call = model;
        call.insert(call.end(), more.begin(), more.end());
        return call;
    };
    refused(with({"--panel", "run"}), {"both --as and --panel", "two calls"});
    refused(with({"--layout", "train"}), {"both --as and --layout"});
    refused(with({"--png", dir / "a.png"}), {"both --as and --png"});
    refused(with({"--csv", dir / "a.csv"}), {"both --as and --csv"});
    refused(with({"--width", "640"}), {"both --as and --width"});
    refused(with({"--light"}), {"both --as and --light"});
    refused(with({"--text", "x"}), {"both --as and --text"});
    refused(with({"--view", "x=1"}), {"both --as and --view"});
    refused({"export", "R", "--as", "transformers"}, {"folder to write is missing", "DIR"});
    refused({"export", "R", "--as", "transformers", "--json", "M"}, {"before --json"});
    refused({"export", "R", "--as", "onnx", "M"}, {"--as", "\"onnx\"", "transformers"});
    refused(with({"--json", dir / "none/a.json"}), {"--json: ", "none"});
    refused({"export", "R", "M", "--panel", "run", "--csv", dir / "a.csv"}, {"\"M\"", "--as"});
    refused({"export", "R", "--panel", "run", "--json"}, {"--json: its file is missing"});
    EXPECT_FALSE(fake_lab().model);
    EXPECT_TRUE(world.exported.empty());
}

// Fails if a build without the window says nothing that helps, or a failure has the wrong code.
TEST_F(Export, WithoutAWindowSaysWhereTheNumbersAre) {
    const std::vector<std::string> call = {"export", "R",     "--panel",
                                           "curves", "--png", dir / "a.png"};
    world.export_status = core::failure("no OpenGL");
    EXPECT_EQ(run(call).code, 1);
    world.window = false;
    refused(call, {"no window", "analyze", "metrics.csv"});
}

}  // namespace
}  // namespace hopscope::app::testing
