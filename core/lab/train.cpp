// hopscope train: one run, begun or gone on with, to its end.
#include <utility>

#include "core/api/lab.h"
#include "core/base/files.h"
#include "core/base/names.h"
#include "core/base/utf8.h"
#include "core/lab/open_session.h"
#include "core/lab/train_run.h"
#include "core/run/new_folder.h"
#include "core/trainer/run_script.h"

namespace hopscope::core::lab {

Result<std::string> train(const TrainOptions& o) {
    SessionOptions options;
    options.run_dir = o.out;
    options.resume = o.resume;
    options.allow_debug = o.allow_debug;
    const auto overrides = with_device(o.overrides, o.device);
    if (o.resume) {
        if (o.out.empty())
            return usage_error("--resume needs --out DIR, the run folder to go on with");
        if (!is_run_folder(o.out))
            return usage_error(shown_path(o.out) +
                               " holds no run (no run.json); leave --resume out to begin one");
    }
    if (!o.config_path.empty()) {
        auto config = read_training_config(o.config_path, overrides, o.allow_debug);
        if (!config) return config.error();
        options.config = *config;
        options.config_name = config_name_of(o.config_path);
    } else if (o.resume) {
        if (auto s = adopt_config(options, overrides); !s) return s.error();
    } else {
        return usage_error("train needs --config FILE; try configs/first_look.toml");
    }
    if (o.resume && !o.script.empty())
        return usage_error("--script belongs to a new run; " + o.out +
                           " goes on with what is left of its own");
    auto script = training_script(o.script, options.config.train.steps);
    if (!script) return script.error();
    options.script = std::move(*script);
    auto status = train_run(std::move(options), {o.on_status, o.on_step});
    if (!status) return status.error();
    return read_file(status->run_dir + "/run.json");
}

}  // namespace hopscope::core::lab
