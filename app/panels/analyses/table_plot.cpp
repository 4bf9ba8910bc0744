#include "app/panels/analyses/table_plot.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <imgui.h>
#include <map>
#include <set>

#include "app/panels/analyses/words.h"
#include "app/state/app_state.h"
#include "app/widgets/export.h"
#include "app/widgets/format.h"
#include "app/widgets/line_style.h"
#include "app/widgets/plain_plot.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr size_t kMostSeries = 12;      ///< more layers than colours: one series
constexpr size_t kMostPoints = 20'000;  ///< of a plot; more would not be seen apart
constexpr float kNear = 9;              ///< pixels from a point at which it answers, unscaled
constexpr const char* kRows = "row, as sorted";  ///< no column has this name

bool is_place(const std::string& column) {
    static const std::set<std::string> kPlaces = {
        "#",     "layer",       "hop",      "expert",  "pool",    "rank",    "step",
        "n",     "from",        "to",       "id",      "row",     "index",   "seed",
        "hops",  "word",        "bins",     "batch",   "pair",    "token",   "k",
        "lag",   "layers",      "decile",   "rows",    "unit",    "experts", "words",
        "other", "other_layer", "next_hop", "domains", "position"};
    return kPlaces.count(column) > 0;
}

bool ends_interval(const std::string& column) {
    return column.ends_with("_low") || column.ends_with("_high");
}

std::optional<size_t> column_named(const ResultTable& table, const std::string& name) {
    const auto found = std::find(table.columns.begin(), table.columns.end(), name);
    if (found == table.columns.end()) return {};
    return static_cast<size_t>(found - table.columns.begin());
}

double value_of(const std::string& cell) {
    return is_number(cell) ? std::strtod(cell.c_str(), nullptr) : std::nan("");
}

struct Ends {
    size_t low, high;
};

std::optional<Ends> interval_of(const ResultTable& table, size_t y) {
    const auto& names = table.columns;
    if (y + 2 < names.size() && names[y + 1] == "ci95_low" && names[y + 2] == "ci95_high")
        return Ends{y + 1, y + 2};
    for (const char* of : {"_ci95", ""}) {
        const auto low = column_named(table, names[y] + of + "_low"),
                   high = column_named(table, names[y] + of + "_high");
        if (low && high) return Ends{*low, *high};
    }
    return {};
}

/// What has an interval is measured, even where it is a step.
bool places_rows(const ResultTable& table, size_t column) {
    return is_place(table.columns[column]) && !interval_of(table, column);
}

}  // namespace

std::vector<size_t> plot_columns(const ResultTable& table) {
    std::vector<size_t> out;
    for (size_t c = 0; c < table.columns.size(); ++c)
        if (!ends_interval(table.columns[c]) &&
            std::any_of(table.rows.begin(), table.rows.end(),
                        [&](const auto& row) { return is_number(row[c]); }))
            out.push_back(c);
    return out;
}

std::optional<size_t> first_measured(const ResultTable& table) {
    // A list that is now and then one number long is no measurement.
    const auto all_numbers = [&](size_t c) {
        return std::all_of(table.rows.begin(), table.rows.end(),
                           [&](const auto& row) { return row[c].empty() || is_number(row[c]); });
    };
    for (const size_t c : plot_columns(table))
        if (!places_rows(table, c) && all_numbers(c)) return c;
    return {};
}

std::optional<size_t> first_place(const ResultTable& table) {
    // The finest first: rows of one layer differ in what stands before it here.
    for (const char* name :
         {"step", "to", "decile", "position", "rank", "expert", "hop", "layer"}) {
        const auto column = column_named(table, name);
        if (!column || !places_rows(table, *column)) continue;
        std::set<std::string> places;
        for (const auto& row : table.rows)
            if (is_number(row[*column])) places.insert(row[*column]);
        if (places.size() > 1) return column;
    }
    return {};
}

