#include "core/trainer/rehearsal.h"

#include "core/api/command_registry.h"
#include "core/trainer/fork_trainer.h"

namespace hopscope::core {
namespace {

/// What a fork is given comes to another copy. @param alive the name of the one that is trained
Status rehearse_fork(const Engine& engine, const Command& command, std::string& alive) {
    if (auto s = check_fork(command, alive); !s) return s;
    const int64_t step = command.integer("from_step", 0);
    alive = command.has("end") ? "" : fork_name(step);
    auto inner = inner_command(command);
    if (!inner) return inner.error();
    return *inner ? Engine(engine).apply(**inner) : Status();
}

}  // namespace

Status rehearse(const Engine& engine, const std::vector<Command>& script, int64_t parameters,
                int64_t available) {
    if (script.empty() || !check_fork_memory(parameters, available)) return {};
    Engine copy(engine);
    std::string forked;
    for (const Command& command : script) {
        if (spec_of(command.kind).action != Action::change) continue;
        if (command.kind != CommandKind::fork) {
            if (auto s = copy.apply(command); !s) return s;
        } else if (auto s = rehearse_fork(copy, command, forked); !s) {
            return Error{s.error().kind, command.place + s.error().message};
        }
    }
    return {};
}

}  // namespace hopscope::core
