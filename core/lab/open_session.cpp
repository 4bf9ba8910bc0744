#include "core/lab/open_session.h"

#include <exception>
#include <memory>
#include <utility>

#include "core/base/files.h"
#include "core/base/output_place.h"
#include "core/base/utf8.h"
#include "core/follow/follow_session.h"
#include "core/follow/imported_session.h"
#include "core/imported/imported_run.h"
#include "core/session/make_session.h"
#include "core/trainer/device.h"
#include "core/trainer/fork_trainer.h"
#include "core/trainer/model_inspector.h"
#include "core/trainer/open_run.h"
#include "core/trainer/race_file.h"
#include "core/trainer/race_trainer.h"
#include "core/trainer/run_script.h"

namespace hopscope::core::lab {
namespace {

/// A run that goes on carries out what is left of its script.
Status adopt_script(SessionOptions& options) {
    auto folder = RunFolder::open(options.run_dir, /*writer=*/false);
    if (!folder) return folder.error();
    auto left = script_left(*folder);
    if (!left) return left.error();
    options.script = std::move(*left);
    return {};
}

Result<std::unique_ptr<Session>> open_race(SessionOptions options) {
    if (auto s = check_race(options.race); !s) return s.error();
    if (options.run_dir.empty()) options.run_dir = default_run_dir("race");
    const bool existing = options.resume || options.open_only;
    if (existing && !is_race_folder(options.run_dir))
        return usage_error(shown_path(options.run_dir) +
                           " holds no race (no race.json); name another folder");
    if (existing) {
        if (auto names = race_lane_names(options.run_dir); !names) return names.error();
    } else if (auto s = check_new_folder(options.run_dir, FolderOf::race); !s) {
        return s.error();
    }
    // What is shown of "the" configuration is the first lane's.
    options.config = options.race.front().config;
    options.config_name = options.race.front().name;
    auto trainer = std::make_unique<RaceTrainer>(options);
    auto inspector = options.headless ? nullptr : std::make_unique<ModelInspector>();
    return make_session(std::move(options), std::move(trainer), std::move(inspector));
}

Result<std::shared_ptr<const WeightsCopy>> newest_weights(const std::string& dir) {
    try {
        auto run = open_run(dir, Precision::fp32);
        if (!run) return run.error();
        auto valid =
            eval_source(run->folder, run->model.config, run->tokenizer, "", Split::valid, "", {});
        if (!valid) return valid.error();
        auto copy = std::make_shared<ModelCopy>(std::move(run->model), std::move(run->tokenizer),
                                                std::move(*valid));
        copy->step = run->step;
        return std::shared_ptr<const WeightsCopy>(std::move(copy));
    } catch (const std::exception& e) {
        return torch_error(e);
    }
}

/// A run that another process is writing, or that is only to be looked at, is read beside it.
Result<std::unique_ptr<Session>> follow_run(SessionOptions options) {
    auto follower = RunFollower::open(options.run_dir);
    if (!follower) return follower.error();
    auto load = [dir = options.run_dir] { return newest_weights(dir); };
    return make_follow_session(std::move(options), *std::move(follower), std::move(load),
                               std::make_unique<ModelInspector>());
}

}  // namespace

Status adopt_config(SessionOptions& options, const std::vector<std::string>& overrides) {
    auto folder = RunFolder::open(options.run_dir, /*writer=*/false);
    if (!folder) return folder.error();
    auto config = stored_config(*folder, overrides);
    if (!config) return config.error();
    options.config = *config;
    options.config_name = folder->info().config_name;
    return {};
}

Result<std::unique_ptr<Session>> open_session(SessionOptions options) {
    if (options.open_only && is_imported_run(options.run_dir))
        return open_imported_session(std::move(options));
    if (options.race.empty() && options.open_only && is_race_folder(options.run_dir)) {
        auto lanes = read_race_lanes(options.run_dir, {});
        if (!lanes) return lanes.error();
        options.race = std::move(*lanes);
    }
    const bool existing = options.resume || options.open_only;
    if (!existing && !options.run_dir.empty())
        if (auto s = check_new_place(options.run_dir); !s) return s.error();
    if (!options.race.empty()) return open_race(std::move(options));
    if (existing && options.config_name.empty())
        if (auto s = adopt_config(options, {}); !s) return s.error();
    if (!existing && !options.run_dir.empty())
        if (auto s = check_new_folder(options.run_dir, FolderOf::run); !s) return s.error();
    if (options.open_only && (options.look_only || is_being_written(options.run_dir)))
        return follow_run(std::move(options));
    if (existing)
        if (auto s = adopt_script(options); !s) return s.error();
    auto trainer = std::make_unique<ForkTrainer>(options);
    auto inspector = options.headless ? nullptr : std::make_unique<ModelInspector>();
    return make_session(std::move(options), std::move(trainer), std::move(inspector));
}

}  // namespace hopscope::core::lab

namespace hopscope::core {

Result<std::unique_ptr<Session>> Session::open(SessionOptions options) {
    return lab::open_session(std::move(options));
}

}  // namespace hopscope::core
