#include "core/run/metrics_tail.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/files.h"

namespace hopscope::core {
namespace {

constexpr size_t kBlock = size_t{1} << 20;

/// Up to `bytes` from `offset`; fewer where the file ends before.
Result<std::string> read_at(int fd, uint64_t offset, size_t bytes, const std::string& path) {
    std::string text(bytes, '\0');
    size_t got = 0;
    while (got < bytes) {
        const ssize_t n =
            ::pread(fd, text.data() + got, bytes - got, static_cast<off_t>(offset + got));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return file_error("cannot read", path, errno);
        if (n == 0) break;
        got += static_cast<size_t>(n);
    }
    text.resize(got);
    return text;
}

}  // namespace

void MetricsTail::begin_anew() {
    lines_ = MetricsLines(path_);
    offset_ = 0;
    last_line_.clear();
}

Result<MetricsTail::News> MetricsTail::read() {
    News news;
    const FileHandle file(::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    struct stat info = {};
    if (!file.valid() || ::fstat(file.get(), &info) != 0) {
        if (errno != ENOENT) return file_error("cannot read", path_, errno);
        news.restarted = offset_ > 0;
        begin_anew();
        return news;
    }
    const auto size = static_cast<uint64_t>(info.st_size);
    bool same = info.st_ino == inode_ && size >= offset_;
    if (same && offset_ > 0) {
        auto last = read_at(file.get(), offset_ - last_line_.size(), last_line_.size(), path_);
        if (!last) return last.error();
        same = *last == last_line_;
    }
    if (!same) {
        news.restarted = offset_ > 0;
        begin_anew();
        inode_ = info.st_ino;
    }
    auto read = read_from(file.get(), size, std::move(news));
    if (!read) {
        begin_anew();
        inode_ = 0;
    }
    return read;
}

Result<MetricsTail::News> MetricsTail::read_from(int fd, uint64_t size, News news) {
    std::string rest;  // an incomplete line at the end of a block
    uint64_t at = offset_;
    ScalarRecord record;
    while (at < size) {
        auto block = read_at(fd, at, kBlock, path_);
        if (!block) return block.error();
        if (block->empty()) break;
        at += block->size();
        const std::string text = std::move(rest) + *block;
        size_t done = 0;
        for (const std::string_view line : complete_lines(text)) {
            auto is_record = lines_.read(line, record);
            if (!is_record) return is_record.error();
            if (*is_record) news.records.push_back(record);
            done = static_cast<size_t>(line.data() - text.data()) + line.size() + 1;
            last_line_ = std::string(line) + '\n';
        }
        offset_ += done;
        rest = text.substr(done);
    }
    return news;
}

}  // namespace hopscope::core
