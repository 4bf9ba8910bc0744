// Wrong if a model is imported again though nothing changed, or an old import is shown for new
// files.
#include "core/imported/model_cache.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <optional>

#include "core/imported/imported_run.h"
#include "tests/imported/tiny_model.h"

namespace hopscope::core {
namespace {

using namespace test;
namespace fs = std::filesystem;

TEST(ModelCache, ImportsOnceUntilAFileChanges) {
    TinyModel model;
    model.add_routers(2, "mlp.gate.weight");
    model.save();
    const std::string cache = model.folder() / "cache/models";
    const auto first = cached_import(model.dir(), cache, {});
    ASSERT_TRUE(first) << first.error().message;
    EXPECT_TRUE(is_imported_run(*first));
    EXPECT_EQ(fs::path(*first).parent_path(), cache);
    EXPECT_TRUE(fs::path(*first).filename().string().starts_with("m-"));
    // What is there is taken as it is.
    put_bytes(*first + "/marked", "");
    for (const std::string& spelled : {model.dir(), model.dir() + "/", model.dir() + "/../m"})
        EXPECT_EQ(*cached_import(spelled, cache, {}), *first) << spelled;
    EXPECT_TRUE(fs::exists(*first + "/marked"));
    // Another time, another size, another file.
    std::set<std::string> places = {*first};
    const std::string weights = model / "model.safetensors";
    fs::last_write_time(weights, fs::last_write_time(weights) + std::chrono::seconds(1));
    places.insert(*cache_place(model.dir(), cache));
    put_bytes(model / "config.json", bytes_of(model / "config.json") + "\n");
    places.insert(*cache_place(model.dir(), cache));
    put_bytes(model / "generation_config.json", "{}");
    places.insert(*cache_place(model.dir(), cache));
    EXPECT_EQ(places.size(), 4u);
    put_bytes(model / "README.md", "no part of the model");
    EXPECT_EQ(places.count(*cache_place(model.dir(), cache)), 1u);
    EXPECT_TRUE(is_imported_run(*cached_import(model.dir(), cache, {})));
}

TEST(ModelCache, TwoThatImportAtOnceBothSucceed) {
    TinyModel model;
    model.add_routers(2, "mlp.gate.weight");
    model.save();
    const std::string cache = model.folder() / "cache";
    std::optional<Result<std::string>> second;
    Progress progress;
    progress.report = [&](const std::string& activity, double) {
        // The other one begins and ends while this one writes.
        if (activity == "reading routers" && !second)
            second = cached_import(model.dir(), cache, {});
    };
    const auto first = cached_import(model.dir(), cache, progress);
    ASSERT_TRUE(second);
    ASSERT_TRUE(*second) << second->error().message;
    ASSERT_TRUE(first) << first.error().message;
    EXPECT_EQ(*first, **second);
    EXPECT_TRUE(is_imported_run(*first));
    EXPECT_EQ(std::distance(fs::directory_iterator(cache), fs::directory_iterator()), 1);
}

TEST(ModelCache, AModelThatCannotBeReadLeavesNothing) {
    TinyModel model;
    model.add("model.layers.0.mlp.gate_proj.weight", {4, 3});
    model.save();
    const std::string cache = model.folder() / "cache";
    EXPECT_EQ(lacks(cached_import(model.dir(), cache, {}), {"no router"}), "");
    EXPECT_FALSE(fs::exists(cache));
}

}  // namespace
}  // namespace hopscope::core
