// What the folders of the compared runs say of each other: settings, seeds of one variant, and the
// difference of every two variants; with it what a person chose to see of it: margin, reference and
// pair. Owned by the window's state, window thread only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/state/folder_reading.h"
#include "core/api/comparison.h"

namespace hopscope::app {

struct AppState;

class RunComparison {
  public:
    double margin = core::kLossMargin;  ///< nats a token

    /// Keeps the result up to date while it is called once a frame, by whoever shows it.
    void want(AppState& state);
    /// The newest; null before the first.
    const std::shared_ptr<const core::Comparison>& result() const { return reading_.result(); }
    bool working() const { return reading_.working(); }
    const std::string& problem() const { return reading_.problem(); }
    /// What all seeds of a run's variant share; "" where it is not known.
    std::string variant_of(const std::string& dir) const;

    /// Index of the variant that the others are held against; nothing without variants.
    std::optional<size_t> reference() const;
    void set_reference(size_t variant);
    /// The variant that was chosen for it, also one that is not here (any more); "": none was.
    const std::string& wanted_reference() const { return reference_; }
    void want_reference(std::string variant) { reference_ = std::move(variant); }
    /// The two variants that are looked at; nothing: none are.
    std::optional<std::pair<size_t, size_t>> pair() const;
    void set_pair(size_t a, size_t b);
    /// The pair of a run's variant and the reference, where it is another.
    void look_at(const std::string& dir);
    /// Ends what is under way, before the window goes.
    void stop() { reading_.stop(); }

  private:
    std::optional<size_t> index_of(const std::string& variant) const;

    std::string reference_, pair_a_, pair_b_;  ///< ComparedVariant::variant
    FolderReading<core::Comparison> reading_;
};

/// Names of its variants, in their order.
std::vector<std::string> names_of_variants(const core::Comparison& comparison);

}  // namespace hopscope::app
