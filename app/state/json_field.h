// Fields of files that the window keeps, read one by one. Pure.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace hopscope::app {

/// `key` of an object into `to`, which stays as it is where there is none.
/// @throw std::invalid_argument another type stands there; says which, and of which key
template <class T>
void read_field(const nlohmann::json& from, const char* key, T& to) {
    const auto found = from.find(key);
    if (found == from.end()) return;
    try {
        // A number beyond the type, or a fraction, has no integer.
        if constexpr (std::is_same_v<T, int64_t>)
            if (!found->is_number_integer())
                throw std::invalid_argument(std::string(key) + " is no integer");
        to = found->template get<T>();
    } catch (const nlohmann::json::exception&) {
        throw std::invalid_argument(std::string(key) + " holds " + found->type_name() +
                                    ", which is not what belongs there");
    }
}

}  // namespace hopscope::app
