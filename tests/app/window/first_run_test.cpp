// What meets a new user, without a screen: how a recent run is told, the texts of help, and the
// steps of the tour.
#include <gtest/gtest.h>
#include <imgui.h>

#include "app/panels/table.h"
#include "app/window/panel_help.h"
#include "app/window/recent_list.h"
#include "app/window/tour.h"
#include "tests/app/fake_session.h"

namespace hopscope::app {
namespace {

// Wrong if a panel had no help, less than two sentences of it, or help stood there twice.
TEST(PanelHelp, EveryPanelIsExplained) {
    for (const PanelEntry& entry : panel_table()) {
        const std::string title = entry.make()->title();
        const PanelHelp* help = help_on(title);
        ASSERT_NE(help, nullptr) << "a row for \"" << title << "\" is missing in panel_help.cpp";
        const std::string text = help->text;
        EXPECT_TRUE(text.ends_with('.')) << title;
        EXPECT_NE(text.find(". "), std::string::npos) << title << ": one sentence is too little";
        EXPECT_LT(text.size(), 460u) << title << ": too long to be read in passing";
    }
    for (const PanelHelp& help : panel_help()) {
        EXPECT_EQ(help_on(help.title), &help) << help.title;
        for (const Gesture& gesture : help.gestures)
            EXPECT_EQ(gesture.how == nullptr, gesture.what == nullptr) << help.title;
    }
    EXPECT_EQ(help_on("Nothing"), nullptr);
}

// Wrong if a row did not say what kind of run it is and how it stands.
TEST(RecentList, SaysHowARunStands) {
    RecentRun run;
    run.look.variant = "first_look";
    run.look.state = core::RunState::done;
    run.look.step = run.look.steps = 3000;
    run.look.synthetic = true;
    EXPECT_EQ(in_words(run), "first_look, done at step 3,000 of 3,000, synthetic text");
    run.look = {};
    run.look.variant = "dense, wide";
    run.look.lanes = 2;
    run.look.being_written = true;
    run.look.steps = 600;
    EXPECT_EQ(in_words(run), "race of dense, wide, being written at step 0 of 600");
    run.opened = 1'700'000'000;
    EXPECT_EQ(when_opened(run, run.opened), core::local_time("%H:%M", run.opened));
    EXPECT_EQ(when_opened(run, run.opened + 3 * 366 * 86400.0),
              core::local_time("%Y-%m-%d", run.opened));
}

/// A tour beside a made-up run.
class TourTest : public ::testing::Test {
  protected:
    TourTest() { ImGui::CreateContext(); }
    ~TourTest() override { ImGui::DestroyContext(); }
    std::string spot(Layout layout) {
        tour.update(state, layout);
        return tour.hint(state, layout).spot;
    }
    void open_run() {
        gui_test::FakeOptions options;
        options.start_step = 100;
        auto made = std::make_unique<gui_test::FakeSession>(options);
        session = made.get();
        state.attach(std::move(made));
        update_state(state);
    }
    AppState state;
    Tour tour;
    gui_test::FakeSession* session = nullptr;
};

// Wrong if the tour pointed at a control that is not the next to be used, or went on before that
// was done.
TEST_F(TourTest, FollowsWhatIsDone) {
    EXPECT_FALSE(tour.shown());
    tour.begin(state);
    EXPECT_TRUE(tour.shown());
    EXPECT_EQ(spot(Layout::train), "file.example");
    open_run();
    EXPECT_EQ(spot(Layout::compare), "layout.train");
    EXPECT_EQ(spot(Layout::train), "timeline");
    EXPECT_EQ(spot(Layout::train), "timeline");
    EXPECT_EQ(tour.step(), Tour::Step::watch);
    EXPECT_EQ(spot(Layout::inspect), "trajectory.prompt") << "it was watched long enough";
    EXPECT_EQ(spot(Layout::train), "layout.inspect");
    session->request_trace({state.prompt, {}});
    update_state(state);
    EXPECT_EQ(spot(Layout::inspect), "trajectory.strip");
    EXPECT_EQ(tour.step(), Tour::Step::inspect);
    state.selection.pick_prompt_token(2, false);
    EXPECT_EQ(spot(Layout::inspect), "layout.intervene");
    EXPECT_EQ(spot(Layout::intervene), "intervene.add");
    state.stack.add({core::CommandKind::zero_experts,
                     {{"layers", std::vector<int64_t>{0}}, {"hops", std::vector<int64_t>{0}}}});
    EXPECT_EQ(spot(Layout::intervene), "intervene.answer");
    EXPECT_EQ(tour.step(), Tour::Step::intervene);
    core::InterventionEffect effect;
    effect.whole = true;
    effect.control_draws = 20;
    session->put(effect);
    update_state(state);
    EXPECT_EQ(spot(Layout::intervene), "intervene.answer");
    EXPECT_EQ(tour.step(), Tour::Step::over);
    EXPECT_NE(tour.hint(state, Layout::intervene).text.find("chance"), std::string::npos);
    tour.dismiss(state);
    EXPECT_FALSE(tour.shown());
    EXPECT_TRUE(state.settings.toured);
    tour.begin(state);
    EXPECT_EQ(tour.step(), Tour::Step::watch) << "again from its first step";
}

// Wrong if looking at the past, which the first step asks for, did not end it.
TEST_F(TourTest, ThePastIsTheFirstGesture) {
    open_run();
    tour.begin(state);
    EXPECT_EQ(spot(Layout::train), "timeline");
    const std::vector<core::KeptSnapshot> kept = {{50, 1}, {100, 1}};
    state.time.go_to(kept, 50);
    ImGui::GetIO().MouseDown[ImGuiMouseButton_Left] = true;
    EXPECT_EQ(spot(Layout::train), "timeline") << "it is still being dragged";
    ImGui::GetIO().MouseDown[ImGuiMouseButton_Left] = false;
    EXPECT_EQ(spot(Layout::train), "layout.inspect");
    EXPECT_NE(tour.hint(state, Layout::train).text.find("the past"), std::string::npos);
    state.time.go_live();
    EXPECT_EQ(tour.hint(state, Layout::train).text.find("the past"), std::string::npos);
}

}  // namespace
}  // namespace hopscope::app
