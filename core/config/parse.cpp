// TOML text and "table.key=value" overrides → a checked Config, each complaint with the place it
// comes from.
#include "core/config/parse.h"

#include <algorithm>
#include <map>
#include <set>
#include <toml++/toml.h>

#include "core/api/config_keys.h"
#include "core/api/config_values.h"
#include "core/base/files.h"
#include "core/base/names.h"
#include "core/base/numbers.h"
#include "core/base/utf8.h"
#include "core/config/check.h"

namespace hopscope::core {
namespace {

/// Where a value was given.
struct Origin {
    std::string where;  ///< "file.toml:12" or "--set moe.top_k=600"
    bool by_override = false;
    bool array = false;
};

std::string describe_found(const toml::node& node) {
    if (const auto* text = node.as_string()) return in_quotes(text->get());
    if (const auto* integer = node.as_integer()) return std::to_string(integer->get());
    if (const auto* number = node.as_floating_point()) return format_number(number->get());
    if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
    if (node.is_array()) return "an array";
    if (node.is_table()) return "a table";
    return "a date or time";
}

bool read_integers(const toml::array& array, std::vector<int64_t>& out) {
    out.clear();
    for (const toml::node& item : array) {
        const auto* integer = item.as_integer();
        if (!integer) return false;
        out.push_back(integer->get());
    }
    return true;
}

// One overload a plain type of FieldRef; false means a wrong type.
bool assign(int64_t* to, const toml::node& from) {
    const auto* v = from.as_integer();
    if (v) *to = v->get();
    return v != nullptr;
}

bool assign(uint64_t* to, const toml::node& from) {
    const auto* v = from.as_integer();
    if (!v || v->get() < 0) return false;
    *to = static_cast<uint64_t>(v->get());
    return true;
}

bool assign(double* to, const toml::node& from) {
    if (const auto* v = from.as_floating_point()) {
        *to = v->get();
    } else if (const auto* i = from.as_integer()) {
        *to = static_cast<double>(i->get());
    } else {
        return false;
    }
    return true;
}

bool assign(bool* to, const toml::node& from) {
    const auto* v = from.as_boolean();
    if (v) *to = v->get();
    return v != nullptr;
}

bool assign(std::string* to, const toml::node& from) {
    const auto* v = from.as_string();
    if (v) *to = v->get();
    return v != nullptr;
}

bool assign(std::vector<int64_t>* to, const toml::node& from) {
    if (const auto* v = from.as_integer()) {
        *to = {v->get()};
        return true;
    }
    const auto* array = from.as_array();
    return array && read_integers(*array, *to);
}

bool assign(Curriculum* to, const toml::node& from) {
    const auto* array = from.as_array();
    if (!array) return false;
    to->clear();
    for (const toml::node& item : *array) {
        const auto* stage = item.as_array();
        std::vector<int64_t> pair;
        if (!stage || !read_integers(*stage, pair) || pair.size() != 2) return false;
        to->emplace_back(pair[0], pair[1]);
    }
    return true;
}

/// A value that a key cannot take: as it was found, and what was likely meant.
struct Misfit {
    std::string found, hint = "";
};

template <class T>
std::optional<Misfit> put(T* to, const toml::node& from, bool /*flag_too*/) {
    if (assign(to, from)) return std::nullopt;
    return Misfit{describe_found(from)};
}

std::string likely(std::string_view word, Words words) {
    return "; did you mean " + toml_text(nearest_word(word, words)) + "?";
}

/// @param flag_too the words "true" and "false" stand for the flags, and in TOML only the flags may
///                 say so
std::optional<Misfit> put(const WordRef& to, const toml::node& from, bool flag_too) {
    const auto* text = from.as_string();
    const auto* flag = flag_too ? from.as_boolean() : nullptr;
    const bool quoted_flag = flag_too && text && (*text == "true" || *text == "false");
    if ((!text && !flag) || quoted_flag) return Misfit{describe_found(from)};
    const std::string word = text ? text->get() : flag->get() ? "true" : "false";
    const size_t place = place_of(word, to.words());
    if (place == to.words().size()) return Misfit{describe_found(from), likely(word, to.words())};
    to.set(place);
    return std::nullopt;
}

std::optional<Misfit> put(const WordListRef& to, const toml::node& from, bool /*flag_too*/) {
    std::vector<std::string> found, quoted;
    const auto* array = from.as_array();
    if (!array) return Misfit{describe_found(from)};
    for (const toml::node& item : *array) {
        const auto* text = item.as_string();
        if (!text) return Misfit{describe_found(from)};
        found.push_back(text->get());
        quoted.push_back(in_quotes(found.back()));
    }
    const std::string whole = shown("[" + joined(quoted, ", ") + "]");
    std::vector<size_t> places;
    for (const std::string& word : found) {
        const size_t place = place_of(word, to.words());
        if (place == to.words().size()) return Misfit{whole, likely(word, to.words())};
        if (std::count(places.begin(), places.end(), place)) return Misfit{whole};
        places.push_back(place);
    }
    to.set(places);
    return std::nullopt;
}

/// Puts the node's value into the config; the complaint if its type or value is wrong.
std::optional<std::string> set_value(const Key& key, const toml::node& node, Config& config) {
    const auto misfit =
        std::visit([&](auto to) { return put(to, node, key.allowed.flag_too); }, key.write(config));
    if (misfit)
        return "found " + misfit->found + ", allowed " + describe_allowed(key) + misfit->hint;
    return value_problem(key, config);
}

/// Collects values and complaints of one configuration.
class Reader {
  public:
    explicit Reader(std::string name) : name_(std::move(name)) {}

