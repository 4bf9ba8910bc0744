#include "core/lab/exported_model.h"

#include "core/base/files.h"
#include "core/base/json.h"
#include "core/base/utf8.h"

namespace hopscope::core::lab {
namespace {

constexpr size_t kMostBytes = size_t{1} << 26;  // as of other documents

}  // namespace

Status check_not_exported(const std::string& dir) {
    const std::string path = dir + "/config.json";
    if (kind_of_file(path) != FileKind::file) return {};
    const auto text = read_file(path, kMostBytes);
    if (!text) return {};
    const auto config = parse_object(*text, path);
    if (!config || config->value("model_type", Json()) != "hopscope") return {};
    const Json own = config->value("hopscope", Json::object());
    const Json run = own.is_object() ? own.value("run", Json()) : Json();
    const Json step = own.is_object() ? own.value("step", Json()) : Json();
    const std::string of = run.is_string() && step.is_number_integer()
                               ? " of the run " + in_quotes(run.get<std::string>()) + " at step " +
                                     std::to_string(step.get<int64_t>())
                               : "";
    return usage_error(shown_path(dir) + ": is a model that hopscope export wrote" + of +
                       ", for other programs; give the folder of the run, which has all of it");
}

}  // namespace hopscope::core::lab
