// The diagram of a model, computed without a window.
#include "app/panels/model/view.h"

#include <algorithm>
#include <gtest/gtest.h>

#include "app/panels/model/parts.h"
#include "core/api/base.h"
#include "tests/app/made_up.h"
#include "tests/app/made_up_sheet.h"

namespace hopscope::app {
namespace {

using gui_test::made_up_sheet;

core::Config small_model() {
    core::Config config;
    config.model.d_model = 8;
    config.model.n_layers = 2;
    config.model.n_heads = 2;
    config.model.vocab_size = 32;
    config.moe.experts = 6;
    config.moe.top_k = 2;
    config.moe.hops = {3, 1};
    config.moe.d_space = 4;
    return config;
}

std::vector<std::string> ids_in(const ModelDiagram& diagram, Column column) {
    std::vector<std::string> out;
    for (const ModelPart& part : diagram.parts)
        if (part.column == column) out.push_back(part.id);
    return out;
}

using Ids = std::vector<std::string>;

// Wrong if a box of the stream, a block or the loop were missing, or one stood in another order.
TEST(ModelDiagram, HasTheStreamABlockAndItsHops) {
    const core::Config config = small_model();
    const ModelDiagram diagram = diagram_of(config, made_up_sheet(config), 0);
    EXPECT_EQ(ids_in(diagram, Column::stream),
              (Ids{"embedding", "block", "block", "final norm", "head"}));
    EXPECT_EQ(ids_in(diagram, Column::block),
              (Ids{"attention norm", "attention", "layer norm", kLayerOfExperts}));
    EXPECT_EQ(ids_in(diagram, Column::hop),
              (Ids{"projection", "unit length", "scores", "top-k", "experts", "update"}));
    EXPECT_EQ(diagram.hops, 3);
    EXPECT_EQ(diagram_of(config, made_up_sheet(config), 1).hops, 1);
}

// Wrong if a layer that there is not were opened after a run of more layers.
TEST(ModelDiagram, OpensTheLastBlockWhereTheSelectedOneIsBeyondIt) {
    const core::Config config = small_model();
    EXPECT_EQ(diagram_of(config, made_up_sheet(config), 7).layer, 1);
}

// Wrong if a linear router were drawn with a routing space, or a hash router with scores.
TEST(ModelDiagram, DrawsTheRouterThatTheModelHas) {
    core::Config config = small_model();
    config.moe.router = core::RouterKind::linear;
    const core::ModelSheet linear = made_up_sheet(config);
    const ModelDiagram diagram = diagram_of(config, linear, 0);
    EXPECT_EQ(ids_in(diagram, Column::hop), (Ids{"scores", "top-k", "experts", "update"}));
    EXPECT_EQ(diagram.find("scores", 0)->title, "Linear scores");
    EXPECT_EQ(diagram.find("scores", 0)->parameters, 6 * 8);
    config.moe.router = core::RouterKind::hash;
    EXPECT_EQ(ids_in(diagram_of(config, made_up_sheet(config), 0), Column::hop),
              (Ids{"hash", "top-k", "experts", "update"}));
    config.moe.router = core::RouterKind::cosine;
    config.moe.projection = core::ProjectionKind::identity;
    EXPECT_EQ(ids_in(diagram_of(config, made_up_sheet(config), 0), Column::hop).front(),
              "unit length");
}

// Wrong if a dense baseline showed hops, experts or a router.
TEST(ModelDiagram, DrawsADenseModelWithoutExperts) {
    core::Config config = small_model();
    config.model.ffn = core::FfnKind::dense;
    config.model.d_ff = 10;
    const core::ModelSheet sheet = made_up_sheet(config);
    const ModelDiagram diagram = diagram_of(config, sheet, 1);
    EXPECT_EQ(diagram.hops, 0);
    EXPECT_EQ(ids_in(diagram, Column::block).back(), kDenseLayer);
    EXPECT_EQ(ids_in(diagram, Column::hop), (Ids{"read", "SiLU", "write"}));
    EXPECT_EQ(diagram.find(kDenseLayer, 1)->parameters, 2 * 10 * 8);
    for (const ModelGroup& group : groups_of(sheet.counts))
        EXPECT_TRUE(group.name != "experts" && group.name != "routing") << group.name;
}

// Wrong if a tensor of the opened block belonged to no box, or to two.
TEST(ModelDiagram, EachTensorBelongsToOneBoxOfItsBlock) {
    core::Config config = small_model();
    for (const core::RouterKind router : {core::RouterKind::cosine, core::RouterKind::linear}) {
        config.moe.router = router;
        const core::ModelSheet sheet = made_up_sheet(config);
        const ModelDiagram diagram = diagram_of(config, sheet, 1);
        for (size_t i = 0; i < sheet.tensors.size(); ++i) {
            if (sheet.tensors[i].layer == 0) continue;
            int boxes = 0;
            for (const ModelPart& part : diagram.parts)
                if (part.id != "block" && part.id != kLayerOfExperts)
                    boxes +=
                        static_cast<int>(std::count(part.tensors.begin(), part.tensors.end(), i));
            EXPECT_EQ(boxes, 1) << sheet.tensors[i].name;
        }
        int64_t block = 0;
        for (const core::TensorEntry& tensor : sheet.tensors)
            if (tensor.layer == 1) block += tensor.elements;
        EXPECT_EQ(diagram.find("block", 1)->parameters, block);
    }
}

// Wrong if the operations of several hops were counted as those of one.
TEST(ModelDiagram, OperationsAreThoseOfAllHops) {
    const core::Config config = small_model();
    const ModelDiagram diagram = diagram_of(config, made_up_sheet(config), 0);
    EXPECT_EQ(diagram.find("projection", 0)->flops, 3 * 100);
    EXPECT_EQ(diagram.find("experts", 0)->flops, 3 * 400);
    EXPECT_EQ(diagram.find(kLayerOfExperts, 0)->flops, 3 * 700);
    EXPECT_EQ(diagram.find("block", 1)->flops, 1000 + 700);
}

// Wrong if the table left out parameters, or counted a box twice.
void expect_every_parameter_once(const core::Config& config) {
    const core::ModelSheet sheet = made_up_sheet(config);
    History history;
    auto record = gui_test::record(1, 2.0f);
    record.grad_attention = 0.25f;
    history.append(record);
    const std::string csv = csv_of(config, sheet, history);
    int64_t sum = 0;
    size_t at = csv.find('\n') + 1;
    ASSERT_NE(at, 0u);
    while (at < csv.size()) {
        const size_t end = csv.find('\n', at);
        const std::string line = csv.substr(at, end - at);
        const auto cells = core::csv_cells(line);
        ASSERT_EQ(cells.size(), 7u) << line;
        int64_t parameters = 0;
        ASSERT_TRUE(core::read_csv_number(cells[2], parameters)) << line;
        sum += parameters;
        if (cells[1] == "attention") {
            EXPECT_EQ(cells[5], "0.25") << line;
        }
        at = end + 1;
    }
    EXPECT_EQ(sum, sheet.counts.parameters.total);
    EXPECT_NE(csv.find(config.is_dense() ? "\n1,write," : "\n1,experts,"), std::string::npos);
}

TEST(ModelDiagram, TheTableHoldsEveryParameterOnce) {
    core::Config config = small_model();
    expect_every_parameter_once(config);
    config.model.ffn = core::FfnKind::dense;
    expect_every_parameter_once(config);
}

TEST(ModelDiagram, CountsAreShortAndShapesAreWhole) {
    EXPECT_EQ(in_units(960), "960");
    EXPECT_EQ(in_units(84742144), "84.7 M");
    EXPECT_EQ(in_units(12345), "12.3 k");
    EXPECT_EQ(shape_words({64, 96}), "[64 \xC3\x97 96]");
    EXPECT_EQ(shape_words({}), "one number");
}

}  // namespace
}  // namespace hopscope::app
