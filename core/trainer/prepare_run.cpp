#include "core/trainer/prepare_run.h"

#include <filesystem>

#include "core/api/live_settings.h"
#include "core/base/clock.h"
#include "core/base/file_handle.h"
#include "core/base/json.h"
#include "core/base/names.h"
#include "core/base/numbers.h"
#include "core/base/utf8.h"
#include "core/config/arithmetic.h"
#include "core/config/check.h"
#include "core/config/write.h"
#include "core/model/sound.h"
#include "core/run/metrics_csv.h"
#include "core/trainer/checkpoint_io.h"
#include "core/trainer/kernel_choices.h"
#include "core/trainer/peak_memory.h"
#include "core/trainer/precision_probe.h"
#include "core/trainer/run_data.h"

namespace hopscope::core {
namespace {

constexpr size_t kMostTold = 3;  ///< entries of a list that a message holds

Error resume_refusal(const std::string& dir, const std::vector<std::string>& keys) {
    return usage_error(
        shown_path(dir) +
        ": the configuration differs from the run's in keys that resume may not change:\n  " +
        joined_first(keys, kMostTold, "\n  ") +
        "\nresume may change device, threads, eval_*, checkpoint_*, keep_checkpoints and steps");
}

/// A run cannot go back behind its checkpoint.
Error too_few_steps(const std::string& dir, int64_t found, int64_t done) {
    return usage_error(shown_path(dir) + ": train.steps: found " + std::to_string(found) +
                       ", but the run's newest checkpoint has made " + std::to_string(done) +
                       " steps; allowed " + std::to_string(done) + " or more");
}

/// A run that was killed before its first checkpoint begins anew; one whose checkpoints were taken
/// away would lose its curves by that.
Status check_never_saved(const RunFolder& folder, const Config& saved) {
    if (!file_exists(folder.metrics_path())) return {};
    const auto records = read_metrics_csv(folder.metrics_path());
    if (!records) return records.error();
    const int64_t recorded = records->empty() ? 0 : records->back().step;
    const int64_t every = saved.train.checkpoint_every;
    if (every <= 0 || recorded <= every) return {};
    // One whose replacement was cut short is put back later.
    const std::filesystem::path checkpoints = folder.dir() + "/checkpoints";
    std::error_code ignored;
    if (std::filesystem::directory_iterator(checkpoints, ignored) !=
        std::filesystem::directory_iterator())
        return {};
    return usage_error(shown_path(folder.dir()) + ": metrics.csv holds " +
                       std::to_string(recorded) +
                       " updates, but checkpoints/ is empty, where one is "
                       "written every " +
                       std::to_string(every) +
                       "; put them back, or begin anew in another folder (nothing was changed)");
}

std::string value_text(const LiveSetting& setting, const Config& config) {
    return std::visit([](const auto& v) { return Json(v).dump(); }, live_value(setting, config));
}

/// Where the run goes on with something else than its configuration says: a sentence each.
std::vector<std::string> set_live(const Config& configured, const Config& live) {
    std::vector<std::string> out;
    for (const LiveSetting& setting : live_settings())
        if (live_value(setting, configured) != live_value(setting, live))
            out.push_back(setting.key + " stays " + value_text(setting, live) +
                          ", as the run's newest checkpoint has it (config.toml: " +
                          value_text(setting, configured) + ")");
    return out;
}

/// What was left open becomes what it became when the run was made.
template <OpenKind E>
void keep_stored(E& setting, const std::optional<E>& stored) {
    if (setting == E::automatic) setting = stored.value_or(setting);
}

}  // namespace

Result<RunSetup> set_up(const SessionOptions& options) {
    const std::string named = options.resume ? options.run_dir + "/config.toml"
                                             : "the configuration " + options.config_name;
    // Looking at a run forces nothing.
    if (auto s = check_debug(options.config, options.allow_debug || options.open_only, named); !s)
        return s.error();
    RunSetup out;
    if (options.config.debug.reference_kernels) out.form = kernels::Form::reference;
    out.config = options.config;
    TrainConfig& train = out.config.train;
    if (options.resume || options.open_only) {
        auto folder = RunFolder::open(options.run_dir, /*writer=*/false);
        if (!folder) return folder.error();
        // The stored thread count makes the resumed run bit-identical; naming another one in the
        // config changes it.
        const RunInfo& stored = folder->info();
        if (train.threads == 0) train.threads = stored.threads;
        keep_stored(train.device, stored.device);
        keep_stored(train.precision, stored.precision);
        auto form = stored_form(stored.kernel_choices, folder->info_path());
        if (!form) return form.error();
        out.form = *form;
    }
    auto device = resolve_device(train);
    if (!device) return device.error();
    if (!options.resume && !options.open_only)
        device->precision = precision_of_new_run(train, *device);
    out.device = *device;
    train.threads = device->threads;
    train.device = device->kind;
    train.precision = device->precision;
    return out;
}

Status check_run_memory(const Config& config, int64_t available) {
    const MemoryCounts memory = count_memory(config);
    const int64_t needed = memory.weights + memory.optimizer + memory.gradients;
    if (available < 0 || needed <= available) return {};
    return usage_error("weights, moments and gradients of this model need " + mebibytes(needed) +
                       " (" + in_thousands(std::to_string(count_parameters(config).total)) +
                       " parameters), and " + mebibytes(available) +
                       " are available; free memory, or choose a smaller model (hopscope info)");
}

Result<RunRecords> create_run(const SessionOptions& options, const RunSetup& setup) {
    const int64_t available = available_memory(setup.device.device);
    if (auto s = check_run_memory(setup.config, available); !s)
        return usage_error("the configuration " + options.config_name + ": " + s.error().message);
    RunInfo info;
    info.program_version = HOPSCOPE_VERSION;
    info.config_name = options.config_name;
    info.source = source_name(setup.config);
    info.synthetic = setup.config.data.is_synthetic();
    info.seed = setup.config.train.seed;
    info.created = unix_seconds();
    info.kernel_choices = kernel_choices(setup.form);
    for (const Command& command : options.script) info.script.push_back(to_json(command));
    info.state = RunState::running;
    describe(info, setup.config, setup.device);
    const auto dir =
        options.run_dir.empty() ? default_run_dir(options.config_name) : options.run_dir;
    return RunRecords::create(dir, setup.config, info);
}

Result<ReopenedRun> reopen_run(const SessionOptions& options, const RunSetup& setup,
                               const Progress& progress) {
    auto folder = RunFolder::open(options.run_dir, /*writer=*/false);
    if (!folder) return folder.error();
    // First of all, so that what is checked now is what is gone on with.
    if (!options.open_only)
        if (auto s = folder->lock(); !s) return s.error();
    auto saved = stored_config(*folder);
    if (!saved) return saved.error();
    const bool allowed = options.allow_debug || options.open_only;
    if (auto s = check_debug(*saved, allowed, folder->config_path()); !s) return s.error();
    const auto differing = differing_keys(*saved, setup.config, /*resumable=*/true);
    if (!differing.empty()) return resume_refusal(options.run_dir, differing);
    auto changed = differing_keys(*saved, setup.config, /*resumable=*/false);
    if (const int64_t before = folder->info().steps; before > 0 && before != saved->train.steps)
        changed.push_back("train.steps: " + std::to_string(before) + " → " +
                          std::to_string(saved->train.steps) + ", as config.toml says");
    std::vector<std::string> skipped;
    Status unread;
    const auto newest = folder->checkpoints().newest_complete(&skipped, &unread);
    if (!unread) return unread.error();
    if (!newest && !skipped.empty())
        return usage_error(
            shown_path(options.run_dir) + ": no checkpoint of this run can be read:\n  " +
            skipped.front() +
            (skipped.size() > 1 ? "\n  and " + std::to_string(skipped.size() - 1) + " older" : "") +
            "\nput a good one back; nothing was changed");
    for (const auto& one : skipped) {
        changed.push_back("skipped a damaged checkpoint: " + one);
        progress.tell(changed.back());
    }
    if (!newest && !options.open_only)
        if (auto s = check_never_saved(*folder, *saved); !s) return s.error();
    std::optional<EngineState> checkpoint;
    if (newest) {
        auto state = read_checkpoint(*newest, setup.config, setup.device.device);
        if (!state) return state.error();
        if (auto s = check_trained_on(newest->model, folder->info().corpus_hashes,
                                      /*goes_on=*/!options.open_only);
            !s)
            return s.error();
        if (!options.open_only)
            if (auto s = check_sound(state->model); !s)
                return failure(shown_path(newest->dir) + ": " + s.error().message);
        for (const std::string& kept : set_live(setup.config, state->model.config))
            progress.tell(kept);
        checkpoint = std::move(*state);
    }
    const int64_t done = checkpoint ? checkpoint->step : 0;
    if (!options.open_only)
        if (auto s = folder->checkpoints().check_places_after(done); !s) return s.error();
    if (!options.open_only && setup.config.train.steps < done)
        return too_few_steps(options.run_dir, setup.config.train.steps, done);
    return ReopenedRun{RunRecords(std::move(*folder), std::move(changed)), std::move(checkpoint)};
}

EngineState first_state(const RunSetup& setup) {
    const auto here = [&](Group, const at::Tensor& t) { return t.to(setup.device.device); };
    Model model = initial_model(setup.config, setup.config.train.seed);
    model.weights = model.weights.map(here);
    return untrained(std::move(model));
}

}  // namespace hopscope::core
