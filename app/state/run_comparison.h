// What the folders of the compared runs say of each other: settings, seeds of one variant, and the
// difference of every two variants. Made anew on a thread of its own when a run comes or goes or
// has been evaluated again, and only while somebody asks; with it what a person chose to see of it:
// margin, reference and pair. Owned by the window's state, window thread only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/state/latest.h"
#include "core/api/comparison.h"

namespace hopscope::app {

struct AppState;

class RunComparison {
  public:
    double margin = core::kLossMargin;  ///< nats a token

    /// Keeps the result up to date while it is called once a frame, by whoever shows it.
    void want(AppState& state);
    /// The newest; null before the first.
    const std::shared_ptr<const core::Comparison>& result() const { return result_; }
    bool working() const { return work_.working(); }
    const std::string& problem() const { return problem_; }
    /// What all seeds of a run's variant share; "" where it is not known.
    std::string variant_of(const std::string& dir) const;

    /// Index of the variant that the others are held against; nothing without variants.
    std::optional<size_t> reference() const;
    void set_reference(size_t variant);
    /// The two variants that are looked at; nothing: none are.
    std::optional<std::pair<size_t, size_t>> pair() const;
    void set_pair(size_t a, size_t b);
    /// Ends what is under way, before the window goes.
    void stop() { work_.stop(); }

  private:
    struct Stamp {  ///< what a result was made from
        std::string dir;
        size_t evaluations = 0;
        bool operator==(const Stamp&) const = default;
    };
    std::optional<size_t> index_of(const std::string& variant) const;

    std::shared_ptr<const core::Comparison> result_;
    std::string problem_;
    std::string reference_, pair_a_, pair_b_;  ///< ComparedVariant::variant
    Latest<core::Result<core::Comparison>> work_;
    std::vector<Stamp> made_for_;
    double started_at_ = -1e9;  ///< AppState::now
    double took_ = 0;           ///< the last one, seconds
};

}  // namespace hopscope::app
