// hopscope train, and the door of the window: a session with the real trainer and inspector behind
// it.
#include <filesystem>

#include "core/api/lab.h"
#include "core/api/session.h"
#include "core/config/config.h"
#include "core/lab/model_inspector.h"
#include "core/lab/run_trainer.h"
#include "core/run/atomic_file.h"
#include "core/session/headless.h"
#include "core/session/make_session.h"

namespace hopscope::core {
namespace {

/// The configuration a run folder was made with.
Status adopt_config(SessionOptions& options, const std::vector<std::string>& overrides) {
    auto folder = RunFolder::open(options.run_dir, /*writer=*/false);
    if (!folder) return folder.error();
    auto config = load_config(folder->config_path(), overrides);
    if (!config) return config.error();
    options.config = *config;
    options.config_name = folder->info().config_name;
    return {};
}

}  // namespace

Result<std::unique_ptr<Session>> Session::open(SessionOptions options) {
    const bool existing = options.resume || options.open_only;
    if (existing && options.config_name.empty())
        if (auto s = adopt_config(options, {}); !s) return s.error();
    if (auto s = check_available(options.config, options.config_name); !s) return s.error();
    if (!existing && !options.run_dir.empty() && is_run_folder(options.run_dir))
        return usage_error(options.run_dir +
                           " already holds a run; resume it with --resume, or name another folder");
    auto trainer = std::make_unique<RunTrainer>(options);
    auto inspector = options.headless ? nullptr : std::make_unique<ModelInspector>();
    return make_session(std::move(options), std::move(trainer), std::move(inspector));
}

namespace lab {

std::atomic<int>& interrupt_flag() {
    static std::atomic<int> flag{0};
    return flag;
}

Result<std::string> train(const TrainOptions& o) {
    SessionOptions options;
    options.headless = true;
    options.run_dir = o.out;
    options.resume = o.resume;
    auto overrides = o.overrides;
    if (!o.device.empty()) overrides.push_back("train.device=\"" + o.device + "\"");
    if (o.resume) {
        if (o.out.empty())
            return usage_error("--resume needs --out DIR, the run folder to go on with");
        if (!is_run_folder(o.out))
            return usage_error(o.out +
                               " holds no run (no run.json); leave --resume out to begin one");
    }
    if (!o.config_path.empty()) {
        auto config = load_runnable_config(o.config_path, overrides);
        if (!config) return config.error();
        options.config = *config;
        options.config_name = std::filesystem::path(o.config_path).stem().string();
    } else if (o.resume) {
        if (auto s = adopt_config(options, overrides); !s) return s.error();
    } else {
        return usage_error("train needs --config FILE; try configs/first_look.toml");
    }
    const HeadlessWake wake;
    options.wake = wake.callback();
    auto session = Session::open(std::move(options));
    if (!session) return session.error();
    auto status = run_headless(**session, wake, o.on_status, o.on_step, interrupt_flag());
    if (!status) return status.error();
    return core::read_file(status->run_dir + "/run.json");
}

}  // namespace lab
}  // namespace hopscope::core
