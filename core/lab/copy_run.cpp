// A copy of a run folder, to go on with where the run itself is not to be changed.
#include <filesystem>
#include <utility>

#include "core/api/lab.h"
#include "core/base/utf8.h"
#include "core/run/run_folder.h"

namespace hopscope::core::lab {
namespace {

namespace fs = std::filesystem;

/// A folder that is taken away again unless it was kept.
class HalfCopy {
  public:
    explicit HalfCopy(std::string dir) : dir_(std::move(dir)) {}
    HalfCopy(const HalfCopy&) = delete;
    HalfCopy& operator=(const HalfCopy&) = delete;
    ~HalfCopy() {
        std::error_code ignored;
        if (!dir_.empty()) fs::remove_all(dir_, ignored);
    }
    std::string keep() { return std::exchange(dir_, {}); }

  private:
    std::string dir_;
};

/// A file that can be written, whatever the original allows.
void copy_one(const fs::path& from, const fs::path& to, std::error_code& error) {
    fs::copy_file(from, to, error);
    if (!error) fs::permissions(to, fs::perms::owner_write, fs::perm_options::add, error);
}

}  // namespace

Result<std::string> copy_run(const std::string& dir, const std::string& base) {
    const auto from = RunFolder::open(dir, /*writer=*/false);
    if (!from) return from.error();
    const std::string to = default_run_dir(from->name(), base);
    std::error_code error;
    fs::create_directories(fs::path(to).parent_path(), error);
    if (!error && !fs::create_directory(to, error) && !error)
        return failure(shown_path(to) + " is there already; try again");
    if (error) return failure(shown_path(to) + ": cannot be made: " + error.message());
    HalfCopy copy(to);
    for (fs::recursive_directory_iterator at(dir, error), end; !error && at != end;
         at.increment(error)) {
        const fs::path target = fs::path(to) / fs::relative(at->path(), dir, error);
        if (error || at->path().filename() == ".lock") continue;
        if (at->is_directory(error))
            fs::create_directory(target, error);
        else if (!error)
            copy_one(at->path(), target, error);
        if (error)
            return failure(shown_path(to) + ": the copy of " + shown_path(dir) +
                           " could not be written: " + error.message());
    }
    if (error) return failure(shown_path(dir) + ": cannot be copied: " + error.message());
    return copy.keep();
}

}  // namespace hopscope::core::lab
