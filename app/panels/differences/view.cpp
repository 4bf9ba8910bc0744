#include "app/panels/differences/view.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "app/widgets/format.h"
#include "core/api/base.h"

namespace hopscope::app {
namespace {

constexpr const char* kMinus = "\xE2\x88\x92";

DifferenceRow row_of(const core::VariantDifference& d, double margin) {
    return {d.a,
            d.b,
            d.mean,
            d.low95,
            d.high95,
            d.low90,
            d.high90,
            d.seeds_a,
            d.seeds_b,
            d.batches,
            d.over_seeds,
            d.tost_p(margin),
            d.p_difference,
            d.verdict(margin)};
}

/// b − a: what is said of |a − b| stays.
DifferenceRow turned(DifferenceRow row) {
    std::swap(row.a, row.b);
    std::swap(row.seeds_a, row.seeds_b);
    row.mean = -row.mean;
    row.low95 = -std::exchange(row.high95, -row.low95);
    row.low90 = -std::exchange(row.high90, -row.low90);
    return row;
}

/// Three decimals with a sign: differences are read beside margins of 0.03.
std::string signed_text(double value) {
    if (std::isnan(value)) return kNothing;
    return (value < 0 ? kMinus : "+") + rounded(std::fabs(value), 3);
}

std::string interval_text(double low, double high) {
    return "[" + signed_text(low) + ", " + signed_text(high) + "]";
}

/// Runs behind a side, as the folders call them.
std::string runs_of(const core::Comparison& comparison, size_t variant) {
    std::string out;
    for (const size_t run : comparison.variants[variant].seeds)
        out += (out.empty() ? "" : " ") + comparison.runs[run].name;
    return out;
}

}  // namespace

std::vector<DifferenceRow> difference_rows(const core::Comparison& comparison, double margin,
                                           std::optional<size_t> reference) {
    std::vector<DifferenceRow> rows;
    for (const core::VariantDifference& d : comparison.differences) {
        if (reference && d.a != *reference && d.b != *reference) continue;
        const bool turn = reference ? d.a == *reference : d.mean > 0;
        rows.push_back(turn ? turned(row_of(d, margin)) : row_of(d, margin));
    }
    std::stable_sort(rows.begin(), rows.end(), [](const DifferenceRow& x, const DifferenceRow& y) {
        return x.mean < y.mean;
    });
    return rows;
}

ForestAxis forest_axis(const std::vector<DifferenceRow>& rows, double margin) {
    ForestAxis axis{-margin, margin, {}};
    for (const DifferenceRow& row : rows)
        for (const double value : {row.mean, row.low95, row.high95}) {
            if (!std::isfinite(value)) continue;
            axis.low = std::min(axis.low, value);
            axis.high = std::max(axis.high, value);
        }
    const double pad = std::max(0.06 * (axis.high - axis.low), 1e-4);
    axis.low -= pad;
    axis.high += pad;
    const double rough = (axis.high - axis.low) / 5;
    const double unit = std::pow(10.0, std::floor(std::log10(rough)));
    const double step = unit * (rough / unit < 2 ? 2 : rough / unit < 5 ? 5 : 10);
    for (double i = std::ceil(axis.low / step); i * step <= axis.high; ++i)
        axis.ticks.push_back(i * step);
    return axis;
}

const char* sign_of(core::Verdict verdict) {
    constexpr const char* kSigns[] = {"?", "\xE2\x89\xA0", "=", "\xE2\x89\x88"};
    return kSigns[static_cast<size_t>(verdict)];
}

const char* word_of(core::Verdict verdict) {
    constexpr const char* kWords[] = {"undecided", "different", "equivalent", "equivalent"};
    return kWords[static_cast<size_t>(verdict)];
}

std::string with_interval(const DifferenceRow& row) {
    return signed_text(row.mean) + " " + interval_text(row.low95, row.high95);
}

std::string p_text(double p) {
    if (std::isnan(p)) return kNothing;
    if (p < 0.001) return "< 0.001";
    return p > 0.999 ? "> 0.999" : rounded(p, 3);
}

Number number_of(const DifferenceRow& row, const core::Comparison& comparison, double margin,
                 DifferencePart part) {
    const std::string pair =
        comparison.variants[row.a].name + " " + kMinus + " " + comparison.variants[row.b].name;
    std::string command = "hopscope compare";
    for (const size_t variant : {row.a, row.b})
        for (const size_t run : comparison.variants[variant].seeds)
            command += " " + shell_word(comparison.runs[run].dir);
    Number out = {.label = "difference of the validation loss, " + pair,
                  .value = row.mean,
                  .shown = with_interval(row),
                  .definition = explained(row, comparison, margin),
                  .low = row.low95,
                  .high = row.high95,
                  .n = row.batches,
                  .over = "batches that both have",
                  .step = comparison.variants[row.a].evaluated_at,
                  .command = command + " --margin " + exact(margin) + " --json"};
    if (part == DifferencePart::mean) return out;
    out.label = "p of TOST, " + pair;
    out.value = row.p_tost;
    out.shown = p_text(row.p_tost);
    out.low = out.high = Number{}.low;
    return out;
}

std::string explained(const DifferenceRow& row, const core::Comparison& comparison, double margin) {
    const std::string &a = comparison.variants[row.a].name, &b = comparison.variants[row.b].name;
    std::string out =
        a + " " + kMinus + " " + b + ": mean difference of the validation loss, nats a token\n" +
        "95 % " + interval_text(row.low95, row.high95) + ", 90 % " +
        interval_text(row.low90, row.high90) + ", " + with_thousands(comparison.resamples) +
        " resamples\nn: " + std::to_string(row.seeds_a) + " and " + std::to_string(row.seeds_b) +
        (row.seeds_a + row.seeds_b == 2 ? " seed, " : " seeds, ") + std::to_string(row.batches) +
        " batches that both have\n";
    out += row.over_seeds ? "Seeds are drawn, then batches shared by all of them."
                          : "Batches alone are drawn, since one side has a single seed: how much "
                            "seeds differ is not in the interval.";
    out += "\nTOST, |difference| \xE2\x89\xA5 " + rounded(margin, 4) + ": p " + p_text(row.p_tost) +
           "; no difference: p " + p_text(row.p_difference) + "\n";
    switch (row.verdict) {
        case core::Verdict::equivalent:
            return out + "Equivalent: the whole 90 % interval lies within the margin.";
        case core::Verdict::different:
            return out + "Different: the 95 % interval excludes 0.";
        case core::Verdict::both:
            return out +
                   "Equivalent, though not the same: the 95 % interval excludes 0, and the "
                   "90 % one lies within the margin.";
        case core::Verdict::undecided:
            break;
    }
    return out +
           "Undecided: the intervals exclude neither 0 nor the margin; more seeds or batches "
           "would tell.";
}

std::string csv_of(const std::vector<DifferenceRow>& rows, const core::Comparison& comparison,
                   double margin) {
    std::string out =
        "# difference of the validation loss, nats a token, first - second; " +
        std::to_string(comparison.resamples) + " resamples\n" +
        "first,second,mean,low95,high95,low90,high90,seeds_first,seeds_second,batches,drawn,"
        "margin,p_tost,p_difference,verdict,runs_first,runs_second\n";
    for (const DifferenceRow& row : rows) {
        out += core::csv_text(comparison.variants[row.a].name) + "," +
               core::csv_text(comparison.variants[row.b].name);
        for (const double value : {row.mean, row.low95, row.high95, row.low90, row.high90})
            out += "," + core::csv_number(value);
        for (const int64_t count : {row.seeds_a, row.seeds_b, row.batches})
            out += "," + std::to_string(count);
        out += row.over_seeds ? ",seeds and batches" : ",batches";
        for (const double value : {margin, row.p_tost, row.p_difference})
            out += "," + core::csv_number(value);
        out += std::string(",") +
               (row.verdict == core::Verdict::both ? "equivalent and different"
                                                   : word_of(row.verdict)) +
               "," + core::csv_text(runs_of(comparison, row.a)) + "," +
               core::csv_text(runs_of(comparison, row.b)) + "\n";
    }
    return out;
}

}  // namespace hopscope::app
