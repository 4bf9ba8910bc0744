// Geometry snapshots of a run that may be in training: its timeline is thinned while it is read,
// and one damaged file must not cost the others. Owned by one analysis, on its thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/api/snapshot.h"
#include "core/base/json.h"
#include "core/run/run_folder.h"

namespace hopscope::core::analysis {

class SavedSnapshots {
  public:
    struct Damaged {
        int64_t step = 0;
        std::string reason;
    };

    explicit SavedSnapshots(const RunFolder& folder) : folder_(folder) {}
    /// None where the file was thinned away since the folder was listed, or cannot be read; the
    /// latter is noted.
    std::optional<GeometrySnapshot> read(int64_t step);
    const std::vector<Damaged>& damaged() const { return damaged_; }

  private:
    const RunFolder& folder_;
    std::vector<Damaged> damaged_;
};

/// [{"step", "reason"}]
OrderedJson damaged_json(const std::vector<SavedSnapshots::Damaged>& damaged);

}  // namespace hopscope::core::analysis
