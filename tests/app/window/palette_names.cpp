#include "tests/app/window/palette_names.h"

#include <algorithm>
#include <imgui_internal.h>
#include <imgui_te_context.h>
#include <set>
#include <string>
#include <vector>

#include "app/state/actions.h"
#include "tests/app/window/whole_window.h"

namespace hopscope::gui_test::whole {
namespace {

bool some_popup() {
    return ImGui::IsPopupOpen(nullptr, ImGuiPopupFlags_AnyPopupId | ImGuiPopupFlags_AnyPopupLevel);
}

void shut_popups(ImGuiTestContext* ctx) {
    for (int i = 0; i < 4 && some_popup(); ++i) {
        ctx->KeyPress(ImGuiKey_Escape);
        ctx->Yield(2);
    }
}

/// Toggles and lists in the windows of a panel that no name leads to, a line each. Plain buttons
/// look like rows to the engine: those are counted in actions_test.cpp.
std::string unnamed(ImGuiTestContext* ctx, const std::string& window, const std::string& panel) {
    std::set<ImGuiID> named;
    for (const app::Control& control : state->drawn->controls.all())
        if (control.panel_id == panel) named.insert(control.item);
    const ImGuiWindow* root = ctx->GetWindowByRef(window.c_str());
    if (!root || !root->WasActive) return panel + ": is not seen\n";
    std::string out;
    for (const ImGuiWindow* part : ImGui::GetCurrentContext()->Windows) {
        if (part->RootWindow != root || !part->WasActive) continue;
        ImGuiTestItemList items;
        ctx->GatherItems(&items, part->ID, 8);
        for (const ImGuiTestItemInfo& item : items) {
            constexpr ImGuiItemStatusFlags kTakes =
                ImGuiItemStatusFlags_Checkable | ImGuiItemStatusFlags_Openable;
            if ((item.StatusFlags & kTakes) == 0 || named.contains(item.ID)) continue;
            out += panel + ": " + item.DebugLabel + "\n";
        }
    }
    return out;
}

/// The palette's button for a control of a panel, or nullptr.
const app::Control* control_of(const char* panel, const char* title) {
    for (const app::Control& control : state->drawn->controls.all())
        if (control.panel_id == panel && control.title == title) return &control;
    return nullptr;
}

/// Does all that the palette lists, and presses all that stands on a panel, at a scale.
void run_every_entry(ImGuiTestContext* ctx, float scale) {
    IM_CHECK(state->session != nullptr);
    // Those that open another run or end this one have tests of their own.
    const std::set<std::string> leave = {"file.first_look", "file.shapes", "file.close",
                                         "file.quit"};
    std::vector<std::string> ids;
    for (const app::ActionItem& item : shell->actions())
        if (!leave.contains(item.id)) ids.push_back(item.id);
    for (const std::string& id : ids) {
        state->settings.scale = scale;  // some entries are of the scale itself
        const app::ActionItem* item = app::find_action(shell->actions(), id);
        IM_CHECK(item != nullptr);
        const std::string why = item->refusal();
        app::act(*state, *item);
        if (!why.empty()) {
            IM_CHECK(!state->log.empty());
            IM_CHECK_NE(state->log.back().text.find(why), std::string::npos);
        }
        ctx->Yield(3);
        shut_popups(ctx);
    }
    for (size_t i = 0; i < app::panel_table().size(); ++i) {
        state->show_panel = app::panel_table()[i].id;
        ctx->Yield(3);
        state->drawn->controls.listen(true);
        ctx->Yield(1);
        std::vector<std::string> controls;
        for (const app::ActionItem& item : app::control_actions(*state))
            if (item.id.starts_with("control." + std::string(app::panel_table()[i].id) + "."))
                controls.push_back(item.id);
        for (const std::string& id : controls) {
            state->show_panel = app::panel_table()[i].id;
            state->drawn->controls.listen(true);
            ctx->Yield(2);
            const auto now = app::control_actions(*state);
            // What was pressed before may have taken it away.
            if (const app::ActionItem* item = app::find_action(now, id)) app::act(*state, *item);
            ctx->Yield(4);
            shut_popups(ctx);
            IM_CHECK(state->session != nullptr);
        }
    }
    IM_CHECK(state->session != nullptr);
    state->settings.scale = 1;
}

}  // namespace

void register_palette_tests(ImGuiTestEngine* engine) {
    // Wrong if something on a panel could be pressed that the palette does not know by name.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "window", "palette_knows_all_that_stands_on_a_panel");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        std::string missing;
        for (size_t i = 0; i < app::panel_table().size(); ++i) {
            const app::PanelEntry& entry = app::panel_table()[i];
            state->show_panel = entry.id;
            ctx->Yield(4);
            state->drawn->controls.listen(true);
            ctx->Yield(1);
            const auto name =
                app::window_name(*shell->workspace().panels()[i], shell->workspace().layout());
            missing += unnamed(ctx, "//" + name, entry.id);
        }
        shell->workspace().set_layout(*state, app::Layout::train);
        ctx->Yield(4);
        IM_CHECK_STR_EQ(missing.c_str(), "");
    };

