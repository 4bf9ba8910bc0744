// The window's thread touches no file while it draws: whatever a panel, a bar or a dialog wants of
// the disk is done aside. The calls by which a program reaches a file pass through here and are
// counted while a frame is being drawn.
#include <atomic>
#include <chrono>
#include <cstdarg>
#include <cstdio>
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <implot.h>
#include <string>
#include <sys/stat.h>
#include <thread>

#include "app/window/shell.h"
#include "tests/app/fake_session.h"
#include "tests/temp_folder.h"

namespace {

thread_local bool drawing = false;
std::atomic<int> touched{0};
char first_touched[256];

void note_touch(const char* path) {
    if (drawing && touched++ == 0) std::snprintf(first_touched, sizeof first_touched, "%s", path);
}

template <class Function>
Function* real(const char* name) {
    return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

#ifndef HOPSCOPE_SANITIZED  // sanitizers have these calls for themselves
extern "C" {
FILE* fopen(const char* path, const char* mode) {
    note_touch(path);
    static auto* const next = real<FILE*(const char*, const char*)>("fopen");
    return next(path, mode);
}
FILE* fopen64(const char* path, const char* mode) {
    note_touch(path);
    static auto* const next = real<FILE*(const char*, const char*)>("fopen64");
    return next(path, mode);
}
int open(const char* path, int flags, ...) {
    note_touch(path);
    va_list more;
    va_start(more, flags);
    const mode_t mode = (flags & O_CREAT) ? va_arg(more, mode_t) : 0;
    va_end(more);
    static auto* const next = real<int(const char*, int, ...)>("open");
    return next(path, flags, mode);
}
int openat(int folder, const char* path, int flags, ...) {
    note_touch(path);
    va_list more;
    va_start(more, flags);
    const mode_t mode = (flags & O_CREAT) ? va_arg(more, mode_t) : 0;
    va_end(more);
    static auto* const next = real<int(int, const char*, int, ...)>("openat");
    return next(folder, path, flags, mode);
}
DIR* opendir(const char* path) {
    note_touch(path);
    static auto* const next = real<DIR*(const char*)>("opendir");
    return next(path);
}
int stat(const char* path, struct stat* out) noexcept {
    note_touch(path);
    static auto* const next = real<int(const char*, struct stat*)>("stat");
    return next(path, out);
}
}

namespace hopscope::app {
namespace {

/// What a back end does with textures: says that all is done.
void accept_textures(ImTextureStatus wanted) {
    for (ImTextureData* texture : ImGui::GetPlatformIO().Textures) {
        const bool gone =
            texture->Status == ImTextureStatus_WantDestroy || wanted == ImTextureStatus_Destroyed;
        texture->SetTexID(gone ? ImTextureID_Invalid : static_cast<ImTextureID>(1));
        texture->SetStatus(gone ? ImTextureStatus_Destroyed : ImTextureStatus_OK);
    }
}

/// The whole window without a screen.
class Frames {
  public:
    explicit Frames(Services services) {
        ImGui::CreateContext();
        ImPlot::CreateContext();
        ImGuiIO& io = ImGui::GetIO();
        io.BackendFlags |= ImGuiBackendFlags_RendererHasTextures;
        io.DisplaySize = ImVec2(1600, 1000);
        state.services = std::move(services);
        shell = std::make_unique<Shell>(state, "");
        shell->begin(1);
    }
    ~Frames() {
        shell = nullptr;
        state.attach(nullptr);
        accept_textures(ImTextureStatus_Destroyed);
        ImPlot::DestroyContext();
        ImGui::DestroyContext();
    }
    void draw() {
        state.now += 0.1;
        ImGui::GetIO().DeltaTime = 0.1f;
        drawing = true;
        update_state(state);
        ImGui::NewFrame();
        shell->frame();
        ImGui::Render();
        drawing = false;
        accept_textures(ImTextureStatus_OK);
    }
    /// Draws until it holds; false if it does not within a while.
    template <class Condition>
    bool draw_until(Condition holds) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        for (draw(); !holds(); draw()) {
            if (std::chrono::steady_clock::now() > end) return false;
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        }
        return true;
    }
    Panel* panel(const std::string& title) {
        for (const auto& panel : shell->workspace().panels())
            if (panel->title() == title) return panel.get();
        return nullptr;
    }
    void act(const char* id) { find_action(shell->actions(), id)->run(); }

    AppState state;
    std::unique_ptr<Shell> shell;
};

void write_large_analysis(const test::TempFolder& folder) {
    std::filesystem::create_directories(folder / "analysis");
    std::ofstream out(folder / "analysis/load.json");
    out << R"({"format": "hopscope.analysis/1", "name": "load", "n": 64, "step": 77, "result": )"
        << R"({"gini": 0.5, "experts": [)";
    for (int i = 0; i < 100000; ++i)
        out << (i ? "," : "") << "{\"layer\": " << i % 4 << ", \"expert\": " << i
            << ", \"count\": " << i * 7 % 1001 << "}";
    out << "]}}";
}

// Wrong if the calls below were not noticed: then the next test could not fail.
TEST(NoFiles, EveryWayToAFileIsNoticed) {
    const test::TempFolder folder;
    folder.write("a.txt", "text");
    const std::string path = folder / "a.txt";
    const auto noticed = [&](auto touch) {
        touched = 0;
        drawing = true;
        touch();
        drawing = false;
        return touched.exchange(0);
    };
    std::error_code code;
    EXPECT_GT(noticed([&] { std::ifstream file(path); }), 0);
    EXPECT_GT(noticed([&] { std::ofstream file(path + "2"); }), 0);
    EXPECT_GT(noticed([&] { (void)std::filesystem::exists(path, code); }), 0);
    EXPECT_GT(noticed([&] { std::filesystem::directory_iterator all(folder.path(), code); }), 0);
    EXPECT_EQ(noticed([] {}), 0);
}

// Wrong if anything that is drawn read, wrote or looked for a file on the window's thread: a start
// screen, dialogs, all layouts, an analysis of some megabytes, an export.
TEST(NoFiles, FramesTouchNone) {
    const test::TempFolder folder;
    write_large_analysis(folder);
    folder.write("configs/a.toml", "");
    gui_test::FakeSession* session = nullptr;
    Services services = gui_test::fake_services({}, &session);
    services.analysis_definitions = [](bool) {
        return std::vector<std::pair<std::string, std::string>>{{"load", "counts. n: choices."}};
    };
    services.word_lists =
        [&](const std::string&) -> core::Result<std::vector<core::CategoryWords>> {
        (void)std::filesystem::exists(folder.path());
        return std::vector<core::CategoryWords>{};
    };
    services.read_config = [read = services.read_config, &folder](
                               const std::string& path, const std::vector<std::string>& more) {
        std::ifstream file(folder / "configs/a.toml");
        return read(path, more);
    };
    Frames frames(std::move(services));
    touched = 0;
    for (int i = 0; i < 3; ++i) frames.draw();
    for (const char* dialog : {"file.open", "file.race", "palette", "help.shortcuts"}) {
        frames.act(dialog);
        for (int i = 0; i < 3; ++i) frames.draw();
    }
    frames.act("help.shortcuts");
    frames.shell->door().open_run(folder.path());
    ASSERT_TRUE(frames.draw_until([&] { return frames.state.session != nullptr; }));
    session->mutable_status().run_dir = folder.path();
    for (const Layout layout : kLayouts) {
        frames.shell->workspace().set_layout(frames.state, layout);
        for (int i = 0; i < 15; ++i) frames.draw();
    }
    frames.state.show_panel = "analyses";
    EXPECT_TRUE(frames.draw_until(
        [&] { return frames.panel("Analyses")->detail(frames.state) == "step 77"; }));
    for (int i = 0; i < 5; ++i) frames.draw();
    frames.state.write_file(folder / "export.txt", "text");
    EXPECT_TRUE(frames.draw_until([&] { return frames.state.untold.empty(); }));
    EXPECT_TRUE(std::filesystem::exists(folder / "export.txt"));
    EXPECT_EQ(touched, 0) << "the first was " << first_touched;
}

}  // namespace
}  // namespace hopscope::app
#endif
