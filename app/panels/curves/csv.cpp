#include "app/panels/curves/csv.h"

#include <cmath>

#include "core/api/base.h"

namespace hopscope::app {
std::string csv_of(std::span<const Series> series, const CurveChoice& choice) {
    std::string lines;
    for (const Series& line : series)
        for (size_t i = 0; i < line.xs.size(); ++i) {
            if (std::isnan(line.ys[i])) continue;
            lines += core::csv_field(line.name) + "," + core::csv_number(line.xs[i]) + "," +
                     core::csv_number(line.ys[i]) + "\n";
        }
    if (lines.empty()) return lines;
    const std::string x = std::string(axis_of(choice.x)) + (is_time(choice.x) ? ", s" : "");
    return "series," + core::csv_field(x) + "," + core::csv_field(text_of(choice.quantity).axis) +
           "\n" + lines;
}

}  // namespace hopscope::app
