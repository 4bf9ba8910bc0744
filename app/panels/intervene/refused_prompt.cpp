#include "app/panels/intervene/refused_prompt.h"

#include "app/widgets/format.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {

namespace {

/// One end of the prompt that can be read, `bytes` long; nothing of it is known where that is 0.
bool cut_button(const AppState& state, const std::string& prompt, int64_t bytes,
                const core::TooLong& too_long, bool first) {
    if (bytes <= 0 || static_cast<size_t>(bytes) >= prompt.size()) return false;
    const std::string label = std::string("Cut to its ") + (first ? "first " : "last ") +
                              with_thousands(too_long.limit) + " tokens";
    const std::string help = std::string("Leaves out the ") + (first ? "last " : "first ") +
                             with_thousands(too_long.tokens - too_long.limit) + " of " +
                             with_thousands(too_long.tokens) + " tokens";
    if (!first) flow(button_width(label.c_str()));
    return button(state, label.c_str(), nullptr, help.c_str());
}

}  // namespace

bool draw_refused_prompt(AppState& state, const std::string& prompt, const std::string& error,
                         const core::TooLong& too_long, std::string& field) {
    problem_text(state, error);
    if (cut_button(state, prompt, too_long.bytes, too_long, true)) {
        field = prompt.substr(0, static_cast<size_t>(too_long.bytes));
        return true;
    }
    if (cut_button(state, prompt, too_long.end_bytes, too_long, false)) {
        field = prompt.substr(prompt.size() - static_cast<size_t>(too_long.end_bytes));
        return true;
    }
    return false;
}

}  // namespace hopscope::app
