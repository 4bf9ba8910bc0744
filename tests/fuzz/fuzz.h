// Readers are given damaged bytes, many times a second, and must refuse them with one sentence or
// read something that can be written and read again. The number of cases a reader gets, the seed
// and a folder for what fails are taken from HOPSCOPE_FUZZ_CASES, _SEED and _KEEP. One thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "tests/fuzz/mutator.h"
#include "tests/temp_folder.h"

namespace hopscope::core::fuzz {

/// What is wrong with a refusal: "" where it is one sentence of under 400 readable bytes that has
/// `name` in it.
std::string fault_of(const Error& error, const std::string& name);

/// Runs `read` on mutations of `seeds`; it says what is wrong ("" = nothing). Exceptions, long
/// calls and memory out of proportion are faults, too; a crash is told with its case. The first
/// few faults fail the test.
void fuzz(const std::string& reader, const std::vector<std::string>& seeds,
          const std::function<std::string(const std::string& bytes, Mutator& mutator)>& read);

/// The same for readers of files: each mutation stands in `file` of a folder of its own.
void fuzz_file(const std::string& reader, const std::vector<std::string>& seeds,
               const std::string& file,
               const std::function<std::string(const std::string& path)>& read);

/// "" or the fault of a refusal; a value has none.
template <class T>
std::string fault_of(const Result<T>& result, const std::string& name) {
    return result ? std::string() : fault_of(result.error(), name);
}

/// A file of tests/formats/0.1.
std::string saved_format(const std::string& name);

}  // namespace hopscope::core::fuzz
