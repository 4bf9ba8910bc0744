#include "core/trainer/open_run.h"

#include <algorithm>

#include "core/base/names.h"
#include "core/base/output_place.h"
#include "core/base/utf8.h"
#include "core/model/sound.h"
#include "core/trainer/checkpoint_io.h"
#include "core/trainer/device.h"
#include "core/trainer/run_data.h"

namespace hopscope::core {
namespace {

Result<Checkpoint> open_checkpoint(const Checkpoints& checkpoints, const std::string& dir,
                                   std::optional<int64_t> step) {
    if (!step) return checkpoints.open_newest();
    const std::vector<int64_t> steps = checkpoints.steps();
    if (steps.empty() || std::find(steps.begin(), steps.end(), *step) != steps.end())
        return checkpoints.open(*step, Checkpoints::Content::weights);
    std::vector<std::string> there;
    for (const int64_t one : steps) there.push_back(std::to_string(one));
    return usage_error(shown_path(dir) + ": no checkpoint of step " + std::to_string(*step) +
                       "; there are those of " + joined(there) +
                       ": name one of them, or none for the newest");
}

}  // namespace

Result<OpenRun> open_run(const std::string& dir, Precision precision, std::optional<int64_t> step) {
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
    auto checkpoint = open_checkpoint(checkpoints, dir, step);
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
    return OpenRun{std::move(*folder), std::move(model), std::move(*tokenizer), checkpoint->step,
                   std::move(trained->recent_load)};
}

}  // namespace hopscope::core
