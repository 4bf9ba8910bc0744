// The values of the quantities that a picture shows, each computed once a snapshot: at once where
// that is cheap, else aside, the last ones standing in until they have come. Window thread only,
// owned by the panel.
#pragma once

#include <map>

#include "app/panels/routing_space/paint.h"
#include "app/panels/routing_space/view.h"
#include "app/state/app_state.h"

namespace hopscope::app {

class QuantityCache {
  public:
    /// For the snapshot of the state and the chosen layer; null where they have not come yet.
    LookValues values(AppState& state, const SpaceLook& look);
    /// One of them; null while there is none of this layer.
    SharedValues values(AppState& state, const viz::Quantity* quantity);
    /// Another run.
    void forget() { entries_.clear(); }

  private:
    struct Entry {
        uint64_t snapshot = 0, asked = 0;  ///< versions
        int64_t layer = -1, asked_layer = -1;
        SharedValues values;
        Pending<SharedValues> pending;
    };
    std::map<const viz::Quantity*, Entry> entries_;
};

}  // namespace hopscope::app
