#include "app/state/sweep.h"

#include "app/state/app_state.h"

namespace hopscope::app {

void Sweep::want(AppState& state) {
    if (reading_.want(state.compared.entries(), state.services.run_numbers, state.wake, state.now))
        state.keep_drawing();
}

}  // namespace hopscope::app
