// The experts panel on the fake session without a screen: typing a filter, chips, selecting and
// steering from a row, the card, what is copied, and what stands there while there is nothing.
#include "app/panels/experts/panel.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "app/panels/routing_space/panel.h"
#include "tests/app/seen.h"
#include "tests/app/stage.h"
#include "tests/temp_folder.h"

namespace hopscope::gui_test {
namespace {

constexpr auto kMake = app::make_experts_panel;

app::ExpertsPanel& panel() {
    return static_cast<app::ExpertsPanel&>(*stage->panel);
}

bool wait_for_rows(ImGuiTestContext* ctx) {
    return wait_for(ctx, [] { return panel().rows().size() == 16; });
}

/// The experts that read `piece` in the sample, by the book.
std::set<int32_t> readers_of(const std::string& piece) {
    std::set<int32_t> out;
    const app::ExpertBook& book = *stage->state.experts.book();
    for (const app::BookEntry& entry : book.entries)
        for (const app::BookWord& word : entry.reads)
            if (book.pieces[static_cast<size_t>(word.piece)] == piece)
                out.insert(static_cast<int32_t>(entry.expert));
    return out;
}

std::set<int32_t> shown() {
    return {panel().rows().begin(), panel().rows().end()};
}

void type(ImGuiTestContext* ctx, const char* text) {
    ctx->ItemInput("##filter");
    ctx->KeyCharsReplace(text);
    ctx->Yield(3);
}

std::string row(int32_t expert) {
    return "**/##E" + std::to_string(expert);
}

void register_filter(ImGuiTestEngine* engine) {
    // Wrong if what is typed filtered nothing, or other experts than those that read the word.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "experts", "typing_filters");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        IM_CHECK(wait_for_rows(ctx));
        const auto readers = readers_of("\xE2\x96\x81river");
        IM_CHECK(!readers.empty() && readers.size() < 16);
        const auto counts = [ctx](size_t hits) {
            return sees_line_of(ctx, "//Stage", std::to_string(hits) + " of 16");
        };
        IM_CHECK(counts(16));
        type(ctx, "river");
        IM_CHECK(counts(readers.size()));
        IM_CHECK(shown() == readers);
        IM_CHECK(!ctx->ItemExists(row(readers.contains(0) ? -1 : 0).c_str()));
        type(ctx, "river -E0-15");
        IM_CHECK(shown().empty());
        IM_CHECK(counts(0));
        type(ctx, "nothing:here");
        IM_CHECK_EQ(panel().problems().size(), 1u);
        IM_CHECK_EQ(shown().size(), 16u);
    };

    // Wrong if Enter made no chip, or a chip could be neither switched off, nor taken away, nor
    // taken back into the field.
    t = IM_REGISTER_TEST(engine, "experts", "chips");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        IM_CHECK(wait_for_rows(ctx));
        type(ctx, "E1-4");
        ctx->KeyPress(ImGuiKey_Enter);
        ctx->Yield(3);
        IM_CHECK(shown() == (std::set<int32_t>{1, 2, 3, 4}));
        ctx->KeyChars("3");
        ctx->Yield(3);
        IM_CHECK(shown() == std::set<int32_t>{3});
        ctx->KeyPress(ImGuiKey_Enter);
        ctx->Yield(3);
        ctx->ItemClick("$$1/chip");
        ctx->Yield(3);
        IM_CHECK_EQ(shown().size(), 4u);
        ctx->ItemClick("$$1/\xC3\x97");
        ctx->Yield(3);
        IM_CHECK(!ctx->ItemExists("$$1/chip"));
        ctx->ItemInput("##filter");
        ctx->KeyPress(ImGuiKey_UpArrow);
        ctx->Yield(3);
        IM_CHECK(!ctx->ItemExists("$$0/chip"));
        ctx->KeyChars(",7");
        ctx->Yield(3);
        IM_CHECK(shown() == (std::set<int32_t>{1, 2, 3, 4, 7}));
        ctx->KeyPress(ImGuiKey_Escape);
    };

    // Wrong if a word of the grammar were not there to click, or did not do what it says.
    t = IM_REGISTER_TEST(engine, "experts", "words_of_the_grammar");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        IM_CHECK(wait_for_rows(ctx));
        ctx->ItemClick("E");
        ctx->Yield(3);
        ctx->KeyChars("5");
        ctx->Yield(3);
        IM_CHECK(shown() == std::set<int32_t>{5});
        ctx->KeyPress(ImGuiKey_Escape);
    };
}

