#include "tests/app/fake_session.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numbers>
#include <random>
#include <sstream>

#include "tests/app/fake_runs.h"
#include "tests/app/made_up_noise.h"
#include "tests/app/made_up_samples.h"
#include "tests/app/made_up_sheet.h"

namespace hopscope::gui_test {
namespace {

using core::AnswerState;
using core::RunState;

double unix_now() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

/// Softmax weights of the top-k cosines of one position, falling.
void choose(const float* position, const core::LayerGeometry& layer, float tau, int32_t* choices,
            float* weights) {
    std::vector<std::pair<float, int32_t>> scores;
    for (int64_t e = 0; e < layer.experts; ++e) {
        float dot = 0;
        for (int64_t d = 0; d < layer.d_space; ++d)
            dot += position[d] * layer.centroids[static_cast<size_t>(e * layer.d_space + d)];
        scores.push_back({dot, static_cast<int32_t>(e)});
    }
    const auto k = static_cast<size_t>(layer.top_k);
    std::partial_sort(scores.begin(), scores.begin() + static_cast<int64_t>(k), scores.end(),
                      [](auto& a, auto& b) { return a.first > b.first; });
    float sum = 0;
    for (size_t i = 0; i < k; ++i) sum += std::exp(tau * (scores[i].first - scores[0].first));
    for (size_t i = 0; i < k; ++i) {
        choices[i] = scores[i].second;
        weights[i] = std::exp(tau * (scores[i].first - scores[0].first)) / sum;
    }
}

constexpr const char* kPieces[] = {"\xE2\x96\x81the",
                                   "\xE2\x96\x81river",
                                   "\xE2\x96\x81"
                                   "bank",
                                   "\xE2\x96\x81was",
                                   "dy",
                                   "\xE2\x96\x81steep",
                                   "\xE2\x96\x81"
                                   "before",
                                   ".",
                                   "\xE2\x96\x81rain",
                                   "\xE4\xB8\xAD"};
constexpr const char* kClasses[] = {"determiner", "noun", "verb", "time", "colour", "number"};

core::LayerGeometry make_layer(const FakeOptions& o, int64_t index, double age) {
    core::LayerGeometry layer;
    layer.experts = o.experts;
    layer.d_space = o.d_space;
    layer.hops = o.hops;
    layer.top_k = std::min(o.top_k, o.experts);
    const float settled = static_cast<float>(1.0 - std::exp(-age * 3.0));
    constexpr int64_t kClusters = 9;
    for (int64_t e = 0; e < o.experts; ++e) {
        const int64_t cluster = e % kClusters;
        std::vector<float> row(static_cast<size_t>(o.d_space));
        for (int64_t d = 0; d < o.d_space; ++d)
            row[static_cast<size_t>(d)] =
                settled * noise(u(cluster), u(d), u(index)) +
                (1.3f - settled) * 0.55f * noise(u(e), u(d), u(index + 50));
        normalise(row.data(), o.d_space);
        layer.centroids.insert(layer.centroids.end(), row.begin(), row.end());
    }
    layer.load.assign(static_cast<size_t>(o.experts), 0);
    for (int64_t h = 0; h < o.hops; ++h)
        for (int64_t t = 0; t < o.tokens; ++t) {
            const auto near = static_cast<int64_t>(std::fabs(noise(u(t), u(h), u(index + 7))) *
                                                   static_cast<float>(o.experts));
            std::vector<float> row(static_cast<size_t>(o.d_space));
            for (int64_t d = 0; d < o.d_space; ++d)
                row[static_cast<size_t>(d)] =
                    layer.centroids[static_cast<size_t>(near % o.experts * o.d_space + d)] +
                    0.16f * noise(u(t), u(d), u(h + 100));
            normalise(row.data(), o.d_space);
            layer.positions.insert(layer.positions.end(), row.begin(), row.end());
            std::vector<int32_t> choices(static_cast<size_t>(layer.top_k));
            std::vector<float> weights(static_cast<size_t>(layer.top_k));
            choose(row.data(), layer, 30, choices.data(), weights.data());
            for (int32_t c : choices) layer.load[static_cast<size_t>(c)] += 1;
            layer.choices.insert(layer.choices.end(), choices.begin(), choices.end());
            layer.weights.insert(layer.weights.end(), weights.begin(), weights.end());
            layer.entropy.push_back(2 + noise(u(t), u(h), u(index + 9)));
        }
    float total = 0;
    for (float l : layer.load) total += l;
    for (float& l : layer.load) l /= std::max(total, 1.0f);
    for (int64_t a = 0; a < o.hops; ++a)
        for (int64_t b = 0; b < o.hops; ++b)
            layer.jaccard.push_back(a == b ? 1.0f
                                           : 0.5f / (1.0f + static_cast<float>(std::abs(a - b))));
    return layer;
}

}  // namespace

void FakeShelf::put(std::shared_ptr<const core::GeometrySnapshot> snapshot) {
    std::lock_guard lock(mutex_);
    if (kept_.empty() || snapshot->step / kEvery > kept_.rbegin()->first / kEvery)
        kept_[snapshot->step] = std::move(snapshot);
}

void FakeShelf::clear() {
    std::lock_guard lock(mutex_);
    kept_.clear();
}

void FakeShelf::serve(app::Services& services, const std::shared_ptr<FakeShelf>& shelf) {
    services.kept_snapshots = [shelf](const std::string&) {
        std::lock_guard lock(shelf->mutex_);
        std::vector<core::KeptSnapshot> out;
        for (const auto& [step, snapshot] : shelf->kept_) out.push_back({step, step});
        return out;
    };
    services.read_kept_snapshot = [shelf](const std::string&,
                                          int64_t step) -> core::Result<core::GeometrySnapshot> {
        std::lock_guard lock(shelf->mutex_);
        const auto found = shelf->kept_.find(step);
        if (found == shelf->kept_.end()) return core::usage_error("no such snapshot");
        core::GeometrySnapshot read = *found->second;
        read.version = 1;  // of the session that wrote it, which says nothing here
        return read;
    };
}

FakeSession::FakeSession(FakeOptions options, core::Config config, std::shared_ptr<FakeShelf> shelf)
    : options_(std::move(options)), config_(std::move(config)), shelf_(std::move(shelf)) {
    config_.model.n_layers = options_.layers;
    config_.moe.experts = options_.experts;
    config_.moe.hops = {options_.hops};
    config_.moe.top_k = options_.top_k;
    if (options_.renormalise) config_.moe.renormalise = core::Renormalise::yes;
    config_.train.steps = options_.steps;
    status_.run_name = options_.run_name;
    status_.run_dir = "runs/demo";
    status_.device = "cpu";
    status_.source = "made-up data";
    status_.synthetic = true;
    status_.threads = 2;
    status_.steps = options_.steps;
    status_.publish_share = 0.011;
    status_.state = RunState::running;
    close_allowed_ = !options_.slow_to_close;
    if (options_.start_step > 0) advance(options_.start_step);
    status_.state = options_.state;
    messages_.push_back("00:00:00 demo: all numbers are made up");
}

core::ScalarRecord FakeSession::record_at(int64_t step) const {
    const auto s = static_cast<uint64_t>(step);
    const double x = static_cast<double>(step);
    core::ScalarRecord r;
    r.step = step;
    r.tokens = step * 2048;
    r.seconds = x * 0.173;
    const double trend = 2.2 + 6.2 * std::exp(-x / 150.0);
    r.loss = static_cast<float>(trend + 0.22 * noise(s) * (0.4 + std::exp(-x / 300.0)));
    if (step == options_.nan_at) r.loss = core::kNaN;
    r.balance_loss = static_cast<float>(1.02 + 0.9 * std::exp(-x / 90.0) + 0.03 * noise(s, 1));
    const double warm = std::min(1.0, x / 200.0);
    const double left = x / static_cast<double>(std::max<int64_t>(1, options_.steps));
    r.lr = static_cast<float>(
        3e-4 * warm * (0.1 + 0.45 * (1 + std::cos(std::numbers::pi * std::min(1.0, left)))));
    r.grad_norm = static_cast<float>(0.6 + 3.0 * std::exp(-x / 60.0) + 0.25 * (noise(s, 2) + 1));
    if (step == options_.spike_at) r.loss += 30, r.grad_norm *= 40;
    r.grad_embedding = 0.3f * r.grad_norm;
    r.grad_attention = 0.5f * r.grad_norm;
    r.grad_router = 0.2f * r.grad_norm;
    r.grad_experts = 0.75f * r.grad_norm;
    r.grad_norms = 0.1f * r.grad_norm;
    if (step % 100 == 0) r.valid_loss = static_cast<float>(trend + 0.12);
    r.tokens_per_s = 11830.0f + 300.0f * noise(s, 3);
    r.data_ms = 1.2f;
    r.forward_ms = 61 + noise(s, 4);
    r.backward_ms = 92 + noise(s, 5);
    r.optimizer_ms = 13;
    r.publish_ms = 1.9f;
    for (int64_t i = 0; i < options_.layers; ++i) {
        core::LayerScalars l;
        const auto u = static_cast<uint64_t>(i);
        const double settle = std::exp(-x / (200.0 + 60.0 * static_cast<double>(i)));
        l.entropy = static_cast<float>(2.0 + 0.25 * static_cast<double>(i) + 2.2 * settle +
                                       0.05 * noise(s, u, 4));
        l.max_prob = 0.4f;
        l.jaccard = options_.hops > 1 ? static_cast<float>(0.25 + 0.08 * static_cast<double>(i) +
                                                           0.5 * settle + 0.02 * noise(s, u, 5))
                                      : core::kNaN;
        l.load_cv = static_cast<float>(0.3 + 0.9 * settle + 0.03 * noise(s, u, 6));
        l.load_max_over_mean = 2.1f;
        l.dead = static_cast<float>(std::floor(9 * settle));
        l.tau = 30;
        if (step % FakeShelf::kEvery == 0) {
            l.coupling = static_cast<float>(0.3 * (1 - settle) + 0.01 * noise(s, u, 7));
            l.score_spearman = static_cast<float>(0.4 * (1 - settle) + 0.02 * noise(s, u, 8));
            l.gradient_cosine = static_cast<float>(0.1 + 0.02 * noise(s, u, 9));
        }
        r.layers.push_back(l);
    }
    return r;
}

std::string FakeSession::apply(core::Answer& answer) {
    const core::Command& c = answer.command;
    auto& frozen = status_.frozen;
    const std::string what = c.text("what", "");
    if (c.kind == core::CommandKind::pause) {
        status_.state = RunState::paused;
    } else if (c.kind == core::CommandKind::resume) {
        status_.state = RunState::running;
    } else if (c.kind == core::CommandKind::step) {
        single_steps_ += c.integer("count", 1);
    } else if (c.kind == core::CommandKind::stop) {
        status_.state = RunState::stopped;
    } else if (c.kind == core::CommandKind::freeze) {
        if (std::find(frozen.begin(), frozen.end(), what) == frozen.end()) frozen.push_back(what);
    } else if (c.kind == core::CommandKind::unfreeze) {
        std::erase(frozen, what);
    } else if (c.kind == core::CommandKind::fork) {
        return fork(c);
    }
    return {};
}

std::string FakeSession::fork(const core::Command& command) {
    if (!options_.can_fork) return "the demo has no model to fork";
    core::ForkStatus& fork = status_.fork;
    if (command.has("end")) {
        fork.alive = false;
        fork.ended = "ended at step " + std::to_string(status_.step);
        return {};
    }
    fork = {};
    fork.step = status_.step;
    fork.lane = 1;
    fork.alive = true;
    fork.name = "fork at step " + std::to_string(status_.step);
    fork.dir = status_.run_dir + "/forks/demo";
    const auto inner = core::parse_command(command.text("with", "{}"));
    if (inner) fork.with = core::plain_text(*inner);
    status_.lanes = {status_.run_name, fork.name};
    return {};
}

/// The copy is a little worse, the more so the longer it lives.
void FakeSession::advance_fork() {
    core::ForkStatus& fork = status_.fork;
    if (!fork.alive) return;
    core::ScalarRecord r = waiting_.back();
    r.lane = fork.lane;
    const auto age = static_cast<float>(status_.step - fork.step);
    const float worse = 0.3f * (1 - std::exp(-age / 60)) + 0.03f * noise(u(r.step), 9);
    r.loss += worse;
    r.valid_loss += worse;
    fork.updates = std::min<int64_t>(fork.updates + 1, 100);
    fork.loss = worse;
    if (!std::isnan(r.valid_loss)) {
        fork.valid_step = r.step;
        fork.sequences = 800;
        fork.valid = worse;
        fork.valid_low = worse - 0.012;
        fork.valid_high = worse + 0.011;
    }
    waiting_.push_back(std::move(r));
}

void FakeSession::apply_commands() {
    for (auto& answer : answers_) {
        if (answer.state != AnswerState::pending) continue;
        answer.reason = apply(answer);
        answer.state = answer.reason.empty() ? AnswerState::applied : AnswerState::refused;
        if (answer.state == AnswerState::applied) answer.step = status_.step + 1;
    }
}

void FakeSession::advance(int64_t updates) {
    apply_commands();
    if (status_.state == RunState::paused) {
        updates = std::min(updates, single_steps_);
        single_steps_ = 0;
    } else if (status_.state != RunState::running) {
        return;
    }
    for (int64_t i = 0; i < updates && status_.step < status_.steps; ++i) {
        ++status_.step;
        waiting_.push_back(record_at(status_.step));
        if (!std::isnan(waiting_.back().valid_loss))
            status_.valid_loss = waiting_.back().valid_loss;
        advance_fork();
    }
    if (status_.step >= status_.steps) status_.state = RunState::done;
    if (updates > 0) publish_geometry();
}

core::GeometrySnapshot made_up_geometry(const FakeOptions& options, int64_t step) {
    core::GeometrySnapshot out;
    out.step = step;
    for (int64_t t = 0; t < options.tokens; ++t) {
        const auto i = static_cast<size_t>(t);
        out.token_ids.push_back(static_cast<int32_t>(i % std::size(kPieces)));
        out.pieces.push_back(kPieces[i % std::size(kPieces)]);
        out.classes.push_back(kClasses[i % std::size(kClasses)]);
        out.next_loss.push_back(3 + 2 * noise(u(t), u(1), u(step)));
    }
    for (int64_t i = 0; i < options.layers; ++i)
        out.layers.push_back(
            make_layer(options, i, static_cast<double>(step) / static_cast<double>(options.steps)));
    return out;
}

void FakeSession::publish_geometry() {
    auto next = std::make_shared<core::GeometrySnapshot>(made_up_geometry(options_, status_.step));
    next->version = geometry_ ? geometry_->version + 1 : 1;
    next->seconds = unix_now() - 0.3;
    geometry_ = std::move(next);
    shelf_->put(geometry_);
}

uint64_t FakeSession::submit(const core::Command& command, const std::string&) {
    received_.push_back(command);
    // As the queue does: a newer value of the same key replaces one that waits.
    if (command.kind == core::CommandKind::set)
        std::erase_if(answers_, [&](const core::Answer& a) {
            return a.state == AnswerState::pending && a.command.kind == core::CommandKind::set &&
                   a.command.text("key", "") == command.text("key", "");
        });
    core::Answer answer;
    answer.id = received_.size();
    answer.command = command;
    answers_.push_back(answer);
    return answer.id;
}

void FakeSession::drain_scalars(std::vector<core::ScalarRecord>& out) {
    if (options_.updates_per_look > 0) advance(options_.updates_per_look);
    out.insert(out.end(), waiting_.begin(), waiting_.end());
    waiting_.clear();
}

std::vector<std::string> FakeSession::drain_messages() {
    return std::exchange(messages_, {});
}

void FakeSession::request_trace(core::TraceRequest request) {
    traced_ = request;
    auto result = made_up_trace(request.prompt);
    result->version = trace_ ? trace_->version + 1 : 1;
    if (!request.second.empty()) result->second = made_up_trace(request.second);
    trace_ = std::move(result);
}

std::shared_ptr<core::TraceResult> FakeSession::made_up_trace(const std::string& prompt) const {
    auto result = std::make_shared<core::TraceResult>();
    result->step = status_.step;
    result->prompt = prompt;
    std::istringstream words(prompt);
    int64_t at = 0;
    for (std::string word; words >> word;) {
        core::TraceToken token;
        token.piece = "\xE2\x96\x81" + word;
        token.begin = at;
        token.end = at + static_cast<int64_t>(word.size());
        token.id = static_cast<int32_t>(std::hash<std::string>{}(word) % 4096);
        token.nll = at == 0 ? core::kNaN : 2.5f + noise(static_cast<uint64_t>(at));
        for (int i = 0; i < 10; ++i)
            token.next.push_back({i, kPieces[i], 0.35f / static_cast<float>(1 + i)});
        at = token.end + 1;
        result->tokens.push_back(std::move(token));
    }
    if (result->tokens.empty()) result->error = "The prompt is empty. Type some words.";
    const auto count = static_cast<int64_t>(result->tokens.size());
    for (int64_t l = 0; l < options_.layers; ++l) {
        const core::LayerGeometry geometry = make_layer(options_, l, 1.0);
        core::TraceLayer layer;
        for (int64_t h = 0; h < options_.hops; ++h) {
            core::TraceHop hop;
            hop.top_k = geometry.top_k;
            hop.d_space = options_.d_space;
            for (int64_t t = 0; t < count; ++t) {
                const auto row = static_cast<size_t>(
                    (h * options_.tokens + (t * 37 + l * 11) % options_.tokens));
                const auto k = static_cast<size_t>(geometry.top_k);
                const auto d = static_cast<size_t>(options_.d_space);
                const auto copy = [&](const auto& from, auto& to, size_t width) {
                    to.insert(to.end(), from.begin() + static_cast<int64_t>(row * width),
                              from.begin() + static_cast<int64_t>((row + 1) * width));
                };
                copy(geometry.choices, hop.experts, k);
                copy(geometry.weights, hop.weights, k);
                copy(geometry.positions, hop.position, d);
                hop.entropy.push_back(1.2f);
                hop.max_prob.push_back(hop.weights[static_cast<size_t>(t) * k]);
                hop.update_norm.push_back(0.5f / static_cast<float>(h + 1));
                hop.halt_ratio.push_back(h == 0 ? core::kNaN : 0.2f);
                hop.executed.push_back(1);
            }
            layer.hops.push_back(std::move(hop));
        }
        layer.attention_norm.assign(static_cast<size_t>(count), 0.8f);
        layer.update_norm.assign(static_cast<size_t>(count), 0.6f);
        result->layers.push_back(std::move(layer));
    }
    return result;
}

void FakeSession::put(core::GeometrySnapshot snapshot) {
    snapshot.version = geometry_ ? geometry_->version + 1 : 1;
    geometry_ = std::make_shared<core::GeometrySnapshot>(std::move(snapshot));
}

void FakeSession::put(core::TraceResult trace) {
    trace.version = trace_ ? trace_->version + 1 : 1;
    trace_ = std::make_shared<core::TraceResult>(std::move(trace));
}

void FakeSession::put(core::HaltingEffect effect) {
    effect.version = halting_ ? halting_->version + 1 : 1;
    halting_ = std::make_shared<core::HaltingEffect>(std::move(effect));
}

void FakeSession::request_halting(const std::string& prompt, double epsilon) {
    auto effect = std::make_shared<core::HaltingEffect>();
    effect->version = halting_ ? halting_->version + 1 : 1;
    effect->step = status_.step;
    effect->epsilon = epsilon;
    effect->prompt = prompt;
    const auto e = static_cast<float>(epsilon);
    effect->kl = 0.4f * e;
    effect->valid_loss_base = 2.31f;
    effect->valid_loss_changed = 2.31f + 0.2f * e;
    effect->batches = 8;
    effect->tokens = 16384;
    effect->loss_diff_low = 0.12f * e;
    effect->loss_diff_high = 0.28f * e;
    effect->mean_hops = static_cast<float>(options_.hops) * (1 - 0.6f * e);
    effect->saving = 0.6f * e;
    effect->control_loss = 2.31f + 0.5f * e;
    effect->control_loss_std = 0.02f;
    effect->control_draws = 5;
    for (int i = 0; i < 10; ++i) {
        effect->base.push_back({i, kPieces[i], 0.35f / static_cast<float>(1 + i)});
        effect->changed.push_back({i, kPieces[i], 0.30f / static_cast<float>(1 + i)});
    }
    halting_ = std::move(effect);
}

void FakeSession::put(core::InterventionEffect effect) {
    effect.version = intervention_ ? intervention_->version + 1 : 1;
    intervention_ = std::make_shared<core::InterventionEffect>(std::move(effect));
}

/// Made up: the effect grows with lambda, chance with the seed.
void FakeSession::request_intervention(core::InterventionRequest request) {
    asked_.push_back(request);
    double strength = 1;
    for (const auto& command : request.script) strength = command.number("lambda", strength);
    const auto kl_at = [&](double factor) { return 0.12 * factor * factor * strength * strength; };
    core::InterventionEffect e;
    e.step = status_.step;
    e.whole = true;
    e.progress = 1;
    e.tokens = 9;
    e.target = {kPieces[1], 1, 0, 0.31, 0.31 / (1 + strength * strength), {0.30, 0.02}};
    e.nll_base = -std::log(e.target.base);
    e.nll_changed = -std::log(e.target.changed);
    e.kl = kl_at(1);
    e.token_changed = strength > 1;
    e.mean_hops = static_cast<double>(options_.hops);
    for (int i = 0; i < 12; ++i) {
        const double p = 0.31 / (1 + i);
        e.next.push_back({kPieces[i % 10],
                          i,
                          0,
                          p,
                          std::abs(p + 0.05 * noise(7, u(i))),
                          {p + 0.004 * noise(8, u(i)), 0.006}});
    }
    for (const auto& category : request.categories)
        e.groups.push_back({category.name,
                            -1,
                            static_cast<int64_t>(category.words.size()),
                            0.021,
                            0.034,
                            {0.0214, 0.0012}});
    for (int64_t l = 0; l < options_.layers; ++l) {
        e.jaccard.push_back(0.9 - 0.1 * static_cast<double>(l));
        e.control_jaccard.push_back({0.95, 0.01});
    }
    e.control_draws = request.controls;
    for (int64_t i = 0; i < request.controls; ++i)
        e.control_kls.push_back(0.02 + 0.015 * noise(u(i), request.seed));
    if (request.controls > 0) {
        e.control_kl = {0.02, 0.009};
        e.control_nll = {1.19, 0.05};
        e.control_changed = 0.05;
    }
    for (const double factor : request.doses)
        e.doses.push_back({factor,
                           kl_at(factor),
                           0.31 / (1 + factor * factor),
                           1.2 + factor,
                           factor > 1,
                           {0.02 * factor, 0.009},
                           {0.30, 0.02},
                           ""});
    e.request = std::move(request);
    put(std::move(e));
}

std::vector<core::Phase> made_up_phases(const std::vector<double>& steps,
                                        const std::vector<double>& losses) {
    std::vector<core::Phase> out;
    if (steps.size() < 10) return out;
    const double last = steps.back();
    for (const double from : {1.0, 0.16 * last, 0.55 * last}) {
        if (!out.empty()) {
            out.back().to = from;
            out.back().at_to = losses[static_cast<size_t>(from) % losses.size()];
        }
        core::Phase phase;
        phase.from = from;
        if (!out.empty()) phase.from_low = from * 0.95, phase.from_high = from * 1.05;
        phase.at_from = losses[static_cast<size_t>(from) % losses.size()];
        phase.course = from < 0.5 * last ? core::Course::falling : core::Course::level;
        out.push_back(phase);
    }
    out.back().to = last;
    out.back().at_to = losses.back();
    return out;
}

core::Result<core::Passages> made_up_passages(const std::string&,
                                              const core::PassageRequest& request,
                                              const core::Progress&) {
    const auto first_token = static_cast<int64_t>(request.seed) * 100;
    core::Passages out;
    out.request = request;
    out.tokens = out.read = 20000;
    for (const char* text : {"rain fell on the river", "a passage of words"})
        out.passages.push_back({text + (" " + std::to_string(request.seed)),
                                first_token + std::ssize(out.passages) * 10});
    out.pairs.push_back({"bank",
                         {"the bank was steep", first_token},
                         {"money lies in the bank today", first_token + 50},
                         7,
                         21,
                         "place",
                         "trade"});
    out.meanings_known = true;
    return out;
}

app::Services fake_services(FakeOptions options, FakeSession** newest) {
    app::Services services;
    auto shelf = std::make_shared<FakeShelf>();
    FakeShelf::serve(services, shelf);
    services.find_phases = made_up_phases;
    services.model_sheet = made_up_sheet;
    services.passages = made_up_passages;
    serve_made_up_samples(services, options);
    serve_fake_runs(services);
    services.open_session =
        [options, newest,
         shelf](core::SessionOptions asked) -> core::Result<std::unique_ptr<core::Session>> {
        shelf->clear();
        auto session = std::make_unique<FakeSession>(options, asked.config, shelf);
        if (newest) *newest = session.get();
        return std::unique_ptr<core::Session>(std::move(session));
    };
    services.read_config = [](const std::string& path,
                              const std::vector<std::string>&) -> core::Result<core::Config> {
        if (path.find("bad") != std::string::npos)
            return core::usage_error(path +
                                     ":3: unknown key \"laers\"; did you mean \"n_layers\"?");
        return core::Config{};
    };
    return services;
}

}  // namespace hopscope::gui_test
