#include "app/widgets/load_words.h"

namespace hopscope::app {

std::string choices_counted(const AppState& state) {
    return state.is_imported() ? "the trace" : "the recent batches";
}

std::string no_load(const AppState& state) {
    return state.is_imported() ? "No choices of this router were recorded."
                               : "Loads appear once a batch has been trained.";
}

}  // namespace hopscope::app
