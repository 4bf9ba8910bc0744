#include "tests/app/window/layout_tests.h"

#include <cmath>
#include <imgui_internal.h>
#include <set>
#include <string>

#include "app/window/docking.h"
#include "app/window/menu_bar.h"
#include "tests/app/seen.h"
#include "tests/app/window/drawn_frames.h"
#include "tests/app/window/whole_window.h"

namespace hopscope::gui_test::whole {

namespace {

/// Whether the buttons of Run can be read, and each panel in sight has room for its picture.
void expect_room(ImGuiTestContext* ctx, float scale) {
    state->settings.scale = scale;
    ctx->Yield(6);
    ctx->WindowFocus("//Run##Train");  // a tab where there is no width for three columns
    ctx->Yield(2);
    ctx->SetRef("//Run##Train");
    for (const char* label :
         {"Run", "Pause", "Step", "Stop", "Checkpoint", "Evaluate", "Fork\xE2\x80\xA6"}) {
        const ImRect seen = ctx->ItemInfo(label).RectFull;
        IM_CHECK_GE(seen.GetWidth(), ImGui::CalcTextSize(label).x);
        IM_CHECK_LE(seen.Max.x, ctx->GetWindowByRef("")->InnerRect.Max.x);
    }
    for (const app::Layout layout : app::kLayouts) {
        shell->workspace().set_layout(*state, layout);
        ctx->Yield(6);
        for (const auto& panel : shell->workspace().panels()) {
            const ImGuiWindow* window =
                ImGui::FindWindowByName(app::window_name(*panel, layout).c_str());
            if (!window || !window->Active || window->Hidden) continue;
            IM_CHECK_GE_NO_RET(window->Size.y, 250 * state->pixel_scale);
            if (window->Size.y < 250 * state->pixel_scale)
                ctx->LogError("%s at scale %.2f", window->Name, scale);
        }
    }
    shell->workspace().set_layout(*state, app::Layout::train);
    ctx->Yield(3);
}

ImGuiID node_of(const char* name) {
    const ImGuiWindow* window = ImGui::FindWindowByName(name);
    return window && window->WasActive && window->DockIsActive ? window->DockId : 0;
}

bool is_listed(const std::string& title) {
    for (const app::ActionItem* item : app::items_of(app::Menu::layout, shell->actions()))
        if (item->title == title) return true;
    return false;
}

/// The dialog in which arrangements are named, from the menu.
void open_dialog(ImGuiTestContext* ctx) {
    in_top_bar(ctx);
    ctx->ItemClick("Layout");
    ctx->ItemClick("//$FOCUSED/Keep this arrangement as\xE2\x80\xA6");
    ctx->Yield(3);
    ctx->SetRef("Keep this arrangement");
}

void from_menu(ImGuiTestContext* ctx, const char* entry) {
    in_top_bar(ctx);
    ctx->ItemClick("Layout");
    ctx->ItemClick((std::string("//$FOCUSED/") + entry).c_str());
    ctx->Yield(4);
}

/// Panels of a layout that are the first of their place and not in front.
std::string behind(app::Layout layout) {
    std::set<app::Place> seen;
    std::string out;
    const auto& panels = shell->workspace().panels();
    for (size_t i = 0; i < panels.size(); ++i) {
        const app::Place place = app::place_in(app::panel_table()[i], layout);
        if (place == app::Place::none || !seen.insert(place).second) continue;
        const ImGuiWindow* window =
            ImGui::FindWindowByName(app::window_name(*panels[i], layout).c_str());
        if (!window || !window->DockNode || window->DockNode->VisibleWindow != window)
            out += window ? std::string(window->Name) + " " : "? ";
    }
    return out;
}

void register_arrangements(ImGuiTestEngine* engine) {
    // Wrong if a layout began with another panel in front of a place than the table says.
    ImGuiTest* first = IM_REGISTER_TEST(engine, "window", "the_first_of_a_place_is_in_front");
    first->TestFunc = [](ImGuiTestContext* ctx) {
        resize(ctx, 1280, 880);
        for (const app::Layout layout : app::kLayouts) {
            shell->workspace().set_layout(*state, layout);
            shell->workspace().reset(*state);
            ctx->Yield(5);
            IM_CHECK_STR_EQ(behind(layout).c_str(), "");
        }
        // Where there is room for one row alone, what has its place there comes before the rest.
        shell->workspace().set_layout(*state, app::Layout::train);
        state->settings.scale = 2;
        ctx->Yield(6);
        shell->workspace().reset(*state);
        ctx->Yield(5);
        for (const char* name : {"Routing space##Train", "Curves##Train"}) {
            const ImGuiWindow* window = ImGui::FindWindowByName(name);
            IM_CHECK(window->DockNode && window->DockNode->VisibleWindow == window);
        }
        state->settings.scale = 1;
        resize(ctx, 1280, 800);
        shell->workspace().reset(*state);
        ctx->Yield(5);
    };

    // Wrong if an arrangement that was given a name were not found by it in the menu and in the
    // palette, or did not bring back where panels stood, which was in front and which were shut.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "window", "an_arrangement_has_a_name");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        auto& workspace = shell->workspace();
        workspace.set_layout(*state, app::Layout::train);
        workspace.reset(*state);
        ctx->Yield(4);
        ImGui::DockBuilderDockWindow("Log##Train", node_of("Run##Train"));
        ctx->Yield(3);
        ctx->WindowFocus("//Log##Train");
        ctx->WindowFocus("//Statistics##Train");
        ctx->Yield(2);
        ctx->KeyPress(ImGuiKey_S);  // shuts Statistics
        ctx->Yield(3);
        IM_CHECK_EQ(node_of("Log##Train"), node_of("Run##Train"));
        IM_CHECK_EQ(node_of("Statistics##Train"), 0u);
        const float wide = ImGui::FindWindowByName("Run##Train")->Size.x;

        open_dialog(ctx);
        ctx->ItemInputValue("##name", "  a/../b \"1\" ");
        ctx->Yield(3);
        IM_CHECK(is_listed("Arrangement a/../b \"1\""));
        workspace.reset(*state);
        ctx->Yield(4);
        IM_CHECK_NE(node_of("Log##Train"), node_of("Run##Train"));
        IM_CHECK_NE(node_of("Statistics##Train"), 0u);
        workspace.set_layout(*state, app::Layout::inspect);
        ctx->Yield(3);

        ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_P);
        ctx->Yield(3);
        ctx->KeyChars("arrangement a/");
        ctx->Yield(2);
        ctx->KeyPress(ImGuiKey_Enter);
        ctx->Yield(5);
        IM_CHECK(workspace.layout() == app::Layout::train);
        IM_CHECK_NE(node_of("Run##Train"), 0u);
        IM_CHECK_EQ(node_of("Log##Train"), node_of("Run##Train"));
        IM_CHECK_EQ(node_of("Statistics##Train"), 0u);
        const ImGuiWindow* log = ImGui::FindWindowByName("Log##Train");
        IM_CHECK(log->DockNode->VisibleWindow == log);
        IM_CHECK_LT(std::abs(ImGui::FindWindowByName("Run##Train")->Size.x - wide), 4);
        IM_CHECK_NE(node_of("Curves##Train"), node_of("Routing space##Train"));
        // What is shut opens where it stood.
        ctx->KeyPress(ImGuiKey_S);
        ctx->Yield(4);
        IM_CHECK_NE(node_of("Statistics##Train"), 0u);
        IM_CHECK_NE(node_of("Statistics##Train"), node_of("Run##Train"));

