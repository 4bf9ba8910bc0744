#include "core/lab/halting_table.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

#include "core/config/arithmetic.h"
#include "core/lab/class_depths.h"
#include "core/model/sound.h"
#include "core/train/evaluate.h"
#include "core/trainer/halting_effect.h"

namespace hopscope::core::lab {
namespace {

void count(const Config& config, const Evaluation& e, HaltingRow& row) {
    row.loss = e.loss;
    double ran = 0, possible = 0;
    for (size_t l = 0; l < e.executed.size(); ++l) {
        const auto& tokens = e.executed[l];  // that ran each hop, falling
        const auto flops = hop_flops(config, config.moe.hops_of(static_cast<int64_t>(l)));
        double sum = 0;
        row.depths.resize(std::max(row.depths.size(), tokens.size()), 0);
        for (size_t hop = 0; hop < tokens.size(); ++hop) {
            sum += static_cast<double>(tokens[hop]);
            row.flops_per_token +=
                static_cast<double>(tokens[hop]) / static_cast<double>(e.tokens) * flops[hop];
            row.depths[hop] += tokens[hop] - (hop + 1 < tokens.size() ? tokens[hop + 1] : 0);
        }
        ran += sum;
        possible += static_cast<double>(e.tokens) * static_cast<double>(tokens.size());
    }
    row.mean_hops = ran / (static_cast<double>(e.tokens) * static_cast<double>(e.executed.size()));
    row.saving = 1 - ran / possible;
}

/// Everything in the row that is not of the row alone: the control, the interval, the classes.
Status measure_chance(const Model& model, const BatchSource& source, const HaltingPlan& work,
                      const Categories& categories, const Progress& progress, HaltingRow& row) {
    const double passes =
        static_cast<double>(std::min(work.batches, source.eval_batches()) * (work.controls + 1));
    double polls = 0;  // one before each pass but the halted one
    const auto cancelled = [&] {
        progress.report("", std::min(1.0, polls++ / passes));
        return progress.cancelled();
    };
    HaltingEffect effect;
    ClassDepths classes(categories, model.config.model.n_layers);
    const auto seen = [&](const BatchTensors& batch, const BatchDepths& depths) {
        classes.count(batch.ids, depths);
    };
    if (!measure_halting(model, source, row.epsilon, work.batches, work.controls, cancelled, effect,
                         seen))
        return stopped_on_request("the halting table was");
    row.chance.sequences = effect.batches * source.batch();
    row.chance.difference = static_cast<double>(effect.valid_loss_changed) -
                            static_cast<double>(effect.valid_loss_base);
    row.chance.low = effect.loss_diff_low;
    row.chance.high = effect.loss_diff_high;
    row.chance.draws = effect.control_draws;
    row.chance.control_loss = effect.control_loss;
    row.chance.control_std = effect.control_loss_std;
    row.classes = classes.depths();
    return {};
}

std::string label(const HaltingRow& row) {
    if (row.epsilon < 0) return "no halting";
    char text[48];
    std::snprintf(text, sizeof text, "epsilon %g", row.epsilon);
    return text;
}

}  // namespace

Result<HaltingTable> halting_table(const Model& model, const BatchSource& source,
                                   const HaltingPlan& work, const Categories& categories,
                                   const Progress& progress) {
    HaltingTable table;
    for (const double epsilon : work.epsilons) table.rows.emplace_back().epsilon = epsilon;
    std::vector<HaltingRow*> passes{&table.base};
    for (auto& row : table.rows) passes.push_back(&row);

    const auto controls_of_row = [](const HaltingRow& row) {
        PassChanges changes;
        changes.halt_epsilon = row.epsilon;
        return changes;
    };
    // The numbers, a pass each; they warm everything up.
    const double control = work.controls > 0 ? static_cast<double>(work.controls + 2) : 0;
    const double all = static_cast<double>(passes.size()) * static_cast<double>(work.repeats + 1) +
                       static_cast<double>(table.rows.size()) * control;
    double done = 0;
    for (HaltingRow* row : passes) {
        Progress inner;
        inner.cancelled = progress.cancelled;
        inner.report = [&](const std::string&, double fraction) {
            progress.report(label(*row), (done + std::max(0.0, fraction)) / all);
        };
        auto e = evaluate(model, source, work.batches, controls_of_row(*row), inner);
        if (!e) return e.error();
        if (!std::isfinite(std::exp(e->loss)))
            return diverged("the perplexity with " + label(*row));
        table.tokens = e->tokens;
        table.batches = static_cast<int64_t>(e->batches.size());
        count(model.config, *e, *row);
        ++done;
    }
    for (HaltingRow& row : table.rows) {
        if (work.controls < 1) break;
        Progress inner;
        inner.cancelled = progress.cancelled;
        inner.report = [&](const std::string&, double fraction) {
            progress.report(label(row) + ", random control", (done + control * fraction) / all);
        };
        if (auto s = measure_chance(model, source, work, categories, inner, row); !s)
            return s.error();
        done += control;
    }
    // The times. Batch by batch all rows in turn: whatever slows the machine for a while slows all
    // of them.
    for (int64_t repeat = 0; repeat < work.repeats; ++repeat) {
        for (HaltingRow* row : passes) {
            row->seconds.push_back(0);
            row->moe_seconds.push_back(0);
        }
        for (int64_t batch = 0; batch < table.batches; ++batch) {
            if (progress.cancelled()) return stopped_on_request("the halting table was");
            progress.report("timing", done / all);
            for (HaltingRow* row : passes) {
                const auto time = time_batch(model, source, batch, controls_of_row(*row));
                row->seconds.back() += time.seconds;
                row->moe_seconds.back() += time.moe_seconds;
            }
            done += static_cast<double>(passes.size()) / static_cast<double>(table.batches);
        }
    }
    return table;
}

}  // namespace hopscope::core::lab
