#include "core/lab/train_run.h"

#include <utility>

#include "core/api/lab.h"
#include "core/session/headless.h"

namespace hopscope::core::lab {

std::vector<std::string> with_device(std::vector<std::string> overrides,
                                     std::optional<DeviceKind> device) {
    if (device) overrides.push_back("train.device=\"" + word(*device) + "\"");
    return overrides;
}

Result<RunStatus> train_run(SessionOptions options, const TrainWatch& watch) {
    const HeadlessWake wake;
    options.headless = true;
    options.wake = wake.callback();
    auto session = Session::open(std::move(options));
    if (!session) return session.error();
    return run_headless(**session, wake, watch.on_status, watch.on_step, interrupt_flag());
}

}  // namespace hopscope::core::lab
