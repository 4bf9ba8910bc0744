#include "core/text/corpus_files.h"

#include <algorithm>
#include <deque>
#include <filesystem>
#include <set>
#include <sys/stat.h>
#include <utility>

#include "core/base/file_handle.h"
#include "core/base/utf8.h"

namespace hopscope::core {
namespace {

namespace fs = std::filesystem;

/// Walks through a folder: first what lies in it, then what is linked, so that a folder that is
/// reached both ways is read where it lies.
class Walk {
  public:
    explicit Walk(std::string what) : what_(std::move(what)) {}

    Status through(const std::string& root) {
        folders_.push_back(root);
        while (!folders_.empty() || !linked_.empty()) {
            auto& from = folders_.empty() ? linked_ : folders_;
            const std::string folder = std::move(from.front());
            from.pop_front();
            if (auto s = look_into(folder); !s) return s;
        }
        std::sort(files_.begin(), files_.end());
        return {};
    }
    std::vector<std::string> files() && { return std::move(files_); }

  private:
    Error wrong(const std::string& path, const std::string& why) const {
        return usage_error(what_ + " " + shown_path(path) + ": " + why);
    }

    Status look_into(const std::string& folder) {
        struct stat info {};
        if (::stat(folder.c_str(), &info) != 0)
            return reading_error(what_ + " " + shown_path(folder), errno);
        // Links may lead in a circle, or here by two ways.
        if (!seen_.emplace(info.st_dev, info.st_ino).second) return {};
        if (kind_of_file(folder + "/run.json") == FileKind::file &&
            kind_of_file(folder + "/config.toml") == FileKind::file)
            return wrong(folder,
                         "is the folder of a run, whose files are no text; name a folder that "
                         "holds texts alone, or keep the run elsewhere");
        const auto names = list_folder(folder);
        if (!names) return said_of(what_ + " ", names.error());
        for (const std::string& name : *names)
            if (auto s = take((fs::path(folder) / name).string(), name); !s) return s;
        return {};
    }

    Status take(const std::string& path, const std::string& name) {
        if (name.starts_with(".")) return {};
        std::error_code ignored;
        const bool link = fs::is_symlink(path, ignored);
        switch (kind_of_file(path)) {
            case FileKind::folder:
                (link ? linked_ : folders_).push_back(path);
                break;
            case FileKind::file:
                files_.push_back(path);
                break;
            case FileKind::none:
                if (link) return wrong(path, "is a link that leads nowhere; mend or remove it");
                break;  // gone meanwhile
            default:
                return wrong(path, "is " + std::string(name_of(kind_of_file(path))) +
                                       ", which holds no text; remove it");
        }
        return {};
    }

    std::string what_;
    std::deque<std::string> folders_, linked_;
    std::set<std::pair<dev_t, ino_t>> seen_;
    std::vector<std::string> files_;
};

}  // namespace

Result<std::vector<std::string>> corpus_files(const std::string& path, const std::string& what) {
    const FileKind kind = kind_of_file(path);
    if (kind == FileKind::none)
        return usage_error(what + " " + shown_path(path) +
                           " does not exist; give a UTF-8 text file, an .xz file or a folder of "
                           "them");
    if (kind != FileKind::folder) return std::vector<std::string>{path};
    Walk walk(what);
    if (auto s = walk.through(path); !s) return s.error();
    auto files = std::move(walk).files();
    if (files.empty())
        return usage_error(what + " " + shown_path(path) + ": the folder holds no text file");
    return files;
}

}  // namespace hopscope::core
