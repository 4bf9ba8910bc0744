// What a person did to the window, as a file of lines: each event of mouse and keyboard with its
// time, written by `--record` and done again by `--replay`. Pure functions; the two that know ImGui
// belong to the window thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/api/base.h"

namespace hopscope::app {

/// One event, as ImGui takes it.
struct InputEvent {
    enum class Kind : uint8_t { position, button, wheel, key, text };
    Kind kind = Kind::position;
    double at = 0;       ///< seconds since the first frame, without those spent opening a run
    float x = 0, y = 0;  ///< pixels of the pointer, or steps of the wheel
    bool inside = true;  ///< of a position: over the window
    int code = 0;        ///< number of the button, ImGuiKey, or code point
    bool down = false;   ///< of a button or key: pressed, else let go
    bool operator==(const InputEvent&) const = default;
};

struct InputRecord {
    int64_t width = 0, height = 0;  ///< pixels of the window
    std::vector<InputEvent> events;
};

/// The first line of a file, with its line end.
std::string input_head(int width, int height);
/// One event, with its line end.
std::string input_line(const InputEvent& event);

/// A whole file; a torn last line is left out, as a window that crashed leaves one.
/// Errors (usage) name the line: no such format, an unknown event, times that run backwards.
core::Result<InputRecord> parse_input_record(const std::string& text, const std::string& name);

/// What ImGui took in the frame that has begun.
std::vector<InputEvent> input_of_the_frame(double at);
/// Puts the event into ImGui's queue, for the frame that comes.
void do_again(const InputEvent& event);

}  // namespace hopscope::app
