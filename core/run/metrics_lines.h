// Reads metrics.csv line by line: the header says which cell is which column. Internal to core/run;
// an object belongs to the thread that made it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/run/columns.h"

namespace hopscope::core {

class MetricsLines {
  public:
    /// `path` stands for the file in messages.
    explicit MetricsLines(std::string path) : path_(std::move(path)) {}

    /// The next line, without its end. False: it carries no record (units, header, empty). Columns
    /// are found by name, unknown ones ignored. Errors (usage) name file, line and column; updates
    /// that do not rise.
    Result<bool> read(std::string_view line, ScalarRecord& record);

    /// Columns of the header that are not known here.
    const std::vector<std::string>& unknown() const { return unknown_; }

  private:
    /// "FILE:LINE" of the line that was read last.
    std::string place() const;
    Result<bool> header(const std::vector<std::string_view>& names);

    std::string path_;
    int64_t line_ = 0, layers_ = 0;
    int64_t newest_ = -1;                         ///< update
    std::vector<std::optional<Column>> columns_;  ///< nullopt: unknown, ignored
    std::vector<std::string> unknown_;
};

}  // namespace hopscope::core
