#include "core/bench/decode.h"

#include <ATen/ops/linear.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/zeros.h>
#include <algorithm>
#include <c10/core/GradMode.h>
#include <memory>

#include "core/base/json.h"
#include "core/model/forward.h"
#include "core/model/hop_banks.h"
#include "core/model/moe.h"

namespace hopscope::core {
namespace {

/// Texts at a time, and what has gone before of each.
constexpr int64_t kBatches[] = {1, 4, 16};
constexpr int64_t kTextTokens = 256;
/// As many tokens to come repay every table.
constexpr int64_t kManyTokens = int64_t{1} << 40;

/// A model with what its layers have prepared; shared by all forms.
struct Decoder {
    Model model;
    HopBanks plain, gram;  ///< without tables and with them

    const HopBanks* banks(BenchWay way) const {
        return way == BenchWay::at_once ? &plain : way == BenchWay::gram ? &gram : nullptr;
    }
    bool has(BenchWay way) const {
        const auto* all = banks(way);
        for (int64_t l = 0; all && l < model.config.model.n_layers; ++l)
            if (!all->of(l) || (way == BenchWay::gram && !all->of(l)->seen.defined())) return false;
        return true;
    }
};

std::shared_ptr<Decoder> decoder_of(const BenchSetting& s) {
    Model model = initial_model(s.config, s.config.train.seed);
    model.weights = model.weights.map([&](Group group, const at::Tensor& t) {
        const auto type =
            s.device.precision == Precision::bf16 ? type_under_bf16(group, t) : t.scalar_type();
        return t.to(at::TensorOptions().device(s.device.device).dtype(type));
    });
    HopBanks plain(model, 0), gram(model, kManyTokens);
    return std::make_shared<Decoder>(Decoder{std::move(model), std::move(plain), std::move(gram)});
}

OrderedJson shape_of(const Config& c, const char* part, int64_t batch, int64_t layers) {
    OrderedJson j = {
        {"part", part}, {"batch", batch}, {"d_model", c.model.d_model}, {"layers", layers}};
    if (!c.is_dense()) {
        j["experts"] = c.moe.experts;
        j["top_k"] = c.moe.top_k;
        j["hops"] = c.moe.hops;
    }
    return j;
}

void predict(const Model& model, const at::Tensor& ids, const ForwardOptions& options) {
    const auto hidden = forward(model, ids, options).hidden.view({ids.size(0), ids.size(1), -1});
    at::linear(hidden.select(1, ids.size(1) - 1).to(model.weights.embed.scalar_type()),
               model.weights.embed);
}

/// The whole step. Without the past only for one text: the others are as slow as so many of it.
BenchWork step(const BenchSetting& s, const std::shared_ptr<Decoder>& decoder, int64_t batch) {
    const Config& c = s.config;
    const int64_t behind = std::min(kTextTokens, c.model.max_seq_len - 1);
    const auto ids = at::randint(0, c.model.vocab_size, {batch, behind + 1},
                                 at::TensorOptions().dtype(at::kLong).device(s.device.device));
    const auto last = ids.narrow(1, behind, 1).contiguous();
    const auto past = std::make_shared<Past>(behind + 1);
    {
        const c10::AutoGradMode no_grad(false);
        ForwardOptions options;
        options.past = past.get();
        forward(decoder->model, ids.narrow(1, 0, behind).contiguous(), options);
    }
    BenchWork work{BenchSubject::decode,       batch == 1 ? BenchWay::whole : BenchWay::hop_by_hop,
                   "random numbers",           Direction::forward,
                   static_cast<double>(batch), {}};
    auto shape = shape_of(c, "step", batch, c.model.n_layers);
    shape["vocab_size"] = c.model.vocab_size;
    shape["behind"] = behind;
    for (const BenchWay way :
         {BenchWay::whole, BenchWay::hop_by_hop, BenchWay::at_once, BenchWay::gram}) {
        if (!decoder->has(way) || (way == BenchWay::whole && batch > 1)) continue;
        BenchForm one;
        one.form = way;
        one.shape = shape;
        one.run = [decoder, past, ids, last, way] {
            const c10::AutoGradMode no_grad(false);
            Past to_here = *past;  // each call is the same step
            ForwardOptions options;
            options.hops = decoder->banks(way);
            if (way != BenchWay::whole) options.past = &to_here;
            predict(decoder->model, way == BenchWay::whole ? ids : last, options);
        };
        work.forms.push_back(std::move(one));
    }
    return work;
}

/// One layer's hops alone.
BenchWork layer(BenchSetting& s, const std::shared_ptr<Decoder>& decoder, int64_t batch) {
    BenchWork work{BenchSubject::decode, BenchWay::hop_by_hop,       "random numbers",
                   Direction::forward,   static_cast<double>(batch), {}};
    const auto x = s.random({batch, s.config.model.d_model});
    const TokenBatch tokens{at::zeros({batch}, x.options().dtype(at::kLong)), {1}};
    for (const BenchWay way : {BenchWay::hop_by_hop, BenchWay::at_once, BenchWay::gram}) {
        if (!decoder->has(way)) continue;
        BenchForm one;
        one.form = way;
        one.shape = shape_of(s.config, "moe", batch, 1);
        one.run = [decoder, x, tokens, way] {
            const c10::AutoGradMode no_grad(false);
            ForwardOptions options;
            options.hops = decoder->banks(way);
            moe(decoder->model, 0, x, tokens, options, nullptr);
        };
        work.forms.push_back(std::move(one));
    }
    return work;
}

}  // namespace

BenchWorks decode_work(BenchSetting& s) {
    const auto decoder = decoder_of(s);
    std::vector<BenchWork> out;
    for (const int64_t batch : kBatches) {
        out.push_back(step(s, decoder, batch));
        if (!s.config.is_dense()) out.push_back(layer(s, decoder, batch));
    }
    return out;
}

}  // namespace hopscope::core
