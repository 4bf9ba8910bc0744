#include "core/compare/variants.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "core/api/settings_table.h"
#include "core/run/run_folder.h"
#include "core/stats/descriptive.h"
#include "core/stats/mean_tests.h"

namespace hopscope::core {
namespace {

/// What the folders hold: runs, and the losses of those that have some.
struct Reading {
    std::vector<ComparedRun> runs;
    std::vector<std::optional<CompareInput>> losses;  ///< [runs]
};

void read_losses(ComparedRun& run, std::optional<CompareInput>& losses, const RunFolder& folder) {
    if (folder.evals().empty()) {
        run.left_out = "It has not been evaluated yet (train.eval_every).";
        return;
    }
    auto input = read_compare_input(run.dir);
    if (!input) {
        run.left_out = input.error().message;
        return;
    }
    run.evaluated_at = input->record.step;
    run.loss = input->record.loss;
    losses = std::move(*input);
}

void read_run(const std::string& dir, Reading& reading) {
    ComparedRun& run = reading.runs.emplace_back();
    auto& losses = reading.losses.emplace_back();
    run.dir = dir;
    const auto folder = RunFolder::open(dir, /*writer=*/false);
    if (!folder) {
        run.problem = folder.error().message;
        return;
    }
    run.name = folder->name();
    auto config = stored_config(*folder);
    if (!config) {
        run.problem = config.error().message;
        return;
    }
    run.config = std::move(*config);
    run.config_name = folder->info().config_name;
    run.variant = variant_hash(run.config);
    run.parameters = folder->info().parameters;
    run.steps = folder->info().steps;
    read_losses(run, losses, *folder);
}

std::vector<ComparedVariant> grouped(const std::vector<ComparedRun>& runs) {
    std::vector<ComparedVariant> out;
    for (size_t i = 0; i < runs.size(); ++i) {
        if (!runs[i].problem.empty()) continue;
        auto found = std::find_if(out.begin(), out.end(), [&](const ComparedVariant& known) {
            return known.variant == runs[i].variant;
        });
        if (found == out.end()) {
            const ComparedRun& run = runs[i];
            out.push_back(
                {run.config_name.empty() ? run.name : run.config_name, run.variant, {}, {}});
            found = out.end() - 1;
        }
        found->runs.push_back(i);
    }
    return out;
}

/// "top_k 4, hops 3": the first of the settings in which variants of one name differ; [those].
std::vector<std::string> differing_settings(const std::vector<const ComparedVariant*>& alike,
                                            const std::vector<ComparedRun>& runs) {
    constexpr int kMost = 2;
    std::vector<Config> configs;
    std::vector<const Config*> pointers;
    for (const ComparedVariant* variant : alike) {
        configs.push_back(runs[variant->runs.front()].config);
        configs.back().train.seed = 0;  // which tells no variants apart
    }
    for (const Config& config : configs) pointers.push_back(&config);
    std::vector<std::string> out(alike.size());
    int keys = 0;
    for (const SettingRow& row : settings_table(pointers)) {
        if (!row.differs || ++keys > kMost) continue;
        for (size_t i = 0; i < out.size(); ++i)
            out[i] += (out[i].empty() ? "" : ", ") + row.key.substr(row.key.find('.') + 1) + " " +
                      row.values[i];
    }
    return out;
}

/// Variants of one name are called by what tells them apart, and by their run where that does not.
void make_unique(std::vector<ComparedVariant>& variants, const std::vector<ComparedRun>& runs) {
    std::map<std::string, std::vector<const ComparedVariant*>> by_name;
    for (const ComparedVariant& variant : variants) by_name[variant.name].push_back(&variant);
    std::vector<std::string> names;
    for (const ComparedVariant& variant : variants) names.push_back(variant.name);
    for (const auto& [name, alike] : by_name) {
        if (alike.size() < 2) continue;
        const auto settings = differing_settings(alike, runs);
        for (size_t i = 0; i < alike.size(); ++i) {
            const bool alone = std::count(settings.begin(), settings.end(), settings[i]) == 1;
            // A name that all have says nothing.
            const std::string before = by_name.size() > 1 ? name + ", " : "";
            names[static_cast<size_t>(alike[i] - variants.data())] =
                before + settings[i] + (alone ? "" : ", " + runs[alike[i]->runs.front()].name);
        }
    }
    for (size_t i = 0; i < variants.size(); ++i) variants[i].name = names[i];
}

/// Of one variant the step at which most seeds were evaluated, the latest of several; the others
/// are left out and say so.
void choose_seeds(ComparedVariant& variant, Reading& reading) {
    std::map<int64_t, std::set<uint64_t>> seeds_at;
    for (const size_t i : variant.runs)
        if (reading.losses[i])
            seeds_at[reading.runs[i].evaluated_at].insert(reading.runs[i].config.train.seed);
    size_t most = 0;
    for (const auto& [step, seeds] : seeds_at)
        if (seeds.size() >= most) {
            most = seeds.size();
            variant.evaluated_at = step;
        }
    std::set<uint64_t> taken;
    for (const size_t i : variant.runs) {
        ComparedRun& run = reading.runs[i];
        if (!reading.losses[i]) continue;
        if (run.evaluated_at != variant.evaluated_at)
            run.left_out = "Its newest evaluation is of step " + std::to_string(run.evaluated_at) +
                           ", that of its variant of step " + std::to_string(variant.evaluated_at) +
                           ".";
        else if (!taken.insert(run.config.train.seed).second)
            run.left_out = "Another run of the same seed stands for it.";
        else
            variant.seeds.push_back(i);
    }
}

/// All must rest on the batches of the first: those that do not are left out.
void leave_out_others(std::vector<ComparedVariant>& variants, Reading& reading) {
    std::optional<size_t> first;
    for (ComparedVariant& variant : variants) {
        std::erase_if(variant.seeds, [&](size_t i) {
            if (!first) first = i;
            const Status fits =
                i == *first ? Status{}
                            : check_comparable({*reading.losses[*first], *reading.losses[i]});
            if (!fits) reading.runs[i].left_out = fits.error().message;
            return !fits;
        });
        if (variant.seeds.empty()) variant.evaluated_at = -1;
    }
}

void summarise(ComparedVariant& variant, const std::vector<ComparedRun>& runs) {
    std::vector<double> loss, perplexity;
    for (const size_t i : variant.seeds) {
        loss.push_back(runs[i].loss);
        perplexity.push_back(std::exp(runs[i].loss));
    }
    const stats::Sample of_perplexity = stats::summarise(perplexity);
    variant.loss = stats::mean(loss);
    variant.perplexity = of_perplexity.mean;
    variant.perplexity_std = of_perplexity.std;
}

stats::SeedLosses losses_of(const ComparedVariant& variant, const Reading& reading) {
    stats::SeedLosses out;
    for (const size_t i : variant.seeds) out.push_back(reading.losses[i]->record.batches);
    return out;
}

std::vector<double> mean_over_seeds(const stats::SeedLosses& seeds) {
    std::vector<double> out(seeds.front().size(), 0.0);
    for (const auto& batches : seeds)
        for (size_t k = 0; k < out.size(); ++k)
            out[k] += batches[k] / static_cast<double>(seeds.size());
    return out;
}

}  // namespace

VariantDifference variant_difference(const stats::SeedLosses& a, const stats::SeedLosses& b,
                                     const stats::BootstrapOptions& options) {
    VariantDifference out;
    out.seeds_a = static_cast<int64_t>(a.size());
    out.seeds_b = static_cast<int64_t>(b.size());
    out.batches = static_cast<int64_t>(a.front().size());
    out.over_seeds = a.size() > 1 && b.size() > 1;
    stats::Bootstrap drawn =
        out.over_seeds ? stats::bootstrap_hierarchical(a, b, /*shared_batches=*/true, options)
                       : stats::bootstrap_paired(mean_over_seeds(a), mean_over_seeds(b), options);
    out.mean = drawn.estimate;
    if (drawn.values.empty()) return out;
    const stats::Interval ci95 = drawn.interval(0.95), ci90 = drawn.interval(0.90);
    out.low95 = ci95.low;
    out.high95 = ci95.high;
    out.low90 = ci90.low;
    out.high90 = ci90.high;
    out.p_difference = drawn.p_value(0);
    out.resampled = std::move(drawn.values);
    return out;
}

Result<Comparison> compare_variants(const std::vector<std::string>& runs,
                                    const stats::BootstrapOptions& options,
                                    const Progress& progress) {
    const Error stopped = stopped_on_request("the comparison was");
    Reading reading;
    for (const std::string& dir : runs) {
        if (progress.cancelled()) return stopped;
        read_run(dir, reading);
    }
    Comparison out;
    out.resamples = options.resamples;
    out.seed = options.seed;
    out.variants = grouped(reading.runs);
    make_unique(out.variants, reading.runs);
    for (ComparedVariant& variant : out.variants) choose_seeds(variant, reading);
    leave_out_others(out.variants, reading);
    for (ComparedVariant& variant : out.variants) summarise(variant, reading.runs);
    for (size_t a = 0; a < out.variants.size(); ++a)
        for (size_t b = a + 1; b < out.variants.size(); ++b) {
            if (out.variants[a].seeds.empty() || out.variants[b].seeds.empty()) continue;
            if (progress.cancelled()) return stopped;
            progress.report("comparing " + out.variants[a].name + " and " + out.variants[b].name,
                            -1);
            auto difference = variant_difference(losses_of(out.variants[a], reading),
                                                 losses_of(out.variants[b], reading), options);
            difference.a = a;
            difference.b = b;
            out.differences.push_back(std::move(difference));
        }
    out.runs = std::move(reading.runs);
    return out;
}

}  // namespace hopscope::core
