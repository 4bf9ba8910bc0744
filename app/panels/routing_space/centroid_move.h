// A centroid that is dragged in the picture: where it comes to in the whole space, what that does
// to the nearest centroids of the sample beside random moves of the same angle, and the question
// whether it acts on the prompt or on the run. Owned by the panel, window thread only.
#pragma once

#include <cstdint>
#include <imgui.h>
#include <optional>
#include <vector>

#include "app/panels/routing_space/camera.h"
#include "app/panels/routing_space/view.h"
#include "app/state/app_state.h"
#include "viz/lift.h"

namespace hopscope::app {

/// Positions of the sample whose nearest centroid changes.
struct MoveEffect {
    int64_t positions = 0;         ///< of the sample, over all hops
    int64_t changed = 0;           ///< by this move
    std::vector<int64_t> control;  ///< by each random move of the same angle
    double mean() const;           ///< of the control
    double deviation() const;      ///< standard deviation of the control
};
/// With `draws` random moves by the seed. `near`: of the layer.
MoveEffect move_effect(const core::LayerGeometry& layer, const viz::NearestTwo& near,
                       int64_t expert, std::span<const float> to, int draws, uint64_t seed);
core::Command move_command(int64_t layer, int64_t expert, std::span<const float> to);

class CentroidMove {
  public:
    void begin(AppState& state, const SpaceView& view, int64_t expert, ImVec2 pointer);
    void drag_to(const SpaceView& view, const SpaceCamera& camera, ImVec2 pointer);
    /// The pointer is up: asks what the move is for.
    void release(AppState& state);
    void drop() { phase_ = Phase::none; }
    bool dragging() const { return phase_ == Phase::dragging; }
    bool asking() const { return phase_ == Phase::asking; }

    void apply_to_prompt(AppState& state);
    void apply_to_run(AppState& state);
    /// Why it cannot be applied to the run now; "" where it can.
    std::string run_refusal(const AppState& state) const;
    /// Its number among all that can be undone, where the last move can be taken back; else 0.
    uint64_t undo_order(const AppState& state) const;
    void undo(AppState& state);

    /// Forgets a move that does not belong to what is shown any more; takes what came from aside.
    void update(const SpaceView& view);
    /// Another run.
    void forget();
    /// The ghost at the old place, the way and the new place.
    void draw_in_picture(const AppState& state, const SpaceView& view,
                         const SpaceCamera& camera) const;
    /// Along the lower edge of the picture; its upper left corner and size.
    void draw_card(AppState& state, ImVec2 at, ImVec2 size);

    // Read by tests.
    const std::vector<float>& to() const { return to_; }
    const std::optional<MoveEffect>& effect() const { return effect_; }

  private:
    enum class Phase : uint8_t { none, dragging, asking };
    struct Done {
        bool on_run = false;
        core::Command back;  ///< puts a centroid of the run where it was
        uint64_t order = 0;  ///< among all that can be undone
        uint64_t stack = 0;  ///< version after it
    };

    core::Command command() const { return move_command(layer_, expert_, to_); }
    void draw_numbers(const AppState& state) const;

    Phase phase_ = Phase::none;
    Snapshot snapshot_;  ///< that the move starts from
    int64_t layer_ = 0, expert_ = 0;
    viz::AxesChoice axes_;
    viz::Vec3 start_;  ///< world
    ImVec2 pointer_{};
    std::vector<float> from_, to_;  ///< [d_space]
    Pending<MoveEffect> pending_;
    std::optional<MoveEffect> effect_;
    std::vector<Done> done_;
};

}  // namespace hopscope::app
