// The texts that the tokens of a snapshot's sample stand in. Pure functions, any thread.
#pragma once

#include <cstdint>

#include "core/api/snapshot.h"

namespace hopscope::app {

/// Tokens [begin, end) of the sample.
struct TextRange {
    int64_t begin = 0, end = 0;
    int64_t length() const { return end - begin; }
};

/// Whether it is known where texts begin. `length`: tokens of each where the snapshot does not say
/// itself; 0: unknown.
bool knows_texts(const core::GeometrySnapshot& snapshot, int64_t length);
/// The text of a token; the token alone where that is not known.
TextRange text_of(const core::GeometrySnapshot& snapshot, int64_t token, int64_t length);

}  // namespace hopscope::app
