#include "app/panels/intervene/active_bar.h"

#include "app/panels/run/view.h"
#include "app/widgets/amber_bar.h"

namespace hopscope::app {

bool draw_active_bar(AppState& state, const std::string& extra) {
    const auto active = state.prompt_script();
    std::string text = extra;
    for (const auto& command : active) text += (text.empty() ? "" : "; ") + in_words(command);
    if (text.empty()) return false;
    text = "Active on the prompt, not on the run: " + text;
    const bool pressed =
        amber_bar(state, text, "Clear all",
                  "Switches all interventions on the prompt off; undo brings them back");
    if (pressed) state.stack.all_off();
    return pressed;
}

}  // namespace hopscope::app
