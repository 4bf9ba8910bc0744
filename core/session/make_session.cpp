#include "core/session/make_session.h"

#include "core/api/command_registry.h"
#include "core/base/names.h"
#include "core/session/session_frame.h"
#include "core/session/trainer_loop.h"

namespace hopscope::core {
namespace {

class SessionImpl final : public SessionFrame {
  public:
    SessionImpl(SessionOptions options, std::unique_ptr<Trainer> trainer,
                std::unique_ptr<Inspector> inspector)
        : SessionFrame(std::move(options), std::move(inspector)),
          trainer_(board_, commands_, std::move(trainer),
                   {options_.start, options_.open_only, options_.headless}) {
        board_.edit_status([&](RunStatus& status) {
            status.run_dir = options_.run_dir;
            if (!options_.run_dir.empty()) status.run_name = folder_name(options_.run_dir);
            status.steps = options_.config.train.steps;
        });
        board_.become(RunState::preparing);
        for (const Command& command : options_.script) commands_.submit(command, kByScript);
    }
    ~SessionImpl() override { end(); }

    void start_threads() {
        start([this] { trainer_.run(); });
    }
    uint64_t submit(const Command& command, const std::string& by) override;

  private:
    TrainerLoop trainer_;
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
