#include "app/state/actions.h"

#include <algorithm>
#include <cctype>
#include <iterator>

#include "core/api/arguments.h"
#include "core/api/command_registry.h"

namespace hopscope::app {
namespace {

/// Where the stack is edited.
constexpr const char* kStackPanel = "intervene";

const core::ArgSpec* only_choice(const core::CommandSpec& spec) {
    const core::ArgSpec* found = nullptr;
    for (const auto& arg : spec.args) {
        if (!arg.required) continue;
        if (found || arg.choices.empty() || arg.type != core::ArgType::text) return nullptr;
        found = &arg;
    }
    return found;
}

bool needs_arguments(const core::CommandSpec& spec) {
    return std::any_of(spec.args.begin(), spec.args.end(),
                       [](const core::ArgSpec& arg) { return arg.required; });
}

/// A reason that does not change.
std::function<std::string()> always(std::string reason) {
    return [reason = std::move(reason)] { return reason; };
}

std::string refusal_text(const AppState& state, core::Action action) {
    const char* no = refusal(state, action);
    return no ? no : "";
}

ActionItem item_of(AppState& state, const core::CommandSpec& spec, const core::Command& command,
                   const std::string& suffix) {
    ActionItem item;
    item.id = spec.name + suffix;
    item.title = spec.title + suffix;
    item.help = spec.help;
    item.keys = spec.shortcut;
    if (spec.run_menu.group > 0) item.menu = {Menu::run, spec.run_menu.group, spec.run_menu.place};
    if (std::string why = core::unavailable(command, core::Domain::live); !why.empty())
        item.why_not = always(std::move(why));
    else
        item.why_not = [&state, action = spec.action] { return refusal_text(state, action); };
    item.run = [&state, command] { state.submit(command); };
    if (spec.action == core::Action::stop)
        item.run = [&state] {
            state.stop_asked = true;
            state.keep_drawing();
        };
    // One key pauses and goes on.
    if (spec.action == core::Action::pause) item.listens = [&state] { return state.training(); };
    if (spec.action == core::Action::resume) item.listens = [&state] { return !state.training(); };
    return item;
}

/// The same command for a count of its own, below it in the menu.
ActionItem ten_steps_item(AppState& state, const core::CommandSpec& spec) {
    ActionItem item = item_of(state, spec, {spec.kind, {{"count", int64_t{10}}}}, "");
    item.id += ".ten";
    item.title = "Make ten steps";
    item.help = "Makes ten updates and pauses again.";
    item.keys = "T";
    ++item.menu.place;
    return item;
}

/// Puts the command on the stack, where its arguments are asked for, and shows that panel.
ActionItem stack_item(AppState& state, const core::CommandSpec& spec) {
    ActionItem item;
    item.id = spec.name + ".stack";
    item.title = spec.title + (spec.inference ? " on the prompt…" : "…");
    item.help = spec.help + " The panel Intervene asks for the arguments.";
    item.why_not = [&state, inference = spec.inference, action = spec.action]() -> std::string {
        if (inference || !state.session) return no_model(state);
        return refusal_text(state, action);
    };
    item.run = [&state, kind = spec.kind] {
        state.stack.add(kind, state.selection, state.model_shape());
        state.show_panel = kStackPanel;
    };
    return item;
}

int lower(char c) {
    return std::tolower(static_cast<unsigned char>(c));
}

/// Score of `text` from `at` on for `query`: letters in order; beginnings of words count more, and
/// letters that follow each other as typed most, so that a word comes before initials that spell
/// it. −1: no match.
int fit_from(const std::string& text, size_t at, const std::string& query) {
    int score = 0;
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
            score += 1 + (begins_word ? 8 : 0) + (adjacent ? 9 : 0);
            adjacent = found = true;
            ++at;
            break;
        }
        if (!found) return -1;
    }
    return score * 16 - static_cast<int>(std::min<size_t>(text.size(), 15));
}

/// The best of all places to begin at: the letters of a later word may also stand, scattered, in an
/// earlier one ("trace" in "Trajectory: Trace").
int fit(const std::string& text, const std::string& query) {
    int best = fit_from(text, 0, query);
    for (size_t at = 1; best >= 0 && at < text.size(); ++at)
        if (text[at - 1] == ' ') best = std::max(best, fit_from(text, at, query));
    return best;
}

/// What is done most, in the order of a palette in which nothing is typed; the others come behind.
constexpr std::string_view kMostUsed[] = {"pause",
                                          "resume",
                                          "step",
                                          "layout.train",
                                          "layout.inspect",
                                          "layout.intervene",
                                          "layout.compare",
                                          "file.open",
                                          "file.recent",
                                          "file.example",
                                          "file.first_look",
                                          "stack.undo",
                                          "stack.redo",
                                          "checkpoint",
                                          "evaluate",
                                          "fork",
                                          "file.save_session",
                                          "view.dark",
                                          "help.shortcuts"};

