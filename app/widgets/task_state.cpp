#include "app/widgets/task_state.h"

#include <cmath>

#include "app/widgets/format.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {

std::string left_in_words(double seconds) {
    if (!std::isfinite(seconds)) return {};
    if (seconds < 8) return "a few seconds left";
    const double to = seconds < 57.5 ? 5 : seconds < 600 ? 15 : seconds < 3600 ? 60 : 600;
    const auto rounded_to = static_cast<int64_t>(to * std::round(seconds / to));
    if (rounded_to >= 60 && rounded_to < 3600 && rounded_to % 60 == 0)
        return "about " + std::to_string(rounded_to / 60) + " min left";
    return "about " + duration(static_cast<double>(rounded_to)) + " left";
}

std::string in_words(const TaskView& task) {
    if (task.ended()) return {};
    if (task.state == TaskState::waiting) return "waits for its turn";
    std::string text = task.activity.empty() ? "reading the run" : task.activity;
    if (task.progress >= 0) text += ", " + rounded(task.progress * 100, 0) + " %";
    if (const std::string left = left_in_words(task.left); !left.empty()) text += ", " + left;
    return text;
}

void draw_task_state(AppState& state, const TaskView& task) {
    if (task.state == TaskState::failed) problem_text(state, task.outcome);
    if (task.ended()) return;
    note(state, in_words(task));
    progress_line(state, task.state == TaskState::waiting ? 0 : task.progress);
}

}  // namespace hopscope::app
