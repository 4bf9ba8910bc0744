// Analysis `gate_against_use`: does a router's row point where the tokens lie that it takes
// [def:gate_against_use]?
#include <algorithm>
#include <cmath>
#include <optional>

#include "core/analyses/recorded_choices.h"
#include "core/analyses/recorded_inputs.h"

namespace hopscope::core::analysis {
namespace {

using InputVector = std::vector<double>;

double cosine_of(const InputVector& a, const InputVector& b) {
    double ab = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < a.size(); ++i) {
        ab += a[i] * b[i];
        aa += a[i] * a[i];
        bb += b[i] * b[i];
    }
    return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : stats::kNaN;
}

/// What entered the router, summed over tokens.
struct InputSum {
    InputVector sum;
    int64_t n = 0;
    void add(std::span<const float> x) {
        sum.resize(x.size(), 0);
        for (size_t i = 0; i < x.size(); ++i) sum[i] += static_cast<double>(x[i]);
        ++n;
    }
    InputVector mean() const {
        InputVector out = sum;
        for (double& x : out) x /= static_cast<double>(n);
        return out;
    }
};

InputVector less(const InputVector& a, const InputVector& b) {
    InputVector out = a;
    for (size_t i = 0; i < out.size(); ++i) out[i] -= b[i];
    return out;
}

struct UsedInputs {
    InputSum all;
    std::vector<InputSum> taken;  ///< [experts] of the tokens routed to each
    /// Mean over the tokens that were not routed to it.
    InputVector left(size_t expert) const {
        InputSum out{less(all.sum, taken[expert].sum), all.n - taken[expert].n};
        return out.mean();
    }
};

UsedInputs inputs_of(const Recorded& one, const RecordedInputs& recorded) {
    UsedInputs out{{}, std::vector<InputSum>(static_cast<size_t>(one.experts))};
    for (int64_t t = 0; t < one.tokens; ++t) {
        const auto x = recorded.of(t);
        if (x.empty()) continue;
        out.all.add(x);
        for (const int32_t e : one.set(t)) out.taken[static_cast<size_t>(e)].add(x);
    }
    return out;
}

/// Of the experts that some tokens are routed to and some are not.
struct Cosines {
    std::vector<double> own, left, others;  ///< of the row with the means
    std::vector<double> difference;         ///< own − left
    std::vector<double> centred, centred_others;
    std::vector<double> nearest;  ///< 1 where no other row is nearer to its mean, centred
    void add(double to_own, double to_left, double to_others) {
        own.push_back(to_own);
        left.push_back(to_left);
        others.push_back(to_others);
        difference.push_back(to_own - to_left);
    }
};

Cosines cosines_of(const Recorded& one, const RecordedInputs& recorded, const UsedInputs& inputs,
                   Table& table) {
    const auto m = static_cast<size_t>(one.experts);
    std::vector<InputVector> rows;
    InputVector mean_row(static_cast<size_t>(recorded.width), 0);
    for (size_t e = 0; e < m; ++e) {
        const auto row = recorded.row(static_cast<int64_t>(e));
        rows.emplace_back(row.begin(), row.end());
        for (size_t i = 0; i < mean_row.size(); ++i)
            mean_row[i] += rows[e][i] / static_cast<double>(m);
    }
    std::vector<InputVector> centred_rows;
    for (const InputVector& row : rows) centred_rows.push_back(less(row, mean_row));
    const InputVector mean = inputs.all.mean();
    Cosines out;
    for (size_t e = 0; e < m; ++e) {
        const int64_t n = inputs.taken[e].n;
        if (n == 0 || n == inputs.all.n) continue;
        const InputVector own = inputs.taken[e].mean(), moved = less(own, mean);
        double others = 0, centred_others = 0, best = -2;
        for (size_t j = 0; j < m; ++j) {
            if (j == e) continue;
            others += cosine_of(rows[j], own) / static_cast<double>(m - 1);
            const double c = cosine_of(centred_rows[j], moved);
            centred_others += c / static_cast<double>(m - 1);
            best = std::max(best, c);
        }
        out.add(cosine_of(rows[e], own), cosine_of(rows[e], inputs.left(e)), others);
        out.centred.push_back(cosine_of(centred_rows[e], moved));
        out.centred_others.push_back(centred_others);
        out.nearest.push_back(out.centred.back() > best ? 1 : 0);
        Fields row = row_of(one);
        row.place("expert", static_cast<int64_t>(e))
            .place("tokens", n)
            .cell("cosine", out.own.back())
            .cell("cosine_left", out.left.back())
            .cell("cosine_other_rows", others)
            .cell("centred", out.centred.back())
            .cell("centred_other_rows", centred_others);
        table.add(row);
    }
    return out;
}

Result<AnalysisOutput> gate_against_use(const ImportedContext& context) {
    AnalysisOutput out;
    for (const Recorded& one : recorded(context)) {
        if (context.progress.cancelled()) return stopped_on_request();
        const auto entered = recorded_inputs(context, one.layer, one.pool);
        if (!entered) continue;
        const UsedInputs inputs = inputs_of(one, *entered);
        if (inputs.all.n == 0) continue;
        const Cosines found = cosines_of(one, *entered, inputs, out.table());
        const auto over_experts = [&](const std::vector<double>& values) {
            return mean_over(values, "experts", context.seed);
        };
        Fields entry = placed(one.layer, one.pool);
        entry.count("tokens", inputs.all.n)
            .estimate("cosine", over_experts(found.own))
            .estimate("cosine_left", over_experts(found.left))
            .estimate("cosine_other_rows", over_experts(found.others))
            .estimate("difference", over_experts(found.difference))
            .estimate("centred", over_experts(found.centred))
            .estimate("centred_other_rows", over_experts(found.centred_others))
            .estimate("nearest", over_experts(found.nearest))
            .number("nearest_by_chance", 1 / static_cast<double>(one.experts));
        out.n = std::max(out.n, inputs.all.n);
        out.result.add("layers", entry);
        out.table("layers").add(entry);
    }
    if (out.n == 0)
        return usage_error(
            "what entered the router: not in these traces; record it with hopscope_capture.py "
            "--positions");
    out.result.text("rows", "as stored; the inputs were recorded behind the norm and its gain");
    return out;
}

}  // namespace

extern const ImportedAnalysis kGateAgainstUse{
    "gate_against_use",
    Asks::trace,
    "cosine of a router row with the mean of what entered the router for the tokens routed to it "
    "(cosine), with the mean of the other tokens (cosine_left), and of all other rows with the "
    "first mean (cosine_other_rows, the control); difference: cosine - cosine_left. centred: the "
    "same of the row and the mean less those of all rows and all tokens; nearest: share of experts "
    "whose own row is the nearest to their mean, centred. Within the span of the router's rows as "
    "stored: inputs were recorded behind the norm and its gain. Mean over experts that some tokens "
    "take and some do not, 95 % bootstrap intervals over experts. n: tokens.",
    gate_against_use,
    /*compares=*/false,
    /*pairs=*/true};

}  // namespace hopscope::core::analysis
