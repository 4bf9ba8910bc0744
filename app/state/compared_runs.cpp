#include "app/state/compared_runs.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>
#include <utility>

#include "app/state/app_state.h"

namespace hopscope::app {
namespace {

/// The lanes of a race, or the run with its forks.
std::vector<ComparedEntry> open_runs(const AppState& state) {
    const core::RunStatus& status = state.status;
    ComparedEntry own;
    own.open = true;
    own.state = status.state;
    own.step = status.step;
    own.steps = status.steps;
    std::vector<ComparedEntry> out;
    const bool race = !status.lanes.empty() && status.fork.step < 0;
    for (size_t i = 0; i < status.lanes.size() && i <= state.rivals.size(); ++i) {
        ComparedEntry lane = own;
        lane.name = status.lanes[i];
        lane.history = i == 0 ? &state.history : &state.rivals[i - 1];
        if (race)
            lane.dir = status.run_dir.empty() ? "" : status.run_dir + "/" + lane.name;
        else if (i == 0)
            lane.dir = status.run_dir;
        else if (static_cast<int32_t>(i) == status.fork.lane)
            lane.dir = status.fork.dir;
        if (!lane.history->empty()) lane.step = std::llround(lane.history->step.back());
        out.push_back(std::move(lane));
    }
    if (!out.empty()) return out;
    own.dir = status.run_dir;
    own.name = status.run_name.empty() ? "unnamed run" : status.run_name;
    own.history = &state.history;
    return {own};
}

std::vector<std::string> watched_dirs(const AppState& state) {
    std::vector<std::string> out;
    for (const WatchedCurves& curves : state.watched) out.push_back(curves.run.dir);
    return out;
}

std::string name_of_folder(const core::WatchedRun& run) {
    return run.name.empty() ? run.dir.substr(run.dir.rfind('/') + 1) : run.name;
}

}  // namespace

const ComparedEntry* ComparedRuns::of(const std::string& dir) const {
    const auto found = std::find_if(entries_.begin(), entries_.end(),
                                    [&](const ComparedEntry& entry) { return entry.dir == dir; });
    return found == entries_.end() ? nullptr : &*found;
}

void ComparedRuns::update(AppState& state) {
    take_added(state);
    list(state);
}

void ComparedRuns::list(const AppState& state) {
    entries_.clear();
    if (!state.session) return;
    entries_ = open_runs(state);
    for (const WatchedCurves& curves : state.watched) {
        const core::WatchedRun& run = curves.run;
        const auto known = std::find_if(entries_.begin(), entries_.end(),
                                        [&](const auto& entry) { return entry.dir == run.dir; });
        if (known != entries_.end()) continue;
        ComparedEntry entry;
        entry.dir = run.dir;
        entry.name = name_of_folder(run);
        // Two runs of one name in different folders are two lines.
        if (std::any_of(entries_.begin(), entries_.end(),
                        [&](const ComparedEntry& other) { return other.name == entry.name; }))
            entry.name = run.dir;
        entry.history = &curves.history;
        entry.given = true;
        entry.state = run.state;
        entry.step = run.step;
        entry.steps = run.steps;
        entries_.push_back(std::move(entry));
    }
    give_places(state);
}

/// Each variant has the lowest place that was free when it came, as long as a run of it is there. A
/// run stands for itself until its variant is known.
void ComparedRuns::give_places(const AppState& state) {
    // A fork has its run's configuration, and is to be told from it.
    const bool forked = state.status.fork.step >= 0;
    std::vector<std::string> keys;
    for (const ComparedEntry& entry : entries_) {
        const bool by_name = entry.dir.empty() || (forked && entry.open);
        const std::string variant = by_name ? "" : state.comparison.variant_of(entry.dir);
        keys.push_back(by_name ? entry.name : variant.empty() ? entry.dir : variant);
    }
    const std::set<std::string> used(keys.begin(), keys.end());
    std::erase_if(places_, [&](const auto& known) { return !used.contains(known.first); });
    std::set<size_t> taken;
    for (const auto& [key, place] : places_) taken.insert(place);
    size_t lowest = 0;
    for (size_t i = 0; i < keys.size(); ++i) {
        if (!places_.contains(keys[i])) {
            while (taken.contains(lowest)) ++lowest;
            taken.insert(lowest);
            places_[keys[i]] = lowest;
        }
        entries_[i].place = places_[keys[i]];
    }
}

void ComparedRuns::add(AppState& state, const std::string& path) {
    problem_.clear();
    if (!state.services.runs_at) return;
    std::vector<std::string> known;
    for (const ComparedEntry& entry : entries_) known.push_back(entry.dir);
    adding_ = state.aside([find = state.services.runs_at, path, known = std::move(known)] {
        auto found = find(path);
        if (!found) return found;
        // A folder may have several paths.
        for (std::string& dir : *found)
            for (const std::string& other : known) {
                std::error_code unknown;
                if (std::filesystem::equivalent(dir, other, unknown) && !unknown) dir = other;
            }
        return found;
    });
    state.keep_drawing();
}

void ComparedRuns::take_added(AppState& state) {
    auto found = adding_.take();
    if (!found) return;
    state.keep_drawing();
    if (!*found) {
        problem_ = found->error().message;
        return;
    }
    std::vector<std::string> dirs = watched_dirs(state);
    // What is open now stays beside the others when another of them is opened.
    for (const ComparedEntry& entry : entries_)
        if (entry.open && !entry.dir.empty()) dirs.push_back(entry.dir);
    const size_t before = entries_.size();
    size_t fresh = 0, left = 0;
    for (const std::string& dir : **found) {
        if (std::find(dirs.begin(), dirs.end(), dir) != dirs.end()) continue;
        if (before + fresh >= kMost) {
            ++left;
            continue;
        }
        ++fresh;
        dirs.push_back(dir);
    }
    std::set<std::string> seen;
    std::erase_if(dirs, [&](const std::string& dir) { return !seen.insert(dir).second; });
    if (left > 0)
        problem_ = std::to_string(left) + " of them stay out: at most " + std::to_string(kMost) +
                   " runs are compared. Take out others first.";
    else if (fresh == 0)
        problem_ = "It is compared already.";
    if (fresh > 0) state.watch_runs(std::move(dirs));
}

void ComparedRuns::remove(AppState& state, const std::string& dir) {
    std::vector<std::string> dirs = watched_dirs(state);
    if (std::erase(dirs, dir) == 0) return;
    state.watch_runs(std::move(dirs));
}

}  // namespace hopscope::app