    void read_root(const toml::table& root) {
        for (const auto& [name, node] : root) {
            const std::string table(name.str());
            if (!is_table(table)) {
                const bool header = node.is_table() || node.is_array_of_tables();
                complain(line_of(node, name), header ? unknown_table(table) : unknown_key(table));
            } else if (const toml::table* keys = node.as_table()) {
                for (const auto& [leaf, value] : *keys)
                    read_value(table + "." + std::string(leaf.str()), value, line_of(value, leaf));
            } else {
                complain(line_of(node, name), table + ": found " + describe_found(node) +
                                                  ", allowed a table, [" + table + "]");
            }
        }
    }

    /// The complaint of the earliest line, if there was any.
    std::optional<std::string> complaint() const {
        if (complaints_.empty()) return std::nullopt;
        std::string text = complaints_.begin()->second;
        if (complaints_.size() > 1)
            text += " (and " + std::to_string(complaints_.size() - 1) + " more)";
        return text;
    }

    /// Of what to_toml wrote: what is not there, though it writes every key.
    std::optional<std::string> missing() const {
        std::set<std::string_view> tables;
        for (const auto& [name, origin] : origins_) tables.insert(find_key(name)->table());
        for (const Key& key : config_keys()) {
            if (key.table() == "debug" || origins_.count(key.name)) continue;
            const std::string table = "[" + std::string(key.table()) + "]";
            return name_ + ": " +
                   (tables.count(key.table()) ? key.name + " is missing in " + table
                                              : "table " + table + " is missing") +
                   "; a run's configuration holds every key, so this file was emptied or cut: put "
                   "it back from a copy of the run";
        }
        return std::nullopt;
    }

