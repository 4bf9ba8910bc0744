#include "core/api/comparison.h"

#include <algorithm>

#include "core/base/shares.h"

namespace hopscope::core {

double VariantDifference::tost_p(double margin) const {
    return std::max(share_at_most(resampled, -margin), share_at_least(resampled, margin));
}

Verdict VariantDifference::verdict(double margin) const {
    const bool equivalent = low90 >= -margin && high90 <= margin;
    const bool different = low95 > 0 || high95 < 0;
    if (equivalent) return different ? Verdict::both : Verdict::equivalent;
    return different ? Verdict::different : Verdict::undecided;
}

}  // namespace hopscope::core
