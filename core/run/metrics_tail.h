// What is new in a metrics.csv that another process may be writing: appended records, or all of
// them anew where the file was cut back (a resumed run) or replaced. Reads beside the writer
// without any lock; an object belongs to the thread that made it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/run/metrics_lines.h"

namespace hopscope::core {

class MetricsTail {
  public:
    explicit MetricsTail(std::string path) : path_(std::move(path)), lines_(path_) {}

    struct News {
        std::vector<ScalarRecord> records;  ///< oldest first
        bool restarted = false;             ///< what came before is void; `records` are all
    };
    /// A torn last line waits for its end; a missing file has no records. After an error (usage,
    /// with file and line; failed) the next call begins anew.
    Result<News> read();

  private:
    Result<News> read_from(int fd, uint64_t size, News news);
    void begin_anew();

    std::string path_;
    MetricsLines lines_;
    uint64_t offset_ = 0;    ///< bytes of complete lines that were read
    std::string last_line_;  ///< the last of them with its end: still there, or the file is another
    uint64_t inode_ = 0;
};

}  // namespace hopscope::core
