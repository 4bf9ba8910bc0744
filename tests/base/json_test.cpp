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

/// What is said of a text that is no JSON.
std::string problem_of(const std::string& text) {
    const auto read = parse_object(text, "f.json");
    EXPECT_FALSE(read.ok()) << text;
    return read.ok() ? "" : read.error().message;
}

// Wrong if the library's own words reach a person, or the place is missing.
TEST(JsonProblem, NamesThePlaceInOurWords) {
    EXPECT_EQ(problem_of("{\"a\": 1,\n \"b\": }"),
              "f.json: not valid JSON at line 2, column 7, near \" \"b\": }\"");
    EXPECT_EQ(problem_of("{\"a\": "), "f.json: not valid JSON: it ends too early");
    EXPECT_EQ(problem_of("{\"a\": 1e999}"),
              "f.json: not valid JSON: a number in it lies beyond 1.8e308");
    const std::string bytes = problem_of(std::string("{\"a\": \x1b\xff") + std::string(5000, 'x'));
    EXPECT_NE(bytes.find("\\x1b\\xff"), std::string::npos) << bytes;
    EXPECT_LT(bytes.size(), 150u);
}

// Wrong if the last of two wins without a word.
TEST(ParseObject, AKeyStandsOnce) {
    EXPECT_EQ(problem_of(R"({"a": 1, "b": {"a": 2}, "a": 3})"),
              "f.json: key \"a\" is given twice; allowed is once");
    EXPECT_EQ(problem_of(R"({"b": [{"c": 1}, {"c": 1, "c": 2}]})"),
              "f.json: key \"c\" is given twice; allowed is once");
    const auto read = parse_object(R"({"a": {"a": [{"a": 1}, {"a": 2}]}, "b": {"a": 1}})", "f");
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(read->dump(), R"({"a":{"a":[{"a":1},{"a":2}]},"b":{"a":1}})");
}

}  // namespace
}  // namespace hopscope::core
