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

/// No other folder has a file of this name, least of all a run.
constexpr std::string_view kMark = ".hopscope-scratch";

std::string mark_of(const std::string& folder) {
    return folder + "/" + std::string(kMark);
}

/// What stands in it: whose mark it is, so that a copy under another name is nobody's scratch.
std::string text_of_mark(const std::string& folder) {
    return "temporary files of hopscope, to be removed: " + fs::path(folder).filename().string() +
           "\n";
}

bool is_mark(const FileHandle& file, const std::string& folder) {
    struct stat info {};
    const std::string wanted = text_of_mark(folder);
    std::string text(wanted.size() + 1, '\0');
    if (!file.valid() || ::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) return false;
    const ssize_t got = ::pread(file.get(), text.data(), text.size(), 0);
    return got == std::ssize(wanted) && text.starts_with(wanted);
}

FileHandle open_mark(const std::string& folder) {
    return FileHandle(
        ::open(mark_of(folder).c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
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
    const FileHandle mark = open_mark(folder);
    if (!is_mark(mark, folder)) return;
    if (::flock(mark.get(), LOCK_EX | LOCK_NB) != 0) return;
    // While it is locked; its maker, if it is just being made, sees that it was too late.
    std::error_code ignored;
    fs::remove_all(folder, ignored);
}

}  // namespace

std::optional<FileHandle> own_scratch(const std::string& folder) {
    FileHandle mark(::open(mark_of(folder).c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    const std::string text = text_of_mark(folder);
    if (!mark.valid() || ::write(mark.get(), text.data(), text.size()) != std::ssize(text) ||
        ::flock(mark.get(), LOCK_EX | LOCK_NB) != 0)
        return std::nullopt;
    struct stat info {};
    if (::fstat(mark.get(), &info) != 0 || info.st_nlink == 0) return std::nullopt;
    return mark;
}

bool is_scratch(const std::string& folder) {
    if (!is_scratch_name(fs::path(folder).filename().string())) return false;
    return is_mark(open_mark(folder), folder);
}

bool is_scratch_mark(const std::string& name) {
    return name == kMark;
}

void unmark_scratch(const std::string& folder) {
    ::unlink(mark_of(folder).c_str());
}

void sweep_scratch(const std::string& parent) {
    std::vector<std::string> found;
    std::error_code error;
    for (fs::directory_iterator it(parent, error), end; !error && it != end; it.increment(error))
        if (is_scratch_name(it->path().filename().string())) found.push_back(it->path().string());
    for (const std::string& folder : found) sweep(folder);
}

}  // namespace hopscope::core
