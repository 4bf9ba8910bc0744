#include "app/state/run_comparison.h"

#include <algorithm>

#include "app/state/app_state.h"

namespace hopscope::app {
namespace {

constexpr double kEvery = 2.0;  ///< seconds between two starts while evaluations come in

/// Of a core, at most, while a run in training is evaluated again and again.
constexpr double kShare = 0.1;

bool same_runs(const auto& a, const auto& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const auto& x, const auto& y) { return x.dir == y.dir; });
}

}  // namespace

void RunComparison::want(AppState& state) {
    if (auto made = work_.take()) {
        state.keep_drawing();
        took_ = state.now - started_at_;
        problem_ = *made ? "" : made->error().message;
        if (*made) result_ = std::make_shared<const core::Comparison>(std::move(**made));
    }
    if (!state.services.compare_runs) return;
    std::vector<Stamp> wanted;
    for (const ComparedEntry& entry : state.compared.entries())
        if (!entry.dir.empty()) wanted.push_back({entry.dir, entry.history->valid_step.size()});
    if (wanted == made_for_ || wanted.empty()) return;
    const bool others = !same_runs(wanted, made_for_);
    const double pause = std::max(kEvery, took_ / kShare);
    if (!others && (working() || state.now - started_at_ < pause)) return;
    std::vector<std::string> dirs;
    for (const Stamp& stamp : wanted) dirs.push_back(stamp.dir);
    made_for_ = std::move(wanted);
    started_at_ = state.now;
    work_.start(state.wake,
                [compare = state.services.compare_runs, dirs = std::move(dirs)](
                    const core::Progress& progress) { return compare(dirs, progress); });
}

std::string RunComparison::variant_of(const std::string& dir) const {
    if (!result_) return {};
    for (const core::ComparedRun& run : result_->runs)
        if (run.dir == dir) return run.variant;
    return {};
}

std::optional<size_t> RunComparison::index_of(const std::string& variant) const {
    if (!result_ || variant.empty()) return {};
    const auto& all = result_->variants;
    for (size_t i = 0; i < all.size(); ++i)
        if (all[i].variant == variant) return i;
    return {};
}

std::optional<size_t> RunComparison::reference() const {
    if (const auto chosen = index_of(reference_)) return chosen;
    return result_ && !result_->variants.empty() ? std::optional<size_t>(0) : std::nullopt;
}

void RunComparison::set_reference(size_t variant) {
    if (result_ && variant < result_->variants.size())
        reference_ = result_->variants[variant].variant;
}

std::optional<std::pair<size_t, size_t>> RunComparison::pair() const {
    const auto a = index_of(pair_a_), b = index_of(pair_b_);
    if (!a || !b || a == b) return {};
    return std::pair(*a, *b);
}

void RunComparison::set_pair(size_t a, size_t b) {
    if (!result_ || std::max(a, b) >= result_->variants.size()) return;
    pair_a_ = result_->variants[a].variant;
    pair_b_ = result_->variants[b].variant;
}

}  // namespace hopscope::app
