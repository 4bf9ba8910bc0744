// Run folders that are not there: names like "runs/wide-42" say variant and seed, and settings,
// curves and differences are made up from them. For tests of what stands runs beside each other,
// and for pictures; deterministic.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "app/state/app_state.h"

namespace hopscope::gui_test {

/// What is made up of one name.
struct FakeVariant {
    std::string name;
    double loss;  ///< where its curve ends, nats
    int64_t hops, top_k;
};
inline const FakeVariant kFakeVariants[] = {{"linear", 2.868, 1, 12},
                                            {"decoupled", 2.900, 3, 4},
                                            {"wide", 2.906, 1, 12},
                                            {"deep", 2.928, 3, 4},
                                            {"dense", 2.932, 1, 1}};

struct FakeName {
    FakeVariant variant;
    uint64_t seed;
};
/// "runs/wide-42": the variant wide of seed 42; other names are variants of their own.
inline FakeName fake_name(const std::string& dir) {
    const std::string name = dir.substr(dir.rfind('/') + 1);
    const size_t dash = name.rfind('-');
    const std::string variant = name.substr(0, dash);
    const uint64_t seed =
        dash == std::string::npos ? 42 : std::strtoull(name.c_str() + dash + 1, nullptr, 10);
    for (const FakeVariant& known : kFakeVariants)
        if (variant == known.name) return {known, seed};
    return {{variant, 2.95, 3, 4}, seed};
}

/// Between −1 and 1, by its numbers alone.
inline double fake_noise(uint64_t a, uint64_t b) {
    return std::sin(static_cast<double>(a * 7919 + b * 104729) * 0.37);
}

inline std::vector<core::ScalarRecord> fake_curve(const std::string& dir, int64_t steps) {
    const FakeName of = fake_name(dir);
    std::vector<core::ScalarRecord> out;
    for (int64_t step = 1; step <= steps; ++step) {
        core::ScalarRecord r;
        r.step = step;
        r.tokens = step * 4096;
        r.seconds = static_cast<double>(step) * 0.1;
        const double share = static_cast<double>(step) / static_cast<double>(steps);
        const double bend = (of.variant.loss - 2.9) * (2 * share - 0.6);
        const double level = 2.9 + bend + 4 * std::exp(-5 * share) +
                             0.004 * fake_noise(of.seed, static_cast<uint64_t>(step / 50));
        r.loss =
            static_cast<float>(level + 0.05 * fake_noise(of.seed + 1, static_cast<uint64_t>(step)));
        if (step % 20 == 0) r.valid_loss = static_cast<float>(level);
        out.push_back(r);
    }
    return out;
}

class FakeRunsWatch final : public core::RunWatch {
  public:
    explicit FakeRunsWatch(const std::vector<std::string>& dirs) {
        for (const std::string& dir : dirs) {
            core::WatchedRun run;
            run.dir = dir;
            run.name = dir.substr(dir.rfind('/') + 1);
            run.state = core::RunState::done;
            run.step = run.steps = kSteps;
            news_.push_back({runs_.size(), false, fake_curve(dir, kSteps)});
            runs_.push_back(run);
        }
    }
    std::vector<core::WatchedRun> runs() const override { return runs_; }
    std::vector<core::WatchedNews> drain() override { return std::exchange(news_, {}); }
    std::vector<std::string> drain_messages() override { return {}; }

