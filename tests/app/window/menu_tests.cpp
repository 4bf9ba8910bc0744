#include "tests/app/window/menu_tests.h"

#include "tests/app/seen.h"
#include "tests/app/window/whole_window.h"

namespace hopscope::gui_test::whole {
namespace {

float text_size() {
    return ImGui::GetStyle().FontScaleMain * app::kTextSize;
}

void press(ImGuiTestContext* ctx, ImGuiKeyChord keys) {
    ctx->KeyPress(keys);
    ctx->Yield(3);
}

void run_by_palette(ImGuiTestContext* ctx, const char* title) {
    press(ctx, ImGuiMod_Ctrl | ImGuiKey_P);
    ctx->KeyChars(title);
    press(ctx, ImGuiKey_Enter);
}

}  // namespace

void register_menu_tests(ImGuiTestEngine* engine) {
    // Wrong if an entry that is grey did not say why, where the pointer rests on it in a menu or
    // beside it in the palette.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "window", "a_grey_entry_says_why");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        session->set_state(core::RunState::running);
        ctx->Yield(3);
        const app::ActionItem step = app::command_action(*state, core::CommandKind::step);
        const std::string why = step.refusal();
        IM_CHECK(!why.empty());
        in_top_bar(ctx);
        ctx->ItemClick("Run");
        const auto entry = ctx->ItemInfo(("//$FOCUSED/" + step.title).c_str());
        IM_CHECK(entry.ItemFlags & ImGuiItemFlags_Disabled);
        IM_CHECK_NE(text_at(ctx, entry.RectFull.GetCenter()).find(why), std::string::npos);
        const auto pause = ctx->ItemInfo(
            ("//$FOCUSED/" + app::command_action(*state, core::CommandKind::pause).title).c_str());
        IM_CHECK_EQ(text_at(ctx, pause.RectFull.GetCenter()).find(why), std::string::npos);
        ctx->PopupCloseAll();
        press(ctx, ImGuiMod_Ctrl | ImGuiKey_P);
        ctx->KeyChars(step.title.c_str());
        ctx->Yield(3);
        IM_CHECK(sees(ctx, "//$FOCUSED", why.substr(0, 16)));
        ctx->PopupCloseAll();
        ctx->Yield(3);
    };

    // Wrong if text and spacing grew where they should shrink, or did not come back.
    t = IM_REGISTER_TEST(engine, "window", "the_scale_goes_both_ways");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        press(ctx, ImGuiMod_Ctrl | ImGuiKey_0);
        const float normal = text_size();
        for (const auto& [key, grows] :
             {std::pair(ImGuiKey_Minus, false), std::pair(ImGuiKey_Equal, true)}) {
            press(ctx, ImGuiMod_Ctrl | key);
            const float once = text_size();
            IM_CHECK(grows ? once > normal : once < normal);
            press(ctx, ImGuiMod_Ctrl | key);
            IM_CHECK(grows ? text_size() > once : text_size() < once);
            press(ctx, ImGuiMod_Ctrl | ImGuiKey_0);
            IM_CHECK_EQ(text_size(), normal);
        }
    };

    // Wrong if the numbers at the axes kept the colour of the other theme.
    t = IM_REGISTER_TEST(engine, "window", "plots_take_the_theme");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        shell->workspace().set_layout(*state, app::Layout::train);
        ctx->Yield(3);
        ctx->WindowFocus("//Curves##Train");
        const auto wears = [ctx](bool dark) {
            const auto colors = colors_seen(ctx, "//Curves##Train");
            const auto has = [&](bool of_dark) {
                return colors.contains(app::packed(app::theme_of(of_dark).dim));
            };
            return has(dark) && !has(!dark);
        };
        ctx->Yield(3);
        IM_CHECK(wears(true));
        run_by_palette(ctx, "Dark or light theme");
        ctx->Yield(3);
        IM_CHECK(wears(false));
        run_by_palette(ctx, "Dark or light theme");
        ctx->Yield(3);
        IM_CHECK(wears(true));
    };

    // Wrong if an entry of a list in the menu View changed nothing, or the same entry of the
    // palette did not take the next.
    t = IM_REGISTER_TEST(engine, "window", "the_lists_of_the_menu_view");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        const auto choose = [ctx](const char* list, const char* entry) {
            in_top_bar(ctx);
            ctx->ItemClick("View");
            ctx->ItemClick((std::string("//$FOCUSED/") + list).c_str());
            ctx->ItemClick((std::string("//###Menu_00/") + entry).c_str());
            ctx->Yield(3);
        };
        choose("Scale of pictures",
               "\xC3\x97"
               "3");
        IM_CHECK_EQ(state->settings.picture_scale, 3);
        choose("Scale of pictures",
               "\xC3\x97"
               "1, as on the screen");
        IM_CHECK_EQ(state->settings.picture_scale, 1);
        run_by_palette(ctx, "Scale of pictures");
        IM_CHECK_EQ(state->settings.picture_scale, 2);
        state->settings.picture_scale = 1;
        IM_CHECK(state->settings.colours == viz::kColourMaps[0]);
        for (const size_t next : {size_t{1}, size_t{2}}) {
            run_by_palette(ctx, "Colours of values");
            IM_CHECK(state->settings.colours == viz::kColourMaps[next]);
        }
        state->settings.colours = viz::ColourMap::automatic;
    };
}

}  // namespace hopscope::gui_test::whole
