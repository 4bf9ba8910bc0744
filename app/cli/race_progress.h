// Progress of a race on stderr: one line a round, every lane's loss in it. Owned by the race
// command, called from the trainer's callbacks on the main thread.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "app/cli/progress.h"

namespace hopscope::app {

class RaceProgress : public TrainProgress {
  public:
    using TrainProgress::TrainProgress;

    void step(const core::ScalarRecord& record, const core::RunStatus& status) override {
        // A step no lane has made yet begins a round: the one before it is complete.
        if (!lanes_.empty() && record.step > round_) show_round(status);
        const auto lane = static_cast<size_t>(std::max(record.lane, 0));
        if (lane >= lanes_.size()) lanes_.resize(lane + 1);
        const float known = lanes_[lane].valid_loss;
        evaluated_ = evaluated_ || std::isfinite(record.valid_loss);
        lanes_[lane] = record;
        if (!std::isfinite(record.valid_loss)) lanes_[lane].valid_loss = known;
        round_ = std::max(round_, record.step);
        status_ = status;
    }
    void finish() override {
        if (!lanes_.empty()) show_round(status_);
        lanes_.clear();
        TrainProgress::finish();
    }

  protected:
    std::string numbers() const override {
        std::string out;
        for (size_t i = 0; i < std::max(lanes_.size(), status_.lanes.size()); ++i) {
            const std::string name =
                i < status_.lanes.size() ? status_.lanes[i] : "lane " + std::to_string(i);
            out += (out.empty() ? "" : "  ") + name;
            // Of a race that goes on, lanes are ahead of others and wait for them.
            if (i >= lanes_.size() || lanes_[i].step == 0) {
                out += " waits";
                continue;
            }
            out += number(" %.4f", lanes_[i].loss);
            if (std::isfinite(lanes_[i].valid_loss))
                out += number(" (valid %.4f)", lanes_[i].valid_loss);
        }
        return out;
    }

  private:
    static std::string number(const char* pattern, float value) {
        char text[48];
        std::snprintf(text, sizeof text, pattern, static_cast<double>(value));
        return text;
    }
    /// As one update: its time is that of all lanes together.
    void show_round(const core::RunStatus& status) {
        core::ScalarRecord round;
        round.step = round_;
        for (const auto& lane : lanes_) round.seconds += lane.seconds;
        if (evaluated_) round.valid_loss = 0;  // says only that there is news
        evaluated_ = false;
        TrainProgress::step(round, status);
    }

    std::vector<core::ScalarRecord> lanes_;  ///< newest of each, with its newest validation loss
    int64_t round_ = 0;
    bool evaluated_ = false;
};

}  // namespace hopscope::app
