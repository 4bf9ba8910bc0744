#include "core/stats/fixed_size_sets.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

namespace hopscope::core::stats {
namespace {

constexpr int kMostRounds = 2000;
constexpr double kNear = 1e-9;   ///< of a share
constexpr double kEdge = 1e-12;  ///< a share this near to 0 or 1 is 0 or 1

/// e[j] = Σ over sets of j items of Π w, j = 0 … k, with one more item.
void take_in(std::vector<double>& e, double w) {
    for (size_t j = e.size(); j-- > 1;) e[j] += w * e[j - 1];
}

std::vector<double> nothing(int64_t k) {
    std::vector<double> e(static_cast<size_t>(k) + 1, 0.0);
    e[0] = 1;
    return e;
}

/// P(item i is in a set of k), all i: w_i e_{k−1}(the others) / e_k(all). The others' sums from
/// those before and behind i, since taking an item out again by subtraction loses all digits.
std::vector<double> inclusion(const std::vector<double>& w, int64_t k) {
    const size_t n = w.size(), width = static_cast<size_t>(k) + 1;
    std::vector<std::vector<double>> behind(n + 1, nothing(k));
    for (size_t i = n; i-- > 0;) {
        behind[i] = behind[i + 1];
        take_in(behind[i], w[i]);
    }
    std::vector<double> before = nothing(k), out(n);
    for (size_t i = 0; i < n; ++i) {
        double others = 0;
        for (size_t j = 0; j + 1 < width; ++j) others += before[j] * behind[i + 1][width - 2 - j];
        out[i] = w[i] * others / behind[0][width - 1];
        take_in(before, w[i]);
    }
    return out;
}

}  // namespace

FixedSizeSets::FixedSizeSets(Numbers shares, int64_t k)
    : weights_(shares.size(), 0.0), always_(shares.size(), 0), places_(k) {
    double sum = 0;
    for (const double share : shares) {
        if (!(share >= 0) || !(share <= 1 + kEdge))
            throw std::invalid_argument("FixedSizeSets: a share that is none");
        sum += share;
    }
    if (k < 1 || std::fabs(sum - static_cast<double>(k)) > 1e-6)
        throw std::invalid_argument("FixedSizeSets: shares do not add up to the size of a set");
    std::vector<double> wanted, w;
    for (size_t i = 0; i < shares.size(); ++i) {
        always_[i] = shares[i] >= 1 - kEdge;
        places_ -= always_[i];
        if (always_[i] || shares[i] <= kEdge) continue;
        wanted.push_back(shares[i]);
        w.push_back(shares[i] / (1 - shares[i]));
    }
    if (w.empty() || places_ < 1) {
        places_ = 0;
        all_ = 1;
        return;
    }
    for (int round = 0; round < kMostRounds; ++round) {
        const auto have = inclusion(w, places_);
        error_ = 0;
        for (size_t i = 0; i < w.size(); ++i)
            error_ = std::max(error_, std::fabs(have[i] - wanted[i]));
        // Not finite: comparisons are false, and holds() says NaN.
        if (error_ < kNear) break;
        double total = 0;
        for (size_t i = 0; i < w.size(); ++i) total += w[i] *= wanted[i] / have[i];
        // Only ratios matter; sums of products then stay near 1.
        for (double& one : w) one *= static_cast<double>(places_) / total;
    }
    size_t next = 0;
    auto e = nothing(places_);
    for (size_t i = 0; i < shares.size(); ++i)
        if (!always_[i] && shares[i] > kEdge) {
            weights_[i] = w[next++];
            take_in(e, weights_[i]);
        }
    all_ = e.back();
}

double FixedSizeSets::holds(std::span<const int32_t> items) const {
    double product = 1;
    int64_t left = places_;
    for (const int32_t item : items) {
        if (always_[static_cast<size_t>(item)]) continue;
        product *= weights_[static_cast<size_t>(item)];
        --left;
    }
    if (left < 0 || product == 0) return 0;
    auto e = nothing(left);
    for (size_t i = 0; i < weights_.size(); ++i)
        if (std::find(items.begin(), items.end(), static_cast<int32_t>(i)) == items.end())
            take_in(e, weights_[i]);
    return product * e.back() / all_;
}

}  // namespace hopscope::core::stats
