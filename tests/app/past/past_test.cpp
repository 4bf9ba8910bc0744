// A run that is trained here, the same run followed from its folder, and the same run opened when
// it is over: if these fail, the three draw different pictures of one past. The real laboratory,
// and what panels compute before they draw.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <thread>

#include "app/panels/curves/view.h"
#include "app/panels/log/view.h"
#include "app/panels/routing_space/view.h"
#include "app/panels/run/view.h"
#include "app/panels/statistics/view.h"
#include "app/state/app_state.h"
#include "core/api/lab.h"
#include "tests/session/same_fork.h"
#include "tests/temp_folder.h"

namespace hopscope::app {
namespace {

constexpr const char* kConfig = R"([model]
d_model = 32
n_layers = 2
n_heads = 2
vocab_size = 400
max_seq_len = 64
dropout = 0.0
[moe]
experts = 16
top_k = 2
hops = 2
d_space = 8
[train]
steps = 60
batch = 4
seq_len = 32
lr = 5e-3
warmup = 5
eval_every = 20
eval_batches = 2
checkpoint_every = 30
snapshot_every = 5
threads = 1
[data]
source = "synthetic"
)";

constexpr size_t kTail = 20;

/// A run as one window sees it, without the window.
struct View {
    explicit View(core::SessionOptions options) {
        state.services.kept_snapshots = core::lab::kept_snapshots;
        state.services.read_kept_snapshot = core::lab::read_kept_snapshot;
        state.services.find_phases = core::lab::loss_phases;
        auto session = core::Session::open(std::move(options));
        EXPECT_TRUE(session) << (session ? "" : session.error().message);
        if (session) state.attach(*std::move(session));
        state.selection.layer = 1;
    }
    ~View() {
        state.finish_aside();
        state.attach(nullptr);
    }
    void frame() {
        state.now += 1;
        update_state(state);
        state.update_places();
    }
    Past past() const { return state.archive.until(state.geometry); }
    SpaceView space() const {
        SpaceOptions options;
        options.layer = 1;
        return space_view(past(), state.places, kTail, options);
    }
    /// The picture of an earlier step, by the cursor of time.
    SpaceView space_at(int64_t step) {
        state.time.go_to(state.archive.files(), step);
        for (int tries = 0; tries < 1000 && state.time.reading(); ++tries) {
            frame();
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        EXPECT_EQ(state.geometry->step, step);
        const SpaceView seen = space();
        state.time.go_live();
        frame();
        return seen;
    }
    /// Commands and their steps; those given ahead of time stand as they were given.
    std::vector<std::string> commands() const {
        std::vector<std::string> out;
        for (const LogRow& row : log_rows(state, /*commands=*/true)) out.push_back(row.text);
        std::sort(out.begin(), out.end());
        return out;
    }

    AppState state;
};

bool settled(const View& view) {
    const AppState& s = view.state;
    return core::is_final(s.status.state) && s.geometry && s.geometry->step == s.status.steps &&
           s.history.step.size() == static_cast<size_t>(s.status.steps) &&
           s.archive.files().size() == 12 && s.archive.settled() && !s.places.layer(1).provisional;
}

/// Frames of all views until each has seen the end of the run.
void watch_to_the_end(std::vector<View*> views) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(90);
    const auto all = [&] {
        return std::all_of(views.begin(), views.end(), [](View* v) { return settled(*v); });
    };
    while (!all() && std::chrono::steady_clock::now() < deadline) {
        for (View* view : views) view->frame();
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    for (View* view : views) EXPECT_TRUE(settled(*view)) << core::name_of(view->state.status.state);
    for (int more = 0; more < 100; ++more)
        for (View* view : views) {
            view->frame();
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
}

void expect_same(const std::vector<double>& a, const std::vector<double>& b, const char* what) {
    ASSERT_EQ(a.size(), b.size()) << what;
    for (size_t i = 0; i < a.size(); ++i)
        ASSERT_TRUE(a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i])))
            << what << ", value " << i << ": " << a[i] << " and " << b[i];
}

