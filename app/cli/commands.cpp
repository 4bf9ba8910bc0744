// hopscope commands: the registry that feeds buttons, palette, scripts and log.
#include <sstream>

#include "app/cli/subcommand.h"
#include "core/api/command.h"
#include "core/api/command_registry.h"
#include "core/api/registry_json.h"

namespace hopscope::app {
namespace {

struct CommandsCall {
    Output output;
};

void describe(CLI::App& app, CommandsCall& call) {
    add_output_options(app, call.output);
}

std::string describe_registry(const std::string&) {
    std::ostringstream out;
    for (const core::CommandSpec& command : core::command_registry()) {
        out << command.name << "  " << command.help;
        if (!command.shortcut.empty()) out << "  [" << command.shortcut << "]";
        out << "\n";
        for (const core::ArgSpec& arg : command.args)
            out << "    " << arg.name << " (" << core::word(arg.type)
                << (arg.required ? ", required" : "") << ") " << arg.allowed
                << (arg.allowed.empty() || arg.help.empty() ? "" : "; ") << arg.help << "\n";
    }
    return out.str();
}

int commands(const CommandsCall& call, const Environment& environment) {
    return deliver(core::registry_json(), call.output, environment, describe_registry);
}

}  // namespace

void add_commands(CLI::App& root, Work& work) {
    declare<CommandsCall>(root, "commands",
                          "The command registry: names, arguments, ranges, when allowed",
                          "hopscope commands --json", work, describe, commands);
}

}  // namespace hopscope::app
