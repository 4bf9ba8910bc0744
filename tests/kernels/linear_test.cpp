// If these fail, dense layers that read the same rows are not x Wᵀ + b each, their gradients are
// those of another function, or bf16 has cost more digits than rounding each number once.
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/autograd.h>

#include "kernels/ops.h"
#include "tests/kernels/helpers.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;
using kernels::Form;
using kernels::LinearLayer;

/// Layers of these widths that read rows of d numbers, every other one with a bias, the last one
/// stored transposed.
struct LinearProblem {
    at::Tensor x;
    std::vector<LinearLayer> layers;
    std::vector<at::Tensor> pulls;

    LinearProblem(int64_t tokens, int64_t d, const std::vector<int64_t>& widths) {
        x = randn({tokens, d}, 1);
        for (size_t i = 0; i < widths.size(); ++i) {
            const bool last = i + 1 == widths.size();
            const int64_t n = widths[i];
            const auto w = last ? randn({d, n}, 10 + i).t() : randn({n, d}, 10 + i);
            layers.push_back({w, i % 2 == 0 ? randn({n}, 20 + i) : at::Tensor()});
            pulls.push_back(randn({tokens, n}, 30 + i));
        }
    }

    /// The same numbers, rounded to bf16 where a product reads them, in `type`.
    LinearProblem rounded(at::ScalarType weights, at::ScalarType rows) const {
        LinearProblem out = *this;
        const auto round = [](const at::Tensor& t) { return t.to(at::kBFloat16); };
        out.x = round(x).to(rows);
        for (auto& layer : out.layers) {
            layer.weight = round(layer.weight).to(weights);
            if (layer.bias.defined())
                layer.bias =
                    layer.bias.to(at::kFloat).to(weights == at::kDouble ? at::kDouble : at::kFloat);
        }
        for (auto& pull : out.pulls) pull = round(pull);
        return out;
    }
};

struct LinearFound {
    std::vector<at::Tensor> y, gradients;  ///< of x, then weights, then biases
};

LinearFound run_layers(const LinearProblem& p, bool wide, Form form) {
    const auto leaf = [](const at::Tensor& t) {
        auto out = t.detach().set_requires_grad(true);
        if (t.scalar_type() == at::kBFloat16 && t.dim() == 2) out.set_grad_dtype(at::kFloat);
        return out;
    };
    const auto x = p.x.detach().set_requires_grad(true);
    std::vector<LinearLayer> layers;
    for (const auto& layer : p.layers)
        layers.push_back(
            {leaf(layer.weight), layer.bias.defined() ? leaf(layer.bias) : at::Tensor()});
    LinearFound out{kernels::linear(x, layers, wide, form), {}};
    std::vector<at::Tensor> pulls;
    for (size_t i = 0; i < out.y.size(); ++i)
        pulls.push_back(p.pulls[i].to(out.y[i].scalar_type()));
    torch::autograd::backward(out.y, pulls);
    out.gradients.push_back(x.grad());
    for (const auto& layer : layers) out.gradients.push_back(layer.weight.grad());
    for (const auto& layer : layers)
        if (layer.bias.defined()) out.gradients.push_back(layer.bias.grad());
    return out;
}

void expect_near(const at::Tensor& found, const at::Tensor& exact, double share,
                 const std::string& what) {
    const double most = exact.abs().max().item().toDouble();
    EXPECT_LT(max_abs(found.detach(), exact.detach()), share * most) << what;
}

TEST(Linear, IsTheFormulaAndItsGradient) {
    const LinearProblem p(5, 3, {2, 4, 2});
    std::vector<at::Tensor> inputs = {p.x, p.layers[0].weight, p.layers[0].bias,
                                      p.layers[1].weight};
    expect_gradient("linear", inputs, [&](const std::vector<at::Tensor>& in) {
        const auto y = kernels::linear(in[0], {{in[1], in[2]}, {in[3], {}}});
        return (y[0] * p.pulls[0]).sum() + (y[1] * p.pulls[1]).sum();
    });
    const auto y = kernels::linear(p.x, p.layers);
    EXPECT_LT(max_abs(y[0], at::matmul(p.x, p.layers[0].weight.t()) + p.layers[0].bias), 1e-12);
}

// Of rows that end within a block and widths that end within one; the formula on the same rounded
// numbers differs by the one rounding of what leaves the operator.
TEST(Linear, NarrowTypesEqualTheFormula) {
    // Elsewhere LibTorch's operator rounds its results, and sums of several, to bf16.
    const double unrounded = kernels::multiplies_bf16_in_pairs() ? 1e-5 : 0x1p-6;
    for (const int64_t tokens : {1, 64, 131})
        for (const auto rows : {at::kFloat, at::kBFloat16}) {
            const LinearProblem p(tokens, 40, {72, 6, 64});
            const auto exact =
                run_layers(p.rounded(at::kDouble, at::kDouble), false, Form::reference);
            for (const bool wide : {false, true}) {
                const auto found = run_layers(p.rounded(at::kBFloat16, rows), wide, Form::fused);
                for (size_t i = 0; i < found.y.size(); ++i) {
                    EXPECT_EQ(found.y[i].scalar_type(), wide ? at::kFloat : at::kBFloat16);
                    expect_near(found.y[i], exact.y[i], wide ? unrounded : 0x1p-8, "y");
                }
                EXPECT_EQ(found.gradients[0].scalar_type(), rows);
                for (size_t i = 0; i < found.gradients.size(); ++i)
                    expect_near(
                        found.gradients[i], exact.gradients[i],
                        rows == at::kFloat || i > 0 ? unrounded : std::max(unrounded, 0x1p-8),
                        "gradient " + std::to_string(i));
            }
        }
}

TEST(Linear, SizesThatDoNotFitPairsAreTaken) {
    for (const auto& [d, n] : std::vector<std::pair<int64_t, int64_t>>{{7, 6}, {6, 7}, {1, 1}}) {
        const LinearProblem p(9, d, {n, n});
        const auto exact = run_layers(p.rounded(at::kDouble, at::kDouble), true, Form::reference);
        const auto found = run_layers(p.rounded(at::kBFloat16, at::kFloat), true, Form::fused);
        for (size_t i = 0; i < found.y.size(); ++i)
            expect_near(found.y[i], exact.y[i], 0.02, "y of " + std::to_string(d));
    }
}

TEST(Linear, NoRowsAreTaken) {
    const auto found = run_layers(LinearProblem(0, 4, {6, 8}).rounded(at::kBFloat16, at::kFloat),
                                  true, Form::fused);
    EXPECT_EQ(found.y[0].sizes(), (std::vector<int64_t>{0, 6}));
    for (size_t i = 1; i < 3; ++i)
        EXPECT_EQ(found.gradients[i].abs().sum().item().toDouble(), 0) << "of no rows";
}

TEST(Linear, DoesNotDependOnThreads) {
    const auto p = LinearProblem(300, 70, {130, 64}).rounded(at::kBFloat16, at::kFloat);
    const auto with = [&](int threads) {
        const int before = at::get_num_threads();
        at::set_num_threads(threads);
        auto out = run_layers(p, false, Form::fused);
        at::set_num_threads(before);
        return out;
    };
    const auto one = with(1);
    for (const int threads : {2, 5}) {
        const auto more = with(threads);
        for (size_t i = 0; i < one.y.size(); ++i) EXPECT_TRUE(one.y[i].equal(more.y[i]));
        // Sums of biases are LibTorch's.
        for (size_t i = 0; i < 3; ++i)
            EXPECT_TRUE(one.gradients[i].equal(more.gradients[i])) << threads << " " << i;
    }
}

}  // namespace
