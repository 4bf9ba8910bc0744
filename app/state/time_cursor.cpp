#include "app/state/time_cursor.h"

#include <algorithm>

#include "app/state/app_state.h"

namespace hopscope::app {
namespace {

constexpr uint64_t kOfThePast = uint64_t{1} << 63;

}  // namespace

uint64_t TimeCursor::new_version() {
    static uint64_t count = 0;
    return kOfThePast | ++count;
}

void TimeCursor::go_to(std::span<const core::KeptSnapshot> kept, int64_t step) {
    if (kept.empty()) return go_live();
    ++moves_;
    auto behind = std::find_if(kept.begin(), kept.end(),
                               [&](const core::KeptSnapshot& one) { return one.step > step; });
    wanted_ = (behind == kept.begin() ? *behind : *std::prev(behind)).step;
}

void TimeCursor::step_by(std::span<const core::KeptSnapshot> kept, int direction) {
    if (kept.empty()) return;
    ++moves_;
    if (live()) {
        if (direction < 0) wanted_ = kept.back().step;
        return;
    }
    if (direction > 0) {
        const auto next =
            std::find_if(kept.begin(), kept.end(),
                         [&](const core::KeptSnapshot& one) { return one.step > *wanted_; });
        return next == kept.end() ? go_live() : go_to(kept, next->step);
    }
    const auto at = std::find_if(kept.begin(), kept.end(), [&](const core::KeptSnapshot& one) {
        return one.step >= *wanted_;
    });
    if (at != kept.begin()) wanted_ = std::prev(at)->step;
}

void TimeCursor::go_live() {
    ++moves_;
    wanted_.reset();
    past_ = nullptr;
}

void TimeCursor::play(AppState& state) {
    Playback& playback = state.playback;
    const auto& kept = state.archive.files();
    if (!playback.plays(Clock::steps) || kept.empty()) return;
    state.keep_drawing(2);
    // A picture that has not come yet is waited for, so that none is left out.
    if (reading() || !playback.due(state.now)) return;
    if (live()) return go_to(kept, kept.front().step);
    if (*wanted_ < kept.back().step) return step_by(kept, +1);
    if (playback.loop) return go_to(kept, kept.front().step);
    go_live();
    playback.playing = false;
}

void TimeCursor::take(AppState& state, Read read) {
    if (!read) {
        state.say(read.error().message, true);
        if (wanted_ == reading_file_.step) {
            go_live();
            state.playback.playing = false;
        }
        return;
    }
    read->version = new_version();
    remembered_.emplace_back(reading_file_,
                             std::make_shared<const core::GeometrySnapshot>(*std::move(read)));
    forget_the_oldest();
    state.keep_drawing();
}

void TimeCursor::forget_the_oldest() {
    size_t bytes = 0;
    for (const auto& [file, snapshot] : remembered_) bytes += bytes_of(*snapshot);
    while (remembered_.size() > kRemembered || (bytes > kBytes && remembered_.size() > 2)) {
        bytes -= bytes_of(*remembered_.front().second);
        remembered_.erase(remembered_.begin());
    }
}

std::optional<core::KeptSnapshot> TimeCursor::wanted_file(const AppState& state) {
    const auto& kept = state.archive.files();
    const auto find = [&] {
        return std::find_if(kept.begin(), kept.end(),
                            [&](const core::KeptSnapshot& one) { return one.step == *wanted_; });
    };
    auto found = find();
    if (found == kept.end()) {
        go_to(kept, *wanted_);
        if (live()) return {};
        found = find();
    }
    return *found;
}

TimeCursor::Snapshot TimeCursor::update(AppState& state, const Snapshot& newest) {
    play(state);
    if (auto read = reading_.take()) take(state, *std::move(read));
    if (live()) return newest;
    const auto file = wanted_file(state);
    if (!file) return newest;
    // One that was written anew, by a run that went back to a checkpoint, is read anew.
    const auto known = std::find_if(remembered_.begin(), remembered_.end(),
                                    [&](const auto& one) { return one.first == *file; });
    if (known != remembered_.end()) {
        past_ = known->second;
        std::rotate(known, known + 1, remembered_.end());
    } else if (!reading_.waits()) {
        reading_file_ = *file;
        reading_ =
            state.aside([read = state.services.read_kept_snapshot, dir = state.status.run_dir,
                         step = file->step]() -> Read { return read(dir, step); });
    }
    return past_ ? past_ : newest;
}

}  // namespace hopscope::app
