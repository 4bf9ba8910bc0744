#include "app/panels/run/view.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "app/widgets/format.h"
#include "core/api/command_registry.h"

namespace hopscope::app {
namespace {

double configured(const core::Config& config, const std::string& name) {
    const core::LiveSetting* setting = core::find_live_setting(name);
    if (!setting) return 0;
    const core::Value value = core::live_value(*setting, config);
    const auto* whole = std::get_if<int64_t>(&value);
    return whole ? static_cast<double>(*whole) : std::get<double>(value);
}

template <class Item>
std::string listed(size_t count, Item item) {
    std::string text = "[";
    for (size_t i = 0; i < std::min<size_t>(count, 8); ++i) {
        if (i > 0) text += ' ';
        text += item(i);
    }
    return text + (count > 8 ? " …]" : "]");
}

struct ValueWords {
    std::string operator()(bool v) const { return v ? "yes" : "no"; }
    std::string operator()(int64_t v) const { return with_thousands(v); }
    std::string operator()(double v) const { return significant(v, 3); }
    std::string operator()(const std::string& v) const { return v; }
    std::string operator()(const std::vector<int64_t>& v) const {
        return listed(v.size(), [&](size_t i) { return with_thousands(v[i]); });
    }
    std::string operator()(const std::vector<double>& v) const {
        return listed(v.size(), [&](size_t i) { return significant(v[i], 3); });
    }
};

std::string in_words(const core::Value& value) {
    return std::visit(ValueWords{}, value);
}

}  // namespace

const std::vector<core::LiveSetting>& sliders() {
    static const std::vector<core::LiveSetting> settings = [] {
        std::vector<core::LiveSetting> out;
        for (const core::LiveSetting& setting : core::live_settings())
            if (setting.value.slider) out.push_back(setting);
        return out;
    }();
    return settings;
}

SettingValue setting_value(const core::Config& config, const std::vector<core::Answer>& answers,
                           const std::string& key) {
    const double first = configured(config, key);
    SettingValue out{first, false, -1, first};
    bool found = false;
    for (auto answer = answers.rbegin(); answer != answers.rend(); ++answer) {
        if (answer->state == core::AnswerState::refused ||
            answer->command.kind != core::CommandKind::set ||
            answer->command.text("key", "") != key)
            continue;
        const double value = answer->command.number("value", first);
        if (!found) {
            found = true;
            out.value = value;
            out.pending = answer->state == core::AnswerState::pending;
            if (!out.pending) out.step = answer->step;
        } else if (value != out.value) {
            out.before = value;
            break;
        }
    }
    return out;
}

core::Config present_config(core::Config config, const std::vector<core::Answer>& answers) {
    for (const core::Answer& answer : answers) {
        if (answer.state != core::AnswerState::applied ||
            answer.command.kind != core::CommandKind::set)
            continue;
        const core::LiveSetting* setting = core::find_live_setting(answer.command.text("key", ""));
        if (setting && answer.command.has("value"))
            core::set_live_value(*setting, config, answer.command.number("value", 0));
    }
    return config;
}

TimeSplit time_split(const History& h, int64_t newest, double tokens_per_step) {
    constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
    const std::vector<double>* const columns[] = {&h.forward_ms, &h.backward_ms, &h.optimizer_ms,
                                                  &h.data_ms};
    TimeSplit out;
    out.parts = {{{"forward", "Forward pass and loss"},
                  {"backward", "Backward pass"},
                  {"optimizer", "Gathering gradients, clipping, the step of the optimizer"},
                  {"data", "Reading the batches"},
                  {"other", "What the measured parts leave: statistics of the routing, waiting"}}};
    double publish = 0;
    int64_t published = 0;
    for (size_t i = h.step.size(); i > 0 && out.updates < newest; --i) {
        if (!std::isfinite(h.forward_ms[i - 1]) || !(h.tokens_per_s[i - 1] > 0)) continue;
        ++out.updates;
        out.update_ms += 1000 * tokens_per_step / h.tokens_per_s[i - 1];
        for (size_t part = 0; part < std::size(columns); ++part)
            out.parts[part].ms += (*columns[part])[i - 1];
        if (!std::isfinite(h.publish_ms[i - 1])) continue;
        publish += h.publish_ms[i - 1];
        ++published;
    }
    const auto n = static_cast<double>(out.updates);
    double left = out.update_ms;
    for (TimePart& part : out.parts) {
        if (&part == &out.parts.back()) part.ms = std::max(left, 0.0);
        left -= std::isfinite(part.ms) ? part.ms : 0;
        part.ms = out.updates == 0 ? kMissing : part.ms / n;
    }
    out.update_ms = out.updates == 0 ? kMissing : out.update_ms / n;
    out.publish_ms = published == 0 ? kMissing : publish / static_cast<double>(published);
    return out;
}

FreezeState freeze_state(const core::RunStatus& status, const std::vector<core::Answer>& answers,
                         core::FreezePart part) {
    for (auto answer = answers.rbegin(); answer != answers.rend(); ++answer)
        if (answer->state == core::AnswerState::pending && core::part_of(answer->command) == part)
            return {answer->command.kind == core::CommandKind::freeze, true};
    const auto& frozen = status.frozen;
    return {std::find(frozen.begin(), frozen.end(), core::word(part)) != frozen.end(), false};
}

std::string in_words(const core::Command& command) {
    std::string text = command.name();
    std::replace(text.begin(), text.end(), '_', ' ');
    if (command.kind == core::CommandKind::set) {
        const std::string key = command.text("key", "");
        const core::LiveSetting* setting = core::find_live_setting(key);
        return (setting ? setting->label : key) +
               (" " + significant(command.number("value", 0), 3));
    }
    if (command.kind == core::CommandKind::fork) {
        const auto with = core::parse_command(command.text("with", "{}"));
        if (command.has("end")) return "end of the fork";
        return with ? "fork with " + in_words(*with) : text;
    }
    const core::ArgSpec* chooser = core::spec_of(command.kind).chooser();
    const std::string chosen = chooser ? chooser->name : "";
    if (command.has(chosen)) text += " " + command.text(chosen, "");
    for (const auto& [name, value] : command.args)
        if (name != chosen) text += ", " + name + " " + in_words(value);
    return text;
}

bool is_intervention(const core::Command& command) {
    return core::spec_of(command.kind).action == core::Action::change;
}

std::string activity_line(const core::RunStatus& status, const core::Config& config) {
    if (!status.activity.empty())
        return status.activity + (status.progress >= 0
                                      ? ", " + rounded(status.progress * 100, 0) + " %"
                                      : std::string("\xE2\x80\xA6"));
    const bool ends = core::is_final(status.state) || status.state == core::RunState::stopping;
    if (ends || status.writer_left || status.step >= status.steps) return "";
    const int64_t every = config.train.eval_every, next = (status.step / every + 1) * every;
    return "next evaluation at step " + with_thousands(std::min(next, status.steps));
}

double tokens_per_step(const core::Config& config) {
    return static_cast<double>(config.train.batch) * static_cast<double>(config.train.seq_len) *
           static_cast<double>(config.train.grad_accum);
}

}  // namespace hopscope::app
