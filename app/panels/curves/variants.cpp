#include "app/panels/curves/variants.h"

#include <algorithm>
#include <cmath>

#include "viz/smooth.h"

namespace hopscope::app {
namespace {

constexpr size_t kBandPoints = 600;  ///< of one band; what lies between counts by its extremes

using Column = std::vector<double> History::*;

const core::ComparedRun* run_at(const core::Comparison* comparison, const std::string& dir) {
    if (!comparison || dir.empty()) return nullptr;
    for (const core::ComparedRun& run : comparison->runs)
        if (run.dir == dir) return &run;
    return nullptr;
}

/// The variant in which the run takes part; nothing where it is not compared.
std::optional<size_t> variant_in(const core::Comparison* comparison, const std::string& dir) {
    const core::ComparedRun* run = run_at(comparison, dir);
    if (!run) return {};
    const auto index = static_cast<size_t>(run - comparison->runs.data());
    for (size_t v = 0; v < comparison->variants.size(); ++v) {
        const auto& seeds = comparison->variants[v].seeds;
        if (std::find(seeds.begin(), seeds.end(), index) != seeds.end()) return v;
    }
    return {};
}

/// Where `step` stands among rising steps; nothing where it is not there.
std::optional<size_t> find_step(const std::vector<double>& steps, double step) {
    const auto found = std::lower_bound(steps.begin(), steps.end(), step);
    if (found == steps.end() || *found != step) return {};
    return static_cast<size_t>(found - steps.begin());
}

/// Of each step that all have: where it stands in each of them.
std::vector<std::vector<size_t>> common_steps(std::span<const History* const> seeds, Column steps) {
    std::vector<std::vector<size_t>> out;
    const auto& first = seeds.front()->*steps;
    for (size_t i = 0; i < first.size(); ++i) {
        std::vector<size_t> at = {i};
        for (size_t s = 1; s < seeds.size(); ++s)
            if (const auto found = find_step(seeds[s]->*steps, first[i])) at.push_back(*found);
        if (at.size() == seeds.size()) out.push_back(std::move(at));
    }
    return out;
}

History mean_of(std::span<const History* const> seeds) {
    History out;
    const auto fill = [&](Column steps, std::initializer_list<Column> columns) {
        const auto common = common_steps(seeds, steps);
        for (const Column column : columns) {
            (out.*column).reserve(common.size());
            for (const auto& at : common) {
                double sum = 0;
                for (size_t s = 0; s < seeds.size(); ++s) sum += (seeds[s]->*column)[at[s]];
                (out.*column).push_back(sum / static_cast<double>(seeds.size()));
            }
        }
    };
    fill(&History::step,
         {&History::step, &History::tokens, &History::seconds, &History::elapsed, &History::loss,
          &History::balance_loss, &History::lr, &History::grad_norm, &History::tokens_per_s});
    fill(&History::valid_step,
         {&History::valid_step, &History::valid_tokens, &History::valid_seconds,
          &History::valid_elapsed, &History::valid_loss});
    return out;
}

Column valid_x(XAxis axis) {
    constexpr Column kColumns[] = {&History::valid_step, &History::valid_tokens,
                                   &History::valid_seconds, &History::valid_elapsed};
    return kColumns[static_cast<size_t>(axis)];
}

Column x_column(XAxis axis) {
    constexpr Column kColumns[] = {&History::step, &History::tokens, &History::seconds,
                                   &History::elapsed};
    return kColumns[static_cast<size_t>(axis)];
}

bool of_validation(Quantity quantity) {
    return quantity == Quantity::loss || quantity == Quantity::perplexity ||
           quantity == Quantity::versus;
}

/// What is drawn of each seed; nothing for a quantity without a range.
std::optional<Column> drawn_column(Quantity quantity) {
    if (of_validation(quantity)) return &History::valid_loss;
    if (quantity == Quantity::balance) return &History::balance_loss;
    if (quantity == Quantity::grad_norm) return &History::grad_norm;
    return {};
}

/// Neighbours together, so that no more than kBandPoints are left.
Band thinned(Band band) {
    const size_t stride = (band.xs.size() + kBandPoints - 1) / kBandPoints;
    if (stride < 2) return band;
    Band out = band;
    out.xs.clear();
    out.low.clear();
    out.high.clear();
    for (size_t i = 0; i < band.xs.size(); i += stride) {
        const auto from = static_cast<int64_t>(i),
                   to = static_cast<int64_t>(std::min(i + stride, band.xs.size()));
        out.xs.push_back(band.xs[i]);
        out.low.push_back(*std::min_element(band.low.begin() + from, band.low.begin() + to));
        out.high.push_back(*std::max_element(band.high.begin() + from, band.high.begin() + to));
    }
    return out;
}

/// Lowest and highest of the seeds, at the steps of their mean.
Band range_of(const VariantSeeds& variant, const History& mean, const CurveChoice& choice,
              Column column) {
    const bool valid = of_validation(choice.quantity);
    const Column steps = valid ? &History::valid_step : &History::step;
    std::vector<std::vector<double>> values;
    for (const History* seed : variant.seeds)
        values.push_back(valid || !choice.smooths() ? seed->*column
                                                    : smoothed(seed->*column, choice));
    const auto common = common_steps(variant.seeds, steps);
    Band band;
    band.place = variant.place;
    band.owner = variant.name;
    band.xs = mean.*(valid ? valid_x(choice.x) : x_column(choice.x));
    for (const auto& at : common) {
        double low = values[0][at[0]], high = low;
        for (size_t s = 1; s < at.size(); ++s) {
            low = std::min(low, values[s][at[s]]);
            high = std::max(high, values[s][at[s]]);
        }
        const bool perplexity = choice.quantity == Quantity::perplexity;
        band.low.push_back(perplexity ? std::exp(low) : low);
        band.high.push_back(perplexity ? std::exp(high) : high);
    }
    return band;
}

const History* reference_of(std::span<const VariantSeeds> variants, std::span<const Lane> lanes) {
    for (size_t i = 0; i < variants.size(); ++i)
        if (variants[i].reference) return lanes[i].history;
    return nullptr;
}

/// Takes the reference's loss off both ends; steps without it go.
Band less_reference(const Band& band, const History& mean, const History& reference) {
    Band out = band;
    out.xs.clear();
    out.low.clear();
    out.high.clear();
    for (size_t i = 0; i < band.xs.size() && i < mean.valid_step.size(); ++i)
        if (const auto at = find_step(reference.valid_step, mean.valid_step[i])) {
            out.xs.push_back(band.xs[i]);
            out.low.push_back(band.low[i] - reference.valid_loss[*at]);
            out.high.push_back(band.high[i] - reference.valid_loss[*at]);
        }
    return out;
}

Band margin_around(const History& reference, const CurveChoice& choice, double margin) {
    Band band;
    band.equivalence = true;
    band.xs = reference.*valid_x(choice.x);
    for (const double loss : reference.valid_loss) {
        const double level = choice.quantity == Quantity::versus ? 0 : loss;
        const bool perplexity = choice.quantity == Quantity::perplexity;
        band.low.push_back(perplexity ? std::exp(level - margin) : level - margin);
        band.high.push_back(perplexity ? std::exp(level + margin) : level + margin);
    }
    return band;
}

}  // namespace

std::vector<VariantSeeds> variant_seeds(const std::vector<ComparedEntry>& entries,
                                        const core::Comparison* comparison,
                                        std::optional<size_t> reference, bool grouped) {
    std::vector<VariantSeeds> out;
    std::map<size_t, size_t> place_of;  // variant → line
    for (const ComparedEntry& entry : entries) {
        const auto variant = variant_in(comparison, entry.dir);
        const bool of_reference = variant && variant == reference;
        // One that is still being read would leave no step that all have.
        const bool in_group = grouped && variant && !entry.history->empty();
        if (in_group) {
            const auto known = place_of.find(*variant);
            if (known != place_of.end()) {
                out[known->second].seeds.push_back(entry.history);
                continue;
            }
            place_of[*variant] = out.size();
        }
        const bool one_of_many = in_group && comparison->variants[*variant].seeds.size() > 1;
        out.push_back({one_of_many ? comparison->variants[*variant].name : entry.name,
                       entry.place,
                       {entry.history},
                       of_reference});
    }
    const auto first =
        std::find_if(out.begin(), out.end(), [](const VariantSeeds& one) { return one.reference; });
    if (first == out.end() && !out.empty()) {
        out.front().reference = true;
    } else {
        // One line is the reference, also where its seeds stand apart.
        for (auto later = first; later != out.end(); ++later) later->reference = later == first;
    }
    return out;
}

std::vector<Lane> SeedMeans::lanes(std::span<const VariantSeeds> variants) {
    std::map<std::string, Mean> kept;
    std::vector<Lane> out;
    for (const VariantSeeds& variant : variants) {
        if (variant.seeds.size() == 1) {
            out.push_back({variant.name, variant.seeds.front(), variant.place});
            continue;
        }
        std::vector<uint64_t> versions;
        for (const History* seed : variant.seeds) versions.push_back(seed->version);
        const auto before = means_.find(variant.name);
        Mean& mean = kept[variant.name];
        if (before != means_.end()) mean = std::move(before->second);
        if (mean.made_from != versions) {
            mean.made_from = versions;
            mean.history = mean_of(variant.seeds);
            // Unlike that of any run: a mean changes with each of its seeds.
            static uint64_t made = 0;
            mean.history.version = (uint64_t{1} << 63) | ++made;
        }
        out.push_back({variant.name, &mean.history, variant.place});
    }
    means_ = std::move(kept);
    return out;
}

std::vector<Band> bands_of(std::span<const VariantSeeds> variants, std::span<const Lane> lanes,
                           const CurveChoice& choice, double margin) {
    std::vector<Band> out;
    const auto column = drawn_column(choice.quantity);
    if (!column) return out;
    const History* reference = reference_of(variants, lanes);
    if (reference && margin > 0 && of_validation(choice.quantity))
        out.push_back(thinned(margin_around(*reference, choice, margin)));
    for (size_t i = 0; i < variants.size(); ++i) {
        if (variants[i].seeds.size() < 2) continue;
        Band band = range_of(variants[i], *lanes[i].history, choice, *column);
        if (choice.quantity == Quantity::versus) {
            if (!reference) continue;
            band = less_reference(band, *lanes[i].history, *reference);
        }
        out.push_back(thinned(std::move(band)));
    }
    std::erase_if(out, [](const Band& band) { return band.xs.size() < 2; });
    return out;
}

std::vector<Series> differences_to_reference(std::span<const VariantSeeds> variants,
                                             std::span<const Lane> lanes,
                                             const CurveChoice& choice) {
    std::vector<Series> out;
    const History* reference = reference_of(variants, lanes);
    if (!reference) return out;
    for (size_t i = 0; i < lanes.size(); ++i) {
        const History& own = *lanes[i].history;
        if (variants[i].reference) continue;
        Series series;
        series.name = series.owner = lanes[i].name;
        series.role = Role::lane;
        series.layer = lanes[i].place;
        for (size_t k = 0; k < own.valid_step.size(); ++k)
            if (const auto at = find_step(reference->valid_step, own.valid_step[k])) {
                series.owned_xs.push_back((own.*valid_x(choice.x))[k]);
                series.owned.push_back(own.valid_loss[k] - reference->valid_loss[*at]);
            }
        if (series.owned.empty()) continue;
        series.xs = series.owned_xs;
        series.ys = series.owned;
        out.push_back(std::move(series));
    }
    return out;
}

}  // namespace hopscope::app
