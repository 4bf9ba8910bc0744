#include "core/api/crossings.h"

#include <algorithm>
#include <cmath>

namespace hopscope::core {
namespace {

/// Notes where the sign of a − b changes.
class Order {
  public:
    /// True: the order is another than before.
    bool turned(double a, double b) {
        const double difference = a - b;
        if (!std::isfinite(difference) || difference == 0) return false;
        const int now = difference < 0 ? -1 : 1;
        const bool turned = last_ != 0 && now != last_;
        last_ = now;
        return turned;
    }
    bool a_ahead() const { return last_ < 0; }

  private:
    int last_ = 0;
};

/// A curve read at rising times.
class Walk {
  public:
    explicit Walk(const RaceCurve& curve) : curve_(curve) {}

    /// Value at `time`, which lies within the curve; linear between its points.
    double at(double time) {
        while (at_ + 1 < curve_.seconds.size() && curve_.seconds[at_ + 1] <= time) ++at_;
        if (at_ + 1 == curve_.seconds.size() || curve_.seconds[at_] == time)
            return curve_.values[at_];
        const double from = curve_.seconds[at_], to = curve_.seconds[at_ + 1];
        const double share = (time - from) / (to - from);
        return curve_.values[at_] + share * (curve_.values[at_ + 1] - curve_.values[at_]);
    }
    int64_t step() const { return curve_.steps[at_]; }

  private:
    const RaceCurve& curve_;
    size_t at_ = 0;
};

}  // namespace

std::vector<Crossing> crossings_by_step(const RaceCurve& a, const RaceCurve& b) {
    std::vector<Crossing> out;
    Order order;
    for (size_t i = 0, j = 0; i < a.steps.size() && j < b.steps.size();) {
        if (a.steps[i] != b.steps[j]) {
            a.steps[i] < b.steps[j] ? ++i : ++j;
            continue;
        }
        if (order.turned(a.values[i], b.values[j])) {
            Crossing crossing;
            crossing.a_ahead = order.a_ahead();
            crossing.a_step = crossing.b_step = a.steps[i];
            crossing.tokens = a.tokens[i];
            crossing.a_seconds = a.seconds[i];
            crossing.b_seconds = b.seconds[j];
            out.push_back(crossing);
        }
        ++i;
        ++j;
    }
    return out;
}

std::vector<Crossing> crossings_by_seconds(const RaceCurve& a, const RaceCurve& b) {
    std::vector<Crossing> out;
    if (a.seconds.empty() || b.seconds.empty()) return out;
    const double begin = std::max(a.seconds.front(), b.seconds.front());
    const double end = std::min(a.seconds.back(), b.seconds.back());
    std::vector<double> times;
    std::merge(a.seconds.begin(), a.seconds.end(), b.seconds.begin(), b.seconds.end(),
               std::back_inserter(times));
    Order order;
    Walk walk_a(a), walk_b(b);
    for (const double time : times) {
        if (time < begin || time > end) continue;
        if (!order.turned(walk_a.at(time), walk_b.at(time))) continue;
        Crossing crossing;
        crossing.a_ahead = order.a_ahead();
        crossing.seconds = time;
        crossing.a_step = walk_a.step();
        crossing.b_step = walk_b.step();
        out.push_back(crossing);
    }
    return out;
}

RaceCurve smoothed(const RaceCurve& curve, double weight) {
    RaceCurve out = curve;
    double sum = 0, weights = 0;
    for (double& value : out.values) {
        if (!std::isfinite(value)) continue;
        sum = weight * sum + (1 - weight) * value;
        weights = weight * weights + (1 - weight);
        value = sum / weights;
    }
    return out;
}

}  // namespace hopscope::core
