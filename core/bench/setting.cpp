// What the pieces of work share: random numbers, and a run of their own made when first asked for.
#include "core/bench/setting.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/empty.h>

#include "core/model/weights.h"

namespace hopscope::core {

at::Tensor BenchSetting::random(at::IntArrayRef shape, at::ScalarType type) {
    // Drawn on the CPU, so that all devices work on the same numbers.
    auto gen = at::detail::createCPUGenerator(mix_seed(config.train.seed, draws_++));
    return at::empty(shape, at::TensorOptions().dtype(at::kFloat))
        .normal_(0, 1, gen)
        .to(at::TensorOptions().dtype(type).device(device.device));
}

Result<std::unique_ptr<RunTrainer>> BenchSetting::prepared(const std::string& name,
                                                           int64_t snapshot_every,
                                                           RunStatus& status) {
    if (!scratch_) {
        auto scratch = Scratch::make("bench");
        if (!scratch) return scratch.error();
        scratch_.emplace(std::move(*scratch));
    }
    SessionOptions options;
    options.config = config;
    options.config.train.snapshot_every = snapshot_every;
    options.config_name = "bench";
    options.run_dir = scratch_->path() + "/" + name;
    options.headless = true;
    if (run_) options.siblings = {run_->dir};
    auto trainer = std::make_unique<RunTrainer>(std::move(options));
    if (auto s = trainer->prepare(progress, status); !s) return s.error();
    return trainer;
}

Result<BenchRun*> BenchSetting::run() {
    if (run_) return &*run_;
    RunStatus status;
    auto trainer = prepared("run", /*snapshot_every=*/1, status);
    if (!trainer) return trainer.error();
    auto copy = std::dynamic_pointer_cast<const ModelCopy>((*trainer)->copy_weights());
    auto folder = RunFolder::open(status.run_dir, /*writer=*/false);
    if (!folder) return folder.error();
    auto source = eval_source(*folder, config, copy->tokenizer, "", Split::train, "", progress);
    if (!source) return source.error();
    run_.emplace(
        BenchRun{std::move(*trainer), std::move(copy), status.run_dir, std::move(*source)});
    return &*run_;
}

Result<std::unique_ptr<RunTrainer>> BenchSetting::trainer() {
    constexpr int64_t kNever = 1'000'000'000;
    if (auto first = run(); !first) return first.error();  // its text is taken over
    RunStatus status;
    return prepared("other", kNever, status);
}

}  // namespace hopscope::core
