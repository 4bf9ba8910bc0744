#include "core/probe/trace.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/_log_softmax.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/tensor.h>
#include <algorithm>
#include <c10/core/GradMode.h>
#include <cmath>

#include "core/base/utf8.h"
#include "core/model/sound.h"
#include "core/probe/intervention_probe.h"
#include "kernels/cpu/route.h"
#include "kernels/ops.h"

namespace hopscope::core {
namespace {

constexpr int64_t kNextTokens = 10;

std::vector<int64_t> integers(const at::Tensor& t) {
    const auto c = t.detach().to(at::kCPU, at::kLong).contiguous();
    const int64_t* p = c.const_data_ptr<int64_t>();
    return {p, p + c.numel()};
}

std::vector<float> row_norms(const at::Tensor& t) {
    return floats(at::linalg_vector_norm(t, 2, at::IntArrayRef{-1}));
}

TraceHop empty_hop(int64_t tokens, int64_t k) {
    const auto t = static_cast<size_t>(tokens);
    TraceHop hop;
    hop.top_k = k;
    hop.experts.assign(t * static_cast<size_t>(k), -1);
    hop.weights.assign(t * static_cast<size_t>(k), kNaN);
    for (auto* v : {&hop.entropy, &hop.max_prob, &hop.update_norm, &hop.halt_ratio})
        v->assign(t, kNaN);
    hop.executed.assign(t, 0);
    return hop;
}

}  // namespace

std::vector<float> floats(const at::Tensor& t) {
    const auto c = t.detach().to(at::kCPU, at::kFloat).contiguous();
    const float* p = c.const_data_ptr<float>();
    return {p, p + c.numel()};
}

TraceLayer& TraceProbe::at_layer(int64_t layer) {
    if (static_cast<size_t>(layer) >= layers_.size())
        layers_.resize(static_cast<size_t>(layer) + 1);
    return layers_[static_cast<size_t>(layer)];
}

void TraceProbe::attention(int64_t layer, const at::Tensor& out) {
    at_layer(layer).attention_norm = row_norms(out);
}

void TraceProbe::update(int64_t layer, const at::Tensor& out) {
    at_layer(layer).update_norm = row_norms(out);
}

void TraceProbe::after_hop(int64_t layer, int64_t, const HopRecord& r) {
    // Linear and hash routers have no positions, hash routers no probabilities.
    const bool placed = r.route.pos.defined(), scored = r.route.entropy.defined();
    const int64_t k = r.route.idx.size(1), s = placed ? r.route.pos.size(1) : 0;
    const int64_t active = r.route.idx.size(0);
    auto hop = empty_hop(tokens_, k);
    hop.d_space = s;
    hop.pool_offset = r.pool_offset;
    if (positions_ && placed) hop.position.assign(static_cast<size_t>(tokens_ * s), kNaN);
    const auto idx = integers(r.route.idx);
    const auto of = [](bool there, const at::Tensor& t) {
        return there ? floats(t) : std::vector<float>();
    };
    const auto weight = floats(r.route.weight), entropy = of(scored, r.route.entropy),
               max_p = of(scored, r.route.max_p), pos = of(positions_ && placed, r.route.pos);
    const auto norm = row_norms(r.update), ratio = floats(r.ratio);
    const auto rows = r.rows.defined() ? integers(r.rows) : std::vector<int64_t>();
    for (int64_t a = 0; a < active; ++a) {
        const auto from = static_cast<size_t>(a),
                   to = static_cast<size_t>(r.rows.defined() ? rows[from] : a);
        for (size_t j = 0; j < static_cast<size_t>(k); ++j) {
            hop.experts[to * static_cast<size_t>(k) + j] =
                static_cast<int32_t>(r.pool_offset + idx[from * static_cast<size_t>(k) + j]);
            hop.weights[to * static_cast<size_t>(k) + j] =
                weight[from * static_cast<size_t>(k) + j];
        }
        if (scored) {
            hop.entropy[to] = entropy[from];
            hop.max_prob[to] = max_p[from];
        }
        hop.update_norm[to] = norm[from];
        hop.halt_ratio[to] = ratio[from];
        hop.executed[to] = 1;
        if (!pos.empty())
            std::copy_n(pos.begin() + static_cast<std::ptrdiff_t>(from) * s, s,
                        hop.position.begin() + static_cast<std::ptrdiff_t>(to) * s);
    }
    at_layer(layer).hops.push_back(std::move(hop));
}

std::vector<TraceLayer> TraceProbe::take(const Config& config) {
    if (!config.is_dense())
        for (size_t l = 0; l < layers_.size(); ++l)
            while (layers_[l].hops.size() <
                   static_cast<size_t>(config.moe.hops_of(static_cast<int64_t>(l))))
                layers_[l].hops.push_back(empty_hop(tokens_, config.moe.top_k));
    return std::move(layers_);
}

TracedPass traced_pass(const Model& edited, const Plan& plan, const at::Tensor& ids,
                       bool positions) {
    TraceProbe probe(ids.numel(), positions);
    InterventionProbe changes(edited, plan, {ids.size(1)});
    ProbeChain both({&changes, &probe});
    ForwardOptions options;
    options.changes = plan.changes;
    options.probe = plan.actions.empty() ? static_cast<Probe*>(&probe) : &both;
    auto hidden = forward(edited, ids, options).hidden;
    return {std::move(hidden), probe.take(edited.config)};
}

at::Tensor token_log_p(const Weights& weights, const at::Tensor& hidden) {
    const auto logits =
        at::linear(hidden.to(weights.embed.scalar_type()), weights.embed).to(at::kFloat);
    return at::_log_softmax(logits, -1, false);
}

std::vector<float> target_nll(const at::Tensor& log_p, const at::Tensor& targets) {
    return floats(
        -log_p.narrow(0, 0, targets.size(0)).gather(1, targets.unsqueeze(-1)).squeeze(-1));
}

std::vector<float> nll_of_targets(const Weights& weights, const at::Tensor& hidden,
                                  const at::Tensor& targets) {
    const auto head =
        kernels::classifier(hidden.to(weights.embed.scalar_type()), weights.embed, targets);
    return floats(head.nll);
}

std::vector<std::vector<NextToken>> top_tokens_of_rows(const at::Tensor& log_p,
                                                       const Tokenizer& tokenizer, int64_t n) {
    const auto rows = log_p.detach().to(at::kCPU, at::kFloat).contiguous();
    // The n best of thousands: whole rows need not be sorted.
    const auto best = kernels::cpu::top_k(rows, std::min(n, rows.size(1)));
    const auto v = floats(rows.gather(1, best));
    const auto ids = integers(best);
    const auto width = static_cast<size_t>(best.size(1));
    std::vector<std::vector<NextToken>> out(static_cast<size_t>(rows.size(0)));
    for (size_t i = 0; i < v.size(); ++i) {
        const auto token = static_cast<int32_t>(ids[i]);
        out[i / width].push_back({token, tokenizer.piece(token), std::exp(v[i])});
    }
    return out;
}

std::vector<NextToken> top_tokens(const at::Tensor& log_p, const Tokenizer& tokenizer, int64_t n) {
    return std::move(top_tokens_of_rows(log_p.unsqueeze(0), tokenizer, n).front());
}

namespace {

/// A prompt of so many bytes is read to say how many tokens it has, even where its size alone
/// would tell that it is too long.
constexpr size_t kReadAnyway = size_t{64} << 10;

/// No newline token after the last line [def:text_to_tokens]: a file's last line end is none of the
/// prompt.
std::string_view without_last_end(std::string_view prompt) {
    if (prompt.ends_with('\n')) prompt.remove_suffix(1);
    return prompt;
}

/// Of a large prompt that has too many tokens however it is read: how many at least. 0: it has to
/// be read. Reading takes some 300 bytes of memory a token.
int64_t least_tokens(const Config& config, const Tokenizer& tokenizer, const std::string& prompt) {
    const std::string_view text = without_last_end(prompt);
    const auto most = tokenizer.most_bytes_of_token();
    if (!most || text.size() <= kReadAnyway) return 0;
    // The line of a separator is one token with its end, "\r\n".
    const size_t most_bytes =
        std::max(static_cast<size_t>(*most), config.data.separator.size() + 2);
    const auto least = static_cast<int64_t>((text.size() + most_bytes - 1) / most_bytes);
    return least > config.model.max_seq_len && !find_bad_utf8(text) ? least : 0;
}

Error too_many_tokens(const std::string& tokens, int64_t limit) {
    return usage_error("the prompt has " + tokens + " tokens, the model takes " +
                       std::to_string(limit) + " (model.max_seq_len); shorten it, or have it cut");
}

/// Of the whole prompt, however long it is.
Result<std::vector<Piece>> all_pieces(const Config& config, const Tokenizer& tokenizer,
                                      const std::string& prompt) {
    if (prompt.empty()) return usage_error("the prompt is empty; give at least one character");
    auto pieces = tokenizer.encode_prompt(without_last_end(prompt), config.data.separator);
    if (pieces && pieces->empty())
        return usage_error("the prompt has no token; give at least one character");
    return pieces;
}

}  // namespace

Result<std::vector<Piece>> prompt_pieces(const Config& config, const Tokenizer& tokenizer,
                                         const std::string& prompt, bool cut) {
    const int64_t limit = config.model.max_seq_len;
    const int64_t least = cut ? 0 : least_tokens(config, tokenizer, prompt);
    if (least > 0) return too_many_tokens("at least " + std::to_string(least), limit);
    auto pieces = all_pieces(config, tokenizer, prompt);
    if (!pieces) return pieces.error();
    if (std::ssize(*pieces) > limit) {
        if (!cut) return too_many_tokens(std::to_string(pieces->size()), limit);
        pieces->resize(static_cast<size_t>(limit));
    }
    return pieces;
}

TooLong too_long(const Config& config, const Tokenizer& tokenizer, const std::string& prompt) {
    TooLong out;
    out.limit = config.model.max_seq_len;
    if (least_tokens(config, tokenizer, prompt) > 0) return out;
    const auto pieces = all_pieces(config, tokenizer, prompt);
    if (!pieces || std::ssize(*pieces) <= out.limit) return {};
    out.tokens = std::ssize(*pieces);
    // A part that is cut inside a character is refused; by itself it may also be read as other
    // tokens, and as more of them.
    const auto can_be_read = [&](size_t begin, size_t end) {
        return prompt_pieces(config, tokenizer, prompt.substr(begin, end - begin), false).ok();
    };
    const auto limit = static_cast<size_t>(out.limit);
    for (size_t kept = limit; kept > 0 && out.bytes == 0; --kept)
        if (const int64_t end = (*pieces)[kept - 1].end; can_be_read(0, static_cast<size_t>(end)))
            out.bytes = end;
    for (size_t kept = limit; kept > 0 && out.end_bytes == 0; --kept)
        if (const auto begin = static_cast<size_t>((*pieces)[pieces->size() - kept].begin);
            can_be_read(begin, prompt.size()))
            out.end_bytes = static_cast<int64_t>(prompt.size() - begin);
    return out;
}

Result<TraceResult> trace_prompt(const Model& model, const Tokenizer& tokenizer,
                                 const TraceInput& input) {
    const c10::AutoGradMode no_grad(false);
    auto pieces = prompt_pieces(model.config, tokenizer, input.prompt, input.cut);
    if (!pieces) return pieces.error();
    std::vector<int64_t> ids;
    for (const auto& p : *pieces) ids.push_back(p.id);
    const auto length = static_cast<int64_t>(ids.size());
    const auto tokens =
        at::tensor(at::ArrayRef<int64_t>(ids)).view({1, length}).to(model.weights.embed.device());

    if (auto s = check_tokens(input.plan, length); !s) return s.error();
    const auto edited = edited_model(model, input.plan);
    auto pass = traced_pass(edited, input.plan, tokens, input.positions);
    const auto log_p = token_log_p(model.weights, pass.hidden).to(at::kCPU);

    if (!is_finite(log_p)) return diverged("what the model says about the next token");

    TraceResult result;
    result.prompt = input.prompt;
    std::vector<float> nll;
    if (length > 1)
        nll = target_nll(log_p, tokens.view({-1}).to(at::kCPU).narrow(0, 1, length - 1));
    auto next = top_tokens_of_rows(log_p, tokenizer, kNextTokens);
    for (size_t t = 0; t < next.size(); ++t) {
        const auto& p = (*pieces)[t];
        result.tokens.push_back(
            {p.id, p.piece, p.begin, p.end, t > 0 ? nll[t - 1] : kNaN, std::move(next[t])});
    }
    result.layers = std::move(pass.layers);
    return result;
}

}  // namespace hopscope::core
