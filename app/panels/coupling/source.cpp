#include "app/panels/coupling/source.h"

#include <algorithm>
#include <filesystem>

#include "app/panels/analyses/files.h"
#include "app/state/analysis_call.h"
#include "app/widgets/format.h"
#include "core/api/files.h"

namespace hopscope::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCouplingName = "coupling";
constexpr double kCouplingLookEvery = 1.0;      ///< seconds
constexpr size_t kMostText = size_t{64} << 20;  ///< bytes of a file that is read

std::string document_of(const std::string& run) {
    return (fs::path(run) / "analysis" / "coupling.json").string();
}

int64_t stamp_of(const std::string& file) {
    std::error_code code;
    const auto time = fs::last_write_time(file, code);
    return code ? 0 : time.time_since_epoch().count();
}

}  // namespace

CouplingSource::Side CouplingSource::read(Side side) {
    if (side.dir.empty()) return side;
    const std::string file = document_of(side.dir);
    const int64_t stamp = stamp_of(file);
    if (stamp == side.stamp) return side;
    side = {side.dir, stamp, nullptr, ""};
    const auto text = core::read_file(file, kMostText);
    if (!text) return side;
    const auto experts = core::read_file(
        (fs::path(side.dir) / "analysis" / "coupling.experts.csv").string(), kMostText);
    auto coupling = read_coupling(*text, experts ? *experts : std::string());
    if (coupling)
        side.coupling = std::make_shared<const Coupling>(std::move(*coupling));
    else
        side.problem = coupling.error().message;
    return side;
}

CouplingSource::Seen CouplingSource::look(Side own, Side other, std::vector<std::string> known) {
    Seen seen;
    const AnalysisFolder folder = look_at_analyses(own.dir);
    seen.has_checkpoint = folder.has_checkpoint;
    known.insert(known.end(), folder.beside.begin(), folder.beside.end());
    for (const std::string& dir : known) {
        const std::string name = fs::path(dir).filename().string();
        const bool twice = std::any_of(seen.measured.begin(), seen.measured.end(),
                                       [&](const Choice& choice) { return choice.dir == dir; });
        if (!twice && dir != own.dir && core::file_exists(document_of(dir)))
            seen.measured.push_back({dir, name});
    }
    seen.own = read(std::move(own));
    seen.other = read(std::move(other));
    return seen;
}

void CouplingSource::forget(const AppState& state) {
    looking_.forget();
    looked_ = has_checkpoint_ = false;
    looked_at_ = -1e9;
    own_ = other_ = {};
    earlier_ = nullptr;
    choices_.clear();
    beside_dir_.clear();
    beside_name_.clear();
    task_.reset();
    if (state.tasks)
        for (const TaskView& task : state.tasks->tasks())
            if (task.ended()) before_ = std::max(before_, task.id);
    refused_for_.reset();
    refused_.clear();
}

void CouplingSource::update(AppState& state) {
    if (run_ != state.runs_opened || own_.dir != state.status.run_dir) {
        run_ = state.runs_opened;
        forget(state);
        own_.dir = state.status.run_dir;
    }
    if (!state.session) return;
    if (!refused_for_ || *refused_for_ != state.session->config() ||
        refused_look_ != state.imported)
        refuse(state);
    follow(state);
    if (auto seen = looking_.take()) take(std::move(*seen));
    if (looking_.waits() || own_.dir.empty() || state.now - looked_at_ <= kCouplingLookEvery)
        return;
    looked_at_ = state.now;
    std::vector<std::string> known;
    for (const WatchedCurves& curves : state.watched)
        if (!state.inspects(curves.run)) known.push_back(curves.run.dir);
    looking_ = state.aside(
        [own = own_, other = other_, known = std::move(known)] { return look(own, other, known); });
}

void CouplingSource::refuse(const AppState& state) {
    refused_for_ = state.session->config();
    refused_look_ = state.imported;
    refused_.clear();
    if (!state.services.analysis_refusals) return;
    for (const auto& [name, why] :
         state.services.analysis_refusals(*refused_for_, state.holds_of_run()))
        if (name == kCouplingName) refused_ = why;
}

void CouplingSource::take(Seen seen) {
    looked_ = true;
    has_checkpoint_ = seen.has_checkpoint;
    const Shared before = own_.coupling;
    own_ = std::move(seen.own);
    // What was chosen while the folder was looked at is read at the next look.
    if (seen.other.dir == other_.dir) other_ = std::move(seen.other);
    if (before && own_.coupling && before != own_.coupling && before->step != own_.coupling->step)
        earlier_ = before;
    choices_ = std::move(seen.measured);
    if (earlier_)
        choices_.insert(choices_.begin(),
                        {kEarlier, "step " + with_thousands(earlier_->step) + ", before"});
}

const CouplingSource::Shared& CouplingSource::beside() const {
    return beside_dir_ == kEarlier ? earlier_ : other_.coupling;
}

std::string CouplingSource::problem() const {
    return own_.problem.empty() ? other_.problem : own_.problem;
}

void CouplingSource::hold_against(const std::string& dir) {
    beside_dir_ = dir;
    beside_name_.clear();
    for (const Choice& choice : choices_)
        if (choice.dir == dir) beside_name_ = choice.name;
    other_ = {};
    if (dir != kEarlier) other_.dir = dir;
    looked_at_ = -1e9;
}

std::string CouplingSource::refusal(const AppState& state) const {
    return refused_.empty() ? no_analysis(state, has_checkpoint_) : refused_;
}

std::string CouplingSource::refusal_unseen(const AppState& state) const {
    if (state.session && refused_for_ == state.session->config() && !refused_.empty())
        return refused_;
    // Whether there is a checkpoint is read when the panel is shown.
    return no_analysis(state, /*has_checkpoint=*/true);
}

void CouplingSource::measure(AppState& state) {
    if (working()) return;
    start_analysis(state, kCouplingName, "");
    follow(state);
}

void CouplingSource::cancel(AppState& state) {
    if (task_ && state.tasks) state.tasks->cancel(task_->id);
}

void CouplingSource::follow(AppState& state) {
    if (!state.tasks) return;
    // Whichever panel started it.
    for (TaskView& task : state.tasks->tasks())
        if (task.name == kCouplingName && task.id > before_ && (!task_ || task.id >= task_->id))
            task_ = std::move(task);
    if (!task_ || !task_->ended() || seen_end_of_ == task_->id) return;
    seen_end_of_ = task_->id;
    looked_at_ = -1e9;
}

}  // namespace hopscope::app
