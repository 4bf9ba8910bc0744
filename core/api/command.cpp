#include "core/api/command.h"

#include <algorithm>
#include <cmath>

#include "core/api/arguments.h"
#include "core/api/command_registry.h"
#include "core/api/live_settings.h"
#include "core/base/json.h"
#include "core/base/json_problem.h"
#include "core/base/names.h"
#include "core/base/numbers.h"
#include "core/base/overloaded.h"
#include "core/base/utf8.h"

namespace hopscope::core {
namespace {

constexpr double kExactInteger = 9007199254740992.0;  ///< 2^53: doubles below are exact integers

OrderedJson to_value(const Value& value) {
    return std::visit([](const auto& v) { return OrderedJson(v); }, value);
}

const char* describe(ArgType type) {
    constexpr const char* kWords[] = {
        "an integer",        "a number",     "a text", "an integer or a list of integers",
        "a list of numbers", "true or false"};
    return kWords[static_cast<size_t>(type)];
}

/// `command: argument "name": found X, allowed is Y`.
Error bad_argument(const Command& command, const ArgSpec& spec, const std::string& found,
                   const std::string& hint = "") {
    std::string allowed =
        spec.type == ArgType::text && !spec.choices.empty() ? "" : describe(spec.type);
    if (!spec.allowed.empty()) allowed += (allowed.empty() ? "" : ", ") + spec.allowed;
    return usage_error("command \"" + command.name() + "\": argument \"" + spec.name +
                       "\": found " + shown(found) + hint +
                       (hint.empty() ? ", allowed is " : " Allowed is ") + allowed);
}

bool is_integral(double value) {
    return std::floor(value) == value && std::abs(value) <= kExactInteger;
}

bool in_range(const ArgSpec& spec, double value) {
    return NumberRange{spec.min, spec.max, spec.open_min, spec.open_max}.holds(value);
}

/// Whole numbers written as 3.0 become integers, integers become numbers where these are expected.
void canonicalise(ArgType type, Value& value) {
    const auto* number = std::get_if<double>(&value);
    const auto* numbers = std::get_if<std::vector<double>>(&value);
    if (type == ArgType::integer || type == ArgType::integers) {
        if (number && is_integral(*number)) {
            value = static_cast<int64_t>(*number);
        } else if (numbers && std::all_of(numbers->begin(), numbers->end(), is_integral)) {
            value = std::vector<int64_t>(numbers->begin(), numbers->end());
        }
    } else if (type == ArgType::number) {
        if (const auto* integer = std::get_if<int64_t>(&value))
            value = static_cast<double>(*integer);
    } else if (type == ArgType::numbers) {
        if (const auto* integer = std::get_if<int64_t>(&value))
            value = std::vector<double>{static_cast<double>(*integer)};
        else if (number)
            value = std::vector<double>{*number};
        else if (const auto* integers = std::get_if<std::vector<int64_t>>(&value))
            value = std::vector<double>(integers->begin(), integers->end());
    }
}

bool has_type(ArgType type, const Value& value) {
    switch (type) {
        case ArgType::integer:
            return std::holds_alternative<int64_t>(value);
        case ArgType::number:
            return std::holds_alternative<double>(value);
        case ArgType::text:
            return std::holds_alternative<std::string>(value);
        case ArgType::integers:
            return std::holds_alternative<int64_t>(value) ||
                   std::holds_alternative<std::vector<int64_t>>(value);
        case ArgType::numbers:
            return std::holds_alternative<std::vector<double>>(value);
        case ArgType::flag:
            return std::holds_alternative<bool>(value);
    }
    return false;
}

/// One argument against its description; brings it into the form of its type.
Status check_argument(const Command& command, const ArgSpec& spec, Value& value) {
    if (const auto* text = std::get_if<std::string>(&value); text && !spec.choices.empty()) {
        if (std::count(spec.choices.begin(), spec.choices.end(), *text)) return {};
        return bad_argument(command, spec, dump_ordered_line(*text),
                            suggestion(*text, spec.choices));
    }
    canonicalise(spec.type, value);
    if (!has_type(spec.type, value))
        return bad_argument(command, spec, dump_ordered_line(to_value(value)));
    const auto all_in_range = [&](const auto& list) {
        return !list.empty() && std::all_of(list.begin(), list.end(), [&](auto v) {
            return in_range(spec, static_cast<double>(v));
        });
    };
    const bool ok =
        std::visit(Overloaded{[&](int64_t v) { return in_range(spec, static_cast<double>(v)); },
                              [&](double v) { return in_range(spec, v); },
                              [&](const std::vector<int64_t>& v) { return all_in_range(v); },
                              [&](const std::vector<double>& v) { return all_in_range(v); },
                              [](const auto&) { return true; }},
                   value);
    if (!ok) return bad_argument(command, spec, dump_ordered_line(to_value(value)));
    return {};
}

/// What no single argument shows.
Status check_combination(const Command& command) {
    const auto wrong = [&](const std::string& what) {
        return usage_error("command \"" + command.name() + "\": " + what);
    };
    const ArgSpec* layer = given(command, ArgMeaning::layer);
    const ArgSpec* layers = given(command, ArgMeaning::layers);
    if (layer && layers)
        return wrong("give \"" + layer->name + "\" or \"" + layers->name + "\", not both");
    if (const ArgSpec* scope = given(command, ArgMeaning::tokens)) {
        const std::vector<int64_t> tokens = command.integers(scope->name);
        if (tokens.size() != 2 || tokens[0] > tokens[1])
            return wrong("argument \"" + scope->name + "\": found " +
                         shown(dump_ordered_line(to_value(command.args.at(scope->name)))) +
                         ", allowed is [from, to] with from <= to");
    }
    const auto& either = spec_of(command.kind).either;
    const bool first = either && command.has(either->first);
    const bool second = either && command.has(either->second);
    if (either && either->needed && first == second)
        return wrong("give either \"" + either->first + "\" or \"" + either->second + "\"");
    for (const ArgSpec& arg : spec_of(command.kind).args)
        if (command.has(arg.name) && !belongs(command, arg))
            return wrong("argument \"" + arg.name + "\" belongs to \"" +
                         spec_of(command.kind).chooser()->name + "\": \"" + arg.belongs_to + "\"");
    if (first && second)
        return wrong("give \"" + either->first + "\" or \"" + either->second + "\", not both");
    return {};
}

/// `set`: the value must suit its key.
Status check_setting(const Command& command) {
    const LiveSetting* setting = find_live_setting(command.text("key", ""));
    if (!setting) return {};
    ArgSpec spec = setting->value;
    spec.name = "value";
    spec.help.clear();
    Value value = command.args.at("value");
    return check_argument(command, spec, value);
}

Result<Value> read_value(const std::string& name, const std::string& key, const OrderedJson& json) {
    const auto wrong = [&](const std::string& what) {
        return usage_error("command " + in_quotes(name) + ": argument " + in_quotes(key) + ": " +
                           what);
    };
    const auto too_large = [&](const OrderedJson& v) {
        return v.is_number_unsigned() && v.get<uint64_t>() > uint64_t(INT64_MAX);
    };
    if (too_large(json))
        return wrong("found " + shown(dump_ordered_line(json)) + ", too large for an integer");
    if (json.is_boolean()) return Value(json.get<bool>());
    if (json.is_number_integer()) return Value(json.get<int64_t>());
    if (json.is_number_float()) return Value(json.get<double>());
    if (json.is_string()) return Value(json.get<std::string>());
    if (!json.is_array())
        return wrong(std::string("found ") + json.type_name() +
                     ", allowed are numbers, texts, true, false and lists of numbers");
    bool whole = true;
    for (const OrderedJson& item : json) {
        if (!item.is_number() || too_large(item))
            return wrong(std::string("a list may hold numbers only, found ") + item.type_name());
        whole = whole && item.is_number_integer();
    }
    if (whole) return Value(json.get<std::vector<int64_t>>());
    return Value(json.get<std::vector<double>>());
}

/// Copying and printing a value calls itself for each level: what is nested without end would end
/// the process.
constexpr int kMostNested = 32;

/// Reads one JSON object; a key given twice is an error rather than the last one winning.
Result<OrderedJson> read_object(const std::string& line) {
    RepeatedKey twice;
    bool too_deep = false;
    const auto watch = [&](int depth, OrderedJson::parse_event_t event, const OrderedJson& parsed) {
        if (depth > kMostNested) {
            too_deep = true;
            return false;  // left out
        }
        if (depth <= 1) twice.see(event, parsed);  // what is nested is no command at all
        return true;
    };
    try {
        OrderedJson json = OrderedJson::parse(line, watch);
        if (too_deep)
            return usage_error("a command is flat JSON, found values nested more than " +
                               std::to_string(kMostNested) + " deep");
        if (!json.is_object())
            return usage_error(std::string("a command is a JSON object such as "
                                           "{\"command\": \"pause\"}, found ") +
                               json.type_name());
        if (!twice.found().empty())
            return usage_error("key " + in_quotes(twice.found()) + " is given twice");
        if (const std::string number = vanished_number(line); !number.empty())
            return usage_error("found " + shown(number) +
                               ", too small for a number; allowed are 0 and sizes from 4.9e-324 to "
                               "1.8e308");
        return json;
    } catch (const OrderedJson::exception& e) {
        return usage_error("a command is one line of JSON: " + json_problem(e, line));
    }
}

}  // namespace

const std::string& Command::name() const {
    return name_of(kind);
}

double Command::number(const std::string& key, double fallback) const {
    const auto found = args.find(key);
    if (found == args.end()) return fallback;
    if (const auto* v = std::get_if<double>(&found->second)) return *v;
    if (const auto* v = std::get_if<int64_t>(&found->second)) return static_cast<double>(*v);
    return fallback;
}

int64_t Command::integer(const std::string& key, int64_t fallback) const {
    const auto found = args.find(key);
    if (found == args.end()) return fallback;
    if (const auto* v = std::get_if<int64_t>(&found->second)) return *v;
    if (const auto* v = std::get_if<double>(&found->second); v && is_integral(*v))
        return static_cast<int64_t>(*v);
    return fallback;
}

std::string Command::text(const std::string& key, const std::string& fallback) const {
    const auto found = args.find(key);
    if (found == args.end()) return fallback;
    const auto* v = std::get_if<std::string>(&found->second);
    return v ? *v : fallback;
}

std::vector<int64_t> Command::integers(const std::string& key) const {
    const auto found = args.find(key);
    if (found == args.end()) return {};
    if (const auto* v = std::get_if<std::vector<int64_t>>(&found->second)) return *v;
    if (const auto* v = std::get_if<int64_t>(&found->second)) return {*v};
    return {};
}

Command without_value(Command command) {
    if (const ArgSpec* value = spec_of(command.kind).value()) command.args.erase(value->name);
    return command;
}

std::string plain_text(const Command& command) {
    const std::string& name = command.name();
    std::string text = name;
    for (const auto& [key, value] : command.args) {
        std::string shown = dump_ordered_line(to_value(value));
        std::erase(shown, '"');
        for (size_t at = 0; (at = shown.find(',', at)) != std::string::npos; at += 2)
            shown.replace(at, 1, ", ");
        text += (text.size() == name.size() ? ": " : ", ") + key + " " + shown;
    }
    return text;
}

Result<Command> check_command(Command command) {
    const CommandSpec& spec = spec_of(command.kind);
    if (command.kind == CommandKind::set)
        if (const LiveSetting* setting = find_live_setting(command.text("key", "")))
            command.args["key"] = setting->value.name;
    for (auto& [name, value] : command.args) {
        const ArgSpec* arg = spec.argument(name);
        if (!arg) {
            std::vector<std::string> names;
            for (const auto* list : {&spec.args, &scope_args()})
                for (const ArgSpec& known : *list) names.push_back(known.name);
            return usage_error("command \"" + command.name() + "\": unknown argument " +
                               in_quotes(name) + suggestion(name, names) + " Allowed are " +
                               joined(names));
        }
        if (Status ok = check_argument(command, *arg, value); !ok) return ok.error();
    }
    for (const ArgSpec& arg : spec.args) {
        const bool said =
            arg.meaning == ArgMeaning::layer ? !layers_of(command).empty() : command.has(arg.name);
        if (arg.required && !said)
            return usage_error("command \"" + command.name() + "\": argument \"" + arg.name +
                               "\" is missing (" + describe(arg.type) +
                               (arg.allowed.empty() ? "" : ", " + arg.allowed) + ")");
    }
    if (Status ok = check_combination(command); !ok) return ok.error();
    if (command.kind == CommandKind::set)
        if (Status ok = check_setting(command); !ok) return ok.error();
    return command;
}

Result<Command> parse_command(const std::string& json_line) {
    Result<OrderedJson> json = read_object(json_line);
    if (!json) return json.error();
    const auto name = json->find("command");
    if (name == json->end() || !name->is_string())
        return usage_error(
            "key \"command\" is missing: give its name as text, such as "
            "{\"command\": \"pause\"}");
    const auto word = name->get<std::string>();
    Command command;
    for (const auto& [key, value] : json->items()) {
        if (key == "command") continue;
        Result<Value> read = read_value(word, key, value);
        if (!read) return read.error();
        command.args.emplace(key, std::move(*read));
    }
    const CommandSpec* spec = find_command(word);
    if (!spec) return usage_error(unknown_command(word));
    command.kind = spec->kind;
    return check_command(std::move(command));
}

Result<Command> parse_training_command(const std::string& json_line) {
    Result<OrderedJson> json = read_object(json_line);
    if (!json) return json.error();
    if (json->contains("step") && json->contains("by")) {
        (*json)["from_step"] = (*json)["step"];
        for (const char* key : {"step", "time", "by"}) json->erase(key);
    }
    return parse_command(dump_ordered_line(*json));
}

std::string to_json(const Command& command) {
    OrderedJson json = {{"command", command.name()}};
    for (const auto& [key, value] : command.args) json[key] = to_value(value);
    return dump_ordered_line(json);
}

std::vector<Command> scaled(std::vector<Command> script, double factor) {
    for (Command& command : script)
        for (const ArgSpec& arg : spec_of(command.kind).args)
            if (arg.role == ArgRole::dose && command.has(arg.name))
                command.args[arg.name] = command.number(arg.name, 0) * factor;
    return script;
}

}  // namespace hopscope::core
