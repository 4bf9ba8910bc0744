// Which weights the panels show that ask the inspector.
#include "app/panels/intervene/weights.h"

#include <gtest/gtest.h>

#include "tests/app/fake_session.h"
#include "tests/app/made_up.h"

namespace hopscope::app {
namespace {

// Wrong if a trace and an effect of two moments stood side by side without a word at either, or
// words stood there where both are of one moment, or where one of them is shown nowhere.
TEST(Weights, OfTwoMomentsAreSaidAtBothPlaces) {
    AppState state;
    gui_test::FakeOptions options;
    options.start_step = 509;
    auto made = std::make_unique<gui_test::FakeSession>(options);
    gui_test::FakeSession* session = made.get();
    state.attach(std::move(made));
    const auto silent = [&] {
        return other_weights(state, Inspected::trace).empty() &&
               other_weights(state, Inspected::effect).empty();
    };
    const auto trace = [&] {
        session->request_trace({state.prompt, {}});
        update_state(state);
    };
    const auto measure = [&] {
        core::InterventionRequest request;
        request.prompt = state.prompt;
        request.script = state.prompt_script();
        session->request_intervention(request);
        update_state(state);
    };
    trace();
    EXPECT_TRUE(silent()) << "nothing was measured";
    state.stack.add(gui_test::parsed(R"({"command": "zero_experts"})"));
    measure();
    EXPECT_TRUE(silent()) << "both are of step 509";
    session->advance(65);
    trace();
    for (const Inspected here : {Inspected::trace, Inspected::effect}) {
        const std::string text = other_weights(state, here);
        EXPECT_NE(text.find("step 574"), std::string::npos) << text;
        EXPECT_NE(text.find("step 509"), std::string::npos) << text;
    }
    EXPECT_EQ(weights_of(state, 509), "weights of step 509 (run is at 574)");
    EXPECT_EQ(weights_of(state, 574), "weights of step 574");
    state.stack.all_off();
    EXPECT_TRUE(silent()) << "the effect is shown no more";
    state.stack.undo();
    EXPECT_FALSE(silent());
    measure();
    EXPECT_TRUE(silent());
}

}  // namespace
}  // namespace hopscope::app
