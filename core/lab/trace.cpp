// hopscope trace: everything about one prompt (hopscope.trace/1,
// docs/formats.md#trace-of-a-prompt).
#include "core/probe/trace.h"

#include "core/api/lab.h"
#include "core/probe/trace_json.h"
#include "core/trainer/device.h"
#include "core/trainer/open_run.h"

namespace hopscope::core::lab {

Result<std::string> trace(const TraceOptions& o) {
    try {
        auto run = open_run(o.run, o.precision);
        if (!run) return run.error();
        auto plan = make_plan(run->model, o.script, run->model.config.train.seed);
        if (!plan) return plan.error();
        auto result = trace_prompt(run->model, run->tokenizer, {o.text, o.positions, o.cut, *plan});
        if (!result) return result.error();
        nlohmann::ordered_json j = {{"format", "hopscope.trace/1"}};
        j["run"] = {{"name", run->folder.name()},
                    {"config_name", run->folder.info().config_name},
                    {"seed", run->model.config.train.seed},
                    {"source", run->folder.info().source}};
        j["step"] = run->step;
        j["config_hash"] = run->folder.info().config_hash;
        j["text"] = o.text;
        j["precision"] = word(o.precision);
        return trace_document(j, *result, o.positions && run->model.config.moe.has_positions());
    } catch (const std::exception& e) {
        return torch_error(e);
    }
}

}  // namespace hopscope::core::lab
