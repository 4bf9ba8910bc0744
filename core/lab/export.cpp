// hopscope export --as: a checkpoint as a folder that others read without this program
// (hopscope.export/1).
#include "core/api/lab.h"
#include "core/base/json.h"
#include "core/base/output_place.h"
#include "core/lab/interrupt.h"
#include "core/lab/transformers_folder.h"
#include "core/run/document.h"
#include "core/run/whole_folder.h"
#include "core/trainer/device.h"
#include "core/trainer/open_run.h"

namespace hopscope::core::lab {

Result<std::string> export_model(const ExportModelOptions& o) {
    try {
        if (auto s = check_new_place(o.out); !s) return s.error();
        if (auto s = check_new_folder(o.out, FolderOf::model); !s) return s.error();
        auto run = open_run(o.run, Precision::fp32, o.step);
        if (!run) return run.error();
        auto folder = WholeFolder::make(o.out, FolderOf::model);
        if (!folder) return folder.error();
        auto files = write_transformers_folder(folder->path(), *run);
        if (!files) return files.error();
        if (interrupted()) return stopped_on_request("export");
        if (auto s = folder->finish(); !s) return s.error();

        auto j = document("hopscope.export/1", run->folder, run->step, run->model.config);
        j["as"] = word(o.as);
        j["out"] = o.out;
        j["parameters"] = run->model.weights.parameters();
        j["files"] = *files;
        return dump_pretty(j);
    } catch (const std::exception& e) {
        return torch_error(e);
    }
}

}  // namespace hopscope::core::lab
