// Runs beside each other. If these fail, runs get lost when another is opened, change their colour,
// or the comparison is made of others than those that stand in the list.
#include "app/state/compared_runs.h"

#include "tests/app/fake_run.h"
#include "tests/app/fake_runs.h"

namespace hopscope::gui_test {
namespace {

class ComparedRunsTest : public FakeRun {
  protected:
    void open_run(const std::string& dir) {
        open([](FakeOptions&) {});
        serve_fake_runs(state_.services);
        session_->mutable_status().run_dir = dir;
        update_state(state_);
    }
    void add(const std::string& path) {
        state_.compared.add(state_, path);
        for (int i = 0; i < 500 && state_.compared.adding(); ++i) frames(1);
        frames(2);
    }
    /// The comparison, made as by a panel that asks for it.
    const core::Comparison& compared() {
        for (int i = 0; i < 500; ++i) {
            frames(1);
            state_.comparison.want(state_);
            if (state_.comparison.result() && !state_.comparison.working()) break;
        }
        frames(1);
        return *state_.comparison.result();
    }
    size_t place(const std::string& dir) {
        const auto* entry = state_.compared.of(dir);
        EXPECT_TRUE(entry) << dir;
        return entry ? entry->place : 99;
    }
};

// Wrong if opening one of the runs lost another, or the open one stood twice.
TEST_F(ComparedRunsTest, OpeningAnotherKeepsAll) {
    open_run("runs/demo-42");
    add("runs/wide-42");
    ASSERT_EQ(state_.compared.entries().size(), 2u);
    EXPECT_TRUE(state_.compared.entries()[0].open);
    EXPECT_FALSE(state_.compared.entries()[0].given);
    open_run("runs/wide-42");
    ASSERT_EQ(state_.compared.entries().size(), 2u);
    EXPECT_EQ(state_.compared.entries()[0].dir, "runs/wide-42");
    EXPECT_EQ(state_.compared.entries()[1].dir, "runs/demo-42");
    EXPECT_TRUE(state_.compared.entries()[1].given);
}

// Wrong if a run that says no name yet had none in the lists, where nothing could be pressed.
TEST_F(ComparedRunsTest, EachEntryHasAName) {
    open_run("runs/demo-42");
    session_->mutable_status().run_name = "";
    update_state(state_);
    EXPECT_EQ(state_.compared.entries()[0].name, "unnamed run");
}

// Wrong if seeds of a variant had different colours, or a run changed its own when another went.
TEST_F(ComparedRunsTest, PlacesBelongToVariantsAndStay) {
    open_run("runs/demo-42");
    add("runs/all");
    compared();
    EXPECT_EQ(place("runs/wide-42"), place("runs/wide-7"));
    EXPECT_NE(place("runs/wide-42"), place("runs/deep-42"));
    const size_t deep = place("runs/deep-42"), dense = place("runs/dense-7");
    state_.compared.remove(state_, "runs/linear-42");
    EXPECT_EQ(state_.compared.entries().size(), 15u);
    compared();
    EXPECT_EQ(place("runs/deep-42"), deep);
    EXPECT_EQ(place("runs/dense-7"), dense);
}

// Wrong if more runs came than can be told apart, or those that stayed out did not say so.
TEST_F(ComparedRunsTest, ThereIsALimitAndItIsSaid) {
    open_run("runs/demo-42");
    add("runs/all");
    EXPECT_EQ(state_.compared.problem(), "");
    add("others/all");
    EXPECT_EQ(state_.compared.entries().size(), app::ComparedRuns::kMost);
    EXPECT_NE(state_.compared.problem().find("7 of them stay out"), std::string::npos)
        << state_.compared.problem();
}

// Wrong if a comparison were made of runs that are no longer in the list, or the chosen pair were
// another one after that.
TEST_F(ComparedRunsTest, ComparisonFollowsTheList) {
    open_run("runs/demo-42");
    add("runs/deep-42");
    add("runs/wide-42");
    EXPECT_EQ(compared().variants.size(), 3u);
    state_.comparison.set_reference(2);
    state_.comparison.set_pair(1, 2);
    state_.compared.remove(state_, "runs/deep-42");
    const auto& now = compared();
    ASSERT_EQ(now.variants.size(), 2u);
    EXPECT_EQ(now.variants[*state_.comparison.reference()].name, "wide");
    EXPECT_FALSE(state_.comparison.pair()) << "one of it is gone";
}

}  // namespace
}  // namespace hopscope::gui_test
