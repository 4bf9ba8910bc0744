#include "app/panels/sweep/view.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "app/widgets/format.h"
#include "core/api/base.h"

namespace hopscope::app {
namespace {

using core::Better;

/// Of a variant the step at which most of its runs stand, the latest of several.
int64_t common_step(const std::vector<SweepPoint>& points) {
    std::map<int64_t, size_t> at;
    for (const SweepPoint& point : points) ++at[point.step];
    int64_t step = -1;
    size_t most = 0;
    for (const auto& [one, count] : at)
        if (count >= most) {
            most = count;
            step = one;
        }
    return step;
}

/// A mean is over runs of different seeds that are equally long trained.
void choose_points(std::vector<SweepPoint>& points) {
    const int64_t step = common_step(points);
    std::set<uint64_t> seeds;
    for (SweepPoint& point : points) {
        if (point.step != step)
            point.left_out = "It stands at step " + with_thousands(point.step) +
                             ", its variant at step " + with_thousands(step) + ".";
        else if (!seeds.insert(point.seed).second)
            point.left_out = "Another run of the same seed stands for it.";
    }
}

void summarise(SweepGroup& group) {
    choose_points(group.points);
    double x = 0, y = 0;
    for (const SweepPoint& point : group.points) {
        if (!point.left_out.empty()) continue;
        const bool first = group.n++ == 0;
        x += point.x;
        y += point.y;
        group.x_low = first ? point.x : std::min(group.x_low, point.x);
        group.x_high = first ? point.x : std::max(group.x_high, point.x);
        group.y_low = first ? point.y : std::min(group.y_low, point.y);
        group.y_high = first ? point.y : std::max(group.y_high, point.y);
    }
    group.x = x / static_cast<double>(group.n);
    group.y = y / static_cast<double>(group.n);
}

size_t place_of(const std::vector<ComparedEntry>& entries, const std::string& dir) {
    for (const ComparedEntry& entry : entries)
        if (entry.dir == dir) return entry.place;
    return 0;
}

SweepPoint point_of(const SweepRuns& runs, size_t index, const SweepAxis& y) {
    const core::ComparedRun& run = runs.comparison->runs[runs.all[index].run];
    SweepPoint point;
    point.dir = run.dir;
    point.name = run.name;
    point.seed = run.config.train.seed;
    point.step = runs.all[index].numbers->step;
    if (const core::RunNumber* number = number_of(*runs.all[index].numbers, y.key)) {
        point.low = number->low;
        point.high = number->high;
        point.n = number->n;
        point.over = number->over;
        point.from = number->from;
    }
    return point;
}

/// Settings differ within a word axis by one: a mean between two words means nothing.
void add_groups(const SweepRuns& runs, const AxisValues& xs, const AxisValues& ys,
                const std::vector<ComparedEntry>& entries, SweepPicture& out) {
    std::map<std::string, size_t> known;  // variant → group
    for (size_t i = 0; i < runs.all.size(); ++i) {
        const core::ComparedRun& run = runs.comparison->runs[runs.all[i].run];
        if (!xs.values[i] || !ys.values[i]) {
            out.lacking.push_back(run.name);
            continue;
        }
        // train.seed on an axis tells seeds apart: each run stands alone.
        const std::string key = out.x.key == "train.seed" ? run.dir : run.variant;
        const auto [at, fresh] = known.try_emplace(key, out.groups.size());
        if (fresh) {
            SweepGroup& group = out.groups.emplace_back();
            group.name = run.name;
            for (const core::ComparedVariant& variant : runs.comparison->variants)
                if (variant.variant == run.variant && key == run.variant) group.name = variant.name;
            group.place = place_of(entries, run.dir);
        }
        SweepPoint point = point_of(runs, i, out.y);
        point.x = *xs.values[i];
        point.y = *ys.values[i];
        out.groups[at->second].points.push_back(std::move(point));
    }
    for (SweepGroup& group : out.groups) summarise(group);
    std::stable_sort(out.groups.begin(), out.groups.end(),
                     [](const SweepGroup& a, const SweepGroup& b) { return a.x < b.x; });
}

std::string why_no_log(const SweepPicture& picture, double SweepPoint::*value) {
    if (value == &SweepPoint::x && !picture.words.empty()) return "Words have no logarithm.";
    for (const SweepGroup& group : picture.groups)
        for (const SweepPoint& point : group.points)
            if (!(point.*value > 0)) return "Not all values are above 0.";
    return {};
}

/// Whether a is at least as good as b in both and better in one.
bool beats(const SweepGroup& a, const SweepGroup& b, Better x, Better y) {
    const double sx = x == Better::higher ? -1 : 1, sy = y == Better::higher ? -1 : 1;
    const double dx = sx * (a.x - b.x), dy = sy * (a.y - b.y);
    return dx <= 0 && dy <= 0 && (dx < 0 || dy < 0);
}

std::string why_no_front(const SweepPicture& picture) {
    if (!picture.words.empty()) return "A front needs an order in x, and these are words.";
    if (picture.better_y == Better::unknown)
        return "Nothing says which way of y is better: choose one.";
    return {};
}

void mark_front(SweepPicture& out) {
    out.no_front = why_no_front(out);
    if (!out.no_front.empty()) return;
    for (SweepGroup& group : out.groups)
        group.front = std::none_of(out.groups.begin(), out.groups.end(), [&](const auto& other) {
            return beats(other, group, out.better_x, out.better_y);
        });
}

void add_trend(const LineThrough& line, SweepPicture& out) {
    constexpr int64_t kFewest = 3;
    if (!out.words.empty()) {
        out.no_trend = "Words have no slope.";
        return;
    }
    std::vector<double> xs, ys;
    std::set<double> places;
    for (const SweepGroup& group : out.groups) {
        xs.push_back(out.log_x ? std::log10(group.x) : group.x);
        ys.push_back(out.log_y ? std::log10(group.y) : group.y);
        places.insert(group.x);
    }
    if (static_cast<int64_t>(places.size()) < kFewest || !line) {
        out.no_trend = "A trend needs three variants at three places; there are " +
                       std::to_string(places.size()) + ".";
        return;
    }
    out.trend = line(xs, ys);
    if (!out.trend.told())
        out.no_trend = "No trend can be told: the interval of the slope holds 0.";
}

std::string with_name(const std::string& label, const std::string& value, const std::string& unit) {
    return label + " " + value + (unit.empty() ? "" : " " + unit);
}

std::string interval_text(double low, double high) {
    return "[" + value_text(low) + ", " + value_text(high) + "]";
}

}  // namespace

size_t SweepPicture::runs() const {
    size_t out = 0;
    for (const SweepGroup& group : groups) out += group.points.size();
    return out;
}

SweepPicture sweep_picture(const SweepRuns& runs, const std::vector<SweepAxis>& axes,
                           const SweepChoice& choice, const std::vector<ComparedEntry>& entries,
                           const LineThrough& line) {
    SweepPicture out;
    out.problems = runs.problems;
    const std::string x_key = choice.x.empty() ? telling_cost(runs) : choice.x;
    const SweepAxis *x = axis_of(axes, x_key), *y = axis_of(axes, choice.y);
    for (const auto& [axis, key] : {std::pair(x, &x_key), std::pair(y, &choice.y)})
        if (!axis && out.refusal.empty())
            out.refusal = "None of these runs has a " + words_of_number(*key) + ".";
    if (!x || !y) return out;
    out.x = *x;
    out.y = *y;
    const AxisValues xs = axis_values(runs, *x), ys = axis_values(runs, *y);
    out.words = xs.words;
    out.better_x = choice.better_x != Better::unknown ? choice.better_x
                   : x->better != Better::unknown     ? x->better
                                                      : Better::lower;
    out.better_y = choice.better_y != Better::unknown ? choice.better_y : y->better;
    add_groups(runs, xs, ys, entries, out);
    if (out.groups.empty()) {
        out.refusal = "No run has both " + x->label + " and " + y->label + ".";
        return out;
    }
    out.no_log_x = why_no_log(out, &SweepPoint::x);
    out.no_log_y = why_no_log(out, &SweepPoint::y);
    out.log_x = choice.log_x && out.no_log_x.empty();
    out.log_y = choice.log_y && out.no_log_y.empty();
    mark_front(out);
    add_trend(line, out);
    return out;
}

double trend_at(const SweepPicture& picture, double x) {
    const double at = picture.log_x ? std::log10(x) : x;
    const double y = picture.trend.intercept + picture.trend.slope * at;
    return picture.log_y ? std::pow(10.0, y) : y;
}

void sort_groups(std::vector<SweepGroup>& groups, SweepColumn by, bool falling) {
    const auto value = [&](const SweepGroup& group) {
        switch (by) {
            case SweepColumn::runs:
                return static_cast<double>(group.n);
            case SweepColumn::y:
                return group.y;
            case SweepColumn::low:
                return group.y_low;
            case SweepColumn::high:
                return group.y_high;
            case SweepColumn::front:
                return group.front ? 0.0 : 1.0;
            case SweepColumn::variant:
            case SweepColumn::x:
                break;
        }
        return group.x;
    };
    std::stable_sort(groups.begin(), groups.end(), [&](const SweepGroup& a, const SweepGroup& b) {
        if (by == SweepColumn::variant) return falling ? b.name < a.name : a.name < b.name;
        return falling ? value(b) < value(a) : value(a) < value(b);
    });
}

std::string value_text(double value) {
    if (!std::isfinite(value)) return kNothing;
    if (std::fabs(value) >= 1e9) return significant(value / 1e9, 4) + " G";
    if (std::fabs(value) >= 1e6) return significant(value / 1e6, 4) + " M";
    if (value == std::floor(value) && std::fabs(value) < 1e6)
        return with_thousands(static_cast<int64_t>(value));
    return significant(value, 5);
}

std::string x_text(const SweepPicture& picture, double x) {
    if (picture.words.empty()) return value_text(x);
    const auto place = static_cast<size_t>(std::lround(std::max(0.0, x)));
    return place < picture.words.size() ? picture.words[place] : kNothing;
}

std::string explained(const SweepPicture& picture, const SweepGroup& group,
                      const SweepPoint* point) {
    std::string out = group.name;
    if (point) out += "   " + point->name + ", seed " + std::to_string(point->seed);
    out += "\n" +
           with_name(picture.x.label, x_text(picture, point ? point->x : group.x), picture.x.unit);
    out +=
        "\n" + with_name(picture.y.label, value_text(point ? point->y : group.y), picture.y.unit);
    if (point) {
        if (std::isfinite(point->low)) out += "   95 % " + interval_text(point->low, point->high);
        if (point->n > 0)
            out += "\nn = " + with_thousands(point->n) +
                   (point->over.empty() ? "" : " " + point->over);
        if (!point->from.empty()) out += "\n" + point->from;
        if (point->step >= 0 && point->from.find("step ") == std::string::npos)
            out += "\nstep " + with_thousands(point->step);
        if (!point->left_out.empty()) out += "\nNot in the mean. " + point->left_out;
    } else {
        out += group.n > 1 ? "   range " + interval_text(group.y_low, group.y_high) : "";
        out += "\nn = " + std::to_string(group.n) + (group.n == 1 ? " seed" : " seeds");
    }
    if (group.front && picture.no_front.empty()) out += "\nOn the Pareto front.";
    return out;
}

std::string trend_text(const SweepPicture& picture) {
    const core::Trend& trend = picture.trend;
    if (!std::isfinite(trend.slope)) return picture.no_trend;
    return std::string(picture.no_trend.empty() ? "" : "no trend told:   ") + "slope " +
           with_sign(trend.slope, 3) + " [" + with_sign(trend.low95, 3) + ", " +
           with_sign(trend.high95, 3) + "]" +
           (picture.log_x || picture.log_y ? " of the logarithms" : "") + "   R\xC2\xB2 " +
           significant(trend.r2, 2) + "   n = " + std::to_string(trend.n) + " variants";
}

std::string csv_of(const SweepPicture& picture) {
    if (!picture.refusal.empty()) return {};
    const auto number = [](double value) { return "," + core::csv_number(value); };
    const auto x_cell = [&](double x) {
        return picture.words.empty() ? number(x) : "," + core::csv_field(x_text(picture, x));
    };
    std::string out =
        "variant,run,n_runs," + core::csv_field(picture.x.title()) + "," +
        core::csv_field(picture.y.title()) +
        ",range_low,range_high,ci95_low,ci95_high,on_front,seed,step,n,n_of,folder,left_out\n";
    for (const SweepGroup& group : picture.groups) {
        out += core::csv_text(group.name) + ",," + std::to_string(group.n) + x_cell(group.x) +
               number(group.y) + number(group.y_low) + number(group.y_high) + ",,," +
               (!picture.no_front.empty() ? ""
                : group.front             ? "yes"
                                          : "no") +
               ",,,,,,\n";
        for (const SweepPoint& point : group.points)
            out += core::csv_text(group.name) + "," + core::csv_text(point.name) + ",1" +
                   x_cell(point.x) + number(point.y) + ",," + number(point.low) +
                   number(point.high) + ",," + std::to_string(point.seed) + "," +
                   std::to_string(point.step) + "," + (point.n > 0 ? std::to_string(point.n) : "") +
                   "," + core::csv_text(point.over) + "," + core::csv_text(point.dir) + "," +
                   core::csv_text(point.left_out) + "\n";
    }
    return out;
}

}  // namespace hopscope::app
