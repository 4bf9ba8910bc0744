// Progress on stderr: a bar that redraws itself on a terminal, plain lines at intervals elsewhere.
// Owned by a command, called from the laboratory's callbacks on the main thread.
#pragma once

#include <string>

#include "app/cli/cli.h"
#include "core/api/base.h"
#include "core/api/snapshot.h"

namespace hopscope::app {

inline constexpr double kLineSeconds = 10.0;   ///< between plain lines
inline constexpr double kRedrawSeconds = 0.1;  ///< between redraws of the bar
inline constexpr double kEtaSeconds = 5.0;     ///< of an activity, before the time left is guessed

class TrainProgress {
  public:
    explicit TrainProgress(const Environment& environment) : environment_(environment) {}

    virtual ~TrainProgress() = default;

    /// Preparation, evaluation, state changes.
    void status(const core::RunStatus& status);
    /// The same for work that is no run.
    void activity(const std::string& text, double fraction);
    virtual void step(const core::ScalarRecord& record, const core::RunStatus& status);
    /// Ends the bar's line, so that what follows begins on its own.
    virtual void finish();

    const core::RunStatus& last_status() const { return status_; }

  protected:
    /// Loss, validation loss and speed of the newest record, between its step and the time left.
    virtual std::string numbers() const;
    core::RunStatus status_;

  private:
    /// Whether enough time passed since the last output.
    bool due(double seconds) const;
    /// "  ETA 1:02" from how far the activity has come since it began; "" while that says little.
    std::string time_left(double share) const;
    void print(const std::string& text, bool may_be_redrawn);
    void tell_fork(const core::ForkStatus& fork);
    void tell_notes(const std::vector<std::string>& notes);
    std::string summary() const;
    std::string bar() const;
    void follow_speed(const core::ScalarRecord& record);

    const Environment& environment_;
    size_t notes_told_ = 0;
    core::ScalarRecord record_;
    float valid_loss_ = core::kNaN;
    double seconds_per_step_ = 0;               ///< smoothed; 0 before it is known
    std::string stage_;                         ///< the activity last told, without its numbers
    double stage_began_ = 0, stage_share_ = 0;  ///< when, and how far it was then
    double last_output_ = -1e9;
    bool bar_open_ = false;  ///< the terminal's cursor stands in the bar's line
};

/// Calls the laboratory with its progress on stderr; a signal stops it cleanly.
/// @param options with `on_progress`, which is set here
template <class Options>
core::Result<std::string> with_progress(core::Result<std::string> (*work)(const Options&),
                                        Options options, const Environment& environment) {
    environment.catch_signals();
    TrainProgress progress(environment);
    options.on_progress = [&](const std::string& activity, double fraction) {
        progress.activity(activity, fraction);
    };
    auto result = work(options);
    progress.finish();
    return result;
}

/// "1:02:03", "2:03": for a person who decides whether to wait.
std::string duration_text(double seconds);

}  // namespace hopscope::app
