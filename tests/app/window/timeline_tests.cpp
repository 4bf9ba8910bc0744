#include "tests/app/window/timeline_tests.h"

#include <algorithm>

#include "app/widgets/format.h"
#include "tests/app/window/whole_window.h"

namespace hopscope::gui_test::whole {

void register_timeline_tests(ImGuiTestEngine* engine) {
    // Wrong if dragging on the strip of time left the panels in the present, or they did not say
    // that they show the past.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "window", "the_timeline_shows_the_past");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        session->advance(100);
        IM_CHECK(wait_for(ctx, [] { return state->archive.files().size() > 1; }));
        const int64_t newest = state->geometry->step;
        ctx->SetRef(ctx->WindowInfo("//hopscope/timeline").ID);
        const ImRect track = ctx->ItemInfo("track").RectFull;
        const auto at = [&](float share) {
            return ImVec2(track.Min.x + track.GetWidth() * share, track.GetCenter().y);
        };
        const int64_t first = state->archive.files().front().step;
        ctx->MouseMoveToPos(at(0.02f));
        ctx->MouseDown();
        ctx->Yield(2);
        IM_CHECK(!state->time.live());
        IM_CHECK_EQ(*state->time.step(), first);
        ctx->MouseUp();
        IM_CHECK(wait_for(ctx, [&] { return state->geometry->step == first; }));
        ctx->KeyPress(ImGuiMod_Shift | ImGuiKey_RightArrow);
        IM_CHECK(wait_for(ctx, [&] { return state->geometry->step > first; }));
        ctx->ItemClick("live");
        ctx->Yield(2);
        IM_CHECK(state->time.live());
        IM_CHECK_GE(state->geometry->step, newest);
        ctx->MouseMoveToPos(at(0.02f));
        ctx->MouseDown();
        ctx->MouseMoveToPos(at(0.99f));
        ctx->MouseUp();
        ctx->Yield(2);
        IM_CHECK(state->time.live());
    };

