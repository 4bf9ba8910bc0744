// A session without a laboratory: made-up curves, geometry and traces, labelled as such, for tests
// and pictures of the window. Deterministic; time goes on by advance() or, with `updates_per_look`,
// whenever the window looks.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "app/state/app_state.h"
#include "core/api/session.h"

namespace hopscope::gui_test {

struct FakeOptions {
    int64_t layers = 4, experts = 96, hops = 3, top_k = 4, d_space = 16, tokens = 512;
    int64_t steps = 2000;
    int64_t start_step = 0;    ///< updates that lie in the past when it opens
    int updates_per_look = 0;  ///< updates made whenever the window asks for records
    core::RunState state = core::RunState::running;
    std::string run_name = "demo (made-up data)";
    int64_t nan_at = -1;         ///< update whose loss is missing
    int64_t spike_at = -1;       ///< update whose loss and gradient jump
    bool slow_to_close = false;  ///< finished() only after allow_close()
    bool can_fork = false;       ///< a `fork` is made up instead of refused
    bool renormalise = false;    ///< weights of one chosen expert, too
};

/// The snapshots that the made-up run "keeps in its folder": one of every fifty steps.
class FakeShelf {
  public:
    static constexpr int64_t kEvery = 50;
    void put(std::shared_ptr<const core::GeometrySnapshot> snapshot);
    void clear();
    /// Lets the window read them.
    static void serve(app::Services& services, const std::shared_ptr<FakeShelf>& shelf);

  private:
    std::mutex mutex_;
    std::map<int64_t, std::shared_ptr<const core::GeometrySnapshot>> kept_;  ///< by step
};

class FakeSession final : public core::Session {
  public:
    explicit FakeSession(FakeOptions options, core::Config config = {},
                         std::shared_ptr<FakeShelf> shelf = std::make_shared<FakeShelf>());

    const core::Config& config() const override { return config_; }
    core::RunStatus status() const override { return status_; }
    uint64_t submit(const core::Command& command, const std::string& by) override;
    std::vector<core::Answer> answers() const override { return answers_; }
    void drain_scalars(std::vector<core::ScalarRecord>& out) override;
    std::shared_ptr<const core::GeometrySnapshot> geometry() const override { return geometry_; }
    void request_trace(core::TraceRequest request) override;
    std::shared_ptr<const core::TraceResult> trace() const override { return trace_; }
    void request_halting(const std::string& prompt, double epsilon) override;
    std::shared_ptr<const core::HaltingEffect> halting() const override { return halting_; }
    void request_intervention(core::InterventionRequest request) override;
    std::shared_ptr<const core::InterventionEffect> intervention() const override {
        return intervention_;
    }
    std::vector<std::string> drain_messages() override;
    using Session::close;
    void close(const std::string&) override { closing_ = true; }
    bool finished() const override { return closing_ && close_allowed_; }

    /// Makes updates as a trainer would: commands are applied before the first of them.
    void advance(int64_t updates);
    /// Applies what waits without an update, as a paused trainer does.
    void apply_commands();
    void set_state(core::RunState state) { status_.state = state; }
    core::RunStatus& mutable_status() { return status_; }
    void allow_close() { close_allowed_ = true; }
    /// Puts a picture or an answer in place of the made-up one; a newer version than any before.
    void put(core::GeometrySnapshot snapshot);
    void put(core::TraceResult trace);
    void put(core::HaltingEffect effect);
    void put(core::InterventionEffect effect);
    const std::vector<core::InterventionRequest>& asked() const { return asked_; }
    const core::TraceRequest& traced() const { return traced_; }
    void say(const std::string& message) { messages_.push_back(message); }
    const std::vector<core::Command>& received() const { return received_; }
    const std::shared_ptr<FakeShelf>& shelf() const { return shelf_; }

  private:
    core::ScalarRecord record_at(int64_t step) const;
    std::shared_ptr<core::TraceResult> made_up_trace(const std::string& prompt) const;
    void publish_geometry();
    std::string apply(core::Answer& answer);
    std::string fork(const core::Command& command);
    void advance_fork();

    FakeOptions options_;
    core::Config config_;
    core::RunStatus status_;
    std::vector<core::Answer> answers_;
    std::vector<core::Command> received_;
    std::vector<core::ScalarRecord> waiting_;
    std::vector<std::string> messages_;
    std::shared_ptr<FakeShelf> shelf_;
    std::shared_ptr<const core::GeometrySnapshot> geometry_;
    std::shared_ptr<const core::TraceResult> trace_;
    std::shared_ptr<const core::HaltingEffect> halting_;
    std::shared_ptr<const core::InterventionEffect> intervention_;
    std::vector<core::InterventionRequest> asked_;
    core::TraceRequest traced_;
    int64_t single_steps_ = 0;
    bool closing_ = false, close_allowed_ = true;
};

/// The geometry of that step; without version and time.
core::GeometrySnapshot made_up_geometry(const FakeOptions& options, int64_t step);

/// Passages that name the seed, and one pair that holds "bank"; from token 100 × seed on.
core::Result<core::Passages> made_up_passages(const std::string& run_dir,
                                              const core::PassageRequest& request,
                                              const core::Progress& progress);

/// Three phases of whatever has ten updates or more: two that fall, and a level one.
std::vector<core::Phase> made_up_phases(const std::vector<double>& steps,
                                        const std::vector<double>& losses);

/// Services whose sessions are fake ones with `options`; `newest` gets a pointer to the last opened
/// one.
app::Services fake_services(FakeOptions options, FakeSession** newest = nullptr);

}  // namespace hopscope::gui_test
