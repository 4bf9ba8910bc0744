// Values of SciPy, scikit-learn, statsmodels and NumPy, written by make_reference.py. One thread.
#pragma once

#include <cmath>
#include <fstream>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/stats/interval.h"

namespace hopscope::core::stats::testing {

using Json = nlohmann::json;

inline const Json& reference() {
    static const Json json = [] {
        std::ifstream file(HOPSCOPE_STATS_REFERENCE);
        return Json::parse(file);
    }();
    return json;
}

/// All data sets of a topic; fails where the file holds fewer than 20.
inline const Json& sets(const char* topic) {
    const Json& all = reference().at(topic);
    EXPECT_GE(all.size(), 20u) << topic;
    return all;
}

inline std::vector<double> array(const Json& json) {
    return json.get<std::vector<double>>();
}
inline int64_t integer(const Json& json) {
    return json.get<int64_t>();
}

/// Equal to 1e-10, relative for numbers above 1.
inline void same(double found, const Json& expected, const std::string& what) {
    const double value = expected.get<double>();
    EXPECT_LE(std::fabs(found - value), 1e-10 * std::max(1.0, std::fabs(value)))
        << what << ": " << found << " against " << value;
}
inline void same(const std::vector<double>& found, const Json& expected, const std::string& what) {
    ASSERT_EQ(found.size(), expected.size()) << what;
    for (size_t i = 0; i < found.size(); ++i) same(found[i], expected[i], what);
}
inline void same(const Interval& found, const Json& expected, const std::string& what) {
    same(found.low, expected.at(0), what + " low");
    same(found.high, expected.at(1), what + " high");
}

}  // namespace hopscope::core::stats::testing
