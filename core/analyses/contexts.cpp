// Analysis `contexts`: in which text does each expert act?
#include "core/analyses/contexts.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/matmul.h>
#include <algorithm>
#include <c10/core/GradMode.h>
#include <cmath>
#include <numeric>

#include "core/analyses/measured.h"
#include "core/api/needs.h"
#include "core/base/random.h"
#include "core/measure/each_batch.h"
#include "core/model/forward.h"
#include "core/text/words.h"
#include "kernels/reference/reference.h"

namespace hopscope::core::analysis {
namespace {

/// Tokens whose expert rows are gathered at a time, so that they stay near the processor.
constexpr int64_t kChunk = 256;

/// ‖expert(h)‖ of each choice, [A, k]: the rows that an expert writes enter by their products.
at::Tensor written_norms(const ExpertCall& call, const at::Tensor& h, const at::Tensor& idx) {
    if (call.bank.kind == kernels::ExpertKind::fixed)
        return at::linalg_vector_norm(call.bank.value, 2, at::IntArrayRef{-1})
            .index_select(0, idx.reshape({-1}))
            .view(idx.sizes());
    const auto act = kernels::reference::activations(h, idx, call.bank);  // [A, k, r]
    const auto products = at::matmul(call.bank.up, call.bank.up.transpose(1, 2))
                              .index_select(0, idx.reshape({-1}))
                              .view({idx.size(0), idx.size(1), act.size(2), act.size(2)});
    return (at::matmul(products, act.unsqueeze(-1)).squeeze(-1) * act).sum(-1).clamp_min(0).sqrt();
}

class UseProbe : public Probe {
  public:
    UseProbe(int64_t layers, int64_t experts)
        : uses(static_cast<size_t>(layers),
               std::vector<std::vector<ExpertUse>>(static_cast<size_t>(experts))) {}

    void after_experts(int64_t layer, int64_t hop, const ExpertCall& call, at::Tensor&) override {
        const int64_t rows = call.h.size(0), k = call.route.idx.size(1);
        for (int64_t from = 0; from < rows; from += kChunk) {
            const int64_t n = std::min(kChunk, rows - from);
            const auto idx = call.route.idx.narrow(0, from, n);
            const auto weight = call.used.narrow(0, from, n).to(at::kFloat).cpu().contiguous();
            const auto strength =
                (written_norms(call, call.h.narrow(0, from, n), idx).to(at::kFloat).cpu() *
                 weight.abs())
                    .contiguous();
            const auto chosen = (idx + call.pool_offset).cpu().contiguous();
            for (int64_t i = 0; i < n * k; ++i)
                uses[static_cast<size_t>(layer)]
                    [static_cast<size_t>(chosen.const_data_ptr<int64_t>()[i])]
                        .push_back({static_cast<int32_t>(first_token + from + i / k),
                                    static_cast<int16_t>(hop), strength.const_data_ptr<float>()[i],
                                    weight.const_data_ptr<float>()[i]});
        }
    }

