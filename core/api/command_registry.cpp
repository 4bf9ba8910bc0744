// The one list of commands (docs/formats.md#commands-and-scripts): a row each, and how rows are
// found.
#include <algorithm>

#include "core/api/command.h"
#include "core/api/live_settings.h"
#include "core/base/names.h"

namespace hopscope::core {
namespace {

constexpr double kMaxIndex = 1e9;  ///< layers, hops, experts, tokens: far above any model
constexpr double kMaxStep = 1e15;  ///< exact as a double

ArgSpec argument(std::string name, ArgType type, std::string help) {
    ArgSpec spec;
    spec.name = std::move(name);
    spec.type = type;
    spec.help = std::move(help);
    return spec;
}

ArgSpec ranged(ArgSpec spec, double min, double max, std::string allowed) {
    spec.min = min;
    spec.max = max;
    spec.allowed = std::move(allowed);
    return spec;
}

ArgSpec index_list(std::string name, std::string help) {
    return ranged(argument(std::move(name), ArgType::integers, std::move(help)), 0, kMaxIndex,
                  "numbers from 0");
}

ArgSpec word(std::string name, std::vector<std::string> choices, std::string help) {
    ArgSpec spec = argument(std::move(name), ArgType::text, std::move(help));
    spec.allowed = joined(choices, " | ");
    spec.choices = std::move(choices);
    return spec;
}

ArgSpec required(ArgSpec spec) {
    spec.required = true;
    return spec;
}

ArgSpec value(ArgSpec spec) {
    spec.role = ArgRole::value;
    return spec;
}

ArgSpec dose(ArgSpec spec) {
    spec.role = ArgRole::dose;
    return spec;
}

ArgSpec or_words(ArgSpec spec, std::vector<std::string> choices) {
    for (const std::string& choice : choices) spec.allowed += ", or \"" + choice + "\"";
    spec.choices = std::move(choices);
    return spec;
}

ArgSpec any_number(std::string name, std::string help) {
    return ranged(argument(std::move(name), ArgType::number, std::move(help)), -kNoLimit, kNoLimit,
                  "any number");
}

ArgSpec layer() {
    return required(ranged(argument("layer", ArgType::integer, "The layer, counted from 0."), 0,
                           kMaxIndex, "from 0; or \"layers\" for several"));
}

ArgSpec expert() {
    return required(index_list("expert", "One expert, or a list: rows of router.centroids."));
}

std::vector<ArgSpec> freeze_args(const char* help) {
    ArgSpec what = word("what",
                        {"routing", "choices", "router", "centroids", "projection", "experts",
                         "attention", "embedding"},
                        help);
    what.prompt_choices = {"routing", "choices"};  // the others are parts of training
    return {
        required(what),
        ranged(argument("layer", ArgType::integer, "The layer; without it all, unless \"layers\"."),
               0, kMaxIndex, "from 0"),
        index_list("experts", "For experts: their numbers; without it all of the layer.")};
}

/// What goes with the run rather than into its state.
CommandSpec control(CommandKind kind, Action action, const char* title, const char* help,
                    const char* shortcut = "", std::vector<ArgSpec> args = {}) {
    return {.kind = kind,
            .name = name_of(action),
            .title = title,
            .help = help,
            .args = std::move(args),
            .shortcut = shortcut,
            .action = action,
            .inference = false,
            .lasts = false,
            .changes_training = false};
}

std::vector<std::string> live_keys() {
    std::vector<std::string> keys;
    for (const LiveSetting& setting : live_settings()) keys.push_back(setting.value.name);
    return keys;
}

std::vector<CommandSpec> make_rows() {
    using Kind = CommandKind;
    return {
        {.kind = Kind::steer,
         .name = "steer",
         .title = "Steer towards experts",
         .help = "Moves the routing position towards the centroids of the given experts.",
         .args = {layer(), expert(),
                  dose(required(any_number("lambda", "How far: pos + lambda * centroid.")))},
         .on_expert = "Steer towards"},
        {.kind = Kind::suppress,
         .name = "suppress",
         .title = "Suppress experts",
         .help = "Takes an expert and its nearest neighbours out of the choice.",
         .args = {layer(), expert(),
                  value(ranged(argument("neighbours", ArgType::integer,
                                        "How many experts in all: the given one and its nearest "
                                        "by cosine."),
                               1, kMaxIndex, "from 1; without it 1"))},
         .on_expert = "Suppress"},
        {.kind = Kind::force,
         .name = "force",
         .title = "Force experts",
         .help = "Keeps the experts among the chosen ones always.",
         .args = {layer(), expert()},
         .on_expert = "Force"},
        {.kind = Kind::boost,
         .name = "boost",
         .title = "Boost experts",
         .help = "Adds to the score of the experts before the softmax.",
         .args = {layer(), expert(),
                  dose(required(any_number("strength", "What is added to the score.")))}},
        {.kind = Kind::knock_out,
         .name = "knock_out",
         .title = "Knock out experts",
         .help = "Sets the update of an expert to zero and leaves the other weights as they are.",
         .args = {layer(), or_words(expert(), {"top"})},
         .on_expert = "Knock out"},
        {.kind = Kind::surgery,
         .name = "surgery",
         .title = "Replace what an expert writes",
         .help = "Replaces the direction an expert writes by another of the same length.",
         .args = {layer(), expert(),
                  value(required(
                      or_words(ranged(argument("with", ArgType::integer,
                                               "Another expert, a random direction, or the "
                                               "negative of its own."),
                                      0, kMaxIndex, "an expert from 0"),
                               {"random", "negate"})))}},
        {.kind = Kind::move_centroid,
         .name = "move_centroid",
         .title = "Move a centroid",
         .help = "Puts the centroid of an expert elsewhere.",
         .args = {layer(), expert(),
                  value(required(ranged(
                      argument("to", ArgType::numbers, "The new place in the routing space."),
                      -kNoLimit, kNoLimit, "d_space numbers")))},
         .lasts = false},
        {.kind = Kind::freeze,
         .name = "freeze",
         .title = "Freeze",
         .help = "Keeps parameters as they are in training, or routing at its first hop.",
         .args = freeze_args("What stays as it is.")},
        {.kind = Kind::unfreeze,
         .name = "unfreeze",
         .title = "Unfreeze",
         .help = "Lets frozen parameters or routing change again.",
         .args = freeze_args("What may change again."),
         .lasts = false},
        {.kind = Kind::clear,
         .name = "clear",
         .title = "Take interventions back",
         .help = "Ends one intervention of the run, those of a name, or all; freezes are unfrozen.",
         .args = {ranged(argument("index", ArgType::integer,
                                  "Its place among the active ones; without index and name all."),
                         0, kMaxIndex, "from 0"),
                  argument("name", ArgType::text, "All of this command.")},
         .either = Either{"index", "name"},
         .inference = false,
         .lasts = false},
        {.kind = Kind::halt,
         .name = "halt",
         .title = "Halt hops early",
         .help = "Ends the hops of a token by the size of its last update, or at a fixed count.",
         .args = {ranged(argument("epsilon", ArgType::number,
                                  "A token stops when its update falls below this share of its "
                                  "state."),
                         0, kNoLimit, "from 0"),
                  ranged(argument("max_hops", ArgType::integers,
                                  "Hops at most: one number, or one a layer."),
                         1, kMaxIndex, "numbers from 1")},
         .either = Either{"epsilon", "max_hops", true},
         .live = false,
         .lasts = false},
        {.kind = Kind::zero_experts,
         .name = "zero_experts",
         .title = "Zero the experts",
         .help = "Sets the updates of the given layers and hops to zero; without them of all."},
        {.kind = Kind::set,
         .name = "set",
         .title = "Set a value",
         .help = "Changes a setting of the run before its next update.",
         .args = {required(word("key", live_keys(), "The setting.")),
                  value(required(any_number("value", "Its new value.")))},
         .inference = false,
         .lasts = false},
        control(Kind::pause, Action::pause, "Pause the run", "Pauses after the update being made.",
                "Space"),
        control(Kind::resume, Action::resume, "Resume the run", "Goes on with training.", "Space"),
        control(Kind::step, Action::step, "Make single steps",
                "Makes some updates, then pauses again.", "Right arrow",
                {ranged(argument("count", ArgType::integer, "How many updates."), 1, kMaxStep,
                        "from 1; without it 1")}),
        control(Kind::stop, Action::stop, "Stop the run",
                "Finishes the step, writes a checkpoint and ends the run."),
        control(Kind::checkpoint, Action::checkpoint, "Write a checkpoint",
                "Saves the run as it is before its next update."),
        control(Kind::evaluate, Action::evaluate, "Evaluate now",
                "Measures the loss on the validation batches."),
        {.kind = Kind::fork,
         .name = "fork",
         .title = "Fork the run",
         .help = "Copies the run in memory: the run goes on as it would have, its copy makes each "
                 "update after it on the same batch, in RUN/forks/step_N, where difference.csv "
                 "holds both losses. Later changes act on both. One fork at a time.",
         .args = {argument("with", ArgType::text, "A command, as JSON, for the copy alone."),
                  argument("end", ArgType::flag,
                           "Ends the fork being trained, saved as it is; without \"with\".")},
         .either = Either{"with", "end"},
         .inference = false,
         .lasts = false,
         .changes_training = false},
    };
}

std::vector<CommandSpec> make_registry() {
    auto rows = make_rows();
    std::vector<std::string> lasting;
    for (const CommandSpec& spec : rows)
        if (spec.lasts) lasting.push_back(spec.name);
    ArgSpec& name = rows[static_cast<size_t>(CommandKind::clear)].args.back();
    name = word(name.name, lasting, name.help);
    return rows;
}

}  // namespace

const char* name_of(ArgType type) {
    constexpr const char* kNames[] = {"integer", "number", "text", "integers", "numbers", "flag"};
    return kNames[static_cast<size_t>(type)];
}

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
    return "unknown command \"" + name + "\"" + suggestion(name, names);
}

const std::vector<ArgSpec>& scope_args() {
    static const std::vector<ArgSpec> args = {
        index_list("layers", "Acts in these layers only."),
        index_list("hops", "Acts at these hops only."),
        ranged(
            argument("tokens", ArgType::integers, "Acts on the tokens from … to, both included."),
            0, kMaxIndex, "[from, to], counted from 0"),
        ranged(
            argument("from_step", ArgType::integer, "Waits until so many updates have been made."),
            0, kMaxStep, "from 0"),
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
