#include "app/state/named_selections.h"

#include <algorithm>
#include <utility>

namespace hopscope::app {

void NamedSelections::keep(const std::string& name, const Selection& selection) {
    keep({name, selection.layer, selection.chosen()});
}

void NamedSelections::keep(NamedSelection selection) {
    if (selection.name.empty() || selection.chosen.empty()) return;
    forget(selection.name);
    all_.push_back(std::move(selection));
}

void NamedSelections::forget(const std::string& name) {
    std::erase_if(all_, [&](const NamedSelection& n) { return n.name == name; });
}

void NamedSelections::select(const std::string& name, Selection& selection) const {
    const auto found = std::find_if(all_.begin(), all_.end(),
                                    [&](const NamedSelection& n) { return n.name == name; });
    if (found == all_.end()) return;
    selection.set_layer(found->layer);
    selection.pick_all(found->chosen, false);
}

}  // namespace hopscope::app
