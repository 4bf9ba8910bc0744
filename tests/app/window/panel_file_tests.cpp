#include "tests/app/window/panel_file_tests.h"

#include <filesystem>
#include <imgui_internal.h>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "tests/app/window/whole_window.h"
#include "tests/temp_folder.h"

namespace hopscope::gui_test::whole {
namespace {

/// A right click on the title of a panel, then a click on an entry of its menu.
void in_title_menu(ImGuiTestContext* ctx, const char* window, const char* entry) {
    ctx->WindowFocus(window);
    ctx->Yield(3);
    ctx->MouseMoveToPos(ctx->GetWindowByRef(window)->DC.DockTabItemRect.GetCenter());
    ctx->MouseClick(ImGuiMouseButton_Right);
    ctx->Yield(2);
    ctx->ItemClick((std::string("//$FOCUSED/") + entry).c_str());
    ctx->Yield(6);
}

}  // namespace

void register_panel_file_tests(ImGuiTestEngine* engine) {
    // Wrong if the title of a panel had no menu, or JSON held other numbers than CSV or were of
    // another panel.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "window", "the_title_of_a_panel_writes_its_numbers");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        const test::TempFolder folder;
        core::RunStatus& status = session->mutable_status();
        const std::string before = std::exchange(status.run_dir, folder.path());
        shell->workspace().set_layout(*state, app::Layout::train);
        ctx->Yield(4);
        const auto written = [&](const char* entry, const char* name) {
            in_title_menu(ctx, "//Statistics##Train", entry);
            wait_for(ctx, [&] { return !test::bytes_of(folder / name).empty(); });
            return test::bytes_of(folder / name);
        };
        const std::string csv = written("Export the numbers as CSV", "statistics.csv");
        const auto json = nlohmann::json::parse(
            written("Export the numbers as JSON", "statistics.json"), nullptr, false);
        IM_CHECK(json.is_object());
        IM_CHECK_STR_EQ(json.value("panel", "").c_str(), "statistics");
        IM_CHECK_STR_EQ(json.value("run", "").c_str(), status.run_name.c_str());
        IM_CHECK(csv.starts_with("# Statistics " + json.value("origin", "") + "\n"));
        std::string head;
        for (const auto& column : json.at("columns"))
            head += (head.empty() ? "" : ",") + column.get<std::string>();
        IM_CHECK(csv.find("\n" + head + "\n") != std::string::npos);
        IM_CHECK(json.at("rows").at(0).at(1).is_number());

        ImGui::SetClipboardText("");
        in_title_menu(ctx, "//Statistics##Train", "Copy the numbers");
        IM_CHECK(wait_for(ctx, [] { return *ImGui::GetClipboardText() != 0; }));
        const std::string copied = ImGui::GetClipboardText();
        IM_CHECK(csv.ends_with(copied));
        // The panel Run has the name of the file by which a folder is a run.
        folder.write("run.json", "{}");
        folder.write("config.toml", "");
        in_title_menu(ctx, "//Run##Train", "Export the numbers as JSON");
        IM_CHECK(wait_for(ctx, [&] { return std::filesystem::exists(folder / "panel_run.json"); }));
        IM_CHECK_STR_EQ(test::bytes_of(folder / "run.json").c_str(), "{}");
        // Where there is no table, only the picture can be taken.
        in_title_menu(ctx, "//Log##Train", "Export the picture as PNG");
        IM_CHECK(wait_for(ctx, [&] { return std::filesystem::exists(folder / "log.png"); }));
        ctx->MouseMoveToPos(ctx->GetWindowByRef("//Log##Train")->DC.DockTabItemRect.GetCenter());
        ctx->MouseClick(ImGuiMouseButton_Right);
        ctx->Yield(2);
        const auto none = ctx->ItemInfo("//$FOCUSED/Export the numbers as JSON");
        IM_CHECK((none.ItemFlags & ImGuiItemFlags_Disabled) != 0);
        ctx->KeyPress(ImGuiKey_Escape);

        ctx->WindowFocus("//Statistics##Train");
        // Two at once come both; what the run before was asked for is not written into the next.
        std::filesystem::remove(folder / "statistics.csv");
        std::filesystem::remove(folder / "statistics.json");
        state->drawn->orders.push_back({"statistics", app::PanelFile::csv, state->runs_opened});
        state->drawn->orders.push_back({"statistics", app::PanelFile::json, state->runs_opened});
        IM_CHECK(wait_for(ctx, [&] { return std::filesystem::exists(folder / "statistics.csv"); }));
        IM_CHECK(
            wait_for(ctx, [&] { return std::filesystem::exists(folder / "statistics.json"); }));
        IM_CHECK(state->drawn->orders.empty());
        std::filesystem::remove(folder / "statistics.csv");
        state->drawn->orders.push_back({"statistics", app::PanelFile::csv, state->runs_opened});
        state->drawn->orders.back().run = state->runs_opened + 1;
        IM_CHECK(wait_for(ctx, [] { return state->drawn->orders.empty(); }));
        IM_CHECK(state->log.back().text.find("the run that was open before") != std::string::npos);
        ctx->Yield(6);
        IM_CHECK(!std::filesystem::exists(folder / "statistics.csv"));
        status.run_dir = before;
        ctx->Yield(3);
    };
}

}  // namespace hopscope::gui_test::whole
