// What entered a router, as a trace records it with --positions: in an orthonormal basis of the
// space that the router's rows span, beside these rows in the same basis, so that products of the
// two are those of the full width [def:gate_against_use]. Plain values, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/run/safetensors_file.h"

namespace hopscope::core {

struct RouterInputs {
    int64_t width = 0;            ///< of the basis; 0: not in this trace
    std::vector<float> position;  ///< [texts, tokens, width], NaN behind the end of a text
    std::vector<float> rows;      ///< [experts, width], without the gain of any norm
};

/// Empty where the file does not have both. Errors (usage) name file and tensor: another shape than
/// that of the router's choices.
/// @param router as router_prefix() has it
Result<RouterInputs> read_inputs(const SafetensorsFile& file, const std::string& router,
                                 int64_t texts, int64_t tokens, int64_t experts);

/// What its two tensors are called.
std::string inputs_name(const std::string& router);
std::string input_rows_name(const std::string& router);

}  // namespace hopscope::core
