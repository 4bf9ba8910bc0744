// What the log panel lists, computed without ImGui. Pure functions of the state, window thread.
#pragma once

#include <string>
#include <vector>

#include "app/state/app_state.h"

namespace hopscope::app {

struct LogRow {
    std::string text;
    bool problem = false, pending = false;
    std::string words = "";  ///< a command as people read it; "": the text itself is shown
};

/// Messages, or (`commands`) one JSON line a command; an applied one carries "from_step", so that
/// the lines replay.
std::vector<LogRow> log_rows(const AppState& state, bool commands);
/// Whether `text` contains `part`, letters compared without case; an empty part fits all.
bool contains(const std::string& text, const std::string& part);
/// One row a line.
std::string joined(const std::vector<LogRow>& rows);

}  // namespace hopscope::app