    // Wrong if a panel that is not on the screen could not be reached by what stands on it, or a
    // press by name were none.
    t = IM_REGISTER_TEST(engine, "window", "palette_reaches_panels_out_of_sight");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        shell->workspace().set_layout(*state, app::Layout::train);
        ctx->Yield(3);
        IM_CHECK(ctx->WindowInfo("//Intervene##Train", ImGuiTestOpFlags_NoError).ID == 0);
        ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_P);
        IM_CHECK(
            wait_for(ctx, [] { return control_of("intervene", "File\xE2\x80\xA6") != nullptr; }));
        ctx->KeyChars("Intervene: File");
        ctx->KeyPress(ImGuiKey_Enter);
        IM_CHECK(wait_for(ctx, [] { return some_popup() && !state->drawn->controls.listens(); }));
        IM_CHECK(shell->workspace().layout() == app::Layout::intervene);
        shut_popups(ctx);
        // A toggle of a panel that can be seen.
        shell->workspace().set_layout(*state, app::Layout::train);
        ctx->Yield(3);
        ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_P);
        IM_CHECK(wait_for(ctx, [] { return control_of("curves", "log x") != nullptr; }));
        ctx->KeyChars("Curves: perplexity");
        ctx->KeyPress(ImGuiKey_Enter);
        ctx->Yield(4);
        ctx->SetRef("Curves##Train");
        IM_CHECK(!some_popup());
        shell->workspace().set_layout(*state, app::Layout::train);
    };

    // Wrong if what an action of a panel does could not be seen, since the panel was not.
    t = IM_REGISTER_TEST(engine, "window", "the_palette_shows_the_panel_of_an_action");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        const auto choose = [ctx](const char* letters) {
            ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_P);
            ctx->Yield(3);
            ctx->KeyChars(letters);
            ctx->KeyPress(ImGuiKey_Enter);
            ctx->Yield(6);
        };
        shell->workspace().set_layout(*state, app::Layout::train);
        state->stack.clear();
        state->stack.add(
            {core::CommandKind::zero_experts,
             {{"layers", std::vector<int64_t>{0}}, {"hops", std::vector<int64_t>{0}}}});
        ctx->Yield(3);
        choose("Undo in the stack");
        IM_CHECK(state->stack.items().empty());
        IM_CHECK(shell->workspace().layout() == app::Layout::intervene);
        // A list that it opens stays open.
        shell->workspace().set_layout(*state, app::Layout::train);
        ctx->Yield(3);
        choose("Prompts from the run's text");
        IM_CHECK(shell->workspace().layout() == app::Layout::inspect);
        IM_CHECK(some_popup());
        shut_popups(ctx);
        shell->workspace().set_layout(*state, app::Layout::train);
        ctx->Yield(3);
    };

    // Wrong if a large scale pushed the end of the list out of the window, where nobody can read
    // it.
    t = IM_REGISTER_TEST(engine, "window", "the_palette_ends_within_the_window");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        for (const float scale : {1.0f, 2.0f}) {
            state->settings.scale = scale;
            ctx->Yield(6);
            ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_P);
            ctx->Yield(4);
            const ImGuiWindow* palette = ImGui::GetCurrentContext()->NavWindow;
            IM_CHECK(palette != nullptr && some_popup());
            const ImGuiWindow* root = palette->RootWindow;
            IM_CHECK_LE(root->Rect().Max.y, ImGui::GetIO().DisplaySize.y);
            IM_CHECK_LE(root->Rect().Max.x, ImGui::GetIO().DisplaySize.x);
            shut_popups(ctx);
        }
        state->settings.scale = 1;
        ctx->Yield(4);
    };

    // Wrong if an entry crashed, or one that cannot be done now did not say why, at whatever scale.
    // Last of all: they leave nothing as it was.
    t = IM_REGISTER_TEST(engine, "window", "zzzz_every_entry_of_the_palette_runs");
    t->TestFunc = [](ImGuiTestContext* ctx) { run_every_entry(ctx, 1); };
}

void register_large_palette_tests(ImGuiTestEngine* engine) {
    // The same at the scale of a laptop's screen: a test program of its own, for its time.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "large", "every_entry_of_the_palette_runs");
    t->TestFunc = [](ImGuiTestContext* ctx) { run_every_entry(ctx, 2); };
}

}  // namespace hopscope::gui_test::whole
