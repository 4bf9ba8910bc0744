#include "app/state/recent_runs.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "app/state/app_state.h"
#include "app/state/settings.h"
#include "core/api/files.h"

namespace hopscope::app {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kRecentFile = "recent.json";
constexpr const char* kRecentFormat = "hopscope.recent/1";
constexpr size_t kLargestRecent = size_t{1} << 20;
constexpr double kRecentLookEvery = 5;  ///< seconds, while the list is seen

json json_of(const RecentRun& run) {
    return {{"dir", run.dir},
            {"opened", run.opened},
            {"variant", run.look.variant},
            {"state", core::name_of(run.look.state)},
            {"step", run.look.step},
            {"steps", run.look.steps},
            {"lanes", run.look.lanes},
            {"synthetic", run.look.synthetic}};
}

RecentRun recent_of(const json& from) {
    RecentRun run;
    run.dir = from.at("dir").get<std::string>();
    run.opened = from.value("opened", 0.0);
    run.look.variant = from.value("variant", "");
    const std::string state = from.value("state", "");
    for (const core::RunState known : core::kRunStates)
        if (state == core::name_of(known)) run.look.state = known;
    run.look.step = from.value("step", int64_t{0});
    run.look.steps = from.value("steps", int64_t{0});
    run.look.lanes = from.value("lanes", int64_t{0});
    run.look.synthetic = from.value("synthetic", false);
    return run;
}

void sort_and_cut(std::vector<RecentRun>& runs) {
    std::ranges::stable_sort(runs, std::greater{}, &RecentRun::opened);
    if (runs.size() > kRecentRuns) runs.resize(kRecentRuns);
}

}  // namespace

std::vector<RecentRun> read_recent(const std::string& folder, std::string& problem) {
    std::vector<RecentRun> runs;
    const std::string path = (fs::path(folder) / kRecentFile).string();
    if (folder.empty() || !core::file_exists(path)) return runs;
    const auto text = core::read_text(path, kLargestRecent);
    if (!text) {
        problem = text.error().message + "; no recent runs are shown";
        return runs;
    }
    try {
        const json from = json::parse(*text);
        for (const json& run : from.at("runs")) runs.push_back(recent_of(run));
    } catch (const json::exception& e) {
        problem = path + " cannot be read (" + e.what() +
                  "); no recent runs are shown. It is written anew when a run is opened";
        runs.clear();
    }
    sort_and_cut(runs);
    return runs;
}

std::string recent_text(const std::vector<RecentRun>& runs) {
    json list = json::array();
    for (const RecentRun& run : runs) list.push_back(json_of(run));
    const json out = {{"format", kRecentFormat}, {"runs", std::move(list)}};
    return out.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

/// On the thread of a task.
RecentRuns::Answer RecentRuns::look(
    const std::string& folder, const Edits& edits,
    const std::function<core::Result<core::RunLook>(const std::string&)>& look) {
    Answer answer;
    answer.runs = read_recent(folder, answer.problem);
    const std::vector<RecentRun> kept = answer.runs;
    for (const auto& [dir, opened] : edits) {
        std::erase_if(answer.runs, [&dir = dir](const RecentRun& run) { return run.dir == dir; });
        if (opened > 0) answer.runs.push_back({dir, opened, {}, {}});
    }
    sort_and_cut(answer.runs);
    for (RecentRun& run : answer.runs) {
        if (!look) continue;
        if (auto now = look(run.dir))
            run.look = *std::move(now);
        else
            run.missing = now.error().message;
    }
    const auto as_kept = [](std::vector<RecentRun> runs) { return recent_text(runs); };
    if (!folder.empty() && as_kept(answer.runs) != as_kept(kept))
        if (const std::string reason = save_text(folder, kRecentFile, as_kept(answer.runs));
            !reason.empty())
            answer.problem = "recent runs were not saved: " + reason;
    return answer;
}

void RecentRuns::begin(AppState& state, std::string folder) {
    folder_ = std::move(folder);
    begun_ = true;
    ask(state);
}

void RecentRuns::ask(AppState& state) {
    looked_at_ = state.now;
    due_ = false;
    working_ = state.aside([folder = folder_, edits = edits_, at = state.services.look_at_run] {
        return look(folder, edits, at);
    });
    // Without a folder nothing is kept but here.
    if (!folder_.empty()) edits_.clear();
}

void RecentRuns::update(AppState& state) {
    if (!begun_) return;
    if (auto answer = working_.take()) {
        if (runs_ != answer->runs) state.keep_drawing();
        runs_ = std::move(answer->runs);
        if (!answer->problem.empty() && answer->problem != told_) {
            state.say(answer->problem, true);
            told_ = answer->problem;
        }
    }
    const std::string open =
        state.session && !state.status.read_only ? state.status.run_dir : std::string();
    if (open != noted_) {
        // The state of the one that was open changed since, too: each is looked at anew.
        std::error_code code;
        if (!open.empty())
            if (const auto whole = fs::absolute(open, code); !code)
                edits_[whole.lexically_normal().string()] = core::unix_seconds();
        noted_ = open;
        due_ = true;
    }
    if (due_ && !working_.waits()) ask(state);
}

void RecentRuns::wanted(AppState& state) {
    if (begun_ && !working_.waits() && state.now - looked_at_ > kRecentLookEvery) ask(state);
}

void RecentRuns::remove(AppState& state, const std::string& dir) {
    std::erase_if(runs_, [&](const RecentRun& run) { return run.dir == dir; });
    edits_[dir] = 0;
    due_ = true;
    state.keep_drawing();
}

}  // namespace hopscope::app
