#include "tests/app/engine_support.h"

#include <chrono>
#include <cstdio>
#include <imgui_te_exporters.h>
#include <imgui_te_ui.h>

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
    io.ConfigWatchdogKillTest = 60;
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
