// Compares tables of the statistics panel with what they should hold, numbers to six digits.
#pragma once

#include <gtest/gtest.h>
#include <sstream>
#include <string>
#include <vector>

#include "core/api/base.h"

namespace hopscope::gui_test {

inline std::vector<std::string> cells_of(const std::string& line) {
    std::vector<std::string> out(1);
    for (const char c : line) {
        if (c == ',')
            out.emplace_back();
        else
            out.back() += c;
    }
    return out;
}

/// Line by line and cell by cell; texts are equal, numbers nearly.
inline void expect_table(const std::string& found, const std::string& expected) {
    std::istringstream a(found), b(expected);
    std::string x, y;
    int number = 0;
    while (std::getline(b, y)) {
        ++number;
        ASSERT_TRUE(std::getline(a, x)) << "no line " << number << ": " << y;
        if (x.starts_with("#")) {
            EXPECT_EQ(x, y);
            continue;
        }
        const auto left = cells_of(x), right = cells_of(y);
        ASSERT_EQ(left.size(), right.size()) << x;
        for (size_t i = 0; i < left.size(); ++i) {
            double v = 0, w = 0;
            const bool both = !left[i].empty() && !right[i].empty() &&
                              core::read_csv_number(left[i], v) &&
                              core::read_csv_number(right[i], w);
            if (both)
                EXPECT_NEAR(v, w, 1e-6) << "line " << number << ": " << x;
            else
                EXPECT_EQ(left[i], right[i]) << "line " << number << ": " << x;
        }
    }
    EXPECT_FALSE(std::getline(a, x)) << "one more line: " << x;
}

}  // namespace hopscope::gui_test
