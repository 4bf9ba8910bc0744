// metrics.csv: one line an update, first a '#' line of units, then the header
// (docs/formats.md#scalars-of-an-update). Appended by the trainer thread alone; reading works
// beside the writer, a torn last line is ignored.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/api/snapshot.h"
#include "core/base/files.h"
#include "core/base/result.h"
#include "core/run/columns.h"

namespace hopscope::core {

class MetricsCsv {
  public:
    /// Opens for appending; writes units and header into a new file and repairs a torn last line. A
    /// file with other columns (of another version) is rewritten with today's; the old one stays
    /// beside it as metrics.csv.old.
    static Result<MetricsCsv> open(const std::string& path, int64_t layers);
    /// Whether open() would take what stands there; nothing is changed. Errors (usage): it is
    /// something else.
    static Status check(const std::string& path, int64_t layers);
    /// After an error (failed: disk full, …) the file is as it was before the call.
    Status append(const ScalarRecord& record);
    /// Puts `record` in the place of the last one, which is of the same update; a kill leaves the
    /// one or the other.
    Status amend(const ScalarRecord& record);
    /// Removes all records after update `step` (resume).
    Status cut_to_step(int64_t step);
    Status sync() { return file_.sync(); }
    /// Length of the file, and back to such a length: undoes appends whose companions failed.
    uint64_t mark() const { return file_.size(); }
    Status rewind(uint64_t mark) { return file_.truncate(mark); }

  private:
    MetricsCsv(AppendFile file, std::vector<Column> columns)
        : file_(std::move(file)), columns_(std::move(columns)) {}
    AppendFile file_;
    std::vector<Column> columns_;
};

/// All complete records, oldest first; none for a file without a complete header. Columns are found
/// by name; those that are not known here, whose values open() leaves in the old file alone, are
/// named in `unknown`. Errors (usage) name file, line and column; updates that do not rise.
Result<std::vector<ScalarRecord>> read_metrics_csv(const std::string& path,
                                                   std::vector<std::string>* unknown = nullptr);

}  // namespace hopscope::core
