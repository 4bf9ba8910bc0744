#include "core/base/json.h"

#include <algorithm>
#include <cmath>

#include "core/base/files.h"
#include "core/base/json_problem.h"
#include "core/base/utf8.h"

namespace hopscope::core {
namespace {

constexpr int kMaxDepth = 32;
constexpr size_t kMaxBytes = size_t{64} << 20;

/// Deepest nesting of brackets outside of strings.
int depth_of(const std::string& text) {
    int depth = 0, deepest = 0;
    bool in_text = false;
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_text) {
            if (c == '\\') ++i;
            if (c == '"') in_text = false;
        } else if (c == '"') {
            in_text = true;
        } else if (c == '{' || c == '[') {
            deepest = std::max(deepest, ++depth);
        } else if (c == '}' || c == ']') {
            --depth;
        }
    }
    return deepest;
}

}  // namespace

void RepeatedKey::note(const std::string& key) {
    if (!open_.back().insert(key).second && found_.empty()) found_ = key;
}

Result<Json> parse_object(const std::string& text, const std::string& name) {
    if (const int depth = depth_of(text); depth > kMaxDepth)
        return usage_error(name + ": JSON nested " + std::to_string(depth) + " deep, at most " +
                           std::to_string(kMaxDepth) + " is allowed");
    RepeatedKey twice;
    const auto watch = [&](int, Json::parse_event_t event, const Json& parsed) {
        twice.see(event, parsed);
        return true;
    };
    try {
        Json json = Json::parse(text, watch);
        if (!json.is_object())
            return usage_error(name + ": found a JSON " + json.type_name() +
                               ", an object expected");
        if (!twice.found().empty())
            return usage_error(name + ": key " + in_quotes(twice.found()) +
                               " is given twice; allowed is once");
        return json;
    } catch (const Json::exception& e) {
        return usage_error(name + ": " + json_problem(e, text));
    }
}

Status expect_format(const Json& object, const std::string& format, const std::string& name) {
    const auto found = object.find("format");
    if (found != object.end() && found->is_string() &&
        found->get_ref<const std::string&>() == format)
        return {};
    return usage_error(name + ": \"format\" is " +
                       (found == object.end() ? "missing" : shown(dump_line(*found))) + ", \"" +
                       format + "\" expected");
}

Result<Json> read_object(const std::string& path, const std::string& format) {
    auto text = read_file(path, kMaxBytes);
    if (!text) return text.error();
    const std::string name = shown_path(path);
    auto json = parse_object(*text, name);
    if (!json) return json.error();
    if (auto status = expect_format(*json, format, name); !status) return status.error();
    return json;
}

bool is_document(const std::string& path, const std::string& kind) {
    const auto text = read_file(path, kMaxBytes);
    if (!text) return false;
    const auto json = parse_object(*text, path);
    if (!json) return false;
    const auto format = json->find("format");
    return format != json->end() && format->is_string() &&
           format->get_ref<const std::string&>().starts_with("hopscope." + kind + "/");
}

OrderedJson json_number(double x) {
    return std::isfinite(x) ? OrderedJson(x) : OrderedJson(nullptr);
}

std::string dump_line(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string dump_ordered_line(const OrderedJson& json) {
    return json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

std::string dump_pretty(const OrderedJson& json) {
    return json.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

std::optional<int64_t> json_integer(const Json& value) {
    if (!value.is_number_integer()) return std::nullopt;
    if (value.is_number_unsigned() && value.get<uint64_t>() > INT64_MAX) return std::nullopt;
    return value.get<int64_t>();
}

FieldReader::FieldReader(const Json& object, std::string_view name)
    : json_(object), name_(shown_path(name)) {}

const Json* FieldReader::find(const char* key) {
    if (!error_.empty()) return nullptr;
    const auto found = json_.find(key);
    if (found != json_.end()) return &*found;
    if (must_) error_ = name_ + ": \"" + key + "\" is missing";
    return nullptr;
}

void FieldReader::wrong(const char* key, const Json& found, const char* expected) {
    error_ = name_ + ": \"" + key + "\": found " + shown(dump_line(found)) + ", " + expected +
             " expected";
}

FieldReader& FieldReader::text(const char* key, std::string& out) {
    if (const Json* value = find(key)) {
        if (value->is_string())
            out = value->get<std::string>();
        else
            wrong(key, *value, "a text");
    }
    return *this;
}

FieldReader& FieldReader::integer(const char* key, int64_t& out) {
    if (const Json* value = find(key)) {
        if (const auto read = json_integer(*value))
            out = *read;
        else
            wrong(key, *value, "an integer");
    }
    return *this;
}

FieldReader& FieldReader::natural(const char* key, uint64_t& out) {
    if (const Json* value = find(key)) {
        if (value->is_number_unsigned())
            out = value->get<uint64_t>();
        else
            wrong(key, *value, "an integer from 0");
    }
    return *this;
}

FieldReader& FieldReader::number(const char* key, double& out) {
    if (const Json* value = find(key)) {
        if (value->is_null())
            out = std::numeric_limits<double>::quiet_NaN();
        else if (value->is_number())
            out = value->get<double>();
        else
            wrong(key, *value, "a number");
    }
    return *this;
}

FieldReader& FieldReader::flag(const char* key, bool& out) {
    if (const Json* value = find(key)) {
        if (value->is_boolean())
            out = value->get<bool>();
        else
            wrong(key, *value, "true or false");
    }
    return *this;
}

FieldReader& FieldReader::numbers(const char* key, std::vector<double>& out) {
    if (const Json* value = find(key)) {
        if (!value->is_array()) {
            wrong(key, *value, "a list of numbers");
            return *this;
        }
        out.clear();
        for (const Json& item : *value) {
            if (item.is_null()) {
                out.push_back(std::numeric_limits<double>::quiet_NaN());
            } else if (item.is_number()) {
                out.push_back(item.get<double>());
            } else {
                wrong(key, item, "a list of numbers");
                return *this;
            }
        }
    }
    return *this;
}

FieldReader& FieldReader::texts(const char* key, std::vector<std::string>& out) {
    if (const Json* value = find(key)) {
        if (!value->is_array()) {
            wrong(key, *value, "a list of texts");
            return *this;
        }
        out.clear();
        for (const Json& item : *value) {
            if (!item.is_string()) {
                wrong(key, item, "a list of texts");
                return *this;
            }
            out.push_back(item.get<std::string>());
        }
    }
    return *this;
}

FieldReader& FieldReader::text_map(const char* key, std::map<std::string, std::string>& out) {
    if (const Json* value = find(key)) {
        if (!value->is_object()) {
            wrong(key, *value, "an object of texts");
            return *this;
        }
        out.clear();
        for (const auto& [name, item] : value->items()) {
            if (!item.is_string()) {
                wrong(key, item, "an object of texts");
                return *this;
            }
            out[name] = item.get<std::string>();
        }
    }
    return *this;
}

}  // namespace hopscope::core
