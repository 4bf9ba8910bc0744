#include "app/panels/routing_space/space_history.h"

#include <algorithm>

namespace hopscope::app {

void SpaceHistory::update(const AppState& state) {
    const uint64_t others = std::max(state.selection_history.undo_order(), move_.undo_order(state));
    if (camera_.history().can_redo() && others > camera_.history().redo_order())
        camera_.forget_redo();
}

bool SpaceHistory::can_undo(const AppState& state) const {
    return move_.undo_order(state) > 0 || state.selection_history.can_undo() ||
           camera_.history().can_undo();
}

bool SpaceHistory::can_redo(const AppState& state) const {
    return state.selection_history.can_redo() || camera_.history().can_redo();
}

void SpaceHistory::undo(AppState& state) {
    state.selection_history.note(state.selection);  // what no frame has seen yet
    const uint64_t move = move_.undo_order(state), camera = camera_.history().undo_order(),
                   selection = state.selection_history.undo_order();
    if (move > std::max(camera, selection))
        move_.undo(state);
    else if (camera > selection)
        camera_.undo(state, made_.view());
    else
        state.selection_history.undo(state.selection);
    state.keep_drawing();
}

void SpaceHistory::redo(AppState& state) {
    const uint64_t camera = camera_.history().redo_order(),
                   selection = state.selection_history.redo_order();
    if (camera > 0 && (selection == 0 || camera < selection))
        camera_.redo(state, made_.view());
    else
        state.selection_history.redo(state.selection);
    state.keep_drawing();
}

}  // namespace hopscope::app
