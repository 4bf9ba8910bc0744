// What the inspector of a session answers, and from which weights.
#include <algorithm>

#include "tests/session/fake_trainer.h"

namespace hopscope::core {
namespace {

using namespace std::chrono_literals;

bool traced(FakeRun& run, const std::string& prompt) {
    const auto trace = run.session->trace();
    return trace && trace->prompt == prompt;
}

TEST(Inspector, AnswersFromWeightsOfTheQuestionsStep) {
    // Wrong if a trace shows older weights than the step that it names.
    FakeWorld world;
    FakeRun run(world);
    ASSERT_TRUE(run.wait([&] { return world.updates > 5; }));
    const Answer paused = run.ask({CommandKind::pause, {}});
    run.session->request_trace({"hello", {}});
    ASSERT_TRUE(run.wait([&] { return traced(run, "hello"); }));
    const auto trace = run.session->trace();
    EXPECT_EQ(trace->step, paused.step);
    EXPECT_EQ(trace->tokens.size(), 5u);
    EXPECT_EQ(trace->error, "");
    EXPECT_EQ(run.session->status().inspector_step, paused.step);
    run.session->request_trace({"again", {}});
    ASSERT_TRUE(run.wait([&] { return traced(run, "again"); }));
    EXPECT_GT(run.session->trace()->version, trace->version);
    EXPECT_EQ(world.copies, 1) << "an unchanged model is copied once";
    EXPECT_EQ(world.refreshes, 1);
}

TEST(Inspector, AQuestionDuringPreparationIsAnsweredWhenTheModelIsReady) {
    // Wrong if the prompt typed while the tokenizer trains is forgotten.
    FakeWorld world;
    world.prepare_time = 50ms;
    FakeRun run(world, paused_at_start());
    run.session->request_trace({"early", {}});
    ASSERT_TRUE(run.wait([&] { return traced(run, "early"); }));
    EXPECT_EQ(run.session->trace()->error, "");
}

TEST(Inspector, AnOpenPromptFollowsTheRunWhileSomeoneLooks) {
    // Wrong if the strip stands still while the model changes, or costs copies when hidden.
    FakeWorld world;
    FakeRun run(world);
    const auto begin = Wakeup::Clock::now();
    run.session->request_trace({"follow", {}});
    int64_t last = -1;
    int fresh = 0;
    ASSERT_TRUE(run.wait([&] {
        const auto trace = run.session->trace();
        if (trace && trace->step > last) {
            last = trace->step;
            ++fresh;
        }
        return fresh >= 4;
    }));
    EXPECT_GE(Wakeup::Clock::now() - begin, 700ms) << "at most four a second";
    const int64_t copies = world.copies;
    std::this_thread::sleep_for(700ms);  // nobody calls trace()
    EXPECT_LE(world.copies, copies + 1);
    const Answer changed = run.ask(set_command("lr", 0.5));
    run.ask({CommandKind::pause, {}});
    ASSERT_TRUE(run.wait([&] { return run.session->trace()->step == run.session->status().step; }))
        << "the last state before the pause must be shown";
    EXPECT_EQ(changed.state, AnswerState::applied);
}

TEST(Inspector, ANewerQuestionReplacesTheOlder) {
    // Wrong if fast typing leaves a queue of old prompts to be worked off.
    FakeWorld world;
    std::atomic<int> cancelled_traces{0};
    std::atomic<bool> block{true};
    world.in_trace = [&](const std::function<bool()>& cancelled) {
        while (block && !cancelled()) std::this_thread::sleep_for(1ms);
        cancelled_traces += cancelled();
    };
    FakeRun run(world, paused_at_start());
    run.session->request_trace({"first", {}});
    ASSERT_TRUE(run.wait([&] { return world.traces == 1; }));
    run.session->request_trace({"second", {}});
    ASSERT_TRUE(run.wait([&] { return world.traces == 2; }));
    for (int i = 0; i < 20; ++i) run.session->request_trace({"third " + std::to_string(i), {}});
    ASSERT_TRUE(run.wait([&] { return world.traces >= 3; }));
    EXPECT_EQ(run.session->trace(), nullptr) << "a cancelled answer was shown";
    block = false;
    ASSERT_TRUE(run.wait([&] { return traced(run, "third 19"); }));
    EXPECT_GE(cancelled_traces, 2);
    EXPECT_LT(world.traces, 22) << "questions that had not begun were answered one by one";
}

TEST(Inspector, TheSecondPromptIsOfTheSameWeights) {
    // Wrong if two prompts beside each other showed the run at two steps, if the second did not
    // follow it, stayed when it is no longer asked, or its refusal took the first away.
    FakeWorld world;
    FakeRun run(world);
    run.session->request_trace({"first", {}, "other"});
    int64_t last = -1;
    int fresh = 0;
    ASSERT_TRUE(run.wait([&] {
        const auto trace = run.session->trace();
        if (!trace || trace->step <= last) return false;
        last = trace->step;
        EXPECT_TRUE(trace->second);
        if (!trace->second) return true;
        EXPECT_EQ(trace->second->step, trace->step);
        EXPECT_EQ(trace->second->prompt, "other");
        EXPECT_EQ(trace->second->tokens.size(), 5u);
        return ++fresh >= 3;
    }));
    run.session->request_trace({"alone", {}});
    ASSERT_TRUE(run.wait([&] { return traced(run, "alone"); }));
    EXPECT_EQ(run.session->trace()->second, nullptr);
}

TEST(Inspector, ATraceGoesBeforeHaltingWhichIsBegunAnew) {
    // Wrong if a new prompt waits for a long halting evaluation, or loses its result.
    FakeWorld world;
    std::atomic<bool> block{true};
    world.in_halting = [&](const std::function<bool()>& cancelled) {
        while (block && !cancelled()) std::this_thread::sleep_for(1ms);
    };
    FakeRun run(world, paused_at_start());
    run.session->request_halting("p", 0.25);
    ASSERT_TRUE(run.wait([&] { return world.haltings == 1; }));
    run.session->request_trace({"quick", {}});
    ASSERT_TRUE(run.wait([&] { return traced(run, "quick"); }));
    EXPECT_EQ(run.session->halting(), nullptr);
    block = false;
    ASSERT_TRUE(run.wait([&] { return run.session->halting() != nullptr; }));
    EXPECT_EQ(run.session->halting()->epsilon, 0.25);
    EXPECT_EQ(run.session->halting()->kl, 0.25f);
    EXPECT_EQ(world.haltings, 2);
}

TEST(Inspector, TheLastOfADraggedSliderWins) {
    // Wrong if the halting panel shows the effect of an older threshold than the slider's.
    FakeWorld world;
    world.in_halting = [](const std::function<bool()>& cancelled) {
        for (int i = 0; i < 20 && !cancelled(); ++i) std::this_thread::sleep_for(1ms);
    };
    FakeRun run(world, paused_at_start());
    for (int i = 1; i <= 100; ++i) {
        run.session->request_halting("p", i / 100.0);
        std::this_thread::sleep_for(200us);
    }
    ASSERT_TRUE(run.wait([&] {
        const auto effect = run.session->halting();
        return effect && effect->epsilon == 1.0;
    }));
    EXPECT_LT(world.haltings, 100);
}

TEST(Inspector, FaultsBecomeAnswers) {
    // Wrong if a fault in the inspector ends the program or leaves the panel waiting.
    for (const char* where : {"trace", "refresh"}) {
        FakeWorld world;
        world.throw_in = where;
        FakeRun run(world, paused_at_start());
        run.session->request_trace({"abc", {}});
        ASSERT_TRUE(run.wait([&] { return traced(run, "abc"); }));
        EXPECT_NE(run.session->trace()->error.find("exploded"), std::string::npos);
        EXPECT_EQ(run.ask(set_command("lr", 1)).state, AnswerState::applied);
    }
}

TEST(Inspector, RefusesInterventionsThatAreNotBuilt) {
    // Wrong if an intervention is ignored in silence and its "effect" shown as zero.
    FakeWorld world;
    FakeRun run(world, paused_at_start());
    run.session->request_trace({"a", {{CommandKind::fork, {}}}});
    ASSERT_TRUE(run.wait([&] { return traced(run, "a"); }));
    EXPECT_NE(run.session->trace()->error.find("training"), std::string::npos);
    run.session->request_trace({"b", {{CommandKind::halt, {{"epsilon", 0.1}}}}});
    ASSERT_TRUE(run.wait([&] { return traced(run, "b"); }));
    EXPECT_EQ(run.session->trace()->error, "");
    run.session->request_trace({"", {}});
    ASSERT_TRUE(run.wait([&] { return traced(run, ""); }));
    EXPECT_EQ(run.session->trace()->error, "the prompt is empty");
}

InterventionRequest question(uint64_t seed) {
    InterventionRequest out;
    out.prompt = "p";
    out.script = {{CommandKind::zero_experts, {}}};
    out.seed = seed;
    return out;
}

/// A paused run whose interventions wait in the midst of their control until `block` falls.
struct BlockedInterventions {
    FakeWorld world;
    std::atomic<bool> block{true};
    FakeRun run{prepared(), paused_at_start()};

