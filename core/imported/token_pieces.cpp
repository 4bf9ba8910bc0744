#include "core/imported/token_pieces.h"

#include <optional>
#include <unordered_set>

#include "core/base/json.h"
#include "core/base/numbers.h"

namespace hopscope::core {
namespace {

Error wrong(const std::string& name, const std::string& what) {
    return usage_error(name + ": metadata \"pieces\": " + what +
                       "; a list of texts, or an object of texts by id expected");
}

}  // namespace

Result<TokenPieces> parse_pieces(const std::string& text, std::span<const int32_t> tokens,
                                 const std::string& name) {
    // What is nested deeper is no text, and is not kept while it is read.
    const auto shallow = [](int depth, Json::parse_event_t, const Json&) { return depth <= 1; };
    const Json json = Json::parse(text, shallow, /*allow_exceptions=*/false);
    if (!json.is_array() && !json.is_object())
        return wrong(name, json.is_discarded() ? "no JSON found" : "another JSON value found");
    const std::unordered_set<int32_t> occur(tokens.begin(), tokens.end());
    TokenPieces out;
    std::optional<Error> bad;
    const auto add = [&](uint64_t id, const Json& piece) {
        if (!piece.is_string()) bad = wrong(name, "id " + std::to_string(id) + " has no text");
        if (bad || id > INT32_MAX || !occur.contains(static_cast<int32_t>(id))) return;
        out[static_cast<int32_t>(id)] = piece.get<std::string>();
    };
    if (json.is_array())
        for (size_t id = 0; id < json.size() && !bad; ++id) add(id, json[id]);
    else
        for (const auto& [key, piece] : json.items()) {
            if (bad) break;
            const auto id = read_natural(key);
            if (id)
                add(*id, piece);
            else
                bad = wrong(name, "a key that is no id found");
        }
    if (bad) return *bad;
    return out;
}

std::string pieces_json(const TokenPieces& pieces) {
    Json json = Json::object();
    for (const auto& [id, piece] : pieces) json[std::to_string(id)] = piece;
    return dump_line(json);
}

}  // namespace hopscope::core
