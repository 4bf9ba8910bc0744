#include "core/imported/served_trace.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "core/base/base64.h"
#include "core/base/files.h"
#include "core/base/json.h"
#include "core/base/utf8.h"
#include "core/imported/reply_json.h"

namespace hopscope::core {
namespace {

constexpr const char* kExperts = "routed_experts";
constexpr size_t kMaxBytes = size_t{1} << 29;

/// The object in a field; nullptr: there is none.
const Json* object_in(const Json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_object() ? &*found : nullptr;
}

/// What is in a field that may be absent; null is absent.
const Json* value_in(const Json& object, const char* key) {
    const auto found = object.find(key);
    return found == object.end() || found->is_null() ? nullptr : &*found;
}

/// Reads replies into a trace; the first that is wrong ends it.
class Replies {
  public:
    explicit Replies(std::string path) : path_(std::move(path)) {}

    Status array(std::string_view bytes) {
        auto array = parse_npy(bytes);
        if (!array) return wrong("", array.error());
        ServedText text;
        text.shape = std::move(array->shape);
        text.ids = std::move(array->values);
        trace_.texts.push_back(std::move(text));
        return {};
    }

    /// A reply, or a list of them. @param place in the file: "" or "line 3: "
    Status document(const Json& json, const std::string& place) {
        if (json.is_object()) return reply(json, place);
        if (json.is_string()) return field(json, place, place, {});
        if (json.empty())
            return usage_error(shown_path(path_) + ": " + place + "no replies found in the list");
        for (size_t i = 0; i < json.size(); ++i) {
            const std::string at = place + "[" + std::to_string(i) + "]: ";
            if (!json[i].is_object())
                return usage_error(shown_path(path_) + ": " + at + "found a JSON " +
                                   json[i].type_name() + ", an object expected");
            if (auto s = reply(json[i], at); !s) return s;
        }
        return {};
    }

    Result<ServedTrace> finish() {
        if (trace_.texts.empty())
            return usage_error(shown_path(path_) +
                               ": every reply was aborted, and has no routed experts");
        return std::move(trace_);
    }

  private:
    Status reply(const Json& reply, const std::string& place) {
        const size_t before = trace_.texts.size() + trace_.notes.size();
        if (reply.contains("data")) return field(reply, place, place, {});
        if (const Json* choices = value_in(reply, "choices"); choices && choices->is_array())
            for (size_t i = 0; i < choices->size(); ++i)
                if (auto s = choice(reply, (*choices)[i], i, place); !s) return s;
        for (const char* key : {"meta_info", "sglext"})
            if (const Json* inner = object_in(reply, key); inner && inner->contains(kExperts))
                if (auto s = field((*inner)[kExperts], place, place + key + "." + kExperts,
                                   counted(reply, inner));
                    !s)
                    return s;
        if (reply.contains(kExperts))
            if (auto s = field(reply[kExperts], place, place + kExperts, counted(reply, nullptr));
                !s)
                return s;
        if (trace_.texts.size() + trace_.notes.size() > before) return {};
        return usage_error(shown_path(path_) + ": " + place +
                           "no routed experts found (choices[].routed_experts, "
                           "meta_info.routed_experts, sglext.routed_experts, or data with shape "
                           "and dtype); ask the server for them (--enable-return-routed-experts)");
    }

    Status wrong(const std::string& place, const Error& error) const {
        return said_of(shown_path(path_) + ": " + (place.empty() ? "" : place + ": "), error);
    }

