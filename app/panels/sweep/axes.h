// What can stand on an axis of the sweep: settings, costs, and what runs end with, each with the
// value of every run. Pure functions, window thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/api/comparison.h"
#include "core/api/run_numbers.h"

namespace hopscope::app {

enum class AxisKind { result, cost, setting };

struct SweepAxis {
    std::string key, label;
    std::string unit;  ///< "" for none
    std::string help;  ///< what it is, for people
    AxisKind kind = AxisKind::result;
    bool differs = false;  ///< not the same in all runs that have it
    size_t runs = 0;       ///< that have it
    core::Better better = core::Better::unknown;

    /// "validation loss, final, nats"
    std::string title() const { return unit.empty() ? label : label + ", " + unit; }
};

/// The runs that can be read, from both readings.
struct SweepRuns {
    struct One {
        size_t run = 0;  ///< of the comparison
        const core::RunNumbers* numbers = nullptr;
    };
    const core::Comparison* comparison = nullptr;
    std::vector<One> all;
    std::vector<std::string> problems;  ///< of the others, and of files that were passed over
};
SweepRuns sweep_runs(const core::Comparison& comparison,
                     const std::vector<core::RunNumbers>& numbers);

/// Costs, results and settings; of settings first those in which the runs differ.
std::vector<SweepAxis> sweep_axes(const SweepRuns& runs);

/// nullptr where no run has it.
const SweepAxis* axis_of(const std::vector<SweepAxis>& axes, const std::string& key);

/// The number of a run under a key; nullptr where it has none.
const core::RunNumber* number_of(const core::RunNumbers& run, const std::string& key);

/// What each run has on an axis: numbers, or words that stand side by side in their order.
struct AxisValues {
    std::vector<std::optional<double>> values;  ///< [SweepRuns::all]; of words their place
    std::vector<std::string> words;             ///< empty for numbers
};
AxisValues axis_values(const SweepRuns& runs, const SweepAxis& axis);

/// Of parameters, active ones, operations, tokens and updates that of which there are most
/// different values; the first of several.
std::string telling_cost(const SweepRuns& runs);

/// "validation loss, final" for "valid_loss/final"; keys without words of their own as they are.
std::string words_of_number(const std::string& key);

}  // namespace hopscope::app
