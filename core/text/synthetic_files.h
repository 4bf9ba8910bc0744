// The synthetic corpus as files: text to train on, text to validate on, and the truth about both.
// One thread a call.
#pragma once

#include <cstdint>
#include <string>

#include "core/api/progress.h"
#include "core/base/result.h"
#include "core/text/synthetic.h"

namespace hopscope::core {

struct SyntheticFiles {
    std::string train, valid, truth;  ///< paths
};
/// Writes dir/train.txt (at least `bytes`), dir/valid.txt (a twentieth of it, other documents) and
/// dir/truth.json, each replaced atomically; the folder must exist. Errors: usage (bytes < 1),
/// failed (disk), interrupted.
Result<SyntheticFiles> write_synthetic(const std::string& dir, uint64_t seed, int64_t bytes,
                                       const Progress& progress,
                                       const SyntheticOptions& options = {});

}  // namespace hopscope::core
