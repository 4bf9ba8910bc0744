// A trainer and an inspector without a model: they count, wait and fail on order, and note every
// call. `FakeWorld` is shared by the test and both threads and outlives the session.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/session/headless.h"
#include "core/session/make_session.h"
#include "tests/session/waiting.h"

namespace hopscope::core {

struct FakeWorld {
    // Orders, set before the session is made.
    int64_t steps = 1'000'000, first_step = 0;
    int64_t eval_every = 0, checkpoint_every = 0, snapshot_every = 0;  ///< 0: never
    int micro_batches = 2;
    std::chrono::microseconds update_time{200}, evaluation_time{0}, prepare_time{0},
        geometry_time{0};
    std::string prepare_error;
    int64_t nan_at = -1;  ///< this update fails as long as it stands here
    int64_t throw_at = -1;
    std::string throw_in;  ///< "prepare", "update", "geometry", "checkpoint", "apply", …
    std::atomic<bool> disk_full{false};
    std::atomic<bool> owes{false};                ///< an evaluation of an earlier session
    std::atomic<bool> no_checkpoint{false};       ///< no room for a checkpoint, though for a line
    std::function<void(int64_t step)> in_update;  ///< runs inside an update, on the trainer thread
    std::function<void()> in_prepare;
    std::function<void(const std::function<bool()>&cancelled)> in_trace, in_halting,
        in_intervention;
    int64_t device_bytes = 0;  ///< memory of a GPU
    int64_t again_at = -1;     ///< a freeze of an earlier session is applied again at this step
    std::string refuse_set;    ///< apply refuses `set` of this key
    std::atomic<bool> forked{false};        ///< set by `fork`: a copy has its turn
    std::atomic<bool> copy_unsaved{false};  ///< it has made updates since the last checkpoint

    // What happened.
    std::atomic<int64_t> updates{0}, copies{0}, geometries{0}, refreshes{0}, traces{0};
    std::atomic<int64_t> haltings{0}, interventions{0};
    int publications = 1;  ///< of an intervention before its control is measured
    std::atomic<bool> trainer_alive{false}, inspector_alive{false};
    /// The steps at which commands were applied, and by whom: the event log.
    struct Applied {
        Command command;
        std::string by;
        int64_t step;
    };

    void note(const std::string& call) {
        std::lock_guard lock(mutex);
        calls.push_back(call);
    }
    std::vector<std::string> noted() {
        std::lock_guard lock(mutex);
        return calls;
    }
    int64_t count(const std::string& call) {
        int64_t n = 0;
        for (const std::string& noted_call : noted()) n += noted_call == call;
        return n;
    }
    std::vector<Applied> log() {
        std::lock_guard lock(mutex);
        return applied;
    }
    std::vector<ScalarRecord> recorded() {
        std::lock_guard lock(mutex);
        return records;
    }

    std::mutex mutex;
    std::vector<std::string> calls;
    std::vector<Applied> applied;
    std::vector<ScalarRecord> records;
};

struct FakeWeights final : WeightsCopy {
    double lr = 0;
};

class FakeTrainer final : public Trainer {
  public:
    explicit FakeTrainer(FakeWorld& world) : world_(world), step_(world.first_step) {
        world_.trainer_alive = true;
    }
    ~FakeTrainer() override {
        check_thread();
        world_.trainer_alive = false;
    }