        // Another under the same name takes its place.
        workspace.reset(*state);
        ctx->Yield(4);
        open_dialog(ctx);
        ctx->ItemClick("**/###name");
        ctx->Yield(2);
        ctx->ItemClick("###keep");
        ctx->Yield(3);
        ImGui::DockBuilderDockWindow("Log##Train", node_of("Run##Train"));
        ctx->Yield(3);
        from_menu(ctx, "Arrangement a\\/..\\/b \"1\"");
        IM_CHECK_NE(node_of("Log##Train"), node_of("Run##Train"));

        // Renamed, and forgotten.
        open_dialog(ctx);
        ctx->KeyCharsReplace(std::string(100, 'x').c_str());
        ctx->Yield(2);
        IM_CHECK((ctx->ItemInfo("###keep").ItemFlags & ImGuiItemFlags_Disabled) != 0);
        ctx->KeyPress(ImGuiKey_Enter);
        ctx->Yield(2);
        IM_CHECK(ctx->ItemExists("##name"));
        ctx->ItemInput("##name");
        ctx->KeyCharsReplace("\xE5\xB7\x9D");
        ctx->Yield(2);
        ctx->ItemClick("**/Rename");
        ctx->Yield(3);
        IM_CHECK(is_listed("Arrangement \xE5\xB7\x9D"));
        IM_CHECK(!is_listed("Arrangement a/../b \"1\""));
        ctx->ItemClick("**/###forget");
        ctx->Yield(3);
        IM_CHECK(!is_listed("Arrangement \xE5\xB7\x9D"));
        ctx->ItemClick("Cancel");
        ctx->Yield(2);
    };

