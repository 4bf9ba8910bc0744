// Where the camera of the routing space stands, as words of a session file, and the way back.
#include "app/panels/routing_space/camera_history.h"

#include <gtest/gtest.h>

#include "app/panels/routing_space/camera.h"

namespace hopscope::app {
namespace {

CameraPlace standing_at(float x, float span = 2) {
    CameraPlace place;
    place.follows = false;
    place.center = {x, -0.1f};
    place.span = span;
    place.yaw = 0.3f;
    place.pitch = -1.0f / 3;
    return place;
}

// Wrong if a person who goes elsewhere while a session's place waits for its picture were taken
// there after all.
TEST(SpaceCamera, WhoGoesElsewhereIsNotTakenWhereASessionWas) {
    AppState state;
    SpaceView view;
    view.points.resize(1);
    view.low = {-1, -1};
    view.high = {1, 1};
    const auto goes = [&](auto act) {
        SpaceCamera camera;
        camera.update(state, view, true, {0, 0}, {400, 300});
        camera.set_place(standing_at(5));
        camera.update(state, view, /*stays=*/false, {0, 0}, {400, 300});
        EXPECT_EQ(camera.place().center.x, 5);
        act(camera);
        camera.update(state, view, /*stays=*/true, {0, 0}, {400, 300});
        return camera.place().center.x;
    };
    EXPECT_EQ(goes([](SpaceCamera&) {}), 5);
    EXPECT_LT(goes([&](SpaceCamera& camera) { camera.fit(state, view); }), 1);
    EXPECT_LT(goes([&](SpaceCamera& camera) { camera.pan(state, {1, 0}); }), 1);
    EXPECT_LT(goes([&](SpaceCamera& camera) { camera.turn(state, {1, 0}); }), 1);
    EXPECT_LT(goes([&](SpaceCamera& camera) { camera.look_along(state, 1); }), 1);
    EXPECT_LT(goes([&](SpaceCamera& camera) { camera.zoom_at(state, {9, 9}, 1.1f); }), 1);
    EXPECT_EQ(goes([&](SpaceCamera& camera) { camera.show(state, {2, 0, 0}); }), 2);
    TokenPath path;
    path.at = {{3, 0, 0}};
    EXPECT_NEAR(goes([&](SpaceCamera& camera) { camera.focus(state, view, {path}); }), 3, 0.5);
}

// Wrong if a file gave back another place than was kept, or took a damaged one.
TEST(CameraHistory, WordsReadBack) {
    CameraPlace kept = standing_at(1.0f / 3, 1e-3f);
    CameraPlace read;
    read_camera(camera_in_words(kept), read);
    read_turn(turn_in_words(kept), read);
    EXPECT_NEAR(read.center.x, kept.center.x, 1e-6);
    EXPECT_NEAR(read.span, kept.span, 1e-8);
    EXPECT_NEAR(read.pitch, kept.pitch, 1e-6);
    EXPECT_EQ(camera_in_words(read), camera_in_words(kept));
    EXPECT_EQ(turn_in_words(read), turn_in_words(kept));
    kept = read;
    EXPECT_FALSE(read.follows);
    EXPECT_TRUE(read.shows_what(kept)) << camera_in_words(kept);
    for (const char* none : {"", "1 2", "1 2 3 4", "1 2 0", "1 2 -1", "1 2 nan", "1 inf 2",
                             "1 2 1e300", "a b c", "everything"}) {
        read_camera(none, read);
        EXPECT_FALSE(read.follows) << none;
        EXPECT_TRUE(read.shows_what(kept)) << none;
    }
    for (const char* none : {"", "1", "1 2 3", "nan 0", "x y"}) {
        read_turn(none, read);
        EXPECT_TRUE(read.shows_what(kept)) << none;
    }
    CameraPlace all;
    EXPECT_EQ(camera_in_words(all), "all");
    read_camera("all", read);
    EXPECT_TRUE(read.follows);
}

// Wrong if a step led elsewhere than where the camera stood before it, or what was undone could be
// redone after another way was taken.
TEST(CameraHistory, GoesBackAndForth) {
    CameraHistory history;
    EXPECT_EQ(history.undo_order(), 0u);
    history.step(standing_at(1), 4);
    history.step(standing_at(2), 7);
    EXPECT_EQ(history.undo_order(), 7u);
    EXPECT_TRUE(history.undo(standing_at(3)).shows_what(standing_at(2)));
    EXPECT_EQ(history.undo_order(), 4u);
    EXPECT_EQ(history.redo_order(), 7u);
    EXPECT_TRUE(history.redo(standing_at(2)).shows_what(standing_at(3)));
    EXPECT_TRUE(history.undo(standing_at(3)).shows_what(standing_at(2)));
    history.step(standing_at(2), 9);
    EXPECT_FALSE(history.can_redo());
    for (size_t i = 0; i < 2 * CameraHistory::kMost; ++i) history.step(standing_at(0), 10 + i);
    size_t steps = 0;
    for (; history.can_undo(); ++steps) (void)history.undo(standing_at(0));
    EXPECT_EQ(steps, CameraHistory::kMost);
    history.forget();
    EXPECT_FALSE(history.can_redo());
}

}  // namespace
}  // namespace hopscope::app
