// Gestures in the routing space on the fake session without a screen: boxes and lassos, what is
// done with a selection, turning in three dimensions, regions and neighbours.
#include <algorithm>
#include <cmath>
#include <set>
#include <span>
#include <string>

#include "app/panels/routing_space/neighbours.h"
#include "app/widgets/format.h"
#include "tests/app/panels/routing_space/space_stage.h"

namespace hopscope::gui_test {
namespace {

using Set = std::set<int64_t>;

app::Selection& selection() {
    return stage->state.selection;
}

/// A fresh stage with centroids alone, so that what is hit is known.
void begin(ImGuiTestContext* ctx) {
    ctx->Yield(3);
    ctx->SetRef("Stage");
    ctx->ItemClick("tokens");
    ctx->Yield(2);
}

void drag(ImGuiTestContext* ctx, ImGuiKey with, const std::vector<ImVec2>& way) {
    ctx->MouseMoveToPos(way.front());
    if (with != ImGuiKey_None) ctx->KeyDown(with);
    ctx->MouseDown();
    for (const ImVec2& p : way) ctx->MouseMoveToPos(p);
    ctx->MouseUp();
    if (with != ImGuiKey_None) ctx->KeyUp(with);
    ctx->Yield(2);
}

/// Experts whose centroids are on the screen inside a box.
Set experts_in(ImVec2 low, ImVec2 high) {
    Set out;
    for (int64_t e = 0; e < 16; ++e) {
        const ImVec2 p = space().screen_of_expert(e);
        if (p.x > low.x && p.x < high.x && p.y > low.y && p.y < high.y) out.insert(e);
    }
    return out;
}

/// The left part of the picture without its outermost pixels, which belong to gestures of it.
ImRect left_part(ImGuiTestContext* ctx) {
    ImRect r = ctx->ItemInfo("picture").RectFull;
    r.Expand(-6);
    r.Min.y += 34;  // below the legend's line and the button of the selection
    r.Max.x = (r.Min.x + r.Max.x) / 2;
    r.Max.y -= 44;  // above the captions
    return r;
}

void register_boxes(ImGuiTestEngine* engine) {
    // Wrong if a box or a lasso took others than those inside it, moved the view, or threw away
    // what Shift keeps.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "space", "box_and_lasso_select_what_is_inside");
    alone(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        begin(ctx);
        const ImRect r = left_part(ctx);
        const Set inside = experts_in(r.Min, r.Max);
        IM_CHECK(!inside.empty() && inside.size() < 16);
        const viz::Camera2d before = space().camera();
        drag(ctx, ImGuiMod_Shift, {r.Min, r.GetCenter(), r.Max});
        IM_CHECK_EQ(selection().experts, inside);
        IM_CHECK(selection().probe_tokens.empty());
        IM_CHECK(before == space().camera());

        Set outside;
        for (int64_t e = 0; e < 16; ++e)
            if (!inside.contains(e)) outside.insert(e);
        selection().pick_all({{*outside.begin()}, {}}, false);
        drag(ctx, ImGuiMod_Shift, {r.Max, r.Min});
        Set both = inside;
        both.insert(*outside.begin());
        IM_CHECK_EQ(selection().experts, both);

        // A triangle: the half of the box below its diagonal.
        drag(ctx, ImGuiMod_Alt, {r.Min, r.GetBL(), r.Max, r.Min});
        Set below;
        for (const int64_t e : inside) {
            const ImVec2 p = space().screen_of_expert(e);
            if ((p.y - r.Min.y) * r.GetWidth() > (p.x - r.Min.x) * r.GetHeight()) below.insert(e);
        }
        IM_CHECK_EQ(selection().experts, below);
        IM_CHECK(before == space().camera());
    };

    // Wrong if a box over tokens did not select them, or they did not stand out.
    t = IM_REGISTER_TEST(engine, "space", "tokens_in_a_box_stand_out");
    alone(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->Yield(3);
        ctx->SetRef("Stage");
        const ImRect r = left_part(ctx);
        drag(ctx, ImGuiMod_Shift, {r.Min, r.Max});
        const auto& tokens = selection().probe_tokens;
        IM_CHECK(!tokens.empty());
        const auto view = []() -> const app::SpaceView& { return space().view(); };
        const auto& drawn = space().points().drawn();
        IM_CHECK_EQ(drawn.size(), view().points.size());
        for (size_t i = 0; i < drawn.size(); ++i) {
            if (view().items[i].expert) continue;
            IM_CHECK_EQ(drawn[i].size > view().points[i].size,
                        tokens.contains(view().items[i].index));
        }
    };
}

bool shown(int64_t expert) {
    const auto& items = space().view().items;
    return std::find(items.begin(), items.end(), app::SpaceItem{true, expert, 0}) != items.end();
}

void register_hiding(ImGuiTestEngine* engine) {
    // Wrong if a key did something else than its entry says, or the picture did not follow.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "space", "isolate_hide_invert_undo");
    alone(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        begin(ctx);
        ctx->MouseMove("picture");
        const auto press = [ctx](ImGuiKeyChord chord) {
            ctx->KeyPress(chord);
            ctx->Yield(2);
        };
        selection().pick_all({{2, 5, 7}, {}}, false);
        press(ImGuiKey_I);
        IM_CHECK_EQ(space().view().points.size(), 3u);
        IM_CHECK(shown(5) && !shown(3));
        selection().pick_expert(5, false);
        press(ImGuiMod_Ctrl | ImGuiKey_I);
        IM_CHECK_EQ(selection().experts, (Set{2, 7}));
        press(ImGuiKey_H);
        IM_CHECK(shown(5) && !shown(2) && !shown(7));
        press(ImGuiMod_Ctrl | ImGuiKey_Z);
        IM_CHECK(shown(2) && shown(7));
        IM_CHECK_EQ(selection().experts, (Set{2, 7}));
        press(ImGuiMod_Ctrl | ImGuiMod_Shift | ImGuiKey_Z);
        IM_CHECK(!shown(2));
        press(ImGuiMod_Shift | ImGuiKey_H);
        IM_CHECK_EQ(space().view().points.size(), 16u);

        // What is hidden cannot be hit.
        selection().pick_expert(4, false);
        press(ImGuiKey_H);
        const ImVec2 at = space().screen_of_expert(4);
        ctx->MouseMoveToPos(at);
        ctx->MouseClick();
        ctx->Yield(2);
        IM_CHECK(!selection().experts.contains(4));
    };

    // Wrong if a named selection did not come back from the menu.
    t = IM_REGISTER_TEST(engine, "space", "a_selection_comes_back_by_its_name");
    alone(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        begin(ctx);
        selection().pick_all({{1, 6}, {3}}, false);
        ctx->Yield(2);
        ctx->ItemClick("###selection");
        ctx->SetRef("//$FOCUSED");
        ctx->ItemInputValue("##name", "rivers");
        ctx->PopupCloseAll();
        ctx->SetRef("Stage");
        IM_CHECK_EQ(stage->state.named.all().size(), 1u);
        selection().clear();
        ctx->Yield(2);
        ctx->ItemClick("###selection");
        ctx->ItemClick("//$FOCUSED/rivers/rivers");
        IM_CHECK_EQ(selection().experts, (Set{1, 6}));
        IM_CHECK_EQ(selection().probe_tokens, Set{3});
    };
}

void register_solid(ImGuiTestEngine* engine) {
    // Wrong if dragging did not turn the picture, a click took another point than the one in front
    // under the pointer, or the order of drawing was not that of depth.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "space", "three_dimensions_turn_and_are_picked");
    alone(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        begin(ctx);
        ctx->ItemClick("3-D");
        ctx->Yield(3);
        IM_CHECK(space().view().solid);
        const ImVec2 middle = ctx->ItemInfo("picture").RectFull.GetCenter();
        const viz::Orbit before = space().orbit();
        IM_CHECK(before.yaw != 0);
        const ImVec2 expert_before = space().screen_of_expert(3);
        const ImRect r = ctx->ItemInfo("picture").RectFull;
        const ImVec2 from(r.Min.x + 20, r.Max.y - 60);
        drag(ctx, ImGuiKey_None, {from, ImVec2(from.x + 60, from.y - 30)});
        IM_CHECK(space().orbit().yaw > before.yaw);
        IM_CHECK(space().orbit().pitch < before.pitch);
        const ImVec2 expert_after = space().screen_of_expert(3);
        IM_CHECK(std::hypot(expert_after.x - expert_before.x, expert_after.y - expert_before.y) >
                 3);

        const auto depth = [](const viz::Point& p) {
            return space().orbit().turned({p.x, p.y, p.z}).z;
        };
        const auto& drawn = space().points().drawn();
        IM_CHECK_EQ(drawn.size(), 16u);
        for (size_t i = 1; i < drawn.size(); ++i)
            IM_CHECK(depth(drawn[i]) >= depth(drawn[i - 1]) - 2e-3f);
        IM_CHECK((drawn.front().color >> 24) < (drawn.back().color >> 24));

        // The nearest one has nothing in front of it.
        int64_t front = 0;
        const auto expert_depth = [](int64_t e) {
            return space().orbit().turned(space().view().centroid(e)).z;
        };
        for (int64_t e = 1; e < 16; ++e)
            if (expert_depth(e) > expert_depth(front)) front = e;
        ctx->MouseMoveToPos(space().screen_of_expert(front));
        ctx->MouseClick();
        ctx->Yield(2);
        IM_CHECK_EQ(selection().experts, Set{front});

        // The wheel brings nearer, a double click shows all again.
        const float zoom = space().camera().zoom;
        ctx->MouseMoveToPos(middle);
        ctx->MouseWheelY(2);
        ctx->Yield(2);
        IM_CHECK(space().camera().zoom > zoom);
        stage->state.settings.animations = false;
        ctx->MouseMoveToPos(from);
        ctx->MouseDoubleClick();
        ctx->Yield(3);
        stage->state.settings.animations = true;
        IM_CHECK(std::fabs(space().camera().zoom - zoom) < 0.01f * zoom);

        ctx->ItemClick("$$2/look along");
        ctx->Yield(2);
        IM_CHECK_EQ(space().orbit().yaw, 0);
        IM_CHECK_EQ(space().orbit().pitch, 0);
        ctx->ItemClick("2-D");
        ctx->Yield(2);
        IM_CHECK(space().orbit() == viz::Orbit{});
    };
}

void register_context(ImGuiTestEngine* engine) {
    // Wrong if regions stayed when they are switched off, or were shown where there is no plane.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "space", "regions_come_and_go");
    alone(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        begin(ctx);
        const auto choose = [ctx](const char* which) {
            ctx->SetRef("Stage");
            ctx->ItemClick("More");
            ctx->SetRef("//$FOCUSED");
            ctx->ComboClick((std::string("##regions/") + which).c_str());
            ctx->PopupCloseAll();
            ctx->SetRef("Stage");
        };
        IM_CHECK(!space().regions().is_there());
        for (const char* which : {"regions", "margins"}) {
            choose(which);
            IM_CHECK(wait_for(ctx, [] { return space().regions().is_there(); }));
        }
        ctx->ItemClick("3-D");
        ctx->Yield(3);
        IM_CHECK(!space().regions().is_there());
        ctx->ItemClick("2-D");
        IM_CHECK(wait_for(ctx, [] { return space().regions().is_there(); }));
        choose("none");
        ctx->Yield(2);
        IM_CHECK(!space().regions().is_there());
    };

    // Wrong if the list were of another point, not in order, or a click in it selected nothing.
    t = IM_REGISTER_TEST(engine, "space", "neighbours_are_listed");
    alone(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        begin(ctx);
        selection().pick_expert(6, false);
        ctx->MouseMove("picture");
        ctx->KeyPress(ImGuiKey_N);
        ctx->Yield(3);
        const auto& rows = space().neighbours().centroids();
        IM_CHECK(rows.size() >= 4);
        IM_CHECK(!space().neighbours().tokens().empty());
        for (size_t i = 0; i < rows.size(); ++i) {
            IM_CHECK(rows[i].item.index != 6);
            if (i > 0) IM_CHECK(rows[i].cosine <= rows[i - 1].cosine);
            const float squared = rows[i].distance * rows[i].distance;
            IM_CHECK(std::fabs(squared - (2 - 2 * rows[i].cosine)) < 1e-3f);
        }
        // The list leaves the point it is about in sight, on whichever side that lies.
        for (int64_t e = 0; e < 16; ++e) {
            selection().pick_all({{e}, {}}, false);
            ctx->Yield(3);
            const ImRect list = ctx->WindowInfo("//Stage/neighbours").RectFull;
            IM_CHECK(!list.Contains(space().screen_of_expert(e)));
        }
        const int64_t nearest = rows.front().item.index;
        const ImGuiID list = ctx->WindowInfo("//Stage/neighbours").ID;
        const std::string row =
            "near/$$" + std::to_string(nearest) + "/E" + std::to_string(nearest);
        ctx->ItemClick(ctx->GetID(row.c_str(), list));
        ctx->Yield(2);
        IM_CHECK_EQ(selection().experts, Set{nearest});
    };
}

void register_move(ImGuiTestEngine* engine) {
    // Wrong if a dragged centroid were not lifted to where it was dropped, the question gave no
    // chance to compare, or undo left the move in place.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "space", "a_centroid_is_moved_on_the_prompt");
    alone(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        begin(ctx);
        const ImVec2 from = space().screen_of_expert(3);
        const ImVec2 middle = ctx->ItemInfo("picture").RectFull.GetCenter();
        const ImVec2 to((from.x + middle.x) / 2, (from.y + middle.y) / 2);
        const viz::Camera2d before = space().camera();
        drag(ctx, ImGuiMod_Ctrl, {from, to});
        IM_CHECK(before == space().camera());
        IM_CHECK(space().move().asking());
        const auto view = []() -> const app::SpaceView& { return space().view(); };
        const auto& g = stage->state.geometry->layers[0];
        const auto at = viz::project(view().basis, space().move().to());
        float squares = 0;
        for (const float v : space().move().to()) squares += v * v;
        IM_CHECK(std::fabs(squares - 1) < 1e-4f);
        const viz::Vec3 was = view().centroid(3);
        IM_CHECK(std::hypot(at[0], at[1]) < std::hypot(was.x, was.y));
        IM_CHECK(wait_for(ctx, [] { return space().move().effect().has_value(); }));
        const app::MoveEffect& effect = *space().move().effect();
        IM_CHECK_EQ(effect.control.size(), 20u);
        IM_CHECK_EQ(effect.positions * g.d_space, static_cast<int64_t>(g.positions.size()));

        const auto card = [ctx](const char* button) {
            const ImGuiID id = ctx->WindowInfo("//Stage/move").ID;
            ctx->ItemClick(ctx->GetID(button, id));
            ctx->Yield(2);
        };
        card("On the prompt");
        IM_CHECK(!space().move().asking());
        const auto& items = stage->state.stack.items();
        IM_CHECK_EQ(items.size(), 1u);
        IM_CHECK(items[0].command.kind == core::CommandKind::move_centroid);
        IM_CHECK_EQ(items[0].command.integers("expert"), std::vector<int64_t>{3});
        IM_CHECK_STR_EQ(app::prompt_problem(items[0].command, stage->state.model_shape()).c_str(),
                        "");
        ctx->MouseMove("picture");
        ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_Z);
        ctx->Yield(2);
        IM_CHECK(stage->state.stack.items().empty());
        IM_CHECK(selection().experts.empty());

        // Another one is dropped again.
        drag(ctx, ImGuiMod_Ctrl, {from, to});
        IM_CHECK(space().move().asking());
        ctx->KeyPress(ImGuiKey_Escape);
        ctx->Yield(2);
        IM_CHECK(!space().move().asking());
    };

