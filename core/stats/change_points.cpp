#include "core/stats/change_points.h"

#include <algorithm>
#include <cmath>

#include "core/stats/piecewise_fit.h"

namespace hopscope::core::stats {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
/// 95 % of the likelihood ratio of a threshold (Hansen 2000) and of χ² with one degree of freedom.
constexpr double kJumpThreshold = 7.35, kKinkThreshold = 3.84;

/// One search: the curve, its noise, and the criterion of a set of knots.
class Search {
  public:
    Search(BinnedCurve curve, const ChangePointOptions& options)
        : curve_(std::move(curve)), options_(options), lines_(options.shape == PieceShape::line) {
        // On 0 … 1 the powers of x are of one size.
        origin_ = curve_.x.front();
        scale_ = curve_.x.back() - origin_;
        for (double& x : curve_.x) x = (x - origin_) / scale_;
        sigma_ = std::max(noise_of(curve_, 1), noise_of(curve_, 4));
        // A curve without noise: what is left is rounding, relative to its values.
        double largest = 0;
        for (const double y : curve_.y) largest = std::max(largest, std::fabs(y));
        sigma_ = std::max(sigma_, 1e-9 * largest + 1e-300);
        unit_ = std::log(static_cast<double>(curve_.size()));
        min_length_ = options.min_length / scale_;
        for (size_t i = 0; i + 1 < curve_.size(); ++i)
            places_.push_back((curve_.x[i] + curve_.x[i + 1]) / 2);
    }

    void run() {
        knots_ = partition();
        best_ = criterion(knots_);
        constexpr int kRounds = 20;
        for (int round = 0; round < kRounds; ++round) {
            bool better = move();
            better = remove() || better;
            better = add() || better;
            if (!better) break;
        }
    }
    /// Where the changes are.
    std::vector<double> places() const {
        std::vector<double> out;
        for (const Knot& knot : knots_) out.push_back(back(knot.x));
        return out;
    }
    void report(Segmentation& out) const;

  private:
    double penalty(const Knot& knot) const { return unit_ * (lines_ && knot.jump ? 4 : 3); }
    double criterion(const std::vector<Knot>& knots) const {
        double out = fit_pieces(curve_, knots, lines_).squares / (sigma_ * sigma_);
        for (const Knot& knot : knots) out += penalty(knot);
        return out;
    }
    /// Bins and length between neighbours (and the ends) suffice.
    bool room(const std::vector<Knot>& knots) const;
    bool accept(const std::vector<Knot>& knots);
    std::vector<Knot> partition() const;
    bool move();
    bool remove();
    bool add();
    Interval profile(size_t index) const;
    double back(double x) const { return origin_ + scale_ * x; }

