// The geometry of more tokens than the probe sample of a run has, for the window.
#include <algorithm>
#include <c10/core/GradMode.h>

#include "core/api/lab.h"
#include "core/base/clock.h"
#include "core/base/scratch.h"
#include "core/lab/shown_run.h"
#include "core/measure/each_batch.h"
#include "core/probe/trace.h"
#include "core/trainer/device.h"
#include "core/trainer/open_run.h"
#include "core/trainer/run_data.h"
#include "core/trainer/token_cloud.h"

namespace hopscope::core::lab {
namespace {

/// Bytes of all tokens together; while they are put together one hop of a layer is there twice.
constexpr int64_t kMostBytes = int64_t{1} << 30;

int64_t bytes_of_token(const Config& config) {
    const MoeConfig& moe = config.moe;
    int64_t bytes = 64;  // its text
    for (int64_t l = 0; l < config.model.n_layers; ++l)
        bytes += moe.hops_of(l) * (moe.d_space * 4 + moe.top_k * 8 + 4);
    return bytes;
}

/// Whole sequences of the validation text, in its order, so that the probe sample is the beginning.
int64_t sequences_of(const OpenRun& run, const BatchSource& source, int64_t tokens) {
    const int64_t room = kMostBytes / bytes_of_token(run.model.config);
    return std::clamp<int64_t>(std::min(tokens, room) / source.seq_len(), 1,
                               source.eval_batches() * source.batch());
}

Result<GeometrySnapshot> sampled(const OpenRun& run, const BatchSource& source, int64_t sequences,
                                 const Progress& progress) {
    const c10::AutoGradMode no_grad(false);
    const Plan plan;
    TokenCloud cloud;
    GeometrySnapshot out;
    const int64_t batches = (sequences + source.batch() - 1) / source.batch();
    const auto done = each_batch(
        source, batches, run.model.weights.embed.device(), "routing of batch", progress,
        [&](int64_t index, const BatchTensors& batch) {
            const int64_t rows = std::min(source.batch(), sequences - index * source.batch());
            const at::Tensor ids = batch.ids.narrow(0, 0, rows);
            auto pass = traced_pass(run.model, plan, ids, /*positions=*/true);
            cloud.add(std::move(pass.layers),
                      nll_of_targets(run.model.weights, pass.hidden,
                                     batch.targets.narrow(0, 0, ids.numel())));
            const auto tokens = ids.to(at::kCPU, at::kInt).contiguous();
            const auto* first = tokens.const_data_ptr<int32_t>();
            out.token_ids.insert(out.token_ids.end(), first, first + tokens.numel());
        });
    if (!done) return done.error();
    progress.report("putting the tokens together", 1);
    cloud.move_into(out);
    return out;
}

}  // namespace

Result<GeometrySnapshot> token_sample(const std::string& dir, int64_t tokens,
                                      const Progress& progress) {
    try {
        use_one_thread();
        if (tokens < 1 || tokens > kMostSampleTokens)
            return usage_error("a sample of " + std::to_string(tokens) + " tokens: allowed 1 to " +
                               std::to_string(kMostSampleTokens));
        const auto shown = shown_run(dir);
        if (!shown) return shown.error();
        progress.report("reading the run", -1);
        auto run = open_run(*shown, Precision::fp32);
        if (!run) return run.error();
        if (run->model.config.is_dense())
            return usage_error(
                "a dense model routes no tokens; open a run with model.ffn = "
                "\"moe\"");
        auto scratch = Scratch::make("sample");
        if (!scratch) return scratch.error();
        auto source = eval_source(run->folder, run->model.config, run->tokenizer, "", Split::valid,
                                  scratch->path(), progress);
        if (!source) return source.error();
        const auto truth = stored_truth(run->folder);
        if (!truth) return truth.error();
        auto out = sampled(*run, *source, sequences_of(*run, *source, tokens), progress);
        if (!out) return out;
        out->step = run->step;
        out->seconds = unix_seconds();
        name_tokens(*out, run->tokenizer, *truth ? &**truth : nullptr);
        set_experts(*out, run->model, run->recent_load);
        return out;
    } catch (const std::exception& e) {
        return torch_error(e);
    }
}

}  // namespace hopscope::core::lab
