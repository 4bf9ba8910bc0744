// The cells of the trajectory panel on the fake session without a screen: the value they show, what
// a click on one selects, halted ones on both grounds; and prompts in other scripts.
#include <cstdio>

#include "app/panels/routing_space/panel.h"
#include "app/panels/trajectory/view.h"
#include "app/widgets/fonts.h"
#include "app/widgets/format.h"
#include "app/widgets/piece_text.h"
#include "tests/app/panels/trajectory/beside_space.h"
#include "tests/app/seen.h"
#include "viz/colour.h"

namespace hopscope::gui_test {
namespace {

constexpr const char* kGrid = "//Second/grid";

/// A prompt of four tokens whose entropy rises from the first to the last; with `halted` the last
/// hop of the last token was not run.
void trace_cells(ImGuiTestContext* ctx, bool halted) {
    ctx->SetRef("Second");
    trace(ctx, "one two three four");
    core::TraceResult made = *stage->state.trace;
    for (core::TraceLayer& layer : made.layers) {
        for (core::TraceHop& hop : layer.hops)
            for (size_t t = 0; t < hop.entropy.size(); ++t)
                hop.entropy[t] = 0.5f + static_cast<float>(t);
        if (halted) layer.hops.back().executed.back() = 0;
    }
    stage->session->put(made);
    ctx->Yield(3);
}

/// An entry of a list above the cells.
void choose(ImGuiTestContext* ctx, const char* list, const std::string& entry) {
    ctx->ItemClick(ctx->GetID(list, ctx->WindowInfo(kGrid).ID));
    ctx->ItemClick(("//$FOCUSED/" + entry).c_str());
    ctx->Yield(3);
}

void show_all_tokens(ImGuiTestContext* ctx) {
    ctx->ItemClick("**/All tokens");
    ctx->Yield(3);
}

ImGuiID matrix(ImGuiTestContext* ctx) {
    return ctx->WindowInfo("//Second/grid/matrix").ID;
}

/// The middle of a cell: a label, then 3 hops of each of 4 layers with a gap before each layer.
ImVec2 cell_at(ImGuiTestContext* ctx, int token, int layer, int hop) {
    constexpr float kLabel = 92, kGap = 4, kColumns = 12;
    const std::string row = "$$" + std::to_string(token) + "/row";
    const ImRect r = ctx->ItemInfo(ctx->GetID(row.c_str(), matrix(ctx))).RectFull;
    const float width = (r.GetWidth() - kLabel - 3 * kGap) / kColumns;
    const auto i = static_cast<float>(3 * layer + hop);
    return ImVec2(r.Min.x + kLabel + (i + 0.5f) * width + static_cast<float>(layer) * kGap,
                  r.GetCenter().y);
}

void register_cells(ImGuiTestEngine* engine) {
    // Wrong if another value were shown than the one chosen, or its scale had other ends.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "trajectory", "cells_show_the_value_that_is_chosen");
    both_panels(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        trace_cells(ctx, false);
        show_all_tokens(ctx);
        const auto value_of = [](float share) {
            const bool dark = stage->state.theme().dark;
            return viz::packed(
                viz::ramp_color(dark ? viz::Ramp::spectrum : viz::Ramp::grey, share));
        };
        IM_CHECK(!sees(ctx, kGrid, "nats"));
        choose(ctx, "##value", "entropy");
        ctx->Yield(3);
        IM_CHECK(sees(ctx, kGrid, "0.50"));
        IM_CHECK(sees(ctx, kGrid, "3.5"));
        IM_CHECK(sees(ctx, kGrid, "nats"));
        const auto entropy = colors_seen(ctx, matrix(ctx));
        for (const float share : {0.0f, 1 / 3.0f, 2 / 3.0f, 1.0f})
            IM_CHECK(entropy.contains(value_of(share)));
        choose(ctx, "##value", "update norm");
        ctx->Yield(3);
        IM_CHECK(!sees(ctx, kGrid, "nats"));
        const auto norm = colors_seen(ctx, matrix(ctx));
        IM_CHECK(norm != entropy);
        IM_CHECK(!norm.contains(value_of(2 / 3.0f)));
        choose(ctx, "##value", "expert");
        ctx->Yield(3);
        const auto experts = colors_seen(ctx, matrix(ctx));
        const int64_t expert = app::cell_of(*stage->state.trace, 1, 2, 1).expert;
        IM_CHECK(experts.contains(
            viz::packed(stage->state.places.expert_color(2, expert, stage->state.theme().dark))));
        IM_CHECK(!experts.contains(value_of(1)));
    };

    // Wrong if a click on a cell chose another token, layer or hop, or other panels did not follow.
    t = IM_REGISTER_TEST(engine, "trajectory", "a_cell_is_selected_everywhere");
    both_panels(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        trace_cells(ctx, false);
        show_all_tokens(ctx);
        const app::Selection& selection = stage->state.selection;
        const auto click = [&](ImVec2 at) {
            ctx->MouseMoveToPos(at);
            ctx->MouseClick();
            ctx->Yield(3);
        };
        click(cell_at(ctx, 1, 2, 1));
        IM_CHECK(selection.prompt_tokens == std::set<int64_t>{1});
        IM_CHECK_EQ(selection.layer, 2);
        IM_CHECK_EQ(selection.hop, 1);
        const auto& space = static_cast<const app::RoutingSpacePanel&>(*stage->panel);
        IM_CHECK_EQ(space.view().layer, 2);
        for (const app::SpaceItem& item : space.view().items)
            IM_CHECK_SILENT(item.expert || item.hop == 1);
        IM_CHECK(sees(ctx, "//Stage", "two, prompt"));
        click(cell_at(ctx, 3, 0, 2));
        IM_CHECK(selection.prompt_tokens == std::set<int64_t>{3});
        IM_CHECK_EQ(selection.layer, 0);
        IM_CHECK_EQ(selection.hop, 2);
        // The token's name chooses the token alone.
        const ImVec2 cell = cell_at(ctx, 0, 0, 0);
        click(ImVec2(cell.x - 60, cell.y));
        IM_CHECK(selection.prompt_tokens == std::set<int64_t>{0});
        IM_CHECK_EQ(selection.hop, 2);

        // An expert of one token: its layer and itself.
        ctx->ItemClick("**/Selected token");
        choose(ctx, "##shown", "top 1");
        ctx->Yield(3);
        const auto first = app::choice_of(*stage->state.trace, 0, 3, 0).at(0);
        std::string weight = app::rounded(static_cast<double>(first.weight), 2);
        if (weight[0] == '0') weight.erase(0, 1);
        char label[64];
        std::snprintf(label, sizeof label, "experts/$$%d/%-5s %s##e", 3 * 64 * 64,
                      ("E" + std::to_string(first.expert)).c_str(), weight.c_str());
        ctx->ItemClick(ctx->GetID(label, ctx->WindowInfo(kGrid).ID));
        ctx->Yield(3);
        IM_CHECK_EQ(selection.layer, 3);
        IM_CHECK(selection.experts == std::set<int64_t>{first.expert});
    };

    // Wrong if halted cells were filled like others, or could not be seen on one of the grounds.
    t = IM_REGISTER_TEST(engine, "trajectory", "halted_cells_are_hollow_on_both_grounds");
    both_panels(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        app::AppState& state = stage->state;
        for (const bool dark : {true, false}) {
            state.settings.dark = dark;
            const ImVec4 ink = app::faded(state.theme().dim, 0.55f);
            const ImVec4 seen = app::mixed(state.theme().panel, state.theme().dim, 0.55f);
            IM_CHECK_GE(app::contrast(seen, state.theme().panel), 1.8f);
            trace_cells(ctx, false);
            show_all_tokens(ctx);
            IM_CHECK(!colors_seen(ctx, matrix(ctx)).contains(app::packed(ink)));
            trace_cells(ctx, true);
            IM_CHECK(colors_seen(ctx, matrix(ctx)).contains(app::packed(ink)));
            IM_CHECK(colors_seen(ctx, "//Second/strip").contains(app::packed(ink)));
        }
        state.settings.dark = true;
    };
}

void register_scripts(ImGuiTestEngine* engine) {
    // Wrong if letters of another script were lost on their way into the prompt, typed or pasted,
    // or one that no font has left nothing to read.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "trajectory", "other_scripts_are_typed_and_pasted");
    use<app::make_routing_space_panel, app::make_trajectory_panel>(t, [] {
        FakeOptions options = small();
        options.layers = 9;  // chips wide enough for codes of letters
        return options;
    });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        constexpr const char* kTyped = "\xE5\xB7\x9D \xF0\x9F\x98\x80";  // 川 😀
        constexpr const char* kPasted = "\xED\x95\x9C \xCE\xB3";         // 한 γ
        const auto stands_there = [ctx](size_t tokens) {
            IM_CHECK_EQ(stage->state.trace->tokens.size(), tokens);
            for (const core::TraceToken& token : stage->state.trace->tokens) {
                const std::string text =
                    app::displayable(app::piece_text(token.piece), stage->state.fonts.text);
                IM_CHECK(sees(ctx, "//Second/strip", text));
            }
        };
        ctx->SetRef("Second");
        ctx->ItemInput("##prompt");
        ctx->KeyCharsReplaceEnter(kTyped);
        ctx->Yield(3);
        IM_CHECK_STR_EQ(stage->session->traced().prompt.c_str(), kTyped);
        stands_there(2);
        ImGui::SetClipboardText(kPasted);
        ctx->ItemInput("##prompt");
        ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_A);
        ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_V);
        ctx->KeyPress(ImGuiKey_Enter);
        ctx->Yield(3);
        IM_CHECK_STR_EQ(stage->session->traced().prompt.c_str(), kPasted);
        stands_there(2);
    };
}

const PanelTests cells(register_cells), scripts(register_scripts);

}  // namespace
}  // namespace hopscope::gui_test
