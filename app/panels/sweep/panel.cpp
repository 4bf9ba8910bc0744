// The panel of sweeps: what runs came to over what they are set to or cost, with the table of it.
#include "app/panels/panel.h"

#include <algorithm>
#include <cmath>
#include <imgui.h>
#include <optional>

#include "app/panels/sweep/axis_picker.h"
#include "app/panels/sweep/plot.h"
#include "app/panels/sweep/view.h"
#include "app/widgets/comparison_state.h"
#include "app/widgets/export.h"
#include "app/widgets/format.h"
#include "app/widgets/line_style.h"
#include "app/widgets/number.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

using core::Better;

constexpr float kWideTable = 560;  ///< of all columns, unscaled pixels
constexpr const char* kWhat =
    "One number of every run over another: loss over parameters, speed over a setting. Variants "
    "stand with their mean and range over seeds.";

class SweepPanel final : public Panel {
  public:
    const char* title() const override { return "Sweep"; }
    std::string detail(const AppState& state) const override;
    void prepare(AppState& state) override;
    void draw(AppState& state) override;
    Origin origin(const AppState& state) const override { return origin_of_compared(state); }
    std::string csv(AppState&) override { return csv_of(picture_); }
    PanelView saved_view() const override;
    void restore_view(const PanelView& view) override { restored_ = view; }
    void forget_restored() override { restored_.reset(); }

  private:
    struct Made {  ///< what the picture was made from
        const void *comparison = nullptr, *numbers = nullptr;
        SweepChoice choice;
        std::vector<std::pair<std::string, size_t>> places;
        bool operator==(const Made&) const = default;
    };
    void make(const AppState& state);
    bool draw_empty(AppState& state);
    void draw_axes(AppState& state);
    void draw_options(AppState& state);
    void draw_direction(AppState& state, const char* axis, Better shown, Better& chosen);
    void draw_notes(const AppState& state) const;
    void draw_table(AppState& state, float height);
    void draw_group(AppState& state, const SweepGroup& group);
    void draw_run(AppState& state, const SweepPoint& point);
    Number number_of(const AppState& state, const SweepPoint& point) const;
    void take_sorting();
    static void choose(AppState& state, const std::string& dir);

    std::shared_ptr<const core::Comparison> comparison_;
    std::shared_ptr<const std::vector<core::RunNumbers>> numbers_;
    Made made_;
    std::vector<SweepAxis> axes_;
    SweepPicture picture_;
    SweepChoice choice_;  ///< a copy, for the session file
    std::optional<PanelView> restored_;
    AxisPicker picker_x_, picker_y_;
    SweepPlot plot_;
    std::string fitted_;  ///< axes and places of the picture that the plot was fitted to
    SweepColumn sort_by_ = SweepColumn::x;
    bool falling_ = false;
    bool wide_ = true;  ///< the table has room for all columns
};

std::string SweepPanel::detail(const AppState& state) const {
    if (state.sweep.working() && !numbers_) return "reading\xE2\x80\xA6";
    if (picture_.groups.empty()) return {};
    const auto count = [](size_t n, const char* one, const char* many) {
        return std::to_string(n) + " " + (n == 1 ? one : many);
    };
    return count(picture_.runs(), "run", "runs") + " of " +
           count(picture_.groups.size(), "variant", "variants");
}

const char* word_of(Better better) {
    constexpr const char* kWays[] = {"", "lower", "higher"};
    return kWays[static_cast<size_t>(better)];
}

PanelView SweepPanel::saved_view() const {
    const auto flag = [](bool on) { return std::string(on ? "yes" : "no"); };
    const auto way = [](Better better) { return std::string(word_of(better)); };
    return {{"x", choice_.x},
            {"y", choice_.y},
            {"log_x", flag(choice_.log_x)},
            {"log_y", flag(choice_.log_y)},
            {"front", flag(choice_.front)},
            {"trend", flag(choice_.trend)},
            {"better_x", way(choice_.better_x)},
            {"better_y", way(choice_.better_y)}};
}

