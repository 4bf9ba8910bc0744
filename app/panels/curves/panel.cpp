// The curves panel: losses, rates and routing statistics over steps, tokens or time; tabs and
// options, what they choose, the plot and beside it the list of its lines.
#include "app/panels/panel.h"

#include <algorithm>
#include <cstdio>
#include <imgui.h>
#include <limits>

#include "app/panels/curves/csv.h"
#include "app/panels/curves/legend.h"
#include "app/panels/curves/plot.h"
#include "app/panels/curves/view.h"
#include "app/widgets/export.h"
#include "app/widgets/format.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr Quantity kQuantities[] = {Quantity::loss,      Quantity::perplexity, Quantity::lr,
                                    Quantity::grad_norm, Quantity::balance,    Quantity::routing,
                                    Quantity::fork};
constexpr XAxis kAxes[] = {XAxis::step, XAxis::tokens, XAxis::time, XAxis::elapsed};
constexpr YScale kScales[] = {YScale::linear, YScale::log, YScale::symlog};
constexpr Mean kMeans[] = {Mean::none, Mean::exponential, Mean::running};
constexpr int kLongestWindow = 1000;
constexpr const char* kAxesButton = "Axes\xE2\x80\xA6";
constexpr float kNarrow = 300;  ///< panel width below which controls make room, unscaled pixels

/// Whether means are taken of what the choice shows.
bool can_smooth(const CurveChoice& choice) {
    return choice.quantity != Quantity::lr &&
           (choice.quantity != Quantity::routing || !row_of(choice.stat).with_snapshots);
}

float button_width(const char* label) {
    return ImGui::CalcTextSize(label).x + 2 * ImGui::GetStyle().FramePadding.x;
}

/// A list to choose from, `width` unscaled pixels wide; true when something was chosen.
template <class Items, class Value>
bool combo(const AppState& state, const char* id, float width, const Items& items, Value& value) {
    bool chosen = false;
    ImGui::SetNextItemWidth(width * state.pixel_scale);
    if (!ImGui::BeginCombo(id, name_of(value), ImGuiComboFlags_HeightLarge)) return false;
    for (const Value item : items)
        if (ImGui::Selectable(name_of(item), item == value)) {
            value = item;
            chosen = true;
        }
    ImGui::EndCombo();
    return chosen;
}

class CurvesPanel final : public Panel {
  public:
    const char* title() const override { return "Curves"; }
    std::string detail(const AppState&) const override;
    bool follows_time() const override { return true; }
    void prepare(AppState& state) override;
    void draw(AppState& state) override;
    std::string csv(AppState&) override { return csv_of(content_.series, content_.choice); }

  private:
    void draw_tabs(AppState& state);
    void draw_list(AppState& state);
    void draw_options(AppState& state, bool narrow);
    void draw_statistic(AppState& state);
    void fit_button(AppState& state);
    void draw_scales(AppState& state);
    void draw_mean(AppState& state);
    void draw_past(const AppState& state, float width);
    void export_button(AppState& state);
    void draw_body(AppState& state);
    void list_lines();

    CurvesPlot plot_;
    CurvesLegend legend_;
    CurvesContent content_ = {{}, {}, {}, {}, &legend_, false, false};
    CurveChoice built_choice_;
    std::vector<uint64_t> built_versions_;  ///< of the histories that the series look into
    std::vector<LegendEntry> entries_;      ///< of the lines, shown and hidden
    ImVec2 body_at_, body_size_;            ///< what is exported as a picture
};

/// The variants of a race, or the inspected run and those given beside it; empty for a single run.
std::vector<Lane> lanes_of(const AppState& state) {
    std::vector<Lane> lanes;
    const auto& names = state.status.lanes;
    for (size_t i = 0; i < names.size() && i <= state.rivals.size(); ++i)
        lanes.push_back({names[i], i == 0 ? &state.history : &state.rivals[i - 1]});
    if (!lanes.empty() || state.watched.empty()) return lanes;
    lanes.push_back({state.status.run_name, &state.history});
    for (const auto& other : state.watched) {
        if (state.inspects(other.run)) continue;
        // Two runs of one name in different folders are two lines.
        const bool taken = std::any_of(lanes.begin(), lanes.end(), [&](const Lane& lane) {
            return lane.name == other.run.name;
        });
        lanes.push_back({taken ? other.run.dir : other.run.name, &other.history});
    }
    if (lanes.size() == 1) lanes.clear();
    return lanes;
}

