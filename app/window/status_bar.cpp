#include "app/window/status_bar.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <imgui.h>
#include <string>
#include <unistd.h>
#include <vector>

#include "app/widgets/format.h"
#include "app/widgets/number.h"
#include "app/widgets/task_state.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr double kMemoryEvery = 1.0;    ///< seconds between two looks at the process's memory
constexpr double kMessageStays = 12.0;  ///< seconds a message stays in the line
constexpr float kRoomForAll = 900;  ///< unscaled pixels; in less a message takes the place of costs

/// What runs in the background, and how many wait behind it.
void draw_tasks(const AppState& state) {
    if (!state.tasks) return;
    const TaskView* runs = nullptr;
    size_t waiting = 0;
    const std::vector<TaskView> tasks = state.tasks->tasks();
    for (const TaskView& task : tasks) {
        if (task.state == TaskState::running) runs = &task;
        waiting += task.state == TaskState::waiting;
    }
    if (!runs) return;
    std::string text = runs->name;
    if (runs->progress >= 0) text += " " + rounded(100 * runs->progress, 0) + " %";
    if (const std::string left = left_in_words(runs->left); !left.empty()) text += ", " + left;
    if (waiting > 0) text += ", " + std::to_string(waiting) + " behind it";
    ImGui::TextUnformatted(text.c_str());
    tooltip("Measured in the background: " + in_words(*runs) +
            ". The panel that asked for it can cancel it");
    ImGui::SameLine(0, 16 * state.pixel_scale);
}

}  // namespace

int64_t resident_memory() {
    std::ifstream file("/proc/self/statm");
    int64_t total = 0, resident = 0;
    if (!(file >> total >> resident)) return 0;
    return resident * sysconf(_SC_PAGESIZE);
}

void StatusBar::draw(AppState& state, float height) {
    const Theme& theme = state.theme();
    const float s = state.pixel_scale;
    if (const auto newest = asked_.take()) state.memory_bytes = *newest;
    if (!state.still && !asked_.waits() && state.now - memory_asked_at_ > kMemoryEvery) {
        memory_asked_at_ = state.now;
        asked_ = state.aside(resident_memory);
    }
    ImGui::PushStyleColor(ImGuiCol_ChildBg, theme.background);
    ImGui::PushStyleColor(ImGuiCol_Text, theme.chrome_dim);
    ImGui::BeginChild("status line", ImVec2(0, height), ImGuiChildFlags_None,
                      ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
    ImGui::PushFont(state.fonts.text, kSmallSize);
    ImGui::SetCursorPos(ImVec2(12 * s, std::floor((height - ImGui::GetTextLineHeight()) * 0.5f)));
    const auto part = [&](const std::string& before, const Number& number,
                          const std::string& after = {}) {
        ImGui::TextUnformatted((before + number.shown + after).c_str());
        explain_when_asked(state, [&] { return number; });
        ImGui::SameLine(0, 16 * s);
    };
    const core::RunStatus& status = state.status;
    const bool told =
        !state.still && !state.log.empty() && state.now - state.log_at < kMessageStays;
    const bool costs = !told || ImGui::GetContentRegionAvail().x >= kRoomForAll * s;
    if (state.session && status.synthetic) {
        ImGui::PushStyleColor(ImGuiCol_Text, theme.amber_text);
        ImGui::TextUnformatted(status.read_only ? "example, synthetic text" : "synthetic text");
        tooltip(
            "The model was trained on generated text: what it shows says nothing of a language");
        ImGui::SameLine(0, 16 * s);
        ImGui::PopStyleColor();
    }
    if (costs && state.session && !status.device.empty() && !status.read_only)
        part(status.device + ", ", {.label = "threads",
                                    .value = static_cast<double>(status.threads),
                                    .shown = with_thousands(status.threads) +
                                             (status.threads == 1 ? " thread" : " threads"),
                                    .definition = "Where the training runs: " + status.device,
                                    .no_command = kLiveNumber});
    if (costs && state.memory_bytes > 0)
        part("memory ", {.label = "memory",
                         .value = static_cast<double>(state.memory_bytes),
                         .shown = bytes(state.memory_bytes),
                         .definition = "Resident memory of the program. The value is in bytes",
                         .no_command = kLiveNumber});
    if (costs && state.session && status.device_bytes > 0)
        part("GPU memory ", {.label = "memory of the GPU",
                             .value = static_cast<double>(status.device_bytes),
                             .shown = bytes(status.device_bytes),
                             .definition = "What training and looking hold of the memory of the "
                                           "GPU. The value is in bytes",
                             .no_command = kLiveNumber});
    if (costs && state.session && status.followed.empty() && !state.still && !state.is_imported())
        part("window costs ",
             {.label = "cost of the window",
              .value = status.publish_share,
              .shown = rounded(status.publish_share * 100, 1) + " %",
              .definition = "Time the trainer spends publishing for the window, as a share of its "
                            "training time",
              .no_command = kLiveNumber});
    if (state.imported) {
        const core::ImportedTrace* trace = state.shown_trace();
        ImGui::TextUnformatted(
            (state.imported->family +
             (trace ? ", trace " + trace->name + ", " + with_thousands(trace->tokens) + " tokens"
                    : ", no trace"))
                .c_str());
        tooltip("The published model and the recording that the panels show");
        ImGui::SameLine(0, 16 * s);
    } else if (state.geometry) {
        part("snapshot of ",
             {.label = "snapshot",
              .value = static_cast<double>(state.geometry->step),
              .shown = "step " + with_thousands(state.geometry->step),
              .definition = "The geometry that the panels show. The value is its step",
              .step = state.geometry->step,
              .command = run_command(state, "info", "--json")},
             state.sample.shown()
                 ? ", " + with_thousands(std::ssize(state.geometry->token_ids)) + " tokens"
             : !state.time.live() ? ", the past"
             : status.state == core::RunState::running
                 ? ", " + rounded(std::max(0.0, state.unix_now - state.geometry->seconds), 1) +
                       " s old"
                 : ", the newest");
    } else if (status.state == core::RunState::preparing) {
        ImGui::TextUnformatted("no snapshot yet");
        tooltip("The routing space appears with the first one");
        ImGui::SameLine(0, 16 * s);
    }
    draw_tasks(state);
    if (told) {
        const LogLine& line = state.log.back();
        text_cut(state, line.text, line.problem ? theme.red_text : theme.text);
    }
    ImGui::Dummy(ImVec2(0, 0));  // ends the line, also where nothing stands in it
    ImGui::PopFont();
    ImGui::EndChild();
    ImGui::PopStyleColor(2);
}

}  // namespace hopscope::app
