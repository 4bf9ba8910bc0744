#include "core/run/whole_folder.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <random>
#include <utility>

#include "core/base/scratch_owner.h"

namespace hopscope::core {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPartial = "hopscope-new-";

/// With it, the folder is one.
std::string file_of(FolderOf what) {
    return what == FolderOf::model ? "config.json" : std::string(word(what)) + ".json";
}

}  // namespace

WholeFolder::WholeFolder(WholeFolder&& other) noexcept
    : dir_(std::move(other.dir_)),
      place_(std::move(other.place_)),
      path_(std::exchange(other.path_, {})),
      what_(other.what_),
      made_(std::exchange(other.made_, {})),
      owner_(std::exchange(other.owner_, std::nullopt)) {}

WholeFolder::~WholeFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
    remove_folders(made_);
}

Result<WholeFolder> WholeFolder::make(const std::string& dir, FolderOf what) {
    if (auto s = check_new_folder(dir, what); !s) return s.error();
    WholeFolder folder(dir, what);
    auto made = make_folders(dir);
    if (!made) return made.error();
    folder.made_ = *std::move(made);
    if (auto s = folder.open(); !s) return s.error();
    return folder;
}

Status WholeFolder::open() {
    std::error_code error;
    place_ = fs::canonical(dir_, error).string();
    if (error) return file_error("cannot open the folder", dir_, error.value());
    // Of one that stood there, only what is in it need be ours to write.
    const std::string parent = made_.empty() ? place_ : parent_dir(place_);
    for (const std::string& left : {place_, parent_dir(place_)}) sweep_scratch(left);
    std::random_device seed;
    while (path_.empty()) {
        std::string path = parent + "/" + kPartial + std::to_string(seed());
        if (!fs::create_directory(path, error)) {
            if (!error) continue;  // the name is taken
            return file_error("cannot create the folder", path, error.value());
        }
        owner_ = own_scratch(path);
        // Where the file system knows no locks it stays without an owner, and nobody sweeps.
        if (owner_ || fs::exists(path, error)) path_ = std::move(path);
    }
    return {};
}

Status WholeFolder::move_in() {
    const std::string last = file_of(what_);
    std::error_code error;
    std::vector<std::string> names;
    for (fs::directory_iterator at(path_, error), end; !error && at != end; at.increment(error))
        if (const std::string name = at->path().filename().string();
            name != last && !is_scratch_mark(name))
            names.push_back(name);
    if (error) return file_error("cannot read the folder", path_, error.value());
    names.push_back(last);
    for (size_t i = 0; i < names.size(); ++i) {
        fs::rename(path_ + "/" + names[i], place_ + "/" + names[i], error);
        if (!error) continue;
        const int cause = error.value();
        for (size_t j = 0; j < i; ++j) fs::remove_all(place_ + "/" + names[j], error);
        return file_error("cannot write into the folder", dir_, cause);
    }
    return sync_dir(place_);
}

Status WholeFolder::finish() {
    if (auto s = check_new_folder(dir_, what_); !s) return s;
    if (look_at_folder(dir_).kind == FolderKind::begun)
        if (auto s = clear_begun(dir_, what_); !s) return s;
    if (made_.empty()) return move_in();
    std::error_code error;
    // Who keeps a folder to themselves wants what is in it kept so too.
    if (const auto there = fs::status(place_, error); fs::is_directory(there))
        fs::permissions(path_, there.permissions(), error);
    if (std::rename(path_.c_str(), place_.c_str()) != 0) {
        const int cause = errno;
        if (auto s = check_new_folder(dir_, what_); !s) return s;
        return file_error("cannot replace the folder", dir_, cause);
    }
    // Only now: a folder with the mark of another name is nobody's leftover.
    unmark_scratch(place_);
    path_.clear();
    made_.clear();
    owner_.reset();
    return sync_dir(parent_dir(place_));
}

}  // namespace hopscope::core
