// The one table of training scalars: it names the columns of metrics.csv, their units, the tags of
// the event file, and the field of ScalarRecord behind each. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/api/snapshot.h"

namespace hopscope::core {

/// One scalar of a record; `layer` ≥ 0 for those of a layer.
struct Column {
    using Field = std::variant<int64_t ScalarRecord::*, double ScalarRecord::*,
                               float ScalarRecord::*, float LayerScalars::*>;
    std::string name;  ///< in metrics.csv: "loss", "entropy/layer0"
    std::string tag;   ///< in the event file; "" where it has none (the step is its axis)
    std::string unit;  ///< "nats", "ms", "1" (a pure number)
    Field field;
    int64_t layer = -1;
};

/// All columns of a model of `layers` layers, in the order of metrics.csv
/// (docs/formats.md#scalars-of-an-update).
std::vector<Column> metric_columns(int64_t layers);

/// The value as a number; NaN where the record lacks it.
double column_value(const Column& column, const ScalarRecord& record);
/// Text that reads back to the same bits; "" for NaN.
std::string column_text(const Column& column, const ScalarRecord& record);
/// Reads what column_text wrote into `record` (its layers must be allocated). False where `text` is
/// no such number.
bool set_column(const Column& column, std::string_view text, ScalarRecord& record);

}  // namespace hopscope::core
