#include "core/api/layer_names.h"

#include <string_view>

namespace hopscope::core {
namespace {

constexpr std::string_view kWord = "layer ";

}  // namespace

std::string layer_name(const std::string& own, int64_t place) {
    return own.empty() ? std::string(kWord) + std::to_string(place) : own;
}

std::string layer_number(const std::string& own, int64_t place) {
    const std::string name = layer_name(own, place);
    return name.starts_with(kWord) ? name.substr(kWord.size()) : name;
}

std::string layer_in_file_name(const std::string& own, int64_t place) {
    std::string out = "layer";
    for (const char c : layer_number(own, place))
        if (c != '(' && c != ')') out += c == ' ' ? '_' : c;
    return out;
}

}  // namespace hopscope::core