std::string CurvesPanel::detail(const AppState&) const {
    const std::string mean =
        can_smooth(content_.choice) ? mean_in_words(content_.choice) : std::string();
    return std::string("x ") + name_of(content_.choice.x) + (mean.empty() ? "" : "   " + mean);
}

void CurvesPanel::prepare(AppState& state) {
    const std::vector<Lane> lanes = lanes_of(state);
    const core::ForkStatus& fork = state.status.fork;
    const auto fork_lane = static_cast<size_t>(fork.lane);
    const bool forked = fork_lane > 0 && fork_lane <= state.rivals.size();
    CurveChoice& choice = content_.choice;
    // Another run may have come that has no fork.
    if (choice.quantity == Quantity::fork && fork.step < 0) choice.quantity = Quantity::loss;
    std::vector<uint64_t> versions = {state.history.version};
    for (const Lane& lane : lanes) versions.push_back(lane.history->version);
    if (built_versions_ != versions || !(built_choice_ == choice)) {
        if (choice.quantity == Quantity::fork)
            content_.series =
                forked ? fork_curves(state.history, state.rivals[fork_lane - 1], fork.step, choice)
                       : std::vector<Series>();
        else
            content_.series =
                lanes.empty() ? curves_of(state.history, choice) : curves_of(lanes, choice);
        built_versions_ = std::move(versions);
        built_choice_ = choice;
        list_lines();
        std::vector<Lane> shown;
        for (const Lane& lane : lanes)
            if (!legend_.hides(lane.name)) shown.push_back(lane);
        // A fork lies so close to its run that they cross by chance; its own tab tells more.
        content_.crossings = fork.step < 0 ? crossings_of(shown, choice.x) : std::vector<Mark>();
    }
    content_.of_many = !lanes.empty() && fork.step < 0;
    content_.marks = marks_of(state.answers, state.history, choice.x);
    plot_.prepare(content_);
}

/// What the legend holds; takes the hidden lines out of the series.
void CurvesPanel::list_lines() {
    entries_.clear();
    content_.listed = false;
    const bool smoothed = content_.choice.smooths();
    const std::string words =
        can_smooth(content_.choice) ? mean_in_words(content_.choice) : std::string();
    for (const Series& series : content_.series) {
        if (series.role == Role::lane_points) continue;  // with its lane
        content_.listed |= series.role == Role::layer || series.role == Role::lane;
        LegendEntry entry{series.name, series.role, series.layer,
                          std::numeric_limits<double>::quiet_NaN()};
        double x = 0;
        if (series.role != Role::raw || !smoothed) last_value(series, x, entry.last);
        if (series.role != Role::raw && series.role != Role::points) entry.words = words;
        entries_.push_back(std::move(entry));
    }
    const auto hidden = [&](const Series& series) {
        if (series.role != Role::lane_points) return legend_.hides(series.name);
        return std::any_of(entries_.begin(), entries_.end(), [&](const LegendEntry& entry) {
            return entry.index == series.layer && legend_.hides(entry.name);
        });
    };
    std::erase_if(content_.series, hidden);
}

void CurvesPanel::draw(AppState& state) {
    const bool narrow = ImGui::GetContentRegionAvail().x < kNarrow * state.pixel_scale;
    narrow ? draw_list(state) : draw_tabs(state);
    const CurveChoice& choice = content_.choice;
    const bool empty = content_.series.empty() && entries_.empty();
    // A statistic that is not there must leave the way to the others.
    if (!empty || (choice.quantity == Quantity::routing && !state.history.empty()))
        draw_options(state, narrow);
    if (empty) {
        const EmptyText why = empty_text(state.history, state.session->config(), choice);
        empty_state(state, why.title, why.text.c_str());
    } else {
        draw_body(state);
    }
}