void expect_same_history(const History& a, const History& b) {
    expect_same(a.step, b.step, "step");
    expect_same(a.tokens, b.tokens, "tokens");
    expect_same(a.seconds, b.seconds, "seconds");
    expect_same(a.loss, b.loss, "loss");
    expect_same(a.balance_loss, b.balance_loss, "balance loss");
    expect_same(a.lr, b.lr, "learning rate");
    expect_same(a.grad_norm, b.grad_norm, "gradient norm");
    expect_same(a.tokens_per_s, b.tokens_per_s, "tokens each second");
    expect_same(a.valid_step, b.valid_step, "validation steps");
    expect_same(a.valid_loss, b.valid_loss, "validation loss");
    ASSERT_EQ(a.layers.size(), b.layers.size());
    for (size_t l = 0; l < a.layers.size(); ++l)
        for (const RoutingStatRow& row : routing_stats())
            expect_same(a.layers[l].of(row.stat), b.layers[l].of(row.stat), row.name);
}

void expect_same_curves(const AppState& a, const AppState& b) {
    expect_same_history(a.history, b.history);
    EXPECT_EQ(a.status.lanes, b.status.lanes);
    ASSERT_EQ(a.rivals.size(), b.rivals.size());
    for (size_t i = 0; i < a.rivals.size(); ++i) expect_same_history(a.rivals[i], b.rivals[i]);
    for (const XAxis axis : {XAxis::step, XAxis::tokens, XAxis::time}) {
        auto x = marks_of(a.answers, a.history, axis), y = marks_of(b.answers, b.history, axis);
        const auto by_place = [](const Mark& m, const Mark& n) { return m.x < n.x; };
        std::stable_sort(x.begin(), x.end(), by_place);
        std::stable_sort(y.begin(), y.end(), by_place);
        ASSERT_EQ(x.size(), y.size());
        EXPECT_GE(x.size(), 3u) << "what was done must stand on the curves";
        for (size_t i = 0; i < x.size(); ++i) {
            EXPECT_EQ(x[i].x, y[i].x);
            EXPECT_EQ(x[i].text, y[i].text);
        }
    }
}

void expect_same_run_panel(const AppState& a, const AppState& b) {
    for (const core::LiveSetting& setting : sliders())
        EXPECT_EQ(setting_value(a.session->config(), a.answers, setting.value.name).value,
                  setting_value(b.session->config(), b.answers, setting.value.name).value)
            << setting.value.name;
    EXPECT_EQ(a.status.step, b.status.step);
    EXPECT_EQ(a.status.steps, b.status.steps);
    EXPECT_EQ(a.status.valid_loss, b.status.valid_loss);
    EXPECT_EQ(a.status.run_name, b.status.run_name);
    EXPECT_EQ(a.status.source, b.status.source);
    EXPECT_EQ(a.status.parameters, b.status.parameters);
    EXPECT_EQ(a.status.threads, b.status.threads);
    EXPECT_EQ(a.status.device, b.status.device);
    EXPECT_EQ(a.status.frozen, b.status.frozen);
    EXPECT_EQ(a.status.interventions, b.status.interventions);
    EXPECT_EQ(a.status.frozen, std::vector<std::string>{"centroids"});
    EXPECT_EQ(a.status.interventions.size(), 1u);
    core::expect_same_fork(a.status.fork, b.status.fork);
}

void expect_same_statistics(const Past& a, const Past& b) {
    for (const size_t layer : {size_t{0}, size_t{1}}) {
        const LoadMap x = load_map(a, layer), y = load_map(b, layer);
        EXPECT_EQ(x.first_step, 5);
        EXPECT_EQ(x.first_step, y.first_step);
        EXPECT_EQ(x.last_step, y.last_step);
        EXPECT_EQ(x.order, y.order);
        ASSERT_EQ(x.values.size(), y.values.size());
        for (size_t i = 0; i < x.values.size(); ++i) EXPECT_NEAR(x.values[i], y.values[i], 1e-4f);
        const StepOverlap o = step_overlap(a, layer), p = step_overlap(b, layer);
        EXPECT_GE(o.steps.size(), 4u);
        EXPECT_EQ(o.steps, p.steps);
        EXPECT_EQ(o.jaccard, p.jaccard);
    }
}

