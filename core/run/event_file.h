// TensorBoard event files: TFRecord framing with masked CRC-32C around Event protobufs, encoded by
// hand. Written by the trainer thread alone, one record an update; reading (TensorBoard's) works
// beside the writer and stops at a torn record.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/api/snapshot.h"
#include "core/base/files.h"
#include "core/base/result.h"
#include "core/run/columns.h"

namespace hopscope::core {

class EventFile {
  public:
    /// Starts a new file in `dir` whose name sorts after those there. `first_step` is the first
    /// update it will hold: TensorBoard then drops what earlier files of a resumed run say about
    /// that update and later ones.
    static Result<EventFile> create(const std::string& dir, int64_t layers, int64_t first_step);
    /// One Event with every scalar of the record that is not NaN. After an error the file is as it
    /// was before.
    Status append(const ScalarRecord& record);
    Status sync() { return file_.sync(); }
    const std::string& path() const { return file_.path(); }

  private:
    EventFile(AppendFile file, std::vector<Column> columns)
        : file_(std::move(file)), columns_(std::move(columns)) {}
    Status append_record(const std::string& event);
    AppendFile file_;
    std::vector<Column> columns_;
};

}  // namespace hopscope::core
