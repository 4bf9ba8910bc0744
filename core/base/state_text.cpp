#include "core/base/state_text.h"

#include <algorithm>
#include <fcntl.h>
#include <mutex>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/new_file.h"

namespace hopscope::core {
namespace {

constexpr size_t kPage = 4096;  ///< the least that a file is given room by
/// What a file grows by from one writing to the next: a reason, and a share of what it holds.
constexpr size_t kReasonRoom = 1024, kShareOfText = 8;

size_t in_pages(size_t bytes) {
    return (bytes + kPage - 1) / kPage * kPage;
}

/// Blanks behind it where its last page has too little room left: one byte of a page is all of it.
std::string with_room(const std::string& text) {
    std::string out = text;
    const size_t wanted = in_pages(text.size() + kReasonRoom + text.size() / kShareOfText);
    if (wanted > in_pages(text.size())) out.resize(wanted - kPage + 1, '\n');
    return out;
}

/// The same in one line.
std::string without_layout(const std::string& json) {
    const auto parsed = OrderedJson::parse(json, nullptr, /*allow_exceptions=*/false);
    return parsed.is_discarded() ? json : dump_ordered_line(parsed) + "\n";
}

/// `text` in the place that the file has on disk, one write, blanks behind a shorter text. False,
/// and nothing is changed, where it does not fit, cannot be written whole, or where the file has a
/// second name, whose text is not ours to change.
bool rewrite_within(const std::string& path, std::string_view text) {
    const FileHandle file(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    struct stat info {};
    if (!file.valid() || ::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode) ||
        info.st_nlink != 1)
        return false;
    // What the file fills of its last page is its own already.
    const auto bytes = static_cast<size_t>(info.st_size);
    if (text.size() > (bytes + kPage - 1) / kPage * kPage) return false;
    std::string whole(text), before(bytes, '\0');
    whole.resize(std::max(bytes, text.size()), '\n');
    if (::pread(file.get(), before.data(), bytes, 0) != info.st_size) return false;
    const ssize_t written = ::pwrite(file.get(), whole.data(), whole.size(), 0);
    if (written == std::ssize(whole)) return sync_fd(file.get(), path).ok();
    // A limit on file sizes can cut it short.
    if (written > 0)
        (void)!::pwrite(file.get(), before.data(), std::min(bytes, static_cast<size_t>(written)),
                        0);
    return false;
}

/// Who writes a state owns its folder: what a killed process left there is nobody's.
void remove_leftover(const std::string& path) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode)) ::unlink(path.c_str());
}

/// A descriptor in reserve, since a file cannot be rewritten without one.
class Spare {
  public:
    template <class Work>
    bool without(Work work) {
        const std::lock_guard lock(mutex_);
        handle_ = FileHandle();
        const bool done = work();
        take();
        return done;
    }
    void keep() {
        const std::lock_guard lock(mutex_);
        if (!handle_.valid()) take();
    }

  private:
    void take() { handle_ = FileHandle(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }
    std::mutex mutex_;
    FileHandle handle_;
};

}  // namespace

Status write_state_file(const std::string& path, const std::string& json, DebugPoint rename) {
    static Spare spare;
    remove_leftover(path + ".tmp");
    const Status written = write_file_atomic(path, with_room(json), rename);
    if (written) {
        spare.keep();
        return {};
    }
    const bool said = spare.without(
        [&] { return rewrite_within(path, json) || rewrite_within(path, without_layout(json)); });
    return said ? Status() : written;
}

}  // namespace hopscope::core
