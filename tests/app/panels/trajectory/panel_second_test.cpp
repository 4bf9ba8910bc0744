// A second prompt below the first in the trajectory panel, and prompts from the run's own text, on
// the fake session without a screen. Its made-up traces choose by position, so that tokens of the
// same position agree and others do not.
#include "app/panels/trajectory/alignment.h"
#include "app/widgets/format.h"
#include "tests/app/panels/trajectory/beside_space.h"
#include "tests/app/seen.h"

namespace hopscope::gui_test {
namespace {

/// A chip of the second prompt.
ImGuiID second_chip(ImGuiTestContext* ctx, int token) {
    const ImGuiID strip = ctx->WindowInfo("//Second/second strip").ID;
    return ctx->GetID(("$$" + std::to_string(token) + "/token").c_str(), strip);
}

/// A line of the chooser of passages, which is open.
ImGuiID line(ImGuiTestContext* ctx, int index, const std::string& label) {
    const ImGuiID found = ctx->WindowInfo("//$FOCUSED/found", ImGuiTestOpFlags_NoError).ID;
    return ctx->GetID(("$$" + std::to_string(index) + "/" + label).c_str(), found);
}
bool wait_for_line(ImGuiTestContext* ctx, int index, const std::string& label) {
    return wait_for(
        ctx, [&] { return ctx->ItemExists(line(ctx, index, label)); }, 5);
}

bool has_second_strip(ImGuiTestContext* ctx) {
    const auto strip = ctx->WindowInfo("//Second/second strip", ImGuiTestOpFlags_NoError);
    return strip.Window && strip.Window->WasActive;
}

void trace_two(ImGuiTestContext* ctx, const std::string& first, const std::string& second) {
    ctx->SetRef("Second");
    trace(ctx, first);
    ctx->ItemClick("+ Second");
    ctx->ItemInput("##second");
    ctx->KeyCharsReplaceEnter(second.c_str());
    ctx->Yield(3);
}

void register_second(ImGuiTestEngine* engine) {
    // Wrong if the second prompt were not traced with the first, stood without its strip, or stayed
    // asked for when it is closed.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "trajectory", "a_second_prompt_stands_below_the_first");
    both_panels(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        trace_two(ctx, "one two three", "four five");
        IM_CHECK_STR_EQ(stage->session->traced().prompt.c_str(), "one two three");
        IM_CHECK_STR_EQ(stage->session->traced().second.c_str(), "four five");
        IM_CHECK(has_chip(ctx, 2));
        IM_CHECK(has_second_strip(ctx));
        IM_CHECK(ctx->ItemExists(second_chip(ctx, 1)));
        IM_CHECK(!ctx->ItemExists(second_chip(ctx, 2)));
        ctx->ItemClick("Close");
        ctx->Yield(3);
        IM_CHECK(stage->session->traced().second.empty());
        IM_CHECK(!has_second_strip(ctx));
        ctx->ItemClick("+ Second");
        ctx->Yield(3);
        IM_CHECK_STR_EQ(stage->session->traced().second.c_str(), "four five");
    };

    // Wrong if a token of the second prompt selected another than the one above it.
    t = IM_REGISTER_TEST(engine, "trajectory", "tokens_of_both_prompts_are_selected_together");
    both_panels(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        trace_two(ctx, "one two three", "four one five");
        ctx->ItemClick(second_chip(ctx, 1));
        IM_CHECK_EQ(*stage->state.selection.prompt_tokens.begin(), 1);
        ctx->ItemClick(chip(ctx, 0));
        ctx->ItemClick("At the same word");
        ctx->Yield(2);
        IM_CHECK_EQ(stage->state.second.shift, -1);
        ctx->ItemClick(second_chip(ctx, 2));
        IM_CHECK_EQ(*stage->state.selection.prompt_tokens.begin(), 1);
        ctx->ItemClick(second_chip(ctx, 0));  // nothing stands above it
        IM_CHECK_EQ(*stage->state.selection.prompt_tokens.begin(), 1);
        ctx->ItemClick("By position");
        IM_CHECK_EQ(stage->state.second.shift, 0);
        ctx->ItemClick("<");
        ctx->ItemClick("<");
        IM_CHECK_EQ(stage->state.second.shift, -2);
        IM_CHECK(ctx->ItemInfo("<").ItemFlags & ImGuiItemFlags_Disabled);
        ctx->ItemClick(">");
        IM_CHECK_EQ(stage->state.second.shift, -1);
    };

    // Wrong if cells whose experts differ were not outlined, the stronger the less they share, or
    // those that agree were.
    t = IM_REGISTER_TEST(engine, "trajectory", "cells_that_differ_are_outlined");
    both_panels(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        trace_two(ctx, "one two three", "four five six");
        const auto outline = [](float same) {
            return app::packed(app::faded(stage->state.theme().text, 0.8f * (1 - same)));
        };
        // Of the cells that are held against each other, outlined and agreeing ones.
        const auto check = [&](int64_t shift) {
            const core::TraceResult &first = *stage->state.trace, &second = *first.second;
            const auto colors = colors_seen(ctx, "//Second/second strip");
            int differing = 0;
            for (int64_t token = 0; token < 3 && token + shift < 3; ++token)
                for (int64_t layer = 0; layer < 4; ++layer)
                    for (int64_t hop = 0; hop < 3; ++hop) {
                        const float same =
                            app::overlap(first, token + shift, second, token, layer, hop);
                        if (same < 1) ++differing;
                        if (same < 1) IM_CHECK_SILENT_RETV(colors.contains(outline(same)), -1);
                    }
            return differing;
        };
        IM_CHECK_EQ(check(0), 0);
        for (const float same : {0.0f, 1.0f / 7, 1.0f / 3, 0.6f})
            IM_CHECK(!colors_seen(ctx, "//Second/second strip").contains(outline(same)));
        ctx->ItemClick(">");
        ctx->Yield(3);
        IM_CHECK_GT(check(1), 0);
    };

    // Wrong if the overlap of two tokens were not told below the second, or another one, or the
    // line below them counted other pairs than stand there.
    t = IM_REGISTER_TEST(engine, "trajectory", "the_overlap_of_two_tokens_is_told");
    both_panels(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        trace_two(ctx, "one two three", "four five six");
        const auto overlap_of = [](int64_t above, int64_t below) {
            const core::TraceResult &first = *stage->state.trace, &second = *first.second;
            return app::rounded(static_cast<double>(app::mean_overlap(first, above, second, below)),
                                2);
        };
        const auto told_of = [ctx](int token) {
            const ImRect rect = ctx->ItemInfo(second_chip(ctx, token)).RectFull;
            return text_at(ctx, ImVec2(rect.GetCenter().x, rect.Min.y + 6));
        };
        const auto says = [ctx](const char* words) {
            return text_of_a_frame(ctx).find(words) != std::string::npos;
        };
        IM_CHECK(says("shift 0, n = 3 pairs"));
        ctx->ItemClick(">");
        ctx->Yield(3);
        IM_CHECK(says("shift +1, n = 2 pairs"));
        for (const int token : {0, 1}) {
            const std::string overlap = overlap_of(token + 1, token);
            IM_CHECK_STR_NE(overlap.c_str(), overlap_of(token, token).c_str());
            IM_CHECK(sees(ctx, "//Second/second strip", overlap));
            const std::string told = "below token " + std::to_string(token + 1) +
                                     "; mean Jaccard over layers and hops " + overlap;
            IM_CHECK_NE(told_of(token).find(told), std::string::npos);
        }
        IM_CHECK_NE(told_of(2).find("no token of the first prompt stands above it"),
                    std::string::npos);
    };

    // Wrong if the two prompts kept their places, or stood below each other otherwise than before.
    t = IM_REGISTER_TEST(engine, "trajectory", "two_prompts_are_swapped");
    both_panels(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        trace_two(ctx, "one two three", "four five");
        ctx->ItemClick(">");
        ctx->ItemClick("Swap");
        ctx->Yield(3);
        IM_CHECK_STR_EQ(stage->session->traced().prompt.c_str(), "four five");
        IM_CHECK_STR_EQ(stage->session->traced().second.c_str(), "one two three");
        IM_CHECK_EQ(stage->state.second.shift, -1);
    };

    // Wrong if a row of the comparison chose nothing, or was there for one prompt.
    t = IM_REGISTER_TEST(engine, "trajectory", "a_hop_is_chosen_where_two_prompts_are_compared");
    both_panels(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        trace_two(ctx, "one two three", "four five six");
        const ImGuiID table = ctx->WindowInfo("//Second/grid").ID;
        IM_CHECK(table != 0);
        ctx->ItemClick("**/##1.2");
        IM_CHECK_EQ(stage->state.selection.layer, 1);
        IM_CHECK_EQ(stage->state.selection.hop, 2);
        ctx->ItemClick("Close");
        ctx->Yield(3);
        IM_CHECK(!ctx->ItemExists("**/##1.2"));
    };

    // Wrong if a second prompt that is refused took the first away, or could not be cut.
    t = IM_REGISTER_TEST(engine, "trajectory", "a_refused_second_prompt_leaves_the_first");
    both_panels(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        trace_two(ctx, "one two three", "four five six");
        core::TraceResult answer = *stage->state.trace;
        core::TraceResult refused;
        refused.prompt = "four five six";
        refused.error = "the prompt has 3 tokens, the model takes 2";
        refused.too_long = {3, 2, 9, 8};
        answer.second = std::make_shared<const core::TraceResult>(refused);
        stage->session->put(answer);
        ctx->Yield(3);
        IM_CHECK(has_chip(ctx, 2));
        IM_CHECK(!has_second_strip(ctx));
        ctx->ItemClick("Cut to its last 2 tokens");
        ctx->Yield(3);
        IM_CHECK_STR_EQ(stage->session->traced().second.c_str(), "five six");
        IM_CHECK_STR_EQ(stage->session->traced().prompt.c_str(), "one two three");
        IM_CHECK(has_second_strip(ctx));
    };
}

void register_passages(ImGuiTestEngine* engine) {
    // Wrong if a pair did not fill both prompts, or its word did not stand below itself.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "trajectory", "one_word_in_two_contexts_fills_both");
    both_panels(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Second");
        ctx->ItemClick("From text");
        IM_CHECK(wait_for_line(ctx, 0, "##pair"));
        ctx->ItemClick(line(ctx, 0, "##pair"));
        ctx->Yield(4);
        IM_CHECK_STR_EQ(stage->session->traced().prompt.c_str(), "the bank was steep");
        IM_CHECK_STR_EQ(stage->session->traced().second.c_str(), "money lies in the bank today");
        IM_CHECK_EQ(stage->state.second.shift, 1 - 4);
        IM_CHECK_EQ(*stage->state.selection.prompt_tokens.begin(), 1);
    };

    // Wrong if the next seed gave the same passages, or a passage filled the other prompt.
    t = IM_REGISTER_TEST(engine, "trajectory", "passages_of_the_text_fill_a_prompt");
    both_panels(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Second");
        ctx->ItemClick("From text");
        const std::string first = "rain fell on the river 1##passage",
                          next = "rain fell on the river 2##passage";
        IM_CHECK(wait_for_line(ctx, 0, first));
        ctx->ItemClick("//$FOCUSED/Next");
        IM_CHECK(wait_for_line(ctx, 0, next));
        ctx->Yield(3);  // what is gone counts as there for a frame or two
        IM_CHECK(!ctx->ItemExists(line(ctx, 0, first)));
        ctx->ItemClick(line(ctx, 0, next));
        ctx->Yield(3);
        IM_CHECK_STR_EQ(stage->session->traced().prompt.c_str(), "rain fell on the river 2");
        ctx->SetRef("Second");
        ctx->ItemClick("From text");
        IM_CHECK(wait_for_line(ctx, 0, next));
        ctx->KeyDown(ImGuiMod_Shift);
        ctx->ItemClick(line(ctx, 1, "a passage of words 2##passage"));
        ctx->KeyUp(ImGuiMod_Shift);
        ctx->Yield(3);
        IM_CHECK_STR_EQ(stage->session->traced().prompt.c_str(), "rain fell on the river 2");
        IM_CHECK_STR_EQ(stage->session->traced().second.c_str(), "a passage of words 2");
    };
}

const PanelTests second(register_second), passages(register_passages);

}  // namespace
}  // namespace hopscope::gui_test
