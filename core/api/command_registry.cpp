// The one list of commands (docs/formats.md#commands-and-scripts), made of the rows of
// core/api/commands.def, and how rows and arguments are found.
#include "core/api/command_registry.h"

#include <algorithm>

#include "core/api/command.h"
#include "core/api/freeze_parts.h"
#include "core/api/live_settings.h"
#include "core/base/names.h"
#include "core/base/numbers.h"
#include "core/base/utf8.h"

namespace hopscope::core {
namespace {

// What several rows share.

/// Above any score there is; fp32 holds the square that the z-loss takes of it, doses included.
constexpr double kMostStrength = 1e9;
/// fp32 holds the sum of the squares of 65,536 of them, which makes a position of length 1.
constexpr double kMostCoordinate = 1e15;

ArgSpec layer() {
    return {.name = "layer",
            .type = ArgType::integer,
            .required = true,
            .allowed = "from 0; or \"layers\" for several",
            .min = 0,
            .max = kMaxIndex,
            .help = "The layer, counted from 0.",
            .meaning = ArgMeaning::layer};
}

ArgSpec expert() {
    return {.name = "expert",
            .type = ArgType::integers,
            .required = true,
            .allowed = "numbers from 0",
            .min = 0,
            .max = kMaxIndex,
            .help = "One expert, or a list: rows of router.centroids.",
            .meaning = ArgMeaning::experts};
}

/// These words, too.
ArgSpec or_words(ArgSpec spec, std::vector<std::string> choices) {
    for (const std::string& choice : choices) spec.allowed += ", or \"" + choice + "\"";
    spec.choices = std::move(choices);
    return spec;
}

std::vector<ArgSpec> part_to_freeze(const char* help) {
    ArgSpec what = {
        .name = "what", .required = true, .choices = word_list<FreezePart>(), .help = help};
    for (const FreezeTraits& traits : kFreezeParts)
        if (traits.of_routing) what.prompt_choices.push_back(word(traits.part));
    return {what,
            {.name = "layer",
             .type = ArgType::integer,
             .allowed = "from 0",
             .min = 0,
             .max = kMaxIndex,
             .help = "The layer; without it all, unless \"layers\".",
             .meaning = ArgMeaning::layer},
            {.name = "experts",
             .type = ArgType::integers,
             .allowed = "numbers from 0",
             .min = 0,
             .max = kMaxIndex,
             .help = "For experts: their numbers; without it all of the layer.",
             .meaning = ArgMeaning::experts,
             .belongs_to = word(FreezePart::experts)}};
}

std::vector<std::string> live_keys() {
    std::vector<std::string> keys;
    for (const LiveSetting& setting : live_settings()) keys.push_back(setting.value.name);
    return keys;
}

std::vector<CommandSpec> make_rows() {
    return {
#define INTERVENTION(name_, ...) {.kind = CommandKind::name_, .name = #name_, __VA_ARGS__},
#define COMMAND(name_, ...) \
    {.kind = CommandKind::name_, .name = #name_, __VA_ARGS__, .inference = false, .lasts = false},
#define CONTROL(name_, ...)      \
    {.kind = CommandKind::name_, \
     .name = #name_,             \
     __VA_ARGS__,                \
     .action = Action::name_,    \
     .changes_training = false,  \
     .inference = false,         \
     .lasts = false},
#include "core/api/commands.def"
    };
}

std::vector<CommandSpec> make_registry() {
    auto rows = make_rows();
    ArgSpec& lasting = rows[static_cast<size_t>(CommandKind::clear)].args.back();
    for (const CommandSpec& spec : rows)
        if (spec.lasts) lasting.choices.push_back(spec.name);
    for (CommandSpec& spec : rows)
        for (ArgSpec& arg : spec.args)
            if (arg.type == ArgType::text) arg.allowed = joined(arg.choices, " | ");
    return rows;
}

}  // namespace

const ArgSpec* CommandSpec::chooser() const {
    const auto found = std::find_if(args.begin(), args.end(), [](const ArgSpec& arg) {
        return arg.required && arg.type == ArgType::text && !arg.choices.empty();
    });
    return found == args.end() ? nullptr : &*found;
}

const ArgSpec* CommandSpec::value() const {
    const auto found = std::find_if(args.begin(), args.end(),
                                    [](const ArgSpec& arg) { return arg.role != ArgRole::target; });
    return found == args.end() ? nullptr : &*found;
}

const ArgSpec* CommandSpec::argument(const std::string& wanted) const {
    for (const auto* list : {&args, &scope_args()})
        for (const ArgSpec& arg : *list)
            if (arg.name == wanted) return &arg;
    return nullptr;
}

const std::vector<CommandSpec>& command_registry() {
    static const std::vector<CommandSpec> registry = make_registry();
    return registry;
}

const CommandSpec& spec_of(CommandKind kind) {
    return command_registry()[static_cast<size_t>(kind)];
}

const std::string& name_of(CommandKind kind) {
    return spec_of(kind).name;
}

const CommandSpec* find_command(const std::string& name) {
    for (const CommandSpec& spec : command_registry())
        if (spec.name == name) return &spec;
    return nullptr;
}

std::string unknown_command(const std::string& name) {
    std::vector<std::string> names;
    for (const CommandSpec& known : command_registry()) names.push_back(known.name);
    return "unknown command " + in_quotes(name) + suggestion(name, names);
}

const std::vector<ArgSpec>& scope_args() {
    static const std::vector<ArgSpec> args = {
        {.name = "layers",
         .type = ArgType::integers,
         .allowed = "numbers from 0",
         .min = 0,
         .max = kMaxIndex,
         .help = "Acts in these layers only.",
         .meaning = ArgMeaning::layers},
        {.name = "hops",
         .type = ArgType::integers,
         .allowed = "numbers from 0",
         .min = 0,
         .max = kMaxIndex,
         .help = "Acts at these hops only.",
         .meaning = ArgMeaning::hops},
        {.name = "tokens",
         .type = ArgType::integers,
         .allowed = "[from, to], counted from 0",
         .min = 0,
         .max = kMaxIndex,
         .help = "Acts on the tokens from … to, both included.",
         .meaning = ArgMeaning::tokens},
        {.name = "from_step",
         .type = ArgType::integer,
         .allowed = "from 0",
         .min = 0,
         .max = kMaxStep,
         .help = "Waits until so many updates have been made.",
         .meaning = ArgMeaning::step},
    };
    return args;
}

std::string unavailable(const Command& command, Domain domain) {
    const CommandSpec& spec = spec_of(command.kind);
    if (domain == Domain::live && !spec.live)
        return "\"" + spec.name + "\" acts on prompts and evaluation, not on the run in training";
    if (domain == Domain::inference && !spec.inference)
        return "\"" + spec.name + "\" acts on the run in training, not on prompts and evaluation";
    const ArgSpec* chooser = spec.chooser();
    if (!chooser) return "";
    const bool on_prompts = domain == Domain::inference && !chooser->prompt_choices.empty();
    const auto& carried_out = on_prompts ? chooser->prompt_choices : chooser->choices;
    const std::string which = command.text(chooser->name, "");
    if (std::count(carried_out.begin(), carried_out.end(), which)) return "";
    return "\"" + spec.name + "\" of \"" + which + "\" is not available";
}

}  // namespace hopscope::core
