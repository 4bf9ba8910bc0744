#include "kernels/cases/case.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/topk.h>
#include <c10/util/accumulate.h>
#include <sstream>

namespace hopscope::kernels::cases {

at::Tensor Problem::operator[](std::string_view name) const {
    for (const auto& one : given)
        if (one.name == name) return one.value;
    return {};
}

namespace {

template <class F>
Problem changed(const Problem& problem, const F& change) {
    Problem out = problem;
    for (auto& one : out.given) one.value = change(one.value);
    for (auto& pull : out.pulls) pull = change(pull);
    return out;
}

}  // namespace

Problem in_type(const Problem& problem, at::ScalarType type) {
    return changed(problem,
                   [&](const at::Tensor& x) { return x.is_floating_point() ? x.to(type) : x; });
}

Problem on_device(const Problem& problem, c10::Device device) {
    return changed(problem, [&](const at::Tensor& x) { return x.to(device); });
}

const Tolerance& Tolerances::of(at::ScalarType type) const {
    return type == at::kDouble ? fp64 : type == at::kBFloat16 ? bf16 : fp32;
}

std::string text_of(const Sizes& sizes) {
    std::ostringstream out;
    for (const auto& [name, value] : sizes) {
        out << (out.tellp() ? ", " : "") << name << " ";
        std::visit([&](const auto& x) { out << x; }, value);
    }
    return out.str();
}

Draw::Draw(uint64_t seed) : generator_(at::detail::createCPUGenerator(seed)) {}

at::Tensor Draw::normal(at::IntArrayRef shape, at::ScalarType type) {
    // LibTorch draws fp64 the same way on every processor, which tests want, and slowly, which
    // matters for what is only timed.
    constexpr int64_t kMany = 1 << 20;
    const auto drawn = c10::multiply_integers(shape) > kMany ? at::kFloat : at::kDouble;
    return at::empty(shape, at::TensorOptions().dtype(drawn)).normal_(0, 1, generator_).to(type);
}

at::Tensor Draw::choices(int64_t tokens, int64_t k, int64_t experts) {
    return std::get<1>(normal({tokens, experts}).topk(k, -1)).contiguous();
}

}  // namespace hopscope::kernels::cases
