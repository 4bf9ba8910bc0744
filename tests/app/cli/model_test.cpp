// Published models on the command line: what is handed to the laboratory, what is told of it.
#include <cstdlib>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "tests/app/cli/calls.h"

namespace hopscope::app::testing {
namespace {

class PublishedModels : public Calls {};

// Fails if a trace is lost on its way, or what was imported is not told.
TEST_F(PublishedModels, ImportHandsItsOptionsOver) {
    fake_lab().answer = R"({"name": "m", "family": "olmoe", "rule": "softmax_top_k", "layers": [{}],
        "experts": 64, "k": 8, "traces": [{"name": "reply", "tokens": 39, "layers": [{}]}],
        "warnings": ["beware"]})";
    const Outcome got =
        run({"import", "models/m", "--trace", "a.json", "--trace", "b.npy", "--out", "runs/m"});
    EXPECT_EQ(got.code, 0) << got.err;
    ASSERT_TRUE(fake_lab().import);
    EXPECT_EQ(fake_lab().import->model, "models/m");
    EXPECT_EQ(fake_lab().import->traces, (std::vector<std::string>{"a.json", "b.npy"}));
    EXPECT_EQ(fake_lab().import->out, "runs/m");
    for (const char* part : {"olmoe", "64 experts", "8 a token", "reply: 39 tokens", "beware"})
        EXPECT_NE(got.out.find(part), std::string::npos) << part << ": " << got.out;
    EXPECT_EQ(run({"import", "models/m", "--json"}).code, 0);
    EXPECT_TRUE(fake_lab().import->out.empty());
    EXPECT_TRUE(fake_lab().import->traces.empty());
    EXPECT_FALSE(fake_lab().import->experts);
    EXPECT_EQ(got.out.find("experts read"), std::string::npos);
    fake_lab().answer = R"({"name": "m", "family": "olmoe", "rule": "softmax_top_k", "layers": [{}],
        "experts": 64, "k": 8, "experts_read": true, "traces": [], "warnings": []})";
    const Outcome with_experts = run({"import", "models/m", "--experts"});
    EXPECT_TRUE(fake_lab().import->experts);
    EXPECT_NE(with_experts.out.find("experts read; hopscope analyze"), std::string::npos);
    refused({"import"}, {"MODEL_DIR"});
    refused({"import", "a", "b"}, {"unexpected argument", "b"});
}

// Fails if the folder of a model is opened itself, or its import is kept where nobody looks for it.
TEST_F(PublishedModels, AModelsFolderIsImportedBeforeItIsOpened) {
    dir.write("import/imported.json", "{}");
    fake_lab().published = dir.path();
    fake_lab().answer = dir / "import";
    setenv("XDG_CACHE_HOME", "/somewhere", 1);
    EXPECT_EQ(run({"explore", dir.path()}).code, 0);
    EXPECT_EQ(fake_lab().model_cache, "/somewhere/hopscope/models");
    EXPECT_EQ(run({dir.path()}).code, 0);
    ASSERT_EQ(world.explored.size(), 2u);
    for (const ExploreOptions& opened : world.explored)
        EXPECT_EQ(opened.runs, (std::vector<std::string>{dir / "import"}));
    // Without a place for the import there is nothing to open.
    unsetenv("XDG_CACHE_HOME");
    const std::string home = std::getenv("HOME") ? std::getenv("HOME") : "";
    unsetenv("HOME");
    refused({dir.path()}, {"published model", "HOME", "--out"});
    if (!home.empty()) setenv("HOME", home.c_str(), 1);
    EXPECT_EQ(world.explored.size(), 2u);
}

// Fails if a layer or pool is lost, or results are printed where a file was asked for.
TEST_F(PublishedModels, RouteHandsItsOptionsOver) {
    fake_lab().answer = R"({"family": "jetmoe", "rule": "top_k_softmax", "layer": 3, "tokens": 1,
        "k": 2, "experts": [[5, 1]], "weights": [[0.75, 0.25]]})";
    const Outcome got = run({"route", "m", "--layer", "3", "--pool", "attention", "--inputs", "x"});
    EXPECT_EQ(got.code, 0) << got.err;
    ASSERT_TRUE(fake_lab().route);
    EXPECT_EQ(fake_lab().route->model, "m");
    EXPECT_EQ(fake_lab().route->layer, 3);
    EXPECT_EQ(fake_lab().route->pool, "attention");
    EXPECT_EQ(fake_lab().route->inputs, "x");
    EXPECT_NE(got.out.find("[5, 1]  [0.75, 0.25]"), std::string::npos) << got.out;
    fake_lab().answer = R"({"family": "jetmoe", "rule": "top_k_softmax", "layer": 3, "tokens": 1,
        "k": 2, "file": "o.safetensors"})";
    const Outcome written =
        run({"route", "m", "--layer", "0", "--inputs", "x", "--out", "o.safetensors"});
    EXPECT_EQ(fake_lab().route->out, "o.safetensors");
    EXPECT_NE(written.out.find("o.safetensors"), std::string::npos);
    refused({"route", "m", "--inputs", "x"}, {"--layer"});
    refused({"route", "m", "--layer", "0"}, {"--inputs"});
    refused({"route", "m", "--layer", "-1", "--inputs", "x"}, {"--layer", "found -1"});
}

}  // namespace
}  // namespace hopscope::app::testing
