#include "app/widgets/run_words.h"

#include "app/widgets/format.h"

namespace hopscope::app {

std::string choices_counted(const AppState& state) {
    return state.is_imported() ? "the trace" : "the recent batches";
}

std::string no_load(const AppState& state) {
    return state.is_imported() ? "No choices of this router were recorded."
                               : "Loads appear once a batch has been trained.";
}

std::string step_text(const AppState& state, const char* before, int64_t step) {
    return state.is_imported() ? "" : before + ("step " + with_thousands(step));
}

}  // namespace hopscope::app