    int64_t first_token = 0;                                ///< of the batch that runs
    std::vector<std::vector<std::vector<ExpertUse>>> uses;  ///< [layers][M]
};

}  // namespace

ExpertContexts contexts_of(std::vector<ExpertUse> uses, size_t top, size_t parts, Random& random) {
    ExpertContexts out;
    out.uses = static_cast<int64_t>(uses.size());
    std::stable_sort(uses.begin(), uses.end(), [](const ExpertUse& a, const ExpertUse& b) {
        return a.strength > b.strength;
    });
    out.top.assign(uses.begin(),
                   uses.begin() + static_cast<std::ptrdiff_t>(std::min(top, uses.size())));
    if (uses.size() < parts) return out;
    for (size_t p = 0; p < parts; ++p) {
        const size_t from = uses.size() * p / parts, to = uses.size() * (p + 1) / parts;
        out.sample.push_back(uses[from + random.below(to - from)]);
    }
    return out;
}

Result<std::vector<std::vector<ExpertContexts>>> expert_contexts(const Model& model,
                                                                 const BatchSource& source,
                                                                 int64_t batches, size_t top,
                                                                 size_t parts, uint64_t seed,
                                                                 const Progress& progress) {
    if (const auto why = missing(Need::experts, model.config)) return usage_error(*why);
    const c10::AutoGradMode no_grad(false);
    UseProbe probe(model.config.model.n_layers, model.config.moe.experts);
    ForwardOptions options;
    options.probe = &probe;
    const int64_t n = std::min(batches, source.eval_batches());
    const auto done = each_batch(source, n, model.weights.embed.device(), "uses of experts, batch",
                                 progress, [&](int64_t i, const BatchTensors& batch) {
                                     probe.first_token = i * source.batch() * source.seq_len();
                                     forward(model, batch.ids, options);
                                 });
    if (!done) return done.error();
    Random random(seed);
    std::vector<std::vector<ExpertContexts>> out;
    for (auto& layer : probe.uses) {
        auto& to = out.emplace_back();
        for (auto& uses : layer) to.push_back(contexts_of(std::move(uses), top, parts, random));
    }
    return out;
}

namespace {

constexpr int64_t kContextBatches = 20;
/// Of a layer, those used most: an expert takes some 3 KB of the document. The table has all.
constexpr size_t kListedExperts = 256;
constexpr int64_t kWindowBefore = 10, kWindowAfter = 4;  ///< tokens

/// Tokens [from, to) as text: space marks as blanks, ends of lines as such.
std::string text_of(const Tokenizer& tokenizer, const std::vector<int32_t>& ids, int64_t from,
                    int64_t to) {
    std::string out;
    for (int64_t i = from; i < to; ++i) {
        const int32_t id = ids[static_cast<size_t>(i)];
        out += id == tokenizer.newline_id() ? "\n" : without_marks(spelled(tokenizer.piece(id)));
    }
    return out;
}

/// Five digits are enough for a ranking, and keep the document small.
double five_digits(float x) {
    return std::round(static_cast<double>(x) * 1e5) / 1e5;
}

/// A list of that name of the expert's object, and a row each.
void add_uses(Fields& expert, const char* kind, int64_t layer, int64_t id,
              const std::vector<ExpertUse>& uses, const ContextText& where, Table& table) {
    expert.list(kind);
    for (const auto& use : uses) {
        const int64_t t = use.token;
        const auto [begin, end] = where.bounds(t);
        Fields row;
        row.place("layer", layer)
            .place("expert", id)
            .cell("kind", std::string(kind))
            .number("strength", five_digits(use.strength))
            .number("weight", five_digits(use.weight))
            .count("hop", use.hop)
            .text("before", where.text(std::max(begin, t - kWindowBefore), t))
            .text("token", where.text(t, t + 1))
            .text("after", where.text(t + 1, std::min(end, t + 1 + kWindowAfter)));
        expert.add(kind, row);
        table.add(row);
    }
}

/// [experts] whether it is among the most used.
std::vector<char> most_used(const std::vector<ExpertContexts>& experts) {
    std::vector<size_t> order(experts.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return experts[a].uses > experts[b].uses; });
    std::vector<char> out(experts.size(), 0);
    for (size_t i = 0; i < std::min(order.size(), kListedExperts); ++i) out[order[i]] = 1;
    return out;
}

}  // namespace

std::string without_marks(std::string_view piece) {
    std::string out;
    for (size_t at = 0; at < piece.size();) {
        const bool mark = piece.compare(at, kSpaceMark.size(), kSpaceMark) == 0;
        out += mark ? ' ' : piece[at];
        at += mark ? kSpaceMark.size() : 1;
    }
    return out;
}

Fields contexts_layer(int64_t layer, const std::vector<ExpertContexts>& experts,
                      const ContextText& text, Table& table) {
    const auto listed = most_used(experts);
    Fields out;
    out.list("experts");
    int64_t used = 0, shown = 0;
    for (size_t e = 0; e < experts.size(); ++e) {
        if (experts[e].uses == 0) continue;
        const auto id = static_cast<int64_t>(e);
        Fields expert;
        expert.count("id", id).count("uses", experts[e].uses);
        add_uses(expert, "top", layer, id, experts[e].top, text, table);
        add_uses(expert, "sample", layer, id, experts[e].sample, text, table);
        ++used;
        if (!listed[e]) continue;
        ++shown;
        out.add("experts", expert);
    }
    out.count("experts_used", used).count("experts_listed", shown);
    return out;
}

namespace {

Result<AnalysisOutput> contexts(const AnalysisContext& context) {
    const auto& run = context.measured->run();
    auto source = context.measured->source(context.progress, kContextBatches);
    if (!source) return source.error();
    auto text = context.measured->text(context);
    if (!text) return text.error();
    auto layers = expert_contexts(run.model, **source, kContextBatches, kTopUses, kRankParts,
                                  context.seed, context.progress);
    if (!layers) return layers.error();
    const int64_t length = (*source)->seq_len();
    AnalysisOutput out;
    out.n = std::min(kContextBatches, (*source)->eval_batches()) * (*source)->batch() * length;
    const ContextText where{
        [&](int64_t from, int64_t to) { return text_of(run.tokenizer, (*text)->ids, from, to); },
        [&](int64_t token) {
            const int64_t begin = token / length * length;
            return std::pair(begin, begin + length);
        }};
    for (size_t l = 0; l < layers->size(); ++l)
        out.result.add("layers",
                       contexts_layer(static_cast<int64_t>(l), (*layers)[l], where, out.table()));
    return out;
}

}  // namespace

extern const Analysis kContexts{
    "contexts",
    {Need::model, Need::experts},
    "for each expert the 5 uses, and one drawn from each fifth of all uses by rank, of the first "
    "20 batches by strength = |weight · expert(h)|, the norm of what it added, with the 10 tokens "
    "before and 4 after: of the 256 most used experts of a layer, in the table of all that were "
    "used. n: tokens.",
    contexts};

}  // namespace hopscope::core::analysis
