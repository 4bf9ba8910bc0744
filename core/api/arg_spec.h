// How an argument of a command is described: its type and range, what it names in a model, how a
// form asks for it. Parser, --help, the registry's JSON and the editors of the window all read the
// description, so that none of them has to know an argument by its name. Plain values, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/api/kinds.h"

namespace hopscope::core {

/// An argument without a bound.
inline constexpr double kNoLimit = 1e308;
inline constexpr double kMaxIndex = 1e9;  ///< layers, hops, experts, tokens: far above any model
inline constexpr double kMaxStep = 1e15;  ///< exact as a double

/// What an argument may hold; one that is no text and has `choices` also takes these words.
enum class ArgType : uint8_t {
    integer,
    number,
    text,
    integers,  ///< one, or a list
    numbers,   ///< a list
    flag
};
/// As the registry's JSON and --help write it.
constexpr auto words_of(ArgType) {
    return words("integer", "number", "text", "integers", "numbers", "flag");
}

/// What an argument is to its command.
enum class ArgRole : uint8_t {
    target,  ///< says on what it acts
    value,   ///< says how much or where to, as a slider drags it
    dose     ///< a value that a dose curve scales
};

/// What of a model or a run an argument names.
enum class ArgMeaning : uint8_t {
    nothing,       ///< an amount, a word
    layer,         ///< the one in which the command acts
    layers,        ///< its scope: several; without them all
    hops,          ///< its scope, likewise
    tokens,        ///< its scope: the first and the last
    experts,       ///< those of the layer on which it acts
    other_expert,  ///< of the same layer, beside them
    neighbours,    ///< experts that a choice then has to do without: how many
    place,         ///< a point of the routing space
    step           ///< updates that the run has made
};

/// Where a number usually lies; a typed one may lie outside.
struct Slider {
    double low = 0, high = 0;
    double first = 1;  ///< in a form that nobody has touched yet
    bool logarithmic = false;
    bool operator==(const Slider&) const = default;
};

struct ArgSpec {
    std::string name = "";
    ArgType type = ArgType::text;
    bool required = false;
    std::string allowed = "";  ///< for people: "0 … 1", "routing | router | centroids | …"
    std::vector<std::string> choices = {};  ///< empty: any
    double min = -kNoLimit, max = kNoLimit;
    std::string help = "";
    bool open_min = false, open_max = false;       ///< the bound itself is not allowed
    std::vector<std::string> prompt_choices = {};  ///< choices that act on prompts; empty: all
    ArgRole role = ArgRole::target;
    ArgMeaning meaning = ArgMeaning::nothing;
    std::optional<Slider> slider = std::nullopt;  ///< of a number, where its range is too wide
    std::string belongs_to = "";  ///< the choice of its command's chooser that alone has it
    bool operator==(const ArgSpec&) const = default;
};

}  // namespace hopscope::core