std::vector<TableSeries> plot_of(const ResultTable& table, size_t y, std::optional<size_t> x) {
    const auto layer = column_named(table, "layer");
    std::map<std::string, size_t> layers;  // rows of each
    if (layer)
        for (const auto& row : table.rows) ++layers[row[*layer]];
    // One row a layer is one series over the layers.
    const bool apart = layers.size() > 1 && layers.size() <= kMostSeries &&
                       layers.size() < table.rows.size() && x != layer;
    const auto ends = interval_of(table, y);
    std::map<double, TableSeries> series;  // by layer
    size_t points = 0;
    for (size_t r = 0; r < table.rows.size() && points < kMostPoints; ++r) {
        const auto& row = table.rows[r];
        const double at = x ? value_of(row[*x]) : static_cast<double>(r), value = value_of(row[y]);
        if (!std::isfinite(at) || !std::isfinite(value)) continue;
        TableSeries& s = series[apart ? value_of(row[*layer]) : 0];
        if (apart) s.name = "layer " + row[*layer];
        s.x.push_back(at);
        s.y.push_back(value);
        s.rows.push_back(r);
        ++points;
        if (!ends) continue;
        const double low = value_of(row[ends->low]), high = value_of(row[ends->high]);
        s.below.push_back(std::isfinite(low) ? value - low : 0);
        s.above.push_back(std::isfinite(high) ? high - value : 0);
    }
    std::vector<TableSeries> out;
    for (auto& [key, s] : series) out.push_back(std::move(s));
    return out;
}

std::vector<double> whole_ticks(const std::vector<TableSeries>& series) {
    constexpr size_t kMost = 16;
    std::set<double> values;
    for (const TableSeries& one : series)
        for (const double x : one.x) {
            values.insert(x);
            if (std::floor(x) != x || values.size() > kMost) return {};
        }
    return {values.begin(), values.end()};
}

void TablePlot::choose(AppState& state, const ResultTable& table) {
    const float width = ImGui::GetWindowWidth() * 0.4f;
    const auto pick = [&](const char* label, std::string& chosen, bool rows, const char* why) {
        ImGui::SetNextItemWidth(std::min(170 * state.pixel_scale, width));
        by_name(state, label, (rows ? "x of " : "y of ") + table.name + "\xE2\x80\xA6");
        if (ImGui::BeginCombo(label, words_of_key(chosen).c_str())) {
            if (rows && ImGui::Selectable(kRows, chosen == kRows)) chosen = kRows;
            for (const size_t c : columns_) {
                const std::string& name = table.columns[c];
                if (ImGui::Selectable((words_of_key(name) + "##" + name).c_str(), chosen == name))
                    chosen = name;
            }
            ImGui::EndCombo();
        }
        tooltip(why);
    };
    pick("over##y", y_, false, "What is drawn, from the columns of the table below");
    ImGui::SameLine(0, 8 * state.pixel_scale);
    pick("##x", x_, true,
         "What it is drawn over: another column, or the rows in the order in which the table is "
         "sorted");
}

void TablePlot::point_under_mouse(AppState& state, const ResultTable& table) const {
    const ImVec2 mouse = ImGui::GetMousePos();
    const float reach = kNear * state.pixel_scale;
    float nearest = reach * reach;
    std::optional<size_t> row;
    ImVec2 at;
    for (const TableSeries& s : series_)
        for (size_t i = 0; i < s.x.size(); ++i) {
            const ImVec2 p = ImPlot::PlotToPixels(s.x[i], s.y[i]);
            const float d = (p.x - mouse.x) * (p.x - mouse.x) + (p.y - mouse.y) * (p.y - mouse.y);
            if (d >= nearest) continue;
            nearest = d;
            row = s.rows[i];
            at = p;
        }
    if (!row) return;
    ImPlot::GetPlotDrawList()->AddCircle(at, 5 * state.pixel_scale, packed(state.theme().accent), 0,
                                         2 * state.pixel_scale);
    const auto& cells = table.rows[*row];
    const auto layer = column_named(table, "layer"), expert = column_named(table, "expert");
    const bool selects = layer && expert && is_number(cells[*layer]) && is_number(cells[*expert]);
    if (ImGui::BeginTooltip()) {
        for (size_t c = 0; c < std::min<size_t>(cells.size(), 8); ++c)
            ImGui::Text("%s  %s", words_of_key(table.columns[c]).c_str(),
                        shortened(shown_cell(cells[c]), 60).c_str());
        if (selects) ImGui::TextColored(state.theme().dim, "click selects the expert");
        ImGui::EndTooltip();
    }
    if (!selects || !ImGui::IsMouseClicked(ImGuiMouseButton_Left)) return;
    state.selection.set_layer(std::llround(value_of(cells[*layer])));
    state.selection.pick_expert(std::llround(value_of(cells[*expert])), ImGui::GetIO().KeyShift);
}

