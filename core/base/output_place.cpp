#include "core/base/output_place.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string_view>
#include <sys/stat.h>
#include <vector>

#include "core/base/file_handle.h"
#include "core/base/utf8.h"

namespace hopscope::core {
namespace {

/// A folder in which something is kept. Told by two of its files together, since people give files
/// such names too.
struct KeptFolder {
    const char* what;
    const char* marks[2];
    std::vector<std::string_view> own;  ///< what it is kept in, files and folders
};

const std::vector<KeptFolder>& kept_folders() {
    static const std::vector<KeptFolder> kAll = {
        {"run",
         {"run.json", "config.toml"},
         {"config.toml", "run.json", "metrics.csv", "events.jsonl", "tokenizer.model", ".lock",
          "difference.csv", "checkpoints", "geometry", "eval", "metrics", "data", "forks"}},
        {"race", {"race.json", ".lock"}, {"race.json", ".lock"}},
        {"batch", {"batch.json", ".lock"}, {"batch.json", "batch.csv", ".lock"}},
    };
    return kAll;
}

/// What is kept in `folder`; null: nothing that is known here.
const KeptFolder* kept_in(const std::string& folder) {
    for (const KeptFolder& kept : kept_folders())
        if (std::all_of(std::begin(kept.marks), std::end(kept.marks), [&](const char* mark) {
                return kind_of_file(folder + "/" + mark) == FileKind::file;
            }))
            return &kept;
    return nullptr;
}

/// With links and dots resolved; "" where nothing stands there.
std::string existing_path(const std::string& path) {
    const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), std::free);
    return real ? real.get() : "";
}

/// The same for a file that need not exist yet, as long as its folder does.
std::string real_path(const std::string& path) {
    if (auto real = existing_path(path); !real.empty()) return real;
    const std::string folder = existing_path(parent_dir(path));
    return folder.empty() ? "" : folder + "/" + path.substr(path.rfind('/') + 1);
}

Error refusal(const std::string& path, const std::string& why) {
    return usage_error("--out: " + shown_path(path) + " " + why + "; give another file");
}

/// What `spelled` belongs to by its place, "belongs to the run r"; "" where to nothing.
std::string owner_of(const std::string& spelled) {
    std::string found;
    for (size_t slash = 0, begin = 0; slash != std::string::npos; begin = slash + 1) {
        // The folder in which the part that begins here lies.
        const std::string folder =
            begin == 0 ? "." : spelled.substr(0, std::max<size_t>(begin - 1, 1));
        slash = spelled.find('/', begin);
        const std::string_view part = std::string_view(spelled).substr(begin, slash - begin);
        const KeptFolder* kept = kept_in(folder);
        if (!kept) continue;
        // The innermost decides: a fork lies in the folder of its run, and is one.
        if (std::find(kept->own.begin(), kept->own.end(), part) == kept->own.end())
            found.clear();
        else
            found = std::string("belongs to the ") + kept->what + " " + shown_path(folder);
    }
    return found;
}

/// The same of a path by both its names: as it is spelled, since a folder of a run may be a link to
/// another disk, and as links and dots resolve.
std::string owner_of(const std::string& path, const std::string& real) {
    const bool plain = path.find("..") == std::string::npos;
    const std::string found = plain ? owner_of(path) : "";
    return found.empty() ? owner_of(real) : found;
}

bool same_file(const struct stat& a, const struct stat& b) {
    return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/// Whether a file below `folder` is `wanted` by another name. Errors (failed): descriptors or
/// memory run out before that is known.
Result<bool> holds(const std::string& folder, const struct stat& wanted) {
    std::error_code error;
    std::filesystem::recursive_directory_iterator at(
        folder, std::filesystem::directory_options::skip_permission_denied, error);
    for (; !error && at != std::filesystem::recursive_directory_iterator(); at.increment(error)) {
        struct stat found {};
        if (::stat(at->path().c_str(), &found) == 0 && same_file(found, wanted)) return true;
    }
    if (error && is_of_the_machine(error.value()))
        return reading_error(shown_path(folder), error.value());
    return false;
}

}  // namespace

Status check_output_apart(const std::string& path, std::span<const std::string> inputs) {
    struct stat out {};
    const bool exists = ::stat(path.c_str(), &out) == 0;
    if (exists && !S_ISREG(out.st_mode)) return {};  // replaced by nothing
    const std::string real = real_path(path);
    if (real.empty()) return {};
    for (const std::string& input : inputs) {
        struct stat in {};
        if (::stat(input.c_str(), &in) != 0) continue;
        if (!S_ISDIR(in.st_mode)) {
            if (exists && same_file(in, out)) return refusal(path, "is read by this call");
        } else if (!kept_in(input)) {
            std::string above = existing_path(input);
            if (!above.ends_with('/')) above += '/';
            if (real.starts_with(above))
                return refusal(path,
                               "lies in " + shown_path(input) + ", which is read by this call");
            const Result<bool> held = exists ? holds(input, out) : Result<bool>(false);
            if (!held) return held.error();
            if (*held) return refusal(path, "is read by this call");
        }
    }
    const std::string owner = owner_of(path, real);
    return owner.empty() ? Status() : Status(refusal(path, owner));
}

Status check_place(const std::string& path, FileKind expected) {
    const FileKind kind = kind_of_file(path);
    std::error_code ignored;
    const bool nowhere = kind == FileKind::none && std::filesystem::is_symlink(path, ignored);
    if (kind == expected || (kind == FileKind::none && !nowhere)) return {};
    const std::string wanted = expected == FileKind::folder ? "folder" : "file";
    return usage_error(shown_path(path) + ": is " +
                       (nowhere ? "a link that leads to nothing" : name_of(kind)) + "; a " +
                       wanted + " is expected: move it away, or put the " + wanted +
                       " back; nothing was changed");
}

Status check_folder_place(const std::string& path) {
    for (std::string part = path;; part = parent_dir(part)) {
        const FileKind kind = kind_of_file(part);
        if (kind == FileKind::folder) return {};
        std::error_code error;
        (void)std::filesystem::status(part, error);
        if (error == std::errc::filename_too_long)
            return usage_error(shown_path(part) + ": " + error.message() + "; name another place");
        if (kind != FileKind::none)
            return usage_error(shown_path(part) + " is " + name_of(kind) +
                               ", a folder is expected; name another place");
        if (part == parent_dir(part)) return {};
    }
}

Status check_new_place(const std::string& path) {
    if (auto s = check_folder_place(parent_dir(path)); !s) return s;
    std::error_code ignored;
    const std::string real = std::filesystem::weakly_canonical(path, ignored).string();
    const std::string owner = owner_of(path, real);
    if (owner.empty()) return {};
    return usage_error(shown_path(path) + " " + owner + "; choose a folder outside of it");
}

}  // namespace hopscope::core
