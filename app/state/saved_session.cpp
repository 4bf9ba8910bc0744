#include "app/state/saved_session.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "app/state/app_state.h"
#include "app/state/json_field.h"
#include "core/api/input.h"

namespace hopscope::app {
namespace {

using nlohmann::json;

constexpr const char* kFormat = "hopscope.session/1";
constexpr double kMostStrength = 1e6;
constexpr int64_t kMostShift = 1'000'000;

json selected(const Selection& selection) {
    json out = {{"layer", selection.layer},
                {"hop", selection.hop},
                {"experts", selection.experts},
                {"prompt_tokens", selection.prompt_tokens},
                {"probe_tokens", selection.probe_tokens}};
    // Where it is not the lowest: files without it stay as they were.
    if (selection.experts.size() > 1 && selection.first_expert() != *selection.experts.begin())
        out["first_expert"] = *selection.first_expert();
    if (selection.prompt_tokens.size() > 1 &&
        selection.first_prompt_token() != *selection.prompt_tokens.begin())
        out["first_prompt_token"] = *selection.first_prompt_token();
    return out;
}

/// One that waits to be aligned is kept as it stands.
json second_prompt(const SecondPrompt& second) {
    return {{"open", second.open}, {"text", second.text}, {"shift", second.shift}};
}

json named_selections(const std::vector<NamedSelection>& named) {
    json out = json::array();
    for (const NamedSelection& one : named)
        out.push_back({{"name", one.name},
                       {"layer", one.layer},
                       {"experts", one.chosen.experts},
                       {"probe_tokens", one.chosen.tokens}});
    return out;
}

const json& object(const json& from, const char* key) {
    static const json kNone = json::object();
    const auto found = from.find(key);
    if (found == from.end()) return kNone;
    if (!found->is_object())
        throw std::invalid_argument(std::string(key) + " holds " + found->type_name() +
                                    "; allowed is an object");
    return *found;
}

void read_stack(const json& from, SavedSession& out) {
    const auto rows = from.find("stack");
    if (rows == from.end()) return;
    if (!rows->is_array()) throw std::invalid_argument("stack is no list");
    for (const json& row : *rows) {
        if (!row.is_object() || !row.contains("command"))
            throw std::invalid_argument("a row of stack is no object with a command");
        StackItem item;
        read_field(row, "on", item.on);
        auto command = core::parse_command(row["command"].dump());
        if (!command) throw std::invalid_argument("stack: " + command.error().message);
        item.command = std::move(*command);
        out.stack.push_back(std::move(item));
    }
}

void read_named(const json& from, SavedSession& out) {
    const auto all = from.find("named");
    if (all == from.end()) return;
    if (!all->is_array()) throw std::invalid_argument("named is no list");
    for (const json& one : *all) {
        if (!one.is_object()) throw std::invalid_argument("a row of named is no object");
        NamedSelection& named = out.named.emplace_back();
        read_field(one, "name", named.name);
        read_field(one, "layer", named.layer);
        read_field(one, "experts", named.chosen.experts);
        read_field(one, "probe_tokens", named.chosen.tokens);
        if (named.name.empty()) throw std::invalid_argument("a row of named has no name");
    }
}

/// Keeps what is in [0, n); → how many were left out.
size_t keep_below(std::set<int64_t>& values, int64_t n) {
    return std::erase_if(values, [&](int64_t v) { return v < 0 || v >= n; });
}

/// Gives the run the names of selections, each with what of it the run has; false where that is not
/// all.
bool restore_named(const std::vector<NamedSelection>& named, const ModelShape& shape,
                   NamedSelections& to) {
    bool whole = true;
    to = {};
    for (NamedSelection one : named) {
        size_t left_out = std::erase_if(one.chosen.tokens, [](int64_t token) { return token < 0; });
        if (one.layer >= 0 && one.layer < shape.layers)
            left_out += keep_below(one.chosen.experts, shape.experts_of(one.layer));
        else
            one.chosen = {}, left_out = 1;
        whole &= left_out == 0;
        to.keep(std::move(one));
    }
    return whole;
}

}  // namespace

SavedSession saved_session(const AppState& state) {
    SavedSession out;
    out.run = state.status.run_dir;
    out.step = state.time.step();
    out.selection = state.selection;
    out.prompt = state.prompt;
    out.second = state.second;
    out.named = state.named.all();
    out.halting = static_cast<double>(state.halt_position);
    out.strength = state.strength;
    out.stack = state.stack.items();
    return out;
}

void restore(const SavedSession& saved, AppState& state) {
    const ModelShape shape = state.model_shape();
    Selection selection = saved.selection;
    const bool has_layer = selection.layer >= 0 && selection.layer < shape.layers;
    if (!has_layer) {
        selection.layer = 0;
        selection.experts.clear();
    }
    if (selection.hop < kAllHops || selection.hop >= shape.hops) selection.hop = kAllHops;
    const size_t left_out = keep_below(selection.experts, shape.experts_of(selection.layer));
    const bool all_named = restore_named(saved.named, shape, state.named);
    if (!has_layer || left_out > 0 || !all_named)
        state.say("the session file selects what this run has not got; that was left out", true);
    std::erase_if(selection.probe_tokens, [](int64_t token) { return token < 0; });
    std::erase_if(selection.prompt_tokens, [](int64_t token) { return token < 0; });
    state.selection.restore(selection);
    if (!saved.prompt.empty()) state.prompt = saved.prompt;
    state.second = saved.second;
    state.halt_position = static_cast<float>(saved.halting);
    state.strength = saved.strength;
    state.stack.begin_edit();
    state.stack.clear();
    for (const StackItem& item : saved.stack) {
        state.stack.add(item.command);
        if (!item.on) state.stack.set_on(state.stack.items().back().id, false);
    }
    if (saved.step)
        state.time.go_to(state.archive.files(), *saved.step);
    else
        state.time.go_live();
    state.keep_drawing();
}

std::string size_problem(size_t bytes) {
    if (bytes <= kLargestSession) return {};
    return "This session would take " + std::to_string(bytes >> 20) +
           " MiB, and only files of up to " + std::to_string(kLargestSession >> 20) +
           " MiB are read; delete named selections of many tokens first.";
}

std::string text_of(const SavedSession& saved) {
    json stack = json::array();
    for (const StackItem& item : saved.stack)
        stack.push_back({{"command", json::parse(core::to_json(item.command))}, {"on", item.on}});
    json out = {{"format", kFormat},
                {"run", saved.run},
                {"layout", saved.layout},
                {"shut", saved.shut},
                {"docking", saved.docking},
                {"step", saved.step ? json(*saved.step) : json(nullptr)},
                {"selection", selected(saved.selection)},
                {"prompt", saved.prompt},
                {"strength", saved.strength},
                {"stack", std::move(stack)},
                {"panels", saved.panels}};
    // Where there is one: files without it stay as they were.
    if (!(saved.second == SavedSession().second))
        out["second_prompt"] = second_prompt(saved.second);
    if (!saved.named.empty()) out["named"] = named_selections(saved.named);
    if (saved.halting > 0) out["halting"] = saved.halting;
    return out.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

core::Result<SavedSession> parse_session(const std::string& text, const std::string& path) {
    const auto refused = [&](const std::string& why) {
        return core::usage_error(core::shown_path(path) + ": " + why +
                                 "; a session file is written by the window, File, Save session");
    };
    const json from = json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!from.is_object() || from.value("format", json()) != kFormat)
        return refused("found no document of the format " + std::string(kFormat));
    SavedSession out;
    try {
        read_field(from, "run", out.run);
        read_field(from, "layout", out.layout);
        read_field(from, "shut", out.shut);
        read_field(from, "docking", out.docking);
        if (const auto step = from.find("step"); step != from.end() && !step->is_null())
            read_field(from, "step", out.step.emplace());
        const json& selection = object(from, "selection");
        read_field(selection, "layer", out.selection.layer);
        read_field(selection, "hop", out.selection.hop);
        read_field(selection, "experts", out.selection.experts);
        read_field(selection, "prompt_tokens", out.selection.prompt_tokens);
        read_field(selection, "probe_tokens", out.selection.probe_tokens);
        if (selection.contains("first_expert"))
            read_field(selection, "first_expert", out.selection.first.expert.emplace());
        if (selection.contains("first_prompt_token"))
            read_field(selection, "first_prompt_token", out.selection.first.prompt_token.emplace());
        read_field(from, "prompt", out.prompt);
        const json& second = object(from, "second_prompt");
        read_field(second, "open", out.second.open);
        read_field(second, "text", out.second.text);
        read_field(second, "shift", out.second.shift);
        if (std::abs(out.second.shift) > kMostShift)
            throw std::invalid_argument("second_prompt: shift is not between -1e6 and 1e6");
        read_named(from, out);
        read_field(from, "halting", out.halting);
        if (!(out.halting >= 0 && out.halting <= 1))
            throw std::invalid_argument("halting is not between 0 and 1");
        read_field(from, "strength", out.strength);
        if (!(out.strength >= 0 && out.strength <= kMostStrength))
            throw std::invalid_argument("strength is not between 0 and 1e6");
        read_stack(from, out);
        read_field(from, "panels", out.panels);
    } catch (const std::invalid_argument& e) {
        return refused(e.what());
    }
    if (out.run.empty()) return refused("run names no folder");
    return out;
}

}  // namespace hopscope::app