    /// @param named how the place of the assignment is called, "--set"
    std::optional<std::string> apply_override(const std::string& assignment,
                                              const std::string& named) {
        const std::string where = named + " " + shown(assignment);
        const size_t equals = assignment.find('=');
        if (equals == std::string::npos || equals == 0)
            return where + ": allowed table.key=value, e.g. model.d_model=128";
        const std::string name = trimmed(assignment.substr(0, equals));
        const std::string value = trimmed(assignment.substr(equals + 1));
        const Key* key = find_key(name);
        if (!key) return where + ": " + unknown_key(name);
        if (find_bad_utf8(value))
            return where + ": " + key->name +
                   ": is no UTF-8, which all texts of a configuration are; rename the file, or "
                   "make a link of a plain name to it";
        const auto holder = parse_override(*key, value);
        if (!holder)
            return where + ": " + key->name + ": found " +
                   (value.empty() ? "nothing" : shown(value)) + ", allowed " +
                   describe_allowed(*key);
        const toml::node& node = *holder->get("v");
        if (const auto problem = set_value(*key, node, config_))
            return where + ": " + key->name + ": " + *problem;
        origins_[key->name] = {where, true, node.is_array()};
        return std::nullopt;
    }

    /// Values that follow from others where they were not given themselves.
    void resolve() {
        if (config_.moe.projection == ProjectionKind::identity && !origins_.count("moe.d_space"))
            config_.moe.d_space = config_.model.d_model;
        // Naming a corpus is asking for it: data.train alone switches the source, unless a source
        // was named later or in the same place.
        const auto corpus = origins_.find("data.train");
        const auto source = origins_.find("data.source");
        const bool named =
            source != origins_.end() &&
            (source->second.by_override || corpus == origins_.end() || !corpus->second.by_override);
        if (corpus != origins_.end() && !config_.data.train.empty() && !named)
            config_.data.source = DataSource::text;
    }

    std::optional<std::string> conflict() const {
        const auto hops = origins_.find("moe.hops");
        // An array of one is a value a layer too; the struct alone cannot tell it from an integer.
        if (hops != origins_.end() && hops->second.array)
            if (const auto wrong =
                    hops_length_conflict(config_.moe.hops.size(), config_.model.n_layers))
                return located(*wrong);
        if (const auto wrong = find_conflict(config_)) return located(*wrong);
        return std::nullopt;
    }

    const Config& config() const { return config_; }

  private:
    static bool is_table(const std::string& name) {
        const auto& keys = config_keys();
        return std::any_of(keys.begin(), keys.end(),
                           [&](const Key& key) { return key.table() == name; });
    }

    static std::string unknown_table(const std::string& name) {
        return "unknown table [" + shown(name) +
               "], allowed [model] | [moe] | [train] | [data]; nearest is [" +
               nearest_word(name, words("model", "moe", "train", "data")) + "]";
    }

    static std::string unknown_key(const std::string& name) {
        return "unknown key " + shown(name) + "; did you mean " + nearest_key(name) + "?";
    }

    static std::string trimmed(const std::string& text) {
        const size_t begin = text.find_first_not_of(" \t\r\n");
        if (begin == std::string::npos) return "";
        return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
    }

    static bool is_numeric(const FieldView& field) {
        return !std::holds_alternative<const std::string*>(field) &&
               !std::holds_alternative<const bool*>(field) &&
               !std::holds_alternative<WordView>(field) &&
               !std::holds_alternative<WordListView>(field);
    }

    /// A number as the command line takes it, or an array that holds no other kind: TOML itself
    /// knows hexadecimal, octal and binary digits, plus signs and underscores as well.
    static bool is_decimal(const std::string& value) {
        if (read_number(value)) return true;
        return value.starts_with('[') &&
               value.find_first_not_of("[]-0123456789, \t") == std::string::npos;
    }

    /// The override's value as the key "v" of a table: TOML, or for a text key the bare words
    /// themselves.
    static std::optional<toml::table> parse_override(const Key& key, const std::string& value) {
        static const Config defaults;
        const FieldView field = key.read(defaults);
        const bool text = std::holds_alternative<const std::string*>(field) ||
                          std::holds_alternative<WordView>(field);
        auto as_toml = [](const std::string& toml) -> std::optional<toml::table> {
            try {
                toml::table table = toml::parse("v = " + toml);
                // More than one key would be a second assignment smuggled in by a line break.
                if (table.size() == 1 && table.contains("v")) return table;
            } catch (const toml::parse_error&) {
            }
            return std::nullopt;
        };
        if (is_numeric(field) && !is_decimal(value)) return std::nullopt;
        auto table = as_toml(value);
        if (!text) return table;
        const bool is_text = table && table->get("v")->is_string();
        const bool is_flag = table && key.allowed.flag_too && table->get("v")->is_boolean();
        return is_text || is_flag ? table : as_toml(toml_text(value));
    }

