// If these fail, a text that is read token by token is not the text that is read at once, and what
// is generated is not what the model says.
#include <ATen/Parallel.h>
#include <ATen/ops/cat.h>
#include <c10/core/GradMode.h>

#include "tests/model/tiny.h"
#include "tests/model/variants.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;

/// Hidden states [B, T, d] of a pass over pieces of these lengths, each behind the last.
at::Tensor in_pieces(const Model& model, const at::Tensor& ids, const std::vector<int64_t>& pieces,
                     ForwardOptions options) {
    Past past(ids.size(1));
    options.past = &past;
    std::vector<at::Tensor> out;
    for (const int64_t tokens : pieces) {
        const auto part = ids.narrow(1, past.length(), tokens).contiguous();
        out.push_back(forward(model, part, options).hidden.view({ids.size(0), tokens, -1}));
    }
    EXPECT_EQ(past.length(), ids.size(1));
    return at::cat(out, 1);
}

at::Tensor at_once(const Model& model, const at::Tensor& ids, const ForwardOptions& options) {
    return forward(model, ids, options).hidden.view({ids.size(0), ids.size(1), -1});
}

class PastOf : public ::testing::TestWithParam<Variant> {
  protected:
    PastOf() : before_(at::get_num_threads()) { at::set_num_threads(1); }
    ~PastOf() override { at::set_num_threads(before_); }
    const c10::AutoGradMode no_grad_{false};

  private:
    int before_;
};

TEST_P(PastOf, PiecesOfATextAreTheText) {
    auto c = tiny();
    GetParam().change(c);
    const auto ids = some_ids(c, 2, 9);
    const Model wide{c, in_fp64(c)}, single = initial_model(c, 4);
    for (const auto form : {kernels::Form::fused, kernels::Form::reference}) {
        ForwardOptions options;
        options.form = form;
        const auto whole = at_once(wide, ids, options);
        for (const auto& pieces : std::vector<std::vector<int64_t>>{
                 {9}, {4, 1, 1, 3}, {1, 1, 1, 1, 1, 1, 1, 1, 1}, {1, 8}})
            EXPECT_LT(max_abs(in_pieces(wide, ids, pieces, options), whole), 1e-12)
                << pieces.size() << " pieces";
        EXPECT_LT(max_abs(in_pieces(single, ids, {5, 1, 1, 1, 1}, options),
                          at_once(single, ids, options)),
                  5e-6);
    }
}

// Wrong if a rule that counts tokens began anew with each piece.
TEST_P(PastOf, HaltingCountsTheTokensOfTheText) {
    auto c = tiny();
    GetParam().change(c);
    if (c.model.is_dense()) return;
    const auto ids = some_ids(c, 2, 9);
    const Model model{c, in_fp64(c)};
    ForwardOptions options;
    options.changes.halt_epsilon = 0.8;
    options.changes.halt_tokens = {3, 6};
    EXPECT_LT(max_abs(in_pieces(model, ids, {4, 1, 1, 3}, options), at_once(model, ids, options)),
              1e-12);
    options.changes.halt_epsilon = -1;
    options.changes.max_hops = {1, 2};
    EXPECT_LT(max_abs(in_pieces(model, ids, {4, 1, 1, 3}, options), at_once(model, ids, options)),
              1e-12);
}

INSTANTIATE_TEST_SUITE_P(Science, PastOf, ::testing::ValuesIn(kVariants),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(Past, FirstPassIsThePassWithoutAPastBitForBit) {
    const auto c = tiny();
    const c10::AutoGradMode no_grad(false);
    const Model model = initial_model(c, 3);
    const auto ids = some_ids(c, 2, 9);
    EXPECT_TRUE(in_pieces(model, ids, {9}, {}).equal(at_once(model, ids, {})));
}

// Wrong if matrices of bf16 lost digits in the past that they have not lost in one pass.
TEST(Past, OfNarrowMatricesFollowsOnePass) {
    const auto c = tiny();
    const c10::AutoGradMode no_grad(false);
    const auto narrow = init_weights(c, 3).map(
        [](Group group, const at::Tensor& t) { return t.to(type_under_bf16(group, t)); });
    const auto ids = some_ids(c, 2, 9);
    EXPECT_LT(max_abs(in_pieces({c, narrow}, ids, {4, 1, 1, 3}, {}), at_once({c, narrow}, ids, {})),
              0.02);
}

TEST(Past, RefusesMoreThanItHasRoomFor) {
    const auto c = tiny();
    const c10::AutoGradMode no_grad(false);
    const Model model = initial_model(c, 3);
    Past past(5);
    ForwardOptions options;
    options.past = &past;
    forward(model, some_ids(c, 1, 4), options);
    EXPECT_THROW(forward(model, some_ids(c, 1, 2), options), c10::Error);
    EXPECT_EQ(past.length(), 4) << "a pass that failed is not past";
    forward(model, some_ids(c, 1, 1), options);
    EXPECT_EQ(past.length(), 5);
}

}  // namespace
