#include "core/imported/model_cache.h"

#include <algorithm>
#include <filesystem>
#include <sys/stat.h>

#include "core/base/files.h"
#include "core/base/random.h"
#include "core/imported/import_model.h"
#include "core/imported/imported_run.h"

namespace hopscope::core {
namespace {

constexpr size_t kKeyDigits = 16;
/// Raised where an import of the same files says something else than before.
constexpr const char* kMadeBy = "imports 3, hopscope " HOPSCOPE_VERSION "\n";

bool belongs(const std::string& name) {
    return name.ends_with(".json") || name.ends_with(".safetensors");
}

}  // namespace

Result<std::string> cache_place(const std::string& dir, const std::string& cache) {
    std::string model = dir;
    while (model.size() > 1 && model.back() == '/') model.pop_back();
    auto names = list_folder(model);
    if (!names) return names.error();
    std::sort(names->begin(), names->end());
    std::error_code error;
    const auto full = std::filesystem::weakly_canonical(model, error);
    ContentHash key;
    key.update(kMadeBy);
    key.update(error ? model : full.string());
    for (const std::string& name : *names) {
        struct stat found {};
        if (!belongs(name) || ::stat((model + "/" + name).c_str(), &found) != 0) continue;
        key.update("\n" + name + " " + std::to_string(found.st_size) + " " +
                   std::to_string(found.st_mtim.tv_sec) + "." +
                   std::to_string(found.st_mtim.tv_nsec));
    }
    return cache + "/" + name_of_model(model) + "-" + key.hex().substr(0, kKeyDigits);
}

Result<std::string> cached_import(const std::string& model, const std::string& cache,
                                  const Progress& progress) {
    auto place = cache_place(model, cache);
    if (!place || is_imported_run(*place)) return place;
    const auto made = import_model({model, {}, *place}, progress);
    // Whoever was faster has imported the same.
    if (!made && !is_imported_run(*place)) return made.error();
    return place;
}

}  // namespace hopscope::core
