// hopscope import: the geometry and the recorded choices of a published model, as a run folder.
#include "core/api/lab.h"
#include "core/imported/import_model.h"
#include "core/imported/model_cache.h"
#include "core/imported/model_folder.h"
#include "core/lab/exported_model.h"
#include "core/lab/interrupt.h"
#include "core/measure/alignment.h"
#include "core/run/run_folder.h"

namespace hopscope::core::lab {

Result<std::string> import_model(const ImportOptions& o) {
    if (auto s = check_not_exported(o.model); !s) return s.error();
    while (true) {
        const std::string out = o.out.empty() ? default_run_dir(name_of_model(o.model)) : o.out;
        ImportRequest request{o.model, o.traces, out};
        if (o.experts) request.align = align_one_by_one;
        auto made = core::import_model(request, interruptible(o.on_progress));
        // Another process may have taken the name that was free: the next has another.
        if (made || !o.out.empty() || !is_run_folder(out)) return made;
    }
}

bool is_model(const std::string& dir) {
    return is_model_folder(dir);
}

Result<std::string> open_model(const std::string& dir, const std::string& cache,
                               const std::function<bool()>& cancelled) {
    if (auto s = check_not_exported(dir); !s) return s.error();
    Progress progress = interruptible({});
    progress.cancelled = [&] { return interrupted() || (cancelled && cancelled()); };
    return cached_import(dir, cache, progress);
}

}  // namespace hopscope::core::lab
