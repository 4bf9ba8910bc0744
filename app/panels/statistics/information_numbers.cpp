#include "app/panels/statistics/information_numbers.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "core/api/random.h"

namespace hopscope::app {
namespace {

double n_log_n(int64_t n) {
    return n > 0 ? static_cast<double>(n) * std::log(static_cast<double>(n)) : 0.0;
}

/// Counts of labels against experts, and I = (Σ joint − Σ label − Σ expert) / N + ln N with Σ over
/// n ln n, so that a token can leave for the cost of its own cells.
class Counts {
  public:
    Counts(std::span<const int32_t> labels, size_t label_count, std::span<const int32_t> experts,
           size_t expert_count)
        : labels_(labels),
          experts_(experts),
          each_(labels.empty() ? 0 : experts.size() / labels.size()),
          expert_count_(expert_count),
          joint_(label_count * expert_count, 0),
          label_(label_count, 0),
          expert_(expert_count, 0) {
        for (size_t t = 0; t < labels.size(); ++t) change(t, 1);
        for (const int64_t n : joint_) joint_sum_ += n_log_n(n);
        for (const int64_t n : label_) label_sum_ += n_log_n(n);
        for (const int64_t n : expert_) expert_sum_ += n_log_n(n);
    }
    double information() const { return of(joint_sum_, label_sum_, expert_sum_, total()); }
    /// Of all tokens but one.
    double without(size_t token) {
        double joint = joint_sum_, label = label_sum_, expert = expert_sum_;
        const auto l = static_cast<size_t>(labels_[token]);
        label -= n_log_n(label_[l]);
        take_cells(token, joint, expert, -1);
        change(token, -1);
        label += n_log_n(label_[l]);
        take_cells(token, joint, expert, 1);
        const double out = of(joint, label, expert, total() - static_cast<double>(each_));
        change(token, 1);
        return out;
    }
    /// Of the experts alone.
    double entropy() const { return std::log(total()) - expert_sum_ / total(); }

  private:
    double total() const { return static_cast<double>(experts_.size()); }
    static double of(double joint, double label, double expert, double total) {
        return total > 0 ? (joint - label - expert) / total + std::log(total) : 0.0;
    }
    std::span<const int32_t> chosen(size_t token) const {
        return experts_.subspan(token * each_, each_);
    }
    size_t cell(size_t token, int32_t expert) const {
        return static_cast<size_t>(labels_[token]) * expert_count_ + static_cast<size_t>(expert);
    }
    void change(size_t token, int64_t by) {
        for (const int32_t e : chosen(token)) {
            joint_[cell(token, e)] += by;
            expert_[static_cast<size_t>(e)] += by;
        }
        label_[static_cast<size_t>(labels_[token])] += by * static_cast<int64_t>(each_);
    }
    /// Adds `sign` times the terms of the cells that the token is counted in, each once.
    void take_cells(size_t token, double& joint, double& expert, double sign) const {
        const auto experts = chosen(token);
        for (size_t i = 0; i < experts.size(); ++i) {
            if (std::find(experts.begin(), experts.begin() + static_cast<std::ptrdiff_t>(i),
                          experts[i]) != experts.begin() + static_cast<std::ptrdiff_t>(i))
                continue;
            joint += sign * n_log_n(joint_[cell(token, experts[i])]);
            expert += sign * n_log_n(expert_[static_cast<size_t>(experts[i])]);
        }
    }

