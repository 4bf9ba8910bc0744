// The layout of a made-up model, for tests of what is read of it.
#pragma once

#include <gtest/gtest.h>

#include "core/imported/model_layout.h"
#include "tests/imported/tiny_model.h"

namespace hopscope::test {

/// Writes the model's folder and opens it.
inline core::ModelLayout laid_out(TinyModel& model) {
    const auto opened = core::ModelFolder::open(model.save());
    EXPECT_TRUE(opened) << opened.error().message;
    auto layout = core::layout_of(*opened);
    EXPECT_TRUE(layout) << layout.error().message;
    return *std::move(layout);
}

}  // namespace hopscope::test
