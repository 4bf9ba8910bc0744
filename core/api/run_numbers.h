// What a run came to, as single numbers that can stand on the axes of a plot: what it cost, and
// what its curves, evaluations and kept documents end with. Plain values made by lab::run_numbers,
// never changed afterwards; any thread.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace hopscope::core {

/// Which way of a number is the better one; unknown where its kind does not say.
enum class Better : uint8_t { unknown, lower, higher };

struct RunNumber {
    std::string key;   ///< "valid_loss/final", "load/layers[0].gini": the same in every run
    std::string unit;  ///< "nats"; "" where none is known
    std::string from;  ///< what it is and where it was read, for people
    double value = std::numeric_limits<double>::quiet_NaN();  ///< finite
    double low = std::numeric_limits<double>::quiet_NaN();    ///< 95 % interval of its document
    double high = std::numeric_limits<double>::quiet_NaN();
    int64_t n = 0;     ///< it is over so many; 0: not told
    std::string over;  ///< of what: "updates", "batches"; "" with n 0
    Better better = Better::unknown;
};

struct RunNumbers {
    std::string dir;                  ///< as asked for
    std::string problem;              ///< why it cannot be read; then nothing below is known
    int64_t step = -1;                ///< newest update of its curves or evaluations; −1: none
    std::vector<RunNumber> costs;     ///< parameters, operations, updates, tokens, time
    std::vector<RunNumber> results;   ///< what it ends with
    std::vector<std::string> unread;  ///< files that were passed over, each with the reason
};

}  // namespace hopscope::core
