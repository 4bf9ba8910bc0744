#include "core/bench/kept.h"

#include <stdexcept>

#include "core/config/write.h"
#include "core/run/new_folder.h"
#include "core/run/safetensors.h"

namespace hopscope::core {
namespace {

const char* dtype_of(const at::Tensor& t) {
    switch (t.scalar_type()) {
        case at::kFloat:
            return "F32";
        case at::kBFloat16:
            return "BF16";
        case at::kLong:
            return "I64";
        case at::kInt:
            return "I32";
        default:
            throw std::logic_error("a kept tensor is of a type that no form computes in");
    }
}

}  // namespace

Status keep_accounts(const BenchWork& work, const BenchSetting& setting,
                     const std::string& folder) {
    if (auto made = make_folders(folder); !made) return made.error();
    for (const auto& form : work.forms) {
        if (!form.account) continue;
        auto told = form.account();
        std::vector<TensorView> views;
        for (auto& [name, tensor] : told) {
            tensor = tensor.detach().to(at::kCPU).contiguous();
            views.push_back({name, dtype_of(tensor), tensor.sizes().vec(), tensor.const_data_ptr(),
                             static_cast<size_t>(tensor.nbytes())});
        }
        const auto path = folder + "/" + word(work.name) + "." + word(form.form) + ".safetensors";
        if (auto s = write_safetensors(path, views,
                                       {{"name", word(work.name)},
                                        {"form", word(form.form)},
                                        {"precision", word(setting.device.precision)},
                                        {"config", to_toml(setting.config)}});
            !s)
            return s;
    }
    return {};
}

}  // namespace hopscope::core