    // Wrong if the run got another place than the one shown, or undo did not send the old one.
    t = IM_REGISTER_TEST(engine, "space", "a_centroid_is_moved_in_the_run_and_back");
    alone(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        begin(ctx);
        const ImVec2 from = space().screen_of_expert(5);
        const ImVec2 middle = ctx->ItemInfo("picture").RectFull.GetCenter();
        drag(ctx, ImGuiMod_Ctrl, {from, middle});
        IM_CHECK(space().move().asking());
        const std::vector<float> to = space().move().to();
        const ImGuiID id = ctx->WindowInfo("//Stage/move").ID;
        ctx->ItemClick(ctx->GetID("On the run", id));
        ctx->Yield(2);
        IM_CHECK(stage->last() == app::move_command(0, 5, to));
        const auto& g = stage->state.geometry->layers[0];
        const auto was =
            std::span(g.centroids)
                .subspan(static_cast<size_t>(5 * g.d_space), static_cast<size_t>(g.d_space));
        const core::Command back = app::move_command(0, 5, was);
        ctx->MouseMove("picture");
        ctx->KeyPress(ImGuiMod_Ctrl | ImGuiKey_Z);
        ctx->Yield(2);
        IM_CHECK(stage->last() == back);
    };
}

/// A token that no other point lies near on the screen; the number of points where all do.
size_t lonely_token(const ImRect& within) {
    const auto view = []() -> const app::SpaceView& { return space().view(); };
    size_t found = view().points.size();
    float widest = 0;
    for (size_t i = 0; i < view().points.size(); ++i) {
        const ImVec2 at = space().screen_of_point(i);
        if (view().items[i].expert || !within.Contains(at)) continue;
        float nearest = 1e9f;
        for (size_t j = 0; j < view().points.size(); ++j) {
            const ImVec2 other = space().screen_of_point(j);
            if (j != i) nearest = std::min(nearest, std::hypot(at.x - other.x, at.y - other.y));
        }
        if (nearest > widest) widest = nearest, found = i;
    }
    return found;
}

void register_tooltip(ImGuiTestEngine* engine) {
    // Wrong if pointing at a token did not say which centroids are its nearest, and by how much.
    ImGuiTest* t = IM_REGISTER_TEST(engine, "space", "a_token_says_its_margin");
    alone(t);
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->Yield(3);
        ctx->SetRef("Stage");
        const size_t token = lonely_token(left_part(ctx));
        IM_CHECK_LT(token, space().view().items.size());
        const app::SpaceItem item = space().view().items[token];
        const core::LayerGeometry& g =
            stage->state.geometry->layers[static_cast<size_t>(selection().layer)];
        const auto near = app::nearest_experts(g, app::position_of(g, item), 2);
        IM_CHECK_EQ(near.size(), 2u);
        const std::string text = text_at(ctx, space().screen_of_point(token));
        const auto holds = [&](const std::string& words) {
            return text.find(words) != std::string::npos;
        };
        IM_CHECK(holds("token " + std::to_string(item.index) + " of the sample"));
        IM_CHECK(holds("margin " + app::rounded(app::margin_of(near), 3)));
        for (const app::NearExpert& one : near) IM_CHECK(holds(app::rounded(one.cosine, 3)));
    };
}

const PanelTests move(register_move), tooltips(register_tooltip), boxes(register_boxes),
    hiding(register_hiding), solid(register_solid), context(register_context);

}  // namespace
}  // namespace hopscope::gui_test
