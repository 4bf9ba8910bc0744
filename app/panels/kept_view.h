// How a panel takes back what was kept of its view: each value by its key, where it is there and
// allowed; anything else leaves the value as it stands. Pure functions, any thread.
#pragma once

#include <string>
#include <type_traits>

#include "app/state/saved_session.h"
#include "core/api/base.h"

namespace hopscope::app {

/// The one of `items` that has the name kept under `key`; `name`: item → its name.
template <class Items, class Value, class Name>
void take_kept(const PanelView& view, const char* key, const Items& items, Value& value,
               Name name) {
    const auto kept = view.find(key);
    if (kept == view.end()) return;
    for (const Value item : items)
        if (name(item) == kept->second) value = item;
}

/// The number, where it lies between two.
template <class Value>
void take_kept_number(const PanelView& view, const char* key, std::type_identity_t<Value> low,
                      std::type_identity_t<Value> high, Value& value) {
    const auto kept = view.find(key);
    if (kept == view.end()) return;
    const auto number = core::read_number(kept->second);
    if (number && *number >= static_cast<double>(low) && *number <= static_cast<double>(high))
        value = static_cast<Value>(*number);
}

inline const char* yes_or_no(bool value) {
    return value ? "yes" : "no";
}
inline void take_kept_flag(const PanelView& view, const char* key, bool& value) {
    if (const auto kept = view.find(key); kept != view.end()) value = kept->second == "yes";
}
inline void take_kept_text(const PanelView& view, const char* key, std::string& value) {
    if (const auto kept = view.find(key); kept != view.end()) value = kept->second;
}

}  // namespace hopscope::app