bool TablePlot::has_picture(const ResultTable& table) {
    if (stale_) {
        columns_ = plot_columns(table);
        first_ = table.rows.size() > 1 ? first_measured(table) : std::nullopt;
    }
    return first_.has_value();
}

void TablePlot::draw(AppState& state, const ResultTable& table, const std::string& picture) {
    if (!column_named(table, y_)) y_ = table.columns[*first_];
    if (!column_named(table, x_) && x_ != kRows) {
        const auto place = first_place(table);
        x_ = place ? table.columns[*place] : kRows;
    }
    choose(state, table);
    // The extent follows the choice and the data; in between the person may zoom.
    const std::string shown = x_ + "\n" + y_ + "\n" + std::to_string(table.rows.size());
    if (stale_ || fitted_ != shown)
        series_ = plot_of(table, *column_named(table, y_), column_named(table, x_));
    stale_ = false;
    const float s = state.pixel_scale;
    const ImVec2 low = ImGui::GetCursorScreenPos(), size(ImGui::GetContentRegionAvail().x, 220 * s);
    const bool named = series_.size() > 1;
    if (fitted_ != shown) ImPlot::SetNextAxesToFit();
    fitted_ = shown;
    ImPlot::PushStyleVar(ImPlotStyleVar_FitPadding, ImVec2(0.04f, 0.08f));
    if (begin_plain_plot("##plot", size, words_of_key(x_).c_str(), words_of_key(y_).c_str(),
                         named ? ImPlotFlags_None : ImPlotFlags_NoLegend)) {
        if (const auto ticks = whole_ticks(series_); !ticks.empty())
            ImPlot::SetupAxisTicks(ImAxis_X1, ticks.data(), static_cast<int>(ticks.size()));
        ImPlot::SetupLegend(ImPlotLocation_East,
                            ImPlotLegendFlags_Outside | ImPlotLegendFlags_NoMenus);
        for (size_t i = 0; i < series_.size(); ++i) {
            const TableSeries& one = series_[i];
            const auto count = static_cast<int>(one.x.size());
            const std::string label = (named ? one.name : "values") + "##" + std::to_string(i);
            ImPlotSpec bars;
            bars.LineColor = faded(line_color(state, i), 0.55f);
            bars.LineWeight = 1.2f * s;
            bars.Flags = ImPlotItemFlags_NoLegend;
            if (!one.below.empty())
                ImPlot::PlotErrorBars(("##ends" + std::to_string(i)).c_str(), one.x.data(),
                                      one.y.data(), one.below.data(), one.above.data(), count,
                                      bars);
            ImPlotSpec points;
            points.LineColor = points.FillColor = points.MarkerFillColor = points.MarkerLineColor =
                line_color(state, i);
            points.Marker = line_marker(i);
            points.MarkerSize = (count > 500 ? 2.0f : 3.5f) * s;
            ImPlot::PlotScatter(label.c_str(), one.x.data(), one.y.data(), count, points);
        }
        if (ImPlot::IsPlotHovered()) point_under_mouse(state, table);
        ImPlot::EndPlot();
    }
    ImPlot::PopStyleVar();
    if (!picture.empty())
        export_picture(state, "analysis/" + picture + ".png", low,
                       ImVec2(low.x + size.x, low.y + size.y));
}

}  // namespace hopscope::app
