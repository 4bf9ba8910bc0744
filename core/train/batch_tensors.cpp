#include "core/train/batch_tensors.h"

#include <ATen/ops/from_blob.h>

namespace hopscope::core {

BatchTensors batch_tensors(const std::vector<int32_t>& tokens, const BatchSource& source,
                           const at::Device& device) {
    const int64_t b = source.batch(), t = source.seq_len();
    const auto all = at::from_blob(const_cast<int32_t*>(tokens.data()), {b, t + 1},
                                   at::TensorOptions().dtype(at::kInt))
                         .to(at::TensorOptions().dtype(at::kLong).device(device));
    return {all.narrow(1, 0, t).contiguous(), all.narrow(1, 1, t).reshape({-1})};
}

BatchTensors eval_tensors(const BatchSource& source, int64_t index, const at::Device& device) {
    std::vector<int32_t> tokens;
    source.eval_batch(index, tokens);
    return batch_tensors(tokens, source, device);
}

}  // namespace hopscope::core