    std::span<const int32_t> labels_, experts_;
    size_t each_, expert_count_;
    std::vector<int64_t> joint_, label_, expert_;
    double joint_sum_ = 0, label_sum_ = 0, expert_sum_ = 0;
};

/// The labels by number, in the order of their names; −1: the token has none.
std::vector<int32_t> labels_of(const core::GeometrySnapshot& snapshot, TokenLabel label,
                               int64_t& count) {
    std::vector<std::string> names;
    for (size_t t = 0; t < snapshot.token_ids.size(); ++t)
        names.push_back(
            label == TokenLabel::id
                ? (snapshot.token_ids[t] < 0 ? "" : std::to_string(snapshot.token_ids[t]))
            : t < snapshot.classes.size() ? snapshot.classes[t]
                                          : std::string());
    std::map<std::string, int32_t> numbers;
    std::vector<int32_t> out;
    for (const std::string& name : names)
        out.push_back(
            name.empty()
                ? -1
                : numbers.try_emplace(name, static_cast<int32_t>(numbers.size())).first->second);
    count = static_cast<int64_t>(numbers.size());
    return out;
}

/// [tokens with a label, hops · k]; empty where the layer does not hold together.
std::vector<int32_t> choices_by_token(const core::LayerGeometry& g,
                                      const std::vector<int32_t>& labels) {
    const auto hops = static_cast<size_t>(g.hops), k = static_cast<size_t>(g.top_k);
    const size_t tokens = labels.size();
    std::vector<int32_t> out;
    if (hops * k == 0 || g.choices.size() != hops * tokens * k) return out;
    for (size_t t = 0; t < tokens; ++t)
        for (size_t h = 0; h < hops && labels[t] >= 0; ++h)
            for (size_t j = 0; j < k; ++j) out.push_back(g.choices[(h * tokens + t) * k + j]);
    const bool fits =
        std::all_of(out.begin(), out.end(), [&](int32_t e) { return e >= 0 && e < g.experts; });
    return fits ? out : std::vector<int32_t>{};
}

LayerInformation information_of_layer(const std::vector<int32_t>& labels, size_t count,
                                      const std::vector<int32_t>& experts, size_t expert_count,
                                      uint64_t seed) {
    LayerInformation out;
    Counts counts(labels, count, experts, expert_count);
    out.nats = counts.information();
    out.entropy = counts.entropy();

    std::vector<int32_t> shuffled = labels;
    core::Random random(seed);
    std::vector<double> chance;
    for (int64_t i = 0; i < kShuffles; ++i) {
        random.shuffle(shuffled);
        chance.push_back(mutual_information(shuffled, count, experts, expert_count));
    }
    std::sort(chance.begin(), chance.end());
    out.chance = viz::sampled_mean(chance).mean;
    out.chance_low = chance[static_cast<size_t>(0.025 * static_cast<double>(kShuffles))];
    out.chance_high = chance[static_cast<size_t>(0.975 * static_cast<double>(kShuffles))];
    const auto reach = std::count_if(chance.begin(), chance.end(),
                                     [&](double v) { return v >= out.nats - 1e-12; });
    out.p = static_cast<double>(reach + 1) / static_cast<double>(kShuffles + 1);

    out.above = out.nats - out.chance;
    std::vector<double> without;
    for (size_t t = 0; t < labels.size(); ++t) without.push_back(counts.without(t));
    const double mean = viz::sampled_mean(without).mean, n = static_cast<double>(without.size());
    double squares = 0;
    for (const double v : without) squares += (v - mean) * (v - mean);
    if (without.size() > 1) {
        const double half = viz::kNormal95 * std::sqrt((n - 1) / n * squares);
        out.above_ci95 = {out.above - half, out.above + half};
    }
    return out;
}

}  // namespace

const char* name_of(TokenLabel label) {
    return label == TokenLabel::id ? "token id" : "class";
}

double mutual_information(std::span<const int32_t> labels, size_t count,
                          std::span<const int32_t> experts, size_t expert_count) {
    return Counts(labels, count, experts, expert_count).information();
}

Information information_of(const core::GeometrySnapshot& snapshot, TokenLabel label) {
    Information out;
    out.label = label;
    out.step = snapshot.step;
    const std::vector<int32_t> all = labels_of(snapshot, label, out.labels);
    std::vector<int32_t> labels = all;
    std::erase(labels, -1);
    out.tokens = static_cast<int64_t>(labels.size());
    for (size_t l = 0; l < snapshot.layers.size() && out.tokens > 0; ++l) {
        const core::LayerGeometry& g = snapshot.layers[l];
        const std::vector<int32_t> experts = choices_by_token(g, all);
        out.layers.push_back(experts.empty()
                                 ? LayerInformation{}
                                 : information_of_layer(labels, static_cast<size_t>(out.labels),
                                                        experts, static_cast<size_t>(g.experts),
                                                        core::mix64(l, 42)));
    }
    return out;
}

}  // namespace hopscope::app
