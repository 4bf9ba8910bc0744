// The word classes of the synthetic corpus, what its nouns stand for, and the real words of the
// closed classes. Immutable, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hopscope::core::synthetic {

enum class Class : uint8_t {
    function,
    cardinal,
    ordinal,
    time,
    place,
    discourse,
    emotion,
    name,
    noun,
    verb,
    adjective,
    adverb,
    unit,
    count
};
inline constexpr size_t kClasses = static_cast<size_t>(Class::count);
std::string_view name_of(Class c);

/// What a noun stands for; verbs choose their subject and object by it.
enum class Kind : uint8_t { agent, thing, idea, count };
inline constexpr size_t kKinds = static_cast<size_t>(Kind::count);
std::string_view name_of(Kind kind);

/// Words of one closed class, most frequent first.
const std::vector<std::string>& closed_words(Class c);
const std::vector<std::string>& seasons();    ///< part of Class::time
const std::vector<std::string>& weekdays();   ///< part of Class::time
const std::vector<std::string>& months();     ///< part of Class::time
const std::vector<std::string>& hours();      ///< part of Class::time: with "at"
const std::vector<std::string>& day_parts();  ///< part of Class::time: with "in the"

}  // namespace hopscope::core::synthetic
