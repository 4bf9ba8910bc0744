// The curves panel: losses, rates and routing statistics over steps, tokens or time; tabs and
// options, what they choose, the plot and beside it the list of its lines.
#include "app/panels/panel.h"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <imgui.h>
#include <limits>

#include "app/panels/curves/controls.h"
#include "app/panels/curves/csv.h"
#include "app/panels/curves/legend.h"
#include "app/panels/curves/plot.h"
#include "app/panels/curves/variants.h"
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
    PanelView saved_view() const override;
    void restore_view(const PanelView& view) override;
    void prepare(AppState& state) override;
    void draw(AppState& state) override;
    std::string csv(AppState&) override {
        return csv_of(content_.series, content_.choice, written());
    }
    Origin origin(const AppState& state) const override;

  private:
    std::vector<Lane> make_lanes(AppState& state);
    std::vector<Mark> crossings_of_shown(const std::vector<Lane>& lanes) const;
    bool offers(const AppState& state, Quantity quantity) const;
    void draw_variant_options(AppState& state);
    void export_buttons(AppState& state);
    void write_numbers(AppState& state, const std::string& name);
    /// The part of the x axis that is written as numbers.
    Range written() const { return in_view_ ? plot_.view() : kEverywhere; }
    void draw_body(AppState& state);
    void list_lines();

    CurvesPlot plot_;
    CurvesLegend legend_;
    CurvesContent content_ = {{}, {}, {}, {}, {}, &legend_, false, false};
    CurvesControls controls_{content_.choice, plot_};
    std::vector<VariantSeeds> variants_;  ///< empty for a single run
    SeedMeans means_;
    bool grouped_ = true, margin_ = true;  ///< seeds as one line; the band of equivalence
    bool seeds_ = false;                   ///< some variant has several
    bool in_view_ = false;                 ///< no more is written than what is seen
    CurveChoice built_choice_;
    std::vector<uint64_t> built_versions_;  ///< of the histories that the series look into
    std::vector<LegendEntry> entries_;      ///< of the lines, shown and hidden
    ImVec2 body_at_, body_size_;            ///< what is exported as a picture
};

std::string CurvesPanel::detail(const AppState&) const {
    const std::string mean =
        can_smooth(content_.choice) ? mean_in_words(content_.choice) : std::string();
    return std::string("x ") + name_of(content_.choice.x) + (mean.empty() ? "" : "   " + mean);
}

PanelView CurvesPanel::saved_view() const {
    PanelView view = controls_.view();
    view["csv"] = in_view_ ? "in view" : "all";
    return view;
}

void CurvesPanel::restore_view(const PanelView& view) {
    controls_.restore(view);
    if (const auto kept = view.find("csv"); kept != view.end())
        in_view_ = kept->second == "in view";
}

/// The updates that are written, whatever the axis counts; of several runs where that is steps.
Origin CurvesPanel::origin(const AppState& state) const {
    const std::optional<Range> xs = written_by_csv(content_.series, written());
    if (!xs) return {};
    const XAxis axis = content_.choice.x;
    const int64_t first = step_at(state.history, axis, xs->low),
                  last = step_at(state.history, axis, xs->high);
    if (!content_.of_many) return origin_of(state, first, last);
    const std::string range = axis == XAxis::step ? "; " + steps_in_words(first, last) : "";
    Origin out = origin_of_compared(state);
    out.words += range;
    return out;
}

/// The runs that stand beside each other, seeds as one line; empty for a single one.
std::vector<Lane> CurvesPanel::make_lanes(AppState& state) {
    const auto& entries = state.compared.entries();
    variants_.clear();
    seeds_ = false;
    if (entries.size() < 2) return {};
    state.comparison.want(state);
    const auto& known = state.comparison.result();
    if (known)
        for (const core::ComparedVariant& variant : known->variants)
            seeds_ |= variant.seeds.size() > 1;
    variants_ = variant_seeds(entries, known.get(), state.comparison.reference(), grouped_);
    return means_.lanes(variants_);
}

/// Of every two lines that are not hidden; of many with the reference alone.
std::vector<Mark> CurvesPanel::crossings_of_shown(const std::vector<Lane>& lanes) const {
    constexpr size_t kFew = 4;
    std::vector<Lane> shown;
    const Lane* reference = nullptr;
    for (size_t i = 0; i < lanes.size(); ++i) {
        if (legend_.hides(lanes[i].name)) continue;
        if (variants_[i].reference) reference = &lanes[i];
        shown.push_back(lanes[i]);
    }
    if (shown.size() <= kFew || !reference) return crossings_of(shown, content_.choice.x);
    std::vector<Mark> out;
    for (const Lane& lane : shown) {
        if (lane.name == reference->name) continue;
        const Lane both[] = {*reference, lane};
        for (Mark& mark : crossings_of(both, content_.choice.x)) out.push_back(std::move(mark));
    }
    return out;
}

bool CurvesPanel::offers(const AppState& state, Quantity quantity) const {
    const bool forked = state.status.fork.step >= 0;
    if (quantity == Quantity::fork) return forked;
    return quantity != Quantity::versus || (variants_.size() > 1 && !forked);
}

