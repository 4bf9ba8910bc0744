#include "tests/app/window/frame_times.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "app/panels/routing_space/panel.h"
#include "app/state/own_cost.h"
#include "tests/app/window/drawn_frames.h"
#include "tests/app/window/whole_window.h"
#include "tests/temp_folder.h"

namespace hopscope::gui_test {
namespace {

using namespace whole;

/// What the window promises: 95 of 100 frames are no longer than the first, none than the second.
constexpr double kUsualMs = 50, kMostMs = 100;
/// Of 50,000 points that are panned, of which software OpenGL draws a part. The goal is 33 ms, 30
/// frames a second: 18 to 22 ms were measured, a slower machine gets twice that.
constexpr double kManyPointsMs = 45;

/// The time of each frame from the end of the one before: that of the processor on the window's
/// thread, which draws, too (run_frame_times() sees to it). By the clock a frame would take longer
/// for every other program that the machine runs.
class FrameTimes {
  public:
    void begin() { ms_.clear(); }
    void end_frame() {
        const double now = app::thread_seconds();
        ms_.push_back(1e3 * (now - last_));
        last_ = now;
    }
    /// Milliseconds that this share of the frames kept within, since begin().
    double within(double share) const {
        std::vector<double> sorted = ms_;
        std::sort(sorted.begin(), sorted.end());
        const auto last = static_cast<double>(sorted.size() - 1);
        return sorted[static_cast<size_t>(std::ceil(share * last))];
    }
    void print(const char* what) const {
        std::printf("%-40s %4zu frames: median %5.1f ms, 95 %% %5.1f ms, longest %5.1f ms\n", what,
                    ms_.size(), within(0.5), within(0.95), within(1));
    }

  private:
    std::vector<double> ms_;
    double last_ = 0;
};
FrameTimes* times = nullptr;

void keeps_the_promise(const char* what) {
    times->print(what);
    IM_CHECK_LE(times->within(0.95), kUsualMs);
    IM_CHECK_LE(times->within(1), kMostMs);
}

app::RoutingSpacePanel* space() {
    for (const auto& panel : shell->workspace().panels())
        if (auto* found = dynamic_cast<app::RoutingSpacePanel*>(panel.get())) return found;
    return nullptr;
}

/// Goes through all layers, with frames between that let the picture settle.
void switch_layers(ImGuiTestContext* ctx) {
    const auto layers = std::ssize(state->geometry->layers);
    for (int64_t turn = 0; turn < 3 * layers; ++turn) {
        state->selection.set_layer((state->selection.layer + 1) % layers);
        ctx->Yield(4);
    }
}

void register_training(ImGuiTestEngine* engine) {
    // Wrong if what comes with each update held the window up.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "frames", "while_a_run_trains");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        for (const app::Layout layout : app::kLayouts) {
            shell->workspace().set_layout(*state, layout);
            ctx->Yield(20);
            const int64_t first = state->geometry->step;
            times->begin();
            for (int update = 0; update < 120; ++update) {
                session->advance(1);
                ctx->Yield();
            }
            IM_CHECK_GE(state->geometry->step, first + 119);
            keeps_the_promise((std::string("training, ") + app::name_of(layout)).c_str());
        }
        shell->workspace().set_layout(*state, app::Layout::train);
        ctx->Yield(20);
        IM_CHECK_GE(space()->view().points.size(), size_t{1600});
    };

    // Wrong if another layer were made ready in one go.
    t = IM_REGISTER_TEST(engine, "frames", "when_the_layer_is_switched");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        for (const app::Layout layout : {app::Layout::train, app::Layout::inspect}) {
            shell->workspace().set_layout(*state, layout);
            ctx->Yield(20);
            times->begin();
            switch_layers(ctx);
            keeps_the_promise((std::string("other layer, ") + app::name_of(layout)).c_str());
        }
    };
}

