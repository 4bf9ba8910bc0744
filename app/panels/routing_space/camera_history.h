// Where a camera of the routing space stands, whatever the size of the picture, and the way back
// through where it stood. Plain values, owned by the camera.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "viz/camera2d.h"

namespace hopscope::app {

struct CameraPlace {
    bool follows = true;  ///< shows everything; the centre and the span are then what that is
    viz::Vec2 center;
    float span = 1;            ///< units of the world along the shorter side of the picture
    float yaw = 0, pitch = 0;  ///< of the turn in three dimensions
    /// Whether the same is seen.
    bool shows_what(const CameraPlace& other) const;
};

/// @name For a session file: "all" or "X Y SPAN", and the turn "YAW PITCH"
///@{
std::string camera_in_words(const CameraPlace& place);
std::string turn_in_words(const CameraPlace& place);
/// Takes what can be read; anything else leaves the place as it stands.
void read_camera(const std::string& words, CameraPlace& place);
void read_turn(const std::string& words, CameraPlace& place);
///@}

/// The steps of one picture. Each has a number in the order in which all that can be undone was
/// done (SelectionHistory::next_order).
class CameraHistory {
  public:
    static constexpr size_t kMost = 50;  ///< the oldest goes when there are more

    /// Keeps where the camera stood before a gesture.
    void step(const CameraPlace& before, uint64_t order);
    void forget();
    bool can_undo() const { return !past_.empty(); }
    bool can_redo() const { return !future_.empty(); }
    /// Numbers of what undo() and redo() would take; 0 where there is none.
    uint64_t undo_order() const { return past_.empty() ? 0 : past_.back().order; }
    uint64_t redo_order() const { return future_.empty() ? 0 : future_.back().order; }
    void forget_redo() { future_.clear(); }
    /// → where to go from `now`; there is a step.
    CameraPlace undo(const CameraPlace& now);
    CameraPlace redo(const CameraPlace& now);

  private:
    struct Step {
        CameraPlace place;
        uint64_t order = 0;
    };
    static CameraPlace go(const CameraPlace& now, std::vector<Step>& from, std::vector<Step>& to);

    std::vector<Step> past_, future_;
};

}  // namespace hopscope::app