void CurvesPanel::prepare(AppState& state) {
    const std::vector<Lane> lanes = make_lanes(state);
    const core::ForkStatus& fork = state.status.fork;
    const auto fork_lane = static_cast<size_t>(fork.lane);
    const bool forked = fork_lane > 0 && fork_lane <= state.rivals.size();
    CurveChoice& choice = content_.choice;
    // Another run may have come that has no fork, or stands alone.
    if (!offers(state, choice.quantity)) choice.quantity = Quantity::loss;
    const double margin = margin_ && fork.step < 0 ? state.comparison.margin : 0;
    std::vector<uint64_t> versions = {state.history.version};
    for (const Lane& lane : lanes) {
        versions.push_back(lane.history->version);
        versions.push_back(lane.place);
    }
    for (const VariantSeeds& variant : variants_) versions.push_back(variant.reference);
    versions.push_back(std::bit_cast<uint64_t>(margin));
    if (built_versions_ != versions || !(built_choice_ == choice)) {
        if (choice.quantity == Quantity::fork)
            content_.series =
                forked ? fork_curves(state.history, state.rivals[fork_lane - 1], fork.step, choice)
                       : std::vector<Series>();
        else if (choice.quantity == Quantity::versus)
            content_.series = differences_to_reference(variants_, lanes, choice);
        else
            content_.series =
                lanes.empty() ? curves_of(state.history, choice) : curves_of(lanes, choice);
        built_versions_ = std::move(versions);
        built_choice_ = choice;
        list_lines();
        content_.bands = bands_of(variants_, lanes, choice, margin);
        std::erase_if(content_.bands, [&](const Band& band) { return legend_.hides(band.owner); });
        // A fork lies so close to its run that they cross by chance; its own tab tells more.
        content_.crossings = fork.step < 0 ? crossings_of_shown(lanes) : std::vector<Mark>();
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
    std::erase_if(content_.series,
                  [&](const Series& series) { return legend_.hides(series.listed()); });
}

void CurvesPanel::draw(AppState& state) {
    const bool narrow = ImGui::GetContentRegionAvail().x < kNarrow * state.pixel_scale;
    controls_.draw_quantities(state, narrow,
                              [&](Quantity quantity) { return offers(state, quantity); });
    const CurveChoice& choice = content_.choice;
    const bool empty = content_.series.empty() && entries_.empty();
    // A statistic that is not there must leave the way to the others.
    if (!empty || (choice.quantity == Quantity::routing && !state.history.empty()))
        controls_.draw_options(state, narrow, [&] {
            export_buttons(state);
            draw_variant_options(state);
        });
    if (empty && state.is_imported()) {
        empty_state(state, "Not measured in this run", state.lacks(core::Need::curve).c_str());
    } else if (empty) {
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

void CurvesPanel::export_buttons(AppState& state) {
    const float gap = 4 * state.pixel_scale;
    const char* none = content_.series.empty() ? "No line is shown" : nullptr;
    char name[64];
    std::snprintf(name, sizeof name, "curves_%s_step_%08lld", text_of(content_.choice.quantity).tab,
                  static_cast<long long>(state.status.step));
    if (button(state, "PNG", none, "Writes the picture below into the run folder"))
        export_picture(state, name + std::string(".png"), body_at_,
                       ImVec2(body_at_.x + body_size_.x, body_at_.y + body_size_.y));
    flow(button_width("CSV"), gap);
    if (button(state, "CSV", none,
               in_view_ ? "Writes the values of the updates in view into the run folder"
                        : "Writes the values of all updates into the run folder"))
        write_numbers(state, name + std::string(in_view_ ? "_in_view.csv" : ".csv"));
    flow(button_width("in view"), gap);
    if (button(state, "in view", nullptr,
               "CSV writes the updates that the plot shows, instead of all", 0, in_view_))
        in_view_ = !in_view_;
}

void CurvesPanel::write_numbers(AppState& state, const std::string& name) {
    const std::string text = numbers(state);
    if (text.empty()) return state.say("No point of a line is in view: nothing was written", true);
    export_text(state, name, text);
}

void CurvesPanel::draw_variant_options(AppState& state) {
    const float s = state.pixel_scale;
    if (variants_.empty() || state.status.fork.step >= 0) return;
    if (seeds_) {
        flow(button_width("seeds"), 4 * s);
        if (button(state, "seeds", nullptr,
                   grouped_ ? "Seeds are one line, their mean, in their range; a click shows each"
                            : "Each seed is a line; a click shows mean and range",
                   0, grouped_))
            grouped_ = !grouped_;
    }
    flow(button_width("margin"), 4 * s);
    if (button(state, "margin", nullptr,
               "The band of equivalence around the reference; its width is set in Pairwise "
               "differences",
               0, margin_))
        margin_ = !margin_;
}

}  // namespace

std::unique_ptr<Panel> make_curves_panel() {
    return std::make_unique<CurvesPanel>();
}

}  // namespace hopscope::app
