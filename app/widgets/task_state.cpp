#include "app/widgets/task_state.h"

#include "app/widgets/format.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {

void draw_task_state(AppState& state, const TaskView& task) {
    if (task.state == TaskState::failed) problem_text(state, task.outcome);
    if (task.ended()) return;
    const std::string activity = task.state == TaskState::waiting ? "waits for its turn"
                                 : task.activity.empty()          ? "reading the run"
                                                                  : task.activity;
    note(state, activity + (task.progress >= 0 && task.state == TaskState::running
                                ? ", " + rounded(task.progress * 100, 0) + " %"
                                : std::string()));
    progress_line(state, task.state == TaskState::waiting ? 0 : task.progress);
}

}  // namespace hopscope::app