/// The plot below the row of its lines, or beside their list; that below it where the panel is
/// narrow.
void CurvesPanel::draw_body(AppState& state) {
    const float s = state.pixel_scale;
    const ImVec2 area = ImGui::GetContentRegionAvail();
    body_at_ = ImGui::GetCursorScreenPos();
    body_size_ = area;
    if (!content_.listed) {
        if (legend_.draw_row(state, entries_)) built_versions_.clear();
        return plot_.draw(state, content_, ImGui::GetContentRegionAvail());
    }
    const float gap = 8 * s, wanted = legend_.width_for(state, entries_);
    const float rows = static_cast<float>(entries_.size()) * (ImGui::GetTextLineHeight() + 4 * s);
    const bool beside = area.x - wanted - gap > 260 * s;
    const ImVec2 list(beside ? wanted : area.x, beside ? area.y : std::min(rows, area.y * 0.4f));
    const ImVec2 at = ImGui::GetCursorPos();
    plot_.draw(
        state, content_,
        beside ? ImVec2(area.x - list.x - gap, area.y) : ImVec2(area.x, area.y - list.y - gap));
    ImGui::SetCursorPos(beside ? ImVec2(at.x + area.x - list.x, at.y)
                               : ImVec2(at.x, at.y + area.y - list.y));
    if (legend_.draw_list(state, entries_, list)) built_versions_.clear();
}

void CurvesPanel::export_button(AppState& state) {
    const bool empty = content_.series.empty();
    if (!button(state, "PNG", empty ? "No line is shown" : nullptr,
                "Writes the picture below into the run folder"))
        return;
    char name[64];
    std::snprintf(name, sizeof name, "curves_%s_step_%08lld.png",
                  text_of(content_.choice.quantity).tab, static_cast<long long>(state.status.step));
    export_picture(state, name, body_at_,
                   ImVec2(body_at_.x + body_size_.x, body_at_.y + body_size_.y));
}

/// The tabs as a list to choose from.
void CurvesPanel::draw_list(AppState& state) {
    ImGui::SetNextItemWidth(96 * state.pixel_scale);
    if (!ImGui::BeginCombo("##quantity", text_of(content_.choice.quantity).tab)) return;
    for (Quantity quantity : kQuantities) {
        if (quantity == Quantity::fork && state.status.fork.step < 0) continue;
        if (ImGui::Selectable(text_of(quantity).tab, content_.choice.quantity == quantity)) {
            content_.choice.quantity = quantity;
            plot_.follow();
        }
    }
    ImGui::EndCombo();
}

void CurvesPanel::draw_tabs(AppState& state) {
    const float gap = 4 * state.pixel_scale;
    const float right = ImGui::GetCursorScreenPos().x + ImGui::GetContentRegionAvail().x;
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(gap, gap));
    for (Quantity quantity : kQuantities) {
        if (quantity == Quantity::fork && state.status.fork.step < 0) continue;
        const char* name = text_of(quantity).tab;
        const float width = ImGui::CalcTextSize(name).x + 2 * ImGui::GetStyle().FramePadding.x;
        if (quantity != kQuantities[0]) {
            ImGui::SameLine();
            if (ImGui::GetCursorScreenPos().x + width > right) ImGui::NewLine();
        }
        if (button(state, name, nullptr, nullptr, 0, content_.choice.quantity == quantity)) {
            content_.choice.quantity = quantity;
            plot_.follow();
        }
    }
    ImGui::PopStyleVar();
}

/// What is drawn and how: in rows, or, in a panel too narrow for them, behind a button, so that the
/// curves keep their room.
void CurvesPanel::draw_options(AppState& state, bool narrow) {
    const float s = state.pixel_scale;
    if (narrow) {
        flow(button_width(kAxesButton), 4 * s);
        if (button(state, kAxesButton, nullptr, "What the axes count, the mean, the view"))
            ImGui::OpenPopup("axes");
        ImGui::SetNextWindowSize(ImVec2(300 * s, 0));
        if (ImGui::BeginPopup("axes")) {
            draw_statistic(state);
            draw_scales(state);
            fit_button(state);
            draw_mean(state);
            ImGui::EndPopup();
        }
    } else {
        draw_statistic(state);
        draw_scales(state);
        fit_button(state);
    }
    flow(button_width("PNG"), 4 * s);
    export_button(state);
    if (!narrow) draw_mean(state);
}

