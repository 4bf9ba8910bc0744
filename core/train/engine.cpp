#include "core/train/engine.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros_like.h>
#include <chrono>
#include <cmath>
#include <optional>

#include "core/probe/intervention_probe.h"
#include "core/train/batch_tensors.h"
#include "core/train/loss.h"
#include "core/train/scalars.h"
#include "core/train/schedule.h"
#include "kernels/ops.h"

namespace hopscope::core {
namespace {

using Clock = std::chrono::steady_clock;
/// Keeps the seeds of dropout apart from other derived seeds.
constexpr uint64_t kDropoutStream = 0x64726f70;

double ms_since(Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

void seed_dropout(const at::Device& device, uint64_t seed) {
    auto gen = at::globalContext().defaultGenerator(device);
    std::lock_guard<std::mutex> lock(gen.mutex());
    gen.set_current_seed(seed);
}

/// The layer in a tensor's name; −1 for the model's own.
int64_t layer_of(const std::string& name) {
    constexpr std::string_view kStart = "layers.";
    return name.rfind(kStart, 0) == 0 ? std::stoll(name.substr(kStart.size())) : -1;
}

double tau_of(const Config& config, const LayerWeights& w) {
    if (!config.moe.has_positions()) return kNaN;
    return w.tau.defined() ? w.tau.item().toDouble() : config.moe.tau;
}

}  // namespace

Engine::Engine(EngineState state, UpdateForm how) : state_(std::move(state)), how_(how) {
    const auto device = state_.weights.embed.device();
    bf16_ = state_.live.train.precision == "bf16" ||
            (state_.live.train.precision == "auto" && device.is_cuda());
    make_compute();
    // Whoever read the state from a file has checked that they go with the model.
    if (auto plan = live_plan(state_.live, state_.weights, state_.interventions)) plan_ = *plan;
}

Controls Engine::controls() const {
    Controls out = plan_.controls;
    out.freeze_routing = state_.frozen.count("routing") != 0;
    return out;
}

std::vector<RouterMoves> Engine::router_moves() const {
    std::vector<RouterMoves> out(state_.weights.layers.size());
    for (size_t l = 0; l < out.size(); ++l) {
        const auto layer = static_cast<int64_t>(l);
        out[l].centroids = !is_frozen(Group::centroids, layer);
        out[l].bias = !is_frozen(Group::router_other, layer);
        out[l].waiting = unreachable_experts(plan_, layer);
    }
    return out;
}

void Engine::make_compute() {
    compute_ = state_.weights.map([&](const std::string& name, Group group, const at::Tensor& t) {
        const bool narrow = bf16_ &&
                            (group == Group::embedding || group == Group::attention ||
                             group == Group::experts || group == Group::dense) &&
                            t.dim() >= 2;
        auto leaf = narrow ? t.detach().to(at::kBFloat16) : t.detach();
        return leaf.set_requires_grad(learns(state_.live, name, group));
    });
}

Result<ScalarRecord> Engine::update(const BatchSource& data, const std::function<void()>& between,
                                    const GradientView& look) {
    const auto begin = Clock::now();
    const auto& train = state_.live.train;
    const auto device = state_.weights.embed.device();
    ScalarRecord record;
    double forward_ms = 0, backward_ms = 0, data_ms = 0, loss_sum = 0, balance_sum = 0, z_sum = 0;
    std::vector<LayerStats> stats;
    std::vector<int32_t> tokens;
    ForwardOptions options;
    options.train = true;
    options.statistics = how_.statistics || state_.live.moe.has_bias();
    options.form = how_.form;
    options.controls = controls();
    options.controls.hop_limit = curriculum_hops(train, state_.step);
    grads_.clear();
    counted_.clear();
    // An update that failed half-way (NaN, out of memory) leaves gradients behind.
    compute_.for_each(
        [](const std::string&, Group, at::Tensor& t) { t.mutable_grad() = at::Tensor(); });

    for (int64_t i = 0; i < train.grad_accum; ++i) {
        if (i > 0) between();
        const int64_t index = state_.step * train.grad_accum + i;
        auto t0 = Clock::now();
        data.micro_batch(index, tokens);
        const auto batch = batch_tensors(tokens, data, device);
        data_ms += ms_since(t0);

        t0 = Clock::now();
        seed_dropout(device,
                     mix_seed(mix_seed(train.seed, kDropoutStream), static_cast<uint64_t>(index)));
        std::optional<InterventionProbe> probe;
        if (!plan_.actions.empty()) {
            probe.emplace(state_.live, compute_, plan_, batch.ids.size(1));
            options.probe = &*probe;
        }
        const auto out = forward(state_.live, compute_, batch.ids, options);
        const auto loss = training_loss(state_.live, compute_, out, batch.targets, how_.form);
        const double balance = out.balance.defined() ? out.balance.item().toDouble() : 0.0;
        if (out.z.defined()) z_sum += out.z.item().toDouble();
        const double value = loss.nll.item().toDouble();
        forward_ms += ms_since(t0);
        if (!std::isfinite(value) || !std::isfinite(balance)) {
            bad_batch_ = tokens;
            return failure("the loss of update " + std::to_string(state_.step) + " is " +
                           std::to_string(value) + " (balance term " + std::to_string(balance) +
                           ", micro-batch " + std::to_string(index) +
                           "); the weights were not changed. Lower train.lr or set train.clip.");
        }
        loss_sum += value;
        balance_sum += balance;
        t0 = Clock::now();
        (loss.total / static_cast<double>(train.grad_accum)).backward();
        backward_ms += ms_since(t0);
        accumulate(stats, out.stats);
        counted_.add(state_.live, out);
    }

    const auto t0 = Clock::now();
    const double grad_norm = gather_gradients(record);
    if (!std::isfinite(grad_norm)) {
        bad_batch_ = tokens;
        grads_.clear();
        return failure(
            "the gradient of update " + std::to_string(state_.step) +
            " is not finite; the weights were not changed. Lower train.lr or check the precision.");
    }
    if (look) look(state_.weights, grads_);
    const double lr = learning_rate(train, state_.step);
    apply_optimizer(grad_norm, lr);
    grads_.clear();

    const auto n = static_cast<double>(train.grad_accum);
    counts_.clear();
    for (size_t l = 0; l < stats.size(); ++l) {
        const auto& w = state_.weights.layers[l];
        const auto& scale = w.moe_scale.defined() ? w.moe_scale : state_.weights.moe_scale;
        record.layers.push_back(
            state_.live.model.ffn == "dense"
                ? LayerScalars()
                : layer_scalars(stats[l], n, tau_of(state_.live, w),
                                scale.defined() ? scale.item().toDouble() : kNaN));
        counts_.push_back(std::move(stats[l].counts));
    }
    if (state_.live.model.ffn != "dense")
        counted_.apply(state_.live, state_.weights, counts_, lr, router_moves());
    ++state_.step;
    const int64_t trained = train.grad_accum * train.batch * train.seq_len;
    state_.tokens += trained;
    record.optimizer_ms = static_cast<float>(ms_since(t0));
    const double ms = ms_since(begin);
    state_.seconds += ms / 1e3;
    record.step = state_.step;
    record.tokens = state_.tokens;
    record.seconds = state_.seconds;
    record.loss = static_cast<float>(loss_sum / n);
    record.balance_loss = static_cast<float>(balance_sum / n);
    record.lr = static_cast<float>(lr);
    record.grad_norm = static_cast<float>(grad_norm);
    record.clipped = train.clip > 0 && grad_norm > train.clip ? 1.0F : 0.0F;
    if (state_.live.moe.z_loss > 0 && state_.live.model.ffn != "dense")
        record.z_loss = static_cast<float>(z_sum / n);
    record.tokens_per_s = static_cast<float>(static_cast<double>(trained) / (ms / 1e3));
    record.data_ms = static_cast<float>(data_ms);
    record.forward_ms = static_cast<float>(forward_ms);
    record.backward_ms = static_cast<float>(backward_ms);
    return record;
}

double Engine::gather_gradients(ScalarRecord& record) {
    double total = 0;
    std::map<Group, double> by_group;
    compute_.for_each([&](const std::string& name, Group group, at::Tensor& t) {
        auto g = t.mutable_grad();
        if (!g.defined()) return;
        g = g.to(at::kFloat).contiguous();
        const double s = kernels::sum_squares(g);
        total += s;
        by_group[group] += s;
        grads_[name] = g;
        t.mutable_grad() = at::Tensor();
    });
    const auto root = [&](std::initializer_list<Group> groups) {
        double s = 0;
        for (const Group g : groups) s += by_group[g];
        return static_cast<float>(std::sqrt(s));
    };
    record.grad_embedding = root({Group::embedding});
    record.grad_attention = root({Group::attention});
    record.grad_router = root({Group::router_projection, Group::centroids, Group::router_other});
    record.grad_experts = root({Group::experts, Group::dense, Group::scale});
    record.grad_norms = root({Group::norms});
    return std::sqrt(total);
}

void Engine::apply_optimizer(double grad_norm, double lr) {
    const auto& train = state_.live.train;
    const double clip = train.clip > 0 && grad_norm > train.clip ? train.clip / grad_norm : 1.0;
    std::map<std::string, std::pair<at::Tensor, at::Tensor>> moments;
    state_.m.for_each(
        [&](const std::string& name, Group, at::Tensor& t) { moments[name].first = t; });
    state_.v.for_each(
        [&](const std::string& name, Group, at::Tensor& t) { moments[name].second = t; });
    std::map<std::string, at::Tensor> leaves;
    compute_.for_each([&](const std::string& name, Group, at::Tensor& t) { leaves[name] = t; });

    state_.weights.for_each([&](const std::string& name, Group group, at::Tensor& t) {
        const auto grad = grads_.find(name);
        if (grad == grads_.end() || is_frozen(group, layer_of(name)) || shared_is_frozen(name))
            return;
        kernels::AdamWStep step{lr, train.beta1, train.beta2, train.eps, 0, clip, state_.step + 1};
        if (decays(train, group, t, false)) step.weight_decay = train.weight_decay;
        auto& [m, v] = moments[name];
        // Rows of frozen experts are put back after the update, moments included, so they stay
        // bit-equal.
        struct Kept {
            at::Tensor target, rows, index;
        };
        std::vector<Kept> kept;
        if (group == Group::experts)
            for (const auto& [layer, ids] : state_.frozen_experts) {
                if (name.rfind("layers." + std::to_string(layer) + ".experts.", 0) != 0) continue;
                std::vector<int64_t> list(ids.begin(), ids.end());
                const auto index = at::from_blob(list.data(), {static_cast<int64_t>(list.size())},
                                                 at::TensorOptions().dtype(at::kLong))
                                       .to(t.device(), at::kLong, false, true);
                for (const auto& x : {t, m, v})
                    kept.push_back({x, x.index_select(0, index), index});
            }
        auto& leaf = leaves[name];
        const auto shadow = leaf.scalar_type() == at::kBFloat16 ? leaf.detach() : at::Tensor();
        kernels::adamw(t, grad->second, m, v, kept.empty() ? shadow : at::Tensor(), step,
                       how_.form);
        for (auto& k : kept) k.target.index_copy_(0, k.index, k.rows);
        if (!kept.empty() && shadow.defined()) shadow.copy_(t);
    });
}

}  // namespace hopscope::core
