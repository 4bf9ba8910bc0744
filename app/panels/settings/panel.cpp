// The panel of the settings in which the compared variants differ, or of all.
#include "app/panels/panel.h"

#include <algorithm>
#include <imgui.h>

#include "app/panels/settings/view.h"
#include "app/widgets/export.h"
#include "app/widgets/format.h"
#include "app/widgets/line_style.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

class SettingsPanel final : public Panel {
  public:
    const char* title() const override { return "Settings that differ"; }
    std::string detail(const AppState&) const override;
    void prepare(AppState& state) override;
    void draw(AppState& state) override;
    Origin origin(const AppState& state) const override { return origin_of_compared(state); }
    std::string csv(AppState&) override {
        return view_.variants.empty() ? std::string() : csv_of(view_, !all_);
    }

  private:
    void draw_table(AppState& state, float height);
    void draw_head(AppState& state);
    void draw_row(const AppState& state, const SettingsRow& row, std::optional<size_t> reference);
    void draw_buttons(AppState& state);

    std::shared_ptr<const core::Comparison> shown_;  ///< what `view_` was made from
    SettingsView view_;
    bool all_ = false;
};

std::string SettingsPanel::detail(const AppState&) const {
    if (view_.variants.size() < 2) return {};
    return std::to_string(view_.differing) + " of " + std::to_string(view_.rows.size());
}

void SettingsPanel::prepare(AppState& state) {
    state.comparison.want(state);
    if (shown_ == state.comparison.result()) return;
    shown_ = state.comparison.result();
    view_ = shown_ ? settings_view(*shown_) : SettingsView{};
}

void SettingsPanel::draw(AppState& state) {
    if (empty_without_run(state)) return;
    if (view_.variants.size() < 2) {
        empty_state(state,
                    state.comparison.working() ? "Reading the runs" : "Nothing to compare yet",
                    "In which settings the runs differ stands here once two variants are beside "
                    "each other. Add one in Compared runs.");
        return;
    }
    const float below = ImGui::GetFrameHeightWithSpacing() + 2 * state.pixel_scale;
    draw_table(state, std::max(60 * state.pixel_scale, ImGui::GetContentRegionAvail().y - below));
    draw_buttons(state);
}

void SettingsPanel::draw_table(AppState& state, float height) {
    constexpr ImGuiTableFlags kFlags = ImGuiTableFlags_ScrollY | ImGuiTableFlags_ScrollX |
                                       ImGuiTableFlags_SizingFixedFit | ImGuiTableFlags_NoPadOuterX;
    const int columns = static_cast<int>(view_.variants.size()) + 1;
    if (!ImGui::BeginTable("settings", columns, kFlags, ImVec2(0, height))) return;
    ImGui::TableSetupScrollFreeze(1, 1);
    draw_head(state);
    const auto reference = state.comparison.reference();
    for (const SettingsRow& row : view_.rows)
        if (all_ || row.differs) draw_row(state, row, reference);
    ImGui::EndTable();
}

/// A glyph a variant; its name is one hover away where there is no room.
void SettingsPanel::draw_head(AppState& state) {
    constexpr size_t kNamed = 2;
    ImGui::TableSetupColumn("setting");
    for (const std::string& name : view_.names) ImGui::TableSetupColumn(name.c_str());
    // A row like the others: what a headers' row says does not widen its columns.
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    ImGui::TextColored(state.theme().dim, "setting");
    for (const size_t variant : view_.variants) {
        const core::ComparedVariant& of = shown_->variants[variant];
        const ComparedEntry* entry = state.compared.of(shown_->runs[of.runs.front()].dir);
        ImGui::TableNextColumn();
        ImGui::BeginGroup();
        if (entry) line_glyph(state, entry->place);
        const bool named = view_.variants.size() <= kNamed || !entry;
        ImGui::TextColored(state.theme().dim, "%s",
                           named ? shortened_in_middle(of.name, 14).c_str() : "");
        ImGui::EndGroup();
        tooltip(of.name);
    }
}

void SettingsPanel::draw_row(const AppState& state, const SettingsRow& row,
                             std::optional<size_t> reference) {
    constexpr size_t kLongest = 14;
    const auto beside =
        static_cast<size_t>(std::find(view_.variants.begin(), view_.variants.end(), reference) -
                            view_.variants.begin());
    const Theme& theme = state.theme();
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    ImGui::TextColored(row.differs ? theme.text : theme.dim, "%s", row.key.c_str());
    tooltip(row.meaning);
    for (size_t i = 0; i < row.values.size(); ++i) {
        ImGui::TableNextColumn();
        const bool as_reference =
            beside < row.values.size() && i != beside && row.values[i] == row.values[beside];
        const std::string value = shown_value(row, i), text = shortened(value, kLongest);
        ImGui::PushFont(state.fonts.mono, kMonoSize);
        ImGui::TextColored(as_reference || !row.differs ? theme.dim : theme.text, "%s",
                           text.c_str());
        ImGui::PopFont();
        tooltip(view_.names[i] + ": " + value + (as_reference ? ", as in the reference" : ""));
    }
}

void SettingsPanel::draw_buttons(AppState& state) {
    const float s = state.pixel_scale;
    const size_t equal = view_.rows.size() - view_.differing;
    const std::string label = (all_ ? "Hide " : "Show ") + std::to_string(equal) + " equal###equal";
    if (button(state, label.c_str(), nullptr, "Settings that are the same in all", 0, all_))
        all_ = !all_;
    ImGui::SameLine(0, 4 * s);
    if (button(state, "Copy", nullptr, "Copies these rows, comma-separated"))
        ImGui::SetClipboardText(csv_of(view_, !all_).c_str());
    ImGui::SameLine(0, 4 * s);
    if (button(state, "CSV", nullptr, "Writes these rows into the folder of the open run"))
        export_text(state, "compare_settings.csv", numbers(state));
}

}  // namespace

std::unique_ptr<Panel> make_settings_panel() {
    return std::make_unique<SettingsPanel>();
}

}  // namespace hopscope::app