void register_session(ImGuiTestEngine* engine) {
    // Wrong if a session forgot what the table was filtered and sorted by.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "experts", "a_session_finds_the_filter_again");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        IM_CHECK(wait_for_rows(ctx));
        type(ctx, "E2-9");
        ctx->KeyPress(ImGuiKey_Enter);
        ctx->KeyChars("-E4");
        ctx->KeyPress(ImGuiKey_Enter);
        ctx->Yield(3);
        ctx->ItemClick("$$1/chip");  // off
        type(ctx, "-E3");
        ctx->ItemClick("**/expert");
        ctx->Yield(3);
        const std::vector<int32_t> rows = panel().rows();
        std::vector<int32_t> found = rows;
        std::sort(found.begin(), found.end());
        IM_CHECK(found == (std::vector<int32_t>{2, 4, 5, 6, 7, 8, 9}));
        const app::PanelView kept = stage->panel->saved_view();
        stage->actions.clear();
        stage->panel = kMake();
        IM_CHECK(wait_for_rows(ctx));
        IM_CHECK(stage->panel->saved_view() != kept);
        stage->panel->restore_view(kept);
        ctx->Yield(3);
        IM_CHECK(panel().rows() == rows);
        IM_CHECK(stage->panel->saved_view() == kept);
        ctx->ItemClick("$$1/chip");  // on again
        ctx->Yield(3);
        IM_CHECK(shown() == (std::set<int32_t>{2, 5, 6, 7, 8, 9}));
        const app::PanelView present = stage->panel->saved_view();
        stage->panel->restore_view({{"sort", "the moon rising"}, {"other", ""}});
        IM_CHECK(stage->panel->saved_view() == present);
        stage->panel->restore_view({{"chips", "loud E1\n\noff \non E5"}, {"filter", ""}});
        ctx->Yield(3);
        IM_CHECK(shown() == std::set<int32_t>{5});
        stage->panel->restore_view({{"chips", ""}, {"sort", "expert falling"}});
        ctx->Yield(3);
        IM_CHECK_EQ(panel().rows().front(), 15);

        // A column that this run does not have: whoever sorts by another does not wait for it.
        stage->panel->restore_view({{"sort", "writes falling"}});
        ctx->Yield(3);
        IM_CHECK_STR_EQ(stage->panel->saved_view().at("sort").c_str(), "writes falling");
        ctx->ItemClick("**/expert");
        ctx->Yield(3);
        IM_CHECK(stage->panel->saved_view().at("sort").starts_with("expert "));
        stage->panel->restore_view({{"sort", "writes falling"}});
        stage->panel->forget_restored();  // another run
        IM_CHECK(stage->panel->saved_view().at("sort").starts_with("expert "));
    };
}

/// Whether the picture beside the panel draws the centroid of an expert faint.
bool is_faint(int64_t expert) {
    const auto& view = static_cast<app::RoutingSpacePanel&>(*stage->second).view();
    for (size_t i = 0; i < view.items.size(); ++i)
        if (view.items[i] == app::SpaceItem{true, expert, 0})
            return view.points[i].color >> 24 < 0x80;
    return false;
}

void register_space(ImGuiTestEngine* engine) {
    // Wrong if routing space showed the hits like the others, or kept them faint without a filter.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "experts", "what_the_filter_leaves_out_is_faint");
    use<kMake, app::make_routing_space_panel>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        IM_CHECK(wait_for_rows(ctx));
        IM_CHECK(!is_faint(1) && !is_faint(2));
        type(ctx, "E1");
        IM_CHECK(!is_faint(1));
        IM_CHECK(is_faint(2));
        ctx->KeyCharsReplace("");
        ctx->Yield(3);
        IM_CHECK(!is_faint(2));
    };
}

