#include "tests/app/window/two_starts.h"

#include <cstdlib>
#include <imgui_internal.h>

#include "tests/app/window/drawn_frames.h"
#include "tests/app/window/whole_window.h"
#include "tests/temp_folder.h"

namespace hopscope::gui_test {
namespace {

using namespace whole;

constexpr int kWidth = 1136, kHeight = 704;  ///< no size that a window begins with

bool in_front(const char* name) {
    const ImGuiWindow* window = ImGui::FindWindowByName(name);
    return window && window->DockNode && window->DockNode->VisibleWindow == window;
}

ImGuiID node_of(const char* name) {
    const ImGuiWindow* window = ImGui::FindWindowByName(name);
    return window && window->DockIsActive ? window->DockId : 0;
}

void register_first(ImGuiTestEngine* engine) {
    ImGuiTest* t = IM_REGISTER_TEST(engine, "starts", "first");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->SetRef("Tour");
        ctx->ItemClick("Dismiss");
        ctx->Yield(3);
        ctx->SetRef("");
        // What was clicked has gone: the keyboard must not take a tab along that nobody chose.
        for (const char* first : {"Routing space##Train", "Curves##Train", "Statistics##Train"})
            IM_CHECK(in_front(first));
        // A layout that is shown now first fits the window as it is now.
        resize(ctx, 1280, 880);
        shell->workspace().set_layout(*state, app::Layout::intervene);
        ctx->Yield(4);
        IM_CHECK_NE(node_of("Trajectory##Intervene"), node_of("Routing space##Intervene"));
        shell->workspace().set_layout(*state, app::Layout::train);
        ctx->Yield(4);
        IM_CHECK_NE(node_of("Log##Train"), node_of("Run##Train"));
        resize(ctx, kWidth, kHeight);
        ctx->WindowFocus("Statistics##Train");
        ctx->Yield(4);
        IM_CHECK(in_front("Statistics##Train"));
        // Longer than ImGui waits before it hands docking over: what follows is not in it.
        ctx->SleepNoSkip(6, 0.2f);
        ctx->DockInto("Log##Train", "Run##Train");
        IM_CHECK_EQ(node_of("Log##Train"), node_of("Run##Train"));
        // The window closes now.
    };
}

void register_second(ImGuiTestEngine* engine) {
    ImGuiTest* t = IM_REGISTER_TEST(engine, "starts", "second");
    t->TestFunc = [](ImGuiTestContext* ctx) {
        ctx->Yield(6);
        IM_CHECK(!shell->tour().shown());  // seen and dismissed
        int width = 0, height = 0;
        glfwGetWindowSize(glfw_window(), &width, &height);
        IM_CHECK_EQ(width, kWidth);
        IM_CHECK_EQ(height, kHeight);
        IM_CHECK(in_front("Statistics##Train"));
        IM_CHECK_NE(node_of("Run##Train"), 0u);
        IM_CHECK_EQ(node_of("Log##Train"), node_of("Run##Train"));
    };
}

int start(void (*add)(ImGuiTestEngine*)) {
    FakeOptions fake;
    fake.start_step = 200;
    fake.experts = 32;
    fake.tokens = 64;
    fake.state = core::RunState::paused;
    ImGuiTestEngine* engine = make_engine("test_two_starts.xml");
    app::WindowOptions options = plain_window();
    options.keep_settings = true;
    return run_in_window(engine, options, fake_services(fake, &session),
                         [&](app::Shell& s, app::AppState& a) {
                             shell = &s;
                             state = &a;
                             state->settings.animations = false;
                             add(engine);
                         });
}

}  // namespace

int run_two_starts() {
    const test::TempFolder settings;
    setenv("XDG_CONFIG_HOME", settings.path().c_str(), 1);
    const int first = start(register_first);
    return first != 0 ? first : start(register_second);
}

}  // namespace hopscope::gui_test
