#include "core/base/json.h"

#include <cmath>
#include <gtest/gtest.h>

namespace hopscope::core {
namespace {

TEST(JsonNumber, WhatIsNotFiniteIsNull) {
    EXPECT_EQ(json_number(0.25), nlohmann::ordered_json(0.25));
    EXPECT_TRUE(json_number(NAN).is_null());
    EXPECT_TRUE(json_number(-INFINITY).is_null());
}

}  // namespace
}  // namespace hopscope::core
