#include "core/session/headless.h"

namespace hopscope::core {
namespace {

/// A signal handler can set a flag but not wake anyone; it is looked at this often.
constexpr std::chrono::milliseconds kInterruptPeriod{100};

bool differs(const RunStatus& a, const RunStatus& b) {
    return a.state != b.state || a.activity != b.activity || a.progress != b.progress ||
           a.reason != b.reason || a.notes != b.notes || a.fork.name != b.fork.name ||
           a.fork.ended != b.fork.ended;
}

}  // namespace

Result<RunStatus> run_headless(
    Session& session, const HeadlessWake& wake,
    const std::function<void(const RunStatus&)>& on_status,
    const std::function<void(const ScalarRecord&, const RunStatus&)>& on_step,
    const std::atomic<int>& interrupt) {
    RunStatus shown;
    std::vector<ScalarRecord> records;
    bool interrupted = false;
    const auto pass_on = [&] {
        // The status is taken first: a final state then has all its records behind it.
        const RunStatus status = session.status();
        records.clear();
        session.drain_scalars(records);
        if (on_step)
            for (const ScalarRecord& record : records) on_step(record, status);
        if (on_status && differs(status, shown)) on_status(status);
        shown = status;
    };
    for (;;) {
        const uint64_t ticket = wake.bell->ticket();
        pass_on();
        if (is_final(shown.state) && session.finished()) break;
        if (is_final(shown.state)) session.close();
        if (interrupt != 0 && !interrupted) {
            interrupted = true;
            session.submit({CommandKind::stop, {}}, "signal");
            continue;
        }
        wake.bell->wait_until(ticket, Wakeup::Clock::now() + kInterruptPeriod);
    }
    if (shown.state == RunState::failed)
        return Error{shown.input_error ? ErrorKind::usage : ErrorKind::failed, shown.reason};
    if (interrupted && shown.state == RunState::stopped)
        return Error{ErrorKind::interrupted, "stopped at step " + std::to_string(shown.step) +
                                                 " of " + std::to_string(shown.steps) +
                                                 "; go on with --resume"};
    return shown;
}

}  // namespace hopscope::core
