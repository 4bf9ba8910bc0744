#include "app/panels/curves/csv.h"

#include <algorithm>
#include <cmath>

#include "core/api/base.h"

namespace hopscope::app {
namespace {

template <class Take>
void each_point(std::span<const Series> series, Range within, Take take) {
    for (const Series& line : series)
        for (size_t i = 0; i < line.xs.size(); ++i)
            if (!std::isnan(line.ys[i]) && line.xs[i] >= within.low && line.xs[i] <= within.high)
                take(line.name, line.xs[i], line.ys[i]);
}

}  // namespace

std::string csv_of(std::span<const Series> series, const CurveChoice& choice, Range within) {
    std::string lines;
    each_point(series, within, [&](const std::string& name, double x, double y) {
        lines +=
            core::csv_text(name) + "," + core::csv_number(x) + "," + core::csv_number(y) + "\n";
    });
    if (lines.empty()) return lines;
    const std::string x = std::string(axis_of(choice.x)) + (is_time(choice.x) ? ", s" : "");
    return "series," + core::csv_field(x) + "," + core::csv_field(text_of(choice.quantity).axis) +
           "\n" + lines;
}

std::optional<Range> written_by_csv(std::span<const Series> series, Range within) {
    std::optional<Range> found;
    each_point(series, within, [&](const std::string&, double x, double) {
        if (!found) found = Range{x, x};
        found = Range{std::min(found->low, x), std::max(found->high, x)};
    });
    return found;
}

}  // namespace hopscope::app
