#include "core/trainer/run_evaluation.h"

#include "core/base/names.h"
#include "core/base/stopwatch.h"
#include "core/probe/intervention_probe.h"
#include "core/run/eval_file.h"
#include "core/train/evaluate.h"

namespace hopscope::core {
namespace {

/// What is saved of an evaluation, all but its time.
EvalRecord eval_record(const LiveRun& run, const RunFolder& folder, const Evaluation& found) {
    EvalRecord out;
    out.run = folder.name();
    out.config_hash = folder.info().config_hash;
    out.step = run.step();
    out.loss = found.loss;
    out.batches = found.batches;
    out.tokens = found.tokens;
    out.origin = eval_origin(run.config, folder.info(), run.step());
    if (run.engine.changes().freeze_routing) out.origin.changes["freeze_routing"] = "true";
    const auto active = run.engine.interventions();
    if (!active.empty()) out.origin.changes["interventions"] = joined(active, "; ");
    if (!run.config.is_dense()) {
        out.hops_executed = found.hops_executed;
        out.jaccard = found.jaccard;
    }
    return out;
}

}  // namespace

Result<Evaluation> evaluate_run(const LiveRun& run, const RunFolder& folder,
                                const Progress& progress) {
    const Stopwatch watch;
    const auto& state = run.engine.state();
    const auto& plan = run.engine.plan();
    InterventionProbe probe(state.model, plan, {run.config.train.seq_len});
    auto found = evaluate(state.model, run.data.valid, run.config.train.eval_batches,
                          run.engine.changes(), progress, plan.actions.empty() ? nullptr : &probe);
    if (!found) return found;
    auto record = eval_record(run, folder, *found);
    record.seconds = watch.seconds();
    if (auto s = folder.check(); !s) return s.error();
    if (auto s = write_eval(folder.eval_path(run.step()), record); !s) return s.error();
    return found;
}

}  // namespace hopscope::core
