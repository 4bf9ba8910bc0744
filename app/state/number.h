// A number with all that explains it: what it is of, how sure it is, which step it belongs to, and
// the command line that computes it again. Panels make one where a number is pointed at; the widget
// in app/widgets/number.h shows it. Plain data and its texts, any thread.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace hopscope::app {

struct AppState;

/// Why no command computes it.
inline constexpr const char* kLiveNumber =
    "The window measures it while it runs; no command computes it.";

struct Number {
    std::string label = {};                                   ///< as it stands beside the number
    double value = std::numeric_limits<double>::quiet_NaN();  ///< as stored; NaN: not measured
    std::string shown = {};       ///< as it is drawn, with its unit; "": the value itself
    std::string range = {};       ///< small below it in tables, "[0.04, 0.13]"; "" for none
    std::string definition = {};  ///< formula and unit, or what is counted
    double low = std::numeric_limits<double>::quiet_NaN(), high = low;  ///< 95 %; NaN: none
    int64_t n = -1;                       ///< −1: it is no mean of a sample
    std::string over = {};                ///< what n counts: "batches"
    int64_t step = -1;                    ///< −1: that of the run
    std::string command = {};             ///< "": the export of its panel, where that has numbers
    std::string no_command = {};          ///< why no command computes it; "" where one does
    std::optional<std::string> run = {};  ///< folder, where it is not the open one; "": unknown
    int64_t layer = -1, expert = -1;  ///< an expert that the number is of: its menu is offered, too
};

/// The shortest digits that read back to the same bits: 1240, 0.1, 1e-05; "nan" for NaN.
std::string exact(double value);

/// The document hopscope.number/1 of docs/formats.md. What is not known is left out, a value that
/// was not measured is null. `panel`: id of the panel table, "" for none. `run`: folder.
std::string json_of(const Number& number, std::string_view panel, const std::string& run,
                    int64_t step_of_run);

/// "hopscope VERB RUN REST" on the open run; "" while that has no folder.
std::string run_command(const AppState& state, std::string_view verb, std::string_view rest = {});
/// The command of an analysis, by its name.
std::string analysis_command(const AppState& state, std::string_view analysis);
/// Whether what is shown of this step comes from a larger sample than the run's own, which no
/// command takes.
bool is_of_sample(const AppState& state, int64_t step);
/// The command that writes the numbers of a panel, as shown at a step; −1: the newest. "" for
/// those of a larger sample.
std::string panel_command(const AppState& state, std::string_view panel, int64_t step);
/// A word for the shell: in single quotes where it needs them.
std::string shell_word(const std::string& text);

}  // namespace hopscope::app
