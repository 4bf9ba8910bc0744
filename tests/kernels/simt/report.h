// Sentences about the threads of the run, for its faults.
#pragma once

#include <cstddef>
#include <source_location>
#include <string>

#include "tests/kernels/simt/simt.h"

namespace hopscope::simt {

/// The thread alone, and a place as file:line.
std::string text_of(const dim3& index);
std::string text_of(const std::source_location& at);
std::string name_of(Meeting kind);
std::string hex(unsigned mask);

/// Block and thread.
std::string name_of(size_t thread);
/// What a thread does instead of coming.
std::string whereabouts(size_t thread);
/// Where a thread that waits, waits; ends in "for ".
std::string waits(size_t thread);

}  // namespace hopscope::simt
