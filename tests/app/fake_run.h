// The window's state on a made-up run, without the window: what the tests of app/state and of what
// panels and strips show have in common.
#pragma once

#include <chrono>
#include <gtest/gtest.h>
#include <memory>
#include <thread>

#include "tests/app/fake_session.h"
#include "tests/app/made_up_samples.h"

namespace hopscope::gui_test {

class FakeRun : public ::testing::Test {
  protected:
    ~FakeRun() override { state_.finish_aside(); }
    /// A small run; `change` the rest of it.
    template <class Change>
    void open(Change change) {
        FakeOptions options;
        options.layers = 2;
        options.experts = 8;
        options.tokens = 8;
        change(options);
        auto session = std::make_unique<FakeSession>(options);
        session_ = session.get();
        FakeShelf::serve(state_.services, session_->shelf());
        serve_made_up_samples(state_.services, options);
        state_.attach(std::move(session));
    }
    /// Frames of the window, `seconds` apart by its clock, with time for what is done aside.
    void frames(int count = 30, double seconds = 1) {
        for (int i = 0; i < count; ++i) {
            state_.now += seconds;
            update_state(state_);
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }

    app::AppState state_;
    FakeSession* session_ = nullptr;
};

}  // namespace hopscope::gui_test
