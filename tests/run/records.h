// Records with awkward numbers for the tests of metrics.csv and event files, and a comparison down
// to the bit.
#pragma once

#include <bit>
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <random>
#include <vector>

#include "core/run/columns.h"

namespace hopscope::core {

/// A record whose every number is drawn over the whole range of its type; some are NaN.
inline ScalarRecord random_record(std::mt19937_64& random, int64_t step, size_t layers) {
    ScalarRecord record;
    record.layers.resize(layers);
    const auto draw = [&] {
        const float value = std::bit_cast<float>(static_cast<uint32_t>(random()));
        return std::isnan(value) ? kNaN : value;
    };
    for (const Column& column : metric_columns(static_cast<int64_t>(layers))) {
        if (auto* field = std::get_if<float ScalarRecord::*>(&column.field))
            record.*(*field) = draw();
        if (auto* field = std::get_if<float LayerScalars::*>(&column.field))
            record.layers[static_cast<size_t>(column.layer)].*(*field) = draw();
    }
    record.step = step;
    record.tokens = static_cast<int64_t>(random() >> 1);
    record.seconds = std::bit_cast<double>(random());
    if (std::isnan(record.seconds)) record.seconds = 0.1;
    return record;
}

template <class Number>
bool same_bits(Number a, Number b) {
    return (std::isnan(a) && std::isnan(b)) || std::memcmp(&a, &b, sizeof a) == 0;
}

inline void expect_same(const ScalarRecord& a, const ScalarRecord& b) {
    EXPECT_EQ(a.step, b.step);
    EXPECT_EQ(a.tokens, b.tokens);
    ASSERT_EQ(a.layers.size(), b.layers.size());
    for (const Column& column : metric_columns(static_cast<int64_t>(a.layers.size())))
        EXPECT_TRUE(same_bits(column_value(column, a), column_value(column, b)))
            << column.name << ": " << column_value(column, a) << " became "
            << column_value(column, b);
}

}  // namespace hopscope::core
