#include "kernels/library/arguments.h"

#include <c10/util/Exception.h>
#include <sstream>

namespace hopscope::library {
namespace {

/// "[T, d]" of "Td".
std::string written(std::string_view pattern) {
    std::string text = "[";
    for (const char letter : pattern) {
        if (text.size() > 1) text += ", ";
        text += letter;
    }
    return text + "]";
}

}  // namespace

bool Arguments::fits(const at::Tensor& x, std::string_view pattern) const {
    if (x.dim() != static_cast<int64_t>(pattern.size())) return false;
    for (size_t i = 0; i < pattern.size(); ++i) {
        const auto at = sizes_.find(pattern[i]);
        if (at != sizes_.end() && x.sym_size(static_cast<int64_t>(i)) != at->second.size)
            return false;
    }
    return true;
}

/// " with d = 8 (as in h)", for the letters that have a size.
std::string Arguments::known(std::string_view pattern) const {
    std::ostringstream text;
    for (const char letter : pattern) {
        const auto at = sizes_.find(letter);
        if (at == sizes_.end()) continue;
        text << (text.tellp() == 0 ? " with " : ", ") << letter << " = " << at->second.size
             << " (as in " << at->second.from << ")";
    }
    return text.str();
}

void Arguments::shape(const char* name, const at::Tensor& x, std::string_view pattern) {
    TORCH_CHECK(fits(x, pattern), "hopscope::", op_, ": ", name, " is ", x.sym_sizes(),
                "; it has to be ", written(pattern), known(pattern));
    for (size_t i = 0; i < pattern.size(); ++i)
        sizes_.try_emplace(pattern[i], Size{x.sym_size(static_cast<int64_t>(i)), name});
}

void Arguments::device(const char* name, const at::Tensor& x) {
    if (device_) {
        TORCH_CHECK(x.device() == *device_, "hopscope::", op_, ": ", name, " is on ", x.device(),
                    ", ", first_, " on ", *device_, "; bring all to one device");
        return;
    }
#ifdef HOPSCOPE_CUDA
    const bool known = x.is_cpu() || x.is_cuda() || x.is_meta();
    constexpr const char* advice = "CPU and CUDA are known";
#else
    const bool known = x.is_cpu() || x.is_meta();
    constexpr const char* advice =
        "this library is built for the CPU (for a GPU build it with -DHOPSCOPE_CUDA=ON)";
#endif
    TORCH_CHECK(known, "hopscope::", op_, ": ", name, " is on ", x.device(), "; ", advice);
    TORCH_CHECK(x.layout() == at::kStrided, "hopscope::", op_, ": ", name, " is ", x.layout(),
                "; make it dense (to_dense())");
    first_ = name;
    device_ = x.device();
}

void Arguments::type(const char* name, const at::Tensor& x) {
    const auto is = x.scalar_type();
    if (type_) {
        TORCH_CHECK(is == *type_, "hopscope::", op_, ": ", name, " is ", is, ", ", first_float_,
                    " is ", *type_, "; bring both to one type");
        return;
    }
    const bool taken = is == at::kFloat || is == at::kDouble || (narrow_ && is == at::kBFloat16);
    TORCH_CHECK(taken, "hopscope::", op_, ": ", name, " is ", is, "; Float (fp32)",
                narrow_ ? ", BFloat16 and Double are" : " and Double are",
                " computed in (x.float() makes fp32)");
    first_float_ = name;
    type_ = is;
}

void Arguments::tensor(const char* name, const at::Tensor& x, std::string_view pattern) {
    device(name, x);
    type(name, x);
    shape(name, x, pattern);
}

void Arguments::tensor(const char* name, const std::optional<at::Tensor>& x,
                       std::string_view pattern) {
    if (x) tensor(name, *x, pattern);
}

void Arguments::either(const char* name, const std::optional<at::Tensor>& x,
                       std::string_view pattern, std::string_view other) {
    if (!x) return;
    device(name, *x);
    type(name, *x);
    TORCH_CHECK(fits(*x, pattern) || fits(*x, other), "hopscope::", op_, ": ", name, " is ",
                x->sym_sizes(), "; it has to be ", written(pattern), " or ", written(other),
                known(other));
}

void Arguments::indices(const char* name, const at::Tensor& x, std::string_view pattern) {
    device(name, x);
    TORCH_CHECK(x.scalar_type() == at::kLong, "hopscope::", op_, ": ", name, " is ",
                x.scalar_type(), "; it has to be Long (int64)");
    shape(name, x, pattern);
}

void Arguments::wide(const char* name, const at::Tensor& x, std::string_view pattern) {
    device(name, x);
    const auto needed = type_ == at::kDouble ? at::kDouble : at::kFloat;
    TORCH_CHECK(x.scalar_type() == needed, "hopscope::", op_, ": ", name, " is ", x.scalar_type(),
                "; with ", first_float_, " of ", type_.value_or(needed), " it has to be ", needed);
    shape(name, x, pattern);
}

void need_in_range(const char* op, const char* name, const at::Tensor& x, int64_t end) {
    if (x.numel() == 0) return;
    const auto least = x.min().item().toLong(), most = x.max().item().toLong();
    TORCH_CHECK_INDEX(least >= 0 && most < end, "hopscope::", op, ": ", name, " has ",
                      least < 0 ? least : most, "; 0 to ", end - 1, " is allowed");
}

}  // namespace hopscope::library
