#include "app/state/sample_texts.h"

#include <algorithm>

namespace hopscope::app {

bool knows_texts(const core::GeometrySnapshot& snapshot, int64_t length) {
    return length > 0 || !snapshot.text_begins.empty();
}

TextRange text_of(const core::GeometrySnapshot& snapshot, int64_t token, int64_t length) {
    const auto tokens = static_cast<int64_t>(snapshot.pieces.size());
    const auto& begins = snapshot.text_begins;
    if (!begins.empty()) {
        const auto next = std::upper_bound(begins.begin(), begins.end(), token);
        return {next == begins.begin() ? 0 : *(next - 1), next == begins.end() ? tokens : *next};
    }
    if (length < 1) return {token, token + 1};
    const int64_t begin = token - token % length;
    return {begin, std::min(begin + length, tokens)};
}

}  // namespace hopscope::app
