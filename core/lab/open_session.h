// The door of the window, and of whoever trains without one: a session with the real trainer and
// inspector behind it (Session::open), or one that follows a run of another process. Calling
// thread; the session that comes out has threads of its own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/api/session.h"
#include "core/base/result.h"

namespace hopscope::core::lab {

/// Session::open, of which this is the whole.
Result<std::unique_ptr<Session>> open_session(SessionOptions options);

/// Takes over the configuration that the run folder of `options` was made with.
Status adopt_config(SessionOptions& options, const std::vector<std::string>& overrides);

}  // namespace hopscope::core::lab
