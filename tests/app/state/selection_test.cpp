// What is selected and hidden, the way back through it, and names for it.
#include "app/state/selection.h"

#include <gtest/gtest.h>

#include "app/state/named_selections.h"
#include "app/state/selection_history.h"

namespace hopscope::app {
namespace {

using Set = std::set<int64_t>;

Chosen everything() {
    return {{0, 1, 2, 3}, {0, 1, 2}};
}

TEST(Selection, BoxesReplaceOrAdd) {
    Selection s;
    s.pick_expert(3, false);
    s.pick_all({{0, 1}, {2}}, true);
    EXPECT_EQ(s.experts, (Set{0, 1, 3}));
    const uint64_t before = s.version;
    s.pick_all({{2}, {}}, false);
    EXPECT_EQ(s.experts, Set{2});
    EXPECT_TRUE(s.probe_tokens.empty());
    EXPECT_GT(s.version, before) << "panels would not see it";
}

// Wrong if isolating hid what was selected, hiding kept it selected, or inverting brought out what
// is hidden.
TEST(Selection, HidesIsolatesInverts) {
    Selection s;
    s.isolate(everything());
    EXPECT_TRUE(s.hidden.empty()) << "nothing selected: nothing would be left";
    s.pick_all({{1, 2}, {0}}, false);
    s.isolate(everything());
    EXPECT_EQ(s.hidden, (Chosen{{0, 3}, {1, 2}}));
    EXPECT_EQ(s.experts, (Set{1, 2}));
    s.pick_expert(1, false);
    s.invert(everything());
    EXPECT_EQ(s.experts, Set{2});
    EXPECT_TRUE(s.probe_tokens.empty()) << "0 was selected, 1 and 2 are hidden";
    s.hide_chosen();
    EXPECT_EQ(s.hidden.experts, (Set{0, 2, 3}));
    EXPECT_TRUE(s.experts.empty());
    const uint64_t before = s.hidden_version;
    s.show_all();
    EXPECT_TRUE(s.hidden.empty());
    EXPECT_GT(s.hidden_version, before);
    s.hidden.experts = {1};
    s.set_layer(2);
    EXPECT_TRUE(s.hidden.experts.empty()) << "experts are of one layer";
}

// Wrong if details were shown of another than the one that was picked last, or of one that is not
// selected any more.
TEST(Selection, HasAFirst) {
    Selection s;
    EXPECT_FALSE(s.first_expert());
    s.pick_expert(5, false);
    s.pick_expert(2, true);
    s.pick_expert(7, true);
    EXPECT_EQ(s.first_expert(), 7);
    s.pick_expert(7, true);
    EXPECT_EQ(s.first_expert(), 2) << "the lowest of what is left";
    s.pick_expert(5, true);
    s.pick_expert(5, true);
    s.pick_all({{1, 9}, {}}, true);
    EXPECT_EQ(s.first_expert(), 5);
    s.pick_prompt_token(4, false);
    s.pick_prompt_token(8, true);
    EXPECT_EQ(s.first_prompt_token(), 8);
    EXPECT_EQ(s.first_expert(), 5);
    s.prompt_tokens.erase(8);  // as by a shorter prompt
    EXPECT_EQ(s.first_prompt_token(), 4);
    s.set_layer(1);
    EXPECT_FALSE(s.first_expert());
    Selection later;
    later.restore(s);
    EXPECT_EQ(later.first_prompt_token(), 4);
    s.clear();
    EXPECT_FALSE(s.first_prompt_token());
}

TEST(Selection, UndoAndRedo) {
    Selection s;
    SelectionHistory history;
    history.note(s);
    EXPECT_FALSE(history.can_undo());
    s.pick_expert(1, false);
    history.note(s);
    s.set_hop(2);
    history.note(s);
    s.hide_chosen();
    history.note(s);
    history.undo(s);
    EXPECT_EQ(s.experts, Set{1});
    EXPECT_TRUE(s.hidden.empty());
    history.undo(s);
    EXPECT_TRUE(s.experts.empty());
    EXPECT_FALSE(history.can_undo()) << "a change of the hop alone is none of the selection";
    history.undo(s);
    history.redo(s);
    history.redo(s);
    EXPECT_EQ(s.hidden.experts, Set{1});
    EXPECT_FALSE(history.can_redo());
    history.undo(s);
    s.pick_expert(3, false);
    history.note(s);
    EXPECT_FALSE(history.can_redo()) << "another way was taken";
}

// A change that no frame saw yet must not be lost by an undo.
TEST(Selection, UndoTakesWhatIsNewest) {
    Selection s;
    SelectionHistory history;
    history.note(s);
    s.pick_expert(1, false);
    history.undo(s);
    EXPECT_TRUE(s.experts.empty());
    history.redo(s);
    EXPECT_EQ(s.experts, Set{1});
}

// Wrong if what was taken back could be redone, or the numbers did not follow what was done first.
TEST(Selection, StepsAreNumberedAndTakenBack) {
    Selection s;
    SelectionHistory history;
    history.note(s);
    s.pick_expert(1, false);
    history.note(s);
    const uint64_t first = history.undo_order();
    EXPECT_GT(history.next_order(), first);
    s.clear();
    history.note(s);
    EXPECT_GT(history.undo_order(), first + 1);
    history.take_back(s);
    EXPECT_EQ(s.experts, Set{1});
    EXPECT_FALSE(history.can_redo());
    EXPECT_EQ(history.undo_order(), first);
    history.undo(s);
    EXPECT_EQ(history.redo_order(), first);
}

TEST(Selection, NamesComeBack) {
    Selection s;
    NamedSelections names;
    names.keep("none", s);
    EXPECT_TRUE(names.all().empty());
    s.set_layer(1);
    s.pick_all({{2, 3}, {1}}, false);
    names.keep("", s);
    names.keep("rivers", s);
    s.set_layer(0);
    s.pick_expert(0, false);
    names.keep("other", s);
    names.select("rivers", s);
    EXPECT_EQ(s.layer, 1);
    EXPECT_EQ(s.chosen(), (Chosen{{2, 3}, {1}}));
    names.select("unknown", s);
    EXPECT_EQ(s.layer, 1);
    names.keep("rivers", s);
    EXPECT_EQ(names.all().size(), 2u) << "a name stands for one";
    names.forget("rivers");
    EXPECT_EQ(names.all().size(), 1u);
}

}  // namespace
}  // namespace hopscope::app
