// The file that says how a run, a race or a batch stands: the one text that must come to disk even
// where nothing else does, since what is kept as running after its process has ended misleads
// everyone who looks. Plain POSIX, any thread.
#pragma once

#include <string>
#include <string_view>

#include "core/base/debug_points.h"
#include "core/base/result.h"

namespace hopscope::core {

/// Replaces `path` by `json` (one object), whole. Where no second file finds room or descriptors
/// have run out, the text goes into the place that the file has on disk, without its layout if only
/// that fits; each file ends with as much room as a reason takes. Errors (failed) name the path and
/// the cause; the file is as it was then. @param rename reached when the second file is written
Status write_state_file(const std::string& path, const std::string& json,
                        DebugPoint rename = DebugPoint::none);

}  // namespace hopscope::core
