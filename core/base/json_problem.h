// What is wrong with a text that should be JSON, in a sentence of ours: the library's own texts
// speak of its exceptions and echo what they found. Pure function, any thread.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace hopscope::core {

/// What the parser refused about `text`: "not valid JSON at line 3, column 7, near "…"".
std::string json_problem(const nlohmann::json::exception& error, std::string_view text);

/// Of valid JSON, the first number that is other than 0 as it is written but too small for a
/// double, which holds it as 0: "1e-400"; "" if there is none.
std::string vanished_number(std::string_view text);

}  // namespace hopscope::core
