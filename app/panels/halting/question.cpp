#include "app/panels/halting/question.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "app/panels/trajectory/view.h"
#include "app/state/actions.h"
#include "app/widgets/format.h"
#include "core/api/base.h"
#include "core/api/input.h"

namespace hopscope::app {
namespace {

constexpr int64_t kBatches = 10, kRepeats = 2, kControls = 3;
/// As `hopscope halting --eps` takes.
constexpr double kMostEpsilon = 1e6;

/// "0.02, 0.05" → numbers; what is none is the error.
core::Result<std::vector<double>> thresholds_of(const std::string& text) {
    std::vector<double> out;
    size_t begin = 0;
    while (begin <= text.size()) {
        const size_t comma = std::min(text.find(',', begin), text.size());
        std::string part = text.substr(begin, comma - begin);
        begin = comma + 1;
        part.erase(0, part.find_first_not_of(' '));
        part.erase(part.find_last_not_of(' ') + 1);
        if (part.empty()) continue;
        char* end = nullptr;
        const double value = std::strtod(part.c_str(), &end);
        if (*end != '\0' || !std::isfinite(value) || value <= 0 || value > kMostEpsilon)
            return core::usage_error("\"" + part + "\" is no threshold: numbers above 0 up to " +
                                     plain(kMostEpsilon) + ", separated by commas");
        out.push_back(value);
    }
    return out;
}

}  // namespace

core::HaltingPlan HaltingQuestion::plan(std::vector<double> epsilons) {
    return {std::move(epsilons), kBatches, kRepeats, kControls};
}

core::Result<std::vector<double>> HaltingQuestion::epsilons(const AppState& state) const {
    auto out = thresholds_of(thresholds);
    if (!out) return out;
    // Two digits, as the slider shows it.
    if (const double own = epsilon_at(state.halt_position); own > 0)
        out->push_back(std::strtod(significant(own, 2).c_str(), nullptr));
    std::sort(out->begin(), out->end());
    out->erase(std::unique(out->begin(), out->end()), out->end());
    if (out->empty()) return core::usage_error("Name at least one threshold, e.g. 0.05.");
    return out;
}

std::string HaltingQuestion::refusal(const AppState& state) const {
    if (!state.services.measure_halting) return "This window has no laboratory.";
    if (!state.session) return no_run(state);
    for (const core::Need need : {core::Need::hops, core::Need::several_hops})
        if (const std::string lack = state.lacks(need); !lack.empty())
            return lack + " There is no hop to leave out.";
    if (state.status.run_dir.empty()) return "The run has no folder yet.";
    const auto asked = epsilons(state);
    return asked ? std::string() : asked.error().message;
}

void HaltingQuestion::start(AppState& state) {
    const auto asked = epsilons(state);
    if (!asked || !refusal(state).empty()) return;
    problem_.clear();
    slot_ = std::make_shared<std::shared_ptr<const core::HaltingTable>>();
    task_ = {};
    task_.name = "halting curve";
    task_.id = state.task_runner().start(
        task_.name,
        [measure = state.services.measure_halting, run = state.status.run_dir,
         wanted = plan(*asked),
         slot = slot_](const core::Progress& progress) -> core::Result<std::string> {
            auto table = measure(run, wanted, progress);
            if (!table) return table.error();
            *slot = std::make_shared<const core::HaltingTable>(std::move(*table));
            return "measured at step " + std::to_string((*slot)->step);
        });
    state.keep_drawing();
}

void HaltingQuestion::cancel(AppState& state) const {
    if (working() && state.tasks) state.tasks->cancel(task_.id);
}

void HaltingQuestion::update(AppState& state) {
    if (run_ != state.runs_opened) {
        run_ = state.runs_opened;
        task_ = {};
        slot_ = nullptr;
        answer_ = nullptr;
        problem_.clear();
    }
    if (!working() || !state.tasks) return;
    for (const TaskView& task : state.tasks->tasks())
        if (task.id == task_.id) task_ = task;
    if (!task_.ended()) return;  // each report wakes the window
    if (task_.state == TaskState::done && *slot_) answer_ = *slot_;
    if (task_.state == TaskState::failed) problem_ = task_.outcome;
    state.keep_drawing();
}

std::string HaltingQuestion::command(const AppState& state) const {
    const auto asked = epsilons(state);
    std::string list;
    if (asked)
        for (const double epsilon : *asked)
            list += (list.empty() ? "" : ",") + core::csv_number(epsilon);
    return "hopscope halting " + core::shell_word(state.status.run_dir) + " --eps " + list +
           " --batches " + std::to_string(kBatches) + " --repeats " + std::to_string(kRepeats) +
           " --controls " + std::to_string(kControls);
}

}  // namespace hopscope::app
