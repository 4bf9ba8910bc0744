// Values of configuration keys as text, and whether a single value is allowed.
#include "core/api/config_values.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <set>

#include "core/api/config_keys.h"
#include "core/base/names.h"
#include "core/base/overloaded.h"

namespace hopscope::core {
namespace {

template <class Items, class Format>
std::string array_text(const Items& items, Format format) {
    std::vector<std::string> parts;
    for (const auto& item : items) parts.push_back(format(item));
    return "[" + joined(parts, ", ") + "]";
}

bool all_distinct(const std::vector<size_t>& places) {
    return std::set<size_t>(places.begin(), places.end()).size() == places.size();
}

bool is_flag(const Allowed& a, std::string_view word) {
    return a.flag_too && (word == "true" || word == "false");
}

std::string words_text(const Allowed& a, Words words) {
    std::vector<std::string> parts;
    for (const std::string_view word : words)
        parts.push_back(is_flag(a, word) ? std::string(word) : toml_text(word));
    return joined(parts, " | ");
}

}  // namespace

std::string toml_text(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20 || byte == 0x7f) {
            constexpr char kHex[] = "0123456789ABCDEF";
            out += "\\u00";
            out += kHex[byte >> 4];
            out += kHex[byte & 15];
        } else {
            out += c;
        }
    }
    return out + "\"";
}

std::string format_number(double value) {
    if (std::isnan(value)) return "nan";
    if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
    char buffer[40];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
    std::string text(buffer, end);
    const size_t e = text.find('e');
    if (e == std::string::npos) return text.find('.') == std::string::npos ? text + ".0" : text;
    // 1e-08 → 1e-8, as people write it.
    size_t zeros = e + 2;
    while (zeros + 1 < text.size() && text[zeros] == '0') text.erase(zeros, 1);
    return text;
}

std::string format_value(const Key& key, const Config& config) {
    return std::visit(
        Overloaded{
            [](const int64_t* v) { return std::to_string(*v); },
            [](const uint64_t* v) { return std::to_string(*v); },
            [](const double* v) { return format_number(*v); },
            [](const bool* v) { return std::string(*v ? "true" : "false"); },
            [](const std::string* v) { return toml_text(*v); },
            [&](const WordView& v) {
                return is_flag(key.allowed, v.word()) ? std::string(v.word()) : toml_text(v.word());
            },
            [](const WordListView& v) {
                return array_text(v.places, [&](size_t i) { return toml_text(v.words[i]); });
            },
            [](const std::vector<int64_t>* v) {
                if (v->size() == 1) return std::to_string(v->front());
                return array_text(*v, [](int64_t i) { return std::to_string(i); });
            },
            [](const Curriculum* v) {
                return array_text(*v, [](const std::pair<int64_t, int64_t>& stage) {
                    return "[" + std::to_string(stage.first) + ", " + std::to_string(stage.second) +
                           "]";
                });
            },
        },
        key.read(config));
}

bool is_default(const Key& key, const Config& config) {
    static const Config defaults;
    return format_value(key, config) == format_value(key, defaults);
}

std::string describe_allowed(const Key& key) {
    const Allowed& a = key.allowed;
    static const Config defaults;
    return std::visit(
        Overloaded{
            [&](const int64_t*) { return "an integer, " + a.range.text(); },
            [&](const uint64_t*) { return std::string("an integer, 0 … 9223372036854775807"); },
            [&](const double*) { return "a number, " + a.range.text(); },
            [&](const bool*) { return std::string("true | false"); },
            [&](const std::string*) { return std::string("a text in quotes"); },
            [&](const WordView& v) { return words_text(a, v.words); },
            [&](const WordListView& v) { return "an array of distinct " + words_text(a, v.words); },
            [&](const std::vector<int64_t>*) {
                return "an integer, or an array of integers with one value a layer, each " +
                       a.range.text();
            },
            [&](const Curriculum*) {
                return std::string(
                    "an array of [from update ≥ 0, highest hop count ≥ 1], "
                    "e.g. [[0, 1], [1000, 2]]");
            },
        },
        key.read(defaults));
}

std::optional<std::string> value_problem(const Key& key, const Config& config) {
    const Allowed& a = key.allowed;
    const bool fine = std::visit(
        Overloaded{
            [&](const int64_t* v) { return a.range.holds(static_cast<double>(*v)); },
            // TOML integers are signed 64-bit.
            [&](const uint64_t* v) { return *v <= uint64_t{std::numeric_limits<int64_t>::max()}; },
            [&](const double* v) { return a.range.holds(*v); },
            [&](const bool*) { return true; },
            [&](const std::string*) { return true; },
            [&](const WordView&) { return true; },
            [&](const WordListView& v) { return all_distinct(v.places); },
            [&](const std::vector<int64_t>* v) {
                for (const int64_t i : *v)
                    if (!a.range.holds(static_cast<double>(i))) return false;
                return !v->empty();
            },
            [&](const Curriculum* v) {
                for (const auto& [from, hops] : *v)
                    if (from < 0 || hops < 1) return false;
                return true;
            },
        },
        key.read(config));
    if (fine) return std::nullopt;
    return "found " + format_value(key, config) + ", allowed " + describe_allowed(key);
}

}  // namespace hopscope::core
