#include "app/panels/run_view.h"

#include <algorithm>
#include <array>

#include "app/window/format.h"

namespace hopscope::app {
namespace {

constexpr std::array<LiveSetting, 3> kSettings = {{
    {"lr", "learning rate", "Highest rate of the schedule, applied before the next update.", 1e-6,
     1e-2, true, 3},
    {"tau", "routing scale τ", "Sharpness of the routing scores: the softmax sees τ · cosine.", 1,
     100, true, 3},
    {"balance_alpha", "balance weight", "Weight of the load-balancing loss.", 0, 0.5, false, 3},
}};

constexpr std::array<FreezeGroup, 6> kGroups = {{
    {"routing", "routing (hop 0 reused)", "The choice and weights of hop 0 serve all hops."},
    {"router", "router", "Projection and centroids stay as they are."},
    {"centroids", "centroids", "Only the centroids stay; the projection goes on."},
    {"experts", "experts", "All experts' weights stay as they are."},
    {"attention", "attention", "All attention weights stay as they are."},
    {"embedding", "embedding", "The token embedding, shared with the head, stays."},
}};

double configured(const core::Config& config, const std::string& key) {
    if (key == "lr") return config.train.lr;
    if (key == "tau") return config.moe.tau;
    if (key == "balance_alpha") return config.train.balance_alpha;
    return 0;
}

const LiveSetting* find_setting(const std::string& key) {
    for (const auto& setting : kSettings)
        if (key == setting.key) return &setting;
    return nullptr;
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

std::span<const LiveSetting> live_settings() {
    return kSettings;
}
std::span<const FreezeGroup> freeze_groups() {
    return kGroups;
}

SettingValue setting_value(const core::Config& config, const std::vector<core::Answer>& answers,
                           const std::string& key) {
    for (auto answer = answers.rbegin(); answer != answers.rend(); ++answer)
        if (answer->state != core::AnswerState::refused && answer->command.name == "set" &&
            answer->command.text("key", "") == key)
            return {answer->command.number("value", configured(config, key)),
                    answer->state == core::AnswerState::pending};
    return {configured(config, key), false};
}

FreezeState freeze_state(const core::RunStatus& status, const std::vector<core::Answer>& answers,
                         const std::string& what) {
    for (auto answer = answers.rbegin(); answer != answers.rend(); ++answer) {
        if (answer->state != core::AnswerState::pending || answer->command.text("what", "") != what)
            continue;
        if (answer->command.name == "freeze") return {true, true};
        if (answer->command.name == "unfreeze") return {false, true};
    }
    const auto& frozen = status.frozen;
    return {std::find(frozen.begin(), frozen.end(), what) != frozen.end(), false};
}

std::string in_words(const core::Command& command) {
    std::string text = command.name;
    std::replace(text.begin(), text.end(), '_', ' ');
    if (command.name == "set") {
        const std::string key = command.text("key", "");
        const LiveSetting* setting = find_setting(key);
        return (setting ? setting->label : key) +
               (" " + significant(command.number("value", 0), 3));
    }
    if (command.name == "fork") {
        const auto with = core::parse_command(command.text("with", "{}"));
        if (command.has("end")) return "end of the fork";
        return with ? "fork with " + in_words(*with) : text;
    }
    if (command.has("what")) text += " " + command.text("what", "");
    for (const auto& [name, value] : command.args)
        if (name != "what") text += ", " + name + " " + in_words(value);
    return text;
}

bool is_intervention(const core::Command& command) {
    static constexpr std::array<const char*, 6> kControl = {"pause", "resume",     "step",
                                                            "stop",  "checkpoint", "evaluate"};
    return std::find(kControl.begin(), kControl.end(), command.name) == kControl.end();
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
