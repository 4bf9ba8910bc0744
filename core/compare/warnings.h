// What the numbers of a comparison do not carry, as sentences [def:comparison_warnings]: an
// interval that touches its bound, one seed that carries a gap, runs that differ in more than is
// compared. Pure functions, any thread.
#pragma once

#include <string>
#include <vector>

#include "core/base/json.h"

namespace hopscope::core {

struct CompareResult;  // core/compare/compare.h

struct Warning {
    std::string code;  ///< "touches_bound", …
    std::string text;  ///< one sentence with the numbers
    std::string a, b;  ///< labels or variants it is about; may be empty
};

/// What the numbers do not carry; derived from inputs and results alone.
std::vector<Warning> warnings_of(const CompareResult& result);

OrderedJson warning_json(const Warning& warning);

}  // namespace hopscope::core
