// The curves panel alone, without a screen: tabs, axes, lines that are shown and hidden.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <implot.h>
#include <implot_internal.h>

#include "app/panels/run/view.h"
#include "tests/app/seen.h"
#include "tests/app/stage.h"
#include "tests/temp_folder.h"

namespace hopscope::gui_test {
namespace {

/// The plot as it was last drawn; its axes hold their range and the numbers written at them.
ImPlotPlot& plot_of(ImGuiTestContext* ctx) {
    return *ImPlot::GetCurrentContext()->Plots.GetByKey(ctx->GetID("##curves"));
}

bool greyed(ImGuiTestContext* ctx, const char* item) {
    return (ctx->ItemInfo(item).ItemFlags & ImGuiItemFlags_Disabled) != 0;
}

void register_curves_panel(ImGuiTestEngine* engine) {
    constexpr auto kMake = app::make_curves_panel;

    // Wrong if a tab or an axis crashed on data, on none, or on missing values.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "curves", "every_tab_and_axis_draws");
    use<kMake>(t, [] {
        FakeOptions options = small();
        options.nan_at = 60;
        return options;
    });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        for (const char* tab : {"perplexity", "rate", "gradient", "balance", "routing", "loss"}) {
            ctx->ItemClick(tab);
            IM_CHECK(ctx->ItemExists("##curves"));
            for (const char* scale : {"##y/log y", "##y/symlog y", "##y/linear y"}) {
                ctx->ComboClick(scale);
                ctx->ItemClick("log x");
                ctx->Yield(3);
            }
            ctx->ItemClick("log x");
        }
        for (const char* axis : {"##x/tokens", "##x/time", "##x/elapsed"}) {
            ctx->ComboClick(axis);
            ctx->Yield(2);
        }
        stage->session->advance(30);
        ctx->Yield(3);
        IM_CHECK(ctx->ItemExists("##curves"));
    };

    // Wrong if the legend covered the picture, or a line in it could not be hidden and shown.
    t = IM_REGISTER_TEST(engine, "curves", "the_row_above_shows_and_hides_lines");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        ctx->Yield(3);
        const float top = ctx->ItemInfo("##curves").RectFull.Min.y;
        for (const char* line : {"line each step", "line train", "line validation"}) {
            IM_CHECK_LE(ctx->ItemInfo(line).RectFull.Max.y, top);
            IM_CHECK(!greyed(ctx, "PNG"));
            ctx->ItemClick(line);
            ctx->Yield(2);
        }
        IM_CHECK(greyed(ctx, "PNG"));  // no line is left to show
        ctx->ItemClick("line train");
        ctx->Yield(2);
        IM_CHECK(!greyed(ctx, "PNG"));
    };

