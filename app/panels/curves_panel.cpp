// The curves panel: every scalar of the run over steps, tokens or time, thinned to the pixels, with
// interventions as marks and a read-out of all series under the pointer.
#include <algorithm>
#include <cmath>
#include <imgui.h>
#include <implot.h>
#include <limits>

#include "app/panels/curves_legend.h"
#include "app/panels/curves_view.h"
#include "app/window/export.h"
#include "app/window/format.h"
#include "app/window/panel.h"
#include "app/window/widgets.h"
#include "viz/thin.h"

namespace hopscope::app {
namespace {

constexpr double kRightMargin = 0.09;  ///< share of the x axis kept free for the last values
constexpr float kRawAlpha = 0.22f, kLineWeight = 1.8f;

constexpr Quantity kQuantities[] = {Quantity::loss,      Quantity::perplexity, Quantity::lr,
                                    Quantity::grad_norm, Quantity::balance,    Quantity::routing,
                                    Quantity::fork};
constexpr RoutingStat kStats[] = {RoutingStat::entropy,        RoutingStat::jaccard,
                                  RoutingStat::load_cv,        RoutingStat::dead,
                                  RoutingStat::coupling,       RoutingStat::score_spearman,
                                  RoutingStat::gradient_cosine};
constexpr XAxis kAxes[] = {XAxis::step, XAxis::tokens, XAxis::time};

int format_tick(double value, char* text, int size, void*) {
    const bool millions = std::fabs(value) >= 1e6;
    const std::string words = millions ? plain(value / 1e6) + " M" : plain(value);
    return std::snprintf(text, static_cast<size_t>(size), "%s", words.c_str());
}

class CurvesPanel final : public Panel {
  public:
    const char* title() const override { return "Curves"; }
    std::string detail(const AppState&) const override;
    void prepare(AppState& state) override;
    void draw(AppState& state) override;

  private:
    struct Line {
        size_t series = 0;
        viz::Thinned thinned;
    };

    void draw_tabs(AppState& state);
    void draw_options(AppState& state);
    void export_button(AppState& state);
    void draw_body(AppState& state);
    void draw_plot(AppState& state, ImVec2 size);
    void list_lines();
    void draw_crossings(const AppState& state);
    void draw_frame(const AppState& state);
    void draw_lines(const AppState& state);
    void draw_gaps(const AppState& state);
    void draw_marks(const AppState& state);
    void draw_last_values(const AppState& state);
    void draw_read_out(const AppState& state);
    void watch_view(AppState& state);
    ImVec4 color_of(const AppState& state, const Series& series) const;

