// Numbers and times as people read them: thousands separated, units in words, a dash where nothing
// was measured. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <string>

namespace hopscope::app {

inline constexpr const char* kNothing = "\xE2\x80\x93";  ///< en dash: not measured

std::string with_thousands(int64_t value);  ///< 12,345
/// A sentence with its whole numbers of four digits and more separated: "0 … 1,000,000".
std::string with_thousands_in(const std::string& sentence);
std::string rounded(double value, int decimals);    ///< fixed decimals, thousands separated
std::string significant(double value, int digits);  ///< 9.84, 0.0231, 3.0e-04, 1,240
std::string with_sign(double value, int digits);    ///< significant(), +0.5 or −0.5
std::string plain(double value);                    ///< shortest: 200, 1.5, 1,240, 3e-04
std::string duration(double seconds);  ///< "42 s", "1 min 12 s", "3 h 05 min", "2 d 4 h"
/// A round time at an axis: "30 s", "2:30 min", "1:30 h", "2 d 12 h".
std::string round_time(double seconds);
std::string bytes(int64_t value);  ///< "412 MB"
/// Seconds the rest of the run takes; NaN when unknown.
double time_left(int64_t step, int64_t steps, double tokens_per_s, double tokens_per_step);
/// The text cut to `length` characters (not bytes) with an ellipsis at the end.
std::string shortened(const std::string& text, size_t length);
/// The same with the ellipsis in the middle: of names that differ in their ends.
std::string shortened_in_middle(const std::string& text, size_t length);

}  // namespace hopscope::app
