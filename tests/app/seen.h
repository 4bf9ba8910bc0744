// What a window shows, read back out of the triangles that it is drawn with, whoever drew it:
// ImGui, a draw list or a plot. What is cut away is not there. For the functions of tests, which
// are called when all of a frame is drawn and nothing of it is rendered.
#pragma once

#include <imgui.h>
#include <imgui_internal.h>
#include <imgui_te_context.h>
#include <set>
#include <string>
#include <vector>

namespace hopscope::gui_test {

/// The writing of a window and what lies in it, in the order of drawing: without blanks, a new
/// line wherever the pen was lifted.
std::vector<std::string> lines_seen(ImGuiTestContext* ctx, ImGuiTestRef window);
/// Whether these words stand somewhere in a line of it; blanks do not matter.
bool sees(ImGuiTestContext* ctx, ImGuiTestRef window, const std::string& words);
/// Whether a line of it begins with these words; blanks do not matter.
bool sees_line_of(ImGuiTestContext* ctx, ImGuiTestRef window, const std::string& words);
/// Colours, with their opacity, of all shapes and writing of a window and what lies in it; edges
/// that are smoothed away are left out.
std::set<ImU32> colors_seen(ImGuiTestContext* ctx, ImGuiTestRef window);
/// The rectangle around all that has this colour; inverted where nothing has.
ImRect place_of(ImGuiTestContext* ctx, ImGuiTestRef window, ImU32 color);

}  // namespace hopscope::gui_test