void register_rows(ImGuiTestEngine* engine) {
    // Wrong if a row selected nothing elsewhere, Shift replaced, or what is selected elsewhere had
    // no card here.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "experts", "a_row_selects_its_expert");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        IM_CHECK(wait_for_rows(ctx));
        auto& experts = stage->state.selection.experts;
        const int32_t first = panel().rows()[0], second = panel().rows()[1];
        ctx->ItemClick(row(first).c_str());
        ctx->Yield(3);
        IM_CHECK(experts == std::set<int64_t>{first});
        IM_CHECK_EQ(panel().card().expert(), first);
        IM_CHECK(!panel().card().loads().steps.empty());
        ctx->KeyDown(ImGuiMod_Shift);
        ctx->ItemClick(row(second).c_str());
        ctx->KeyUp(ImGuiMod_Shift);
        ctx->Yield(3);
        IM_CHECK_EQ(experts.size(), 2u);
        IM_CHECK_EQ(panel().card().expert(), second);
        // The first of a selection is the one that was picked last, in whatever panel.
        stage->state.selection.pick_expert(panel().rows()[3], true);
        ctx->Yield(3);
        IM_CHECK_EQ(panel().card().expert(), panel().rows()[3]);
        IM_CHECK_EQ(experts.size(), 3u);
        stage->state.selection.pick_expert(panel().rows()[3], true);
        ctx->Yield(3);
        IM_CHECK_EQ(panel().card().expert(), *experts.begin());
        stage->state.selection.clear();
        stage->state.selection.pick_expert(9, false);
        ctx->Yield(3);
        IM_CHECK_EQ(panel().card().expert(), 9);
        stage->state.selection.set_layer(2);
        IM_CHECK(wait_for(ctx, [] {
            const auto* book = stage->state.experts.book();
            return book && book->layer == 2;
        }));
        IM_CHECK_EQ(panel().card().expert(), -1);
    };

    // Wrong if a click on the head of a column did not sort by it, or a second one not the other
    // way round.
    t = IM_REGISTER_TEST(engine, "experts", "a_column_sorts_by_a_click");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        IM_CHECK(wait_for_rows(ctx));
        const auto sorted = [](auto value, bool falls) {
            const auto& entries = stage->state.experts.book()->entries;
            const auto& rows = panel().rows();
            for (size_t i = 1; i < rows.size(); ++i) {
                const auto a = value(entries[static_cast<size_t>(rows[i - 1])]),
                           b = value(entries[static_cast<size_t>(rows[i])]);
                if (falls ? a < b : a > b) return false;
            }
            return rows.size() == 16;
        };
        const auto load = [](const app::BookEntry& entry) { return entry.load; };
        const auto number = [](const app::BookEntry& entry) { return entry.expert; };
        const auto click = [ctx](const char* head) {
            ctx->ItemClick((std::string("**/") + head).c_str());
            ctx->MouseMoveToPos(ImVec2(1200, 780));
            ctx->Yield(3);
        };
        constexpr const char* kLoad = "load, \xC3\x97 uniform";
        IM_CHECK(sorted(load, true));
        IM_CHECK(!sorted(load, false) && !sorted(number, false));
        click(kLoad);
        IM_CHECK(sorted(load, false));
        click("expert");
        IM_CHECK(sorted(number, false));
        click("expert");
        IM_CHECK(sorted(number, true));
        click(kLoad);
        IM_CHECK(sorted(load, true));
    };

    // Wrong if rows moved under the pointer while a run is trained, or kept an old order when it
    // has left.
    t = IM_REGISTER_TEST(engine, "experts", "rows_stay_under_the_pointer");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        IM_CHECK(wait_for_rows(ctx));
        const std::vector<int32_t> before = panel().rows();
        ctx->MouseMove(row(before[2]).c_str());
        core::GeometrySnapshot g = *stage->session->geometry();
        std::reverse(g.layers[0].load.begin(), g.layers[0].load.end());
        g.layers[0].load[static_cast<size_t>(before.back())] = 1;
        g.step += 1;
        stage->session->put(g);
        const auto newer = [] {
            stage->state.now += 1;
            return stage->state.experts.book()->step == 121;
        };
        IM_CHECK(wait_for(ctx, newer));
        ctx->Yield(3);
        IM_CHECK(panel().rows() == before);
        ctx->MouseMoveToPos(ImVec2(1200, 780));
        ctx->Yield(3);
        IM_CHECK_EQ(panel().rows()[0], before.back());
    };

    // Wrong if the arrows did not walk along the rows.
    t = IM_REGISTER_TEST(engine, "experts", "arrows_walk_along_the_rows");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        IM_CHECK(wait_for_rows(ctx));
        ctx->ItemClick(row(panel().rows()[0]).c_str());
        ctx->KeyPress(ImGuiKey_DownArrow, 2);
        ctx->Yield(3);
        IM_CHECK(stage->state.selection.experts == std::set<int64_t>{panel().rows()[2]});
        ctx->KeyPress(ImGuiKey_UpArrow);
        ctx->Yield(3);
        IM_CHECK(stage->state.selection.experts == std::set<int64_t>{panel().rows()[1]});
    };

    // Wrong if steering from a row or from the card added nothing to the stack, or for another
    // expert or layer.
    t = IM_REGISTER_TEST(engine, "experts", "steering_from_a_row");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        IM_CHECK(wait_for_rows(ctx));
        stage->state.selection.set_layer(1);
        IM_CHECK(wait_for(ctx, [] {
            const auto* book = stage->state.experts.book();
            return book && book->layer == 1;
        }));
        ctx->Yield(3);
        const int32_t expert = panel().rows()[3];
        const std::string name = " E" + std::to_string(expert);
        ctx->ItemClick(row(expert).c_str(), ImGuiMouseButton_Right);
        ctx->Yield(2);
        ctx->ItemClick(("//$FOCUSED/Steer towards" + name).c_str());
        const auto& items = stage->state.stack.items();
        IM_CHECK_EQ(items.size(), 1u);
        IM_CHECK(items[0].command.kind == core::CommandKind::steer);
        IM_CHECK_EQ(items[0].command.integer("layer", -1), 1);
        IM_CHECK_STR_EQ(stage->state.show_panel.c_str(), "intervene");
        ctx->SetRef("Stage");
        ctx->ItemClick(row(expert).c_str());
        ctx->Yield(3);
        ctx->ItemClick("**/Suppress");
        IM_CHECK_EQ(items.size(), 2u);
        IM_CHECK(items[1].command.kind == core::CommandKind::suppress);
    };

    // Wrong if a click on the column did not sort by it, or the filter asked of another quarter.
    t = IM_REGISTER_TEST(engine, "experts", "places_in_the_text_are_sorted_and_filtered");
    use<kMake>(t, [] {
        auto options = small();
        options.tokens = 4 * core::TrainConfig{}.seq_len;
        return options;
    });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        IM_CHECK(wait_for_rows(ctx));
        // Without classes there is room for the column.
        core::GeometrySnapshot plain = *stage->state.geometry;
        plain.classes.assign(plain.classes.size(), "");
        stage->session->put(plain);
        IM_CHECK(wait_for(ctx, [] { return stage->state.experts.book()->classes.empty(); }));
        const auto times = [](int32_t expert) {
            const app::PositionUse& use = stage->state.experts.book()->find(expert)->position;
            return use.known() ? use.peak().times : -1;
        };
        ctx->ItemClick("**/position");
        ctx->Yield(3);
        const auto& rows = panel().rows();
        IM_CHECK_EQ(rows.size(), size_t{16});
        for (size_t i = 0; i + 1 < rows.size(); ++i)
            IM_CHECK_GE(times(rows[i]), times(rows[i + 1]));
        std::set<int32_t> first;
        for (const app::BookEntry& entry : stage->state.experts.book()->entries)
            if (entry.position.most == 0) first.insert(static_cast<int32_t>(entry.expert));
        type(ctx, "quarter=1");
        IM_CHECK(shown() == first);
        type(ctx, "is:placed");
        for (const int32_t expert : shown())
            IM_CHECK(stage->state.experts.book()->find(expert)->position.enriched());
    };

    // Wrong if another order or other rows were copied than are shown.
    t = IM_REGISTER_TEST(engine, "experts", "rows_are_copied_as_shown");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        IM_CHECK(wait_for_rows(ctx));
        type(ctx, "E2,E5");
        ctx->KeyPress(ImGuiKey_Escape);
        type(ctx, "E2,E5");
        IM_CHECK_EQ(panel().rows().size(), 2u);
        ctx->ItemClick("Copy");
        const std::string text = ImGui::GetClipboardText();
        IM_CHECK(text.starts_with("# experts of layer 0, step 120"));
        IM_CHECK_EQ(std::count(text.begin(), text.end(), '\n'), 4);
        ctx->ItemClick("PNG");
        ctx->Yield(2);
        IM_CHECK(stage->state.picture_order.has_value());
    };
}

