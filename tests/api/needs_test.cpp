// Each refusal exists once: what a configuration cannot have, in words.
#include "core/api/needs.h"

#include <gtest/gtest.h>
#include <vector>

namespace hopscope::core {
namespace {

Config with_router(RouterKind router) {
    Config config;
    config.moe.router = router;
    return config;
}

std::string why(Need need, const Config& config, const RunHolds& holds = {}) {
    return missing(need, config, holds).value_or("");
}

constexpr Need kOfRouting[] = {Need::experts,
                               Need::hops,
                               Need::several_hops,
                               Need::several_choices,
                               Need::routing,
                               Need::router,
                               Need::rows,
                               Need::centroids,
                               Need::positions,
                               Need::scores,
                               Need::score_scale,
                               Need::learning_router,
                               Need::changing_choices,
                               Need::choice_by_context,
                               Need::reading_experts};

// Wrong if a dense run is offered something that only routing has.
TEST(Needs, ADenseModelMeetsNoneOfRouting) {
    Config dense;
    dense.model.ffn = FfnKind::dense;
    for (const Need need : kOfRouting)
        EXPECT_EQ(why(need, dense).rfind("a dense model has no ", 0), 0u) << why(need, dense);
    EXPECT_EQ(why(Need::experts, dense), "a dense model has no experts");
    EXPECT_EQ(why(Need::positions, dense), "a dense model has no routing positions");
    EXPECT_EQ(why(Need::learning_rows, dense), "a dense model has no router");
    EXPECT_EQ(why(Need::output_scale, dense), "a dense model has no experts");
    EXPECT_EQ(why(Need::two_snapshots, dense, {.snapshots = 2}), "");
}

// Wrong if a router is refused what it has, or offered what it lacks.
TEST(Needs, EachRouterMeetsItsOwn) {
    const Config hash = with_router(RouterKind::hash), linear = with_router(RouterKind::linear);
    EXPECT_EQ(why(Need::scores, hash), "a hash router has no scores");
    EXPECT_EQ(why(Need::rows, hash), "a hash router has no rows");
    EXPECT_EQ(why(Need::learning_router, hash), "a hash router has nothing that learns");
    EXPECT_EQ(why(Need::changing_choices, hash), "a hash router never changes its choices");
    EXPECT_EQ(why(Need::choice_by_context, hash),
              "a hash router chooses by position or token id, never by context");
    EXPECT_EQ(why(Need::centroids, linear), "a linear router has no centroids");
    EXPECT_EQ(why(Need::positions, linear), "a linear router has no routing positions");
    EXPECT_EQ(why(Need::score_scale, linear), "a linear router has no scale of its scores");
    EXPECT_EQ(why(Need::learning_rows, hash), "a hash router has no rows");
    EXPECT_EQ(why(Need::learning_rows, with_router(RouterKind::random_fixed)),
              "a random_fixed router never moves its rows");
    EXPECT_EQ(why(Need::learning_rows, with_router(RouterKind::kmeans)),
              "a kmeans router moves its rows without gradients");
    for (const Need need : {Need::scores, Need::rows, Need::learning_router, Need::learning_rows,
                            Need::changing_choices, Need::choice_by_context})
        EXPECT_EQ(why(need, linear), "");
    for (const auto router : {RouterKind::cosine, RouterKind::random_fixed, RouterKind::kmeans})
        for (const Need need : kOfRouting) {
            if (need == Need::several_hops) continue;  // the default has one
            EXPECT_EQ(why(need, with_router(router)), "");
        }
}

// Wrong if sizes of the mixture are not looked at.
TEST(Needs, HopsChoicesAndExpertsCount) {
    Config config;
    EXPECT_EQ(why(Need::several_hops, config), "every layer has one hop");
    config.moe.hops = {1, 1, 2, 1};
    EXPECT_EQ(why(Need::several_hops, config), "");
    config.moe.top_k = 2;
    EXPECT_EQ(why(Need::several_choices, config), "");
    config.moe.top_k = 1;
    EXPECT_EQ(why(Need::several_choices, config),
              "moe.top_k = 1: no two experts are ever chosen in the same hop");
    config.moe.expert = ExpertKind::fixed;
    EXPECT_EQ(why(Need::reading_experts, config), "static experts read nothing");
    EXPECT_EQ(why(Need::output_scale, config),
              "moe.output_scale = \"none\": a layer's output is not scaled");
    config.moe.output_scale = OutputScale::global;
    EXPECT_EQ(why(Need::output_scale, config), "");
}

// Wrong if a run is refused for what nobody looked up.
TEST(Needs, OfFilesAreRefusedOnlyWhereKnown) {
    const Config config;
    EXPECT_EQ(why(Need::two_snapshots, config), "");
    EXPECT_EQ(why(Need::two_snapshots, config, {.snapshots = 1}),
              "found 1 snapshots, needs two or more (train.snapshot_every)");
    EXPECT_EQ(why(Need::two_evaluations, config, {.evaluations = 0}),
              "found 0 evaluations, needs two or more (train.eval_every)");
    EXPECT_EQ(why(Need::model, config), "");
    EXPECT_EQ(why(Need::model, config, {.checkpoints = 0}),
              "no checkpoint is saved yet (train.checkpoint_every)");
    EXPECT_EQ(why(Need::model, config, {.checkpoints = 1}), "");
    EXPECT_EQ(why(Need::curve, config, {.checkpoints = 0, .updates = 1}), "");
    EXPECT_EQ(why(Need::curve, config, {.updates = 0}),
              "no update is recorded yet: there is no training curve");
    EXPECT_EQ(why(Need::second_run, config), "");
    EXPECT_EQ(why(Need::second_run, config, {.second_run = false}),
              "needs a second run to compare with");
}

// Wrong if a model trained elsewhere were refused what it has, or granted what would have to run.
TEST(Needs, AnImportedModelHasRowsAndWhatWasRecorded) {
    const Config config;
    RunHolds holds;
    holds.imported = ImportedHolds();
    for (const Need need : {Need::experts, Need::router, Need::rows, Need::centroids})
        EXPECT_EQ(missing(need, config, holds), std::nullopt);
    for (const Need need : {Need::model, Need::scores, Need::several_hops, Need::curve,
                            Need::positions, Need::changing_choices, Need::second_run})
        EXPECT_NE(missing(need, config, holds), std::nullopt);
    EXPECT_EQ(missing(Need::routing, config, holds),
              "no trace was imported with the model, so no choices are known");
    holds.imported->choices = true;
    holds.imported->top_k = 1;
    EXPECT_EQ(missing(Need::routing, config, holds), std::nullopt);
    EXPECT_EQ(missing(Need::several_choices, config, holds),
              "this model sends each token to one expert a layer");
    holds.imported->top_k = 2;
    EXPECT_EQ(missing(Need::several_choices, config, holds), std::nullopt);
    EXPECT_EQ(missing(Need::reading_experts, config, holds),
              "its experts were not read, only its routers; import the model again with --experts");
    holds.imported->experts = true;
    EXPECT_EQ(missing(Need::reading_experts, config, holds), std::nullopt);
}

// Wrong if the order of a list does not decide which refusal is read.
TEST(Needs, TheFirstMissingOneIsNamed) {
    Config config = with_router(RouterKind::hash);
    config.moe.expert = ExpertKind::fixed;
    const std::vector<Need> needs = {Need::experts, Need::rows, Need::reading_experts};
    EXPECT_EQ(missing(needs, config), "a hash router has no rows");
    EXPECT_EQ(missing(std::span<const Need>{}, config), std::nullopt);
    EXPECT_EQ(as_sentence("a dense model has no experts"), "A dense model has no experts.");
}

}  // namespace
}  // namespace hopscope::core