    CurveChoice choice_, built_choice_;
    bool log_x_ = false, log_y_ = false;
    bool follow_ = true;                    ///< the view grows with the run until the user moves it
    std::vector<uint64_t> built_versions_;  ///< of the histories that the series look into
    std::vector<Series> series_;
    std::vector<Line> lines_;
    std::vector<Mark> marks_, crossings_;
    std::vector<LegendEntry> entries_;  ///< of the list beside the plot; empty: a plain legend
    CurvesLegend legend_;
    ImVec2 body_at_, body_size_;  ///< what is exported as a picture
    Range view_x_, view_y_;
    int columns_ = 400;  ///< pixel columns of the last drawn plot
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
    return std::string("x ") + name_of(choice_.x) + "   smoothing " + rounded(choice_.smoothing, 2);
}

void CurvesPanel::prepare(AppState& state) {
    const std::vector<Lane> lanes = lanes_of(state);
    const core::ForkStatus& fork = state.status.fork;
    const auto fork_lane = static_cast<size_t>(fork.lane);
    const bool forked = fork_lane > 0 && fork_lane <= state.rivals.size();
    // Another run may have come that has no fork.
    if (choice_.quantity == Quantity::fork && fork.step < 0) choice_.quantity = Quantity::loss;
    std::vector<uint64_t> versions = {state.history.version};
    for (const Lane& lane : lanes) versions.push_back(lane.history->version);
    if (built_versions_ != versions || !(built_choice_ == choice_)) {
        if (choice_.quantity == Quantity::fork)
            series_ =
                forked ? fork_curves(state.history, state.rivals[fork_lane - 1], fork.step, choice_)
                       : std::vector<Series>();
        else
            series_ = lanes.empty() ? curves_of(state.history, choice_) : curves_of(lanes, choice_);
        built_versions_ = std::move(versions);
        built_choice_ = choice_;
        list_lines();
        std::vector<Lane> shown;
        for (const Lane& lane : lanes)
            if (!legend_.hides(lane.name)) shown.push_back(lane);
        // A fork lies so close to its run that they cross by chance; its own tab tells more.
        crossings_ = fork.step < 0 ? crossings_of(shown, choice_.x) : std::vector<Mark>();
    }
    marks_ = marks_of(state.answers, state.history, choice_.x);
    if (follow_) {
        view_x_ = x_range(series_);
        if (log_x_) {
            view_x_.low = std::max(view_x_.low, 1.0);
            view_x_.high = std::max(view_x_.high, view_x_.low * 10);
            view_x_.high *= std::pow(view_x_.high / view_x_.low, kRightMargin);
        } else {
            view_x_.high += (view_x_.high - view_x_.low) * kRightMargin / (1 - kRightMargin);
        }
        view_y_ = y_range(series_, view_x_, log_y_);
    }
    lines_.clear();
    const auto scale = log_x_ ? viz::AxisScale::log10 : viz::AxisScale::linear;
    for (size_t i = 0; i < series_.size(); ++i)
        lines_.push_back({i, viz::thin_min_max(series_[i].xs, series_[i].ys, view_x_.low,
                                               view_x_.high, columns_, scale)});
}

/// What the list beside the plot holds; takes the hidden lines out of the series.
void CurvesPanel::list_lines() {
    entries_.clear();
    for (const Series& series : series_) {
        if (series.role != Role::layer && series.role != Role::lane) continue;
        LegendEntry entry{series.name, series.layer, std::numeric_limits<double>::quiet_NaN()};
        double x = 0;
        last_value(series, x, entry.last);
        entries_.push_back(std::move(entry));
    }
    const auto hidden = [&](size_t index) {
        return std::any_of(entries_.begin(), entries_.end(), [&](const LegendEntry& entry) {
            return entry.index == index && legend_.hides(entry.name);
        });
    };
    std::erase_if(series_, [&](const Series& series) {
        const bool listed = series.role == Role::layer || series.role == Role::lane ||
                            series.role == Role::lane_points;
        return listed && hidden(series.layer);
    });
}

void CurvesPanel::draw(AppState& state) {
    draw_tabs(state);
    if (series_.empty() && entries_.empty()) {
        empty_state(state, state.history.empty() ? "No updates yet" : "Not measured in this run",
                    text_of(choice_.quantity).empty);
        return;
    }
    draw_options(state);
    draw_body(state);
}

/// The plot, and beside it the list of its lines; below it where the panel is narrow.
void CurvesPanel::draw_body(AppState& state) {
    const float s = state.pixel_scale;
    const ImVec2 area = ImGui::GetContentRegionAvail();
    body_at_ = ImGui::GetCursorScreenPos();
    body_size_ = area;
    if (entries_.empty()) return draw_plot(state, ImVec2(-1, -1));
    const float gap = 8 * s, wanted = legend_.width_for(state, entries_);
    const float rows = static_cast<float>(entries_.size()) * (ImGui::GetTextLineHeight() + 4 * s);
    const bool beside = area.x - wanted - gap > 260 * s;
    const ImVec2 list(beside ? wanted : area.x, beside ? area.y : std::min(rows, area.y * 0.4f));
    const ImVec2 at = ImGui::GetCursorPos();
    draw_plot(state, beside ? ImVec2(area.x - list.x - gap, area.y)
                            : ImVec2(area.x, area.y - list.y - gap));
    ImGui::SetCursorPos(beside ? ImVec2(at.x + area.x - list.x, at.y)
                               : ImVec2(at.x, at.y + area.y - list.y));
    if (legend_.draw(state, entries_, list)) built_versions_.clear();
}

void CurvesPanel::export_button(AppState& state) {
    ImGui::SameLine(0, 4 * state.pixel_scale);
    if (!button(state, "PNG", nullptr, "Writes the picture below into the run folder")) return;
    char name[64];
    std::snprintf(name, sizeof name, "curves_%s_step_%08lld.png", text_of(choice_.quantity).tab,
                  static_cast<long long>(state.status.step));
    export_picture(state, name, body_at_,
                   ImVec2(body_at_.x + body_size_.x, body_at_.y + body_size_.y));
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
        if (button(state, name, nullptr, nullptr, 0, choice_.quantity == quantity)) {
            choice_.quantity = quantity;
            follow_ = true;
        }
    }
    ImGui::PopStyleVar();
}

void CurvesPanel::draw_options(AppState& state) {
    const float s = state.pixel_scale;
    const auto combo = [&](const char* id, const char* present, float width, const auto& items,
                           auto choose) {
        ImGui::SetNextItemWidth(width);
        if (!ImGui::BeginCombo(id, present)) return;
        for (auto item : items)
            if (ImGui::Selectable(name_of(item))) choose(item);
        ImGui::EndCombo();
    };
    if (choice_.quantity == Quantity::routing) {
        combo("##statistic", name_of(choice_.stat), 132 * s, kStats, [&](RoutingStat stat) {
            choice_.stat = stat;
            follow_ = true;
        });
        ImGui::SameLine();
    }
    combo("##x", name_of(choice_.x), 82 * s, kAxes, [&](XAxis axis) {
        choice_.x = axis;
        follow_ = true;
    });
    tooltip("What the x axis counts");
    ImGui::SameLine();
    if (button(state, "log x", nullptr, "Logarithmic x axis", 0, log_x_)) {
        log_x_ = !log_x_;
        follow_ = true;
    }
    ImGui::SameLine(0, 4 * s);
    if (button(state, "log y", nullptr, "Logarithmic y axis", 0, log_y_)) {
        log_y_ = !log_y_;
        follow_ = true;
    }
    if (!follow_) {
        ImGui::SameLine(0, 4 * s);
        if (button(state, "Fit", nullptr, "Shows all and follows the run (double click)"))
            follow_ = true;
    }
    export_button(state);
    if (choice_.quantity == Quantity::lr || ImGui::GetContentRegionAvail().x < 80 * s) return;
    ImGui::SameLine();
    const float left = ImGui::GetContentRegionAvail().x;
    if (left < 60 * s) {
        ImGui::NewLine();
        return;
    }
    const float label = ImGui::CalcTextSize("smoothing").x + 8 * s;
    if (left > label + 70 * s) {
        ImGui::AlignTextToFramePadding();
        ImGui::TextColored(state.theme().dim, "smoothing");
        ImGui::SameLine();
    }
    ImGui::SetNextItemWidth(-1);
    ImGui::SliderFloat("##smoothing", &choice_.smoothing, 0.0f, 0.999f, "");
    tooltip("Weight of the past in the exponential mean, " + rounded(choice_.smoothing, 3) +
            "; 0 shows the raw values alone");
}

void CurvesPanel::draw_plot(AppState& state, ImVec2 size) {
    ImPlotSpec spec;
    if (!ImPlot::BeginPlot("##curves", size,
                           ImPlotFlags_NoTitle | ImPlotFlags_NoMouseText | ImPlotFlags_NoMenus |
                               ImPlotFlags_NoBoxSelect |
                               (entries_.empty() ? 0 : ImPlotFlags_NoLegend)))
        return;
    const char* y_label = choice_.quantity == Quantity::routing ? axis_of(choice_.stat)
                                                                : text_of(choice_.quantity).axis;
    ImPlot::SetupAxes(axis_of(choice_.x), y_label, ImPlotAxisFlags_NoHighlight,
                      ImPlotAxisFlags_NoHighlight);
    ImPlot::SetupAxisFormat(ImAxis_X1, format_tick);
    ImPlot::SetupAxisFormat(ImAxis_Y1, format_tick);
    if (log_x_) ImPlot::SetupAxisScale(ImAxis_X1, ImPlotScale_Log10);
    if (log_y_) ImPlot::SetupAxisScale(ImAxis_Y1, ImPlotScale_Log10);
    const ImPlotCond cond = follow_ ? ImPlotCond_Always : ImPlotCond_Once;
    ImPlot::SetupAxisLimits(ImAxis_X1, view_x_.low, view_x_.high, cond);
    ImPlot::SetupAxisLimits(ImAxis_Y1, view_y_.low, view_y_.high, cond);
    ImPlot::SetupLegend(ImPlotLocation_NorthEast, ImPlotLegendFlags_NoMenus);
    ImPlot::SetupFinish();
    columns_ = std::max(1, static_cast<int>(ImPlot::GetPlotSize().x));

    ImPlot::PushPlotClipRect();
    draw_frame(state);
    draw_marks(state);
    ImPlot::PopPlotClipRect();
    draw_lines(state);
    ImPlot::PushPlotClipRect();
    draw_gaps(state);
    draw_crossings(state);
    draw_last_values(state);
    ImPlot::PopPlotClipRect();
    if (ImPlot::IsPlotHovered()) draw_read_out(state);
    watch_view(state);
    ImPlot::EndPlot();
}

/// The two axes as faint lines; no box.
void CurvesPanel::draw_frame(const AppState& state) {
    const ImVec2 at = ImPlot::GetPlotPos(), size = ImPlot::GetPlotSize();
    const ImVec2 corner(at.x, at.y + size.y - 1);
    ImDrawList* list = ImPlot::GetPlotDrawList();
    list->AddLine(at, corner, packed(state.theme().border));
    list->AddLine(corner, ImVec2(at.x + size.x, corner.y), packed(state.theme().border));
    if (choice_.quantity != Quantity::fork || log_y_) return;
    const float zero = ImPlot::PlotToPixels(0.0, 0.0).y;  // as good as its run
    list->AddLine(ImVec2(at.x, zero), ImVec2(at.x + size.x, zero), packed(state.theme().dim));
}

ImVec4 CurvesPanel::color_of(const AppState& state, const Series& series) const {
    const Theme& theme = state.theme();
    switch (series.role) {
        case Role::raw: {
            const bool alone = choice_.smoothing <= 0;
            return alone ? theme.accent : faded(theme.accent, kRawAlpha);
        }
        case Role::smooth:
            return theme.accent;
        case Role::points: {
            return theme.dark ? ImVec4(0.902f, 0.624f, 0.0f, 1) : ImVec4(0.835f, 0.369f, 0.0f, 1);
        }
        case Role::layer:
        case Role::lane:
        case Role::lane_points:
            break;
    }
    return faded(line_color(state, series.layer), legend_.strength(series.layer));
}

void CurvesPanel::draw_lines(const AppState& state) {
    const float s = state.pixel_scale;
    for (const auto& line : lines_) {
        const Series& series = series_[line.series];
        const viz::Thinned& t = line.thinned;
        const int count = static_cast<int>(t.xs.size());
        ImPlotSpec spec;
        spec.LineColor = color_of(state, series);
        const bool listed =
            series.role != Role::raw && series.role != Role::smooth && series.role != Role::points;
        const bool strong = listed && legend_.pointed_at(series.layer);
        spec.LineWeight = (series.role == Role::raw ? 1.0f : kLineWeight) * (strong ? 1.6f : 1) * s;
        spec.FillColor = spec.LineColor;
        const bool measured = series.role == Role::points || series.role == Role::lane_points;
        if (t.show_points || (measured && series.xs.size() < 200)) {
            spec.Marker = listed ? line_marker(series.layer) : ImPlotMarker_Circle;
            spec.MarkerSize = (measured ? listed ? 3.4f : 2.6f : 2.0f) * s;
            spec.MarkerFillColor = spec.MarkerLineColor = spec.LineColor;
        }
        ImPlot::PlotLine(series.name.c_str(), t.xs.data(), t.ys.data(), count, spec);
    }
}

void CurvesPanel::draw_gaps(const AppState& state) {
    const float s = state.pixel_scale;
    const ImVec2 at = ImPlot::GetPlotPos(), size = ImPlot::GetPlotSize();
    ImDrawList* list = ImPlot::GetPlotDrawList();
    for (const auto& line : lines_) {
        const Role role = series_[line.series].role;
        if (role == Role::points || role == Role::lane_points) continue;
        // Missing from the begin of a series is normal; a hole between values is worth a mark.
        for (double x : line.thinned.gap_xs) {
            const float px = ImPlot::PlotToPixels(x, view_y_.low).x, base = at.y + size.y - 2 * s;
            list->AddTriangleFilled(ImVec2(px - 4 * s, base), ImVec2(px + 4 * s, base),
                                    ImVec2(px, base - 7 * s), packed(state.theme().red));
        }
    }
}

/// Where a lane overtakes another in validation loss: a ring, its words under the pointer, and
/// beside it as long as there are few.
void CurvesPanel::draw_crossings(const AppState& state) {
    if (choice_.quantity != Quantity::loss && choice_.quantity != Quantity::perplexity) return;
    constexpr size_t kFew = 3, kRings = 12;
    const float s = state.pixel_scale;
    ImDrawList* list = ImPlot::GetPlotDrawList();
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    std::string under;
    ImGui::PushFont(state.fonts.text, kSmallSize);
    for (const Mark& mark : crossings_) {
        if (!std::isfinite(mark.loss)) continue;
        const bool loss = choice_.quantity == Quantity::loss;
        const ImVec2 at = ImPlot::PlotToPixels(mark.x, loss ? mark.loss : std::exp(mark.loss));
        // Many of them as dots, so that the curves stay in sight.
        if (crossings_.size() <= kRings)
            list->AddCircle(at, 6 * s, packed(state.theme().amber_text), 0, 1.6f * s);
        else
            list->AddCircleFilled(at, 2 * s, packed(faded(state.theme().amber_text, 0.7f)));
        if (std::hypot(mouse.x - at.x, mouse.y - at.y) < 9 * s)
            under += (under.empty() ? "" : "\n") + mark.text + " at " + name_of(choice_.x) + " " +
                     plain(mark.x);
        else if (crossings_.size() <= kFew)
            list->AddText(ImVec2(at.x + 9 * s, at.y - 16 * s), packed(state.theme().amber_text),
                          shortened(mark.text, 40).c_str());
    }
    ImGui::PopFont();
    if (!under.empty() && ImPlot::IsPlotHovered()) ImGui::SetTooltip("%s", under.c_str());
}

void CurvesPanel::draw_marks(const AppState& state) {
    const float s = state.pixel_scale;
    const ImVec2 at = ImPlot::GetPlotPos(), size = ImPlot::GetPlotSize();
    ImDrawList* list = ImPlot::GetPlotDrawList();
    ImGui::PushFont(state.fonts.text, kSmallSize);
    const float row = ImGui::GetTextLineHeight();
    constexpr int kRows = 3;
    float free_from[kRows] = {-1e9f, -1e9f, -1e9f};
    for (const auto& mark : marks_) {
        const float x = std::round(ImPlot::PlotToPixels(mark.x, view_y_.low).x);
        if (x < at.x || x > at.x + size.x) continue;
        list->AddLine(ImVec2(x, at.y), ImVec2(x, at.y + size.y),
                      packed(faded(state.theme().amber, 0.85f)), 1.5f * s);
        const std::string text = shortened(mark.text, 34);
        const float width = ImGui::CalcTextSize(text.c_str()).x;
        const bool to_left = x + 6 * s + width > at.x + size.x;
        const float from = to_left ? x - 6 * s - width : x + 6 * s;
        for (int i = 0; i < kRows; ++i) {
            if (from < free_from[i]) continue;
            free_from[i] = from + width + 8 * s;
            list->AddText(ImVec2(from, at.y + 4 * s + static_cast<float>(i) * row),
                          packed(state.theme().amber_text), text.c_str());
            break;
        }
    }
    ImGui::PopFont();
}

void CurvesPanel::draw_last_values(const AppState& state) {
    if (!entries_.empty()) return;  // the list beside the plot has them
    struct Label {
        float x, y;
        std::string text;
        ImVec4 color;
    };
    std::vector<Label> labels;
    for (const auto& line : lines_) {
        const Series& series = series_[line.series];
        if (series.role == Role::raw && choice_.smoothing > 0) continue;
        double x = 0, y = 0;
        if (!last_value(series, x, y)) continue;
        const ImVec2 at = ImPlot::PlotToPixels(x, y);
        labels.push_back({at.x, at.y, significant(y, 3), color_of(state, series)});
    }
    std::sort(labels.begin(), labels.end(),
              [](const Label& a, const Label& b) { return a.y < b.y; });
    const float s = state.pixel_scale;
    ImGui::PushFont(state.fonts.mono, kMonoSize);
    const float height = ImGui::GetTextLineHeight();
    float lowest = -1e9f, end = 0;
    for (const auto& label : labels) end = std::max(end, label.x);
    for (const auto& label : labels) {
        const float top = std::max(label.y - height * 0.5f, lowest);
        lowest = top + height;
        ImPlot::GetPlotDrawList()->AddText(ImVec2(end + 6 * s, top), packed(label.color),
                                           label.text.c_str());
    }
    ImGui::PopFont();
}

void CurvesPanel::draw_read_out(const AppState& state) {
    const Theme& theme = state.theme();
    const float s = state.pixel_scale;
    const double wanted = ImPlot::GetPlotMousePos().x;
    double x = wanted, ignored = 0;
    if (series_.empty() || !value_at(series_.front(), wanted, x, ignored)) return;
    const ImVec2 at = ImPlot::GetPlotPos(), size = ImPlot::GetPlotSize();
    const float px = ImPlot::PlotToPixels(x, view_y_.low).x;
    ImPlot::GetPlotDrawList()->AddLine(ImVec2(px, at.y), ImVec2(px, at.y + size.y),
                                       packed(faded(theme.dim, 0.7f)), 1.0f * s);
    if (!ImGui::BeginTooltip()) return;
    value_row(state, name_of(choice_.x), plain(x));
    if (ImGui::BeginTable("values", 3, ImGuiTableFlags_SizingFixedFit)) {
        for (const auto& series : series_) {
            double there = 0, value = 0;
            if (!value_at(series, x, there, value)) continue;
            ImGui::TableNextRow();
            ImGui::TableNextColumn();
            const ImVec2 dot = ImGui::GetCursorScreenPos();
            const float line = ImGui::GetTextLineHeight();
            ImGui::Dummy(ImVec2(8 * s, line));
            ImGui::GetWindowDrawList()->AddRectFilled(ImVec2(dot.x, dot.y + line * 0.25f),
                                                      ImVec2(dot.x + 8 * s, dot.y + line * 0.75f),
                                                      packed(color_of(state, series)), 2 * s);
            ImGui::TableNextColumn();
            ImGui::TextColored(theme.dim, "%s", series.name.c_str());
            ImGui::TableNextColumn();
            ImGui::PushFont(state.fonts.mono, kMonoSize);
            const std::string text =
                significant(value, 4) + (there == x ? std::string() : " at " + plain(there));
            ImGui::TextUnformatted(text.c_str());
            ImGui::PopFont();
        }
        ImGui::EndTable();
    }
    ImGui::EndTooltip();
}

void CurvesPanel::watch_view(AppState& state) {
    const bool inside = ImPlot::IsPlotHovered() || ImPlot::IsAxisHovered(ImAxis_X1) ||
                        ImPlot::IsAxisHovered(ImAxis_Y1);
    if (inside && ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left)) {
        follow_ = true;
        state.keep_drawing();
        return;
    }
    const bool moved =
        inside && (ImGui::GetIO().MouseWheel != 0 || ImGui::IsMouseDragging(ImGuiMouseButton_Left));
    if (moved) follow_ = false;
    if (!follow_) {
        const ImPlotRect limits = ImPlot::GetPlotLimits();
        view_x_ = {limits.X.Min, limits.X.Max};
        view_y_ = {limits.Y.Min, limits.Y.Max};
    }
}

}  // namespace

std::unique_ptr<Panel> make_curves_panel() {
    return std::make_unique<CurvesPanel>();
}

}  // namespace hopscope::app
