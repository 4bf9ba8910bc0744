// Tokens of the prompt and of the sample found from the panels Trajectory and Routing space, on the
// fake session without a screen.
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
        find(ctx, "load<3");
        IM_CHECK_EQ(space().search().problems().size(), 1u);
        IM_CHECK_EQ(opacity_of(other), before);
        find(ctx, "");
        ctx->KeyPress(ImGuiKey_Escape);
        stage->state.settings.animations = true;
    };
}

const PanelTests tests(register_search);

}  // namespace
}  // namespace hopscope::gui_test
