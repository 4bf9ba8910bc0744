// What all Test Engine programs share: making an engine, running its queue, an exit code from
// tested against passed, and one way of waiting: by the clock, since without vsync frames are no
// measure of time.
#pragma once

#include <functional>
#include <imgui.h>
#include <imgui_te_context.h>
#include <imgui_te_engine.h>
#include <string>

#include "app/window/window.h"

namespace hopscope::gui_test {

ImGuiTestEngine* make_engine(const char* junit_file);

/// 0 when at least one test ran and all that were queued passed; prints the counts.
int exit_code(ImGuiTestEngine* engine, int queued);

/// A window in whose frames the engine runs all its tests, once a run is open; then it closes.
/// Destroys the engine. @param begin registers the tests @return exit code
int run_in_window(ImGuiTestEngine* engine, app::WindowOptions options, app::Services services,
                  const std::function<void(app::Shell&, app::AppState&)>& begin);

/// What the next frame writes: all windows, tooltips and menus, also what is scrolled out of sight.
/// Names that a picture or a plot paints are not among it.
std::string text_of_a_frame(ImGuiTestContext* ctx);

/// The same once the pointer has rested at `at` for as long as tooltips wait.
std::string text_at(ImGuiTestContext* ctx, ImVec2 at);

/// Lets frames pass until `condition` holds; false when it does not within `seconds`.
bool wait_for(ImGuiTestContext* ctx, const std::function<bool()>& condition, double seconds = 10);

}  // namespace hopscope::gui_test
