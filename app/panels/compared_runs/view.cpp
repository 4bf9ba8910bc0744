#include "app/panels/compared_runs/view.h"

#include <algorithm>
#include <cmath>

#include "core/api/base.h"

namespace hopscope::app {
namespace {

RunRow row_of(const ComparedEntry& entry, const core::ComparedRun* known) {
    RunRow row;
    row.dir = entry.dir;
    row.name = row.label = entry.name;
    row.place = entry.place;
    row.open = entry.open;
    row.given = entry.given;
    row.state = entry.state;
    row.step = entry.step;
    if (!known) return row;
    row.left_out = known->problem.empty() ? known->left_out : known->problem;
    if (!known->problem.empty()) return row;
    row.label = "seed " + std::to_string(known->config.train.seed);
    row.perplexity = std::exp(known->loss);
    return row;
}

const core::ComparedRun* run_in(const core::Comparison* comparison, const std::string& dir) {
    if (!comparison || dir.empty()) return nullptr;
    for (const core::ComparedRun& run : comparison->runs)
        if (run.dir == dir) return &run;
    return nullptr;
}

VariantRow row_of(const core::Comparison& comparison, size_t index) {
    const core::ComparedVariant& variant = comparison.variants[index];
    VariantRow row;
    row.name = variant.name;
    row.variant = index;
    row.seeds = variant.seeds.size();
    row.perplexity = variant.perplexity;
    row.perplexity_std = variant.perplexity_std;
    row.evaluated_at = variant.evaluated_at;
    return row;
}

}  // namespace

std::vector<VariantRow> variant_rows(const std::vector<ComparedEntry>& entries,
                                     const core::Comparison* comparison,
                                     std::optional<size_t> reference) {
    std::vector<VariantRow> rows;
    for (const ComparedEntry& entry : entries) {
        const core::ComparedRun* known = run_in(comparison, entry.dir);
        const RunRow run = row_of(entry, known);
        VariantRow* of = nullptr;
        if (known && known->problem.empty())
            for (size_t i = 0; i < comparison->variants.size() && !of; ++i) {
                if (comparison->variants[i].variant != known->variant) continue;
                for (VariantRow& row : rows)
                    if (row.variant == i) of = &row;
                if (!of) of = &rows.emplace_back(row_of(*comparison, i));
            }
        if (!of) {
            of = &rows.emplace_back();
            of->name = entry.name;
        }
        if (of->runs.empty()) of->place = run.place;
        of->reference = of->variant && of->variant == reference;
        of->runs.push_back(run);
    }
    std::stable_sort(rows.begin(), rows.end(), [](const VariantRow& a, const VariantRow& b) {
        // What is not finite comes last.
        return std::isfinite(a.perplexity) &&
               (!std::isfinite(b.perplexity) || a.perplexity < b.perplexity);
    });
    return rows;
}

std::string csv_of(const std::vector<VariantRow>& rows) {
    std::string out = "variant,run,folder,step,perplexity,compared\n";
    for (const VariantRow& variant : rows)
        for (const RunRow& run : variant.runs)
            out += core::csv_text(variant.name) + "," + core::csv_text(run.name) + "," +
                   core::csv_text(run.dir) + "," + std::to_string(run.step) + "," +
                   core::csv_number(run.perplexity) + "," +
                   (run.left_out.empty() && std::isfinite(run.perplexity)
                        ? "yes"
                        : core::csv_field("no: " + run.left_out)) +
                   "\n";
    return out;
}

}  // namespace hopscope::app
