#include "kernels/cases/evaluate.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>
#include <algorithm>
#include <cstring>
#include <limits>
#include <sstream>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/function.h>

namespace hopscope::kernels::cases {
namespace {

using at::Tensor;

/// Appends what is wrong with `got`, if anything is.
void compare(const Named& got, const Tensor& exact, const Tolerances& within, at::ScalarType type,
             bool gradient, std::ostringstream& out) {
    const auto& [name, x] = got;
    if (x.defined() != exact.defined()) {
        out << name << ": " << (x.defined() ? "is there, but ought not to be; " : "is not there; ");
        return;
    }
    if (!x.defined()) return;
    if (!x.is_floating_point()) {
        if (!x.cpu().equal(exact.cpu())) out << name << ": other whole numbers; ";
        return;
    }
    const auto& tolerance = within.of(x.scalar_type() == at::kBFloat16 ? at::kBFloat16 : type);
    const double allowed = gradient ? tolerance.gradient : tolerance.value,
                 off = share_off(x, exact, within.least);
    if (!(off <= allowed)) out << name << ": off by " << off << ", allowed " << allowed << "; ";
}

void compare_all(const std::vector<Named>& got, const Found& exact, const Tolerances& within,
                 at::ScalarType type, bool gradient, std::ostringstream& out) {
    for (const auto& one : got) compare(one, exact[one.first], within, type, gradient, out);
}

bool same_bits(const Tensor& x, const Tensor& y) {
    if (x.sizes() != y.sizes() || x.scalar_type() != y.scalar_type()) return false;
    const auto a = x.cpu().contiguous(), b = y.cpu().contiguous();
    return a.nbytes() == 0 || std::memcmp(a.const_data_ptr(), b.const_data_ptr(), a.nbytes()) == 0;
}

}  // namespace

Tensor Found::operator[](std::string_view name) const {
    for (const auto* list : {&outputs, &gradients})
        for (const auto& [own, value] : *list)
            if (own == name) return value;
    return {};
}

double share_off(const Tensor& got, const Tensor& exact, double least) {
    constexpr double kNever = std::numeric_limits<double>::infinity();
    if (got.sizes() != exact.sizes()) return kNever;
    if (got.numel() == 0) return 0;
    const auto a = got.to(at::kCPU, at::kDouble), b = exact.to(at::kCPU, at::kDouble);
    const auto numbers = b.isfinite();
    if (!a.isfinite().equal(numbers)) return kNever;
    const auto none = at::zeros_like(a);
    // NaN where both are, else the same infinity.
    const auto rest_a = at::where(numbers, none, a).nan_to_num(0.5),
               rest_b = at::where(numbers, none, b).nan_to_num(0.5);
    if (!rest_a.equal(rest_b)) return kNever;
    const auto finite = at::where(numbers, b, none);
    const double off = (at::where(numbers, a, none) - finite).abs().max().item<double>();
    return off / std::max(least, finite.abs().max().item<double>());
}

Found found(const Problem& problem, Form form) {
    std::vector<Tensor> given;
    for (const auto& one : problem.given) {
        auto x = one.value.detach().clone();
        if (one.learns) x.set_requires_grad(true);
        if (one.learns && one.wide_gradient && x.scalar_type() == at::kBFloat16)
            x.set_grad_dtype(at::kFloat);
        given.push_back(std::move(x));
    }
    Found out;
    out.outputs = problem.call(given, form);
    if (const auto& node = out.outputs.front().second.grad_fn()) out.node = node->name();
    if (!problem.pulls.empty()) {
        std::vector<Tensor> roots;
        for (size_t i = 0; i < problem.pulls.size(); ++i) roots.push_back(out.outputs[i].second);
        torch::autograd::backward(roots, problem.pulls);
    }
    for (auto& [name, x] : out.outputs) x = x.detach();
    for (size_t i = 0; i < given.size(); ++i)
        if (problem.given[i].learns)
            out.gradients.emplace_back("grad." + problem.given[i].name, given[i].grad());
    return out;
}

Found exact(const Problem& problem) {
    return found(in_type(problem, at::kDouble), Form::reference);
}

std::string difference(const Found& got, const Found& exact, const Tolerances& within,
                       at::ScalarType type) {
    std::ostringstream out;
    if (got.outputs.size() != exact.outputs.size()) out << "another number of outputs; ";
    compare_all(got.outputs, exact, within, type, false, out);
    compare_all(got.gradients, exact, within, type, true, out);
    return out.str();
}

std::string difference_in_bits(const Found& a, const Found& b,
                               const std::function<bool(std::string_view)>& asked) {
    const auto first_of = [&](const std::vector<Named>& list) -> std::string {
        for (const auto& [name, x] : list) {
            const auto y = b[name];
            if (!asked(name) || (!x.defined() && !y.defined())) continue;
            if (!x.defined() || !y.defined() || !same_bits(x, y)) return name;
        }
        return "";
    };
    const auto in_outputs = first_of(a.outputs);
    return in_outputs.empty() ? first_of(a.gradients) : in_outputs;
}

}  // namespace hopscope::kernels::cases