int use_of(const ActionItem& item) {
    const auto found = std::ranges::find(kMostUsed, item.id);
    return static_cast<int>(std::end(kMostUsed) - found);
}

}  // namespace

const char* refusal(const AppState& state, core::Action action) {
    if (state.session && !state.status.followed.empty() && action != core::Action::trace)
        return state.status.followed.c_str();
    return core::refusal(state.session ? state.status.state : core::RunState::idle, action);
}

std::string no_run(const AppState& state) {
    return state.session ? "" : core::refusal(core::RunState::idle, core::Action::trace);
}

std::string no_model(const AppState& state) {
    return state.is_imported() ? state.lacks(core::Need::model) : no_run(state);
}

const ActionItem* find_action(std::span<const ActionItem> items, std::string_view id) {
    const auto found = std::find_if(items.begin(), items.end(),
                                    [&](const ActionItem& item) { return item.id == id; });
    return found == items.end() ? nullptr : &*found;
}

void act(AppState& state, const ActionItem& item, bool problem) {
    if (const std::string why = item.refusal(); !why.empty())
        state.say(item.title + ": " + why, problem);
    else
        item.run();
}

ActionItem command_action(AppState& state, core::CommandKind kind) {
    return item_of(state, core::spec_of(kind), {kind, {}}, "");
}

std::vector<ActionItem> command_actions(AppState& state) {
    std::vector<ActionItem> items;
    for (const auto& spec : core::command_registry()) {
        const core::ArgSpec* choice = only_choice(spec);
        if (spec.live && !needs_arguments(spec))
            items.push_back(item_of(state, spec, {spec.kind, {}}, ""));
        else if (spec.live && choice)
            for (const auto& word : choice->choices)
                items.push_back(
                    item_of(state, spec, {spec.kind, {{choice->name, word}}}, " " + word));
        if (spec.kind == core::CommandKind::step) items.push_back(ten_steps_item(state, spec));
        // On a prompt, or with arguments that only a panel can ask for.
        if (spec.inference || (needs_arguments(spec) && !choice))
            items.push_back(stack_item(state, spec));
    }
    return items;
}

std::vector<ActionItem> expert_actions(AppState& state, int64_t layer, int64_t expert) {
    std::vector<ActionItem> items;
    const std::string name = " E" + std::to_string(expert);
    for (const core::CommandSpec& spec : core::command_registry()) {
        if (spec.on_expert.empty()) continue;
        const core::Command command = core::first_command(spec.kind, {layer, {expert}});
        ActionItem item;
        item.id = spec.name;
        item.title = spec.on_expert + name;
        item.help = spec.help + " It goes on the stack of the panel Intervene.";
        item.why_not = [&state, why = core::unavailable(command, core::Domain::inference)] {
            return why.empty() ? no_model(state) : why;
        };
        item.run = [&state, command] {
            state.stack.add(command);
            state.show_panel = kStackPanel;
        };
        items.push_back(std::move(item));
    }
    return items;
}

std::vector<ActionItem> control_actions(AppState& state) {
    std::vector<ActionItem> items;
    for (const Control& control : state.drawn->controls.all()) {
        if (!control.listed) continue;
        ActionItem item;
        item.id = "control." + control.panel_id + "." + control.title;
        item.title = control.panel + ": " + control.title;
        item.help = control.help;
        if (!control.refusal.empty()) item.why_not = always(control.refusal);
        item.run = [&state, control] {
            if (!state.drawn->controls.is_seen(control.panel_id))
                state.show_panel = control.panel_id;
            state.drawn->controls.press(control);
            state.keep_drawing(4);
        };
        items.push_back(std::move(item));
    }
    return items;
}

ActionItem typed_action(AppState& state, const std::string& line) {
    ActionItem item;
    item.id = "typed";
    item.title = line;
    const auto parsed = core::parse_command(line);
    if (!parsed) {
        item.why_not = always(parsed.error().message);
        return item;
    }
    ActionItem known = item_of(state, core::spec_of(parsed->kind), *parsed, "");
    known.id = "typed";
    known.title = line;
    return known;
}

std::vector<Match> search(std::span<const ActionItem> items, const std::string& query) {
    std::vector<Match> found;
    for (size_t i = 0; i < items.size(); ++i) {
        const int refused = items[i].refusal().empty() ? 0 : 1;
        if (query.empty())
            found.push_back({i, use_of(items[i]) - 1000 * refused});
        else if (const int score = fit(items[i].title, query); score >= 0)
            found.push_back({i, score - 8 * refused});
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const Match& a, const Match& b) { return a.score > b.score; });
    return found;
}

}  // namespace hopscope::app
