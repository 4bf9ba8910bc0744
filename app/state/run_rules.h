// Rules that watch the run: a loss or a gradient that jumps, a loss that is no number, experts that
// no token reaches any more. What breaks one is told in the panel Run and in the log, with its step
// and batch; a rule may also pause the run. They stand here and not in the laboratory because they
// are a sitting's and change no number: a pause goes to the run as a command of the window, and its
// log says so. The run makes some more updates before that arrives. (What is no number in an update
// itself the trainer refuses by its own rule, before the weights change.) Window thread only.
#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "app/state/robust_window.h"
#include "core/api/config.h"
#include "core/api/snapshot.h"

namespace hopscope::app {

/// Also the place of the rule's row and setting.
enum class Rule { loss_spike, gradient_spike, not_finite, dead_experts, count };
inline constexpr size_t kRules = static_cast<size_t>(Rule::count);

struct RuleRow {
    Rule rule;
    const char* name;
    const char* help;
    const char* unit;      ///< of the threshold; "": it has none
    double threshold = 0;  ///< as long as nobody changed it
    double least = 0;      ///< the lowest that makes sense
};
const std::array<RuleRow, kRules>& run_rules();

struct RuleSetting {
    bool on = true;
    bool pauses = false;
    double threshold = 0;
};
/// All on, none of them pausing.
std::array<RuleSetting, kRules> first_rule_settings();

/// What broke a rule.
struct Finding {
    Rule rule = Rule::loss_spike;
    int64_t step = 0;  ///< updates done after the one meant
    std::string text;  ///< a sentence, with step and batch
    bool pauses = false;
};

/// Updates for which an expert certainly had no token. Its load fades by kLoadKept an update, and a
/// single one of the `choices` that its layer makes in an update would have left more. 0 where
/// nothing is certain; at most `step`, the updates done.
int64_t idle_updates(double load, double choices, int64_t step);

class RunRules {
  public:
    /// Forgets the run, keeps the settings.
    void forget();
    /// Records of the run itself as they come, oldest first. Those that come first, all together,
    /// are its past, of which nothing is told. → what they broke
    std::vector<Finding> read(std::span<const core::ScalarRecord> records,
                              const core::TrainConfig& train);
    /// A snapshot not read before. → what it broke: experts not told of before
    std::vector<Finding> read(const core::GeometrySnapshot& snapshot, const core::Config& config);

    RuleSetting& setting(Rule rule) { return settings_[static_cast<size_t>(rule)]; }
    const RuleSetting& setting(Rule rule) const { return settings_[static_cast<size_t>(rule)]; }
    /// Newest last.
    const std::vector<Finding>& findings() const { return findings_; }
    void dismiss() { findings_.clear(); }

  private:
    struct Watched {
        /// Not before it is full: while the learning rate warms up gradients jump as they should.
        RobustWindow window{128, 128};
        int64_t last_broken = -1000000;  ///< a jump that goes on is told once
    };

    bool jumped(Watched& watched, Rule rule, const char* what, double value, int64_t step,
                const core::TrainConfig& train, std::vector<Finding>& out);
    void keep(const std::vector<Finding>& found);

    std::array<RuleSetting, kRules> settings_ = first_rule_settings();
    Watched loss_, gradient_;
    bool began_ = false;  ///< the past has been read
    bool finite_ = true;
    std::set<std::pair<size_t, size_t>> dead_;  ///< layer and expert, told of
    bool seen_snapshot_ = false;
    std::vector<Finding> findings_;
};

}  // namespace hopscope::app
