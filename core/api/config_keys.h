// The one table of configuration keys: name, place in the struct, what is allowed, a short comment.
// Parsing, checks, suggestions, TOML output and comparisons all walk it. No LibTorch, no TOML
// library; immutable, any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/api/config.h"
#include "core/api/config_words.h"
#include "core/api/needs.h"
#include "core/base/numbers.h"

namespace hopscope::core {

using Curriculum = std::vector<std::pair<int64_t, int64_t>>;

/// Where a value lives in a Config. A vector of integers stands for "an integer or an array"
/// (moe.hops).
using FieldRef = std::variant<int64_t*, uint64_t*, double*, bool*, std::string*,
                              std::vector<int64_t>*, Curriculum*, WordRef, WordListRef>;
using FieldView =
    std::variant<const int64_t*, const uint64_t*, const double*, const bool*, const std::string*,
                 const std::vector<int64_t>*, const Curriculum*, WordView, WordListView>;

/// What a number may be: an interval (of each entry, for arrays). Words are limited by their type,
/// texts not at all.
struct Allowed {
    NumberRange range = {};
    bool flag_too = false;  ///< the words true and false are flags in TOML (moe.renormalise)
};

/// What a key says that `set` changes while a run trains, besides its range; see
/// core/api/live_settings.h.
struct Live {
    std::string help;          ///< one sentence
    std::string label = {};    ///< "learning rate"; "": its name
    double low = 0, high = 0;  ///< where it usually lies, for a slider; equal: none is offered
    bool logarithmic = false;  ///< of the slider
    std::string allowed = {};  ///< for people, where the range alone misleads
    double most = 0;           ///< highest value where it is not the key's own; 0: it is
    int place = 100;           ///< in the list of `set`, which keeps the order it was published in
    std::string tensor = {};   ///< of each layer that learns the value: set with it; "": none
    std::optional<Need> need = std::nullopt;  ///< what a model without it has no use for
};

struct Key {
    std::string name;  ///< "table.key"
    FieldRef (*write)(Config&);
    FieldView (*read)(const Config&);
    Allowed allowed;
    std::string comment;     ///< unit or meaning, for the canonical TOML; "" for none
    bool resumable = false;  ///< resume may change it
    std::optional<Live> live = std::nullopt;  ///< there: `set` changes it while the run trains

    std::string_view table() const { return std::string_view(name).substr(0, name.find('.')); }
    std::string_view leaf() const { return std::string_view(name).substr(name.find('.') + 1); }
};

/// Every key, in the order of docs/formats.md#configuration.
const std::vector<Key>& config_keys();
/// nullptr if there is no such key.
const Key* find_key(std::string_view name);
/// The known key nearest to `name` by edit distance, a right leaf in a wrong table counting as
/// near; the first of equals.
std::string nearest_key(std::string_view name);
/// The entry of `known` nearest to `word` by edit distance (insert, delete, replace, swap
/// neighbours), the first of equals.
std::string nearest_word(std::string_view word, std::span<const std::string_view> known);

}  // namespace hopscope::core
