// The panels, each alone or two beside each other, without a screen: null back ends, clicks by the
// Test Engine. Milliseconds a test. With an argument the tests whose names hold it, alone.
#include <cstdio>
#include <implot.h>

#include "app/state/settings.h"
#include "tests/app/stage.h"

namespace {

using namespace hopscope;

/// What a back end does with textures: says that all is done.
void accept_textures() {
    for (ImTextureData* texture : ImGui::GetPlatformIO().Textures) {
        if (texture->Status == ImTextureStatus_WantDestroy) {
            texture->SetTexID(ImTextureID_Invalid);
            texture->SetStatus(ImTextureStatus_Destroyed);
        } else if (texture->Status != ImTextureStatus_OK &&
                   texture->Status != ImTextureStatus_Destroyed) {
            texture->SetTexID(static_cast<ImTextureID>(1));
            texture->SetStatus(ImTextureStatus_OK);
        }
    }
}

std::string& clipboard() {
    static std::string text;
    return text;
}

}  // namespace

int main(int argc, char** argv) {
    ImGui::CreateContext();
    ImPlot::CreateContext();
    ImGuiIO& io = ImGui::GetIO();
    io.IniFilename = nullptr;
    io.DisplaySize = ImVec2(1280, 800);
    io.BackendFlags |= ImGuiBackendFlags_RendererHasTextures;
    ImGui::GetPlatformIO().Platform_GetClipboardTextFn = [](ImGuiContext*) {
        return clipboard().c_str();
    };
    ImGui::GetPlatformIO().Platform_SetClipboardTextFn = [](ImGuiContext*, const char* text) {
        clipboard() = text;
    };
    ImGuiTestEngine* engine = gui_test::make_engine("test_panels.xml");
    for (const auto add : gui_test::PanelTests::all()) add(engine);
    {
        gui_test::Stage local;
        gui_test::stage = &local;
        ImFont* font = io.Fonts->AddFontDefault();
        local.state.fonts = {font, font, font};
        app::apply_theme(local.state.theme(), 1);
        ImGuiTestEngine_Start(engine, ImGui::GetCurrentContext());
        ImGuiTestEngine_QueueTests(engine, ImGuiTestGroup_Tests, argc > 1 ? argv[1] : nullptr);
        ImVector<ImGuiTestRunTask> queued;
        ImGuiTestEngine_GetTestQueue(engine, &queued);
        while (!ImGuiTestEngine_IsTestQueueEmpty(engine)) {
            io.DeltaTime = 1.0f / 60;
            local.state.now += io.DeltaTime;
            ImGui::NewFrame();
            ImGui::Render();
            accept_textures();
            ImGuiTestEngine_PostSwap(engine);
        }
        ImVector<ImGuiTest*> tests;
        ImGuiTestEngine_GetTestList(engine, &tests);
        const int code = gui_test::exit_code(engine, argc > 1 ? queued.Size : tests.Size);
        ImGuiTestEngine_Stop(engine);
        local.panel.reset();
        local.second.reset();
        local.state.attach(nullptr);
        for (ImTextureData* texture : ImGui::GetPlatformIO().Textures)
            texture->SetTexID(ImTextureID_Invalid), texture->SetStatus(ImTextureStatus_Destroyed);
        ImPlot::DestroyContext();
        ImGui::DestroyContext();
        ImGuiTestEngine_DestroyContext(engine);
        return code;
    }
}