    // Wrong if a panel that is newer than a kept arrangement were lost or floated, what there is no
    // more did harm, or a panel in a window of its own did not come back.
    t = IM_REGISTER_TEST(engine, "window", "an_arrangement_of_another_version");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        app::Arrangement kept;
        kept.name = "older";
        kept.layout = "Inspect";
        app::ArrangedPart left, right;
        left.tabs = {"trajectory", "no such panel"};
        left.front = "no such panel";
        right.tabs = {"statistics"};
        right.center = true;
        kept.docked.share = 0.6f;
        kept.docked.parts = {left, right};
        kept.floating = {{{"model"}, "", 0.25f, 0.25f, 0.5f, 0.5f}};
        shell->workspace().choose(*state, kept);
        ctx->Yield(5);
        IM_CHECK(shell->workspace().layout() == app::Layout::inspect);
        IM_CHECK_NE(node_of("Statistics##Inspect"), 0u);
        IM_CHECK_EQ(node_of("Experts##Inspect"), node_of("Statistics##Inspect"));
        IM_CHECK_NE(node_of("Trajectory##Inspect"), node_of("Statistics##Inspect"));
        const ImGuiWindow* trajectory = ImGui::FindWindowByName("Trajectory##Inspect");
        const ImGuiWindow* statistics = ImGui::FindWindowByName("Statistics##Inspect");
        const float whole = trajectory->Size.x + statistics->Size.x;
        IM_CHECK_LT(std::abs(trajectory->Size.x / whole - 0.6f), 0.02f);
        const ImGuiWindow* model = ImGui::FindWindowByName("Model##Inspect");
        IM_CHECK(model && model->WasActive);
        IM_CHECK_LT(std::abs(model->Size.x - 0.5f * ImGui::GetMainViewport()->Size.x), 4);
        const app::Arrangement again = shell->workspace().arrangement();
        IM_CHECK_EQ(again.floating.size(), 1u);
        IM_CHECK(again.floating[0].tabs == std::vector<std::string>{"model"});

        kept.layout = "Sideways";
        shell->workspace().choose(*state, kept);
        ctx->Yield(2);
        IM_CHECK(shell->workspace().layout() == app::Layout::inspect);
        IM_CHECK(state->log.back().problem);
        shell->workspace().reset(*state);
        ctx->Yield(4);
        shell->workspace().set_layout(*state, app::Layout::train);
        ctx->Yield(3);
    };
}

}  // namespace