    Status choice(const Json& reply, const Json& choice, size_t number, const std::string& place) {
        if (!choice.is_object()) return {};
        const std::string name = place + "choices[" + std::to_string(number) + "]";
        const Json* extra = object_in(choice, "sglext");
        const Json& holder = extra && extra->contains(kExperts) ? *extra : choice;
        if (!holder.contains(kExperts)) return {};
        ServedText known = counted(reply, nullptr);
        if (known.tokens.empty()) known.tokens = token_ids(choice, "prompt_token_ids");
        const auto answer = token_ids(choice, "token_ids");
        if (!answer.empty() && !known.tokens.empty()) {
            known.tokens.insert(known.tokens.end(), answer.begin(), answer.end());
            const auto ids = static_cast<int64_t>(known.tokens.size());
            if (known.all_tokens.value_or(ids) != ids)
                return wrong(name,
                             usage_error("usage speaks of " + std::to_string(*known.all_tokens) +
                                         " tokens, " + std::to_string(ids) + " ids found"));
            known.all_tokens = ids;
        }
        return field(holder[kExperts], name, name + "." + kExperts, std::move(known));
    }

    /// What a reply tells of the text's tokens. @param inner where SGLang counts them; may be null
    static ServedText counted(const Json& reply, const Json* inner) {
        ServedText text;
        text.tokens = token_ids(reply, "prompt_token_ids");
        const bool own = inner && inner->contains("prompt_tokens");
        const Json* counts = own ? inner : object_in(reply, "usage");
        if (!counts) return text;
        const auto number = [&](const char* key) {
            const Json* n = value_in(*counts, key);
            return n ? json_integer(*n).value_or(-1) : -1;
        };
        const int64_t prompt = number("prompt_tokens"), answer = number("completion_tokens");
        text.least_tokens = std::max<int64_t>(prompt, 0);
        // A usage counts the answers of all choices together.
        const Json* choices = value_in(reply, "choices");
        const bool several = !own && choices && choices->is_array() && choices->size() > 1;
        int64_t all = 0;
        if (!several && prompt > 0 && answer >= 0 && !__builtin_add_overflow(prompt, answer, &all))
            text.all_tokens = all;
        return text;
    }

    /// Token ids of a list; none where it is no list of them.
    static std::vector<int32_t> token_ids(const Json& object, const char* key) {
        std::vector<int32_t> out;
        const Json* list = value_in(object, key);
        if (!list || !list->is_array()) return {};
        for (const Json& item : *list) {
            const auto id = json_integer(item);
            if (!id || *id < 0 || *id > INT32_MAX) return {};
            out.push_back(static_cast<int32_t>(*id));
        }
        return out;
    }

    /// A value of routed experts: base64, or an object with data, shape, dtype and start.
    Status field(const Json& value, const std::string& text_place, const std::string& place,
                 ServedText text) {
        if (value.is_null()) {
            trace_.notes.push_back(place + " is null: that reply was aborted");
            return {};
        }
        text.place = text_place;
        while (text.place.ends_with(' ') || text.place.ends_with(':')) text.place.pop_back();
        const std::string name = place.empty() ? "data" : place;
        if (value.is_string()) return encoded(value.get_ref<const std::string&>(), name, text);
        if (value.is_object()) return wrapped(value, name, text);
        return wrong(name, usage_error("found " + shown(dump_line(value)) +
                                       ", base64 or an object with data, shape and dtype "
                                       "expected"));
    }

    Status encoded(const std::string& base64, const std::string& name, ServedText& text) {
        auto bytes = bytes_from_base64(base64);
        if (!bytes) return wrong(name, bytes.error());
        const bool npy = bytes->starts_with(kNpyMagic);
        if (!npy && bytes->size() % 4 != 0)
            return wrong(name, usage_error(std::to_string(bytes->size()) +
                                           " bytes found, a multiple of the 4 of an int32 "
                                           "expected"));
        auto array =
            npy ? parse_npy(*bytes)
                : integer_array(*bytes, "int32", {static_cast<int64_t>(bytes->size() / 4)});
        if (!array) return wrong(name, array.error());
        if (npy) text.shape = std::move(array->shape);
        text.ids = std::move(array->values);
        trace_.texts.push_back(std::move(text));
        return {};
    }

