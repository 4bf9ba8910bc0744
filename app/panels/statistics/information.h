// The page "information": what the token tells about the experts it is routed to, by layer, beside
// shuffled labels, and the entropy of the choice that it could tell of. Owned by the statistics
// panel, window thread only.
#pragma once

#include "app/panels/statistics/experts.h"
#include "app/panels/statistics/information_numbers.h"
#include "app/panels/statistics/made_aside.h"

namespace hopscope::app {

class InformationPage {
  public:
    TokenLabel label = TokenLabel::id;

    /// Takes numbers that are done, and asks for newer ones where they are `seen`; once a frame.
    void update(AppState& state, bool seen);
    void forget() { made_.forget(); }
    bool making() const { return made_.behind(); }
    void draw(AppState& state, const SnapshotLayer& place, Area area) const;
    /// The choice of the label, on the present line.
    void draw_options(AppState& state);
    const Information& numbers() const { return made_.numbers(); }

  private:
    MadeAside<Information> made_;
};

}  // namespace hopscope::app
