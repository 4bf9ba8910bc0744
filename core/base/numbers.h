// Numbers as people type them: decimal digits and nothing else, no blanks, no plus sign, no leading
// zeros, no other base; ranges that the sentence of a refusal can name; and long numbers as people
// read them. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hopscope::core {

/// What a number may be. A bound that is itself excluded is excluded as fp32 rounds: what becomes
/// the bound there is out, too.
struct NumberRange {
    double low = -1e308, high = 1e308;
    bool low_open = false, high_open = false;

    /// False for what is not finite.
    bool holds(double value) const;
    /// "1 … 64", "above 0 and at most 1, in fp32", "at least 2", "any finite value".
    std::string text() const;
};

/// Sizes that a run's numbers may have where nothing else bounds them: fp32 holds them, and so it
/// does their product with anything up to 1e8, a norm, say.
inline constexpr double kMostInFp32 = 1e30;
/// Shares, weights and scales: beyond it, fp32 keeps nothing of the 1 that it acts on.
inline constexpr double kMostScale = 1e6;

/// @name The number that the whole text is; nothing: it is none, or its type does not hold it
///@{
std::optional<int64_t> read_integer(std::string_view text);
std::optional<uint64_t> read_natural(std::string_view text);
std::optional<double> read_number(std::string_view text);
///@}

/// "84742144" → "84,742,144": the digits of an integer, with or without its sign.
std::string in_thousands(std::string digits);

}  // namespace hopscope::core
