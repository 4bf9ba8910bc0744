#include "core/train/engine.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/from_blob.h>
#include <cmath>
#include <optional>

#include "core/base/names.h"
#include "core/base/stopwatch.h"
#include "core/probe/intervention_probe.h"
#include "core/train/batch_tensors.h"
#include "core/train/freezes.h"
#include "core/train/interventions.h"
#include "core/train/live.h"
#include "core/train/loss.h"
#include "core/train/scalars.h"
#include "core/train/schedule.h"
#include "kernels/ops.h"

namespace hopscope::core {
namespace {

constexpr size_t kMostTold = 2;  ///< interventions that a message names

/// Keeps the seeds of dropout apart from other derived seeds.
constexpr uint64_t kDropoutStream = 0x64726f70;

/// The device's generator, and that of the CPU, which draws the seeds of attention's dropout.
void seed_dropout(const at::Device& device, uint64_t seed) {
    for (const auto& where : {device, at::Device(at::kCPU)}) {
        auto gen = at::globalContext().defaultGenerator(where);
        std::lock_guard<std::mutex> lock(gen.mutex());
        gen.set_current_seed(seed);
    }
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
    const auto device = state_.model.weights.embed.device();
    bf16_ = state_.model.config.train.precision == Precision::bf16 ||
            (state_.model.config.train.precision == Precision::automatic && device.is_cuda());
    make_compute();
    // Whoever read the state from a file has checked that they go with the model.
    if (auto plan = live_plan(state_.model, state_.interventions)) plan_ = *plan;
}

PassChanges Engine::changes() const {
    PassChanges out = plan_.changes;
    out.freeze_routing = state_.frozen.count(FreezePart::routing) != 0;
    return out;
}

std::vector<RouterMoves> Engine::router_moves() const {
    std::vector<RouterMoves> out(state_.model.weights.layers.size());
    for (size_t l = 0; l < out.size(); ++l) {
        const auto layer = static_cast<int64_t>(l);
        out[l].centroids = !is_frozen(state_, Group::centroids, layer);
        out[l].bias = !is_frozen(state_, Group::router_other, layer);
        out[l].waiting = unreachable_experts(plan_, layer);
    }
    return out;
}

Status Engine::apply(const Command& command) {
    auto status = LiveChanges(state_, plan_).apply(command);
    compute_.config = state_.model.config;
    return status;
}

std::vector<std::string> Engine::frozen() const {
    return frozen_in_words(state_);
}

std::vector<std::string> Engine::interventions() const {
    return interventions_in_words(state_);
}

void Engine::make_compute() {
    const Model& model = state_.model;
    const auto leaf_of = [&](const std::string& name, Group group, const at::Tensor& t) {
        const auto type = bf16_ ? type_under_bf16(group, t) : t.scalar_type();
        auto leaf = type == t.scalar_type() ? t.detach() : t.detach().to(type);
        leaf.set_requires_grad(learns(model.config, name, group));
        // The parts of a gradient are added up in fp32: both uses of the embedding, all
        // micro-batches.
        if (type != t.scalar_type()) leaf.set_grad_dtype(t.scalar_type());
        return leaf;
    };
    compute_ = {model.config, model.weights.map(leaf_of)};
}

Result<ScalarRecord> Engine::update(const BatchSource& data, const std::function<void()>& between,
                                    const GradientView& look) {
    const Stopwatch whole;
    const auto& train = state_.model.config.train;
    forget_gradients();
    Passes passes;
    for (int64_t i = 0; i < train.grad_accum; ++i) {
        if (i > 0) between();
        if (auto s = pass(data, state_.step * train.grad_accum + i, passes); !s) return s.error();
    }

    const Stopwatch optimizing;
    ScalarRecord record;
    const double grad_norm = gather_gradients(record);
    if (!std::isfinite(grad_norm)) {
        bad_batch_ = std::move(passes.tokens);
        grads_.clear();
        return failure(
            "the gradient of update " + std::to_string(state_.step) +
            " is not finite; the weights were not changed. Lower train.lr or check the precision" +
            or_take_back() + ".");
    }
    if (look) look(state_.model, grads_);
    const double lr = learning_rate(train, state_.step);
    apply_optimizer(grad_norm, lr);
    grads_.clear();

    take_statistics(record, passes);
    if (!state_.model.config.is_dense()) counted_.apply(state_.model, counts_, lr, router_moves());
    ++state_.step;
    const int64_t trained = train.grad_accum * train.batch * train.seq_len;
    state_.tokens += trained;
    record.optimizer_ms = static_cast<float>(optimizing.ms());
    const double ms = whole.ms();
    state_.seconds += ms / 1e3;
    record.tokens_per_s = static_cast<float>(static_cast<double>(trained) / (ms / 1e3));
    fill_record(record, passes, grad_norm, lr);
    return record;
}

void Engine::forget_gradients() {
    grads_.clear();
    counted_.clear();
    // An update that failed half-way (NaN, out of memory) leaves gradients behind.
    compute_.weights.for_each(
        [](const std::string&, Group, at::Tensor& t) { t.mutable_grad() = at::Tensor(); });
}

ForwardOptions Engine::training_options() const {
    ForwardOptions options;
    options.train = true;
    options.statistics = how_.statistics || state_.model.config.moe.has_bias();
    options.form = how_.form;
    options.changes = changes();
    options.changes.hop_limit = curriculum_hops(state_.model.config.train, state_.step);
    return options;
}

Status Engine::pass(const BatchSource& data, int64_t index, Passes& passes) {
    const auto& train = state_.model.config.train;
    const auto device = state_.model.weights.embed.device();
    Stopwatch watch;
    data.micro_batch(index, passes.tokens);
    const auto batch = batch_tensors(passes.tokens, data, device);
    passes.data_ms += watch.ms();

    watch = {};
    seed_dropout(device,
                 mix_seed(mix_seed(train.seed, kDropoutStream), static_cast<uint64_t>(index)));
    ForwardOptions options = training_options();
    std::optional<InterventionProbe> probe;
    if (!plan_.actions.empty()) {
        probe.emplace(compute_, plan_, Positions{batch.ids.size(1)});
        options.probe = &*probe;
    }
    const auto out = forward(compute_, batch.ids, options);
    const auto loss = training_loss(compute_, out, batch.targets, how_.form);
    const double balance = out.balance.defined() ? out.balance.item().toDouble() : 0.0;
    if (out.z.defined()) passes.z += out.z.item().toDouble();
    const bool forced = state_.model.config.debug.nan_at_step == state_.step;
    const double value = forced ? double{kNaN} : loss.nll.item().toDouble();
    passes.forward_ms += watch.ms();
    if (!std::isfinite(value) || !std::isfinite(balance)) {
        bad_batch_ = passes.tokens;
        return failure("the loss of update " + std::to_string(state_.step) + " is " +
                       std::to_string(value) + " (balance term " + std::to_string(balance) +
                       ", micro-batch " + std::to_string(index) +
                       "); the weights were not changed. Lower train.lr or set train.clip" +
                       or_take_back() + ".");
    }
    passes.loss += value;
    passes.balance += balance;

    watch = {};
    (loss.total / static_cast<double>(train.grad_accum)).backward();
    passes.backward_ms += watch.ms();
    accumulate(passes.stats, out.stats);
    counted_.add(state_.model.config, out);
    return {};
}

std::string Engine::or_take_back() const {
    if (state_.interventions.empty()) return "";
    return ", or take back what acts on the run: " +
           joined_first(interventions_in_words(state_), kMostTold);
}

double Engine::gather_gradients(ScalarRecord& record) {
    double total = 0;
    std::map<Group, double> by_group;
    compute_.weights.for_each([&](const std::string& name, Group group, at::Tensor& t) {
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

Engine::FrozenRows Engine::frozen_rows(const std::string& name,
                                       const std::vector<at::Tensor>& tensors) const {
    FrozenRows out;
    for (const auto& [layer, ids] : state_.frozen_experts) {
        if (name.rfind("layers." + std::to_string(layer) + ".experts.", 0) != 0) continue;
        std::vector<int64_t> list(ids.begin(), ids.end());
        out.index = at::from_blob(list.data(), {static_cast<int64_t>(list.size())},
                                  at::TensorOptions().dtype(at::kLong))
                        .to(tensors.front().device(), at::kLong, false, true);
        out.tensors = tensors;
        for (const auto& t : tensors) out.rows.push_back(t.index_select(0, out.index));
    }
    return out;
}

void Engine::FrozenRows::put_back() const {
    for (size_t i = 0; i < rows.size(); ++i) tensors[i].index_copy_(0, index, rows[i]);
}

void Engine::apply_optimizer(double grad_norm, double lr) {
    const auto& train = state_.model.config.train;
    const double clip = train.clip > 0 && grad_norm > train.clip ? train.clip / grad_norm : 1.0;
    std::map<std::string, std::pair<at::Tensor, at::Tensor>> moments;
    state_.m.for_each(
        [&](const std::string& name, Group, at::Tensor& t) { moments[name].first = t; });
    state_.v.for_each(
        [&](const std::string& name, Group, at::Tensor& t) { moments[name].second = t; });
    std::map<std::string, at::Tensor> leaves;
    compute_.weights.for_each(
        [&](const std::string& name, Group, at::Tensor& t) { leaves[name] = t; });

    state_.model.weights.for_each([&](const std::string& name, Group group, at::Tensor& t) {
        const auto grad = grads_.find(name);
        if (grad == grads_.end() || is_frozen(state_, group, layer_of(name)) ||
            shared_is_frozen(state_, name))
            return;
        kernels::AdamWStep step{lr, train.beta1, train.beta2, train.eps, 0, clip, state_.step + 1};
        if (decays(train, group, t)) step.weight_decay = train.weight_decay;
        auto& [m, v] = moments[name];
        const auto kept = group == Group::experts ? frozen_rows(name, {t, m, v}) : FrozenRows();
        auto& leaf = leaves[name];
        const auto shadow = leaf.scalar_type() == at::kBFloat16 ? leaf.detach() : at::Tensor();
        kernels::adamw(t, grad->second, m, v, kept.rows.empty() ? shadow : at::Tensor(), step,
                       how_.form);
        if (kept.rows.empty()) return;
        kept.put_back();
        if (shadow.defined()) shadow.copy_(t);
    });
}

void Engine::take_statistics(ScalarRecord& record, Passes& passes) {
    const auto n = static_cast<double>(state_.model.config.train.grad_accum);
    counts_.clear();
    for (size_t l = 0; l < passes.stats.size(); ++l) {
        const auto& w = state_.model.weights.layers[l];
        const auto& scale = w.moe_scale.defined() ? w.moe_scale : state_.model.weights.moe_scale;
        record.layers.push_back(
            state_.model.config.is_dense()
                ? LayerScalars()
                : layer_scalars(passes.stats[l], n, tau_of(state_.model.config, w),
                                scale.defined() ? scale.item().toDouble() : kNaN));
        counts_.push_back(std::move(passes.stats[l].counts));
    }
    if (!state_.model.config.is_dense()) count_choices(state_.recent_load, counts_);
}

void Engine::fill_record(ScalarRecord& record, const Passes& passes, double grad_norm,
                         double lr) const {
    const auto& train = state_.model.config.train;
    const auto n = static_cast<double>(train.grad_accum);
    record.step = state_.step;
    record.tokens = state_.tokens;
    record.seconds = state_.seconds;
    record.loss = static_cast<float>(passes.loss / n);
    record.balance_loss = static_cast<float>(passes.balance / n);
    record.lr = static_cast<float>(lr);
    record.grad_norm = static_cast<float>(grad_norm);
    record.clipped = train.clip > 0 && grad_norm > train.clip ? 1.0F : 0.0F;
    if (state_.model.config.moe.z_loss > 0 && !state_.model.config.is_dense())
        record.z_loss = static_cast<float>(passes.z / n);
    record.data_ms = static_cast<float>(passes.data_ms);
    record.forward_ms = static_cast<float>(passes.forward_ms);
    record.backward_ms = static_cast<float>(passes.backward_ms);
}

}  // namespace hopscope::core
