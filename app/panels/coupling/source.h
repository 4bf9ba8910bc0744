// Where the panel Coupling has its numbers from: the analysis "coupling" in the folder of the open
// run, whoever made it; beside it the same of another run, or what the open run had before it was
// measured again. Files are looked at and read aside. Window thread only, owned by the panel.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/panels/coupling/view.h"
#include "app/state/app_state.h"

namespace hopscope::app {

class CouplingSource {
  public:
    using Shared = std::shared_ptr<const Coupling>;

    /// Looks into the folders once a second, and follows the task. Once a frame.
    void update(AppState& state);
    /// Of the open run; null where it is not measured.
    const Shared& shown() const { return own_.coupling; }
    /// What it is held against; null where nothing is chosen or read.
    const Shared& beside() const;
    /// Its name in words; "" for none.
    const std::string& beside_name() const { return beside_name_; }
    /// Why the document cannot be shown, of either side; "" where it can.
    std::string problem() const;
    bool reading() const { return !looked_; }

    /// Runs that are measured, and `kEarlier` where the open run has an earlier measurement.
    struct Choice {
        std::string dir, name;
    };
    static constexpr const char* kEarlier = "earlier";
    const std::vector<Choice>& choices() const { return choices_; }
    /// "" for none.
    void hold_against(const std::string& dir);
    const std::string& held_against() const { return beside_dir_; }

    /// Why it cannot be measured; "" where it can.
    std::string refusal(const AppState& state) const;
    /// The same where the folder of the run need not have been looked at: what is known without.
    std::string refusal_unseen(const AppState& state) const;
    void measure(AppState& state);
    void cancel(AppState& state);
    /// The newest measurement under way or ended in this window; nothing before.
    const std::optional<TaskView>& task() const { return task_; }
    bool working() const { return task_ && !task_->ended(); }

  private:
    struct Side {
        std::string dir;
        int64_t stamp = 0;  ///< when the file was last changed; 0: there is none
        Shared coupling;
        std::string problem;
    };
    struct Seen {
        bool has_checkpoint = false;
        Side own, other;
        std::vector<Choice> measured;
    };
    static Side read(Side before);
    static Seen look(Side own, Side other, std::vector<std::string> known);
    void forget(const AppState& state);
    void refuse(const AppState& state);
    void take(Seen seen);
    void follow(AppState& state);

    uint64_t run_ = 0;  ///< AppState::runs_opened
    Pending<Seen> looking_;
    double looked_at_ = -1e9;  ///< AppState::now
    bool looked_ = false, has_checkpoint_ = false;
    Side own_, other_;
    Shared earlier_;
    std::vector<Choice> choices_;
    std::string beside_dir_, beside_name_;
    std::optional<TaskView> task_;
    uint64_t before_ = 0;       ///< newest task that had ended when the run was opened
    uint64_t seen_end_of_ = 0;  ///< id of the task whose end was seen
    std::optional<core::Config> refused_for_;
    std::shared_ptr<const core::ImportedLook> refused_look_;  ///< what was known then
    std::string refused_;  ///< why this configuration cannot have it
};

}  // namespace hopscope::app
