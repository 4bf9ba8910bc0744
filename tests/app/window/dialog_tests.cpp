#include "tests/app/window/dialog_tests.h"

#include <imgui_internal.h>
#include <imgui_te_context.h>
#include <string>
#include <vector>

#include "tests/app/window/whole_window.h"

namespace hopscope::gui_test::whole {
namespace {

bool some_dialog() {
    return ImGui::IsPopupOpen(nullptr, ImGuiPopupFlags_AnyPopupId | ImGuiPopupFlags_AnyPopupLevel);
}

}  // namespace

void register_dialog_tests(ImGuiTestEngine* engine) {
    // Wrong if the dialog closed on a mistake, so that the path had to be typed again, or its first
    // field waited for a click.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "window", "the_dialog_stays_with_its_reason");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        const auto open = [] {
            const ImGuiWindow* window = ImGui::FindWindowByName("Open a run or a configuration");
            return window && window->WasActive;
        };
        ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_O);
        ctx->Yield(4);
        IM_CHECK(open());
        ctx->KeyCharsAppend("/nowhere/at all");
        ctx->KeyPress(ImGuiKey_Enter);
        IM_CHECK(wait_for(
            ctx, [] { return !shell->door().busy() && !shell->door().problem().empty(); }));
        ctx->Yield(3);
        IM_CHECK(open());
        IM_CHECK_NE(shell->door().problem().find("/nowhere/at all"), std::string::npos);
        ctx->KeyPress(ImGuiKey_Escape);
        ctx->Yield(3);
        if (open()) ctx->KeyPress(ImGuiKey_Escape);  // the first gave the keyboard back
        ctx->Yield(3);
        IM_CHECK(!open());
    };

    // Wrong if a row of the race were cut by its list or by the dialog, or its file could not be
    // told from the others'.
    t = IM_REGISTER_TEST(engine, "window", "rows_of_a_race_are_seen_whole");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        const std::string deep =
            "/a/folder/whose/name/is/longer/than/the/dialog/is/wide/and/then/"
            "some/more/of/it/";
        for (const float scale : {1.0f, 1.5f}) {
            state->settings.scale = scale;
            ctx->Yield(6);
            app::find_action(shell->actions(), "file.race")->run();
            ctx->Yield(4);
            const std::vector<std::string> files = {"wide.toml", "deep.toml", "dense.toml"};
            for (const std::string& file : files) {
                ctx->ItemInput("//Race configurations/Race several configurations/##path");
                ctx->KeyCharsReplaceEnter((deep + file).c_str());
                const std::string button =
                    "Start race of " + std::to_string(&file - files.data() + 1);
                IM_CHECK(wait_for(ctx, [&] {
                    return gui_test::text_of_a_frame(ctx).find(button) != std::string::npos;
                }));
            }
            ctx->Yield(3);
            const ImGuiWindow* dialog = ctx->GetWindowByRef("//Race configurations");
            const ImGuiWindow* list = ctx->WindowInfo("//Race configurations/lanes").Window;
            IM_CHECK(dialog != nullptr && list != nullptr);
            IM_CHECK_EQ(list->ScrollMax.y, 0.0f);
            const std::string text = gui_test::text_of_a_frame(ctx);
            ctx->SetRef(list->ID);
            for (size_t i = 0; i < files.size(); ++i) {
                IM_CHECK_NE(text.find(files[i]), std::string::npos);
                const ImGuiTestItemInfo row =
                    ctx->ItemInfo(("$$" + std::to_string(i) + "/Remove").c_str());
                IM_CHECK(row.ID != 0);
                IM_CHECK_GE(row.RectClipped.GetHeight(), row.RectFull.GetHeight());
                IM_CHECK_LE(row.RectFull.Max.y, dialog->InnerRect.Max.y);
            }
            for (size_t i = 0; i < files.size(); ++i) {
                ctx->ItemClick("$$0/Remove");
                ctx->Yield(2);
            }
            ctx->KeyPress(ImGuiKey_Escape);
            ctx->Yield(3);
            if (some_dialog()) ctx->KeyPress(ImGuiKey_Escape);
            ctx->Yield(3);
            IM_CHECK(!some_dialog());
        }
        state->settings.scale = 1;
        ctx->Yield(4);
    };
}

}  // namespace hopscope::gui_test::whole
