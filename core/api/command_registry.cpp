// The one list of commands (product.md section 6), of what `set` changes, and of what is built.
#include <algorithm>

#include "core/api/command.h"
#include "core/api/nearest.h"

namespace hopscope::core {
namespace {

constexpr double kNoLimit = 1e308;
constexpr double kMaxIndex = 1e9;  ///< layers, hops, experts, tokens: far above any model
constexpr double kMaxStep = 1e15;  ///< exact as a double

ArgSpec argument(std::string name, std::string type, std::string help) {
    ArgSpec spec;
    spec.name = std::move(name);
    spec.type = std::move(type);
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
    return ranged(argument(std::move(name), "integers", std::move(help)), 0, kMaxIndex,
                  "numbers from 0");
}

ArgSpec word(std::string name, std::vector<std::string> choices, std::string help) {
    ArgSpec spec = argument(std::move(name), "text", std::move(help));
    for (const std::string& choice : choices)
        spec.allowed += (spec.allowed.empty() ? "" : " | ") + choice;
    spec.choices = std::move(choices);
    return spec;
}

ArgSpec required(ArgSpec spec) {
    spec.required = true;
    return spec;
}

ArgSpec or_words(ArgSpec spec, std::vector<std::string> choices) {
    for (const std::string& choice : choices) spec.allowed += ", or \"" + choice + "\"";
    spec.choices = std::move(choices);
    return spec;
}

ArgSpec open_below(ArgSpec spec) {
    spec.open_min = true;
    return spec;
}

ArgSpec open_above(ArgSpec spec) {
    spec.open_max = true;
    return spec;
}

ArgSpec any_number(std::string name, std::string help) {
    return ranged(argument(std::move(name), "number", std::move(help)), -kNoLimit, kNoLimit,
                  "any number");
}

ArgSpec layer_arg() {
    return required(ranged(argument("layer", "integer", "The layer, counted from 0."), 0, kMaxIndex,
                           "from 0; or \"layers\" for several"));
}

ArgSpec expert_arg() {
    return required(index_list("expert", "One expert, or a list: rows of router.centroids."));
}

const std::vector<std::string> kFreezable = {"routing",    "choices", "router",    "centroids",
                                             "projection", "experts", "attention", "embedding"};

std::vector<ArgSpec> freeze_args(const char* help) {
    return {required(word("what", kFreezable, help)),
            ranged(argument("layer", "integer", "The layer; without it all, unless \"layers\"."), 0,
                   kMaxIndex, "from 0"),
            index_list("experts", "For experts: their numbers; without it all of the layer.")};
}

enum Where : uint8_t { kLive = 1, kInference = 2, kBoth = 3 };

CommandSpec command(const char* name, const char* title, const char* help, const char* shortcut,
                    Action action, Where where, std::vector<ArgSpec> args = {}) {
    CommandSpec spec;
    spec.name = name;
    spec.title = title;
    spec.help = help;
    spec.shortcut = shortcut;
    spec.action = action;
    spec.live = (where & kLive) != 0;
    spec.inference = (where & kInference) != 0;
    spec.args = std::move(args);
    return spec;
}

std::vector<CommandSpec> make_registry() {
    using enum Action;
    const ArgSpec layer = layer_arg();
    const ArgSpec expert = expert_arg();
    return {
        command(
            "steer", "Steer towards experts",
            "Moves the routing position towards the centroids of the given experts.", "", change,
            kBoth,
            {layer, expert, required(any_number("lambda", "How far: pos + lambda * centroid."))}),
        command(
            "suppress", "Suppress experts",
            "Takes an expert and its nearest neighbours out of the choice.", "", change, kBoth,
            {layer, expert,
             ranged(argument("neighbours", "integer",
                             "How many experts in all: the given one and its nearest by cosine."),
                    1, kMaxIndex, "from 1; without it 1")}),
        command("force", "Force experts", "Keeps the experts among the chosen ones always.", "",
                change, kBoth, {layer, expert}),
        command("boost", "Boost experts", "Adds to the score of the experts before the softmax.",
                "", change, kBoth,
                {layer, expert, required(any_number("strength", "What is added to the score."))}),
        command("knock_out", "Knock out experts",
                "Sets the update of an expert to zero and leaves the other weights as they are.",
                "", change, kBoth, {layer, or_words(expert, {"top"})}),
        command("surgery", "Replace what an expert writes",
                "Replaces the direction an expert writes by another of the same length.", "",
                change, kBoth,
                {layer, expert,
                 required(or_words(ranged(argument("with", "integer",
                                                   "Another expert, a random direction, or the "
                                                   "negative of its own."),
                                          0, kMaxIndex, "an expert from 0"),
                                   {"random", "negate"}))}),
        command("move_centroid", "Move a centroid", "Puts the centroid of an expert elsewhere.", "",
                change, kBoth,
                {layer, expert,
                 required(ranged(argument("to", "numbers", "The new place in the routing space."),
                                 -kNoLimit, kNoLimit, "d_space numbers"))}),
        command("freeze", "Freeze",
                "Keeps parameters as they are in training, or routing at its first hop.", "",
                change, kBoth, freeze_args("What stays as it is.")),
        command("unfreeze", "Unfreeze", "Lets frozen parameters or routing change again.", "",
                change, kBoth, freeze_args("What may change again.")),
        command(
            "clear", "Take interventions back",
            "Ends one intervention of the run, those of a name, or all; freezes are unfrozen.", "",
            change, kLive,
            {ranged(argument("index", "integer",
                             "Its place among the active ones; without index and name all."),
                    0, kMaxIndex, "from 0"),
             word("name", {"steer", "suppress", "force", "boost", "knock_out", "surgery", "freeze"},
                  "All of this command.")}),
        command(
            "halt", "Halt hops early",
            "Ends the hops of a token by the size of its last update, or at a fixed count.", "",
            change, kInference,
            {ranged(argument("epsilon", "number",
                             "A token stops when its update falls below this share of its state."),
                    0, kNoLimit, "from 0"),
             ranged(argument("max_hops", "integers", "Hops at most: one number, or one a layer."),
                    1, kMaxIndex, "numbers from 1")}),
        command("zero_experts", "Zero the experts",
                "Sets the updates of the given layers and hops to zero; without them of all.", "",
                change, kInference),
        command("set", "Set a value", "Changes a setting of the run before its next update.", "",
                change, kLive,
                {required(word("key", {"lr", "tau", "balance_alpha", "top_k", "dropout", "clip"},
                               "The setting.")),
                 required(any_number("value", "Its new value."))}),
        command("pause", "Pause the run", "Pauses after the update being made.", "Space", pause,
                kLive),
        command("resume", "Resume the run", "Goes on with training.", "Space", resume, kLive),
        command("step", "Make single steps", "Makes some updates, then pauses again.",
                "Right arrow", step, kLive,
                {ranged(argument("count", "integer", "How many updates."), 1, kMaxStep,
                        "from 1; without it 1")}),
        command("stop", "Stop the run", "Finishes the step, writes a checkpoint and ends the run.",
                "", stop, kLive),
        command("checkpoint", "Write a checkpoint",
                "Saves the run as it is before its next update.", "", checkpoint, kLive),
        command("evaluate", "Evaluate now", "Measures the loss on the validation batches.", "",
                evaluate, kLive),
        command("fork", "Fork the run",
                "Copies the run in memory: the run goes on as it would have, its copy makes each "
                "update after it on the same batch, in RUN/forks/step_N, where difference.csv "
                "holds both losses. Later changes act on both. One fork at a time.",
                "", change, kLive,
                {argument("with", "text", "A command, as JSON, for the copy alone."),
                 argument("end", "flag",
                          "Ends the fork being trained, saved as it is; without \"with\".")}),
    };
}

/// What is carried out so far, a line each. `only`: the values of `what` or `key` that are.
struct Built {
    const char* command;
    Domain domain;
    std::vector<std::string> only = {};
};

const std::vector<Built>& built_table() {
    static const std::vector<Built> table = {
        {"pause", Domain::live},
        {"resume", Domain::live},
        {"step", Domain::live},
        {"stop", Domain::live},
        {"checkpoint", Domain::live},
        {"evaluate", Domain::live},
        {"set", Domain::live, {"lr", "tau", "balance_alpha", "top_k", "dropout", "clip"}},
        {"freeze", Domain::live},
        {"unfreeze", Domain::live},
        {"steer", Domain::live},
        {"suppress", Domain::live},
        {"force", Domain::live},
        {"boost", Domain::live},
        {"knock_out", Domain::live},
        {"surgery", Domain::live},
        {"move_centroid", Domain::live},
        {"clear", Domain::live},
        {"fork", Domain::live},
        {"halt", Domain::inference},
        {"freeze", Domain::inference, {"routing", "choices"}},
        {"unfreeze", Domain::inference, {"routing", "choices"}},
        {"zero_experts", Domain::inference},
        {"steer", Domain::inference},
        {"suppress", Domain::inference},
        {"force", Domain::inference},
        {"boost", Domain::inference},
        {"knock_out", Domain::inference},
        {"surgery", Domain::inference},
        {"move_centroid", Domain::inference},
    };
    return table;
}

}  // namespace

const std::vector<CommandSpec>& command_registry() {
    static const std::vector<CommandSpec> registry = make_registry();
    return registry;
}

const CommandSpec* find_command(const std::string& name) {
    for (const CommandSpec& spec : command_registry())
        if (spec.name == name) return &spec;
    return nullptr;
}

const std::vector<ArgSpec>& scope_args() {
    static const std::vector<ArgSpec> args = {
        index_list("layers", "Acts in these layers only."),
        index_list("hops", "Acts at these hops only."),
        ranged(argument("tokens", "integers", "Acts on the tokens from … to, both included."), 0,
               kMaxIndex, "[from, to], counted from 0"),
        ranged(argument("from_step", "integer", "Waits until so many updates have been made."), 0,
               kMaxStep, "from 0"),
    };
    return args;
}

const std::vector<ArgSpec>& live_settings() {
    static const std::vector<ArgSpec> settings = {
        ranged(argument("lr", "number", "Peak of the learning rate's schedule."), 0, 1e6,
               "0 … 1e6"),
        open_below(ranged(argument("tau", "number", "Sharpness of the routing softmax."), 0, 1e6,
                          "above 0, up to 1e6")),
        ranged(argument("balance_alpha", "number", "Weight of the balance loss."), 0, 1e6,
               "0 … 1e6"),
        ranged(argument("top_k", "integer", "Experts a hop."), 1, kMaxIndex, "1 … experts"),
        open_above(ranged(argument("dropout", "number", "Share of values dropped in training."), 0,
                          1, "0 … below 1")),
        open_below(ranged(argument("clip", "number", "Largest norm of the gradient."), 0, 1e6,
                          "above 0, up to 1e6")),
    };
    return settings;
}

std::string unavailable(const Command& command, Domain domain) {
    const CommandSpec* spec = find_command(command.name);
    if (!spec) {
        std::vector<std::string> names;
        for (const CommandSpec& known : command_registry()) names.push_back(known.name);
        return "unknown command \"" + command.name + "\"" + suggestion(command.name, names);
    }
    if (domain == Domain::live && !spec->live)
        return "\"" + spec->name + "\" acts on prompts and evaluation, not on the run in training";
    if (domain == Domain::inference && !spec->inference)
        return "\"" + spec->name + "\" acts on the run in training, not on prompts and evaluation";
    const std::string which = command.text(command.has("what") ? "what" : "key", "");
    for (const Built& built : built_table()) {
        if (built.command != spec->name || built.domain != domain) continue;
        if (built.only.empty() || std::count(built.only.begin(), built.only.end(), which))
            return "";
        return "\"" + spec->name + "\" of \"" + which + "\" is not available";
    }
    return "\"" + spec->name + "\" is not available";
}

}  // namespace hopscope::core
