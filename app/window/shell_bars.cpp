// The shell's top bar and status line.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <imgui.h>
#include <unistd.h>

#include "app/window/format.h"
#include "app/window/shell.h"
#include "app/window/widgets.h"

namespace hopscope::app {
namespace {

constexpr double kMemoryEvery = 1.0;    ///< seconds between two looks at the process's memory
constexpr double kMessageStays = 12.0;  ///< seconds a message stays in the status line

struct StateLook {
    const char* word;
    ImVec4 color;
    bool filled;
};

StateLook look_of(const AppState& state) {
    const Theme& t = state.theme();
    if (!state.session) return {"no run", t.chrome_dim, false};
    switch (state.status.state) {
        case core::RunState::idle:
            return {"idle", t.chrome_dim, false};
        case core::RunState::preparing:
            return {"preparing", t.accent, false};
        case core::RunState::running:
            return {"training", t.green, true};
        case core::RunState::paused:
            return {"paused", t.chrome_dim, true};
        case core::RunState::stopping:
            return {"finishing step", t.accent, false};
        case core::RunState::stopped:
            return {"stopped", t.chrome_dim, true};
        case core::RunState::done:
            return {"done", t.accent, true};
        case core::RunState::failed:
            return {"failed", t.red, true};
    }
    return {"", t.dim, false};
}

}  // namespace

int64_t resident_memory() {
    std::ifstream file("/proc/self/statm");
    int64_t total = 0, resident = 0;
    if (!(file >> total >> resident)) return 0;
    return resident * sysconf(_SC_PAGESIZE);
}

void Shell::draw_top_bar(float height) {
    const Theme& theme = state_.theme();
    const float s = state_.pixel_scale;
    ImGui::PushStyleColor(ImGuiCol_ChildBg, theme.background);
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(8 * s, 6 * s));
    ImGui::BeginChild("top bar", ImVec2(0, height), ImGuiChildFlags_None,
                      ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
    const float text_top = std::floor((height - ImGui::GetTextLineHeight()) * 0.5f);
    ImGui::SetCursorPos(ImVec2(12 * s, text_top));
    ImGui::PushFont(state_.fonts.title, kTextSize);
    ImGui::TextUnformatted("hopscope");
    ImGui::PopFont();
    const float menus_from = ImGui::GetItemRectMax().x - ImGui::GetWindowPos().x + 24 * s;
    ImGui::PushStyleColor(ImGuiCol_Text, theme.chrome_dim);
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(8 * s, 4 * s));
    ImGui::SetCursorPos(ImVec2(menus_from, std::floor((height - ImGui::GetFrameHeight()) * 0.5f)));
    draw_menus();
    ImGui::PopStyleVar();
    ImGui::PopStyleColor();
    if (state_.session) draw_layout_buttons(height);
    draw_state(height);
    ImGui::PopStyleVar();  // before the end, which adds the spacing of the window behind
    ImGui::EndChild();
    ImGui::PopStyleColor();
}

void Shell::draw_layout_buttons(float bar_height) {
    const float s = state_.pixel_scale, width = 88 * s, gap = 6 * s;
    constexpr auto kCount = static_cast<float>(std::size(kLayouts));
    const float total = width * kCount + gap * (kCount - 1);
    const float bar = ImGui::GetWindowWidth();
    const float from = std::max(ImGui::GetItemRectMax().x - ImGui::GetWindowPos().x + 24 * s,
                                (bar - total) * 0.5f);
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(8 * s, 5 * s));
    for (Layout layout : kLayouts) {
        ImGui::SetCursorPos(ImVec2(from + static_cast<float>(layout) * (width + gap),
                                   std::floor((bar_height - ImGui::GetFrameHeight()) * 0.5f)));
        if (button(state_, name_of(layout), nullptr, help_of(layout), width, layout == layout_))
            set_layout(layout);
    }
    ImGui::PopStyleVar();
}

