#include "core/lab/halting_table.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

#include "core/config/arithmetic.h"
#include "core/model/sound.h"
#include "core/train/evaluate.h"

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

std::string label(const HaltingRow& row) {
    if (row.epsilon < 0) return "no halting";
    char text[48];
    std::snprintf(text, sizeof text, "epsilon %g", row.epsilon);
    return text;
}

}  // namespace

Result<HaltingTable> halting_table(const Model& model, const BatchSource& source,
                                   const std::vector<double>& epsilons, int64_t batches,
                                   int64_t repeats, const Progress& progress) {
    HaltingTable table;
    for (const double epsilon : epsilons) table.rows.emplace_back().epsilon = epsilon;
    std::vector<HaltingRow*> passes{&table.base};
    for (auto& row : table.rows) passes.push_back(&row);

    const auto controls_of_row = [](const HaltingRow& row) {
        PassChanges changes;
        changes.halt_epsilon = row.epsilon;
        return changes;
    };
    // The numbers, a pass each; they warm everything up.
    const double work = static_cast<double>(passes.size()) * static_cast<double>(repeats + 1);
    double done = 0;
    for (HaltingRow* row : passes) {
        Progress inner;
        inner.cancelled = progress.cancelled;
        inner.report = [&](const std::string&, double fraction) {
            progress.report(label(*row), (done + std::max(0.0, fraction)) / work);
        };
        auto e = evaluate(model, source, batches, controls_of_row(*row), inner);
        if (!e) return e.error();
        if (!std::isfinite(std::exp(e->loss)))
            return diverged("the perplexity with " + label(*row));
        table.tokens = e->tokens;
        table.batches = static_cast<int64_t>(e->batches.size());
        count(model.config, *e, *row);
        ++done;
    }
    // The times. Batch by batch all rows in turn: whatever slows the machine for a while slows all
    // of them.
    for (int64_t repeat = 0; repeat < repeats; ++repeat) {
        for (HaltingRow* row : passes) {
            row->seconds.push_back(0);
            row->moe_seconds.push_back(0);
        }
        for (int64_t batch = 0; batch < table.batches; ++batch) {
            if (progress.cancelled()) return stopped_on_request("the halting table was");
            progress.report("timing", done / work);
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
