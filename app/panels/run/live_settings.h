// What of a run can be changed while it trains, as an editor: each setting with its value to drag
// or to type, what it may be, the step at which it was set, and the way back. Part of the run
// panel; window thread only.
#pragma once

#include <map>
#include <string>

#include "app/panels/run/view.h"
#include "app/state/app_state.h"

namespace hopscope::app {

class SettingsEditor {
  public:
    void draw(AppState& state);

  private:
    /// A value under the hand, not yet that of the run.
    struct Edited {
        double value = 0, sent_at = -1, sent = 0;
        bool held = false;
        std::string wrong;  ///< why what was typed cannot be set; "" where it can
    };

    void draw_setting(AppState& state, const core::LiveSetting& setting);
    /// The line of the name: "pending", or the way back, and the field.
    void draw_field(AppState& state, const core::LiveSetting& setting, const SettingValue& present,
                    Edited& edited, const char* refusal);
    void draw_slider(AppState& state, const core::LiveSetting& setting, Edited& edited,
                     const SettingValue& present, const char* refusal);
    static void draw_words(const AppState& state, const core::LiveSetting& setting,
                           const SettingValue& present, const Edited& edited);

    std::map<std::string, Edited> edited_;  ///< by name
    bool more_ = false;                     ///< those without a slider are shown
};

}  // namespace hopscope::app
