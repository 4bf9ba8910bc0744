#include "tests/app/engine_support.h"

#include <chrono>
#include <cstdio>
#include <imgui_internal.h>
#include <imgui_te_exporters.h>
#include <imgui_te_ui.h>
#include <utility>

namespace hopscope::gui_test {

ImGuiTestEngine* make_engine(const char* junit_file) {
    ImGuiTestEngine* engine = ImGuiTestEngine_CreateContext();
    ImGuiTestEngineIO& io = ImGuiTestEngine_GetIO(engine);
    io.ConfigVerboseLevel = ImGuiTestVerboseLevel_Warning;
    io.ConfigVerboseLevelOnError = ImGuiTestVerboseLevel_Debug;
    io.ConfigLogToTTY = true;
    io.ConfigRunSpeed = ImGuiTestRunSpeed_Fast;
    io.ConfigNoThrottle = true;
    io.ConfigSavedSettings = false;
    io.ConfigWatchdogWarning = 60;
    io.ConfigWatchdogKillTest = 180;
    io.ExportResultsFormat = ImGuiTestEngineExportFormat_JUnitXml;
    io.ExportResultsFilename = junit_file;
    return engine;
}

int exit_code(ImGuiTestEngine* engine, int queued) {
    ImGuiTestEngineResultSummary summary;
    ImGuiTestEngine_GetResultSummary(engine, &summary);
    std::printf("%d of %d tests passed\n", summary.CountSuccess, queued);
    const bool all = queued > 0 && summary.CountTested == queued && summary.CountSuccess == queued;
    return all ? 0 : 1;
}

int run_in_window(ImGuiTestEngine* engine, app::WindowOptions options, app::Services services,
                  const std::function<void(app::Shell&, app::AppState&)>& begin) {
    bool queued = false, done = false;
    int code = 1;
    options.after_begin = [&](app::Shell& shell, app::AppState& state) {
        begin(shell, state);
        ImGuiTestEngine_Start(engine, ImGui::GetCurrentContext());
    };
    options.after_frame = [&, also = options.after_frame](app::Shell& shell, app::AppState& state) {
        if (also) also(shell, state);
        state.keep_drawing();
        ImGuiTestEngine_PostSwap(engine);
        if (!queued && (state.session || options.config_path.empty())) {
            queued = true;
            ImGuiTestEngine_QueueTests(engine, ImGuiTestGroup_Tests);
        } else if (queued && !done && ImGuiTestEngine_IsTestQueueEmpty(engine)) {
            ImVector<ImGuiTest*> tests;
            ImGuiTestEngine_GetTestList(engine, &tests);
            code = exit_code(engine, tests.Size);
            ImGuiTestEngine_Stop(engine);
            done = true;
        }
    };
    options.close_now = [&] { return done; };
    const int window = app::run_window(options, std::move(services));
    ImGuiTestEngine_DestroyContext(engine);
    return window != 0 ? window : code;
}

std::string text_of_a_frame(ImGuiTestContext* ctx) {
    ImGui::LogToBuffer();
    ImGui::GetCurrentContext()->LogWindow = nullptr;  // or it would end with the window of now
    ctx->Yield();
    std::string text = ImGui::GetCurrentContext()->LogBuffer.c_str();
    ImGui::LogFinish();
    return text;
}

std::string text_at(ImGuiTestContext* ctx, ImVec2 at) {
    ctx->MouseMoveToPos(at);
    ctx->SleepNoSkip(0.5f, 1.0f / 60);
    return text_of_a_frame(ctx);
}

bool wait_for(ImGuiTestContext* ctx, const std::function<bool()>& condition, double seconds) {
    using Clock = std::chrono::steady_clock;
    const auto end = Clock::now() + std::chrono::duration<double>(seconds);
    while (!condition()) {
        if (Clock::now() > end || ctx->IsError()) return false;
        ctx->Yield();
    }
    return true;
}

}  // namespace hopscope::gui_test