SweepChoice choice_from(const PanelView& view) {
    SweepChoice out;
    const auto text = [&](const char* key, std::string& value) {
        if (const auto kept = view.find(key); kept != view.end() && !kept->second.empty())
            value = kept->second;
    };
    const auto flag = [&](const char* key, bool& value) {
        if (const auto kept = view.find(key); kept != view.end()) value = kept->second == "yes";
    };
    const auto way = [&](const char* key, Better& value) {
        const auto kept = view.find(key);
        if (kept == view.end()) return;
        for (const Better one : {Better::lower, Better::higher})
            if (kept->second == word_of(one)) value = one;
    };
    text("x", out.x);
    text("y", out.y);
    flag("log_x", out.log_x);
    flag("log_y", out.log_y);
    flag("front", out.front);
    flag("trend", out.trend);
    way("better_x", out.better_x);
    way("better_y", out.better_y);
    return out;
}

void SweepPanel::prepare(AppState& state) {
    if (restored_) state.sweep.choice = choice_from(*restored_);
    restored_.reset();
    choice_ = state.sweep.choice;
    state.comparison.want(state);
    state.sweep.want(state);
    comparison_ = state.comparison.result();
    numbers_ = state.sweep.numbers();
    Made wanted{comparison_.get(), numbers_.get(), choice_, {}};
    for (const ComparedEntry& entry : state.compared.entries())
        wanted.places.emplace_back(entry.dir, entry.place);
    if (wanted == made_) return;
    made_ = std::move(wanted);
    make(state);
}

void SweepPanel::make(const AppState& state) {
    picture_ = {};
    axes_.clear();
    if (!comparison_ || !numbers_) return;
    const SweepRuns runs = sweep_runs(*comparison_, *numbers_);
    axes_ = sweep_axes(runs);
    picture_ =
        sweep_picture(runs, axes_, choice_, state.compared.entries(), state.services.line_through);
    sort_groups(picture_.groups, sort_by_, falling_);
}

bool SweepPanel::draw_empty(AppState& state) {
    if (empty_without_run(state)) return true;
    if (!comparison_ || !numbers_) {
        const std::string& problem = state.sweep.problem();
        const char* title = problem.empty() ? "Reading the runs" : "The runs could not be read";
        empty_state(state, title, problem.empty() ? kWhat : problem.c_str());
        return true;
    }
    if (state.compared.entries().size() > 1) return false;
    if (empty_state(state, "A single run is no sweep", kWhat, "Add a race or folder\xE2\x80\xA6"))
        ask_for_runs(state);
    return true;
}

void SweepPanel::draw(AppState& state) {
    if (draw_empty(state)) return;
    draw_axes(state);
    draw_options(state);
    draw_notes(state);
    if (!picture_.refusal.empty()) {
        empty_state(state, "Nothing to draw", picture_.refusal.c_str());
        return;
    }
    const float s = state.pixel_scale;
    const ImVec2 area = ImGui::GetContentRegionAvail();
    const float row = ImGui::GetTextLineHeight() + 2 * ImGui::GetStyle().CellPadding.y;
    const float wanted = row * static_cast<float>(picture_.runs() + picture_.groups.size() + 1);
    const float table = std::min(wanted, std::max(3 * row, area.y * 0.36f));
    const float plot = std::max(120 * s, area.y - table - ImGui::GetStyle().ItemSpacing.y);
    const std::string shown = picture_.x.key + "\n" + choice_.y + "\n" +
                              std::to_string(picture_.log_x) + std::to_string(picture_.log_y) +
                              std::to_string(picture_.runs());
    const std::string clicked = plot_.draw(state, picture_, ImVec2(area.x, plot), fitted_ != shown);
    fitted_ = shown;
    if (!clicked.empty()) choose(state, clicked);
    draw_table(state, std::max(table, 3 * row));
}