void register_many_points(ImGuiTestEngine* engine) {
    // Wrong if a large sample could not be looked around in, or another layer of it held the window
    // up.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "frames", "fifty_thousand_points");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->Yield(30);
        IM_CHECK_GE(space()->view().points.size(), size_t{50'000});
        ctx->SetRef("Routing space##Train");
        const ImRect picture = ctx->ItemInfo("picture").RectFull;
        ctx->MouseMoveToPos(picture.GetCenter());
        const viz::Camera2d before = space()->camera();
        ctx->MouseDown();
        ctx->Yield(4);
        times->begin();
        for (int i = 0; i < 90; ++i) {
            ImVec2 to = picture.GetCenter();
            to.x += 60 * std::sin(0.15f * static_cast<float>(i));
            to.y += static_cast<float>(i);
            ctx->MouseTeleportToPos(to, ImGuiTestOpFlags_NoYield);
            ctx->Yield();
        }
        const double panned = times->within(0.5);
        IM_CHECK_GT(space()->points().every(), size_t{1});
        times->print("50,000 points are panned");
        ctx->MouseUp();
        IM_CHECK(!(before == space()->camera()));
        IM_CHECK_LE(panned, kManyPointsMs);
        // At rest it is whole again.
        IM_CHECK(wait_for(ctx, [] { return space()->points().every() == 1; }));
        ctx->Yield(20);
        times->begin();
        switch_layers(ctx);
        times->print("other layer, 50,000 points");
        IM_CHECK_LE(times->within(1), kMostMs);
    };
}

void register_more_points(ImGuiTestEngine* engine) {
    // Wrong if the window waited for the points of a large sample at all its hops: another layer,
    // another quantity, a search among its tokens.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "frames", "a_hundred_and_fifty_thousand_points");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        const auto made = [ctx] { return wait_for(ctx, [] { return !space()->making(); }); };
        IM_CHECK(wait_for(ctx, [] { return space()->view().points.size() >= 150'000; }));
        ctx->Yield(20);
        times->begin();
        for (int turn = 0; turn < 4; ++turn) {
            state->selection.set_layer(1 - state->selection.layer);
            ctx->Yield(2);
            IM_CHECK(made());
            ctx->Yield(2);
        }
        times->print("other layer, 150,000 points");
        IM_CHECK_LE(times->within(1), kMostMs);
        ctx->SetRef("Routing space##Train");
        times->begin();
        for (const char* quantity : {"class", "distance", "entropy", "place"}) {
            ctx->ComboClick((std::string("##colour/") + quantity).c_str());
            ctx->Yield(2);
            IM_CHECK(made());
            ctx->Yield(2);
        }
        times->print("other quantity, 150,000 points");
        IM_CHECK_LE(times->within(1), kMostMs);
        ctx->ItemInput("##find");
        times->begin();
        ctx->KeyCharsReplace("/^r.*r$/");
        ctx->Yield(4);
        IM_CHECK_GT(space()->search().count(), size_t{0});
        for (int64_t token = 0; token < 8; ++token) {
            state->selection.pick_probe_token(token, false);
            ctx->Yield(2);
        }
        times->print("found among 50,000 tokens");
        IM_CHECK_LE(times->within(1), kMostMs);
        ctx->KeyCharsReplace("");
        ctx->KeyPress(ImGuiKey_Escape);

        // A file that is asked for while another layer is being laid out is of that layer.
        const test::TempFolder folder;
        core::RunStatus& status = session->mutable_status();
        const std::string before = std::exchange(status.run_dir, folder.path());
        times->begin();
        for (const auto& [as, name] : {std::pair(app::PanelFile::csv, "routing_space.csv"),
                                       std::pair(app::PanelFile::json, "routing_space.json")}) {
            state->selection.set_layer(1 - state->selection.layer);
            state->drawn->orders.push_back({"routing_space", as, state->runs_opened});
            IM_CHECK(wait_for(ctx, [&] { return !test::bytes_of(folder / name).empty(); }));
        }
        times->print("numbers of 150,000 points are written");
        IM_CHECK_LE(times->within(1), kMostMs);
        status.run_dir = before;
        const std::string csv = test::bytes_of(folder / "routing_space.csv");
        const std::string layer = std::to_string(1 - state->selection.layer);
        IM_CHECK(csv.find("\n# layer " + layer + ", ") != std::string::npos);
        IM_CHECK_GE(std::ranges::count(csv, '\n'), 150'000);
        const auto json = nlohmann::json::parse(test::bytes_of(folder / "routing_space.json"));
        IM_CHECK_GE(json.at("rows").size(), size_t{150'000});
    };
}

int run_with(const FakeOptions& fake, void (*add)(ImGuiTestEngine*)) {
    FrameTimes all;
    times = &all;
    ImGuiTestEngine* engine = make_engine("test_frame_times.xml");
    app::WindowOptions options = plain_window();
    options.width = 1600;
    options.height = 900;
    options.after_frame = [&](app::Shell&, app::AppState&) { all.end_frame(); };
    return run_in_window(engine, options, fake_services(fake, &session),
                         [&](app::Shell& s, app::AppState& a) {
                             shell = &s;
                             state = &a;
                             add(engine);
                         });
}

}  // namespace

int run_frame_times() {
    setenv("LP_NUM_THREADS", "0", 1);  // software OpenGL draws on the thread that asks for it
    FakeOptions fake;
    fake.start_step = 200;
    int failed = run_with(fake, register_training);
    fake.tokens = 50'000;
    fake.hops = 1;
    fake.layers = 2;
    failed += run_with(fake, register_many_points);
    fake.hops = 3;
    failed += run_with(fake, register_more_points);
    return failed;
}

}  // namespace hopscope::gui_test
