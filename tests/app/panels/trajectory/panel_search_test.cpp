// Tokens of the prompt and of the sample found from the panels Trajectory and Routing space, on the
// fake session without a screen.
#include <algorithm>
#include <set>
#include <string>

#include "app/panels/routing_space/panel.h"
#include "tests/app/panels/trajectory/beside_space.h"

namespace hopscope::gui_test {
namespace {

using Set = std::set<int64_t>;

app::RoutingSpacePanel& space() {
    return static_cast<app::RoutingSpacePanel&>(*stage->panel);
}

void find(ImGuiTestContext* ctx, const char* text) {
    ctx->ItemInput("##find");
    ctx->KeyCharsReplace(text);
    ctx->Yield(3);
}

void enter(ImGuiTestContext* ctx, bool shift) {
    ctx->KeyPress(shift ? ImGuiMod_Shift | ImGuiKey_Enter : ImGuiKeyChord(ImGuiKey_Enter));
    ctx->Yield(3);
}

/// Sum of the opacity of the tokens drawn at all their places.
int opacity_of(int64_t token) {
    int sum = 0;
    const auto& items = space().view().items;
    for (size_t i = 0; i < items.size(); ++i)
        if (!items[i].expert && items[i].index == token)
            sum += static_cast<int>(space().points().drawn()[i].color >> 24);
    return sum;
}

void register_search(ImGuiTestEngine* engine) {
    // Wrong if a word found no token of the prompt, or Enter and Shift+Enter did not go from hit to
    // hit, around the ends.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "trajectory", "tokens_are_found");
    both_panels(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->Yield(3);
        ctx->SetRef("Second");
        trace(ctx, "one two one three one");
        const auto& tokens = stage->state.trace->tokens;
        IM_CHECK_EQ(tokens.size(), 5u);
        auto& chosen = stage->state.selection.prompt_tokens;
        find(ctx, "ONE");
        enter(ctx, false);
        IM_CHECK_EQ(chosen, Set{0});
        enter(ctx, false);
        IM_CHECK_EQ(chosen, Set{2});
        enter(ctx, false);
        enter(ctx, false);
        IM_CHECK_EQ(chosen, Set{0});
        enter(ctx, true);
        IM_CHECK_EQ(chosen, Set{4});
        enter(ctx, true);
        IM_CHECK_EQ(chosen, Set{2});
        find(ctx, ("#" + std::to_string(tokens[3].id)).c_str());
        enter(ctx, false);
        IM_CHECK_EQ(chosen, Set{3});
        find(ctx, "/^t/ -three");
        enter(ctx, false);
        IM_CHECK_EQ(chosen, Set{1});
        find(ctx, "nowhere");
        enter(ctx, false);
        IM_CHECK_EQ(chosen, Set{1});
        find(ctx, "");
        ctx->KeyPress(ImGuiKey_Escape);
    };

    // Wrong if the token that Shift added were not the one whose experts are listed, or walking on
    // did not begin at it.
    t = IM_REGISTER_TEST(engine, "trajectory", "the_first_of_the_selection_is_shown");
    both_panels(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->Yield(3);
        ctx->SetRef("Second");
        trace(ctx, "one two three four");
        auto& selection = stage->state.selection;
        ctx->ItemClick(chip(ctx, 0));
        ctx->KeyDown(ImGuiMod_Shift);
        ctx->ItemClick(chip(ctx, 2));
        ctx->KeyUp(ImGuiMod_Shift);
        IM_CHECK_EQ(selection.prompt_tokens, (Set{0, 2}));
        IM_CHECK_EQ(selection.first_prompt_token().value_or(-1), 2);
        ctx->WindowFocus("//Second");
        ctx->KeyPress(ImGuiKey_RightArrow);
        ctx->Yield(2);
        IM_CHECK_EQ(selection.prompt_tokens, Set{3});
    };

    // Wrong if tokens of the sample were not found, not counted, or did not stand out from those
    // that were not looked for.
    t = IM_REGISTER_TEST(engine, "space", "tokens_of_the_sample_are_found");
    both_panels(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        stage->state.settings.animations = false;
        ctx->Yield(3);
        ctx->SetRef("Stage");
        const auto& pieces = stage->state.geometry->pieces;
        Set rivers;
        for (size_t i = 0; i < pieces.size(); ++i)
            if (pieces[i].find("river") != std::string::npos)
                rivers.insert(static_cast<int64_t>(i));
        IM_CHECK(!rivers.empty() && rivers.size() < pieces.size());
        int64_t other = 0;
        while (rivers.contains(other)) ++other;
        const int before = opacity_of(other);
        find(ctx, "river");
        IM_CHECK_EQ(space().search().count(), rivers.size());
        IM_CHECK_LT(opacity_of(other), before / 2);
        IM_CHECK_GE(opacity_of(*rivers.begin()), before);
        enter(ctx, false);
        IM_CHECK_EQ(stage->state.selection.probe_tokens, Set{*rivers.begin()});
        enter(ctx, true);
        IM_CHECK_EQ(stage->state.selection.probe_tokens, Set{*rivers.rbegin()});
        // What is known of all tokens is not asked for again with each selection.
        const app::TokenFacts* facts = space().search().facts().data();
        enter(ctx, false);
        IM_CHECK(space().search().facts().data() == facts);
        stage->state.selection.pick_probe_token(other, true);
        ctx->Yield(2);
        IM_CHECK(space().search().facts().data() == facts);
        find(ctx, "is:selected");
        IM_CHECK_EQ(space().search().count(), stage->state.selection.probe_tokens.size());
        stage->state.selection.pick_probe_token(other, true);
        ctx->Yield(2);
        IM_CHECK_EQ(space().search().count(), stage->state.selection.probe_tokens.size());
        stage->state.selection.set_layer(1);
        ctx->Yield(2);
        IM_CHECK(space().search().facts().data() != facts);
        stage->state.selection.set_layer(0);
        ctx->Yield(2);
        find(ctx, "load<3");
        IM_CHECK_EQ(space().search().problems().size(), 1u);
        IM_CHECK_EQ(opacity_of(other), before);
        find(ctx, "");
        ctx->KeyPress(ImGuiKey_Escape);
        stage->state.settings.animations = true;
    };

    // Wrong if a token that was gone to were not drawn, whatever had hidden it, or the camera did
    // not come to it.
    t = IM_REGISTER_TEST(engine, "space", "a_token_that_is_found_is_drawn");
    both_panels(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        stage->state.settings.animations = false;
        ctx->Yield(3);
        ctx->SetRef("Stage");
        const auto& g = *stage->state.geometry;
        const std::string id = "#" + std::to_string(g.token_ids[5]);
        const auto first = std::ranges::find(g.token_ids, g.token_ids[5]) - g.token_ids.begin();
        ctx->ComboClick("##colour/class");
        ctx->Yield(2);
        const auto& names = space().view().values.color->categories;
        const auto entry = std::ranges::find(names, g.classes[static_cast<size_t>(first)]);
        IM_CHECK(entry != names.end());
        ctx->ItemClick(("$$" + std::to_string(entry - names.begin()) + "/class").c_str());
        ctx->ItemClick("tokens");
        stage->state.selection.pick_all({{}, {first}}, false);
        stage->state.selection.hide_chosen();
        ctx->MouseMove("picture");
        for (int turn = 0; turn < 12; ++turn) ctx->MouseWheelY(2);  // few points are in sight
        ctx->Yield(2);
        IM_CHECK_EQ(opacity_of(first), 0);
        find(ctx, id.c_str());
        enter(ctx, false);
        IM_CHECK_EQ(stage->state.selection.probe_tokens, Set{first});
        IM_CHECK_GT(opacity_of(first), 0);
        const ImRect picture = ctx->ItemInfo("picture").RectFull;
        bool in_sight = false;
        const auto& items = space().view().items;
        for (size_t i = 0; i < items.size(); ++i)
            in_sight = in_sight || (!items[i].expert && items[i].index == first &&
                                    picture.Contains(space().screen_of_point(i)));
        IM_CHECK(in_sight);
        find(ctx, "");
        ctx->KeyPress(ImGuiKey_Escape);
        ctx->ComboClick("##colour/place");
        stage->state.settings.animations = true;
    };
}

const PanelTests tests(register_search);

}  // namespace
}  // namespace hopscope::gui_test
