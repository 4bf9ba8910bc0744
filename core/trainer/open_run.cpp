#include "core/trainer/open_run.h"

#include "core/base/output_place.h"
#include "core/base/utf8.h"
#include "core/model/sound.h"
#include "core/trainer/checkpoint_io.h"
#include "core/trainer/device.h"
#include "core/trainer/run_data.h"

namespace hopscope::core {

Result<OpenRun> open_run(const std::string& dir, Precision precision) {
    auto folder = RunFolder::open(dir, /*writer=*/false);
    if (!folder) return folder.error();
    auto config = stored_config(*folder);
    if (!config) return config.error();
    TrainConfig plain;
    plain.device = DeviceKind::cpu;
    if (auto s = use_threads(resolve_device(plain)->threads); !s) return s.error();
    auto tokenizer = load_run_tokenizer(*folder, *config);
    if (!tokenizer) return tokenizer.error();
    const auto checkpoints = folder->checkpoints();
    auto checkpoint = checkpoints.open_newest();
    // That none can be seen for want of descriptors does not say that there is none.
    const bool none =
        !checkpoint && checkpoint.error().kind == ErrorKind::usage && checkpoints.steps().empty();
    if (none)
        if (auto s = check_place(dir + "/checkpoints", FileKind::folder); !s) return s.error();
    if (none && folder->info().state != RunState::running)
        return usage_error(shown_path(dir) + ": no complete checkpoint, and the run is " +
                           name_of(folder->info().state) +
                           "; put the folder checkpoints back, or train the run again");
    if (none)
        return usage_error(shown_path(dir) +
                           ": no complete checkpoint yet; wait for the first one "
                           "(train.checkpoint_every), or stop the run, which writes one");
    if (!checkpoint) return checkpoint.error();
    auto weights = read_weights(checkpoint->model, *config, at::kCPU);
    if (!weights) return weights.error();
    if (auto s = check_trained_on(checkpoint->model, folder->info().corpus_hashes,
                                  /*goes_on=*/false);
        !s)
        return s.error();
    auto trained = as_trained(*checkpoint, {std::move(*config), *weights});
    if (!trained) return trained.error();
    if (precision == Precision::bf16)
        *weights = weights->map(
            [](Group group, const at::Tensor& t) { return t.to(type_under_bf16(group, t)); });
    Model model{std::move(trained->config), std::move(*weights)};
    if (auto s = check_sound(model); !s)
        return failure(shown_path(dir) + ": checkpoint of step " +
                       std::to_string(checkpoint->step) + ": " + s.error().message);
    const int64_t step = checkpoint->step;
    return OpenRun{std::move(*folder), std::move(model), std::move(*tokenizer), step,
                   std::move(trained->recent_load)};
}

}  // namespace hopscope::core
