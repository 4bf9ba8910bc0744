// Reading JSON that someone else may have damaged: bounded depth, and fields that are checked
// before use. Internal to core/run; pure functions, any thread.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace hopscope::core {

using Json = nlohmann::json;                 ///< for reading: keys found in log time, however many
using OrderedJson = nlohmann::ordered_json;  ///< for writing: keys as put

/// For the callback of Json::parse, which would let the last of two win without a word: the first
/// key that an object has twice.
class RepeatedKey {
  public:
    template <class AnyJson>
    void see(typename AnyJson::parse_event_t event, const AnyJson& parsed) {
        using Event = typename AnyJson::parse_event_t;
        if (event == Event::object_start) open_.emplace_back();
        if (event == Event::object_end) open_.pop_back();
        if (event == Event::key) note(parsed.template get_ref<const std::string&>());
    }
    /// Of the whole text; "" where each stands once.
    const std::string& found() const { return found_; }

  private:
    void note(const std::string& key);
    std::vector<std::set<std::string>> open_;  ///< keys of the objects that are open
    std::string found_;
};

/// A JSON object no deeper than 32 levels, no key twice. Errors (usage): "NAME: …".
Result<Json> parse_object(const std::string& text, const std::string& name);
/// parse_object of a whole file of at most 64 MiB, whose "format" is `format`.
Result<Json> read_object(const std::string& path, const std::string& format);
/// Checks "format" of an object. Errors (usage) name what was found and expected.
Status expect_format(const Json& object, const std::string& format, const std::string& name);

/// Whether `path` is a document of this program: an object of the format hopscope.KIND of whatever
/// number.
bool is_document(const std::string& path, const std::string& kind);

/// A number that reads back exactly; null where it is not finite.
OrderedJson json_number(double x);

/// One line, numbers that read back exactly; bytes that are not UTF-8 become U+FFFD.
std::string dump_line(const Json& json);
std::string dump_ordered_line(const OrderedJson& json);
/// The same, indented, with a line end.
std::string dump_pretty(const OrderedJson& json);

/// The integer that a value is; nothing: it is none, or one beyond int64, which would wrap round.
std::optional<int64_t> json_integer(const Json& value);

/// Reads fields of an object one by one and remembers the first that is wrong. A missing optional
/// field leaves its target as it is; null reads as NaN into numbers.
class FieldReader {
  public:
    /// `name`: of the file, and place in it, for messages
    FieldReader(const Json& object, std::string_view name);
    FieldReader& required() {
        must_ = true;
        return *this;
    }
    FieldReader& optional() {
        must_ = false;
        return *this;
    }
    FieldReader& text(const char* key, std::string& out);
    FieldReader& integer(const char* key, int64_t& out);
    FieldReader& natural(const char* key, uint64_t& out);
    FieldReader& number(const char* key, double& out);
    FieldReader& flag(const char* key, bool& out);
    FieldReader& numbers(const char* key, std::vector<double>& out);
    FieldReader& texts(const char* key, std::vector<std::string>& out);
    FieldReader& text_map(const char* key, std::map<std::string, std::string>& out);
    Status status() const { return error_.empty() ? Status() : Status(usage_error(error_)); }

  private:
    /// The value, or nullptr where it is absent or an error is known already.
    const Json* find(const char* key);
    void wrong(const char* key, const Json& found, const char* expected);
    const Json& json_;
    std::string name_, error_;
    bool must_ = false;
};

}  // namespace hopscope::core