    // Wrong if the list of speeds or the loop were without effect, a loop ended, or playing without
    // one did not end in the present.
    t = IM_REGISTER_TEST(engine, "window", "the_timeline_plays_steps");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        session->advance(100);
        IM_CHECK(wait_for(ctx, [] { return state->archive.files().size() > 2; }));
        ctx->SetRef(ctx->WindowInfo("//hopscope/timeline").ID);
        const auto shown = [] { return state->time.step().value_or(-1); };
        const auto times_played = [&](int wanted) {
            // How often the first kept step comes after another.
            const int64_t first = state->archive.files().front().step;
            int64_t last = shown();
            int begun = 0;
            const bool in_time = wait_for(ctx, [&] {
                const int64_t now = shown();
                begun += now == first && last != first ? 1 : 0;
                last = now;
                return begun >= wanted;
            });
            return in_time;
        };
        ctx->ComboClick("##speed/20 \\/ s");
        IM_CHECK_EQ(state->playback.speed, 20.0);
        ctx->ItemClick("loop");
        IM_CHECK(state->playback.loop);
        ctx->ItemClick("###play");
        IM_CHECK(state->playback.playing);
        IM_CHECK(times_played(3));
        IM_CHECK(state->playback.playing);
        IM_CHECK(state->geometry->step <= state->archive.files().back().step);
        ctx->ItemClick("loop");
        IM_CHECK(wait_for(ctx, [] { return !state->playback.playing; }));
        IM_CHECK(state->time.live());
        // A slow one moves a snapshot at a time, two seconds apart.
        ctx->ComboClick("##speed/0.5 \\/ s");
        IM_CHECK_EQ(state->playback.speed, 0.5);
        ctx->ItemClick("###play");
        IM_CHECK(wait_for(ctx, [&] { return shown() == state->archive.files()[0].step; }));
        const double begun = state->now;
        IM_CHECK(wait_for(ctx, [&] { return shown() == state->archive.files()[1].step; }));
        IM_CHECK_GT(state->now - begun, 1.5);
        IM_CHECK_LT(state->now - begun, 4.0);
        ctx->ItemClick("###play");
        IM_CHECK(!state->playback.playing);
        ctx->ComboClick("##speed/5 \\/ s");
        ctx->ItemClick("live");
        ctx->Yield(2);
        IM_CHECK(state->time.live());
    };

    // Wrong if the curves and the timeline did not mark the same step under the pointer.
    t = IM_REGISTER_TEST(engine, "window", "the_step_pointed_at_is_shared");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef(ctx->WindowInfo("//hopscope/timeline").ID);
        const ImRect track = ctx->ItemInfo("track").RectFull;
        ctx->MouseMoveToPos(ImVec2(track.Min.x + 0.02f * track.GetWidth(), track.GetCenter().y));
        ctx->Yield(3);
        IM_CHECK(state->pointed_step.has_value());
        const auto whole = static_cast<double>(state->status.steps);
        IM_CHECK_LT(*state->pointed_step, 0.05 * whole);
        ctx->SetRef("Curves##Train");
        ctx->MouseMove("##curves");
        ctx->Yield(3);
        IM_CHECK(state->pointed_step.has_value());
        IM_CHECK_LE(*state->pointed_step, static_cast<double>(state->status.step));
        IM_CHECK(app::steps_content(*state, 500).pointed == state->pointed_step);
        const ImVec2 corner = ImGui::GetMainViewport()->Pos;
        ctx->MouseMoveToPos(ImVec2(corner.x + 4, corner.y + 4));
        ctx->Yield(3);
        IM_CHECK(!state->pointed_step.has_value());
    };

    // Wrong if what was done to the run could not be read where the timeline marks it.
    t = IM_REGISTER_TEST(engine, "window", "a_mark_of_the_timeline_says_what_was_done");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        state->submit({core::CommandKind::checkpoint, {}});
        let_train(ctx, 80);
        state->submit({core::CommandKind::freeze, {{"what", std::string("norms")}}});
        const auto done_at = static_cast<double>(session->status().step + 1);
        let_train(ctx, 80);
        state->submit({core::CommandKind::unfreeze, {{"what", std::string("norms")}}});
        let_train(ctx, 5);
        ctx->SetRef(ctx->WindowInfo("//hopscope/timeline").ID);
        const ImRect track = ctx->ItemInfo("track").RectFull;
        const auto pointed_at = [&](float x) {
            ctx->MouseMoveToPos(ImVec2(x, track.GetCenter().y));
            ctx->Yield(2);
            return state->pointed_step.value_or(-1);
        };
        const float low = track.Min.x + 0.1f * track.GetWidth();
        const float high = track.Min.x + 0.9f * track.GetWidth();
        const double first = pointed_at(low), last = pointed_at(high);
        IM_CHECK_GT(last, first);
        const auto share = static_cast<float>((done_at - first) / (last - first));
        const std::string told =
            text_at(ctx, ImVec2(low + share * (high - low), track.GetCenter().y));
        const auto marks = app::steps_content(*state, track.GetWidth()).marks;
        const auto mark = std::find_if(marks.begin(), marks.end(), [&](const app::TrackMark& one) {
            return one.at == done_at;
        });
        IM_CHECK(mark != marks.end() && mark->name.find("norms") != std::string::npos);
        const std::string done = mark->name + " at step " + app::plain(done_at);
        IM_CHECK_NE(told.find(done), std::string::npos);
        const std::string beside = text_at(ctx, ImVec2(high, track.GetCenter().y));
        IM_CHECK_EQ(beside.find(done), std::string::npos);
    };

    // Wrong if the timeline of hops left the picture with all hops, or could not be left again.
    t = IM_REGISTER_TEST(engine, "window", "the_timeline_plays_hops");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef(ctx->WindowInfo("//hopscope/timeline").ID);
        ctx->ItemClick("hops");
        ctx->Yield(2);
        const ImRect track = ctx->ItemInfo("track").RectFull;
        const auto& selection = state->selection;
        const int64_t layers = std::ssize(state->geometry->layers);
        ctx->MouseMoveToPos(ImVec2(track.Max.x - 20, track.GetCenter().y));
        ctx->MouseClick();
        ctx->Yield(2);
        IM_CHECK_EQ(selection.layer, layers - 1);
        IM_CHECK_EQ(selection.hop, state->geometry->layers.back().hops - 1);
        ctx->KeyPress(ImGuiMod_Shift | ImGuiKey_UpArrow);
        IM_CHECK_EQ(selection.hop, state->geometry->layers.back().hops - 2);
        ctx->KeyPress(ImGuiMod_Shift | ImGuiKey_Space);
        IM_CHECK(wait_for(ctx, [&] { return selection.hop == app::kAllHops; }));
        IM_CHECK(wait_for(ctx, [] { return !state->playback.playing; }));
        ctx->KeyPress(ImGuiMod_Shift | ImGuiKey_DownArrow);
        IM_CHECK_EQ(selection.hop, 0);
        ctx->ItemClick("live");
        IM_CHECK_EQ(selection.hop, app::kAllHops);
        IM_CHECK(state->time.live());
        ctx->ItemClick("steps");
        ctx->Yield(2);
        IM_CHECK(state->playback.clock == app::Clock::steps);
        state->selection.set_layer(0);
    };

    // Wrong if the buttons beside the strip went along the snapshots while it is that of hops, left
    // it playing, or the strip said another hop under the pointer than a click on it shows.
    t = IM_REGISTER_TEST(engine, "window", "the_buttons_of_the_timeline_go_along_the_hops");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef(ctx->WindowInfo("//hopscope/timeline").ID);
        ctx->ItemClick("hops");
        state->selection.set_layer(0);
        state->selection.set_hop(app::kAllHops);
        ctx->Yield(2);
        const auto& selection = state->selection;
        const auto press = [ctx](const char* button) {
            ctx->ItemClick(button);
            ctx->Yield(2);
        };
        press("###forward");
        IM_CHECK_EQ(selection.hop, 0);
        press("###forward");
        IM_CHECK_EQ(selection.hop, 1);
        press("###back");
        IM_CHECK_EQ(selection.hop, 0);
        IM_CHECK(state->time.live());
        press("loop");
        press("###play");
        IM_CHECK(state->playback.playing);
        press("###forward");
        IM_CHECK(!state->playback.playing);
        press("loop");
        const ImRect track = ctx->ItemInfo("track").RectFull;
        const auto in_words = [&] {
            return "layer " + std::to_string(selection.layer) + ", hop " +
                   std::to_string(selection.hop);
        };
        for (const float share : {0.3f, 0.8f}) {
            const ImVec2 at(track.Min.x + share * track.GetWidth(), track.GetCenter().y);
            const std::string told = text_at(ctx, at);
            ctx->MouseClick();
            ctx->Yield(2);
            IM_CHECK_NE(told.find(in_words()), std::string::npos);
        }
        press("live");
        press("steps");
        state->selection.set_layer(0);
    };
}

}  // namespace hopscope::gui_test::whole
