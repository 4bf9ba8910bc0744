#include "app/state/expert_books.h"

#include <algorithm>

#include "app/state/app_state.h"

namespace hopscope::app {
namespace {

constexpr double kBooksEvery = 0.5;  ///< seconds between two books while snapshots stream
constexpr double kFilesEvery = 1.0;  ///< seconds between two looks at the folder

}  // namespace

const std::string& ExpertBooks::problem() const {
    static const std::string none;
    return words_ ? words_->problem : none;
}

void ExpertBooks::set_hits(const std::vector<uint8_t>& hits, int frame) {
    if (hits_.hits != hits) hits_.hits = hits;
    hits_.layer = book_ ? book_->layer : -1;
    hits_.frame = frame;
}

std::span<const uint8_t> ExpertBooks::hits(int64_t layer, int frame) const {
    if (layer != hits_.layer || frame - hits_.frame > 1) return {};
    return hits_.hits;
}

/// A file that is written anew is read anew; what was read stays until then.
void ExpertBooks::look(AppState& state) {
    if (auto words = reading_.take()) {
        words_ = std::make_shared<const WrittenWords>(*std::move(words));
        if (!words_->problem.empty()) state.say(words_->problem, true);
    }
    if (auto files = looking_.take()) {
        files_ = *files;
        const bool changed =
            files_.dictionary != read_files_.dictionary || files_.clusters != read_files_.clusters;
        if (changed && !reading_.waits()) {
            read_files_ = files_;
            reading_ =
                state.aside([run = state.status.run_dir] { return read_written_words(run); });
        }
    }
    if (looking_.waits() || state.status.run_dir.empty() || state.now - looked_at_ < kFilesEvery)
        return;
    looked_at_ = state.now;
    looking_ = state.aside([run = state.status.run_dir] { return look_at_written_words(run); });
}

void ExpertBooks::update(AppState& state) {
    if (!state.session) return;
    look(state);
    if (auto made = making_.take()) {
        book_ = *std::move(made);
        ++version_;
        state.keep_drawing(1);  // for the panels before the one that asked
    }
    if (!state.geometry || state.geometry->layers.empty()) {
        if (book_) ++version_;
        book_ = nullptr;
        return;
    }
    const int64_t layer =
        std::clamp<int64_t>(state.selection.layer, 0, std::ssize(state.geometry->layers) - 1);
    if (book_ && book_->layer != layer) {
        book_ = nullptr;  // of another layer's experts
        ++version_;
    }
    if (making_.waits() || reading_.waits()) return;
    const From wanted = {state.geometry, layer, read_files_};
    if (wanted == made_from_) return;
    const bool only_newer = wanted.layer == made_from_.layer && wanted.files == made_from_.files;
    if (only_newer && state.time.live() && state.now - made_at_ < kBooksEvery) return;
    made_from_ = wanted;
    made_at_ = state.now;
    making_ = state.aside([snapshot = state.geometry, at = static_cast<size_t>(layer),
                           words = words_,
                           length = state.session->config().train.seq_len]() -> Book {
        return std::make_shared<const ExpertBook>(expert_book(*snapshot, at, words.get(), length));
    });
}

}  // namespace hopscope::app
