#include "core/base/json_problem.h"

#include <algorithm>

#include "core/base/utf8.h"

namespace hopscope::core {

namespace {

/// Sees the numbers as they are written.
class Numbers : public nlohmann::json_sax<nlohmann::json> {
  public:
    std::string vanished;

    bool number_float(double value, const std::string& written) override {
        if (value == 0 &&
            written.substr(0, written.find_first_of("eE")).find_first_of("123456789") !=
                std::string::npos)
            vanished = written;
        return vanished.empty();
    }
    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(int64_t) override { return true; }
    bool number_unsigned(uint64_t) override { return true; }
    bool string(std::string&) override { return true; }
    bool binary(nlohmann::json::binary_t&) override { return true; }
    bool start_object(size_t) override { return true; }
    bool key(std::string&) override { return true; }
    bool end_object() override { return true; }
    bool start_array(size_t) override { return true; }
    bool end_array() override { return true; }
    bool parse_error(size_t, const std::string&, const nlohmann::json::exception&) override {
        return false;
    }
};

}  // namespace

std::string vanished_number(std::string_view text) {
    Numbers numbers;
    nlohmann::json::sax_parse(text, &numbers);
    return numbers.vanished;
}

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
