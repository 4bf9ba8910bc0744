#include "app/panels/intervene/refused_prompt.h"

#include "app/widgets/format.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {

bool draw_refused_prompt(AppState& state, const std::string& prompt, const std::string& error,
                         const core::TooLong& too_long) {
    problem_text(state, error);
    if (too_long.bytes <= 0 || static_cast<size_t>(too_long.bytes) >= prompt.size()) return false;
    const std::string label = "Cut to its first " + with_thousands(too_long.limit) + " tokens";
    const std::string help = "Leaves out the last " +
                             with_thousands(too_long.tokens - too_long.limit) + " of " +
                             with_thousands(too_long.tokens) + " tokens";
    if (!button(state, label.c_str(), nullptr, help.c_str())) return false;
    state.prompt = prompt.substr(0, static_cast<size_t>(too_long.bytes));
    return true;
}

}  // namespace hopscope::app
