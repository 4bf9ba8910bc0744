// A session on an imported model: its routers' rows as geometry, a recorded text as a trace.
// Nothing computes and nothing is written, so every command and question is refused. One thread
// reads the run folder, anew for each view that is asked for. Called on the window thread.
#pragma once

#include <memory>

#include "core/api/session.h"
#include "core/base/result.h"

namespace hopscope::core {

/// Opens options.run_dir, the folder of an import. Errors (usage): no such folder, or a damaged
/// one.
Result<std::unique_ptr<Session>> open_imported_session(SessionOptions options);

}  // namespace hopscope::core
