// Made-up snapshots for the tests of what the statistics panel shows.
#pragma once

#include <memory>
#include <vector>

#include "app/state/archive.h"
#include "tests/app/fake_session.h"

namespace hopscope::gui_test {

inline core::GeometrySnapshot snapshot_of(int64_t experts, int64_t hops = 2, int64_t width = 8) {
    FakeOptions options;
    options.layers = 2;
    options.experts = experts;
    options.hops = hops;
    options.d_space = width;
    options.tokens = 16;
    options.start_step = 10;
    FakeSession session(options);
    return *session.geometry();
}

inline core::GeometrySnapshot at_step(core::GeometrySnapshot snapshot, int64_t step) {
    snapshot.step = step;
    return snapshot;
}

inline app::Past past_with(const std::vector<core::GeometrySnapshot>& snapshots) {
    app::Past past;
    for (const auto& snapshot : snapshots)
        past.push_back(std::make_shared<core::GeometrySnapshot>(snapshot));
    return past;
}

}  // namespace hopscope::gui_test
