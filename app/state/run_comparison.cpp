#include "app/state/run_comparison.h"

#include <algorithm>

#include "app/state/app_state.h"

namespace hopscope::app {

void RunComparison::want(AppState& state) {
    if (reading_.want(state.compared.entries(), state.services.compare_runs, state.wake, state.now))
        state.keep_drawing();
}

std::string RunComparison::variant_of(const std::string& dir) const {
    if (!result()) return {};
    for (const core::ComparedRun& run : result()->runs)
        if (run.dir == dir) return run.variant;
    return {};
}

std::optional<size_t> RunComparison::index_of(const std::string& variant) const {
    if (!result() || variant.empty()) return {};
    const auto& all = result()->variants;
    for (size_t i = 0; i < all.size(); ++i)
        if (all[i].variant == variant) return i;
    return {};
}

std::optional<size_t> RunComparison::reference() const {
    if (const auto chosen = index_of(reference_)) return chosen;
    return result() && !result()->variants.empty() ? std::optional<size_t>(0) : std::nullopt;
}

void RunComparison::set_reference(size_t variant) {
    if (result() && variant < result()->variants.size())
        reference_ = result()->variants[variant].variant;
}

std::optional<std::pair<size_t, size_t>> RunComparison::pair() const {
    const auto a = index_of(pair_a_), b = index_of(pair_b_);
    if (!a || !b || a == b) return {};
    return std::pair(*a, *b);
}

void RunComparison::set_pair(size_t a, size_t b) {
    if (!result() || std::max(a, b) >= result()->variants.size()) return;
    pair_a_ = result()->variants[a].variant;
    pair_b_ = result()->variants[b].variant;
}

void RunComparison::look_at(const std::string& dir) {
    const auto variant = index_of(variant_of(dir)), other = reference();
    if (variant && other && variant != other) set_pair(*variant, *other);
}

std::vector<std::string> names_of_variants(const core::Comparison& comparison) {
    std::vector<std::string> out;
    for (const core::ComparedVariant& variant : comparison.variants) out.push_back(variant.name);
    return out;
}

}  // namespace hopscope::app
