// One run trained to its end without a window: what `train`, `batch` and `race` have in common, and
// their option --device, which `bench` has too.
// Blocks the calling thread; the work goes on in the session's own.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/api/kinds.h"
#include "core/api/session.h"
#include "core/base/result.h"

namespace hopscope::core::lab {

/// Overrides of a configuration with that of an option --device behind them.
std::vector<std::string> with_device(std::vector<std::string> overrides,
                                     std::optional<DeviceKind> device);

struct TrainWatch {
    std::function<void(const RunStatus&)> on_status;  ///< preparation and state changes
    std::function<void(const ScalarRecord&, const RunStatus&)> on_step;
};

/// Trains the run of `options` (made headless here) until it is done; the interrupt flag stops it
/// cleanly. Errors: as run_headless.
Result<RunStatus> train_run(SessionOptions options, const TrainWatch& watch);

}  // namespace hopscope::core::lab