    // Wrong if the newest value beside a line's end was cut off at the edge of a narrow plot.
    t = IM_REGISTER_TEST(engine, "curves", "the_newest_value_has_room");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        const float wide = ImGui::CalcTextSize("0.00").x + 6;
        for (const char* scale : {"Fit", "log x"}) {
            if (!greyed(ctx, scale)) ctx->ItemClick(scale);
            ctx->Yield(4);
            const ImPlotPlot& plot = plot_of(ctx);
            const float end = plot.Axes[ImAxis_X1].PlotToPixels(stage->state.history.step.back());
            IM_CHECK_GT(plot.PlotRect.Max.x - end, wide);
            IM_CHECK_LT(plot.PlotRect.Max.x - end, 0.42f * plot.PlotRect.GetWidth());
        }
    };

    // Wrong if the mean's window could not be chosen, or the legend did not say whose value it has.
    t = IM_REGISTER_TEST(engine, "curves", "the_mean_can_be_chosen");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        const auto detail = [&] { return stage->panel->detail(stage->state); };
        ctx->ComboClick("##mean/running mean");
        ctx->Yield(2);
        IM_CHECK(detail().ends_with("mean of 50"));
        const float narrow = ctx->ItemInfo("line train").RectFull.GetWidth();
        ctx->ItemInputValue("##smoothing", 200);
        ctx->Yield(2);
        IM_CHECK(detail().ends_with("mean of 200"));
        IM_CHECK_GT(ctx->ItemInfo("line train").RectFull.GetWidth(), narrow);  // "(mean of 200)"
        ctx->ItemInputValue("##smoothing", 0);
        ctx->Yield(2);
        IM_CHECK(detail().ends_with("mean of 2"));  // the least there is
        ctx->ComboClick("##mean/each step");
        ctx->Yield(2);
        IM_CHECK(!ctx->ItemExists("##smoothing"));
        IM_CHECK(!ctx->ItemExists("line each step"));  // one line, with the name itself
        IM_CHECK(ctx->ItemExists("line train"));
    };

    // Wrong if a narrow panel left the curves no room, or took away what a wide one offers.
    t = IM_REGISTER_TEST(engine, "curves", "a_narrow_panel_keeps_room_for_the_curves");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        ctx->Yield(2);
        stage->state.pixel_scale = 2.2f;  // as good as half as wide
        ctx->Yield(3);
        IM_CHECK(!ctx->ItemExists("perplexity"));
        ctx->ComboClick("##quantity/perplexity");
        ctx->ItemClick("Axes\xE2\x80\xA6");
        ctx->SetRef("//$FOCUSED");
        ctx->ComboClick("##mean/running mean");
        ctx->SetRef("Stage");
        ctx->Yield(2);
        IM_CHECK(stage->panel->detail(stage->state).ends_with("mean of 50"));
        IM_CHECK_GT(ctx->ItemInfo("##curves").RectFull.GetHeight(), 400.0f);
        stage->state.pixel_scale = 1;
    };

    // Wrong if a session file found another view than was kept, or broke on one it does not know.
    t = IM_REGISTER_TEST(engine, "curves", "a_session_finds_the_view_again");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        const app::PanelView first = stage->panel->saved_view();
        ctx->ItemClick("gradient");
        ctx->ComboClick("##x/tokens");
        ctx->ItemClick("log x");
        ctx->ComboClick("##y/symlog y");
        ctx->ComboClick("##mean/running mean");
        ctx->ItemInputValue("##smoothing", 70);
        const app::PanelView kept = stage->panel->saved_view();
        IM_CHECK(kept != first);
        const auto fresh = app::make_curves_panel();
        fresh->restore_view(kept);
        IM_CHECK(fresh->saved_view() == kept);
        fresh->restore_view({{"quantity", "weight of the moon"}, {"window", "-3"}, {"other", ""}});
        IM_CHECK(fresh->saved_view() == kept);
    };

    // Wrong if times were written in raw seconds.
    t = IM_REGISTER_TEST(engine, "curves", "time_has_round_numbers");
    use<kMake>(t, [] {
        FakeOptions options = small();
        options.start_step = 1800;  // 311 s
        return options;
    });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        ctx->ComboClick("##x/elapsed");
        ctx->Yield(3);
        ImPlotAxis& drawn = plot_of(ctx).Axes[ImAxis_X1];
        IM_CHECK_GE(drawn.Ticker.TickCount(), 2);
        for (int i = 0; i < drawn.Ticker.TickCount(); ++i)
            IM_CHECK_EQ(std::fmod(drawn.Ticker.Ticks[i].PlotPos, 30.0), 0.0);
        IM_CHECK(std::string(drawn.Ticker.GetText(1)).ends_with("min"));
    };

    // Wrong if the axis chosen had the numbers of another one, or another name.
    t = IM_REGISTER_TEST(engine, "curves", "every_axis_has_its_own_numbers");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        const app::History& history = stage->state.history;
        struct Axis {
            const char *choice, *name;
            double first, last;
        };
        const double begun = history.seconds.front(), ended = history.seconds.back();
        const Axis axes[] = {
            {"##x/tokens", "tokens trained on", history.tokens.front(), history.tokens.back()},
            {"##x/time", "training time", begun, ended},
            {"##x/elapsed", "since the first update shown", 0, ended - begun},
            {"##x/step", "step", history.step.front(), history.step.back()}};
        IM_CHECK(history.tokens.back() > 1000 * history.seconds.back());
        for (const Axis& axis : axes) {
            ctx->ComboClick(axis.choice);
            ctx->Yield(4);
            const ImPlotAxis& drawn = plot_of(ctx).Axes[ImAxis_X1];
            const double span = axis.last - axis.first;
            IM_CHECK_LT(std::fabs(drawn.Range.Min - axis.first), 0.02 * span);
            IM_CHECK_GE(drawn.Range.Max, axis.last);
            IM_CHECK_LT(drawn.Range.Max, axis.last + 0.7 * span);  // room for the newest value
            IM_CHECK(sees(ctx, "//Stage", axis.name));
            int written = 0;
            for (int i = 0; i < drawn.Ticker.TickCount(); ++i) {
                const ImPlotTick& tick = drawn.Ticker.Ticks[i];
                if (!tick.ShowLabel || !drawn.Range.Contains(tick.PlotPos)) continue;
                ++written;
                IM_CHECK_SILENT(sees(ctx, "//Stage", drawn.Ticker.GetText(i)));
            }
            IM_CHECK_GE(written, 2);
        }
    };

    // Wrong if a command that was applied had no mark at its step, or one without its name.
    t = IM_REGISTER_TEST(engine, "curves", "a_command_is_marked_at_its_step");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        const ImU32 ink = app::packed(app::faded(stage->state.theme().amber, 0.85f));
        ctx->Yield(3);
        IM_CHECK(!colors_seen(ctx, "//Stage").contains(ink));
        stage->state.submit(
            {core::CommandKind::set, {{"key", std::string("lr")}, {"value", 0.00012345}}});
        stage->session->advance(20);
        ctx->Yield(4);
        IM_CHECK(colors_seen(ctx, "//Stage").contains(ink));
        IM_CHECK(sees(ctx, "//Stage", app::in_words(stage->last())));
        // The line stands where the step is.
        const ImPlotPlot& plot = plot_of(ctx);
        const float at = plot.Axes[ImAxis_X1].PlotToPixels(121);
        const ImRect marked = place_of(ctx, "//Stage", ink);
        IM_CHECK_LT(std::fabs(marked.GetCenter().x - at), 2.0f);
        IM_CHECK_GT(marked.GetHeight(), 0.9f * plot.PlotRect.GetHeight());
    };

    // Wrong if a logarithmic axis that spans less than a decade had no number at it.
    t = IM_REGISTER_TEST(engine, "curves", "a_logarithmic_axis_has_numbers");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        ctx->ComboClick("##y/log y");
        ctx->ItemClick("log x");
        ctx->Yield(3);
        for (const ImAxis axis : {ImAxis_X1, ImAxis_Y1}) {
            const ImPlotAxis& drawn = plot_of(ctx).Axes[axis];
            int written = 0;
            for (int i = 0; i < drawn.Ticker.TickCount(); ++i) {
                const ImPlotTick& tick = drawn.Ticker.Ticks[i];
                written += tick.ShowLabel && drawn.Range.Contains(tick.PlotPos) ? 1 : 0;
            }
            IM_CHECK_GE(written, 2);
            IM_CHECK_LE(written, 9);
        }
    };

    // Wrong if a fork's difference could not be looked at, or its tab outlived its run.
    t = IM_REGISTER_TEST(engine, "curves", "fork_has_a_line_and_a_difference");
    use<kMake>(t, [] {
        FakeOptions options = small();
        options.can_fork = true;
        return options;
    });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        IM_CHECK(!ctx->ItemExists("fork"));
        stage->state.submit({core::CommandKind::fork, {}});
        stage->session->advance(90);
        ctx->Yield(3);
        ctx->ItemClick("fork");
        for (const char* axis : {"##x/tokens", "##x/time", "##x/elapsed", "##x/step"}) {
            ctx->ComboClick(axis);
            ctx->Yield(2);
            IM_CHECK(ctx->ItemExists("##curves"));
        }
        ctx->ComboClick("##y/symlog y");
        ctx->Yield(3);
        // The difference is mostly above 0, and its noise below: both have numbers.
        const ImPlotAxis& drawn = plot_of(ctx).Axes[ImAxis_Y1];
        IM_CHECK(drawn.TransformForward != nullptr);
        IM_CHECK_LT(drawn.Range.Min, 0.0);
        IM_CHECK_GE(drawn.Ticker.TickCount(), 3);
        ctx->ComboClick("##y/log y");
        ctx->Yield(2);
        stage->state.attach(std::make_unique<gui_test::FakeSession>(small()));
        ctx->Yield(3);
        IM_CHECK(!ctx->ItemExists("fork"));
        IM_CHECK(ctx->ItemExists("##curves"));
    };

    // Wrong if a click did not put the cursor of time, or a double click, which fits, left it
    // there.
    t = IM_REGISTER_TEST(engine, "curves", "a_click_shows_that_step");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        app::AppState& state = stage->state;
        stage->session->advance(60);
        IM_CHECK(wait_for(ctx, [&] { return state.archive.files().size() > 1; }));
        const ImRect plot = ctx->ItemInfo("##curves").RectFull;
        const auto at = [&](float share) {
            return ImVec2(plot.Min.x + plot.GetWidth() * share, plot.GetCenter().y);
        };
        ctx->MouseMoveToPos(at(0.7f));
        ctx->MouseClick();
        ctx->Yield(2);
        IM_CHECK(!state.time.live());
        const int64_t shown = *state.time.step();
        IM_CHECK_GE(shown, 50);
        IM_CHECK_LT(shown, state.status.step);
        ctx->SleepNoSkip(0.5f, 0.1f);
        ctx->MouseMoveToPos(at(0.3f));
        ctx->MouseDoubleClick();
        ctx->Yield(2);
        IM_CHECK(state.time.step() == shown);
        state.time.go_live();
        ctx->SleepNoSkip(0.5f, 0.1f);
        ctx->MouseDoubleClick();
        ctx->Yield(2);
        IM_CHECK(state.time.live());
        ctx->MouseMoveToPos(at(0.4f));
        ctx->MouseDragWithDelta(ImVec2(60, 0));
        ctx->Yield(2);
        IM_CHECK(state.time.live());  // it moved the view
    };

    // Wrong if the view ran away from the user while the run goes on, or did not come back.
    t = IM_REGISTER_TEST(engine, "curves", "zooming_stops_following_until_fit");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        ctx->Yield(3);
        const auto disabled = [&] {
            return (ctx->ItemInfo("Fit").ItemFlags & ImGuiItemFlags_Disabled) != 0;
        };
        IM_CHECK(disabled());
        ctx->MouseMove("##curves");
        ctx->MouseWheelY(2);
        ctx->Yield(2);
        IM_CHECK(!disabled());
        ctx->ItemClick("Fit");
        ctx->Yield(2);
        IM_CHECK(disabled());
    };

    // Wrong if a statistic had no line though it was recorded, or one that this run lacks left no
    // way to the others.
    t = IM_REGISTER_TEST(engine, "curves", "every_statistic_can_be_chosen");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        ctx->ItemClick("routing");
        const auto& layer = stage->state.history.layers.at(0);
        for (const app::RoutingStatRow& row : app::routing_stats()) {
            std::string path = "##statistic/";
            for (const char* c = row.name; *c; ++c) path += *c == '/' ? "\\/" : std::string(1, *c);
            ctx->ComboClick(path.c_str());
            ctx->Yield(2);
            const auto& values = layer.of(row.stat);
            const bool measured = std::any_of(values.begin(), values.end(),
                                              [](double v) { return std::isfinite(v); });
            IM_CHECK_EQ(ctx->ItemExists("##curves"), measured);
            // No picture of nothing, no smoothing of what is joined.
            const bool picture = (ctx->ItemInfo("PNG").ItemFlags & ImGuiItemFlags_Disabled) == 0;
            IM_CHECK_EQ(picture, measured);
            IM_CHECK_EQ(ctx->ItemExists("##smoothing"), !row.with_snapshots);
        }
        ctx->ComboClick("##statistic/entropy");
        ctx->Yield(2);
        IM_CHECK(ctx->ItemExists("##curves"));
    };

    // Wrong if the other runs given were missing, nameless, or of the colour of the inspected one;
    // or if a run at an early step crashed the plot.
    t = IM_REGISTER_TEST(engine, "curves", "other_runs_stand_beside");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        auto& watched = stage->state.watched;
        watched.resize(3);
        for (size_t i = 0; i < watched.size(); ++i) {
            watched[i].run.dir = "runs/" + std::to_string(i);
            watched[i].run.name = i == 0 ? "inspected" : "twin";
            for (int64_t step = 1; step <= (i == 1 ? 40 : 0); ++step) {
                core::ScalarRecord record;
                record.step = step;
                record.loss = 3.0f;
                watched[i].history.append(record);
            }
        }
        stage->session->mutable_status().run_dir = "runs/0";
        ctx->Yield(3);
        ctx->SetRef("Stage");
        for (const char* tab : {"perplexity", "rate", "gradient", "balance", "routing", "loss"}) {
            ctx->ItemClick(tab);
            ctx->Yield(2);
        }
        ctx->ComboClick("##y/log y");
        ctx->ItemClick("log x");
        ctx->Yield(2);
        IM_CHECK(ctx->ItemExists("##curves"));
    };

    // Wrong if a lane could not be hidden and shown again, the list took a lane's line for
    // another's, or nine lanes left the plot without room.
    t = IM_REGISTER_TEST(engine, "curves", "lanes_of_a_race_are_shown_and_hidden");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        auto& lanes = stage->session->mutable_status().lanes;
        for (int i = 0; i < 9; ++i) {
            lanes.push_back("lane_with_a_name_that_no_panel_is_wide_enough_for_" +
                            std::to_string(i));
            if (i == 0) continue;
            app::History rival;
            for (int64_t step = 1; step <= 60; ++step) {
                core::ScalarRecord record;
                record.step = step;
                record.loss = 3.0f + static_cast<float>(i);
                if (step % 10 == 0) record.valid_loss = 5.0f + static_cast<float>((i * step) % 7);
                rival.append(record);
            }
            stage->state.rivals.push_back(std::move(rival));
        }
        ctx->Yield(3);
        ctx->SetRef("Stage");
        const ImGuiID list = ctx->WindowInfo("lines").ID;
        const auto entry = [&](int i) {
            return ctx->GetID(("$$" + std::to_string(i) + "/##" + lanes[size_t(i)]).c_str(), list);
        };
        IM_CHECK_GT(ctx->ItemInfo("##curves").RectFull.GetHeight(), 200.0f);
        IM_CHECK_GT(ctx->ItemInfo("##curves").RectFull.GetWidth(), 200.0f);
        IM_CHECK_LT(ctx->WindowInfo("lines").Window->Size.x, 0.5f * 560);
        ctx->ItemClick(entry(8));
        ctx->ItemClick(entry(0));
        ctx->Yield(2);
        for (int i = 0; i < 9; ++i) IM_CHECK(ctx->ItemExists(entry(i)));  // hidden ones stay listed
        for (int i = 1; i < 8; ++i) ctx->ItemClick(entry(i));
        ctx->Yield(2);
        IM_CHECK(ctx->ItemExists("##curves"));  // all hidden: still a plot, and a way back
        ctx->ItemClick(entry(3));
        ctx->MouseMove("##curves");
        ctx->Yield(2);
        ctx->ItemClick("PNG");
        ctx->Yield();
        IM_CHECK(stage->state.picture_order.has_value());
    };

    // Wrong if seeds of a variant could not be seen as one line and each by itself, or differences
    // to the reference not at all.
    t = IM_REGISTER_TEST(engine, "compare", "seeds_are_one_line");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        stage->session->mutable_status().run_dir = "runs/deep-42";
        ctx->SetRef("Stage");
        ctx->Yield(3);
        IM_CHECK(!ctx->ItemExists("to reference"));
        stage->state.watch_runs({"runs/wide-42", "runs/wide-7"});
        IM_CHECK(wait_for(ctx, [&] { return ctx->ItemExists("seeds"); }));
        ctx->Yield(3);
        const auto line = [&](const char* name) {
            const auto* entry = stage->state.compared.of("runs/wide-42");
            const std::string id = "$$" + std::to_string(entry->place) + "/##" + name;
            return ctx->ItemExists(ctx->GetID(id.c_str(), ctx->WindowInfo("lines").ID));
        };
        IM_CHECK(line("wide"));
        IM_CHECK(!line("wide-7"));
        ctx->ItemClick("seeds");
        ctx->Yield(3);
        IM_CHECK(!line("wide"));
        IM_CHECK(line("wide-42") && line("wide-7"));
        ctx->ItemClick("seeds");
        ctx->ItemClick("to reference");
        ctx->ItemClick("margin");
        ctx->Yield(3);
        IM_CHECK(ctx->ItemExists("##curves") && line("wide"));
        stage->state.watch_runs({});
        ctx->Yield(3);
        IM_CHECK(!ctx->ItemExists("to reference"));
        IM_CHECK(ctx->ItemExists("##curves"));
    };

    // Wrong if a file of the numbers did not say of which run and steps it is, or wrote all of them
    // where only what is in view was asked for.
    t = IM_REGISTER_TEST(engine, "curves", "numbers_of_what_is_in_view");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        ctx->Yield(3);
        const auto head = [] {
            const std::string text = stage->panel->numbers(stage->state);
            return text.substr(0, text.find('\n'));
        };
        const auto lines = [] {
            return std::ranges::count(stage->panel->numbers(stage->state), '\n');
        };
        const std::string whole =
            "# Curves of " + stage->state.status.run_name + ", steps 1 \xE2\x80\xA6 120";
        IM_CHECK_STR_EQ(head().c_str(), whole.c_str());
        const auto all = lines();
        ctx->MouseMove("##curves");
        ctx->MouseWheelY(6);
        ctx->Yield(3);
        IM_CHECK_STR_EQ(head().c_str(), whole.c_str());
        ctx->ItemClick("in view");
        ctx->Yield(2);
        const ImPlotRange seen = plot_of(ctx).Axes[ImAxis_X1].Range;
        IM_CHECK_GT(seen.Min, 2);
        const std::string part = "# Curves of " + stage->state.status.run_name + ", steps " +
                                 std::to_string(static_cast<int>(std::ceil(seen.Min))) +
                                 " \xE2\x80\xA6 ";
        IM_CHECK_EQ(head().find(part), 0u);
        IM_CHECK_LT(lines(), all);
        const test::TempFolder folder;
        stage->session->mutable_status().run_dir = folder.path();
        ctx->Yield(2);
        ctx->ItemClick("CSV");
        const std::string file = folder / "curves_loss_step_00000120_in_view.csv";
        IM_CHECK(wait_for(ctx, [&] { return std::filesystem::exists(file); }));
        IM_CHECK(test::bytes_of(file) == stage->panel->numbers(stage->state));
        ctx->ItemClick("in view");
        IM_CHECK_EQ(lines(), all);
    };

    // Wrong if a run without updates showed an empty plot in place of what will appear.
    t = IM_REGISTER_TEST(engine, "curves", "says_what_will_appear");
    use<kMake>(t, [] {
        FakeOptions options = small(core::RunState::preparing);
        options.start_step = 0;
        return options;
    });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        IM_CHECK(!ctx->ItemExists("##curves"));
        stage->session->set_state(core::RunState::running);
        stage->session->advance(3);
        ctx->Yield(2);
        IM_CHECK(ctx->ItemExists("##curves"));
    };
}

const PanelTests tests(register_curves_panel);

}  // namespace
}  // namespace hopscope::gui_test