    /// Of an array that says itself what the object around it says.
    Status with_header(const std::string& bytes, const std::string& name,
                       const std::vector<int64_t>& shape, ServedText& text) {
        auto array = parse_npy(bytes);
        if (!array) return wrong(name, array.error());
        if (array->shape != shape)
            return wrong(name, usage_error("\"shape\" is another one than that of the array in "
                                           "\"data\""));
        text.shape = std::move(array->shape);
        text.ids = std::move(array->values);
        trace_.texts.push_back(std::move(text));
        return {};
    }

    Status wrapped(const Json& object, const std::string& name, ServedText& text) {
        std::string data, dtype;
        std::vector<double> sizes;
        FieldReader fields(object, path_ + ": " + name);
        fields.required().text("data", data).text("dtype", dtype).numbers("shape", sizes);
        fields.optional().integer("start", text.start);
        if (auto s = fields.status(); !s) return s;
        std::vector<int64_t> shape;
        for (const double size : sizes) {
            if (!(size >= 0 && size <= INT32_MAX && size == std::floor(size)))
                return wrong(name,
                             usage_error("\"shape\": found " + dump_line(Json(size)) +
                                         ", allowed are sizes 0 … " + std::to_string(INT32_MAX)));
            shape.push_back(static_cast<int64_t>(size));
        }
        if (text.start < 0 || text.start > INT32_MAX)
            return wrong(name, usage_error("\"start\": found " + std::to_string(text.start) +
                                           ", the number of tokens before the first row expected"));
        auto bytes = bytes_from_base64(data);
        if (!bytes) return wrong(name, bytes.error());
        if (bytes->starts_with(kNpyMagic)) return with_header(*bytes, name, shape, text);
        auto array = integer_array(*bytes, dtype, std::move(shape));
        if (!array) return wrong(name, array.error());
        text.shape = std::move(array->shape);
        text.ids = std::move(array->values);
        trace_.texts.push_back(std::move(text));
        return {};
    }

    std::string path_;
    ServedTrace trace_;
};

/// Whether the first line is a reply by itself, and another follows.
bool is_lines(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \r\n\t"), text.size()));
    const size_t end = text.find('\n');
    if (end == std::string::npos || text.find_first_not_of(" \r\n\t", end) == std::string::npos)
        return false;
    return is_reply(text.substr(0, end));
}

Result<std::string> read_bytes(const std::string& path) {
    const auto file = open_to_read(path);
    if (!file) return file.error();
    if (file->bytes > kMaxBytes)
        return usage_error(shown_path(path) + ": " + std::to_string(file->bytes) +
                           " bytes found, at most " + std::to_string(kMaxBytes) +
                           " are read at once; give the texts in several files");
    return read_file(path, kMaxBytes);
}

}  // namespace

Result<ServedTrace> read_served_trace(const std::string& path) {
    auto bytes = read_bytes(path);
    if (!bytes) return bytes.error();
    Replies replies(path);
    if (bytes->starts_with(kNpyMagic)) {
        if (auto s = replies.array(*bytes); !s) return s.error();
        return replies.finish();
    }
    const std::string name = shown_path(path);
    auto text = as_text(*std::move(bytes), name);
    if (!text) return text.error();
    if (!is_lines(*text)) {
        const auto json = parse_reply(*text, name);
        if (!json) return json.error();
        std::string().swap(*text);
        if (auto s = replies.document(*json, ""); !s) return s.error();
        return replies.finish();
    }
    if (!text->ends_with('\n')) text->push_back('\n');
    size_t number = 0;
    for (const std::string_view line : complete_lines(*text)) {
        ++number;
        if (line.find_first_not_of(" \r\t") == std::string_view::npos) continue;
        const std::string place = "line " + std::to_string(number) + ": ";
        const auto json = parse_reply(line, name + ": line " + std::to_string(number));
        if (!json) return json.error();
        if (auto s = replies.document(*json, place); !s) return s.error();
    }
    return replies.finish();
}

}  // namespace hopscope::core
