// Seeds of a variant as one line with their range, the band of equivalence around the reference,
// and differences to it. Made from histories and from what the comparison says of the runs, without
// ImGui; window thread.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "app/panels/curves/view.h"
#include "app/state/compared_runs.h"
#include "core/api/comparison.h"

namespace hopscope::app {

/// The runs that one line stands for: the compared seeds of a variant, or a run alone.
struct VariantSeeds {
    std::string name;
    size_t place = 0;
    std::vector<const History*> seeds;
    bool reference = false;
};

/// `comparison` may be null: nothing is known of seeds then. Without `grouped`, or where a run is
/// not compared, it stands alone; without a known reference the first run is it.
std::vector<VariantSeeds> variant_seeds(const std::vector<ComparedEntry>& entries,
                                        const core::Comparison* comparison,
                                        std::optional<size_t> reference, bool grouped);

/// Means over seeds at the steps that all of them have. Kept until the seeds go on.
class SeedMeans {
  public:
    /// A lane a variant; the means they look into hold until the next call.
    std::vector<Lane> lanes(std::span<const VariantSeeds> variants);

  private:
    struct Mean {
        std::vector<uint64_t> made_from;  ///< versions
        History history;
    };
    std::map<std::string, Mean> means_;  ///< by variant, of several seeds
};

/// An area between two curves.
struct Band {
    std::vector<double> xs, low, high;
    size_t place = 0;          ///< whose range it is
    bool equivalence = false;  ///< the margin around the reference instead
    std::string owner;         ///< the line of the list that hides it
};
/// Lowest and highest of the seeds, on validation where the quantity has it, and, for losses and
/// perplexities, the margin around the reference's validation.
std::vector<Band> bands_of(std::span<const VariantSeeds> variants, std::span<const Lane> lanes,
                           const CurveChoice& choice, double margin);

/// Validation loss of each variant less that of the reference, at the steps that both have; without
/// the reference itself, which is 0.
std::vector<Series> differences_to_reference(std::span<const VariantSeeds> variants,
                                             std::span<const Lane> lanes,
                                             const CurveChoice& choice);

}  // namespace hopscope::app