void CurvesPanel::fit_button(AppState& state) {
    flow(button_width("Fit"), 4 * state.pixel_scale);
    if (button(state, "Fit", plot_.follows() ? "It shows all and follows the run" : nullptr,
               "Shows all and follows the run (double click)"))
        plot_.follow();
}

/// Which statistic of the routing.
void CurvesPanel::draw_statistic(AppState& state) {
    CurveChoice& choice = content_.choice;
    if (choice.quantity != Quantity::routing) return;
    const float s = state.pixel_scale;
    ImGui::SetNextItemWidth(148 * s);
    if (ImGui::BeginCombo("##statistic", row_of(choice.stat).name, ImGuiComboFlags_HeightLarge)) {
        for (const RoutingStatRow& row : routing_stats())
            if (ImGui::Selectable(row.name, row.stat == choice.stat)) {
                choice.stat = row.stat;
                plot_.follow();
            }
        ImGui::EndCombo();
    }
    tooltip(row_of(choice.stat).help);
    flow(82 * s, 8 * s);
}

/// What the axes count, and how.
void CurvesPanel::draw_scales(AppState& state) {
    const float s = state.pixel_scale;
    if (combo(state, "##x", 82, kAxes, content_.choice.x)) plot_.follow();
    tooltip(help_of(content_.choice.x));
    flow(button_width("log x"), 4 * s);
    if (button(state, "log x", nullptr, "Logarithmic x axis", 0, plot_.log_x)) {
        plot_.log_x = !plot_.log_x;
        plot_.follow();
    }
    flow(92 * s, 4 * s);
    if (combo(state, "##y", 92, kScales, plot_.y_scale)) plot_.follow();
    tooltip(plot_.y_scale == YScale::symlog
                ? "Logarithmic on both sides of 0, linear within \xC2\xB1" +
                      plain(plot_.linear_within) + " of it"
                : std::string("Scale of the y axis; symlog shows differences of either sign"));
}

/// Which mean is drawn over the values of each step, and over how many of them: the slider beside
/// it, or in its list where the line is too short.
void CurvesPanel::draw_mean(AppState& state) {
    CurveChoice& choice = content_.choice;
    if (!can_smooth(choice)) return;
    const float s = state.pixel_scale, least = 80 * s, gap = 4 * s;
    flow(106 * s, 8 * s);
    const bool beside = ImGui::GetContentRegionAvail().x >= 106 * s + gap + least;
    const std::string words = choice.smooths() ? mean_in_words(choice) : name_of(choice.mean);
    ImGui::SetNextItemWidth(106 * s);
    if (ImGui::BeginCombo("##mean", words.c_str(), ImGuiComboFlags_HeightLarge)) {
        for (const Mean mean : kMeans)
            if (ImGui::Selectable(name_of(mean), mean == choice.mean)) choice.mean = mean;
        if (!beside) draw_past(state, 150 * s);
        ImGui::EndCombo();
    }
    tooltip("The mean that is drawn; the values of each step lie faint behind it");
    if (!beside || choice.mean == Mean::none) return;
    ImGui::SameLine(0, gap);
    draw_past(state, std::min(ImGui::GetContentRegionAvail().x, 220 * s));
}

/// How far back the mean reaches.
void CurvesPanel::draw_past(const AppState& state, float width) {
    CurveChoice& choice = content_.choice;
    if (choice.mean == Mean::none) return;
    ImGui::SetNextItemWidth(width);
    if (choice.mean == Mean::running) {
        ImGui::SliderInt("##smoothing", &choice.window, 2, kLongestWindow, "",
                         ImGuiSliderFlags_Logarithmic | ImGuiSliderFlags_AlwaysClamp);
        tooltip("Mean of the newest " + with_thousands(choice.window) +
                " values; Ctrl+click types the number");
    } else {
        ImGui::SliderFloat("##smoothing", &choice.past, 0.0f, 0.999f, "",
                           ImGuiSliderFlags_AlwaysClamp);
        tooltip("Weight of the past in the exponential mean, " + rounded(choice.past, 3) +
                ", corrected at the start; Ctrl+click types the number");
    }
}

}  // namespace

std::unique_ptr<Panel> make_curves_panel() {
    return std::make_unique<CurvesPanel>();
}

}  // namespace hopscope::app
