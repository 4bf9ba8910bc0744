// Every value of docs/formats.md#configuration that shapes the model: if these fail, a variant
// trains on a wrong gradient, or its fast form is another function than its reference.
#include "tests/model/variants.h"

#include <ATen/Parallel.h>
#include <algorithm>
#include <c10/core/GradMode.h>
#include <set>

#include "tests/model/tiny.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;

class Variants : public ::testing::TestWithParam<Variant> {
  protected:
    // Matrices of a few elements: a team of threads would only wait for itself.
    Variants() : before_(at::get_num_threads()) { at::set_num_threads(1); }
    ~Variants() override { at::set_num_threads(before_); }

  private:
    int before_;
};

// Half of what a layer adds is what experts of half the size add.
TEST(OutputScale, MultipliesWhatALayerAdds) {
    for (const OutputScale scheme : {OutputScale::per_layer, OutputScale::global}) {
        auto c = tiny();
        c.moe.hops = {1};  // the next hop would read what the first one added
        const auto ids = some_ids(c, 2, 5);
        auto halved = in_fp64(c);
        for (auto& layer : halved.layers) layer.up = layer.up * 0.5;
        const auto expected = forward({c, halved}, ids, {}).hidden;
        c.moe.output_scale = scheme;
        auto scaled = in_fp64(c);
        scaled.for_each([](const std::string&, Group group, at::Tensor& t) {
            if (group == Group::scale) t.fill_(0.5);
        });
        EXPECT_LT(max_abs(forward({c, scaled}, ids, {}).hidden, expected), 1e-12);
    }
}

TEST_P(Variants, GradientsOfTheWholeModelByFiniteDifferences) {
    auto c = tiny();
    GetParam().change(c);
    const auto ids = some_ids(c, 2, 5);
    auto w = in_fp64(c);
    w.for_each([&](const std::string& name, Group group, at::Tensor& t) {
        t = t.detach().clone().set_requires_grad(learns(c, name, group));
    });
    loss_of({c, w}, ids, kernels::Form::fused).backward();
    constexpr double kStep = 1e-6;
    w.for_each([&](const std::string& name, Group, at::Tensor& t) {
        if (!t.requires_grad()) return;
        ASSERT_TRUE(t.grad().defined()) << name;
        // A few elements of each tensor: the operators' own tests cover every element.
        auto flat = t.detach().view({-1});
        double* p = flat.mutable_data_ptr<double>();
        const auto grad = t.grad().contiguous();
        for (int64_t j = 0; j < flat.numel(); j += std::max<int64_t>(1, flat.numel() / 4)) {
            const double keep = p[j];
            const c10::AutoGradMode no_grad(false);
            p[j] = keep + kStep;
            const double above = loss_of({c, w}, ids, kernels::Form::reference).item().toDouble();
            p[j] = keep - kStep;
            const double below = loss_of({c, w}, ids, kernels::Form::reference).item().toDouble();
            p[j] = keep;
            const double numeric = (above - below) / (2 * kStep);
            EXPECT_NEAR(grad.const_data_ptr<double>()[j], numeric,
                        2e-5 * std::max(1.0, std::abs(numeric)))
                << name << " element " << j;
        }
    });
}

TEST_P(Variants, ReferenceAndFusedFormsAgree) {
    auto c = tiny();
    GetParam().change(c);
    const c10::AutoGradMode no_grad(false);
    const auto w = in_fp64(c);
    const auto ids = some_ids(c, 2, 7);
    EXPECT_NEAR(loss_of({c, w}, ids, kernels::Form::fused).item().toDouble(),
                loss_of({c, w}, ids, kernels::Form::reference).item().toDouble(), 1e-9);
}

// Wrong if a router were tested nowhere.
TEST(TableOfVariants, HasEveryRouter) {
    std::set<RouterKind> tested;
    for (const Variant& variant : kVariants) {
        Config config;
        variant.change(config);
        tested.insert(config.moe.router);
    }
    for (const RouterTraits& router : kRouters)
        EXPECT_TRUE(tested.contains(router.kind)) << word(router.kind);
}

INSTANTIATE_TEST_SUITE_P(Science, Variants, ::testing::ValuesIn(kVariants),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
