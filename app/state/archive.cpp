#include "app/state/archive.h"

#include <algorithm>

#include "app/state/app_state.h"

namespace hopscope::app {
namespace {

constexpr double kLookEvery = 0.5;  ///< seconds
constexpr size_t kReadAtOnce = 16;  ///< files, before what was read is shown
constexpr size_t kFewest = 8;       ///< snapshots that are held, however large

/// What the pictures of the past need of a snapshot.
core::GeometrySnapshot thinned(core::GeometrySnapshot snapshot) {
    snapshot.token_ids = {};
    snapshot.pieces = {};
    snapshot.classes = {};
    snapshot.next_loss = {};
    for (core::LayerGeometry& layer : snapshot.layers) {
        layer.positions = {};
        layer.weights = {};
        layer.entropy = {};
    }
    return snapshot;
}

bool same_sizes(const core::GeometrySnapshot& a, const core::GeometrySnapshot& b) {
    return std::equal(a.layers.begin(), a.layers.end(), b.layers.begin(), b.layers.end(),
                      [](const core::LayerGeometry& x, const core::LayerGeometry& y) {
                          return x.experts == y.experts && x.d_space == y.d_space &&
                                 x.load.size() == y.load.size();
                      });
}

}  // namespace

size_t bytes_of(const core::GeometrySnapshot& snapshot) {
    size_t bytes = sizeof snapshot;
    for (const core::LayerGeometry& layer : snapshot.layers)
        bytes += 4 * (layer.centroids.size() + layer.load.size() + layer.positions.size() +
                      layer.choices.size() + layer.weights.size() + layer.entropy.size() +
                      layer.jaccard.size());
    return bytes;
}

std::vector<size_t> spread_evenly(size_t n, size_t most) {
    size_t stride = 1;
    while (n / stride > std::max<size_t>(1, most)) stride *= 2;
    std::vector<size_t> out;
    for (size_t i = 0; i < n; i += stride) out.push_back(i);
    if (!out.empty() && out.back() + 1 != n) out.push_back(n - 1);
    return out;
}

/// One look into the folder, on the worker: what it needs, by value.
struct Archive::Look {
    decltype(Services::kept_snapshots) list;
    decltype(Services::read_kept_snapshot) read;
    std::string dir;
    int64_t step = 0, settling_step = 0;
    std::vector<Entry> held;
    std::vector<core::KeptSnapshot> files;  ///< as they were at the last look
    Snapshot first, settled;

    Found operator()() {
        Found found;
        found.files = list(dir);
        // What a resumption has cut off the run is on disk until it comes there again.
        std::erase_if(found.files, [&](const auto& file) { return file.step > step; });
        if (found.files.empty()) return found;
        read_whole(found);
        // Others are about as large as the oldest.
        const size_t each = found.first ? bytes_of(*found.first) : 1;
        const size_t most = std::clamp<size_t>(kBytes / each, kFewest, kMost);
        size_t budget = kReadAtOnce;
        for (const size_t i : spread_evenly(found.files.size(), most)) {
            const core::KeptSnapshot& file = found.files[i];
            const auto old = std::find_if(held.begin(), held.end(),
                                          [&](const Entry& entry) { return entry.file == file; });
            if (old != held.end()) {
                found.entries.push_back(std::move(*old));
            } else if (budget == 0) {
                found.more = true;
            } else {
                --budget;
                auto snapshot = read_one(file, found);
                found.entries.push_back(
                    {file, snapshot ? shared(thinned(*std::move(snapshot))) : nullptr});
            }
        }
        return found;
    }

  private:
    static Snapshot shared(core::GeometrySnapshot snapshot) {
        return std::make_shared<const core::GeometrySnapshot>(std::move(snapshot));
    }
    /// Whether an earlier try to read this very file failed.
    bool is_damaged(const core::KeptSnapshot& file) const {
        return std::any_of(held.begin(), held.end(), [&](const Entry& entry) {
            return entry.file == file && !entry.snapshot;
        });
    }
    std::optional<core::GeometrySnapshot> read_one(const core::KeptSnapshot& file, Found& found) {
        auto snapshot = read(dir, file.step);
        if (snapshot) return *std::move(snapshot);
        // One that was thinned away since the listing is no damage.
        const auto now = list(dir);
        if (std::find(now.begin(), now.end(), file) != now.end())
            found.problem = snapshot.error().message;
        held.push_back({file, nullptr});
        return {};
    }
    /// The first of the files from `step` on that can be read; `before`: as it was.
    Snapshot first_from(int64_t from, const Snapshot& before, Found& found) {
        for (const core::KeptSnapshot& file : found.files) {
            if (file.step < from || is_damaged(file)) continue;
            const bool known = std::find(files.begin(), files.end(), file) != files.end();
            if (before && before->step == file.step && known) return before;
            if (auto snapshot = read_one(file, found)) return shared(*std::move(snapshot));
        }
        return nullptr;
    }
    void read_whole(Found& found) {
        found.first = first_from(0, first, found);
        const bool early = found.first && found.first->step < settling_step;
        found.settled = early ? first_from(settling_step, settled, found) : found.first;
    }
};

Past Archive::until(const Snapshot& shown) const {
    Past out;
    if (!shown) return out;
    for (const Entry& entry : entries_)
        if (entry.snapshot && entry.file.step < shown->step && same_sizes(*entry.snapshot, *shown))
            out.push_back(entry.snapshot);
    out.push_back(shown);
    return out;
}

void Archive::update(AppState& state) {
    if (auto found = looking_.take()) take(state, *std::move(found));
    const core::RunStatus& status = state.status;
    if (looking_.waits() || !state.session || status.run_dir.empty() ||
        !state.services.kept_snapshots || !state.services.read_kept_snapshot)
        return;
    const std::pair wanted(status.step, status.state);
    // What an imported model keeps is what its session shows.
    if (state.is_imported()) {
        looked_for_ = wanted;
        return;
    }
    if (looked_for_ == wanted && !more_) return;
    // One in training goes on and is looked at again.
    if (!more_ && state.training() && state.now - looked_at_ < kLookEvery) return;
    looked_for_ = wanted;
    looked_at_ = state.now;
    Look look{state.services.kept_snapshots,
              state.services.read_kept_snapshot,
              status.run_dir,
              status.step,
              core::settling_step(state.session->config()),
              entries_,
              files_,
              first_,
              settled_};
    looking_ = state.aside(std::move(look));
}

void Archive::take(AppState& state, Found found) {
    more_ = found.more;
    if (!found.problem.empty() && found.problem != told_) state.say(found.problem, true);
    told_ = found.problem;
    const bool same =
        found.files == files_ && found.first == first_ && found.settled == settled_ &&
        std::equal(found.entries.begin(), found.entries.end(), entries_.begin(), entries_.end(),
                   [](const Entry& a, const Entry& b) { return a.snapshot == b.snapshot; });
    if (same) return;
    entries_ = std::move(found.entries);
    files_ = std::move(found.files);
    first_ = std::move(found.first);
    settled_ = std::move(found.settled);
    ++version_;
    state.keep_drawing(1);
}

}  // namespace hopscope::app
