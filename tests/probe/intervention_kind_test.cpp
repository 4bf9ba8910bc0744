// If these fail, a command is offered on prompts that nothing carries out, or one that nobody
// offers is carried out.
#include "core/probe/intervention_kind.h"

#include <algorithm>

#include "core/api/command_registry.h"
#include "core/probe/interventions/table.h"
#include "tests/model/tiny.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;

TEST(InterventionKinds, EveryCommandOnPromptsHasOneInTheOrderOfTheRegistry) {
    std::vector<const InterventionKind*> expected;
    for (const CommandSpec& spec : command_registry()) {
        const InterventionKind* kind = find_intervention(spec.kind);
        EXPECT_EQ(kind != nullptr, spec.inference) << spec.name;
        if (kind) expected.push_back(kind);
    }
    // Controls are drawn kind by kind: another order would be another control.
    EXPECT_TRUE(std::equal(expected.begin(), expected.end(), intervention_kinds().begin(),
                           intervention_kinds().end()));
}

TEST(InterventionKinds, CommandsOfTheRunAloneMakeNoPlan) {
    const auto c = tiny();
    const auto w = in_fp64(c);
    for (const CommandSpec& spec : command_registry()) {
        if (spec.inference) continue;
        const auto plan = make_plan({c, w}, {{spec.kind, {}}}, 0);
        ASSERT_FALSE(plan.ok()) << spec.name;
        EXPECT_EQ(plan.error().message,
                  "command \"" + spec.name + "\": acts on the run in training, not on prompts");
    }
}

TEST(InterventionKinds, ALastingOneIsCarriedOutInTraining) {
    // What lasts acts by its plan in every update, so it must be one of the kinds.
    for (const CommandSpec& spec : command_registry())
        EXPECT_TRUE(!spec.lasts || find_intervention(spec.kind)) << spec.name;
}

}  // namespace
