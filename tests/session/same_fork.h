// What two windows say of one fork, whoever has it in memory.
#pragma once

#include <gtest/gtest.h>

#include "core/api/snapshot.h"

namespace hopscope::core {

/// All but whether it is still trained. The mean loss may differ by its order of summation.
inline void expect_same_fork(const ForkStatus& a, const ForkStatus& b) {
    EXPECT_EQ(a.lane, b.lane);
    EXPECT_EQ(a.step, b.step);
    EXPECT_EQ(a.name, b.name);
    EXPECT_EQ(a.dir, b.dir);
    EXPECT_EQ(a.with, b.with);
    EXPECT_EQ(a.updates, b.updates);
    EXPECT_NEAR(a.loss, b.loss, 1e-12);
    EXPECT_EQ(a.valid_step, b.valid_step);
    EXPECT_EQ(a.sequences, b.sequences);
    EXPECT_EQ(a.valid, b.valid);
    EXPECT_EQ(a.valid_low, b.valid_low);
    EXPECT_EQ(a.valid_high, b.valid_high);
}

}  // namespace hopscope::core
