#include "core/analyses/curve.h"

#include <cmath>

namespace hopscope::core::analysis {

stats::Segmentation segments_of(const std::vector<ScalarRecord>& records, const Column& column) {
    std::vector<double> x, y;
    for (const ScalarRecord& record : records) {
        if (record.step < 1) continue;
        x.push_back(std::log(static_cast<double>(record.step)));
        y.push_back(column_value(column, record));
    }
    return stats::find_change_points(x, y, {});
}

}  // namespace hopscope::core::analysis
