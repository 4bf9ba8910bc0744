#include <thread>

#include "core/session/inspector_loop.h"
#include "core/session/make_session.h"
#include "core/session/trainer_loop.h"

namespace hopscope::core {
namespace {

class SessionImpl final : public Session {
  public:
    SessionImpl(SessionOptions options, std::unique_ptr<Trainer> trainer,
                std::unique_ptr<Inspector> inspector)
        : options_(std::move(options)),
          board_(options_.wake),
          trainer_(board_, commands_, std::move(trainer),
                   {options_.start, options_.open_only, options_.headless}),
          inspector_(board_, std::move(inspector)) {
        board_.edit_status([&](RunStatus& status) {
            status.run_dir = options_.run_dir;
            status.steps = options_.config.train.steps;
        });
        board_.become(RunState::preparing);
        for (const Command& command : options_.script) commands_.submit(command, kByScript);
    }
    ~SessionImpl() override {
        board_.close("");
        if (trainer_thread_.joinable()) trainer_thread_.join();
        if (inspector_thread_.joinable()) inspector_thread_.join();
    }

    /// Apart from the constructor, so that the destructor closes what a failure leaves.
    void start_threads() {
        const auto run = [this](auto& loop) {
            ++threads_;
            return std::thread([this, &loop] {
                loop.run();
                --threads_;
                board_.wake();
            });
        };
        trainer_thread_ = run(trainer_);
        if (inspector_.can_run()) inspector_thread_ = run(inspector_);
    }

    const Config& config() const override { return options_.config; }
    RunStatus status() const override { return board_.status(); }
    uint64_t submit(const Command& command, const std::string& by) override;
    std::vector<Answer> answers() const override { return commands_.answers(); }
    void drain_scalars(std::vector<ScalarRecord>& out) override { board_.records.drain(out); }

    std::shared_ptr<const GeometrySnapshot> geometry() const override {
        board_.geometry_looked_at = true;
        return board_.geometry.load();
    }
    void request_trace(TraceRequest request) override {
        inspector_.request_trace(std::move(request));
    }
    std::shared_ptr<const TraceResult> trace() const override {
        // The first look after an answer lets an open prompt follow the run.
        if (!board_.trace_looked_at.exchange(true)) board_.inspector_bell.notify();
        return board_.trace.load();
    }
    void request_halting(const std::string& prompt, double epsilon) override {
        inspector_.request_halting(prompt, epsilon);
    }
    std::shared_ptr<const HaltingEffect> halting() const override { return board_.halting.load(); }
    void request_intervention(InterventionRequest request) override {
        inspector_.request_intervention(std::move(request));
    }
    std::shared_ptr<const InterventionEffect> intervention() const override {
        return board_.intervention.load();
    }

    std::vector<std::string> drain_messages() override { return board_.drain_messages(); }
    using Session::close;
    void close(const std::string& reason) override { board_.close(reason); }
    bool finished() const override { return board_.closing && threads_ == 0; }

  private:
    const SessionOptions options_;
    mutable Board board_;
    CommandQueue commands_;
    TrainerLoop trainer_;
    InspectorLoop inspector_;
    std::atomic<int> threads_{0};
    std::thread trainer_thread_, inspector_thread_;
};

uint64_t SessionImpl::submit(const Command& command, const std::string& by) {
    const Result<Command> checked = check_command(command);
    std::string why = checked ? unavailable(*checked, Domain::live) : checked.error().message;
    if (why.empty()) {
        // Between running and paused the trainer decides when the command's turn comes, so that
        // "pause", "step" in a row work; elsewhere the answer is known now.
        const RunState state = board_.state();
        const bool turns_by_command = state == RunState::running || state == RunState::paused;
        const char* no = refusal(state, spec_of(checked->kind).action);
        if (!turns_by_command && no) why = no;
    }
    if (!why.empty()) return commands_.submit_refused(checked ? *checked : command, why);
    const uint64_t id = commands_.submit(*checked, by);
    board_.trainer_bell.notify();
    return id;
}

}  // namespace

std::unique_ptr<Session> make_session(SessionOptions options, std::unique_ptr<Trainer> trainer,
                                      std::unique_ptr<Inspector> inspector) {
    auto session =
        std::make_unique<SessionImpl>(std::move(options), std::move(trainer), std::move(inspector));
    session->start_threads();
    return session;
}

}  // namespace hopscope::core