    static toml::source_index line_of(const toml::node& node, const toml::key& key) {
        const auto line = key.source().begin.line;
        return line ? line : node.source().begin.line;
    }

    std::string at(toml::source_index line) const { return name_ + ":" + std::to_string(line); }

    void complain(toml::source_index line, const std::string& problem) {
        complaints_.emplace(line, at(line) + ": " + problem);
    }

    void read_value(const std::string& name, const toml::node& node, toml::source_index line) {
        const Key* key = find_key(name);
        if (!key) return complain(line, unknown_key(name));
        origins_[name] = {at(line), false, node.is_array()};
        if (const auto problem = set_value(*key, node, config_))
            complain(line, name + ": " + *problem);
    }

    /// Names the place to change: an override among the keys involved, else the first of them in
    /// the file.
    std::string located(const Conflict& conflict) const {
        const Origin* place = nullptr;
        for (const std::string& key : conflict.keys) {
            const auto origin = origins_.find(key);
            if (origin == origins_.end()) continue;
            if (!place || (origin->second.by_override && !place->by_override))
                place = &origin->second;
        }
        return (place ? place->where : name_) + ": " + conflict.keys.front() + ": " +
               conflict.problem;
    }

    std::string name_;
    Config config_;
    std::map<std::string, Origin> origins_;
    std::multimap<toml::source_index, std::string> complaints_;
};

/// A configuration has about 3 KB; the limit keeps a mistaken path from being read into memory.
constexpr size_t kMaxConfigBytes = size_t{1} << 20;

/// What people leave out is a default; the program writes every key.
enum class Written : uint8_t { by_people, by_the_program };

Result<Config> parse(const std::string& toml, const std::string& name,
                     const std::vector<std::string>& overrides, Written written) {
    Reader reader(name);
    try {
        reader.read_root(toml::parse(toml, name));
    } catch (const toml::parse_error& e) {
        return usage_error(name + ":" + std::to_string(e.source().begin.line) +
                           ": not TOML: " + shown(e.description()));
    }
    if (const auto problem = reader.complaint()) return usage_error(*problem);
    if (written == Written::by_the_program)
        if (const auto problem = reader.missing()) return usage_error(*problem);
    for (const std::string& assignment : overrides)
        if (const auto problem = reader.apply_override(assignment, "--set"))
            return usage_error(*problem);
    reader.resolve();
    if (const auto problem = reader.conflict()) return usage_error(*problem);
    return reader.config();
}

Result<Config> load(const std::string& path, const std::vector<std::string>& overrides,
                    Written written) {
    const auto text = read_text(path, kMaxConfigBytes);
    if (!text && written == Written::by_people)
        return with_advice(text.error(),
                           "allowed: a TOML configuration, e.g. configs/first_look.toml");
    if (!text) return text.error();
    return parse(*text, shown_path(path), overrides, written);
}

}  // namespace

Result<Config> load_config(const std::string& path, const std::vector<std::string>& overrides) {
    return load(path, overrides, Written::by_people);
}

Result<Config> load_stored_config(const std::string& path,
                                  const std::vector<std::string>& overrides) {
    return load(path, overrides, Written::by_the_program);
}

Result<Config> parse_config(const std::string& toml, const std::string& name,
                            const std::vector<std::string>& overrides) {
    return parse(toml, name, overrides, Written::by_people);
}

Status check_override(const std::string& assignment, const std::string& named) {
    const auto problem = Reader("").apply_override(assignment, named);
    return problem ? Status(usage_error(*problem)) : Status();
}

}  // namespace hopscope::core
