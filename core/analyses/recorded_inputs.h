// What entered a router beside what it chose, in all traces of an imported run that recorded it
// [def:gate_against_use]. Plain values, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/analyses/imported_analyses.h"

namespace hopscope::core::analysis {

struct RecordedInputs {
    int64_t experts = 0, width = 0;
    std::vector<float> rows;   ///< [experts, width] as stored, without a norm's gain
    std::vector<float> input;  ///< [tokens, width]; NaN of tokens whose trace has none
    std::span<const float> row(int64_t expert) const { return part(rows, expert); }
    /// Empty where the token's trace has none, or it is not finite.
    std::span<const float> of(int64_t token) const;

  private:
    std::span<const float> part(const std::vector<float>& from, int64_t at) const {
        return std::span(from).subspan(static_cast<size_t>(at * width), static_cast<size_t>(width));
    }
};

/// Of the tokens of recorded() in their order. Nothing: no trace has them. Of several traces those
/// count whose rows are the first one's, so that all stand in one basis.
std::optional<RecordedInputs> recorded_inputs(const ImportedContext& context, int64_t layer,
                                              const std::string& pool);

/// Σ a b in fp64.
double product(std::span<const float> a, std::span<const float> b);

}  // namespace hopscope::core::analysis
