// If these fail, `router_gradient` says of a router that it is trained by what does not train it
// [def:router_gradient].
#include "core/measure/router_gradient.h"

#include <ATen/ops/equal.h>
#include <cmath>
#include <map>

#include "core/model/forward.h"
#include "core/train/batch_tensors.h"
#include "core/train/loss.h"
#include "tests/measure/batches.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;

/// Length of the gradient of `loss` with respect to layer 0's router tensors, by autograd over all
/// weights at once.
template <class Loss>
double by_autograd(const Config& c, const Weights& w, const BatchSource& source, Loss loss) {
    const Model leaves{c, w.map([&](const std::string& name, Group group, const at::Tensor& t) {
                           return t.detach().clone().set_requires_grad(learns(c, name, group));
                       })};
    const auto batch = eval_tensors(source, 0, at::kCPU);
    loss(leaves, forward(leaves, batch.ids, {}), batch.targets).backward();
    double squares = 0;
    leaves.weights.for_each([&](const std::string& name, Group, const at::Tensor& t) {
        if (name.starts_with("layers.0.router.") && t.grad().defined())
            squares += t.grad().to(at::kDouble).square().sum().item().toDouble();
    });
    return std::sqrt(squares);
}

TEST(RouterGradient, PartsAreThoseOfTheLoss) {
    for (const bool linear : {false, true}) {
        auto c = linear ? linear_model() : tiny();
        c.moe.z_loss = 0.01;
        c.train.balance_alpha = 0.3;
        const Batches data(c);
        const auto w = init_weights(c, 7);
        const auto found = router_gradient({c, w}, *data.source, 1, kQuiet);
        ASSERT_TRUE(found.ok()) << found.error().message;
        ASSERT_EQ(found->size(), 3u) << "two layers and all";
        const RouterGradient& g = (*found)[0];
        ASSERT_EQ(g.task.size(), 1u);
        const auto near = [](double x, double y) { EXPECT_NEAR(x, y, 1e-5 * std::max(1.0, y)); };
        near(g.task[0], by_autograd(c, w, *data.source,
                                    [](const Model& m, const ForwardOut& out, const at::Tensor& t) {
                                        return training_loss(m, out, t).nll;
                                    }));
        near(g.balance[0],
             by_autograd(c, w, *data.source, [](const Model&, const ForwardOut& out, const auto&) {
                 return out.balance * 0.3;
             }));
        near(g.z[0],
             by_autograd(c, w, *data.source, [](const Model&, const ForwardOut& out, const auto&) {
                 return out.z * 0.01;
             }));
        near(g.all[0], by_autograd(c, w, *data.source,
                                   [](const Model& m, const ForwardOut& out, const at::Tensor& t) {
                                       return training_loss(m, out, t).total;
                                   }));
        EXPECT_GT(g.task[0], 0);
        EXPECT_GT(g.balance[0], 0);
        const RouterGradient& all = found->back();
        EXPECT_NEAR(all.task[0], std::hypot(g.task[0], (*found)[1].task[0]), 1e-9);
    }
}

TEST(RouterGradient, RenormalisedTopOneIsTrainedByTheBalanceTermAlone) {
    auto c = linear_model();
    c.moe.top_k = 1;
    c.moe.renormalise = Renormalise::yes;
    const Batches data(c);
    const auto w = init_weights(c, 7);
    const auto weight_one = router_gradient({c, w}, *data.source, 2, kQuiet);
    ASSERT_TRUE(weight_one.ok());
    EXPECT_EQ(weight_one->back().task.size(), 2u);
    EXPECT_GT(weight_one->back().balance[0], 0);
    c.moe.renormalise = Renormalise::no;
    const auto raw = router_gradient({c, w}, *data.source, 1, kQuiet);
    ASSERT_TRUE(raw.ok());
    EXPECT_LT(weight_one->back().task[0], 1e-3 * raw->back().task[0]);
    c.moe.balance = Balance::none;
    const auto none = router_gradient({c, w}, *data.source, 1, kQuiet);
    ASSERT_TRUE(none.ok());
    EXPECT_EQ(none->back().balance[0], 0) << "the balance term is not in this loss";
    EXPECT_TRUE(std::isnan(none->back().cosine[0]));
}

TEST(RouterGradient, LeavesTheModelAsItIs) {
    const auto c = tiny();
    const Batches data(c);
    // As a run in training has them: leaves that wait for gradients.
    const auto w =
        init_weights(c, 7).map([&](const std::string& name, Group g, const at::Tensor& t) {
            return t.detach().clone().set_requires_grad(learns(c, name, g));
        });
    std::map<std::string, at::Tensor> before;
    w.for_each([&](const std::string& name, Group, const at::Tensor& t) {
        before[name] = t.detach().clone();
    });
    ASSERT_TRUE(router_gradient({c, w}, *data.source, 2, kQuiet).ok());
    w.for_each([&](const std::string& name, Group, const at::Tensor& t) {
        EXPECT_TRUE(at::equal(t, before.at(name))) << name;
        EXPECT_FALSE(t.grad().defined()) << name;
    });
}

TEST(RouterGradient, OfWhatDoesNotLearnIsRefused) {
    auto c = tiny();
    c.moe.router = RouterKind::hash;
    const Batches data(c);
    EXPECT_FALSE(router_gradient({c, init_weights(c, 1)}, *data.source, 1, kQuiet).ok());
}

}  // namespace
