#include "core/run/folder_lock.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include "core/base/utf8.h"

namespace hopscope::core {
namespace {

constexpr int kLockAttempts = 4;
constexpr std::chrono::milliseconds kLockPause{25};
/// Longer than all that is ever written into a lock.
constexpr size_t kMostBytes = 64;

std::string lock_path(const std::string& dir) {
    return dir + "/.lock";
}

/// Whether `path` is what `fd` has open. @param flags 0, or AT_SYMLINK_NOFOLLOW
bool is_same(const std::string& path, int fd, int flags) {
    struct stat named {
    }, opened{};
    return ::fstatat(AT_FDCWD, path.c_str(), &named, flags) == 0 && ::fstat(fd, &opened) == 0 &&
           named.st_dev == opened.st_dev && named.st_ino == opened.st_ino;
}

/// A copy of the folder that was made of links (cp -al) has the same lock; it stays as it is.
bool is_linked(int fd) {
    struct stat info {};
    return ::fstat(fd, &info) == 0 && info.st_nlink > 1;
}

/// All that a lock of ours holds.
std::string lock_text(int process, bool unfinished) {
    return std::to_string(process) + (unfinished ? " new" : "") + "\n";
}

struct LockNote {
    LockKind kind = LockKind::foreign;
    int process = 0;  ///< 0: none named
};

LockNote read_note(int fd) {
    struct stat info {};
    if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) return {};
    char bytes[kMostBytes];
    const ssize_t got = ::pread(fd, bytes, sizeof bytes, 0);
    if (got < 0) return {};
    // Between its creation and the signature, and while it is signed anew.
    if (got == 0) return {LockKind::writer, 0};
    const std::string_view text(bytes, static_cast<size_t>(got));
    int process = 0;
    std::from_chars(bytes, bytes + got, process);
    if (process <= 0) return {};
    if (text == lock_text(process, false)) return {LockKind::writer, process};
    if (text == lock_text(process, true)) return {LockKind::unfinished, process};
    // Torn by a kill while it was signed; the number may be a part of one.
    if (lock_text(process, false).starts_with(text) || lock_text(process, true).starts_with(text))
        return {LockKind::writer, 0};
    return {};
}

/// Whether `path` is something that must not even be opened; what it is, for messages: else "".
std::string in_the_way(const std::string& path) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0 || S_ISREG(info.st_mode)) return "";
    return S_ISLNK(info.st_mode) ? "a link" : name_of(kind_of_file(path));
}

Error foreign_lock(const std::string& path, const std::string& found) {
    return usage_error(shown_path(path) + ": " + found +
                       ", and no lock that hopscope wrote; move it away, or name another folder");
}

/// " (4711)" of a living process, else "": a writer that has not signed yet leaves the number of
/// the one before it.
std::string owner(int process) {
    if (process <= 0 || (::kill(process, 0) != 0 && errno == ESRCH)) return "";
    return " (" + std::to_string(process) + ")";
}

}  // namespace

LockKind kind_of_lock(const std::string& dir) {
    const std::string path = lock_path(dir);
    if (!in_the_way(path).empty()) return LockKind::foreign;
    const FileHandle file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
    if (!file.valid()) return errno == ENOENT ? LockKind::none : LockKind::foreign;
    return read_note(file.get()).kind;
}

Result<FolderLock> FolderLock::take(const std::string& dir, FolderOf what) {
    const std::string path = lock_path(dir);
    FolderLock lock;
    lock.dir_ = dir;
    // Who only looks whether a folder is being written holds the lock for a moment: that passes.
    for (int attempts = kLockAttempts; attempts > 0; --attempts) {
        lock.folder_ = FileHandle(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!lock.folder_.valid()) return file_error("cannot open the folder", dir, errno);
        FileHandle file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
        const bool made = file.valid();
        if (!made && errno != EEXIST) return file_error("cannot make", path, errno);
        LockNote note;
        if (!made) {
            if (const std::string found = in_the_way(path); !found.empty())
                return foreign_lock(path, "is " + found);
            file = FileHandle(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
            if (!file.valid()) {
                if (errno == ENOENT) continue;  // another process has just taken its own away
                return file_error("cannot open", path, errno);
            }
            note = read_note(file.get());
            if (note.kind == LockKind::foreign)
                return foreign_lock(path, "has other content than a process number");
        }
        if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) {
            if (!is_same(path, file.get(), AT_SYMLINK_NOFOLLOW)) continue;
            if (is_linked(file.get())) {
                ::unlink(path.c_str());
                continue;
            }
            lock.file_ = std::move(file);
            lock.made_ = made;
            return lock;
        }
        if (errno != EWOULDBLOCK) return file_error("cannot lock", path, errno);
        if (attempts > 1) {
            std::this_thread::sleep_for(kLockPause);
            continue;
        }
        return usage_error(shown_path(dir) + ": another process" + owner(note.process) +
                           " is writing this " + word(what) + "; stop it first" +
                           (what == FolderOf::run ? ", or open the run to look at it only"
                                                  : ", or name another folder"));
    }
    return failure(shown_path(path) +
                   ": is taken away again and again by another process; try once more");
}

FolderLock::FolderLock(FolderLock&& other) noexcept {
    *this = std::move(other);
}

FolderLock& FolderLock::operator=(FolderLock&& other) noexcept {
    std::swap(dir_, other.dir_);
    std::swap(folder_, other.folder_);
    std::swap(file_, other.file_);
    std::swap(made_, other.made_);
    std::swap(signed_, other.signed_);
    return *this;
}

FolderLock::~FolderLock() {
    if (made_ && !signed_) remove();
}

Status FolderLock::sign(bool unfinished) {
    const std::string path = lock_path(dir_);
    const std::string self = lock_text(::getpid(), unfinished);
    if (::ftruncate(file_.get(), 0) != 0 || ::lseek(file_.get(), 0, SEEK_SET) != 0)
        return file_error("cannot write", path, errno);
    signed_ = true;
    return write_all(file_.get(), self.data(), self.size(), path);
}

Status FolderLock::check() const {
    if (!is_same(dir_, folder_.get(), 0))
        return taken_away(dir_, "the folder was deleted, moved or replaced while it was written");
    // Without it another process may have begun to write.
    const std::string path = lock_path(dir_);
    if (!is_same(path, file_.get(), AT_SYMLINK_NOFOLLOW))
        return taken_away(path, "was deleted or replaced while the folder was written");
    return {};
}

Status FolderLock::make_folder(const std::string& path) const {
    if (auto s = check(); !s) return s;
    const std::string below = path.substr(dir_.size() + 1);
    if (::mkdirat(folder_.get(), below.c_str(), 0777) == 0) return {};
    const int cause = errno;
    if (cause == EEXIST && kind_of_file(path) == FileKind::folder) return {};
    return file_error("cannot create the folder", path, cause);
}

void FolderLock::remove() {
    if (!held()) return;
    const std::string path = lock_path(dir_);
    if (is_same(path, file_.get(), AT_SYMLINK_NOFOLLOW)) ::unlink(path.c_str());
    made_ = false;
    file_ = FileHandle();
    folder_ = FileHandle();
}

bool is_being_written(const std::string& dir) {
    const FileHandle file(
        ::open(lock_path(dir).c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
    // A shared lock, so that two who look do not take each other for a writer.
    return file.valid() && ::flock(file.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

}  // namespace hopscope::core
