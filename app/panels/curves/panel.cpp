// The curves panel: losses, rates and routing statistics over steps, tokens or time; tabs and
// options, what they choose, the plot and beside it the list of its lines.
#include "app/panels/panel.h"

#include <algorithm>
#include <cstdio>
#include <imgui.h>
#include <limits>

#include "app/panels/curves/controls.h"
#include "app/panels/curves/csv.h"
#include "app/panels/curves/legend.h"
#include "app/panels/curves/plot.h"
#include "app/panels/curves/view.h"
#include "app/widgets/export.h"
#include "app/widgets/format.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr float kNarrow = 300;  ///< panel width below which controls make room, unscaled pixels

class CurvesPanel final : public Panel {
  public:
    const char* title() const override { return "Curves"; }
    std::string detail(const AppState&) const override;
    bool follows_time() const override { return true; }
    PanelView saved_view() const override { return controls_.view(); }
    void restore_view(const PanelView& view) override { controls_.restore(view); }
    void prepare(AppState& state) override;
    void draw(AppState& state) override;
    std::string csv(AppState&) override { return csv_of(content_.series, content_.choice); }

  private:
    void export_button(AppState& state);
    void draw_body(AppState& state);
    void list_lines();

    CurvesPlot plot_;
    CurvesLegend legend_;
    CurvesContent content_ = {{}, {}, {}, {}, &legend_, false, false};
    CurvesControls controls_{content_.choice, plot_};
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
    controls_.draw_quantities(state, narrow);
    const CurveChoice& choice = content_.choice;
    const bool empty = content_.series.empty() && entries_.empty();
    // A statistic that is not there must leave the way to the others.
    if (!empty || (choice.quantity == Quantity::routing && !state.history.empty()))
        controls_.draw_options(state, narrow, [&] { export_button(state); });
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

}  // namespace

std::unique_ptr<Panel> make_curves_panel() {
    return std::make_unique<CurvesPanel>();
}

}  // namespace hopscope::app
