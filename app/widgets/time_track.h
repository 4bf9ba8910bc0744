// A track that something goes along from 0 to an end: what has been reached, tinted bands with
// their names, marks with theirs, the places where one can stop, and a cursor. Says where the
// pointer holds it. Knows nothing of what is played; window thread only, inside an ImGui window.
#pragma once

#include <imgui.h>
#include <optional>
#include <string>
#include <vector>

#include "app/state/app_state.h"

namespace hopscope::app {

struct TrackBand {
    double from = 0, to = 0;
    std::string name;
};
enum class TrackGlyph : uint8_t { change, fork };
struct TrackMark {
    double at = 0;
    std::string name;
    TrackGlyph glyph = TrackGlyph::change;
};
struct TrackTick {
    double at = 0;
    std::string text;
};

struct TrackContent {
    double end = 1;
    double reached = 0;
    std::optional<double> cursor;   ///< nothing: live, at what is reached
    std::optional<double> pointed;  ///< elsewhere in the window
    std::string cursor_text;        ///< of the cursor, where it is not live
    std::string ahead;              ///< what lies behind what is reached
    std::vector<TrackBand> bands;   ///< rising
    std::vector<TrackMark> marks;   ///< rising
    std::vector<TrackTick> ticks;   ///< rising
    std::vector<double> stops;      ///< rising
};

/// Round numbers from 0 to `end`, so few that labels of `width` pixels have room on `length`.
std::vector<TrackTick> round_ticks(double end, float length, float width);

class TimeTrack {
  public:
    /// Where the middle of a knob can stand, in pixels.
    float x_of(double at) const;
    double at(float x) const;  ///< 0 … end

    /// Unscaled height of all that it draws.
    static constexpr float kHeight = 60;
    /// → where the pointer holds it in this frame.
    std::optional<double> draw(const AppState& state, const TrackContent& content, ImVec2 at,
                               ImVec2 size);
    /// Where the pointer only rests on it, after draw.
    std::optional<double> pointed() const { return pointed_; }
    /// Above the track, so that it stays in sight.
    void tooltip(const std::string& text) const;
    /// The marks that lie under the pointer.
    std::vector<const TrackMark*> marks_near(const TrackContent& content, float x) const;

  private:
    void draw_bands(const AppState& state, const TrackContent& content) const;
    void draw_ahead(const AppState& state, const TrackContent& content) const;
    void draw_line(const AppState& state, const TrackContent& content) const;
    void draw_marks(const AppState& state, const TrackContent& content) const;
    void draw_glyph(const AppState& state, const TrackMark& mark) const;
    void draw_ticks(const AppState& state, const TrackContent& content) const;
    void draw_cursor(const AppState& state, const TrackContent& content) const;
    float y(float unscaled) const { return top_ + unscaled * scale_; }

    float left_ = 0, right_ = 1, top_ = 0, scale_ = 1;
    double end_ = 1;
    std::optional<double> pointed_;
};

}  // namespace hopscope::app