  private:
    static constexpr int64_t kSteps = 1200;
    std::vector<core::WatchedRun> runs_;
    std::vector<core::WatchedNews> news_;
};

/// Resampled as if normal, `width` the standard deviation.
inline core::VariantDifference fake_difference(double mean, double width, int64_t seeds_a,
                                               int64_t seeds_b) {
    core::VariantDifference out;
    out.seeds_a = seeds_a;
    out.seeds_b = seeds_b;
    out.batches = 50;
    out.over_seeds = seeds_a > 1 && seeds_b > 1;
    out.mean = mean;
    constexpr int kDraws = 1000;
    for (int i = 0; i < kDraws; ++i) {
        const double u = (i + 0.5) / kDraws;  // quantiles of the logistic, near enough
        out.resampled.push_back(mean + width * 0.55 * std::log(u / (1 - u)));
    }
    const auto quantile = [&](double share) {
        return out.resampled[static_cast<size_t>(share * (kDraws - 1))];
    };
    out.low95 = quantile(0.025);
    out.high95 = quantile(0.975);
    out.low90 = quantile(0.05);
    out.high90 = quantile(0.95);
    out.p_difference = std::min(
        1.0,
        2 *
            std::min(static_cast<double>(std::count_if(out.resampled.begin(), out.resampled.end(),
                                                       [](double x) { return x <= 0; })),
                     static_cast<double>(std::count_if(out.resampled.begin(), out.resampled.end(),
                                                       [](double x) { return x >= 0; }))) /
            kDraws);
    return out;
}

inline core::Comparison fake_comparison(const std::vector<std::string>& dirs) {
    core::Comparison out;
    out.resamples = 1000;
    for (const std::string& dir : dirs) {
        const FakeName of = fake_name(dir);
        core::ComparedRun run;
        run.dir = dir;
        run.name = dir.substr(dir.rfind('/') + 1);
        if (run.name.find("bad") != std::string::npos) {
            run.problem = dir + "/run.json: no such file";
            out.runs.push_back(std::move(run));
            continue;
        }
        run.config_name = run.variant = of.variant.name;
        run.config.train.seed = of.seed;
        run.config.moe.top_k = of.variant.top_k;
        run.config.moe.hops = {of.variant.hops};
        run.parameters = 84'700'000 + of.variant.hops * 1'000'000;
        run.steps = run.evaluated_at = 1200;
        run.loss = of.variant.loss + 0.004 * fake_noise(of.seed, 3);
        const size_t index = out.runs.size();
        auto found = std::find_if(out.variants.begin(), out.variants.end(),
                                  [&](const auto& known) { return known.variant == run.variant; });
        if (found == out.variants.end()) {
            out.variants.push_back({run.config_name, run.variant, {}, {}});
            found = out.variants.end() - 1;
            found->evaluated_at = 1200;
        }
        found->runs.push_back(index);
        found->seeds.push_back(index);
        out.runs.push_back(std::move(run));
    }
    for (core::ComparedVariant& variant : out.variants) {
        double sum = 0, squares = 0;
        const auto n = static_cast<double>(variant.seeds.size());
        for (const size_t run : variant.seeds) sum += out.runs[run].loss / n;
        variant.loss = sum;
        variant.perplexity = std::exp(sum);
        for (const size_t run : variant.seeds)
            squares += std::pow(std::exp(out.runs[run].loss) - variant.perplexity, 2);
        if (n > 1) variant.perplexity_std = std::sqrt(squares / (n - 1));
    }
    for (size_t a = 0; a < out.variants.size(); ++a)
        for (size_t b = a + 1; b < out.variants.size(); ++b) {
            const auto seeds = [&](size_t v) {
                return static_cast<int64_t>(out.variants[v].seeds.size());
            };
            const double width = seeds(a) > 1 && seeds(b) > 1 ? 0.004 : 0.016;
            auto difference = fake_difference(out.variants[a].loss - out.variants[b].loss, width,
                                              seeds(a), seeds(b));
            difference.a = a;
            difference.b = b;
            out.differences.push_back(std::move(difference));
        }
    return out;
}

/// What a made-up run came to: costs by its variant, losses by its seed, too; those of "linear"
/// have answers to questions.
inline core::RunNumbers fake_numbers(const std::string& dir) {
    const FakeName of = fake_name(dir);
    core::RunNumbers out;
    out.dir = dir;
    if (dir.find("bad") != std::string::npos) {
        out.problem = dir + "/run.json: no such file";
        return out;
    }
    out.step = dir.find("young") != std::string::npos ? 600 : 1200;
    const auto add = [](std::vector<core::RunNumber>& to, const char* key, const char* unit,
                        double value, core::Better better, int64_t n = 0, const char* over = "") {
        core::RunNumber number;
        number.key = key;
        number.unit = unit;
        number.from = "made up";
        number.value = value;
        number.better = better;
        number.n = n;
        number.over = over;
        to.push_back(number);
    };
    const auto lower = core::Better::lower, higher = core::Better::higher;
    const double hops = static_cast<double>(of.variant.hops);
    add(out.costs, "parameters", "", 84.7e6 + hops * 1e6, lower);
    add(out.costs, "flops_per_token", "FLOPs",
        1e8 * (hops * static_cast<double>(of.variant.top_k) / 12 + 1), lower);
    add(out.costs, "steps", "updates", static_cast<double>(out.step), lower);
    add(out.costs, "seconds", "s", 100 * hops + 3 * fake_noise(of.seed, 8), lower);
    const double loss = of.variant.loss + 0.004 * fake_noise(of.seed, 3);
    add(out.results, "valid_loss/final", "nats", loss, lower, 50, "batches");
    add(out.results, "perplexity/final", "", std::exp(loss), lower, 50, "batches");
    add(out.results, "tokens_per_s/end", "tokens/s", 20'000 / hops + 50 * fake_noise(of.seed, 9),
        higher, 60, "updates");
    add(out.results, "jaccard/mean", "", 0.5 / hops, core::Better::unknown);
    if (of.variant.name == "linear")
        add(out.results, "zeroshot-arc_easy/accuracy", "", 0.4, higher, 200);
    return out;
}

/// Least squares; the interval of the slope is half of it to both sides.
inline core::Trend fake_line(const std::vector<double>& x, const std::vector<double>& y) {
    core::Trend out;
    const auto n = static_cast<double>(x.size());
    double mx = 0, my = 0, xx = 0, xy = 0;
    for (size_t i = 0; i < x.size(); ++i) {
        mx += x[i] / n;
        my += y[i] / n;
    }
    for (size_t i = 0; i < x.size(); ++i) {
        xx += (x[i] - mx) * (x[i] - mx);
        xy += (x[i] - mx) * (y[i] - my);
    }
    out.n = static_cast<int64_t>(x.size());
    out.slope = xy / xx;
    out.intercept = my - out.slope * mx;
    out.low95 = out.slope - std::fabs(out.slope) / 2;
    out.high95 = out.slope + std::fabs(out.slope) / 2;
    out.r2 = 0.9;
    return out;
}

/// Experts that hardly moved, the later the farther; of two runs every fourth without a partner.
inline core::Result<core::ExpertMatches> fake_matches(const core::MatchRequest& request,
                                                      const core::Progress&) {
    if (request.run_b.find("other_text") != std::string::npos)
        return core::usage_error("the two samples are of other tokens");
    constexpr int64_t kExperts = 64;
    constexpr int kWidth = 4;
    const char* words[] = {"before", "after", "three", "four", "river", "red", "she", "until"};
    core::ExpertMatches out;
    out.request = request;
    out.layer_name = "layer " + std::to_string(request.layer);
    out.layers = 4;
    out.experts_a = out.experts_b = kExperts;
    out.tokens = 512;
    out.one_run = request.run_a == request.run_b;
    for (int64_t i = 0; i < kExperts; ++i) {
        const auto seed = static_cast<uint64_t>(i);
        std::vector<double> a(kWidth), b(kWidth);
        double aa = 0, bb = 0, ab = 0;
        for (int k = 0; k < kWidth; ++k) {
            const auto axis = static_cast<uint64_t>(k);
            a[static_cast<size_t>(k)] = fake_noise(seed * 13, axis + 5) / (k + 1);
            b[static_cast<size_t>(k)] =
                a[static_cast<size_t>(k)] +
                0.6 * static_cast<double>(i) / kExperts * fake_noise(seed * 31, axis + 9);
            aa += a[static_cast<size_t>(k)] * a[static_cast<size_t>(k)];
            bb += b[static_cast<size_t>(k)] * b[static_cast<size_t>(k)];
            ab += a[static_cast<size_t>(k)] * b[static_cast<size_t>(k)];
        }
        for (int k = 0; k < kWidth; ++k) {
            out.centroids_a.push_back(
                static_cast<float>(a[static_cast<size_t>(k)] / std::sqrt(aa)));
            out.centroids_b.push_back(
                static_cast<float>(b[static_cast<size_t>(k)] / std::sqrt(bb)));
        }
        core::ExpertMatch match;
        match.a = match.b = static_cast<int32_t>(i);
        match.cosine = ab / std::sqrt(aa * bb);
        match.moved = std::acos(std::min(1.0, match.cosine)) * 57.29578;
        match.jaccard = 0.7 * match.cosine * match.cosine;
        match.above_chance = match.cosine > 0.8;
        out.above_chance += match.above_chance;
        match.pieces_a = {words[i % 8], words[(i + 1) % 8], words[(i + 3) % 8]};
        match.pieces_b = {words[i % 8], words[(i + 2) % 8], words[(i + 3) % 8]};
        out.matches.push_back(match);
    }
    std::stable_sort(out.matches.begin(), out.matches.end(),
                     [](const auto& x, const auto& y) { return x.cosine > y.cosine; });
    out.cosine = {0.92, 0.90, 0.94, kExperts, 0.62, 0.01};
    out.jaccard = {0.61, 0.58, 0.64, kExperts, 0.010, 0.002};
    out.moved = {21, 18, 25, kExperts, 51, 2};
    return out;
}

/// The lower the threshold the less is saved; chance costs three times as much. A threshold of 0.66
/// fails, one of 0.77 goes on until it is cancelled.
inline core::Result<core::HaltingTable> fake_halting(const std::string& run,
                                                     const core::HaltingPlan& plan,
                                                     const core::Progress& progress) {
    constexpr int64_t kPairs = 20'480;
    core::HaltingTable out;
    out.run = run;
    out.step = 100;
    out.batches = plan.batches;
    out.tokens = 512 * plan.batches;
    out.base.loss = 3.2;
    out.base.mean_hops = 3;
    out.base.depths = {0, 0, kPairs};
    out.base.seconds = {1.0, 1.1};
    out.base.moe_seconds = {0.5, 0.52};
    for (const double epsilon : plan.epsilons) {
        progress.report("epsilon " + std::to_string(epsilon), 0.5);
        if (epsilon == 0.66) return core::failure("the perplexity is not finite");
        while (epsilon == 0.77) {
            if (progress.cancelled()) return core::stopped_on_request("the halting table was");
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        }
        const double halted = epsilon / (epsilon + 0.1);
        core::HaltingRow row;
        row.epsilon = epsilon;
        row.saving = 2.0 / 3 * halted;
        row.mean_hops = 3 * (1 - row.saving);
        row.loss = 3.2 + 0.2 * halted;
        const auto one = static_cast<int64_t>(halted * kPairs);
        row.depths = {one, 0, kPairs - one};
        row.seconds = {1.0 - 0.3 * halted, 1.1 - 0.3 * halted};
        row.moe_seconds = {0.5 - 0.3 * halted, 0.52 - 0.3 * halted};
        row.chance = {8 * plan.batches, 0.2 * halted,       0.15 * halted, 0.25 * halted,
                      plan.controls,    3.2 + 0.6 * halted, 0.01};
        const auto depth = [&](const char* name, int64_t tokens, double hops) {
            row.classes.push_back({name, tokens, hops, hops - 0.05, hops + 0.05, {hops, hops}});
        };
        depth("class:function", 2100, row.mean_hops - 0.2);
        depth("temporal", 320, row.mean_hops + 0.3);
        depth("", 2700, row.mean_hops);
        out.rows.push_back(std::move(row));
    }
    return out;
}

/// A path named "…/all" holds three seeds of every variant, one named "…/nothing" no run.
inline core::Result<std::vector<std::string>> fake_runs_at(const std::string& path) {
    if (path.ends_with("/nothing")) return core::usage_error(path + ": no run lies here");
    if (!path.ends_with("/all")) return std::vector<std::string>{path};
    std::vector<std::string> out;
    for (const FakeVariant& variant : kFakeVariants)
        for (const char* seed : {"42", "137", "7"})
            out.push_back(path.substr(0, path.size() - 3) + variant.name + "-" + seed);
    return out;
}

inline void serve_fake_runs(app::Services& services) {
    services.runs_at = fake_runs_at;
    services.watch_runs = [](const std::vector<std::string>& dirs, const std::function<void()>&) {
        return std::make_unique<FakeRunsWatch>(dirs);
    };
    services.compare_runs = [](const std::vector<std::string>& dirs,
                               const core::Progress&) -> core::Result<core::Comparison> {
        return fake_comparison(dirs);
    };
    services.run_numbers =
        [](const std::vector<std::string>& dirs,
           const core::Progress&) -> core::Result<std::vector<core::RunNumbers>> {
        std::vector<core::RunNumbers> out;
        for (const std::string& dir : dirs) out.push_back(fake_numbers(dir));
        return out;
    };
    services.line_through = fake_line;
    services.match_experts = fake_matches;
    services.measure_halting = fake_halting;
}

}  // namespace hopscope::gui_test
