// The same tiny run in every way that must not change what it learns: other kernels, something
// attached, broken off and resumed, another copy beside it. Bit for bit where the design promises
// it, else within the tolerance that stands beside the case. If these fail, what a run learns
// depends on who looks, or on what happened to its process.
#include <algorithm>
#include <cmath>
#include <sstream>

#include "core/api/session.h"
#include "core/config/parse.h"
#include "core/run/event_log.h"
#include "core/run/run_folder.h"
#include "core/run/safetensors.h"
#include "core/run/safetensors_file.h"
#include "core/session/headless.h"
#include "tests/trainer/trained_run.h"

namespace hopscope::core {
namespace {

using namespace hopscope::test;

const std::vector<std::string> kVariantRun = {"train.steps=12", "train.eval_every=4",
                                              "train.checkpoint_every=4", "train.threads=1"};
constexpr int64_t kVariantSteps = 12;

/// Losses are near ln 320 = 5.8 nats and fall to about 5 in these twelve updates.
struct Variant {
    const char* name;
    double tolerance;  ///< of each loss, nats; 0 = bit for bit, weights and moments too
    std::vector<std::string> overrides = {};
    std::string script = {};   ///< commands one a line
    std::string kill_at = {};  ///< trained in processes that die there, until one comes through
    bool inspected = false;    ///< stepped by a window that asks about prompts all the while
};

std::ostream& operator<<(std::ostream& out, const Variant& v) {
    return out << v.name;
}

const Variant kVariants[] = {
    {"again", 0},
    // Both forms are fp32 and differ in the order of sums.
    {"in_the_reference_form", 1e-5, {"debug.reference_kernels=true"}},
    // Scores that something was added to, if only zero, are routed by the reference form.
    {"with_an_intervention_of_no_effect",
     1e-5,
     {},
     R"({"command": "boost", "layer": 0, "expert": 1, "strength": 0})"},
    {"with_a_picture_of_every_update", 0, {"train.snapshot_every=1"}},
    // Its probes take part in passes on a copy of the weights, beside those of the training.
    {"with_an_inspector_at_work", 0, {}, "", "", true},
    {"without_pictures", 0, {"debug.skip_publication=true"}},
    {"on_a_slow_disk", 0, {"debug.slow_writer_ms=2"}},
    // Each process comes one save further than the one before it.
    {"killed_at_every_save", 0, {}, "", "checkpoint.rename:2"},
    {"killed_at_every_evaluation", 0, {}, "", "eval.rename:2"},
    {"with_a_fork_alive_beside_it", 0, {}, R"({"command": "fork", "from_step": 3})"},
    // Bit for bit at a fixed number of threads only: sums are cut in other places.
    {"on_two_threads", 1e-5, {"train.threads=2"}},
    // Three digits a number in matrices and activations.
    {"in_bf16", 0.005, {"train.precision=bf16"}},
};

std::vector<double> losses_of(const std::string& run) {
    std::vector<double> out;
    for (const ScalarRecord& record : records_of(run)) {
        out.push_back(record.loss);
        if (!std::isnan(record.valid_loss)) out.push_back(record.valid_loss);
    }
    return out;
}

/// Not by the files' bytes, whose headers hold the configuration.
void expect_same_tensors(const std::string& a, const std::string& b) {
    for (const char* name : {"/model.safetensors", "/optimizer.safetensors"}) {
        const auto x = SafetensorsFile::open(checkpoint_of(a, kVariantSteps) + name);
        const auto y = SafetensorsFile::open(checkpoint_of(b, kVariantSteps) + name);
        ASSERT_TRUE(x.ok() && y.ok()) << a << " " << b << name;
        ASSERT_EQ(x->tensors().size(), y->tensors().size());
        for (const TensorView& t : x->tensors()) {
            const TensorView* other = y->find(t.name);
            ASSERT_TRUE(other && other->bytes == t.bytes) << t.name;
            EXPECT_TRUE(std::equal(static_cast<const char*>(t.data),
                                   static_cast<const char*>(t.data) + t.bytes,
                                   static_cast<const char*>(other->data)))
                << t.name;
        }
    }
}

void expect_losses(const std::vector<double>& found, const std::vector<double>& expected,
                   double tolerance) {
    ASSERT_EQ(found.size(), expected.size());
    for (size_t i = 0; i < found.size(); ++i)
        EXPECT_LE(std::fabs(found[i] - expected[i]), tolerance) << "loss " << i;
}

class TrainLane : public SharedRuns, public ::testing::WithParamInterface<Variant> {
  protected:
    static void SetUpTestSuite() {
        SharedRuns::SetUpTestSuite();
        train_run("plain", kVariantRun);
    }
    static std::vector<std::string> overrides(const Variant& v) {
        auto out = kVariantRun;
        out.insert(out.end(), v.overrides.begin(), v.overrides.end());
        return out;
    }
    /// Deaths until the run is near enough to its end to come through.
    static int die_on_the_way(const Variant& v, const std::string& run) {
        auto set = overrides(v);
        set.push_back("debug.kill_at=" + v.kill_at);
        int deaths = 0;
        while (train_and_kill(*runs_ / "c.toml", run, is_run_folder(run), 1000, v.script, set))
            ++deaths;
        return deaths;
    }
    /// Every update beside questions, each of which has been answered before the next one.
    static void train_inspected(const Variant& v, const std::string& run) {
        const HeadlessWake wake;
        SessionOptions o;
        o.config = *load_config(*runs_ / "c.toml", overrides(v));
        o.run_dir = run;
        o.start = false;
        o.wake = wake.callback();
        auto opened = Session::open(std::move(o));
        ASSERT_TRUE(opened.ok()) << opened.error().message;
        Session& session = **opened;
        const auto wait = [&](const auto& done) {
            const auto late = Wakeup::Clock::now() + std::chrono::seconds(60);
            while (!done() && Wakeup::Clock::now() < late)
                wake.bell->wait_until(wake.bell->ticket(),
                                      Wakeup::Clock::now() + std::chrono::milliseconds(5));
            ASSERT_TRUE(done());
        };
        wait([&] { return session.status().state == RunState::paused; });
        const Command steer =
            *parse_command(R"({"command": "steer", "layer": 0, "expert": 1, "lambda": 1})");
        const auto version = [](const auto& answer) { return answer ? answer->version : 0; };
        for (int64_t step = 1; step <= kVariantSteps; ++step) {
            const auto traced = version(session.trace()), halted = version(session.halting());
            session.request_trace({"the baker walks", {steer}});
            session.request_halting("a sailor looks", 0.05);
            session.submit({CommandKind::step, {}}, "test");
            wait([&] { return session.status().step == step; });
            wait([&] { return version(session.trace()) > traced; });
            wait([&] { return version(session.halting()) > halted; });
            EXPECT_EQ(session.trace()->error, "");
            EXPECT_EQ(session.halting()->error, "");
        }
        session.close();
        wait([&] { return session.finished(); });
    }
    static Result<std::string> train(const Variant& v, const std::string& run) {
        lab::TrainOptions o;
        o.config_path = *runs_ / "c.toml";
        o.overrides = overrides(v);
        o.out = run;
        o.allow_debug = true;
        o.resume = is_run_folder(run);
        std::istringstream lines(v.script);
        for (std::string line; !o.resume && std::getline(lines, line);)
            o.script.push_back(*parse_training_command(line));
        return lab::train(o);
    }
};

TEST_P(TrainLane, LearnsTheSame) {
    const Variant& v = GetParam();
    const std::string run = *runs_ / v.name;
    if (!v.kill_at.empty()) {
        EXPECT_EQ(die_on_the_way(v, run), 2);
    }
    if (v.inspected) {
        ASSERT_NO_FATAL_FAILURE(train_inspected(v, run));
    } else {
        const auto trained = train(v, run);
        ASSERT_TRUE(trained.ok()) << trained.error().message;
    }
    const std::string plain = *runs_ / "plain";
    expect_losses(losses_of(run), losses_of(plain), v.tolerance);
    if (v.tolerance == 0) expect_same_tensors(plain, run);
    const auto forks = RunFolder::open(run, /*writer=*/false)->forks();
    EXPECT_EQ(forks.size(), v.script.find("fork") == std::string::npos ? 0u : 1u);
    for (const int64_t step : forks)
        expect_same_tensors(plain, RunFolder::open(run, false)->fork_path(step));
}

INSTANTIATE_TEST_SUITE_P(All, TrainLane, ::testing::ValuesIn(kVariants),
                         [](const auto& variant) { return std::string(variant.param.name); });

// A run of version 0.1 went on to update 8 and goes on here to update 12; a run that this program
// makes of the same text and commands does the same.
TEST(TrainLane01, ARunFolderOfAnEarlierVersionGoesOnAsItsLikeOfToday) {
    const TempFolder dir;
    const std::string stored = std::string(HOPSCOPE_FORMATS) + "/0.1";
    const std::string old = dir / "old", now = dir / "now", other = dir / "other",
                      text = stored + "/text.txt";
    std::filesystem::copy(stored + "/run", old, std::filesystem::copy_options::recursive);
    lab::TrainOptions o;
    o.config_path = stored + "/run/config.toml";
    o.overrides = {"data.train=" + text};
    o.out = now;
    const auto log = read_event_log(old + "/events.jsonl");
    ASSERT_TRUE(log.ok()) << log.error().message;
    for (const LoggedCommand& entry : *log) o.script.push_back(entry.command);
    auto made = lab::train(o);
    ASSERT_TRUE(made.ok()) << made.error().message;
    o.overrides.emplace_back("train.seed=43");
    o.out = other;
    made = lab::train(o);
    ASSERT_TRUE(made.ok()) << made.error().message;
    for (const std::string& run : {now, old, other}) {
        lab::TrainOptions more;
        more.out = run;
        more.resume = true;
        more.overrides = {"train.steps=12"};
        made = lab::train(more);
        ASSERT_TRUE(made.ok()) << made.error().message;
    }
    // What dropout takes away was drawn by LibTorch then and is drawn by seed and place now; that
    // much less than another seed's batches and weights do.
    constexpr double kDrawn = 0.02;
    expect_losses(losses_of(old), losses_of(now), kDrawn);
    const auto found = losses_of(other), of_today = losses_of(now);
    double apart = 0;
    for (size_t i = 0; i < found.size(); ++i)
        apart = std::max(apart, std::fabs(found[i] - of_today[i]));
    EXPECT_GT(apart, 2 * kDrawn) << "too little to tell";
    const auto evaluated = [](const std::string& run) {
        lab::EvalOptions eval;
        eval.run = run;
        const auto document = lab::eval(eval);
        EXPECT_TRUE(document.ok()) << (document ? "" : document.error().message);
        return document ? nlohmann::json::parse(*document).at("loss").get<double>() : NAN;
    };
    EXPECT_NEAR(evaluated(old), evaluated(now), kDrawn);
}

}  // namespace
}  // namespace hopscope::core
