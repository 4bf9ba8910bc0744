// If these fail, what a run that diverged left behind is measured as if it were a model.
#include "core/model/sound.h"

#include <gtest/gtest.h>
#include <limits>

#include "tests/model/tiny.h"

namespace hopscope::test {
namespace {

using namespace core;

Model model_of(const Config& config) {
    return {config, init_weights(config, 3)};
}

TEST(SoundModel, OfEveryRouterAsItBegins) {
    for (const RouterTraits& router : kRouters) {
        auto config = tiny();
        config.moe.router = router.kind;
        const auto sound = check_sound(model_of(config));
        EXPECT_TRUE(sound.ok()) << sound.error().message;
    }
}

TEST(SoundModel, OneBadNumberAnywhereIsNamed) {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const std::pair<float, const char*> cases[] = {
        {nan, "the weights hold NaN"},
        {-3e38F, "the weights hold numbers whose squares are infinite"},
        {std::numeric_limits<float>::infinity(), "the weights hold infinite numbers"}};
    for (const auto& [number, sentence] : cases) {
        auto model = model_of(tiny());
        model.weights.layers[1].q.view({-1}).select(0, 5).fill_(number);
        const auto found = check_sound(model);
        ASSERT_FALSE(found.ok());
        EXPECT_EQ(found.error().kind, ErrorKind::failed);
        for (const std::string part : {sentence, "layers.1.attn.q.weight"})
            EXPECT_NE(found.error().message.find(part), std::string::npos) << found.error().message;
    }
}

TEST(SoundModel, WeightsWhoseProductsOverflowAreTold) {
    auto model = model_of(tiny());
    model.weights = model.weights.map(
        [](Group, const at::Tensor& t) { return t.detach().clone().fill_(3e38F); });
    const auto found = check_sound(model);
    ASSERT_FALSE(found.ok());
    EXPECT_NE(found.error().message.find("diverged"), std::string::npos) << found.error().message;
}

}  // namespace
}  // namespace hopscope::test
