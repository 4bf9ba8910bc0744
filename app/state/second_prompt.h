// The prompt that stands below the first one in the trajectory panel, and how the tokens of the two
// stand below each other. A plain value, owned by the window's state, window thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace hopscope::app {

struct SecondPrompt {
    /// The bytes of the two texts that are to stand below each other.
    struct Meeting {
        int64_t first = 0, second = 0;
        bool operator==(const Meeting&) const = default;
    };

    bool open = false;  ///< shown, and traced with the first
    std::string text;
    int64_t shift = 0;             ///< token j of it stands below token j + shift of the first
    std::optional<Meeting> meets;  ///< sets the shift once both are traced

    /// What is to be traced beside the first; "" for nothing.
    std::string asked() const { return open ? text : std::string(); }
    bool operator==(const SecondPrompt&) const = default;
};

}  // namespace hopscope::app