/// The file of a snapshot holds positions in half precision.
void expect_same_space(const SpaceView& a, const SpaceView& b) {
    ASSERT_EQ(a.points.size(), b.points.size());
    ASSERT_EQ(a.lines.size(), b.lines.size());
    EXPECT_EQ(a.items, b.items);
    EXPECT_EQ(a.tail_from, b.tail_from);
    EXPECT_EQ(a.axis_names, b.axis_names);
    ASSERT_EQ(a.values.size != nullptr, b.values.size != nullptr);
    if (a.values.size) {
        EXPECT_EQ(a.values.size->n, b.values.size->n);
    }
    for (size_t i = 0; i < a.points.size(); ++i) {
        EXPECT_NEAR(a.points[i].x, b.points[i].x, 4e-3f) << i;
        EXPECT_NEAR(a.points[i].y, b.points[i].y, 4e-3f) << i;
        EXPECT_NEAR(a.points[i].size, b.points[i].size, 1e-2f) << i;
    }
}

/// Entropies are kept in half precision, losses whole.
void expect_same_quantities(const core::GeometrySnapshot& a, const core::GeometrySnapshot& b) {
    for (const char* name : {"entropy", "loss"}) {
        const viz::Quantity* quantity = viz::find_quantity(name);
        EXPECT_EQ(quantity->lacks(a, 1), "");
        const auto x = quantity->of(a, 1), y = quantity->of(b, 1);
        ASSERT_EQ(x.tokens.size(), y.tokens.size()) << name;
        EXPECT_EQ(x.n, static_cast<int64_t>(2 * a.token_ids.size())) << name;
        for (size_t i = 0; i < x.tokens.size(); ++i)
            ASSERT_NEAR(x.tokens[i], y.tokens[i], 2e-3f) << name << i;
    }
}

/// The bands of the timeline are the pieces that the analysis of the run's folder writes.
void expect_phases_of_the_analysis(const View& view, const std::string& dir) {
    core::lab::AnalyzeOptions options;
    options.run = dir;
    options.what = "phases";
    const auto document = core::lab::analyze(options);
    ASSERT_TRUE(document) << document.error().message;
    const auto& shown = view.state.phases.all();
    EXPECT_FALSE(shown.empty());
    size_t curves = 0;
    const auto analysis = nlohmann::json::parse(*document);
    for (const auto& curve : analysis.at("result").at("curves")) {
        if (curve.at("name") != "loss") continue;
        ++curves;
        const auto& pieces = curve.at("pieces");
        ASSERT_EQ(pieces.size(), shown.size());
        for (size_t i = 0; i < shown.size(); ++i) {
            EXPECT_NEAR(pieces[i].at("from"), shown[i].from, 1e-3);
            EXPECT_NEAR(pieces[i].at("to"), shown[i].to, 1e-3);
            EXPECT_NEAR(pieces[i].at("at_to"), shown[i].at_to, 1e-4);
            EXPECT_EQ(pieces[i].at("course"), core::word(shown[i].course));
        }
    }
    EXPECT_EQ(curves, 1u);
}

void expect_same_view(View& a, View& b) {
    expect_same_curves(a.state, b.state);
    expect_same_run_panel(a.state, b.state);
    expect_same_statistics(a.past(), b.past());
    EXPECT_EQ(a.commands(), b.commands());
    const auto &x = a.state.places.layer(1), &y = b.state.places.layer(1);
    EXPECT_EQ(x.basis.step, y.basis.step);
    EXPECT_EQ(x.basis.axes, y.basis.axes) << "colours are places";
    EXPECT_EQ(x.scale, y.scale);
    expect_same_space(a.space(), b.space());
    expect_same_quantities(*a.state.geometry, *b.state.geometry);
    EXPECT_EQ(a.state.phases.all().size(), b.state.phases.all().size());
    SCOPED_TRACE("at step 30");
    expect_same_space(a.space_at(30), b.space_at(30));
}

