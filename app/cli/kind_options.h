// Options whose value is a word that names a kind (core/api/kinds.h). The word is read here, where
// it comes in, and is a kind from then on; what is allowed, the help and the refusal derive from
// the words of the kind. Main thread, during parsing only.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/api/kinds.h"

namespace hopscope::app {

/// An option that hands its one word to `read`. @param type as the help calls it: "TEXT", "INT"
CLI::Option* add_word(CLI::App& app, const std::string& name, const std::string& type,
                      const std::string& help, std::function<void(const std::string&)> read);
/// The same for one of `words`.
CLI::Option* add_one_of(CLI::App& app, const std::string& name,
                        const std::vector<std::string>& words, const std::string& help,
                        std::function<void(const std::string&)> read);

/// Any word of a kind; `to` keeps its value where the option is not given.
/// @tparam Place a kind, or an optional one
template <core::Kind E, class Place>
CLI::Option* add_any_kind(CLI::App& app, const std::string& name, Place& to,
                          const std::string& help) {
    return add_one_of(app, name, core::word_list<E>(), help,
                      [&to](const std::string& word) { to = *core::kind_of<E>(word); });
}

/// A kind; the value that `to` has is shown in the help.
template <core::Kind E>
CLI::Option* add_kind(CLI::App& app, const std::string& name, E& to, const std::string& help) {
    return add_any_kind<E>(app, name, to, help)->default_str(core::word(to));
}

/// A kind that is not there unless it is given.
template <core::Kind E>
CLI::Option* add_optional_kind(CLI::App& app, const std::string& name, std::optional<E>& to,
                               const std::string& help) {
    return add_any_kind<E>(app, name, to, help);
}

/// A kind that must be given.
template <core::Kind E>
CLI::Option* add_required_kind(CLI::App& app, const std::string& name, E& to,
                               const std::string& help) {
    return add_any_kind<E>(app, name, to, help)->required();
}

/// A kind that is decided: not "auto". The value that `to` has is shown in the help.
template <core::OpenKind E>
CLI::Option* add_decided_kind(CLI::App& app, const std::string& name, E& to,
                              const std::string& help) {
    return add_one_of(app, name, core::decided_words<E>(), help,
                      [&to](const std::string& word) { to = *core::decided_kind<E>(word); })
        ->default_str(core::word(to));
}

}  // namespace hopscope::app
