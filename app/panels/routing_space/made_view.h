// The view that the routing space shows, and what it was made from. One of few points is made at
// once; one of many aside, while the last one stays on the screen: that may be one of another layer
// or sample. Owned by the panel, window thread only.
#pragma once

#include <cstdint>
#include <memory>

#include "app/panels/routing_space/view.h"
#include "app/state/app_state.h"
#include "app/state/latest.h"

namespace hopscope::app {

class MadeView {
  public:
    struct From {
        uint64_t run = 0;  ///< AppState::runs_opened
        Snapshot snapshot;
        uint64_t archive = 0, places = 0;  ///< versions
        int trail = 0;
        SpaceOptions options;
        LookValues values;  ///< null where they have not come yet
        bool operator==(const From&) const = default;
    };

    /// Once a frame; the state has a snapshot. → whether view() is another one than before.
    bool update(AppState& state, const From& wanted);
    /// Another run.
    void forget();

    /// Until the next update().
    const SpaceView& view() const { return *view_; }
    /// The same, which stays as it is.
    std::shared_ptr<const SpaceView> shared() const { return view_; }
    /// What view() was made from; null before the first.
    const Snapshot& snapshot() const { return from_.snapshot; }
    /// What its points show.
    const SpaceLook& look() const { return from_.options.look; }
    /// Whether its points are those of the layer and the sample that are shown.
    bool of_what_is_shown(const AppState& state) const;
    /// Another one is being made.
    bool working() const { return from_ != wanted_; }
    /// What is wanted is another picture. While a run trains a later snapshot alone makes none:
    /// the next one would be wanted before it is there.
    bool behind() const {
        return from_.run != wanted_.run || from_.options != wanted_.options ||
               from_.trail != wanted_.trail || shape_of(from_) != shape_of(wanted_) ||
               (rests_ && from_.snapshot != wanted_.snapshot);
    }

  private:
    /// Which points there are: of a sample of another size they are others.
    struct Shape {
        int64_t experts = 0, hops = 0, d_space = 0, tokens = 0;
        bool operator==(const Shape&) const = default;
    };
    static Shape shape_of(const From& from);
    bool take();

    std::shared_ptr<const SpaceView> view_ = std::make_shared<SpaceView>();  ///< never null
    From from_, asked_, wanted_;
    bool rests_ = false;  ///< the snapshot that is shown stays
    Latest<std::shared_ptr<const SpaceView>> work_;
};

}  // namespace hopscope::app