TEST(Past, IsTheSameLiveFollowedAndOpened) {
    test::TempFolder temp;
    const std::string config = temp / "tiny.toml", dir = temp / "run";
    std::ofstream(config) << kConfig;
    core::SessionOptions options;
    const auto read = core::lab::read_config(config, {});
    ASSERT_TRUE(read) << read.error().message;
    options.config = *read;
    options.config_name = "tiny";
    options.run_dir = dir;
    options.start = false;
    auto live = std::make_unique<View>(options);
    const auto wait_until = [&](core::RunState wanted) {
        for (int tries = 0; tries < 6000 && live->state.status.state != wanted; ++tries) {
            live->frame();
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        ASSERT_EQ(live->state.status.state, wanted) << live->state.status.reason;
    };
    wait_until(core::RunState::paused);
    core::SessionOptions look;
    look.run_dir = dir;
    look.open_only = true;
    auto followed = std::make_unique<View>(look);
    EXPECT_NE(followed->state.session->status().followed, "");
    for (
        const char* line :
        {R"({"command": "set", "key": "lr", "value": 0.002, "from_step": 10})",
         R"({"command": "fork", "with": "{\"command\": \"freeze\", \"what\": \"routing\"}", "from_step": 12})",
         R"({"command": "freeze", "what": "router", "from_step": 22})",
         R"({"command": "unfreeze", "what": "router", "from_step": 34})",
         R"({"command": "steer", "layer": 0, "expert": 3, "lambda": 0.5, "from_step": 36})",
         R"({"command": "freeze", "what": "centroids", "from_step": 38})",
         R"({"command": "fork", "end": true, "from_step": 44})", R"({"command": "resume"})"}) {
        const auto command = core::parse_command(line);
        ASSERT_TRUE(command) << command.error().message;
        live->state.submit(*command);
    }
    watch_to_the_end({live.get(), followed.get()});
    ASSERT_FALSE(HasFailure());
    EXPECT_FALSE(live->space().lines.empty());
    {
        SCOPED_TRACE("live and followed");
        expect_same_view(*live, *followed);
    }
    followed.reset();
    // What the window saw of it outlives its session.
    live->state.session->close();
    for (int tries = 0; tries < 6000 && !live->state.session->finished(); ++tries)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    ASSERT_TRUE(live->state.session->finished());
    View opened(look);
    EXPECT_EQ(opened.state.session->status().followed, "");
    watch_to_the_end({&opened});
    SCOPED_TRACE("live and opened");
    expect_same_view(*live, opened);
    expect_phases_of_the_analysis(opened, dir);
}

// Wrong if the window opened an older checkpoint without a word of the damaged one.
TEST(Past, ADamagedNewestCheckpointIsSaidInTheLog) {
    test::TempFolder temp;
    const std::string dir = temp / "run";
    {
        std::ofstream(temp / "tiny.toml") << kConfig;
        const auto read = core::lab::read_config(temp / "tiny.toml", {});
        ASSERT_TRUE(read) << read.error().message;
        core::SessionOptions options;
        options.config = *read;
        options.config_name = "tiny";
        options.run_dir = dir;
        View trained(options);
        watch_to_the_end({&trained});
        ASSERT_FALSE(HasFailure());
        trained.state.session->close();
        while (!trained.state.session->finished())
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    const std::string state_of_newest = dir + "/checkpoints/step_00000060/state.json";
    const std::string whole = test::bytes_of(state_of_newest);
    ASSERT_GT(whole.size(), 100u);
    test::put_bytes(state_of_newest, whole.substr(0, whole.size() / 2));
    core::SessionOptions look;
    look.run_dir = dir;
    look.open_only = true;
    View opened(look);
    const auto said = [&](const std::string& sentence) {
        const std::string log = joined(log_rows(opened.state, /*commands=*/false));
        return log.find(sentence) != std::string::npos;
    };
    for (int tries = 0; tries < 2000 && !said("skipped a damaged checkpoint: "); ++tries) {
        opened.frame();
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    EXPECT_TRUE(said("skipped a damaged checkpoint: ")) << joined(log_rows(opened.state, false));
    EXPECT_TRUE(said("step_00000060")) << "which one";
}

}  // namespace
}  // namespace hopscope::app
