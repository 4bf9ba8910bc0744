// Reads TensorBoard event files as TensorBoard does, for the tests of those that are written.
// Protobuf decoded by hand, apart from the encoder. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.h"

namespace hopscope::test {

/// What a reader needs of an Event.
struct ScalarEvent {
    double wall_time = 0;  ///< seconds, Unix
    int64_t step = 0;
    std::string file_version;  ///< of the first event: "brain.Event:2"
    bool session_start = false;
    std::vector<std::pair<std::string, float>> scalars;  ///< tag, simple_value
};

/// All complete events. Errors (usage) name the file and the byte offset: a wrong checksum, a
/// record that is no Event.
core::Result<std::vector<ScalarEvent>> read_event_file(const std::string& path);

}  // namespace hopscope::test
