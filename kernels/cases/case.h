// What an operator of kernels/ops.h is tested and timed on. A case says how big it is, how far its
// results may be off, and makes all that one call is given from a seed; who reads the list
// (kernels/cases/list.h) measures values, gradients or time of it without knowing the operator.
// Plain values, any thread.
#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "kernels/ops.h"
#include "kernels/support.h"

namespace hopscope::kernels::cases {

/// A tensor that an operator is given.
struct Given {
    std::string name;
    at::Tensor value;
    bool learns = false;         ///< whether it has a gradient
    bool wide_gradient = false;  ///< of bf16: takes its gradient in fp32
};

using Named = std::pair<std::string, at::Tensor>;

/// One call.
struct Problem {
    std::vector<Given> given;
    std::vector<at::Tensor> pulls;  ///< gradients of the first outputs, those that have one
    /// Calls the operator on tensors in the order of `given`, of which it may change some. The
    /// reference of an operator that has no such form is a formula of LibTorch's operators.
    std::function<std::vector<Named>(const std::vector<at::Tensor>&, Form)> call;

    /// Of that name; undefined where there is none.
    at::Tensor operator[](std::string_view name) const;
};

/// The same numbers in another type, whole numbers left alone, or on another device.
Problem in_type(const Problem& problem, at::ScalarType type);
Problem on_device(const Problem& problem, c10::Device device);

/// How far values and gradients may be from those of the reference in fp64 on the same numbers, as
/// shares of the largest number of the tensor.
struct Tolerance {
    double value = 0, gradient = 0;
};
struct Tolerances {
    Tolerance fp64, fp32, bf16;
    double least = 1e-3;  ///< a tensor of smaller numbers counts as one of these

    const Tolerance& of(at::ScalarType type) const;
};

/// What a case is for; joined by |.
using Uses = unsigned;
inline constexpr Uses kValues = 1;       ///< values and gradients against the reference
inline constexpr Uses kDifferences = 2;  ///< gradients by finite differences: few numbers
inline constexpr Uses kSimt = 4;         ///< CUDA kernels without a GPU, under all orders: small
inline constexpr Uses kSimtLong = 8;     ///< likewise, under few orders
inline constexpr Uses kSpeed = 16;       ///< time

/// Numbers and words that a case is described by, in the order in which they are told.
using Size = std::variant<int64_t, double, std::string>;
using Sizes = std::vector<std::pair<std::string, Size>>;

struct Case {
    std::string name;  ///< unique among those of its operator
    Uses uses = kValues;
    Tolerances within;
    Sizes sizes;
    int64_t tokens = 0;  ///< of one call; 0: tokens are no measure of it
    /// All that the call is given, on the CPU.
    /// @param type of the tensor that the operator asks kernels/support.h about
    std::function<Problem(uint64_t seed, at::ScalarType type)> make;
};

/// "tokens 33, k 4": the sizes of a case, for messages.
std::string text_of(const Sizes& sizes);

struct OperatorCases {
    Operator of;
    std::vector<Case> cases;
    /// Whether the operator promises the same bits for any number of threads, of the output or the
    /// gradient ("grad.X") called `what`, for tensors of that type.
    bool (*steady)(at::ScalarType type, std::string_view what);
};

/// A case as its operator's own file lists it, for readers who know the operator.
template <class Shape>
struct Shaped {
    std::string name;
    Shape shape;
    Uses uses = kValues;
    std::optional<Tolerances> within = {};  ///< without: those of the operator
};

template <class Shape>
OperatorCases listed(Operator of, const std::vector<Shaped<Shape>>& shapes,
                     Case (*make)(const Shaped<Shape>&),
                     bool (*steady)(at::ScalarType, std::string_view)) {
    OperatorCases out{of, {}, steady};
    for (const auto& one : shapes) out.cases.push_back(make(one));
    return out;
}

/// Normal numbers and choices, one after another, from a seed.
class Draw {
  public:
    explicit Draw(uint64_t seed);

    at::Tensor normal(at::IntArrayRef shape, at::ScalarType type = at::kDouble);
    /// k different ones out of `experts` for each token, [T, k].
    at::Tensor choices(int64_t tokens, int64_t k, int64_t experts);

  private:
    at::Generator generator_;
};

/// What sums are made in where matrices are of `type`: fp64 of fp64, else fp32.
constexpr at::ScalarType wide(at::ScalarType type) {
    return type == at::kDouble ? at::kDouble : at::kFloat;
}

}  // namespace hopscope::kernels::cases
