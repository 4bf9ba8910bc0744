// Where analyze --out writes: NAME.json and NAME.csv of each analysis. An earlier analysis may be
// replaced, nothing else; a folder into which nothing came is gone again. One thread.
#pragma once

#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/analyses/document.h"
#include "core/base/json.h"
#include "core/base/result.h"
#include "core/run/new_folder.h"

namespace hopscope::core::lab {

class AnalysisFolder {
  public:
    /// The folder, made where it is missing.
    /// @param names  of the analyses; inputs: files and folders that are read, nothing is written
    /// into them
    /// Errors: usage, a file stands in its place, or in that of what is to be written there one
    /// that no analysis wrote, or it cannot be written; failed, it cannot be made.
    static Result<AnalysisFolder> make(const std::string& dir,
                                       const std::vector<std::string>& names,
                                       std::span<const std::string> inputs);
    AnalysisFolder() = default;  ///< of no --out: write() does nothing
    AnalysisFolder(AnalysisFolder&& other) noexcept
        : dir_(std::move(other.dir_)), made_(std::exchange(other.made_, {})) {}
    AnalysisFolder& operator=(AnalysisFolder&& other) noexcept {
        std::swap(dir_, other.dir_);
        std::swap(made_, other.made_);
        return *this;
    }
    ~AnalysisFolder() { remove_folders(made_); }

    /// NAME.json and NAME.csv (a named table: NAME.TABLE.csv).
    Status write(const std::string& name, const std::deque<analysis::Table>& tables,
                 const OrderedJson& document) const;

  private:
    std::string dir_;
    MadeFolders made_;
};

}  // namespace hopscope::core::lab
