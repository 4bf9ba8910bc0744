// Larger samples of tokens of a made-up run.
#pragma once

#include <chrono>
#include <thread>

#include "tests/app/fake_session.h"

namespace hopscope::gui_test {

/// They are of options.start_step. One of 333 tokens fails, one of 777 goes on until it is
/// cancelled.
inline void serve_made_up_samples(app::Services& services, const FakeOptions& options) {
    services.token_sample =
        [options](const std::string&, int64_t tokens,
                  const core::Progress& progress) -> core::Result<core::GeometrySnapshot> {
        progress.report("routing of batch 1 of 2", 0.5);
        if (tokens == 333) return core::usage_error("runs/demo: no complete checkpoint yet");
        while (tokens == 777) {
            if (progress.cancelled()) return core::stopped_on_request("the sample was");
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        }
        FakeOptions larger = options;
        larger.tokens = tokens;
        return made_up_geometry(larger, options.start_step);
    };
}

}  // namespace hopscope::gui_test
