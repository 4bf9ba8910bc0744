#include "tests/app/window/real_program.h"

#include <GLFW/glfw3.h>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <imgui_internal.h>
#include <sstream>

#include "app/laboratory.h"
#include "core/api/lab.h"
#include "tests/temp_folder.h"

namespace hopscope::gui_test::real {
namespace fs = std::filesystem;
namespace {

constexpr const char* kConfig = R"([model]
d_model = 32
n_layers = 2
n_heads = 2
vocab_size = 400
max_seq_len = 64
dropout = 0.0

[moe]
experts = 16
expert_rank = 1
top_k = 2
hops = 2
d_space = 8

[train]
steps = 100000
batch = 4
seq_len = 32
lr = 5e-3
warmup = 5
eval_every = 50
eval_batches = 2
checkpoint_every = 1000
snapshot_every = 5
# One: with two, the trainer's threads wait for each other by spinning, and on a busy machine the
# updates this test waits for take several times as long.
threads = 1

[data]
source = "synthetic"
)";

/// `text` with the first `from` replaced.
std::string with(std::string text, const std::string& from, const std::string& to) {
    return text.replace(text.find(from), from.size(), to);
}

/// Names of the windows that are seen as tabs.
std::vector<std::string> tabs_in_front() {
    std::vector<std::string> names;
    for (const ImGuiWindow* window : ImGui::GetCurrentContext()->Windows)
        if (window->WasActive && window->DockNode && window->DockNode->VisibleWindow == window)
            names.push_back(window->Name);
    return names;
}

void show_at(ImGuiTestContext* ctx, ImVec2 size, float scale, bool dark,
             const std::vector<std::string>& front) {
    state->settings.scale = scale;
    state->settings.dark = dark;
    glfwSetWindowSize(static_cast<GLFWwindow*>(ImGui::GetMainViewport()->PlatformHandle),
                      static_cast<int>(size.x), static_cast<int>(size.y));
    wait_for(ctx, [=] {
        const ImVec2 now = ImGui::GetIO().DisplaySize;
        return now.x == size.x && now.y == size.y;
    });
    ctx->Yield(6);
    for (const std::string& name : front) {
        ImGui::SetWindowFocus(name.c_str());
        ctx->Yield(2);
    }
}

void picture_of_now(ImGuiTestContext* ctx, const std::string& path) {
    ctx->MouseMoveToPos(ImVec2(2, 2));
    ctx->SleepNoSkip(1.0f, 0.05f);
    state->picture_order = {path + ".png", ImVec2(0, 0), ImGui::GetIO().DisplaySize};
    ctx->Yield(3);
}

}  // namespace

int run_real_program(const char* junit_file, const std::function<void(ImGuiTestEngine*)>& add) {
    const test::TempFolder folder;
    const fs::path before = fs::current_path();
    fs::current_path(folder.path());  // the run folder is made under it
    // Watched by the thread sanitizer no process can train one: it does not follow a fork.
    const char* tokenizer = std::getenv("HOPSCOPE_TEST_TOKENIZER");
    const std::string config =
        kConfig + (tokenizer ? "tokenizer = \"" + std::string(tokenizer) + "\"\n" : "");
    folder.write(kConfigFile, config);
    folder.write(kFewerExperts, with(config, "experts = 16", "experts = 4"));

    app::WindowOptions options;
    options.width = 1280;
    options.height = 800;
    options.keep_settings = false;
    options.exe_dir = HOPSCOPE_TEST_EXE_DIR;
    options.config_path = kConfigFile;
    options.start = true;
    app::Services services = app::services_of_the_laboratory(/*allow_debug=*/false);
    services.read_config = core::lab::read_config;

    ImGuiTestEngine* engine = make_engine(junit_file);
    ImGuiTestEngine_GetIO(engine).ConfigWatchdogWarning = 200;
    ImGuiTestEngine_GetIO(engine).ConfigWatchdogKillTest = 270;
    const int code = run_in_window(engine, options, services, [&](app::Shell& s, app::AppState& a) {
        shell = &s;
        state = &a;
        add(engine);
    });
    fs::current_path(before);
    return code;
}

void choose_layout(ImGuiTestContext* ctx, const char* name) {
    ctx->SetRef(ctx->WindowInfo("//hopscope/top bar").ID);
    ctx->ItemClick(name);
    ctx->Yield(5);
}

void click_slider(ImGuiTestContext* ctx, const char* ref, float share) {
    ctx->MouseMove(ref);
    const ImRect box = ctx->ItemInfo(ref).RectFull;
    ctx->MouseMoveToPos(
        ImVec2(box.Min.x + (box.Max.x - box.Min.x) * share, (box.Min.y + box.Max.y) / 2));
    ctx->MouseDown();
    ctx->Yield(2);
    ctx->MouseUp();
    ctx->Yield(2);
}

void take_picture(ImGuiTestContext* ctx, const char* name) {
    const char* folder = std::getenv("HOPSCOPE_PICTURES");
    if (!folder) return;
    const std::string path = (fs::path(folder) / name).string();
    picture_of_now(ctx, path);
    const char* others = std::getenv("HOPSCOPE_PICTURES_OF");
    if (!others) return;
    const ImVec2 size = ImGui::GetIO().DisplaySize;
    const float scale = state->settings.scale;
    const bool dark = state->settings.dark;
    const std::vector<std::string> front = tabs_in_front();
    std::istringstream words(others);
    for (std::string word; words >> word;) {
        int width = 0, height = 0;
        float larger = 1;
        char theme[8] = "";
        if (std::sscanf(word.c_str(), "%dx%d@%f-%7s", &width, &height, &larger, theme) != 4) {
            IM_ERRORF("HOPSCOPE_PICTURES_OF: \"%s\" is not like 1280x800@2-light", word.c_str());
            break;
        }
        show_at(ctx, ImVec2(static_cast<float>(width), static_cast<float>(height)), larger,
                std::string(theme) != "light", front);
        picture_of_now(ctx, path + "-" + word);
    }
    show_at(ctx, size, scale, dark, front);
}

}  // namespace hopscope::gui_test::real