void register_layout_tests(ImGuiTestEngine* engine) {
    // Wrong if a panel that is newer than the kept arrangement floated over the others. First,
    // while these layouts have not been seen.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "window", "a_kept_layout_takes_new_panels");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        const auto node = [&](const char* name) {
            const ImGuiWindow* window = ctx->GetWindowByRef(name);
            return window && window->DockIsActive ? window->DockId : 0;
        };
        for (const char* name : {"Experts##Inspect", "Equivalence##Compare"})
            ImGui::ClearWindowSettings(name);
        shell->workspace().set_layout(*state, app::Layout::inspect);
        ctx->Yield(3);
        IM_CHECK_NE(node("//Experts##Inspect"), 0u);
        IM_CHECK_EQ(node("//Experts##Inspect"), node("//Statistics##Inspect"));
        // Alone in its place: with those of the centre.
        shell->workspace().set_layout(*state, app::Layout::compare);
        ctx->Yield(3);
        IM_CHECK_NE(node("//Equivalence##Compare"), 0u);
        IM_CHECK_EQ(node("//Equivalence##Compare"), node("//Curves##Compare"));
        for (const app::Layout layout : {app::Layout::compare, app::Layout::inspect}) {
            shell->workspace().set_layout(*state, layout);
            shell->workspace().reset(*state);
            ctx->Yield(3);
        }
        IM_CHECK_NE(node("//Equivalence##Compare"), node("//Curves##Compare"));
        shell->workspace().set_layout(*state, app::Layout::train);
        ctx->Yield(3);
    };

    // Wrong if a narrow window had its layouts under the run's state.
    t = IM_REGISTER_TEST(engine, "window", "a_narrow_window_lists_its_layouts");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        in_top_bar(ctx);
        IM_CHECK(ctx->ItemExists("Intervene"));
        const float scale = state->settings.scale;
        state->settings.scale *= ImGui::GetMainViewport()->Size.x / state->pixel_scale / 650;
        ctx->Yield(4);
        in_top_bar(ctx);
        IM_CHECK(!ctx->ItemExists("Intervene"));
        ctx->ComboClick("##layout/Inspect");
        ctx->Yield(3);
        IM_CHECK(shell->workspace().layout() == app::Layout::inspect);
        state->settings.scale = scale;
        shell->workspace().set_layout(*state, app::Layout::train);
        ctx->Yield(4);
    };

    // Wrong if a layout forgets which tab was in front, or the key of a panel that lies behind
    // another shuts it unseen.
    t = IM_REGISTER_TEST(engine, "window", "a_panel_behind_another_comes_to_the_front");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        const auto in_front = [](const char* name) {
            const ImGuiWindow* window = ImGui::FindWindowByName(name);
            return window && window->DockNode && window->DockNode->VisibleWindow == window;
        };
        ctx->KeyPress(ImGuiKey_1);
        ctx->Yield(4);
        ctx->WindowFocus("Statistics##Train");
        ctx->Yield(2);
        IM_CHECK(in_front("Statistics##Train"));
        ctx->KeyPress(ImGuiKey_2);
        ctx->Yield(4);
        ctx->KeyPress(ImGuiKey_1);
        ctx->Yield(4);
        IM_CHECK(in_front("Statistics##Train"));
        ctx->KeyPress(ImGuiKey_L);
        ctx->Yield(4);
        IM_CHECK(in_front("Log##Train"));
        ctx->KeyPress(ImGuiKey_L);
        ctx->Yield(4);
        IM_CHECK(!in_front("Log##Train"));
        ctx->KeyPress(ImGuiKey_L);
        ctx->Yield(4);
        IM_CHECK(in_front("Log##Train"));
        // A line under its title says which of them it is; a panel alone has none.
        const ImU32 accent = app::packed(state->theme().accent);
        for (const char* name : {"//Log##Train", "//Run##Train"}) {
            const float title_ends = ctx->GetWindowByRef(name)->InnerRect.Min.y;
            const bool lined = place_of(ctx, name, accent).Min.y < title_ends;
            IM_CHECK_EQ(lined, std::string(name) == "//Log##Train");
        }
        ctx->WindowFocus("Statistics##Train");
        ctx->Yield(2);
    };

    // Wrong if in a narrow window a message ended before it said anything.
    t = IM_REGISTER_TEST(engine, "window", "a_message_has_room_in_a_narrow_window");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        const char* message = "what has just been done is told here";
        state->settings.scale = 2;
        state->log_at = -1e9;  // what earlier tests said is over
        ctx->Yield(6);
        IM_CHECK(sees(ctx, "//hopscope", "memory"));
        state->say(message);
        ctx->Yield(3);
        IM_CHECK(sees(ctx, "//hopscope", message));
        IM_CHECK(!sees(ctx, "//hopscope", "memory"));
        state->settings.scale = 1;
        ctx->Yield(6);
        IM_CHECK(sees(ctx, "//hopscope", message));
        IM_CHECK(sees(ctx, "//hopscope", "memory"));
    };

    // Wrong if a larger scale cut the labels of buttons, or left a panel no room for its picture.
    t = IM_REGISTER_TEST(engine, "window", "every_scale_has_room");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        resize(ctx, 1920, 1080);
        for (const float scale : {1.0f, 1.5f, 2.0f, 0.75f}) expect_room(ctx, scale);
        const auto usual = plain_window();
        resize(ctx, usual.width, usual.height);
        for (const float scale : {1.0f, 1.5f, 2.0f, 0.75f}) expect_room(ctx, scale);
        // What a person arranged stays.
        const ImGuiID of_run = ImGui::FindWindowByName("Run##Train")->DockId;
        ImGui::DockBuilderDockWindow("Log##Train", of_run);
        ctx->Yield(3);
        state->settings.scale = 2;
        ctx->Yield(4);
        IM_CHECK_EQ(ImGui::FindWindowByName("Log##Train")->DockId, of_run);
        state->settings.scale = 1;
        shell->workspace().reset(*state);
        ctx->Yield(4);
    };

    // Wrong if a window that is too narrow for three columns had them, or a wider one did not.
    t = IM_REGISTER_TEST(engine, "window", "a_narrow_window_has_two_columns");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        struct Pair {
            app::Layout layout;
            const char *left, *other;  ///< of the left column, and where it goes
        };
        const auto node = [](const char* name) { return ImGui::FindWindowByName(name)->DockId; };
        for (const Pair& pair :
             {Pair{app::Layout::train, "Run##Train", "Routing space##Train"},
              Pair{app::Layout::compare, "Compared runs##Compare", "Equivalence##Compare"}}) {
            shell->workspace().set_layout(*state, pair.layout);
            ctx->Yield(4);
            IM_CHECK_NE(node(pair.left), node(pair.other));
            const auto& panels = shell->workspace().panels();
            const app::Tightness roomy = *app::built_for(pair.layout, panels, {});
            IM_CHECK(!roomy.narrow);
            state->settings.scale = 2;
            ctx->Yield(6);
            IM_CHECK_EQ(node(pair.left), node(pair.other));
            // An arrangement that is kept from such a window is known for one.
            IM_CHECK(app::built_for(pair.layout, panels, roomy)->narrow);
            // Half of the window each.
            const float width = ImGui::FindWindowByName(pair.other)->Size.x;
            IM_CHECK_GT(width, 0.45f * ImGui::GetMainViewport()->Size.x);
            IM_CHECK_LT(width, 0.55f * ImGui::GetMainViewport()->Size.x);
            state->settings.scale = 1;
            ctx->Yield(6);
            IM_CHECK_NE(node(pair.left), node(pair.other));
        }
        shell->workspace().set_layout(*state, app::Layout::train);
        ctx->Yield(3);
    };

    // Wrong if a window that was narrow for a while forgot which tabs were in front and how wide
    // the columns were.
    t = IM_REGISTER_TEST(engine, "window", "a_room_that_comes_back_stands_as_it_did");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        shell->workspace().set_layout(*state, app::Layout::train);
        shell->workspace().reset(*state);
        ctx->Yield(5);
        const auto window = [](const char* name) { return ImGui::FindWindowByName(name); };
        const auto in_front = [&](const char* name) {
            return window(name)->DockNode && window(name)->DockNode->VisibleWindow == window(name);
        };
        ctx->WindowFocus("//Coupling##Train");
        // The gap between the columns of the run and the picture.
        const ImGuiWindow* run = window("Run##Train");
        const float width = run->Size.x;
        ctx->MouseMoveToPos(ImVec2(run->Pos.x + width + 1, run->Pos.y + run->Size.y * 0.5f));
        ctx->MouseDragWithDelta(ImVec2(90, 0));
        ctx->Yield(3);
        const float dragged = run->Size.x;
        IM_CHECK_GT(dragged, width + 60);
        state->settings.scale = 2;
        ctx->Yield(6);
        IM_CHECK_EQ(run->DockId, window("Routing space##Train")->DockId);
        state->settings.scale = 1;
        ctx->Yield(6);
        IM_CHECK_LT(std::fabs(run->Size.x - dragged), 4);
        IM_CHECK(in_front("Coupling##Train"));
        shell->workspace().reset(*state);
        ctx->Yield(5);
        IM_CHECK_LT(std::fabs(run->Size.x - width), 4);
        IM_CHECK(in_front("Routing space##Train"));
    };

    // Wrong if switching layouts lost a panel, or a shut panel did not come back with the reset.
    t = IM_REGISTER_TEST(engine, "window", "layouts");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        in_top_bar(ctx);
        ctx->ItemClick("Inspect");
        ctx->Yield(3);
        IM_CHECK(ctx->WindowInfo("//Trajectory##Inspect", ImGuiTestOpFlags_NoError).ID != 0);
        ctx->KeyPress(ImGuiKey_4);
        ctx->Yield(3);
        for (const char* panel : {"//Compared runs##Compare", "//Matched experts##Compare"})
            IM_CHECK(ctx->GetWindowByRef(panel)->DockIsActive);
        in_top_bar(ctx);
        ctx->ItemClick("Train");
        ctx->Yield(3);
        const ImGuiWindow* run = ctx->GetWindowByRef("//Run##Train");
        IM_CHECK(run && run->DockIsActive);
        ctx->WindowFocus("//Log##Train");
        ctx->Yield(2);
        ctx->KeyPress(ImGuiKey_L);
        ctx->Yield(3);
        IM_CHECK(!ctx->GetWindowByRef("//Log##Train")->WasActive);
        shell->workspace().reset(*state);
        ctx->Yield(4);
        IM_CHECK(ctx->GetWindowByRef("//Log##Train")->WasActive);
        IM_CHECK(ctx->GetWindowByRef("//Log##Train")->DockIsActive);
    };
    register_arrangements(engine);
}

}  // namespace hopscope::gui_test::whole
