#include "core/model/past.h"

#include <ATen/ops/empty.h>
#include <array>
#include <c10/util/Exception.h>

#include "kernels/types.h"

namespace hopscope::core {

Past::Layer Past::append(int64_t layer, const at::Tensor& k, const at::Tensor& v) {
    const auto l = static_cast<size_t>(layer);
    const int64_t tokens = k.size(2);
    TORCH_CHECK(length_ + tokens <= room_, "past: ", length_, " tokens and ", tokens,
                " more do not fit into room for ", room_);
    if (layers_.size() <= l) layers_.resize(l + 1);
    auto& held = layers_[l];
    if (!held.k.defined()) {
        const auto sizes = std::array{k.size(0), k.size(1), room_, k.size(3)};
        const auto wide = k.options().dtype(kernels::wide_of(k));
        held = {at::empty(sizes, wide), at::empty(sizes, wide)};
    }
    held.k.narrow(2, length_, tokens).copy_(k.detach());
    held.v.narrow(2, length_, tokens).copy_(v.detach());
    return {held.k.narrow(2, 0, length_ + tokens), held.v.narrow(2, 0, length_ + tokens)};
}

}  // namespace hopscope::core
