#include "core/run/new_folder.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "core/base/json.h"
#include "core/base/scratch_owner.h"
#include "core/base/utf8.h"
#include "core/run/step_names.h"

namespace hopscope::core {
namespace {

namespace fs = std::filesystem;

constexpr int kMostLinks = 40;

bool is_file(const std::string& path) {
    return kind_of_file(path) == FileKind::file;
}

/// Whether a start that was killed may have left this: before its folder is a run (a race, a batch)
/// it holds no more.
bool left_by_start(const std::string& path, const std::string& name) {
    static const std::set<std::string> kFiles = {"config.toml", "config.toml.tmp", "run.json.tmp",
                                                 "race.json.tmp", "batch.json.tmp"};
    std::error_code error;
    const auto status = fs::symlink_status(path, error);
    if (fs::is_directory(status)) return fs::is_empty(path, error) && !error;
    return fs::is_regular_file(status) && kFiles.count(name) > 0;
}

/// The first of `names` that makes the folder foreign; "" if there is none.
std::string foreign_of(const std::string& dir, const std::vector<std::string>& names) {
    // Of the lock alone, by its exact mark, is known that a start did not come to its end.
    const LockKind lock = kind_of_lock(dir);
    if (lock == LockKind::foreign) return ".lock";
    for (const std::string& name : names) {
        if (name == ".lock") continue;
        if (lock != LockKind::unfinished || !left_by_start(dir + "/" + name, name)) return name;
    }
    return "";
}

/// Where a link that leads to nothing points.
std::string followed(std::string path) {
    std::error_code error;
    for (int links = 0; links < kMostLinks && fs::is_symlink(path, error); ++links) {
        const fs::path target = fs::read_symlink(path, error);
        if (error) break;
        path = (fs::path(path).parent_path() / target).string();
    }
    return path;
}

}  // namespace

FolderLook look_at_folder(const std::string& dir) {
    std::error_code error;
    const auto status = fs::status(dir, error);
    if (status.type() == fs::file_type::not_found) return {FolderKind::absent};
    if (!fs::is_directory(status)) return {FolderKind::no_folder, "", error};
    std::vector<std::string> names = names_in(dir);
    // What is being made in it, or was by one that was killed, is nobody's content.
    std::erase_if(names, [&](const std::string& name) { return is_scratch(dir + "/" + name); });
    if (names.empty()) return {FolderKind::empty};
    // People give files such names, too.
    if (is_document(dir + "/run.json", "run")) return {FolderKind::run};
    if (is_document(dir + "/race.json", "race")) return {FolderKind::race};
    if (is_document(dir + "/batch.json", "batch")) return {FolderKind::batch};
    std::sort(names.begin(), names.end());
    const std::string foreign = foreign_of(dir, names);
    return {foreign.empty() ? FolderKind::begun : FolderKind::foreign, foreign};
}

bool is_run_folder(const std::string& dir) {
    return is_file(dir + "/run.json");
}

Status check_new_folder(const std::string& dir, FolderOf what) {
    const FolderLook look = look_at_folder(dir);
    const std::string other = "choose a new or an empty folder";
    // A batch goes on by itself where it can.
    const auto holds = [&](FolderOf found) {
        return usage_error(shown_path(dir) + ": already holds a " + word(found) + "; " +
                           (found == what && what != FolderOf::batch
                                ? "go on with it, or choose another folder"
                                : other));
    };
    switch (look.kind) {
        case FolderKind::absent:
        case FolderKind::empty:
        case FolderKind::begun:
            return {};
        case FolderKind::run:
            return holds(FolderOf::run);
        case FolderKind::race:
            return holds(FolderOf::race);
        case FolderKind::batch:
            return holds(FolderOf::batch);
        case FolderKind::no_folder:
            return usage_error(shown_path(dir) + ": " +
                               (look.error ? look.error.message() : "exists and is no folder") +
                               "; choose another name for the " + word(what));
        case FolderKind::foreign:
            break;
    }
    const std::string rest = " (" + in_quotes(look.foreign) + "); " + other;
    // By its content a model that was written before is no less foreign.
    if (what == FolderOf::model) return usage_error(shown_path(dir) + ": is not empty" + rest);
    return usage_error(shown_path(dir) + ": is no " + word(what) + " and not empty" + rest);
}

Status clear_begun(const std::string& dir, FolderOf what) {
    auto lock = FolderLock::take(dir, what);
    if (!lock) return lock.error();
    // Whoever was faster may have made something of it.
    if (look_at_folder(dir).kind != FolderKind::begun) return {};
    std::error_code ignored;
    for (const std::string& name : names_in(dir))
        if (name != ".lock") fs::remove(dir + "/" + name, ignored);  // a file or an empty folder
    lock->remove();
    return {};
}

Result<MadeFolders> make_folders(const std::string& dir) {
    MadeFolders made;
    std::error_code error;
    // From the innermost that is missing to the outermost, then back.
    std::vector<std::string> missing;
    for (std::string part = followed(dir); !part.empty() && !fs::is_directory(part, error);
         part = fs::path(part).parent_path().string()) {
        if (part.back() == '/') continue;
        missing.push_back(part);
        if (fs::path(part).parent_path() == part) break;
    }
    for (auto part = missing.rbegin(); part != missing.rend(); ++part) {
        if (fs::create_directory(*part, error)) made.push_back(*part);
        if (!error) continue;
        remove_folders(made);
        return file_error("cannot create the folder", *part, error.value());
    }
    return made;
}

void remove_folders(const MadeFolders& made) {
    for (auto part = made.rbegin(); part != made.rend(); ++part) {
        std::error_code ignored;
        fs::remove(*part, ignored);  // no more than an empty folder
    }
}

Result<NewFolder> NewFolder::make(const std::string& dir, FolderOf what) {
    if (auto s = check_new_folder(dir, what); !s) return s.error();
    auto made = make_folders(dir);
    if (!made) return made.error();
    NewFolder folder;
    folder.dir_ = dir;
    folder.made_ = std::move(*made);
    auto lock = FolderLock::take(dir, what);
    if (!lock) {
        remove_folders(folder.made_);
        return lock.error();
    }
    folder.lock_ = std::move(*lock);
    // Someone may have been faster between the first look and the lock.
    Status ours = check_new_folder(dir, what);
    if (ours) ours = folder.lock_.sign(/*unfinished=*/true);
    if (ours) return folder;
    if (look_at_folder(dir).kind == FolderKind::begun) folder.undo();
    return ours.error();
}

Result<FolderLock> NewFolder::become(const std::function<Status()>& fill,
                                     const std::function<void()>& take_back) {
    Status status = fill();
    if (status) status = lock_.sign();
    if (status) return std::move(lock_);
    if (lock_.check()) take_back();  // not in a folder that took its place
    undo();
    return status.error();
}

void NewFolder::undo(FolderLock lock, const std::vector<std::string>& files) {
    // Not in a folder that took the place of the one that was made.
    if (!lock.held() || !lock.check()) return;
    std::error_code ignored;
    for (const std::string& file : files) fs::remove(dir_ + "/" + file, ignored);
    lock.remove();
    remove_folders(made_);
    made_.clear();
}

}  // namespace hopscope::core