    BinnedCurve curve_;
    ChangePointOptions options_;
    bool lines_;
    double origin_ = 0, scale_ = 1, sigma_ = 0, unit_ = 0, min_length_ = 0;
    std::vector<double> places_;  ///< where a knot may lie: between neighbouring bins
    std::vector<Knot> knots_;
    double best_ = kInfinity;
};

bool Search::room(const std::vector<Knot>& knots) const {
    double from = 0;
    size_t bin = 0;
    for (size_t i = 0; i <= knots.size(); ++i) {
        const double to = i < knots.size() ? knots[i].x : 1;
        int64_t bins = 0;
        while (bin < curve_.size() && (i == knots.size() || curve_.x[bin] <= to)) {
            ++bin;
            ++bins;
        }
        if (to - from < min_length_ || bins < options_.min_bins) return false;
        from = to;
    }
    return true;
}

bool Search::accept(const std::vector<Knot>& knots) {
    if (static_cast<int64_t>(knots.size()) > options_.most || !room(knots)) return false;
    const double value = criterion(knots);
    if (!(value < best_ - 1e-9)) return false;
    best_ = value;
    knots_ = knots;
    return true;
}

/// Exact minimum over separate pieces: F(j) = min over i of F(i) + cost(i … j) + penalty.
std::vector<Knot> Search::partition() const {
    const size_t n = curve_.size();
    std::vector<double> w(n + 1), wx(n + 1), wxx(n + 1), wy(n + 1), wxy(n + 1), wyy(n + 1);
    double centre = 0;
    for (const double y : curve_.y) centre += y / static_cast<double>(n);
    for (size_t i = 0; i < n; ++i) {
        const double c = curve_.weight[i], x = curve_.x[i], y = curve_.y[i] - centre;
        w[i + 1] = w[i] + c;
        wx[i + 1] = wx[i] + c * x;
        wxx[i + 1] = wxx[i] + c * x * x;
        wy[i + 1] = wy[i] + c * y;
        wxy[i + 1] = wxy[i] + c * x * y;
        wyy[i + 1] = wyy[i] + c * y * y;
    }
    const auto cost = [&](size_t i, size_t j) {
        const double c = w[j] - w[i], x = wx[j] - wx[i], y = wy[j] - wy[i];
        double squares = wyy[j] - wyy[i] - y * y / c;
        const double xx = wxx[j] - wxx[i] - x * x / c, xy = wxy[j] - wxy[i] - x * y / c;
        if (lines_ && xx > 0) squares -= xy * xy / xx;
        return std::max(0.0, squares) / (sigma_ * sigma_);
    };
    const auto edge = [&](size_t i) { return i == 0 ? 0 : (i == n ? 1 : places_[i - 1]); };
    const auto least = static_cast<size_t>(std::max<int64_t>(options_.min_bins, 2));
    std::vector<double> best(n + 1, kInfinity);
    std::vector<size_t> from(n + 1, 0);
    best[0] = 0;
    for (size_t j = least; j <= n; ++j)
        for (size_t i = 0; i + least <= j; ++i) {
            if (best[i] == kInfinity || edge(j) - edge(i) < min_length_) continue;
            const double value = best[i] + cost(i, j) + (i > 0 ? penalty({0, true}) : 0);
            if (value < best[j]) {
                best[j] = value;
                from[j] = i;
            }
        }
    std::vector<Knot> knots;
    if (best[n] == kInfinity) return knots;
    for (size_t j = from[n]; j > 0; j = from[j]) knots.push_back({edge(j), lines_});
    std::reverse(knots.begin(), knots.end());
    // Over-full only where the curve is no sequence of few pieces; the strongest are kept later.
    while (static_cast<int64_t>(knots.size()) > options_.most) {
        size_t weakest = 0;
        double lowest = kInfinity;
        for (size_t i = 0; i < knots.size(); ++i) {
            auto fewer = knots;
            fewer.erase(fewer.begin() + static_cast<int64_t>(i));
            if (const double value = criterion(fewer); value < lowest) {
                lowest = value;
                weakest = i;
            }
        }
        knots.erase(knots.begin() + static_cast<int64_t>(weakest));
    }
    return knots;
}

/// Each knot to wherever it is best, as it is and with its jump taken away or added: a kink that
/// was found as a jump usually lies elsewhere.
bool Search::move() {
    bool better = false;
    for (size_t i = 0; i < knots_.size(); ++i) {
        const double low = i > 0 ? knots_[i - 1].x : 0,
                     high = i + 1 < knots_.size() ? knots_[i + 1].x : 1;
        for (const bool jump : {false, true}) {
            if (jump && !lines_) continue;
            for (const double place : places_) {
                if (place <= low || place >= high) continue;
                auto moved = knots_;
                moved[i] = {place, jump};
                better = accept(moved) || better;
            }
        }
    }
    return better;
}

bool Search::remove() {
    bool better = false;
    for (size_t i = 0; i < knots_.size();) {
        auto fewer = knots_;
        fewer.erase(fewer.begin() + static_cast<int64_t>(i));
        if (accept(fewer))
            better = true;
        else
            ++i;
    }
    return better;
}

bool Search::add() {
    bool better = false;
    const auto start = knots_;
    for (const double place : places_)
        for (const bool jump : {false, true}) {
            if (jump && !lines_) continue;
            auto more = start;
            const auto at = std::find_if(more.begin(), more.end(),
                                         [&](const Knot& knot) { return knot.x >= place; });
            if (at != more.end() && at->x == place) continue;
            more.insert(at, {place, jump});
            better = accept(more) || better;
        }
    return better;
}

Interval Search::profile(size_t index) const {
    const double threshold = !lines_ || knots_[index].jump ? kJumpThreshold : kKinkThreshold;
    const double low = index > 0 ? knots_[index - 1].x : 0,
                 high = index + 1 < knots_.size() ? knots_[index + 1].x : 1;
    Interval out{knots_[index].x, knots_[index].x};
    for (size_t p = 0; p < places_.size(); ++p) {
        if (places_[p] <= low || places_[p] >= high) continue;
        auto moved = knots_;
        moved[index].x = places_[p];
        if (criterion(moved) > best_ + threshold) continue;
        // A place stands for everything between the two bins.
        out.low = std::min(out.low, curve_.x[p]);
        out.high = std::max(out.high, curve_.x[p + 1]);
    }
    return {back(out.low), back(out.high)};
}

void Search::report(Segmentation& out) const {
    out.sigma = sigma_;
    out.criterion = best_;
    for (size_t i = 0; i < knots_.size(); ++i) {
        auto without = knots_;
        without.erase(without.begin() + static_cast<int64_t>(i));
        out.changes.push_back(
            {back(knots_[i].x), profile(i), knots_[i].jump || !lines_, criterion(without) - best_});
    }
    const auto fit = fit_pieces(curve_, knots_, lines_);
    const size_t k = fit.coefficients.size();
    if (k == 0) return;
    // Value just inside a piece and its slope, adding what each knot before it changed.
    double level = fit.coefficients[0], slope = lines_ ? fit.coefficients[1] : 0, from = 0;
    std::vector<size_t> slopes;  // coefficients that add up to the slope
    if (lines_) slopes.push_back(1);
    size_t next = lines_ ? 2 : 1;
    for (size_t i = 0; i <= knots_.size(); ++i) {
        const double to = i < knots_.size() ? knots_[i].x : 1;
        double variance = 0;
        for (const size_t p : slopes)
            for (const size_t q : slopes) variance += fit.covariance[p * k + q];
        out.pieces.push_back({back(from), back(to), level, level + slope * (to - from),
                              slope / scale_,
                              sigma_ * std::sqrt(std::max(0.0, variance)) / scale_});
        if (i == knots_.size()) break;
        level += slope * (to - from);
        if (lines_) {
            slopes.push_back(next);
            slope += fit.coefficients[next++];
        }
        if (!lines_ || knots_[i].jump) level += fit.coefficients[next++];
        from = to;
    }
}

}  // namespace

Segmentation find_change_points(Numbers x, Numbers y, const ChangePointOptions& options) {
    Segmentation out;
    for (size_t i = 0; i < std::min(x.size(), y.size()); ++i)
        out.n += std::isfinite(x[i]) && std::isfinite(y[i]);
    std::vector<double> near;
    // The second pass sees the surroundings of the first one's changes more finely.
    for (const bool last : {false, true}) {
        auto curve = bin_curve(x, y, options.bins, near);
        out.bins = static_cast<int64_t>(curve.size());
        // The noise needs neighbours at distance 4 on both sides.
        constexpr int64_t kLeast = 12;
        if (out.bins < kLeast || !(curve.x.back() > curve.x.front())) return out;
        Search search(std::move(curve), options);
        search.run();
        if (last || search.places().empty()) {
            search.report(out);
            return out;
        }
        near = search.places();
    }
    return out;
}

}  // namespace hopscope::core::stats