void SweepPanel::choose(AppState& state, const std::string& dir) {
    state.compared.chosen = dir;
    state.comparison.look_at(dir);
    state.keep_drawing();
}

void SweepPanel::draw_axes(AppState& state) {
    const float s = state.pixel_scale;
    SweepChoice& choice = state.sweep.choice;
    const float log = button_width("log");
    const float names = ImGui::CalcTextSize("yover").x + 4 * 6 * s + 12 * s;
    const float each =
        std::clamp((ImGui::GetContentRegionAvail().x - names - 2 * log) / 2, 90 * s, 260 * s);
    const auto axis = [&](const char* name, const char* id, AxisPicker& picker, bool settings,
                          std::string& key, Better& better, bool& logarithmic,
                          const std::string& no_log) {
        ImGui::AlignTextToFramePadding();
        ImGui::TextColored(state.theme().dim, "%s", name);
        ImGui::SameLine(0, 6 * s);
        // What nobody chose yet stands there as the picture has it.
        std::string shown = key.empty() ? picture_.x.key : key;
        if (picker.draw(state, id, axes_, settings, each, shown)) {
            key = shown;
            better = Better::unknown;
        }
        ImGui::SameLine(0, 4 * s);
        ImGui::PushID(id);
        const bool refused = !no_log.empty() && !logarithmic;
        if (button(state, "log", refused ? no_log.c_str() : nullptr,
                   no_log.empty() ? "Logarithmic axis" : no_log.c_str(), 0, logarithmic))
            logarithmic = !logarithmic;
        ImGui::PopID();
    };
    axis("y", "##y", picker_y_, false, choice.y, choice.better_y, choice.log_y, picture_.no_log_y);
    ImGui::SameLine(0, 12 * s);
    axis("over", "##x", picker_x_, true, choice.x, choice.better_x, choice.log_x,
         picture_.no_log_x);
}

void SweepPanel::draw_direction(AppState& state, const char* axis, Better shown, Better& chosen) {
    const float s = state.pixel_scale;
    ImGui::PushID(axis);
    const std::string label = shown == Better::unknown ? "which?" : word_of(shown);
    const std::string text = std::string(axis) + " " + label + "###way";
    const std::string help = std::string("Which way of ") + axis +
                             " is the better one: lower, or higher. The kind of the number says it "
                             "first; pressing turns it round.";
    flow(button_width(text.c_str()), 4 * s);
    const char* refusal =
        picture_.words.empty() || axis[0] == 'y' ? nullptr : "Words have no order.";
    if (button(state, text.c_str(), refusal, help.c_str()))
        chosen = shown == Better::lower ? Better::higher : Better::lower;
    ImGui::PopID();
}

void SweepPanel::draw_options(AppState& state) {
    const float s = state.pixel_scale;
    SweepChoice& choice = state.sweep.choice;
    const auto next = [](const char* label, float gap) { flow(button_width(label), gap); };
    if (button(state, "Pareto front", nullptr,
               "Variants that no other beats: at least as good on both axes and better on one. "
               "Means over seeds are compared [def:pareto_front]",
               0, choice.front))
        choice.front = !choice.front;
    if (choice.front) {
        draw_direction(state, "y", picture_.better_y, choice.better_y);
        draw_direction(state, "x", picture_.better_x, choice.better_x);
    }
    next("Trend", 12 * s);
    if (button(state, "Trend", nullptr,
               "Least squares through the means of the variants, drawn only where the 95 % "
               "interval of its slope excludes 0 [def:sweep_trend]",
               0, choice.trend))
        choice.trend = !choice.trend;
    const char* none = picture_.groups.empty() ? "There is nothing to write." : nullptr;
    next("Copy", 12 * s);
    if (button(state, "Copy", none, "Copies the table, comma-separated"))
        ImGui::SetClipboardText(csv_of(picture_).c_str());
    next("CSV", 4 * s);
    if (button(state, "CSV", none, "Writes the table into the folder of the open run"))
        export_text(state, "sweep.csv", numbers(state));
}

