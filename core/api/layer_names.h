// What a layer of a snapshot or a trace is called. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <string>

namespace hopscope::core {

/// "layer 7", or the name of its own that a layer of an imported model has: "layer 7 attention".
std::string layer_name(const std::string& own, int64_t place);
/// The same without the word, for lists and columns that say it: "7", "7 attention".
std::string layer_number(const std::string& own, int64_t place);
/// The same as a part of a file's name: "layer7", "layer7_attention".
std::string layer_in_file_name(const std::string& own, int64_t place);

}  // namespace hopscope::core
