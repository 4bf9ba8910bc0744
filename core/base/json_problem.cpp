#include "core/base/json_problem.h"

#include <algorithm>

#include "core/base/utf8.h"

namespace hopscope::core {

std::string json_problem(const nlohmann::json::exception& error, std::string_view text) {
    if (dynamic_cast<const nlohmann::json::out_of_range*>(&error))
        return "not valid JSON: a number in it lies beyond 1.8e308";
    const auto* parse = dynamic_cast<const nlohmann::json::parse_error*>(&error);
    const size_t at = parse && parse->byte > 0 ? parse->byte - 1 : 0;
    if (at >= text.size()) return "not valid JSON: it ends too early";
    const std::string_view before = text.substr(0, at);
    const auto lines = std::count(before.begin(), before.end(), '\n');
    const size_t line_begin = lines > 0 ? before.rfind('\n') + 1 : 0;
    constexpr size_t kNear = 24;
    const size_t from = at - std::min(at - line_begin, kNear / 2);
    return "not valid JSON at line " + std::to_string(1 + lines) + ", column " +
           std::to_string(1 + at - line_begin) + ", near " + in_quotes(text.substr(from, kNear));
}

}  // namespace hopscope::core
