#include "core/api/arguments.h"

#include <algorithm>

#include "core/api/command_registry.h"

namespace hopscope::core {

const ArgSpec* given(const Command& command, ArgMeaning meaning) {
    for (const auto* list : {&spec_of(command.kind).args, &scope_args()})
        for (const ArgSpec& arg : *list)
            if (arg.meaning == meaning && command.has(arg.name)) return &arg;
    return nullptr;
}

std::vector<int64_t> numbers_of(const Command& command, ArgMeaning meaning) {
    const ArgSpec* arg = given(command, meaning);
    return arg ? command.integers(arg->name) : std::vector<int64_t>();
}

std::vector<int64_t> layers_of(const Command& command) {
    auto layers = numbers_of(command, ArgMeaning::layers);
    return layers.empty() ? numbers_of(command, ArgMeaning::layer) : layers;
}

bool belongs(const Command& command, const ArgSpec& arg) {
    const ArgSpec* chooser = spec_of(command.kind).chooser();
    if (arg.belongs_to.empty() || !chooser) return true;
    return command.text(chooser->name, arg.belongs_to) == arg.belongs_to;
}

bool has_dose(const std::vector<Command>& script) {
    return std::any_of(script.begin(), script.end(), [](const Command& command) {
        const auto& args = spec_of(command.kind).args;
        return std::any_of(args.begin(), args.end(), [&](const ArgSpec& arg) {
            return arg.role == ArgRole::dose && command.has(arg.name);
        });
    });
}

std::string doses_in_words() {
    std::vector<std::string> names;
    for (const CommandSpec& spec : command_registry())
        for (const ArgSpec& arg : spec.args)
            if (arg.role == ArgRole::dose && !std::count(names.begin(), names.end(), arg.name))
                names.push_back(arg.name);
    std::string out;
    for (size_t i = 0; i < names.size(); ++i)
        out += (i == 0 ? "" : i + 1 < names.size() ? ", " : " and ") + names[i];
    return out;
}

Value first_value(const ArgSpec& arg, const Target& at) {
    if (arg.meaning == ArgMeaning::layer) return at.layer;
    if (arg.meaning == ArgMeaning::experts) {
        if (at.experts.size() > 1) return at.experts;
        return at.experts.empty() ? int64_t{0} : at.experts.front();
    }
    if (!arg.choices.empty()) return arg.choices.front();
    if (arg.meaning == ArgMeaning::other_expert) {
        int64_t other = at.experts.empty() ? 1 : 0;
        while (std::count(at.experts.begin(), at.experts.end(), other)) ++other;
        return other;
    }
    switch (arg.type) {
        case ArgType::integer:
        case ArgType::integers:
            return int64_t{1};
        case ArgType::number:
            return arg.slider.value_or(Slider{}).first;
        case ArgType::numbers:
            return std::vector<double>(static_cast<size_t>(std::max<int64_t>(at.d_space, 1)), 1.0);
        case ArgType::flag:
            return true;
        case ArgType::text:
            break;
    }
    return std::string();
}

Command first_command(CommandKind kind, const Target& at) {
    const CommandSpec& spec = spec_of(kind);
    Command command{kind, {}};
    for (const ArgSpec& arg : spec.args) {
        const bool either = spec.either && spec.either->needed && spec.either->first == arg.name;
        if (arg.required || either) command.args[arg.name] = first_value(arg, at);
    }
    return command;
}

}  // namespace hopscope::core
