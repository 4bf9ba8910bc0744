#include "core/trainer/run_script.h"

#include <algorithm>
#include <set>

#include "core/api/command_registry.h"
#include "core/base/utf8.h"
#include "core/run/event_log.h"
#include "core/session/command_queue.h"

namespace hopscope::core {

Result<std::vector<Command>> training_script(std::vector<Command> commands, int64_t steps) {
    static const std::set<Action> kForPeople = {Action::pause, Action::resume, Action::step,
                                                Action::stop};
    std::vector<Command> out;
    for (Command& command : commands) {
        if (const auto reason = unavailable(command, Domain::live); !reason.empty())
            return usage_error(command.place + reason);
        if (kForPeople.count(spec_of(command.kind).action)) continue;
        const int64_t step = command.integer("from_step", 0);
        if (step >= steps)
            return usage_error(command.place + "command \"" + command.name() +
                               "\" waits for update " + std::to_string(step) +
                               ", the run ends after " + std::to_string(steps) +
                               "; raise train.steps, or leave the command out");
        out.push_back(std::move(command));
    }
    std::stable_sort(out.begin(), out.end(), [](const Command& a, const Command& b) {
        return a.integer("from_step", 0) < b.integer("from_step", 0);
    });
    return out;
}

Result<std::vector<Command>> script_left(const RunFolder& folder) {
    std::vector<Command> left;
    const auto& lines = folder.info().script;
    if (lines.empty()) return left;
    const auto log = read_event_log(folder.events_path());
    if (!log) return log.error();
    // They are carried out in order and each is logged, so that counting tells which are left.
    const auto done = std::count_if(log->begin(), log->end(),
                                    [](const LoggedCommand& e) { return e.by == kByScript; });
    for (size_t i = static_cast<size_t>(done); i < lines.size(); ++i) {
        auto command = parse_command(lines[i]);
        if (!command)
            return usage_error(shown_path(folder.info_path()) +
                               ": \"script\": " + command.error().message);
        left.push_back(std::move(*command));
    }
    return left;
}

}  // namespace hopscope::core
