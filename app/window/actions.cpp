#include "app/window/actions.h"

#include <algorithm>
#include <cctype>

namespace hopscope::app {
namespace {

const core::ArgSpec* only_choice(const core::CommandSpec& spec) {
    const core::ArgSpec* found = nullptr;
    for (const auto& arg : spec.args) {
        if (!arg.required) continue;
        if (found || arg.choices.empty() || arg.type != "text") return nullptr;
        found = &arg;
    }
    return found;
}

bool needs_arguments(const core::CommandSpec& spec) {
    return std::any_of(spec.args.begin(), spec.args.end(),
                       [](const core::ArgSpec& arg) { return arg.required; });
}

ActionItem item_of(AppState& state, const core::CommandSpec& spec, const core::Command& command,
                   const std::string& suffix) {
    ActionItem item;
    item.id = spec.name + suffix;
    item.title = spec.title + suffix;
    item.help = spec.help;
    item.shortcut = spec.shortcut;
    if (std::string why = core::unavailable(command, core::Domain::live); !why.empty())
        item.refusal = why;
    else if (const char* no = refusal(state, spec.action))
        item.refusal = no;
    item.run = [&state, command] { state.submit(command); };
    return item;
}

/// Puts the command on the stack, where its arguments are asked for, and shows that panel.
ActionItem stack_item(AppState& state, const core::CommandSpec& spec) {
    ActionItem item;
    item.id = spec.name + ".stack";
    item.title = spec.title + (spec.inference ? " on the prompt…" : "…");
    item.help = spec.help + " The panel Intervene asks for the arguments.";
    item.run = [&state, name = spec.name] {
        state.stack.add(name, state.selection, state.model_shape());
        state.show_panel = "Intervene";
    };
    if (!state.session)
        item.refusal = "No run is open.";
    else if (const char* no = spec.inference ? nullptr : refusal(state, spec.action))
        item.refusal = no;
    return item;
}

int lower(char c) {
    return std::tolower(static_cast<unsigned char>(c));
}

/// Score of `text` for `query`: letters in order; adjacent letters and beginnings of words count
/// more. −1: no match.
int fit(const std::string& text, const std::string& query) {
    int score = 0;
    size_t at = 0;
    bool adjacent = false;
    for (char wanted : query) {
        if (wanted == ' ') {
            adjacent = false;
            continue;
        }
        bool found = false;
        for (; at < text.size(); ++at) {
            if (lower(text[at]) != lower(wanted)) {
                adjacent = false;
                continue;
            }
            const bool begins_word = at == 0 || text[at - 1] == ' ';
            score += 1 + (begins_word ? 8 : 0) + (adjacent ? 5 : 0);
            adjacent = found = true;
            ++at;
            break;
        }
        if (!found) return -1;
    }
    return score * 16 - static_cast<int>(std::min<size_t>(text.size(), 15));
}

}  // namespace

const char* refusal(const AppState& state, core::Action action) {
    if (state.session && !state.status.followed.empty() && action != core::Action::trace)
        return state.status.followed.c_str();
    return core::refusal(state.session ? state.status.state : core::RunState::idle, action);
}

std::vector<ActionItem> command_actions(AppState& state) {
    std::vector<ActionItem> items;
    for (const auto& spec : core::command_registry()) {
        const core::ArgSpec* choice = only_choice(spec);
        if (spec.live && !needs_arguments(spec))
            items.push_back(item_of(state, spec, {spec.name, {}}, ""));
        else if (spec.live && choice)
            for (const auto& word : choice->choices)
                items.push_back(
                    item_of(state, spec, {spec.name, {{choice->name, word}}}, " " + word));
        // On a prompt, or with arguments that only a panel can ask for.
        if (spec.inference || (needs_arguments(spec) && !choice))
            items.push_back(stack_item(state, spec));
    }
    return items;
}

std::vector<ActionItem> expert_actions(AppState& state, int64_t layer, int64_t expert) {
    std::vector<ActionItem> items;
    const std::string name = " E" + std::to_string(expert);
    const auto offer = [&](const char* title, const char* command,
                           std::map<std::string, core::Value> more) {
        const core::CommandSpec* spec = core::find_command(command);
        more["layer"] = layer;
        more["expert"] = expert;
        ActionItem item;
        item.id = command;
        item.title = title + name;
        item.help = spec->help + " It goes on the stack of the panel Intervene.";
        item.refusal = core::unavailable({command, more}, core::Domain::inference);
        item.run = [&state, added = core::Command{command, std::move(more)}] {
            state.stack.add(added);
            state.show_panel = "Intervene";
        };
        items.push_back(std::move(item));
    };
    offer("Steer towards", "steer", {{"lambda", 1.0}});
    offer("Suppress", "suppress", {});
    offer("Force", "force", {});
    offer("Knock out", "knock_out", {});
    return items;
}

ActionItem typed_action(AppState& state, const std::string& line) {
    ActionItem item;
    item.id = "typed";
    item.title = line;
    const auto parsed = core::parse_command(line);
    if (!parsed) {
        item.refusal = parsed.error().message;
        return item;
    }
    const core::CommandSpec* spec = core::find_command(parsed->name);
    if (!spec) {
        item.refusal = "unknown command";
        return item;
    }
    ActionItem known = item_of(state, *spec, *parsed, "");
    known.id = "typed";
    known.title = line;
    return known;
}

std::vector<Match> search(const std::vector<ActionItem>& items, const std::string& query) {
    std::vector<Match> found;
    for (size_t i = 0; i < items.size(); ++i)
        if (const int score = fit(items[i].title, query); query.empty() || score >= 0)
            found.push_back({i, (query.empty() ? 0 : score) - (items[i].refusal.empty() ? 0 : 8)});
    std::stable_sort(found.begin(), found.end(),
                     [](const Match& a, const Match& b) { return a.score > b.score; });
    return found;
}

}  // namespace hopscope::app
