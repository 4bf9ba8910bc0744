// A session file: where a person stood with a run — layout and docking, the moment, the selection,
// the prompts and what acts on them, how the panels were set — so that the same picture can be
// found again, or given to another person. A JSON document beside the run; nothing of the run
// depends on it. Values and text only; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/state/intervention_stack.h"
#include "app/state/named_selections.h"
#include "app/state/second_prompt.h"
#include "app/state/selection.h"
#include "core/api/base.h"

namespace hopscope::app {

struct AppState;

/// What a panel wants to find again, by names of its own.
using PanelView = std::map<std::string, std::string>;

struct SavedSession {
    std::string run;                   ///< its folder
    std::string layout;                ///< name of the layout that was in front
    std::map<std::string, bool> shut;  ///< panels shut or opened by hand, by window name
    std::string docking;               ///< as ImGui writes it; "" leaves it as it is
    std::optional<int64_t> step;       ///< of the snapshot shown; nothing: the newest
    Selection selection;               ///< its version is not kept
    std::vector<NamedSelection> named;
    std::string prompt;
    SecondPrompt second;
    double halting = 0;                       ///< position of the slider, 0 (off) … 1
    double strength = 1;                      ///< of the whole stack
    std::vector<StackItem> stack;             ///< their ids are not kept
    std::map<std::string, PanelView> panels;  ///< by the panel's id
};

inline constexpr const char* kSessionEnding = ".session.json";
/// The largest file that is written and read as one, bytes: fifty named selections of 50,000
/// tokens are less.
inline constexpr size_t kLargestSession = size_t{64} << 20;

/// What `state` holds of it; layout, docking and panels are the window's.
SavedSession saved_session(const AppState& state);
/// Puts it back into an open run of whatever size: what this run has not got is left out, and said.
void restore(const SavedSession& saved, AppState& state);

std::string text_of(const SavedSession& saved);
/// Why no file of so many bytes is written, a sentence; "" where one is.
std::string size_problem(size_t bytes);
/// Errors (usage): no JSON document of this kind; a field of another type, by its name; a command
/// of the stack that is none, with the parser's sentence. `path` begins each.
core::Result<SavedSession> parse_session(const std::string& text, const std::string& path);

}  // namespace hopscope::app
