#include "app/cli/progress.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <ostream>

#include "core/api/input.h"

namespace hopscope::app {
namespace {

template <class... Args>
std::string format(const char* pattern, Args... args) {
    char text[160];
    std::snprintf(text, sizeof text, pattern, args...);
    return text;
}

std::string rate_text(double tokens_per_s) {
    if (tokens_per_s >= 1e6) return format("%.2fM tok/s", tokens_per_s / 1e6);
    if (tokens_per_s >= 1e4) return format("%.1fk tok/s", tokens_per_s / 1e3);
    return format("%.0f tok/s", tokens_per_s);
}

/// An activity without its counters: "evaluating batch 3 of 50" and "… 4 of 50" are one stage.
std::string stage_of(const std::string& activity) {
    std::string out;
    for (const char c : activity)
        if (!std::isdigit(static_cast<unsigned char>(c))) out += c;
    return out;
}

/// The first `columns` characters of UTF-8 text: a wrapped bar could not be redrawn.
std::string cut(const std::string& text, size_t columns) {
    size_t seen = 0;
    for (size_t i = 0; i < text.size(); ++i)
        if (core::begins_character(text[i]) && seen++ == columns) return text.substr(0, i);
    return text;
}

}  // namespace

std::string duration_text(double seconds) {
    if (!std::isfinite(seconds) || seconds < 0) return "?";
    const auto whole = static_cast<long long>(std::min(seconds, 3.6e9));
    const long long hours = whole / 3600, minutes = whole / 60 % 60, rest = whole % 60;
    if (hours > 0) return format("%lld:%02lld:%02lld", hours, minutes, rest);
    return format("%lld:%02lld", minutes, rest);
}

bool TrainProgress::due(double seconds) const {
    return environment_.clock() - last_output_ >= seconds;
}

void TrainProgress::print(const std::string& text, bool may_be_redrawn) {
    last_output_ = environment_.clock();
    const std::string line = core::printable(text);  // names of runs and files may hold anything
    if (!environment_.terminal) {
        environment_.err << line << std::endl;
        return;
    }
    const auto columns = static_cast<size_t>(std::max(environment_.columns(), 2) - 1);
    environment_.err << '\r' << (may_be_redrawn ? cut(line, columns) : line) << "\033[K";
    if (!may_be_redrawn) environment_.err << '\n';
    environment_.err << std::flush;
    bar_open_ = may_be_redrawn;
}

void TrainProgress::activity(const std::string& text, double fraction) {
    core::RunStatus now;
    now.activity = text;
    now.progress = fraction;
    status(now);
}

void TrainProgress::tell_fork(const core::ForkStatus& fork) {
    const core::ForkStatus& known = status_.fork;
    if (!fork.name.empty() && fork.name != known.name) print(fork.name + "  " + fork.dir, false);
    if (!fork.ended.empty() && fork.ended != known.ended)
        print(fork.name + " is no longer trained: " + fork.ended, false);
}

void TrainProgress::tell_notes(const std::vector<std::string>& notes) {
    for (size_t i = notes_told_; i < notes.size(); ++i) print(notes[i], false);
    notes_told_ = notes.size();
}

void TrainProgress::status(const core::RunStatus& status) {
    tell_notes(status.notes);
    tell_fork(status.fork);
    const bool new_state = status.state != status_.state;
    status_ = status;
    if (status.activity.empty()) {
        stage_.clear();
        return;
    }
    std::string line = status.activity;
    const bool new_stage = stage_of(status.activity) != stage_;
    if (new_stage) {
        stage_began_ = environment_.clock();
        stage_share_ = status.progress;
    }
    if (status.progress >= 0)
        line += format("  %.0f %%", 100 * std::clamp(status.progress, 0.0, 1.0)) +
                time_left(status.progress);
    if (environment_.terminal) {
        if (new_stage || due(kRedrawSeconds)) print(line, true);
    } else if (new_state || new_stage || due(kLineSeconds)) {
        // In training each evaluation ends in a line with its loss anyway.
        const bool training = status.state == core::RunState::running;
        if (!training || due(kLineSeconds)) print(line, false);
    }
    stage_ = stage_of(status.activity);
}

std::string TrainProgress::time_left(double share) const {
    const double seconds = environment_.clock() - stage_began_, done = share - stage_share_;
    if (seconds < kEtaSeconds || stage_share_ < 0 || !(done > 0)) return "";
    return "  ETA " + duration_text(seconds * (1 - share) / done);
}

void TrainProgress::follow_speed(const core::ScalarRecord& record) {
    const auto steps = static_cast<double>(record.step - record_.step);
    const double seconds = record.seconds - record_.seconds;
    if (record_.step == 0 || steps <= 0 || !(seconds > 0)) return;
    const double now = seconds / steps;
    seconds_per_step_ = seconds_per_step_ > 0 ? 0.9 * seconds_per_step_ + 0.1 * now : now;
}

std::string TrainProgress::numbers() const {
    std::string out = format("loss %.4f", record_.loss);
    if (std::isfinite(valid_loss_)) out += format("  valid %.4f", valid_loss_);
    if (std::isfinite(record_.tokens_per_s)) out += "  " + rate_text(record_.tokens_per_s);
    return out;
}

std::string TrainProgress::summary() const {
    std::string out = format("step %lld/%lld  ", static_cast<long long>(record_.step),
                             static_cast<long long>(status_.steps)) +
                      numbers();
    if (seconds_per_step_ > 0)
        out += "  ETA " +
               duration_text(seconds_per_step_ * static_cast<double>(status_.steps - record_.step));
    return out;
}

std::string TrainProgress::bar() const {
    constexpr int kWidth = 24;
    const double share =
        status_.steps > 0
            ? std::clamp(static_cast<double>(record_.step) / static_cast<double>(status_.steps),
                         0.0, 1.0)
            : 0.0;
    const int full = static_cast<int>(share * kWidth);
    std::string out = format("%3.0f %% ", std::floor(share * 100));
    for (int i = 0; i < kWidth; ++i) out += i < full ? "█" : "░";
    return out + "  " + summary();
}

void TrainProgress::step(const core::ScalarRecord& record, const core::RunStatus& status) {
    if (record.lane > 0) return;  // of a fork: the lines are those of the run
    tell_fork(status.fork);
    follow_speed(record);
    const bool first = record_.step == 0;
    const bool evaluated = std::isfinite(record.valid_loss);
    status_ = status;
    record_ = record;
    if (evaluated) valid_loss_ = record.valid_loss;
    const bool last = record.step == status.steps;
    if (environment_.terminal) {
        if (last || evaluated || due(kRedrawSeconds)) print(bar(), true);
    } else if (first || last || evaluated || due(kLineSeconds)) {
        print(summary(), false);
    }
}

void TrainProgress::finish() {
    if (bar_open_) environment_.err << std::endl;
    bar_open_ = false;
}

}  // namespace hopscope::app
