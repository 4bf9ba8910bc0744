// The run folder of an imported model as it is read again: what it is, the rows of its routers, its
// recorded choices. Read-only; an object belongs to the thread that opened it.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/imported/expert_alignment.h"
#include "core/imported/model_layout.h"
#include "core/imported/recorded_routing.h"
#include "core/run/run_info.h"

namespace hopscope::core {

/// The format of the rows' file: tensors `{router}.centroids` [experts, width], `.bias`,
/// `.correction` [experts] and `.norm_gain` [width], all F32, {router} as router_prefix() has it;
/// where experts were read also those of alignment_name(), [experts].
inline constexpr const char* kImportedRowsFormat = "hopscope.geometry/2";

std::string imported_rows_path(const std::string& dir);
std::string imported_trace_path(const std::string& dir, const std::string& name);

/// Whether `dir` is the run folder of an imported model.
bool is_imported_run(const std::string& dir);

class ImportedRun {
  public:
    /// Errors (usage): no such folder, a damaged run.json or imported.json.
    static Result<ImportedRun> open(const std::string& dir);

    const std::string& dir() const { return dir_; }
    const RunInfo& info() const { return info_; }
    const ModelLayout& layout() const { return layout_; }
    const std::string& document() const { return document_; }           ///< text of imported.json
    const std::vector<std::string>& traces() const { return traces_; }  ///< names

    /// [experts, width] of a router of the layout, as the model has them. Errors (usage) name the
    /// file: damaged, or of another layout.
    Result<std::vector<float>> rows(int64_t layer, const std::string& pool) const;
    /// [width] of the norm before it; empty where none was found. Errors as above.
    Result<std::vector<float>> gain(int64_t layer, const std::string& pool) const;
    /// [experts] on the logits, and on the choice alone; empty where the router has none. Errors as
    /// above.
    Result<std::vector<float>> bias(int64_t layer, const std::string& pool) const;
    Result<std::vector<float>> correction(int64_t layer, const std::string& pool) const;
    /// Whether the import read experts, too.
    bool has_experts() const;
    /// Of one of the matrices that were read of a router's experts. Errors as above.
    Result<Alignment> alignment(int64_t layer, const std::string& pool, const std::string& matrix,
                                RowsTaken rows) const;
    /// Errors (usage) name the file.
    Result<RecordedRouting> trace(const std::string& name) const;

  private:
    Result<std::vector<float>> values(const std::string& name,
                                      const std::vector<int64_t>& shape) const;
    Result<const ModelRouter*> router(int64_t layer, const std::string& pool) const;
    std::string dir_, document_;
    std::vector<std::string> traces_;
    RunInfo info_;
    ModelLayout layout_;
};

}  // namespace hopscope::core
