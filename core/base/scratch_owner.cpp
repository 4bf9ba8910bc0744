#include "core/base/scratch_owner.h"

#include <algorithm>
#include <cctype>
#include <fcntl.h>
#include <filesystem>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace hopscope::core {
namespace {

namespace fs = std::filesystem;

std::string mark_of(const std::string& folder) {
    return folder + "/.lock";
}

/// hopscope-PURPOSE-NUMBER.
bool is_scratch_name(std::string_view name) {
    constexpr std::string_view kStart = "hopscope-";
    const size_t dash = name.rfind('-');
    if (!name.starts_with(kStart) || dash < kStart.size() || dash + 1 == name.size()) return false;
    const std::string_view number = name.substr(dash + 1);
    return std::all_of(number.begin(), number.end(),
                       [](unsigned char c) { return std::isdigit(c); });
}

/// Removes a folder whose mark nobody holds.
void sweep(const std::string& folder) {
    struct stat info {};
    if (::lstat(folder.c_str(), &info) != 0 || !S_ISDIR(info.st_mode) || info.st_uid != ::geteuid())
        return;
    const FileHandle mark(
        ::open(mark_of(folder).c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!mark.valid() || ::fstat(mark.get(), &info) != 0 || !S_ISREG(info.st_mode)) return;
    if (::flock(mark.get(), LOCK_EX | LOCK_NB) != 0) return;
    // While it is locked; its maker, if it is just being made, sees that it was too late.
    std::error_code ignored;
    fs::remove_all(folder, ignored);
}

}  // namespace

std::optional<FileHandle> own_scratch(const std::string& folder) {
    FileHandle mark(::open(mark_of(folder).c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!mark.valid() || ::flock(mark.get(), LOCK_EX | LOCK_NB) != 0) return std::nullopt;
    struct stat info {};
    if (::fstat(mark.get(), &info) != 0 || info.st_nlink == 0) return std::nullopt;
    return mark;
}

void sweep_scratch(const std::string& parent) {
    std::vector<std::string> found;
    std::error_code error;
    for (fs::directory_iterator it(parent, error), end; !error && it != end; it.increment(error))
        if (is_scratch_name(it->path().filename().string())) found.push_back(it->path().string());
    for (const std::string& folder : found) sweep(folder);
}

}  // namespace hopscope::core