/// What is not in the picture, and what its lines say.
void SweepPanel::draw_notes(const AppState& state) const {
    const ImVec4 dim = state.theme().dim;
    if (state.compared.adding() || (state.sweep.working() && !picture_.groups.empty()))
        text_cut(state, "reading the runs\xE2\x80\xA6", dim);
    if (!picture_.refusal.empty()) return;
    if (choice_.front && !picture_.no_front.empty()) text_cut(state, picture_.no_front, dim);
    if (choice_.trend)
        text_cut(state, trend_text(picture_), picture_.no_trend.empty() ? state.theme().text : dim);
    if (!picture_.lacking.empty())
        text_cut(state, "without both numbers: " + core::joined_first(picture_.lacking, 4), dim);
    if (!picture_.problems.empty())
        text_cut(state, "not read: " + core::joined_first(picture_.problems, 2), dim);
}

void right_text(const AppState& state, const std::string& text, const ImVec4& color) {
    ImGui::PushFont(state.fonts.mono, kMonoSize);
    const float room = ImGui::GetContentRegionAvail().x,
                width = ImGui::CalcTextSize(text.c_str()).x;
    if (room > width) ImGui::SetCursorPosX(ImGui::GetCursorPosX() + room - width);
    ImGui::TextColored(color, "%s", text.c_str());
    ImGui::PopFont();
}

void SweepPanel::take_sorting() {
    ImGuiTableSortSpecs* specs = ImGui::TableGetSortSpecs();
    if (!specs || !specs->SpecsDirty) return;
    specs->SpecsDirty = false;
    if (specs->SpecsCount == 0) return;
    sort_by_ = static_cast<SweepColumn>(specs->Specs[0].ColumnUserID);
    falling_ = specs->Specs[0].SortDirection == ImGuiSortDirection_Descending;
    sort_groups(picture_.groups, sort_by_, falling_);
}

void SweepPanel::draw_table(AppState& state, float height) {
    constexpr ImGuiTableFlags kFlags = ImGuiTableFlags_ScrollY | ImGuiTableFlags_SizingFixedFit |
                                       ImGuiTableFlags_NoPadOuterX | ImGuiTableFlags_Sortable |
                                       ImGuiTableFlags_NoSavedSettings;
    // Where there is little room the range stands in the tooltip alone, and names are cut.
    const float s = state.pixel_scale, room = ImGui::GetContentRegionAvail().x;
    wide_ = room > kWideTable * s;
    const float title = std::clamp(room * 0.22f, 70 * s, 190 * s);
    if (!ImGui::BeginTable("sweep", wide_ ? 6 : 5, kFlags, ImVec2(0, height))) return;
    ImGui::TableSetupScrollFreeze(0, 1);
    const auto column = [](const std::string& name, SweepColumn by, ImGuiTableColumnFlags flags) {
        ImGui::TableSetupColumn(name.c_str(), flags, 0, static_cast<ImGuiID>(by));
    };
    constexpr ImGuiTableColumnFlags kFixed = ImGuiTableColumnFlags_WidthFixed;
    column("variant", SweepColumn::variant, ImGuiTableColumnFlags_WidthStretch);
    column("n", SweepColumn::runs, kFixed);
    column(fitted(picture_.x.title(), title) + "###x", SweepColumn::x,
           kFixed | ImGuiTableColumnFlags_DefaultSort);
    column(fitted(picture_.y.title(), title) + "###y", SweepColumn::y, kFixed);
    if (wide_) column("range", SweepColumn::low, kFixed | ImGuiTableColumnFlags_NoSort);
    column("front", SweepColumn::front, kFixed);
    ImGui::PushStyleColor(ImGuiCol_Text, state.theme().dim);
    ImGui::TableHeadersRow();
    ImGui::PopStyleColor();
    take_sorting();
    for (const SweepGroup& group : picture_.groups) draw_group(state, group);
    ImGui::EndTable();
}