    FakeWorld& prepared() {
        world.in_intervention = [this](const std::function<bool()>& cancelled) {
            while (block && !cancelled()) std::this_thread::sleep_for(1ms);
        };
        return world;
    }
};

TEST(Inspector, AnInterventionIsShownBeforeItsControlIsMeasured) {
    // Wrong if a person waits for twenty control passes before seeing the effect, or if the
    // unfinished answer passes for the whole one.
    BlockedInterventions blocked;
    auto& [world, block, run] = blocked;
    run.session->request_intervention(question(7));
    ASSERT_TRUE(run.wait([&] { return run.session->intervention() != nullptr; }));
    const auto first = run.session->intervention();
    EXPECT_FALSE(first->whole);
    EXPECT_EQ(first->kl, 7);
    EXPECT_EQ(first->request, question(7));
    block = false;
    ASSERT_TRUE(run.wait([&] { return run.session->intervention()->whole; }));
    EXPECT_GT(run.session->intervention()->version, first->version);
}

// Wrong if each of a thousand controls made the window draw.
TEST(Inspector, AnUnfinishedInterventionIsShownTenTimesASecond) {
    BlockedInterventions blocked;
    auto& [world, block, run] = blocked;
    world.publications = 100'000;
    const auto begun = std::chrono::steady_clock::now();
    run.session->request_intervention(question(7));
    block = false;
    ASSERT_TRUE(run.wait(
        [&] { return run.session->intervention() && run.session->intervention()->whole; }));
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begun;
    EXPECT_LE(static_cast<double>(run.session->intervention()->version), 3 + 10 * taken.count());
}

TEST(Inspector, TheNewestInterventionWinsAndATraceGoesBefore) {
    // Wrong if a dragged strength leaves a queue, or a new prompt waits for the control.
    BlockedInterventions blocked;
    auto& [world, block, run] = blocked;
    run.session->request_intervention(question(1));
    ASSERT_TRUE(run.wait([&] { return world.interventions == 1; }));
    run.session->request_trace({"quick", {}});
    ASSERT_TRUE(run.wait([&] { return traced(run, "quick"); }));
    ASSERT_TRUE(run.wait([&] { return world.interventions == 2; })) << "not begun anew";
    for (uint64_t seed = 2; seed <= 40; ++seed) run.session->request_intervention(question(seed));
    block = false;
    ASSERT_TRUE(run.wait([&] {
        const auto effect = run.session->intervention();
        return effect && effect->whole && effect->kl == 40;
    }));
    EXPECT_LT(world.interventions, 30);
}

TEST(Inspector, AnInterventionThatCannotActIsRefusedWithTheReason) {
    // Wrong if a script is carried out in part and its "effect" shown, or a fault ends the program.
    FakeWorld world;
    FakeRun run(world, paused_at_start());
    // Started, so that it no longer looks at the faults ordered below.
    ASSERT_TRUE(run.wait([&] { return run.session->geometry() != nullptr; }));
    const auto answer_to = [&](const InterventionRequest& asked) {
        run.session->request_intervention(asked);
        run.wait([&] {
            const auto effect = run.session->intervention();
            return effect && effect->request == asked && (effect->whole || !effect->error.empty());
        });
        return run.session->intervention();
    };
    auto asked = question(3);
    asked.script.push_back({CommandKind::set, {{"key", std::string("lr")}, {"value", 1.0}}});
    EXPECT_NE(answer_to(asked)->error.find("training"), std::string::npos);
    asked.script.back() = {CommandKind::steer, {{"layer", int64_t{0}}}};
    EXPECT_NE(answer_to(asked)->error.find("\"expert\" is missing"), std::string::npos);
    EXPECT_EQ(world.interventions, 0);
    world.throw_in = "intervene";
    EXPECT_NE(answer_to(question(4))->error.find("exploded"), std::string::npos);
    world.throw_in = "";
    EXPECT_TRUE(answer_to(question(5))->whole) << "the inspector did not survive the fault";
}

TEST(Inspector, WithoutOneQuestionsAreStillAnswered) {
    // Wrong if a session without inspector leaves a caller waiting.
    FakeWorld world;
    FakeRun run(world, {}, false);
    run.session->request_trace({"a", {}});
    run.session->request_halting("a", 0.1);
    run.session->request_intervention(InterventionRequest());
    EXPECT_FALSE(run.session->trace()->error.empty());
    EXPECT_FALSE(run.session->intervention()->error.empty());
    EXPECT_FALSE(run.session->halting()->error.empty());
}

}  // namespace
}  // namespace hopscope::core
