// The sheet of a model against the counts of `info` and the names of a checkpoint.
#include <filesystem>
#include <gtest/gtest.h>
#include <map>

#include "core/api/lab.h"
#include "core/config/arithmetic.h"
#include "core/config/parse.h"

namespace hopscope::core {
namespace {

std::vector<std::string> presets() {
    std::vector<std::string> out;
    for (const auto& file : std::filesystem::recursive_directory_iterator(HOPSCOPE_CONFIGS))
        if (file.path().extension() == ".toml" && file.path().parent_path().filename() != "batches")
            out.push_back(file.path().string());
    return out;
}

// Wrong if a tensor of some variant were left out or counted twice, or its parts were others than
// those that `info` counts.
TEST(ModelSheet, TensorsAndHopsOfEveryPresetAddUpToWhatInfoPrints) {
    ASSERT_GT(presets().size(), 40u);
    for (const std::string& path : presets()) {
        const auto config = load_config(path, {});
        ASSERT_TRUE(config) << config.error().message;
        const ModelSheet sheet = lab::model_sheet(*config);
        int64_t elements = 0;
        std::map<Group, int64_t> of_group;
        for (const TensorEntry& tensor : sheet.tensors) {
            elements += tensor.elements;
            of_group[tensor.group] += tensor.elements;
        }
        EXPECT_EQ(elements, sheet.counts.parameters.total) << path;
        EXPECT_EQ(elements, count_parameters(*config).total) << path;
        EXPECT_EQ(of_group[Group::experts], sheet.counts.parameters.experts) << path;
        EXPECT_EQ(of_group[Group::attention], sheet.counts.parameters.attention) << path;
        EXPECT_EQ(of_group[Group::norms], sheet.counts.parameters.norms) << path;
        double routing = 0, experts = 0;
        for (const auto& layer : sheet.hops)
            for (const HopFlops& hop : layer) {
                routing += hop.routing();
                experts += hop.experts + hop.shared;
            }
        EXPECT_DOUBLE_EQ(routing, sheet.counts.flops.routing) << path;
        EXPECT_DOUBLE_EQ(experts, sheet.counts.flops.experts) << path;
    }
}

// Wrong if a tensor stood under another name or layer than in a checkpoint, or one that nothing
// moves passed for learned.
TEST(ModelSheet, TensorsHaveTheirNameShapeLayerAndWhetherTheyLearn) {
    Config config;
    config.model.n_layers = 2;
    config.model.d_model = 8;
    config.model.n_heads = 2;
    config.moe.experts = 6;
    config.moe.d_space = 4;
    config.moe.top_k = 2;
    config.moe.router = RouterKind::random_fixed;
    const ModelSheet sheet = lab::model_sheet(config);
    ASSERT_FALSE(sheet.tensors.empty());
    EXPECT_EQ(sheet.tensors.front().name, "embed.weight");
    EXPECT_EQ(sheet.tensors.front().layer, -1);
    bool seen = false;
    for (const TensorEntry& tensor : sheet.tensors) {
        if (tensor.name == "layers.1.experts.down") {
            EXPECT_TRUE(tensor.learns);
        }
        if (tensor.name != "layers.1.router.centroids") continue;
        seen = true;
        EXPECT_EQ(tensor.layer, 1);
        EXPECT_EQ(tensor.shape, (std::vector<int64_t>{6, 4}));
        EXPECT_EQ(tensor.elements, 24);
        EXPECT_FALSE(tensor.learns);
    }
    EXPECT_TRUE(seen);
}

}  // namespace
}  // namespace hopscope::core
