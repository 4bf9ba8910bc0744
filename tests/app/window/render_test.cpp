// A frame drawn with its large rectangles cleared, against the same frame as ImGui draws it.
#include "app/window/render.h"

#include <GL/gl.h>
#include <algorithm>
#include <backends/imgui_impl_opengl3.h>
#include <gtest/gtest.h>
#include <imgui.h>
#include <memory>
#include <utility>

#include "app/window/offscreen.h"

namespace hopscope::app {
namespace {

constexpr int kWidth = 480, kHeight = 320;

/// Rectangles as panels have them, above and below each other, with what lies over them.
void draw_scene(float shift) {
    ImDrawList* list = ImGui::GetForegroundDrawList();
    const auto fill = [&](float x0, float y0, float x1, float y1, ImU32 color) {
        list->AddRectFilled(ImVec2(x0 + shift, y0 + shift), ImVec2(x1 + shift, y1 + shift), color);
    };
    fill(0, 0, 480, 320, IM_COL32(20, 24, 31, 255));
    fill(10, 10, 300, 200, IM_COL32(200, 30, 60, 255));
    fill(40, 60, 44, 64, IM_COL32(255, 255, 255, 255));  // small
    fill(30.25f, 40.75f, 210.6f, 190.4f, IM_COL32(10, 130, 90, 255));
    fill(200, 100, 460, 300, IM_COL32(30, 60, 220, 120));  // what is below shines through
    list->AddText(ImVec2(60, 80), IM_COL32(255, 255, 255, 255), "expert 3");
    list->PushClipRect(ImVec2(250.4f, 20.6f), ImVec2(400.2f, 140.7f), true);
    fill(0, 0, 480, 320, IM_COL32(90, 90, 20, 255));
    list->PopClipRect();
    list->AddRectFilled(ImVec2(20, 220), ImVec2(200, 310), IM_COL32(70, 80, 90, 255), 8);
    list->AddRectFilledMultiColor(ImVec2(220, 220), ImVec2(440, 310), IM_COL32(255, 0, 0, 255),
                                  IM_COL32(0, 255, 0, 255), IM_COL32(0, 0, 255, 255),
                                  IM_COL32(9, 9, 9, 255));
    list->AddQuadFilled(ImVec2(300, 150), ImVec2(450, 190), ImVec2(420, 290), ImVec2(280, 260),
                        IM_COL32(5, 200, 200, 255));
    fill(360, 250, 470, 315, IM_COL32(250, 250, 250, 255));
    fill(-1e10f, 316, 1e10f, 1e10f, IM_COL32(120, 20, 220, 255));
}

class Render : public testing::Test {
  protected:
    void SetUp() override {
        auto screen = Offscreen::open(kWidth, kHeight);
        ASSERT_TRUE(screen) << screen.error().message;
        screen_ = *std::move(screen);
    }
    /// What `draw` leaves of the frame.
    template <class Draw>
    Pixels drawn_by(Draw draw, int width = kWidth, int height = kHeight) {
        const PictureTarget target(width, height);
        target.bind();
        glClearColor(0, 0, 0, 1);
        glClear(GL_COLOR_BUFFER_BIT);
        draw(ImGui::GetDrawData());
        return target.picture();
    }
    int cleared() const {
        int out = 0;
        for (const ImDrawList* list : ImGui::GetDrawData()->CmdLists)
            for (const ImDrawCmd& command : list->CmdBuffer) out += command.UserCallback != nullptr;
        return out;
    }
    static size_t differing(const Pixels& a, const Pixels& b) {
        size_t out = a.rgb.size() == b.rgb.size() ? 0 : 1;
        for (size_t i = 0; i < std::min(a.rgb.size(), b.rgb.size()); ++i)
            out += a.rgb[i] != b.rgb[i];
        return out;
    }

    std::unique_ptr<Offscreen> screen_;
};

// Wrong if a cleared rectangle had other edges, lay above or below something else, or left the part
// that it is cut to; or if none were cleared.
TEST_F(Render, ClearedRectanglesGiveTheSamePicture) {
    for (const float shift : {0.0f, 0.3f, -0.7f}) {
        screen_->begin_frame(0.01);
        draw_scene(shift);
        ImGui::Render();
        const Pixels whole = drawn_by(ImGui_ImplOpenGL3_RenderDrawData);
        EXPECT_EQ(cleared(), 0);
        const Pixels split = drawn_by(render);
        EXPECT_EQ(cleared(), 5) << "the background, the red, the green, the cut and the light one";
        EXPECT_EQ(differing(whole, split), 0u) << shift;
        EXPECT_EQ(differing(whole, drawn_by(render)), 0u) << "drawn again";
    }
}

// Wrong if a part of the frame that is drawn larger, as a picture of a panel is, had its rectangles
// in the places of the whole one.
TEST_F(Render, APartOfTheFrameAtAnotherScale) {
    screen_->begin_frame(0.01);
    draw_scene(0);
    ImGui::Render();
    ImDrawData& frame = *ImGui::GetDrawData();
    frame.DisplayPos = ImVec2(150, 90);
    frame.DisplaySize = ImVec2(200, 160);
    frame.FramebufferScale = ImVec2(3, 3);
    const Pixels whole = drawn_by(ImGui_ImplOpenGL3_RenderDrawData, 600, 480);
    EXPECT_EQ(differing(whole, drawn_by(render, 600, 480)), 0u);
    EXPECT_EQ(cleared(), 5);
}

}  // namespace
}  // namespace hopscope::app