void SweepPanel::draw_group(AppState& state, const SweepGroup& group) {
    const Theme& theme = state.theme();
    const bool alone = group.points.size() == 1;
    ImGui::PushID(group.points.front().dir.c_str());
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    const ImVec2 at = ImGui::GetCursorPos();
    const bool chosen = alone && state.compared.chosen == group.points.front().dir;
    if (ImGui::Selectable("##variant", chosen, ImGuiSelectableFlags_SpanAllColumns))
        choose(state, group.points.front().dir);
    tooltip(explained(picture_, group, alone ? &group.points.front() : nullptr));
    explain_when_clicked(state, [&] {
        Number number = {.label = picture_.y.label + ", " + group.name,
                         .value = group.y,
                         .definition = explained(picture_, group, nullptr),
                         .n = static_cast<int64_t>(group.n),
                         .over = "runs in the mean",
                         .command = panel_command(state, "sweep", -1)};
        if (alone) number = number_of(state, group.points.front());
        return number;
    });
    ImGui::SetCursorPos(at);
    line_glyph(state, group.place);
    const std::string shown = fitted(group.name, ImGui::GetContentRegionAvail().x);
    ImGui::TextColored(theme.text, "%s", shown.c_str());
    if (shown != group.name) tooltip(group.name);
    ImGui::TableNextColumn();
    right_text(state, std::to_string(group.n), theme.text);
    ImGui::TableNextColumn();
    right_text(state, x_text(picture_, group.x), theme.text);
    ImGui::TableNextColumn();
    right_text(state, value_text(group.y), theme.text);
    if (wide_) {
        ImGui::TableNextColumn();
        right_text(state,
                   group.n > 1
                       ? value_text(group.y_low) + " \xE2\x80\xA6 " + value_text(group.y_high)
                       : "",
                   theme.dim);
    }
    ImGui::TableNextColumn();
    const bool front = choice_.front && group.front;
    ImGui::TextColored(theme.text, "%s", front ? "\xE2\x97\x8F" : "");
    ImGui::PopID();
    if (alone) return;
    for (const SweepPoint& point : group.points) draw_run(state, point);
}

/// What the y axis says of one run.
Number SweepPanel::number_of(const AppState& state, const SweepPoint& point) const {
    Number number = {.label = picture_.y.label + ", " + point.name,
                     .value = point.y,
                     .definition = point.from,
                     .low = point.low,
                     .high = point.high,
                     .over = point.over,
                     .step = point.step,
                     .command = panel_command(state, "sweep", -1)};
    if (point.n > 0) number.n = point.n;
    return number;
}

void SweepPanel::draw_run(AppState& state, const SweepPoint& point) {
    const ImVec4 dim = state.theme().dim;
    ImGui::PushID((point.dir + "/run").c_str());
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    const ImVec2 at = ImGui::GetCursorPos();
    if (ImGui::Selectable("##run", state.compared.chosen == point.dir,
                          ImGuiSelectableFlags_SpanAllColumns))
        choose(state, point.dir);
    if (!point.left_out.empty()) tooltip("Not in the mean. " + point.left_out);
    explain_when_clicked(state, [&] { return number_of(state, point); });
    ImGui::SetCursorPos(ImVec2(at.x + 16 * state.pixel_scale, at.y));
    text_cut(
        state,
        "seed " + std::to_string(point.seed) + (point.left_out.empty() ? "" : ", not in the mean"),
        dim);
    ImGui::TableNextColumn();
    ImGui::TableNextColumn();
    right_text(state, x_text(picture_, point.x), dim);
    ImGui::TableNextColumn();
    right_text(state, value_text(point.y), dim);
    ImGui::PopID();
}

}  // namespace

std::unique_ptr<Panel> make_sweep_panel() {
    return std::make_unique<SweepPanel>();
}

}  // namespace hopscope::app
