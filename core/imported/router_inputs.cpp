#include "core/imported/router_inputs.h"

#include "core/base/utf8.h"
#include "core/imported/tensor_values.h"

namespace hopscope::core {
namespace {

Error wrong_shape(const SafetensorsFile& file, const TensorView& tensor,
                  const std::string& expected) {
    return usage_error(shown_path(file.path()) + ": tensor " + in_quotes(tensor.name) + ": found " +
                       form_of(tensor) + ", " + expected + " expected");
}

}  // namespace

std::string inputs_name(const std::string& router) {
    return router + ".hops.0.position";
}

std::string input_rows_name(const std::string& router) {
    return router + ".rows";
}

Result<RouterInputs> read_inputs(const SafetensorsFile& file, const std::string& router,
                                 int64_t texts, int64_t tokens, int64_t experts) {
    const TensorView *position = file.find(inputs_name(router)),
                     *rows = file.find(input_rows_name(router));
    if (!position || !rows) return RouterInputs();
    const std::string of_texts =
        "[" + std::to_string(texts) + ", " + std::to_string(tokens) + ", r]";
    if (position->shape.size() != 3 || position->shape[0] != texts ||
        position->shape[1] != tokens || position->shape[2] < 1)
        return wrong_shape(file, *position, of_texts);
    const int64_t width = position->shape[2];
    if (rows->shape != std::vector<int64_t>{experts, width})
        return wrong_shape(file, *rows,
                           "[" + std::to_string(experts) + ", " + std::to_string(width) + "]");
    auto inputs = float_values(*position, file.path());
    if (!inputs) return inputs.error();
    auto values = float_values(*rows, file.path());
    if (!values) return values.error();
    return RouterInputs{width, *std::move(inputs), *std::move(values)};
}

}  // namespace hopscope::core
