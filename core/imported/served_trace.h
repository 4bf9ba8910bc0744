// What a server said about the experts of each token: replies of vLLM and SGLang, what a proxy made
// of them, bare arrays; one file, or a line each. Here they become numbers, whatever they were
// wrapped in; whether they fit a model is asked in recorded_routing.h. Plain values, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/imported/npy.h"

namespace hopscope::core {

/// The experts of one text.
struct ServedText {
    std::string place;         ///< in the file, for messages: "line 3: choices[0]"
    std::vector<int32_t> ids;  ///< of all rows
    /// [tokens, layers, k]; empty where it is not told, but in the ids' number alone.
    std::vector<int64_t> shape;
    int64_t start = 0;  ///< tokens before the first row
    /// Ids of the text's tokens from its beginning, as far as they are told.
    std::vector<int32_t> tokens;
    /// How many tokens the text has; nothing: at least those of `tokens`, and of `least_tokens`.
    std::optional<int64_t> all_tokens;
    int64_t least_tokens = 0;
};

struct ServedTrace {
    std::vector<ServedText> texts;
    std::vector<std::string> notes;  ///< what was left out, and why
};

/// Errors (usage) name file, line and field: no such file, neither .npy nor JSON, larger than
/// 512 MiB, no routed experts in it, base64 that was cut, a dtype or shape that is none, a usage
/// that speaks of another number of tokens than the ids. Takes up to six times the file's size in
/// memory.
Result<ServedTrace> read_served_trace(const std::string& path);

}  // namespace hopscope::core
