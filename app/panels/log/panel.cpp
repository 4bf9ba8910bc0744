// The log panel: messages of the window and the run, and the commands with their answers; filter,
// copy, export.
#include "app/panels/panel.h"

#include <algorithm>
#include <imgui.h>
#include <misc/cpp/imgui_stdlib.h>

#include "app/panels/kept_view.h"
#include "app/panels/log/view.h"
#include "app/widgets/export.h"
#include "app/widgets/format.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

class LogPanel final : public Panel {
  public:
    const char* title() const override { return "Log"; }
    bool has_csv() const override { return false; }
    std::string detail(const AppState&) const override {
        const std::string all =
            with_thousands(static_cast<int64_t>(total_)) + (total_ == 1 ? " line" : " lines");
        if (rows_.size() == total_) return total_ ? all : std::string();
        return with_thousands(static_cast<int64_t>(rows_.size())) + " of " + all;
    }
    void prepare(AppState& state) override {
        rows_ = log_rows(state, commands_);
        total_ = rows_.size();
        std::erase_if(rows_, [&](const LogRow& row) {
            return !contains(row.words.empty() ? row.text : row.words, filter_);
        });
    }
    void draw(AppState& state) override;
    PanelView saved_view() const override {
        return {{"lines", commands_ ? kCommands : "messages"}, {"filter", filter_}};
    }
    void restore_view(const PanelView& view) override {
        if (const auto lines = view.find("lines"); lines != view.end())
            commands_ = lines->second == kCommands;
        take_kept_text(view, "filter", filter_);
    }

  private:
    static constexpr const char* kCommands = "commands";
    void draw_rows(AppState& state);
    void export_rows(AppState& state);

    bool commands_ = false;  ///< the command log as script, else messages
    std::string filter_;
    std::vector<LogRow> rows_;
    size_t total_ = 0;
};

void LogPanel::draw(AppState& state) {
    const float s = state.pixel_scale;
    if (button(state, "Messages", nullptr, "What the window and the run say", 0, !commands_))
        commands_ = false;
    ImGui::SameLine(0, 4 * s);
    if (button(state, "Commands", nullptr,
               "Every command with its step; copied and exported as lines that can be replayed", 0,
               commands_))
        commands_ = true;
    const float tools =
        ImGui::CalcTextSize("CopyExport").x + 4 * ImGui::GetStyle().FramePadding.x + 16 * s;
    ImGui::SameLine(0, 12 * s);
    ImGui::SetNextItemWidth(std::max(60 * s, ImGui::GetContentRegionAvail().x - tools));
    by_name(state, "##filter", "filter");
    ImGui::InputTextWithHint("##filter", "Filter", &filter_);
    ImGui::SameLine();
    const char* nothing = rows_.empty() ? "There is no line." : nullptr;
    if (button(state, "Copy", nothing, "Copies the lines shown"))
        ImGui::SetClipboardText(joined(rows_).c_str());
    ImGui::SameLine();
    if (button(state, "Export", nothing, "Writes the lines shown into the run folder"))
        export_rows(state);
    draw_rows(state);
}

void LogPanel::draw_rows(AppState& state) {
    const Theme& theme = state.theme();
    if (rows_.empty()) {
        if (!filter_.empty())
            empty_state(state, "No line contains this text", "Clear the filter to see all lines.");
        else
            empty_state(state, commands_ ? "No commands yet" : "Nothing to report yet",
                        commands_ ? "Each change of the run is listed here with its step."
                                  : "Messages of the run and the window appear here.");
        return;
    }
    if (!ImGui::BeginChild("lines")) {
        ImGui::EndChild();
        return;
    }
    ImGui::PushFont(state.fonts.mono, kMonoSize);
    ImGuiListClipper clipper;
    clipper.Begin(static_cast<int>(rows_.size()));
    while (clipper.Step())
        for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
            const LogRow& row = rows_[static_cast<size_t>(i)];
            text_cut(state, row.words.empty() ? row.text : row.words,
                     row.problem   ? theme.red_text
                     : row.pending ? theme.amber_text
                                   : theme.text);
            if (!row.words.empty()) tooltip(row.text);
        }
    ImGui::PopFont();
    // Stays at the newest line unless the user has scrolled away from it.
    if (ImGui::GetScrollY() >= ImGui::GetScrollMaxY()) ImGui::SetScrollHereY(1.0f);
    ImGui::EndChild();
}

void LogPanel::export_rows(AppState& state) {
    std::vector<LogRow> rows = rows_;
    if (commands_)
        std::erase_if(rows, [](const LogRow& row) { return row.problem; });  // replayable
    export_text(state, commands_ ? "commands_shown.jsonl" : "messages_shown.txt", joined(rows));
}

}  // namespace

std::unique_ptr<Panel> make_log_panel() {
    return std::make_unique<LogPanel>();
}

}  // namespace hopscope::app