    Status prepare(const Progress& progress, RunStatus& status) override {
        called("prepare");
        status.run_name = "fake";
        status.parameters = 42;
        if (world_.in_prepare) world_.in_prepare();
        const auto end = std::chrono::steady_clock::now() + world_.prepare_time;
        while (std::chrono::steady_clock::now() < end) {
            progress.report("preparing", 0.5);
            if (progress.cancelled()) return Error{ErrorKind::interrupted, "cancelled"};
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        if (!world_.prepare_error.empty()) return usage_error(world_.prepare_error);
        return {};
    }
    int64_t step() const override { return step_; }
    int64_t steps() const override { return world_.steps; }
    std::vector<ScalarRecord> history() override {
        std::vector<ScalarRecord> records(static_cast<size_t>(world_.first_step));
        for (size_t i = 0; i < records.size(); ++i) records[i].step = int64_t(i) + 1;
        return records;
    }
    Result<ScalarRecord> update(const std::function<void()>& between) override {
        if (world_.throw_at == step_) throw std::runtime_error("update exploded");
        called("");
        if (world_.in_update) world_.in_update(step_);
        for (int i = 0; i < world_.micro_batches; ++i) {
            std::this_thread::sleep_for(world_.update_time / world_.micro_batches);
            between();
        }
        if (world_.nan_at == step_) return failure("the loss is not finite");
        ++step_;
        world_.updates = step_;
        ScalarRecord record;
        record.step = step_;
        record.loss = static_cast<float>(1.0 / static_cast<double>(step_));
        record.lr = static_cast<float>(lr_);
        record.layers.resize(3);
        return record;
    }
    Due due() const override {
        const auto every = [&](int64_t n) { return n > 0 && step_ % n == 0; };
        return {every(world_.eval_every), every(world_.checkpoint_every),
                every(world_.snapshot_every)};
    }
    Result<float> evaluate(const Progress& progress) override {
        called("evaluate");
        const auto end = std::chrono::steady_clock::now() + world_.evaluation_time;
        while (std::chrono::steady_clock::now() < end) {
            progress.report("evaluating", 0.5);
            if (progress.cancelled()) return Error{ErrorKind::interrupted, "cancelled"};
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        return 2.5f;
    }
    Status record(const ScalarRecord& record) override {
        called("");
        if (world_.disk_full) return failure("metrics.csv: no space left");
        std::lock_guard lock(world_.mutex);
        world_.records.push_back(record);
        return {};
    }
    bool owes_evaluation() override { return world_.owes; }
    Result<ScalarRecord> make_up(float valid_loss) override {
        called("make_up");
        world_.owes = false;
        ScalarRecord record;
        record.step = step_;
        record.valid_loss = valid_loss;
        return record;
    }
    std::vector<ScalarRecord> beside(const Progress&) override {
        called("");
        if (!world_.forked) return {};
        world_.note("beside " + std::to_string(step_));
        world_.copy_unsaved = true;
        ScalarRecord record;
        record.lane = 1;
        record.step = step_;
        return {record};
    }
    std::vector<std::string> messages() override {
        called("");
        return std::exchange(messages_, {});
    }
    void describe(RunStatus& status) const override {
        check_thread();
        if (!world_.forked) return;
        status.lanes = {"fake", "copy"};
        status.fork.updates = step_;
    }
    bool unsaved() const override { return world_.copy_unsaved; }
    Status checkpoint_due() override {
        const bool unsaved_before = world_.copy_unsaved;
        auto saved = checkpoint();
        world_.copy_unsaved = unsaved_before;
        return saved;
    }
    Status checkpoint() override {
        called("checkpoint");
        if (world_.disk_full || world_.no_checkpoint) return failure("checkpoint: no space left");
        world_.copy_unsaved = false;
        return {};
    }
    Status apply(const Command& command, const std::string& by) override {
        called("apply");
        if (!world_.refuse_set.empty() && command.text("key", "") == world_.refuse_set)
            return usage_error("not this key");
        if (command.kind == CommandKind::set) lr_ = command.number("value", 0);
        if (command.kind == CommandKind::freeze) frozen_ = {command.text("what", "")};
        if (command.kind == CommandKind::unfreeze) frozen_.clear();
        if (command.kind == CommandKind::fork) {
            world_.forked = true;
            messages_.push_back("a copy was made");
        }
        return note(command, by);
    }
    Status note(const Command& command, const std::string& by) override {
        std::lock_guard lock(world_.mutex);
        world_.applied.push_back({command, by, step_});
        return {};
    }
    std::vector<Answer> past() override {
        if (world_.again_at < 0 || step_ < world_.again_at) return {};
        world_.again_at = -1;
        frozen_ = {"router"};
        return {{0,
                 {CommandKind::freeze, {{"what", std::string("router")}}},
                 AnswerState::applied,
                 step_,
                 ""}};
    }
    int64_t device_bytes() const override { return world_.device_bytes; }
    std::vector<std::string> frozen() const override { return frozen_; }
    std::shared_ptr<const GeometrySnapshot> geometry() override {
        called("geometry");
        std::this_thread::sleep_for(world_.geometry_time);
        auto snapshot = std::make_shared<GeometrySnapshot>();
        snapshot->version = static_cast<uint64_t>(++world_.geometries);
        snapshot->step = step_;
        snapshot->pieces.assign(8, "piece");
        return snapshot;
    }
    Status save_geometry(const GeometrySnapshot& snapshot) override {
        called("save_geometry");
        return {};
    }
    std::shared_ptr<const WeightsCopy> copy_weights() override {
        called("copy_weights");
        ++world_.copies;
        auto copy = std::make_shared<FakeWeights>();
        copy->step = step_;
        copy->lr = lr_;
        return copy;
    }
    Status write_state(RunState state, const std::string& reason) override {
        called(std::string("state ") + name_of(state) + (reason.empty() ? "" : ": " + reason));
        if (world_.disk_full) return failure("run.json: no space left");
        return {};
    }

  private:
    void check_thread() const {
        if (thread_ == std::thread::id()) return;
        EXPECT_EQ(thread_, std::this_thread::get_id()) << "the trainer changed threads";
    }
    void called(const std::string& name) {
        if (thread_ == std::thread::id()) thread_ = std::this_thread::get_id();
        check_thread();
        if (name.empty()) return;
        world_.note(name);
        if (world_.throw_in == name) throw std::runtime_error(name + " exploded");
    }

    FakeWorld& world_;
    int64_t step_;
    double lr_ = 0;
    std::vector<std::string> frozen_, messages_;
    std::thread::id thread_;
};

class FakeInspector final : public Inspector {
  public:
    explicit FakeInspector(FakeWorld& world) : world_(world) { world_.inspector_alive = true; }
    ~FakeInspector() override { world_.inspector_alive = false; }

    void refresh(std::shared_ptr<const WeightsCopy> weights) override {
        if (world_.throw_in == "refresh") throw std::runtime_error("refresh exploded");
        ++world_.refreshes;
        weights_ = std::dynamic_pointer_cast<const FakeWeights>(weights);
        EXPECT_TRUE(weights_);
    }
    TraceResult trace(const TraceRequest& request,
                      const std::function<bool()>& cancelled) override {
        ++world_.traces;
        TraceResult result;
        if (world_.in_trace) world_.in_trace(cancelled);
        if (world_.throw_in == "trace") throw std::runtime_error("trace exploded");
        if (request.prompt.empty()) {
            result.error = "the prompt is empty";
            return result;
        }
        for (char c : request.prompt) {
            TraceToken token;
            token.id = c;
            result.tokens.push_back(token);
        }
        result.step = weights_->step;
        return result;
    }
    HaltingEffect halting(const std::string& prompt, double epsilon,
                          const std::function<bool()>& cancelled) override {
        ++world_.haltings;
        if (world_.in_halting) world_.in_halting(cancelled);
        HaltingEffect effect;
        effect.kl = static_cast<float>(epsilon);
        return effect;
    }
    /// KL = the seed, published once before the control.
    InterventionEffect intervene(
        const InterventionRequest& request, const std::function<bool()>& cancelled,
        const std::function<void(const InterventionEffect&)>& publish) override {
        ++world_.interventions;
        InterventionEffect effect;
        effect.kl = static_cast<double>(request.seed);
        for (int i = 0; i < world_.publications; ++i) publish(effect);
        if (world_.in_intervention) world_.in_intervention(cancelled);
        if (world_.throw_in == "intervene") throw std::runtime_error("intervene exploded");
        effect.whole = true;
        return effect;
    }

  private:
    FakeWorld& world_;
    std::shared_ptr<const FakeWeights> weights_;
};

inline SessionOptions paused_at_start() {
    SessionOptions options;
    options.start = false;
    return options;
}

/// A session over fakes, and waiting with a limit. Declared after the world it uses.
class FakeRun {
  public:
    explicit FakeRun(FakeWorld& world, SessionOptions options = {}, bool with_inspector = true) {
        options.wake = wake.callback();
        session = make_session(std::move(options), std::make_unique<FakeTrainer>(world),
                               with_inspector ? std::make_unique<FakeInspector>(world) : nullptr);
    }

    /// Until `condition` holds; false after `limit`.
    bool wait(const std::function<bool()>& condition,
              std::chrono::milliseconds limit = std::chrono::seconds(20)) {
        return wait_until_true(wake, condition, limit);
    }
    bool wait_state(RunState state) {
        return wait([&] { return session->status().state == state; });
    }
    Answer answer(uint64_t id) {
        for (const Answer& answer : session->answers())
            if (answer.id == id) return answer;
        return {};
    }
    /// Submits and waits for the answer.
    Answer ask(const Command& command) {
        const uint64_t id = session->submit(command, "test");
        EXPECT_TRUE(wait([&] { return answer(id).state != AnswerState::pending; }))
            << to_json(command);
        return answer(id);
    }
    std::vector<ScalarRecord> drain() {
        session->drain_scalars(drained);
        return drained;
    }
    /// Closes and waits for both threads.
    bool close() {
        session->close();
        return wait([&] { return session->finished(); });
    }

    HeadlessWake wake;
    std::unique_ptr<Session> session;
    std::vector<ScalarRecord> drained;
};

inline Command set_command(const std::string& key, double value) {
    return {CommandKind::set, {{"key", key}, {"value", value}}};
}

inline SessionOptions without_window() {
    SessionOptions options;
    options.headless = true;
    return options;
}

/// Every update once, in order, up to `last`.
inline void expect_complete(const std::vector<ScalarRecord>& records, int64_t last) {
    ASSERT_EQ(int64_t(records.size()), last);
    for (int64_t i = 0; i < last; ++i) ASSERT_EQ(records[size_t(i)].step, i + 1);
}

}  // namespace hopscope::core
