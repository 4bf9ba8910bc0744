// The command registry as hopscope.commands/1, for scripts and `hopscope commands --json`.
#include "core/api/registry_json.h"

#include "core/api/command.h"
#include "core/api/command_registry.h"
#include "core/api/live_settings.h"
#include "core/base/json.h"

namespace hopscope::core {
namespace {

OrderedJson describe_args(const std::vector<ArgSpec>& args) {
    OrderedJson list = OrderedJson::array();
    for (const ArgSpec& arg : args) {
        OrderedJson item = {{"name", arg.name},
                            {"type", word(arg.type)},
                            {"required", arg.required},
                            {"allowed", arg.allowed}};
        if (!arg.choices.empty()) item["choices"] = arg.choices;
        if (arg.min > -kNoLimit) item["min"] = arg.min;
        if (arg.max < kNoLimit) item["max"] = arg.max;
        if (arg.open_min) item["min_excluded"] = true;
        if (arg.open_max) item["max_excluded"] = true;
        item["help"] = arg.help;
        list.push_back(std::move(item));
    }
    return list;
}

/// {"belongs": …, "available": …} and, where only some choices are carried out, which.
OrderedJson describe_domain(const CommandSpec& spec, Domain domain) {
    OrderedJson item = {{"belongs", domain == Domain::live ? spec.live : spec.inference}};
    const ArgSpec* chooser = spec.chooser();
    if (!chooser) {
        item["available"] = unavailable({spec.kind, {}}, domain).empty();
        return item;
    }
    std::vector<std::string> available;
    for (const std::string& choice : chooser->choices)
        if (unavailable({spec.kind, {{chooser->name, choice}}}, domain).empty())
            available.push_back(choice);
    item["available"] = !available.empty();
    item["available_choices"] = available;
    return item;
}

}  // namespace

std::string registry_json() {
    OrderedJson commands = OrderedJson::array();
    for (const CommandSpec& spec : command_registry()) {
        OrderedJson allowed_in = OrderedJson::array();
        for (RunState state : kRunStates)
            if (!refusal(state, spec.action)) allowed_in.push_back(name_of(state));
        OrderedJson item = {{"name", spec.name},
                            {"title", spec.title},
                            {"help", spec.help},
                            {"shortcut", spec.shortcut},
                            {"live", describe_domain(spec, Domain::live)},
                            {"inference", describe_domain(spec, Domain::inference)},
                            {"allowed_in", std::move(allowed_in)},
                            {"arguments", describe_args(spec.args)}};
        commands.push_back(std::move(item));
    }
    std::vector<ArgSpec> settings;
    for (const LiveSetting& setting : live_settings()) settings.push_back(setting.value);
    OrderedJson document = {{"format", "hopscope.commands/1"},
                            {"commands", std::move(commands)},
                            {"scope", describe_args(scope_args())},
                            {"settings", describe_args(settings)}};
    return document.dump(2);
}

}  // namespace hopscope::core
