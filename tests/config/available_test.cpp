// What this version cannot run is refused by name, and nothing else is.
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

#include "core/config/config.h"

namespace hopscope::core {
namespace {

// Fails if a value nobody built would be trained as something else.
TEST(Available, RefusesValuesThatAreNotBuilt) {
    for (const char* assignment : {"data.pack=document"}) {
        const auto config = parse_config("", "x.toml", {assignment});
        ASSERT_TRUE(config.ok()) << assignment << ": " << config.error().message;
        const auto status = check_available(*config, "x.toml");
        ASSERT_FALSE(status.ok()) << assignment;
        EXPECT_EQ(status.error().kind, ErrorKind::usage);
        const std::string key =
            std::string(assignment).substr(0, std::string(assignment).find('='));
        EXPECT_NE(status.error().message.find("x.toml: " + key), std::string::npos)
            << status.error().message;
        EXPECT_NE(status.error().message.find("not available"), std::string::npos);
        EXPECT_NE(status.error().message.find("available: "), std::string::npos);
    }
}

// Fails if something that exists is withheld.
TEST(Available, AcceptsWhatIsBuilt) {
    for (const char* assignment : {"model.ffn=dense",
                                   "moe.expert_rank=4",
                                   "moe.projection=per_hop",
                                   "moe.projection=identity",
                                   "moe.balance=none",
                                   "moe.reroute=frozen",
                                   "moe.learn_tau=true",
                                   "moe.output_scale=global",
                                   "moe.output_scale=per_layer",
                                   "moe.returns=state",
                                   "moe.renormalise=false",
                                   "moe.top_k=1",
                                   "moe.legacy_param_count=true",
                                   "moe.hops=[1,2,3,4]",
                                   "train.decay=all",
                                   "train.precision=bf16",
                                   "train.curriculum=[[0,1]]",
                                   "data.train=a.txt",
                                   "moe.expert=static",
                                   "moe.expert=swiglu",
                                   "moe.router=linear",
                                   "moe.router=hash",
                                   "moe.router=random_fixed",
                                   "moe.router=kmeans",
                                   "moe.pools=unrolled",
                                   "moe.score=sigmoid",
                                   "moe.balance=loss_free",
                                   "moe.balance=sequence",
                                   "moe.reroute=kinematic",
                                   "moe.reroute=hybrid",
                                   "moe.composition=grouped_silu",
                                   "moe.composition=cross_gated",
                                   "moe.shared_expert=8",
                                   "moe.z_loss=0.1"}) {
        const auto config = parse_config("", "x.toml", {assignment});
        ASSERT_TRUE(config.ok()) << assignment << ": " << config.error().message;
        EXPECT_TRUE(check_available(*config, "x.toml").ok()) << assignment;
    }
}

// Fails if a dense model is refused for routing it does not have.
TEST(Available, DenseModelsIgnoreRouting) {
    const auto config = parse_config("", "x.toml", {"model.ffn=dense", "data.pack=stream"});
    EXPECT_TRUE(check_available(*config, "x.toml").ok());
}

// Fails if the line is lost between reading and refusing.
TEST(Available, LoadingToRunNamesTheLine) {
    const std::string path = testing::TempDir() + "/hopscope_available_test.toml";
    std::ofstream(path) << "[data]\n\npack = \"document\"\n";
    const auto config = load_runnable_config(path);
    ASSERT_FALSE(config.ok());
    EXPECT_NE(config.error().message.find(path + ":3: data.pack"), std::string::npos)
        << config.error().message;
    EXPECT_TRUE(load_config(path).ok());
    EXPECT_TRUE(load_runnable_config(path, {"data.pack=stream"}).ok());
    std::filesystem::remove(path);
}

}  // namespace
}  // namespace hopscope::core
