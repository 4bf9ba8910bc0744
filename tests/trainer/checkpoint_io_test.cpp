// If this fails, a run that goes on does not have what its checkpoint was given.
#include "core/trainer/checkpoint_io.h"

#include "tests/train/tiny_engine.h"

namespace hopscope::core {
namespace {

class SavedEngine : public test::TinyEngine {};

// Wrong if a resumed run trained what was frozen, or took a word that no part has for nothing.
TEST_F(SavedEngine, ACheckpointHoldsThePartsByTheirWords) {
    steps(1);
    for (const char* line : {R"({"command": "freeze", "what": "routing"})",
                             R"({"command": "freeze", "what": "attention"})",
                             R"({"command": "freeze", "what": "centroids", "layers": [1]})",
                             R"({"command": "freeze", "what": "projection", "layers": [0]})"})
        order(line);
    const Checkpoints checkpoints(dir_ / "checkpoints");
    ASSERT_TRUE(write_checkpoint(checkpoints, engine_->state()).ok());
    auto checkpoint = checkpoints.open(1);
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.error().message;
    const std::string words = R"("frozen":["attention","routing"],"frozen_experts":{},)"
                              R"("frozen_layers":{"centroids":[1],"projection":[0]})";
    const size_t at = checkpoint->state_json.find(words);
    ASSERT_NE(at, std::string::npos) << checkpoint->state_json;
    const auto back = read_checkpoint(*checkpoint, config_, at::kCPU);
    ASSERT_TRUE(back.ok()) << back.error().message;
    EXPECT_EQ(back->frozen, engine_->state().frozen);
    EXPECT_EQ(back->frozen_layers, engine_->state().frozen_layers);
    checkpoint->state_json.replace(checkpoint->state_json.find("attention", at), 9, "attentions");
    const auto foreign = read_checkpoint(*checkpoint, config_, at::kCPU);
    ASSERT_FALSE(foreign.ok());
    EXPECT_NE(foreign.error().message.find("found \"attentions\", allowed routing, choices"),
              std::string::npos)
        << foreign.error().message;
}

}  // namespace
}  // namespace hopscope::core
