#include "app/state/intervention_stack.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <sstream>

#include "core/api/command_registry.h"

namespace hopscope::app {
namespace {

constexpr size_t kKeptEdits = 200;

/// "layer 9: this run has the layers 0 … 3" and the like.
std::string out_of_shape(const core::Command& command, const ModelShape& shape) {
    const auto beyond = [](const char* what, int64_t found, int64_t count) {
        return std::string(what) + " " + std::to_string(found) +
               " does not exist: 0 \xE2\x80\xA6 " + std::to_string(count - 1);
    };
    using core::ArgMeaning;
    for (const int64_t layer : core::layers_of(command)) {
        if (layer >= shape.layers) return beyond("layer", layer, shape.layers);
        for (const ArgMeaning meaning : {ArgMeaning::experts, ArgMeaning::other_expert})
            for (const int64_t expert : core::numbers_of(command, meaning))
                if (expert >= shape.experts_of(layer))
                    return beyond("expert", expert, shape.experts_of(layer));
    }
    for (const int64_t hop : core::numbers_of(command, ArgMeaning::hops))
        if (hop >= shape.hops) return beyond("hop", hop, shape.hops);
    const auto tokens = core::numbers_of(command, ArgMeaning::tokens);
    if (!tokens.empty() && shape.prompt_tokens > 0 && tokens[0] >= shape.prompt_tokens)
        return beyond("token", tokens[0], shape.prompt_tokens);
    const core::ArgSpec* place = core::given(command, ArgMeaning::place);
    const auto* numbers =
        place ? std::get_if<std::vector<double>>(&command.args.at(place->name)) : nullptr;
    if (numbers && shape.d_space > 0 && std::ssize(*numbers) != shape.d_space)
        return "\"" + place->name + "\" has " + std::to_string(numbers->size()) +
               (numbers->size() == 1 ? " number" : " numbers") + ", the routing space " +
               std::to_string(shape.d_space);
    return {};
}

}  // namespace

int64_t ModelShape::experts_of(int64_t layer) const {
    if (layer < 0 || layer >= static_cast<int64_t>(experts.size())) return 0;
    return experts[static_cast<size_t>(layer)];
}

core::Target target_of(const Selection& selection, const ModelShape& shape) {
    const int64_t last = std::max<int64_t>(shape.layers - 1, 0);
    return {std::clamp<int64_t>(selection.layer, 0, last),
            {selection.experts.begin(), selection.experts.end()},
            shape.d_space};
}

ModelShape model_shape(const core::Config& config, const core::GeometrySnapshot* geometry,
                       const core::TraceResult* trace) {
    ModelShape out;
    out.layers = config.model.n_layers;
    out.top_k = config.moe.top_k;
    out.d_space = config.moe.d_space;
    out.hops = 1;
    for (const int64_t h : config.moe.hops) out.hops = std::max(out.hops, h);
    out.experts.assign(static_cast<size_t>(std::max<int64_t>(out.layers, 0)), config.moe.experts);
    for (size_t l = 0; geometry && l < geometry->layers.size() && l < out.experts.size(); ++l) {
        if (geometry->layers[l].experts > 0) out.experts[l] = geometry->layers[l].experts;
        if (geometry->layers[l].d_space > 0) out.d_space = geometry->layers[l].d_space;
    }
    if (trace && trace->error.empty())
        out.prompt_tokens = static_cast<int64_t>(trace->tokens.size());
    return out;
}

void InterventionStack::begin_edit() {
    past_.push_back(items_);
    if (past_.size() > kKeptEdits) past_.erase(past_.begin());
    future_.clear();
}

StackItem* InterventionStack::find(uint64_t id) {
    const auto found =
        std::find_if(items_.begin(), items_.end(), [&](const StackItem& i) { return i.id == id; });
    return found == items_.end() ? nullptr : &*found;
}

void InterventionStack::add(core::Command command) {
    begin_edit();
    items_.push_back({next_id_++, std::move(command), true});
    ++version_;
}

void InterventionStack::add(core::CommandKind kind, const Selection& selection,
                            const ModelShape& shape) {
    add(core::first_command(kind, target_of(selection, shape)));
}

void InterventionStack::remove(uint64_t id) {
    if (!find(id)) return;
    begin_edit();
    std::erase_if(items_, [&](const StackItem& i) { return i.id == id; });
    ++version_;
}

void InterventionStack::move(uint64_t id, int by) {
    const StackItem* item = find(id);
    if (!item) return;
    const auto from = item - items_.data(), to = from + by;
    if (to < 0 || to >= static_cast<std::ptrdiff_t>(items_.size())) return;
    begin_edit();
    std::swap(items_[static_cast<size_t>(from)], items_[static_cast<size_t>(to)]);
    ++version_;
}

void InterventionStack::set_on(uint64_t id, bool on) {
    StackItem* item = find(id);
    if (!item || item->on == on) return;
    begin_edit();
    find(id)->on = on;
    ++version_;
}

void InterventionStack::clear() {
    if (items_.empty()) return;
    begin_edit();
    items_.clear();
    ++version_;
}

void InterventionStack::all_off() {
    if (std::none_of(items_.begin(), items_.end(), [](const StackItem& i) { return i.on; })) return;
    begin_edit();
    for (auto& item : items_) item.on = false;
    ++version_;
}

void InterventionStack::set_argument(uint64_t id, const std::string& name,
                                     const core::Value* value) {
    StackItem* item = find(id);
    if (!item) return;
    if (value)
        item->command.args[name] = *value;
    else
        item->command.args.erase(name);
    ++version_;
}

void InterventionStack::undo() {
    if (past_.empty()) return;
    future_.push_back(std::move(items_));
    items_ = std::move(past_.back());
    past_.pop_back();
    ++version_;
}

void InterventionStack::redo() {
    if (future_.empty()) return;
    past_.push_back(std::move(items_));
    items_ = std::move(future_.back());
    future_.pop_back();
    ++version_;
}

std::vector<core::Command> InterventionStack::prompt_script(const ModelShape& shape) const {
    std::vector<core::Command> out;
    for (const auto& item : items_)
        if (item.on && prompt_problem(item.command, shape).empty())
            out.push_back(*core::check_command(item.command));
    return out;
}

std::string InterventionStack::script_text() const {
    std::string out;
    for (const auto& item : items_)
        if (item.on) out += core::to_json(item.command) + "\n";
    return out;
}

core::Status InterventionStack::load(const std::string& text) {
    std::vector<StackItem> rows;
    std::istringstream lines(text);
    std::string line;
    for (int n = 1; std::getline(lines, line); ++n) {
        if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
        auto command = core::parse_command(line);
        if (!command)
            return core::usage_error("line " + std::to_string(n) + ": " + command.error().message);
        rows.push_back({next_id_++, std::move(*command), true});
    }
    if (rows.empty())
        return core::usage_error(
            "no command in it; a script has one JSON object a line, such as "
            "{\"command\": \"zero_experts\"}");
    begin_edit();
    items_ = std::move(rows);
    ++version_;
    return {};
}

std::vector<const core::ArgSpec*> asked_of(const core::Command& command) {
    using core::ArgMeaning;
    std::vector<const core::ArgSpec*> out;
    for (const core::ArgSpec& arg : core::spec_of(command.kind).args)
        if (core::belongs(command, arg)) out.push_back(&arg);
    const bool counted = std::any_of(out.begin(), out.end(), [](const core::ArgSpec* arg) {
        return arg->meaning == ArgMeaning::experts;
    });
    std::erase_if(out, [&](const core::ArgSpec* arg) {
        return arg->meaning == ArgMeaning::layer && !arg->required && !counted;
    });
    return out;
}

std::vector<const core::ArgSpec*> scope_asked_of(const core::Command& command) {
    using core::ArgMeaning;
    const bool live = core::unavailable(command, core::Domain::live).empty();
    const bool in_a_layer = core::given(command, ArgMeaning::layer);
    std::vector<const core::ArgSpec*> out;
    for (const core::ArgSpec& arg : core::scope_args())
        if (!(arg.meaning == ArgMeaning::layers && in_a_layer) &&
            !(arg.meaning == ArgMeaning::step && !live))
            out.push_back(&arg);
    return out;
}

int64_t layer_of(const core::Command& command) {
    const auto layers = core::layers_of(command);
    return layers.empty() ? 0 : layers.front();
}

std::string prompt_problem(const core::Command& command, const ModelShape& shape) {
    if (std::string why = core::unavailable(command, core::Domain::inference); !why.empty())
        return why;
    if (const auto checked = core::check_command(command); !checked) {
        // "command "steer": " stands in the row already.
        const std::string prefix = "command \"" + command.name() + "\": ";
        const std::string& text = checked.error().message;
        return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
    }
    return out_of_shape(command, shape);
}

ArgEditor editor_of(const core::CommandSpec& command, const core::ArgSpec& arg,
                    const ModelShape& shape, int64_t layer) {
    ArgEditor out;
    out.optional = !arg.required;
    const bool takes_words = !arg.choices.empty();
    if (takes_words && arg.type == core::ArgType::text) {
        out.kind = ArgEditor::word;
    } else if (arg.type == core::ArgType::flag) {
        out.kind = ArgEditor::flag;
    } else if (arg.type == core::ArgType::integer && !takes_words) {
        out.kind = ArgEditor::integer;
        out.low = std::max(arg.min, 0.0);
        out.high = arg.max;
        if (arg.meaning == core::ArgMeaning::layer)
            out.high = static_cast<double>(std::max<int64_t>(shape.layers - 1, 0));
        if (arg.meaning == core::ArgMeaning::neighbours)
            out.high =
                static_cast<double>(std::max<int64_t>(shape.experts_of(layer) - shape.top_k, 1));
        out.high = std::min(out.high, 1e6);
    } else if (arg.type == core::ArgType::number) {
        out.kind = ArgEditor::number;
        out.low = arg.min;
        out.high = arg.max;
        if (arg.slider) {
            out.low = std::max(arg.min, arg.slider->low);
            out.high = std::min(arg.max, arg.slider->high);
        }
        if (out.high - out.low > 1e6) out.low = std::max(arg.min, -3.0), out.high = 3;
    } else if (arg.type == core::ArgType::integers || arg.type == core::ArgType::numbers ||
               takes_words) {
        out.kind = ArgEditor::list;
    }
    return out;
}

core::Value value_of(const std::string& typed, bool whole) {
    std::string text = typed;
    for (char& c : text)
        if (c == ',' || c == ';' || c == '[' || c == ']') c = ' ';
    std::istringstream words(text);
    std::vector<double> numbers;
    for (std::string word; words >> word;) {
        char* end = nullptr;
        const double x = std::strtod(word.c_str(), &end);
        if (*end != 0 || !std::isfinite(x)) return typed;
        numbers.push_back(x);
    }
    if (numbers.empty()) return typed;
    if (!whole) return numbers;
    std::vector<int64_t> integers;
    for (const double x : numbers) {
        if (std::floor(x) != x || std::fabs(x) > 1e15) return numbers;  // the check names it
        integers.push_back(static_cast<int64_t>(x));
    }
    if (integers.size() == 1) return integers[0];
    return integers;
}

namespace {

std::string number_text(double x) {
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", x);
    return text;
}

struct ValueText {
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(int64_t v) const { return std::to_string(v); }
    std::string operator()(double v) const { return number_text(v); }
    std::string operator()(const std::string& v) const { return v; }
    std::string operator()(const std::vector<int64_t>& list) const { return joined(list); }
    std::string operator()(const std::vector<double>& list) const { return joined(list); }
    template <class T>
    std::string joined(const std::vector<T>& list) const {
        std::string text;
        for (const T x : list) text += (text.empty() ? "" : ", ") + (*this)(x);
        return text;
    }
};

}  // namespace

std::string text_of(const core::Value& value) {
    return std::visit(ValueText{}, value);
}

}  // namespace hopscope::app
