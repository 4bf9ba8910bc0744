#include "core/follow/follow_session.h"

#include <cmath>
#include <exception>

#include "core/session/session_frame.h"

namespace hopscope::core {
namespace {

/// How often the folder is looked at: files do not tell (on every file system) that they have
/// grown.
constexpr std::chrono::milliseconds kLookPeriod{500};

constexpr const char* kWritten =
    "Another process is writing this run; it is followed here and takes no commands.";
constexpr const char* kLeft =
    "No process writes this run any more. Open it again to go on with it here.";

class FollowSession final : public SessionFrame {
  public:
    FollowSession(SessionOptions options, RunFollower follower, LoadWeights load_weights,
                  std::unique_ptr<Inspector> inspector)
        : SessionFrame(std::move(options), std::move(inspector)),
          follower_(std::move(follower)),
          load_weights_(std::move(load_weights)) {
        const RunInfo& info = follower_.info();
        board_.edit_status([&](RunStatus& status) {
            status.run_dir = follower_.folder().dir();
            status.run_name = follower_.folder().name();
            status.device = info.device ? word(*info.device) : "";
            status.source = info.source;
            status.synthetic = info.synthetic;
            status.followed = why_no_command(false);
            status.read_only = !options_.look_reason.empty();
        });
        show_info();
    }
    ~FollowSession() override { end(); }

    void start_threads() {
        start([this] { read(); });
    }
    uint64_t submit(const Command& command, const std::string&) override {
        return commands_.submit_refused(command, board_.status().followed);
    }

  private:
    /// The reading thread.
    void read() {
        auto next_look = Wakeup::Clock::now();
        while (!board_.closing) {
            const uint64_t ticket = board_.trainer_bell.ticket();
            if (board_.closing) break;
            try {
                if (Wakeup::Clock::now() >= next_look) {
                    look();
                    next_look = Wakeup::Clock::now() + kLookPeriod;
                }
                give_weights();
            } catch (const std::exception& e) {  // no memory, at most: tried again
                board_.say("following the run: " + std::string(e.what()));
                next_look = Wakeup::Clock::now() + kLookPeriod;
            }
            board_.trainer_bell.wait_until(ticket, next_look);
        }
        board_.trainer_gone = true;
        board_.inspector_bell.notify();
    }

    void look() {
        const bool pictures = board_.geometry_looked_at;
        FollowedNews news = follower_.look(pictures);
        for (const std::string& problem : news.problems) board_.say(problem);
        if (!news.any()) return;
        if (news.info_changed) show_info();
        commands_.remember(std::move(news.commands));
        if (news.acting)
            board_.edit_status([&](RunStatus& status) {
                status.frozen = news.acting->frozen();
                status.interventions = news.acting->interventions();
            });
        if (news.restarted) board_.say("the run was resumed from an earlier step");
        const int64_t step = follower_.step();
        float valid_loss = kNaN;
        for (ScalarRecord& record : news.records) {
            if (record.lane == 0 && !std::isnan(record.valid_loss)) valid_loss = record.valid_loss;
            board_.records.push(std::move(record));
        }
        board_.edit_status([&](RunStatus& status) {
            status.step = step;
            if (!std::isnan(valid_loss) || news.restarted) status.valid_loss = valid_loss;
            if (!news.fork) return;
            status.fork = *news.fork;
            status.lanes = news.lanes;
            status.lanes.insert(status.lanes.begin(), status.run_name);
        });
        if (news.geometry) {
            board_.geometry.store(std::move(news.geometry));
            board_.geometry_looked_at = false;
        }
        if (news.checkpoint_changed && follower_.checkpoint() >= 0) ++board_.revision;
        board_.wake();
    }

    void show_info() {
        const RunInfo& info = follower_.info();
        const bool written = follower_.being_written();
        // A killed process leaves "running" behind: what nobody writes does not run.
        const bool orphan = !written && info.state == RunState::running && looked_;
        board_.show(orphan ? RunState::paused : info.state,
                    orphan ? "its process ended without closing it" : info.reason);
        board_.edit_status([&](RunStatus& status) {
            status.threads = info.threads;
            status.steps = info.steps;
            status.parameters = info.parameters;
            status.writer_left = !written && looked_;
            status.followed = why_no_command(status.writer_left);
        });
        looked_ = true;
        board_.inspector_bell.notify();
    }

    std::string why_no_command(bool writer_left) const {
        if (!options_.look_reason.empty()) return options_.look_reason;
        return writer_left ? kLeft : kWritten;
    }

    /// As the trainer does at its safe points; the newest checkpoint stands for the live model.
    void give_weights() {
        if (board_.weights_wanted == WeightsWanted::no || follower_.checkpoint() < 0) return;
        const uint64_t revision = board_.revision;
        if (weights_revision_ != revision) {
            weights_revision_ = revision;
            if (auto loaded = load_weights_()) {
                auto published = std::make_shared<PublishedWeights>();
                published->copy = *std::move(loaded);
                published->revision = revision;
                board_.weights.store(std::move(published));
            } else {
                // Damaged, or rotated away meanwhile: the next checkpoint is another try.
                board_.say(loaded.error().message);
            }
        } else if (board_.weights_wanted == WeightsWanted::soon) {
            return;  // stays until there is something newer
        }
        if (!board_.weights.load()) return;
        board_.weights_wanted = WeightsWanted::no;
        board_.inspector_bell.notify();
    }

    RunFollower follower_;  ///< of the reading thread, once it runs
    LoadWeights load_weights_;
    uint64_t weights_revision_ = 0;
    bool looked_ = false;
};

}  // namespace

std::unique_ptr<Session> make_follow_session(SessionOptions options, RunFollower follower,
                                             LoadWeights load_weights,
                                             std::unique_ptr<Inspector> inspector) {
    auto session = std::make_unique<FollowSession>(std::move(options), std::move(follower),
                                                   std::move(load_weights), std::move(inspector));
    session->start_threads();
    return session;
}

}  // namespace hopscope::core