void register_empty(ImGuiTestEngine* engine) {
    // Wrong if there were controls before there is anything to control, or Dictionary could be
    // pressed without a checkpoint to read.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "experts", "what_is_not_there");
    use<kMake>(t, [] {
        auto options = small();
        options.start_step = 0;
        return options;
    });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        ctx->Yield(3);
        IM_CHECK(!ctx->ItemExists("##filter"));
        stage->session->set_state(core::RunState::running);
        stage->session->advance(20);
        IM_CHECK(wait_for_rows(ctx));
        ctx->Yield(2);
        IM_CHECK((ctx->ItemInfo("Dictionary").ItemFlags & ImGuiItemFlags_Disabled) != 0);
        core::GeometrySnapshot g = *stage->session->geometry();
        for (auto& layer : g.layers) {
            layer.centroids.clear();
            layer.positions.clear();
            layer.choices.resize(3);
            layer.load.clear();
            layer.d_space = 0;
        }
        g.classes.clear();
        g.step += 1;
        stage->session->put(g);
        IM_CHECK(wait_for(ctx, [] {
            stage->state.now += 1;
            return stage->state.experts.book() && stage->state.experts.book()->step == 21;
        }));
        stage->state.selection.pick_expert(3, false);
        ctx->Yield(5);
        IM_CHECK_EQ(panel().card().expert(), 3);
        IM_CHECK(panel().card().loads().steps.empty() || !panel().card().loads().loads.empty());
    };
}

