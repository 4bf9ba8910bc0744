// Passes of a whole model: evaluation of a batch, an update, a trace, and what statistics add to an
// update. The model is untrained; its text is that of the configuration.
#include "core/bench/model.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/_log_softmax.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/tensor.h>
#include <c10/core/GradMode.h>
#include <map>
#include <stdexcept>

#include "core/base/json.h"
#include "core/measure/coupling.h"
#include "core/measure/gradient_geometry.h"
#include "core/model/forward.h"
#include "core/probe/trace.h"
#include "core/probe/trace_json.h"
#include "core/train/batch_tensors.h"
#include "core/train/engine.h"
#include "core/trainer/kernel_choices.h"
#include "kernels/ops.h"

namespace hopscope::core {
namespace {

using kernels::Form;

constexpr int64_t kPromptTokens = 512;
/// Updates whose losses are kept: enough for a wrong gradient, clipping or optimizer to show.
constexpr int64_t kKeptUpdates = 8;

OrderedJson model_shape(const BenchSetting& s, int64_t parameters) {
    const auto& c = s.config;
    OrderedJson j = {{"batch", c.train.batch},           {"seq_len", c.train.seq_len},
                     {"grad_accum", c.train.grad_accum}, {"d_model", c.model.d_model},
                     {"layers", c.model.n_layers},       {"vocab_size", c.model.vocab_size},
                     {"parameters", parameters}};
    if (c.is_dense()) {
        j["d_ff"] = c.model.d_ff;
    } else {
        j["experts"] = c.moe.experts;
        j["top_k"] = c.moe.top_k;
        j["hops"] = c.moe.hops;
    }
    return j;
}

/// A measured call that fails ends the measurement (lab::bench turns it into its error).
template <class T>
void must(const Result<T>& result) {
    if (!result) throw std::runtime_error(result.error().message);
}

Model on_device(const BenchSetting& s, const Weights& weights) {
    return {s.config, weights.map([&](Group, const at::Tensor& t) {
                return t.to(at::TensorOptions().device(s.device.device), false, /*copy=*/true);
            })};
}

std::shared_ptr<Engine> engine_of(const BenchSetting& s, const BenchRun& run, UpdateForm how) {
    Model model = on_device(s, run.copy->model.weights);
    model.config.train.precision = s.device.precision;
    return std::make_shared<Engine>(untrained(std::move(model)), how);
}

/// The weights of the untrained model, the tokens of its first updates, and what each came to.
NamedTensors first_updates(const BenchSetting& s, const BenchRun& run, UpdateForm how) {
    const auto& train = s.config.train;
    NamedTensors out;
    run.copy->model.weights.for_each([&](const std::string& name, Group, const at::Tensor& t) {
        out.emplace_back("given." + name, t);
    });
    const auto engine = engine_of(s, run, how);
    std::vector<int32_t> all, batch;
    std::map<std::string, std::vector<float>> told;
    for (int64_t update = 0; update < kKeptUpdates; ++update) {
        for (int64_t i = 0; i < train.grad_accum; ++i) {
            run.train.micro_batch(update * train.grad_accum + i, batch);
            all.insert(all.end(), batch.begin(), batch.end());
        }
        const auto record = engine->update(run.train, [] {});
        must(record);
        told["loss"].push_back(record->loss);
        told["balance_loss"].push_back(record->balance_loss);
        told["grad_norm"].push_back(record->grad_norm);
        told["lr"].push_back(record->lr);
    }
    out.emplace_back("given.tokens",
                     at::tensor(at::ArrayRef<int32_t>(all))
                         .view({kKeptUpdates, train.grad_accum, train.batch, train.seq_len + 1}));
    for (const auto& [name, values] : told)
        out.emplace_back("out." + name, at::tensor(at::ArrayRef<float>(values)));
    return out;
}

BenchForm update_form(const BenchSetting& s, const BenchRun& run, BenchWay way, UpdateForm how) {
    BenchForm out;
    out.form = way;
    out.shape = model_shape(s, run.copy->model.weights.parameters());
    out.run = [engine = engine_of(s, run, how), &run] { must(engine->update(run.train, [] {})); };
    out.account = [&s, &run, how] { return first_updates(s, run, how); };
    return out;
}

double update_tokens(const BenchSetting& s) {
    return static_cast<double>(s.tokens() * s.config.train.grad_accum);
}

/// About `tokens` tokens of the validation text, as text: a prompt's tokens are those of its text.
Result<std::string> prompt_text(const BenchSetting& s, const ModelCopy& copy, int64_t tokens) {
    const int64_t length = copy.valid.seq_len();
    std::vector<int32_t> batch, ids;
    for (int64_t b = 0; b < copy.valid.eval_batches() && std::ssize(ids) < 2 * tokens; ++b) {
        copy.valid.eval_batch(b, batch);
        for (int64_t row = 0; row < copy.valid.batch(); ++row) {
            const auto begin = batch.begin() + row * (length + 1);
            ids.insert(ids.end(), begin, begin + length);
        }
    }
    auto text = copy.tokenizer.decode(ids);
    if (!text) return text.error();
    auto pieces = copy.tokenizer.encode_prompt(*text, s.config.data.separator);
    if (!pieces) return pieces.error();
    if (std::ssize(*pieces) > tokens)
        text->resize(static_cast<size_t>((*pieces)[static_cast<size_t>(tokens)].begin));
    return text;
}

/// Something of every gradient's name and shape; only the time is asked for.
std::map<std::string, at::Tensor> stand_in_gradients(const Model& model) {
    std::map<std::string, at::Tensor> out;
    model.weights.for_each([&](const std::string& name, Group group, const at::Tensor& value) {
        if (learns(model.config, name, group)) out.emplace(name, value);
    });
    return out;
}

/// The rows of gradients and of weights, the cloud of positions, and the file: what a due snapshot
/// adds.
void take_snapshot(RunTrainer& trainer, const Model& model,
                   const std::map<std::string, at::Tensor>& gradients) {
    const c10::AutoGradMode no_grad(false);
    live_gradient_cosines(model, gradients);
    for (size_t l = 0; l < model.weights.layers.size(); ++l)
        live_geometry(model.config, model.weights.layers[l], static_cast<int64_t>(l));
    const auto snapshot = trainer.geometry();
    if (snapshot) must(trainer.save_geometry(*snapshot));
}

}  // namespace

BenchWorks forward_work(BenchSetting& s) {
    auto run = s.run();
    if (!run) return run.error();
    const auto model = on_device(s, (*run)->copy->model.weights);
    const auto batch = eval_tensors((*run)->copy->valid, 0, s.device.device);
    BenchWork work{BenchSubject::forward,           BenchWay::reference,
                   source_name(s.config),           Direction::forward,
                   static_cast<double>(s.tokens()), {}};
    for (const Form form : kForms) {
        BenchForm one;
        one.form = way_of(form);
        one.shape = model_shape(s, model.weights.parameters());
        one.run = [model, batch, form] {
            const c10::AutoGradMode no_grad(false);
            ForwardOptions options;
            options.form = form;
            const auto out = forward(model, batch.ids, options);
            kernels::classifier(out.hidden, model.weights.embed, batch.targets, form);
        };
        work.forms.push_back(std::move(one));
    }
    return std::vector<BenchWork>{std::move(work)};
}

BenchWorks step_work(BenchSetting& s) {
    auto run = s.run();
    if (!run) return run.error();
    BenchWork work{BenchSubject::step, BenchWay::reference, source_name(s.config),
                   Direction::update,  update_tokens(s),    {}};
    for (const Form form : kForms)
        work.forms.push_back(update_form(s, **run, way_of(form), {form, /*statistics=*/true}));
    return std::vector<BenchWork>{std::move(work)};
}

BenchWorks trace_work(BenchSetting& s) {
    auto run = s.run();
    if (!run) return run.error();
    const auto& copy = *(*run)->copy;
    auto text = prompt_text(s, copy, std::min(kPromptTokens, s.config.model.max_seq_len));
    if (!text) return text.error();
    auto pieces = prompt_pieces(s.config, copy.tokenizer, *text, /*cut=*/true);
    if (!pieces) return pieces.error();
    std::vector<int64_t> ids;
    for (const auto& p : *pieces) ids.push_back(p.id);
    const auto length = static_cast<int64_t>(ids.size());
    const auto model = on_device(s, copy.model.weights);
    const auto tokens =
        at::tensor(at::ArrayRef<int64_t>(ids)).view({1, length}).to(s.device.device);

    BenchWork work{BenchSubject::trace, BenchWay::forward,           source_name(s.config),
                   Direction::forward,  static_cast<double>(length), {}};
    OrderedJson shape = model_shape(s, model.weights.parameters());
    shape["batch"] = 1;
    shape["seq_len"] = length;
    shape.erase("grad_accum");
    const auto add = [&](BenchWay way, std::function<void()> call) {
        BenchForm one;
        one.form = way;
        one.shape = shape;
        one.run = std::move(call);
        work.forms.push_back(std::move(one));
    };
    add(BenchWay::forward, [model, tokens, length] {
        const c10::AutoGradMode no_grad(false);
        const auto hidden = forward(model, tokens, {}).hidden;
        const auto log_p = at::_log_softmax(at::linear(hidden, model.weights.embed), -1, false);
        const auto nll = -log_p.narrow(0, 0, length - 1)
                              .gather(1, tokens.view({-1}).narrow(0, 1, length - 1).unsqueeze(-1));
        nll.sum().item();
    });
    const auto traced = [&copy, model, text = *text] {
        TraceInput input;
        input.prompt = text;
        input.cut = true;
        auto result = trace_prompt(model, copy.tokenizer, input);
        must(result);
        return std::move(*result);
    };
    add(BenchWay::trace, [traced] { traced(); });
    add(BenchWay::trace_json, [&s, traced] {
        trace_document({{"format", "hopscope.trace/1"}}, traced(), s.config.moe.has_positions());
    });
    return std::vector<BenchWork>{std::move(work)};
}

BenchWorks statistics_work(BenchSetting& s) {
    auto run = s.run();
    if (!run) return run.error();
    auto made = s.trainer();
    if (!made) return made.error();
    std::shared_ptr<RunTrainer> trainer = std::move(*made);
    const auto data = source_name(s.config);
    BenchWork updates{BenchSubject::statistics, BenchWay::without, data,
                      Direction::update,        update_tokens(s),  {}};
    updates.forms.push_back(
        update_form(s, **run, BenchWay::without, {Form::fused, /*statistics=*/false}));
    BenchForm with = updates.forms.front();
    with.form = BenchWay::with;
    with.run = [trainer] {
        auto record = trainer->update([] {});
        must(record);
        must(trainer->record(*record));
    };
    updates.forms.push_back(std::move(with));

    // The first update makes a snapshot due, and it stays so.
    must((*run)->trainer->update([] {}));
    BenchWork snapshot{BenchSubject::statistics, {}, data, Direction::snapshot, 0, {}};
    BenchForm one = updates.forms.front();
    one.form = BenchWay::with;
    const auto model = on_device(s, (*run)->copy->model.weights);
    one.run = [run = *run, model, gradients = stand_in_gradients(model)] {
        take_snapshot(*run->trainer, model, gradients);
    };
    snapshot.forms.push_back(std::move(one));
    return std::vector<BenchWork>{std::move(updates), std::move(snapshot)};
}

}  // namespace hopscope::core