void Shell::draw_state(float bar_height) {
    const Theme& theme = state_.theme();
    const float s = state_.pixel_scale, bar = ImGui::GetWindowWidth();
    const ImVec2 origin = ImGui::GetWindowPos();
    const StateLook look = look_of(state_);
    const float text_top = std::floor((bar_height - ImGui::GetTextLineHeight()) * 0.5f);

    // Right to left: step, word, dot, search field.
    const std::string step = state_.session ? with_thousands(state_.status.step) : "";
    const float step_width = std::max(56 * s, text_width(state_.fonts.mono, kMonoSize, step));
    const float step_right = bar - 14 * s;
    ImGui::PushFont(state_.fonts.mono, kMonoSize);
    ImGui::SetCursorPos(ImVec2(step_right - ImGui::CalcTextSize(step.c_str()).x, text_top));
    ImGui::TextUnformatted(step.c_str());
    ImGui::PopFont();
    if (state_.session) tooltip("Updates done so far");

    const float word_width = ImGui::CalcTextSize("finishing step").x;
    const float word_left = step_right - step_width - word_width - 12 * s;
    ImGui::SetCursorPos(ImVec2(word_left, text_top));
    ImGui::TextUnformatted(look.word);
    if (!state_.status.followed.empty())
        tooltip(state_.status.followed);
    else if (state_.status.state == core::RunState::failed)
        tooltip(state_.status.reason);
    const ImVec2 dot(origin.x + word_left - 12 * s, origin.y + bar_height * 0.5f);
    ImDrawList* list = ImGui::GetWindowDrawList();
    if (look.filled)
        list->AddCircleFilled(dot, 4.5f * s, packed(look.color));
    else
        list->AddCircle(dot, 4 * s, packed(look.color), 0, 1.5f * s);

    // Half of the layout buttons' width, with a gap.
    const float used = ImGui::GetWindowWidth() * 0.5f + 158 * s;
    const float field = std::min(220 * s, word_left - 36 * s - used);
    if (field < 90 * s) return;
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(12 * s, 5 * s));
    ImGui::PushStyleVar(ImGuiStyleVar_ButtonTextAlign, ImVec2(0, 0.5f));
    ImGui::PushStyleColor(ImGuiCol_Text, theme.chrome_dim);
    ImGui::SetCursorPos(ImVec2(word_left - 36 * s - field,
                               std::floor((bar_height - ImGui::GetFrameHeight()) * 0.5f)));
    const bool wide = field > 170 * s;
    if (ImGui::Button(wide ? "Search commands###search" : "Search###search", ImVec2(field, 0)))
        palette_.open();
    const ImVec2 end = ImGui::GetItemRectMax(), start = ImGui::GetItemRectMin();
    const ImVec2 key = ImGui::CalcTextSize("Ctrl P");
    if (wide)
        list->AddText(ImVec2(end.x - key.x - 12 * s, std::floor((start.y + end.y - key.y) * 0.5f)),
                      packed(theme.chrome_dim), "Ctrl P");
    ImGui::PopStyleColor();
    ImGui::PopStyleVar(2);
    tooltip("Every command and action by a few of its letters (Ctrl+P)");
}

void Shell::draw_status_line(float height) {
    const Theme& theme = state_.theme();
    const float s = state_.pixel_scale;
    if (state_.now - memory_read_at_ > kMemoryEvery) {
        memory_read_at_ = state_.now;
        memory_bytes_ = resident_memory();
    }
    ImGui::PushStyleColor(ImGuiCol_ChildBg, theme.background);
    ImGui::PushStyleColor(ImGuiCol_Text, theme.chrome_dim);
    ImGui::BeginChild("status line", ImVec2(0, height), ImGuiChildFlags_None,
                      ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
    ImGui::PushFont(state_.fonts.text, kSmallSize);
    ImGui::SetCursorPos(ImVec2(12 * s, std::floor((height - ImGui::GetTextLineHeight()) * 0.5f)));
    const auto part = [&](const std::string& text, const char* why) {
        ImGui::TextUnformatted(text.c_str());
        tooltip(why);
        ImGui::SameLine(0, 16 * s);
    };
    const core::RunStatus& status = state_.status;
    if (state_.session && !status.device.empty())
        part(status.device + ", " + with_thousands(status.threads) +
                 (status.threads == 1 ? " thread" : " threads"),
             "Where the training runs");
    if (memory_bytes_ > 0) part("memory " + bytes(memory_bytes_), "Resident memory of the program");
    if (state_.session && status.followed.empty())
        part("window costs " + rounded(status.publish_share * 100, 1) + " %",
             "Time the trainer spends publishing for the window, as a share of its training time");
    if (state_.geometry)
        part("snapshot of step " + with_thousands(state_.geometry->step) + ", " +
                 (status.state == core::RunState::running
                      ? rounded(std::max(0.0, state_.unix_now - state_.geometry->seconds), 1) +
                            " s old"
                      : "the newest"),
             "The geometry that the routing space shows");
    else if (status.state == core::RunState::preparing)
        part("no snapshot yet", "The routing space appears with the first one");
    if (!state_.log.empty() && state_.now - state_.log_at < kMessageStays) {
        const LogLine& line = state_.log.back();
        text_cut(state_, line.text, line.problem ? theme.red_text : theme.text);
    }
    ImGui::PopFont();
    ImGui::EndChild();
    ImGui::PopStyleColor(2);
}

}  // namespace hopscope::app