void register_dictionary(ImGuiTestEngine* engine) {
    // Wrong if Dictionary read another run or not both analyses, or could be pressed again
    // meanwhile; or if what it wrote were not shown.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "experts", "the_dictionary_is_read_on_demand");
    use<kMake>(t, [] { return small(); });
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Stage");
        IM_CHECK(wait_for_rows(ctx));
        const test::TempFolder folder;
        folder.write("checkpoints/step_00000100/meta.json", "{}");
        stage->session->mutable_status().run_dir = folder.path();
        struct Asked {
            std::mutex mutex;
            std::vector<std::string> calls;
            std::atomic<bool> open{false};
        } asked;
        stage->state.services.analyze = [&](const std::string& run, const std::string& name,
                                            const std::string& against,
                                            const core::Progress&) -> core::Result<std::string> {
            {
                const std::lock_guard lock(asked.mutex);
                asked.calls.push_back(run + " " + name + against);
            }
            while (!asked.open) std::this_thread::sleep_for(std::chrono::milliseconds(1));
            if (name == "dictionary")
                folder.write("analysis/dictionary.json",
                             R"({"step": 100, "result": {"layers": [{"experts": [{"id": 4,
                                "words": [{"piece": "quay", "score": 1}], "hub": true}]}]}})");
            return std::string("{}");
        };
        const auto disabled = [&] {
            return (ctx->ItemInfo("Dictionary").ItemFlags & ImGuiItemFlags_Disabled) != 0;
        };
        IM_CHECK(wait_for(ctx, [&] { return !disabled(); }));
        ctx->ItemClick("Dictionary");
        ctx->Yield(3);
        IM_CHECK(disabled());
        asked.open = true;
        IM_CHECK(wait_for(ctx, [] {
            const auto* book = stage->state.experts.book();
            return book && book->dictionary_step == 100;
        }));
        IM_CHECK(wait_for(ctx, [&] { return !disabled(); }));
        IM_CHECK(asked.calls == (std::vector<std::string>{folder.path() + " dictionary",
                                                          folder.path() + " clusters"}));
        type(ctx, "writes:quay is:hub");
        IM_CHECK(shown() == std::set<int32_t>{4});
        stage->state.services.analyze = nullptr;
        stage->session->mutable_status().run_dir = "runs/demo";
        stage->state.finish_aside();
    };
}

const PanelTests filter(register_filter), dictionary(register_dictionary), space(register_space),
    rows(register_rows), empty(register_empty), session(register_session);

}  // namespace
}  // namespace hopscope::gui_test
