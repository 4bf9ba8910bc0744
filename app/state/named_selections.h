// Selections that a person gave a name, to come back to. They belong to the open run. Window thread
// only, owned by AppState.
#pragma once

#include <string>
#include <vector>

#include "app/state/selection.h"

namespace hopscope::app {

struct NamedSelection {
    std::string name;
    int64_t layer = 0;  ///< of the experts
    Chosen chosen;
};

class NamedSelections {
  public:
    const std::vector<NamedSelection>& all() const { return all_; }
    /// Under the name, in place of what had it; not without a name, or with nothing selected.
    void keep(const std::string& name, const Selection& selection);
    /// One that was kept before.
    void keep(NamedSelection selection);
    void forget(const std::string& name);
    /// Selects it again, in its layer. Nothing where there is none of the name.
    void select(const std::string& name, Selection& selection) const;

  private:
    std::vector<NamedSelection> all_;
};

}  // namespace hopscope::app
