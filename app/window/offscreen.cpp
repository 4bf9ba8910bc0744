#include "app/window/offscreen.h"

#define EGL_NO_X11
#include <EGL/egl.h>
#include <EGL/eglext.h>
// As picture_target.cpp wants it: who includes the header first in a unity unit decides for both.
#define GL_GLEXT_PROTOTYPES
#include <GL/gl.h>
#include <algorithm>
#include <backends/imgui_impl_opengl3.h>
#include <cstdlib>
#include <imgui.h>
#include <implot.h>
#include <sys/resource.h>

#include "app/window/render.h"

namespace hopscope::app {
namespace {

bool has_word(const char* words, const std::string& word) {
    const std::string all = " " + std::string(words ? words : "") + " ";
    return all.find(" " + word + " ") != std::string::npos;
}

/// Mesa draws without any device, NVIDIA's driver names its devices; null where neither is there.
EGLDisplay display_without_screen() {
    const char* can = eglQueryString(EGL_NO_DISPLAY, EGL_EXTENSIONS);
    const auto get = reinterpret_cast<PFNEGLGETPLATFORMDISPLAYEXTPROC>(
        eglGetProcAddress("eglGetPlatformDisplayEXT"));
    if (!get) return EGL_NO_DISPLAY;
    if (has_word(can, "EGL_MESA_platform_surfaceless")) {
        const EGLDisplay display = get(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, nullptr);
        if (display != EGL_NO_DISPLAY && eglInitialize(display, nullptr, nullptr)) return display;
    }
    const auto devices =
        reinterpret_cast<PFNEGLQUERYDEVICESEXTPROC>(eglGetProcAddress("eglQueryDevicesEXT"));
    EGLDeviceEXT found[16];
    EGLint count = 0;
    if (!devices || !has_word(can, "EGL_EXT_platform_device") || !devices(16, found, &count))
        return EGL_NO_DISPLAY;
    for (EGLint i = 0; i < count; ++i) {
        const EGLDisplay display = get(EGL_PLATFORM_DEVICE_EXT, found[i], nullptr);
        if (display != EGL_NO_DISPLAY && eglInitialize(display, nullptr, nullptr)) return display;
    }
    return EGL_NO_DISPLAY;
}

}  // namespace

core::Result<std::unique_ptr<Offscreen>> Offscreen::open(int width, int height) {
    std::unique_ptr<Offscreen> made(new Offscreen);
    std::string why = made->start_egl();
    if (why.empty())
        if (const int most = PictureTarget::largest_side(); std::max(width, height) > most)
            return core::usage_error("--width, --height, --scale: found a picture of " +
                                     std::to_string(width) + " x " + std::to_string(height) +
                                     " pixels; the driver here draws at most " +
                                     std::to_string(most) + " in either direction");
    if (why.empty()) why = made->start_target(width, height);
    if (!why.empty())
        return core::failure("no picture can be drawn without a display: " + why +
                             "; Debian has what is needed in libegl1 and libgl1-mesa-dri");
    IMGUI_CHECKVERSION();
    ImGui::CreateContext();
    ImPlot::CreateContext();
    made->imgui_ = true;
    ImGuiIO& io = ImGui::GetIO();
    io.IniFilename = nullptr;
    io.DisplaySize = ImVec2(static_cast<float>(width), static_cast<float>(height));
    ImGui_ImplOpenGL3_Init("#version 330 core");
    return made;
}

/// Address space that a driver takes at its start; with less it ends without a word.
constexpr rlim_t kLeastSpace = rlim_t{1400} << 20;

std::string Offscreen::start_egl() {
    rlimit space = {};
    if (getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur < kLeastSpace)
        return "the limit on address space is too small for a driver, which takes 1400 MiB; raise "
               "it "
               "(ulimit -v)";
    setenv("LP_NUM_THREADS", "1", 0);  // as the window: the run's threads have the cores
    const EGLDisplay display = display_without_screen();
    if (display == EGL_NO_DISPLAY) return "EGL knows no way to draw without one";
    display_ = display;
    if (!eglBindAPI(EGL_OPENGL_API)) return "EGL here has no OpenGL";
    const EGLint wanted[] = {EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT, EGL_SURFACE_TYPE, EGL_DONT_CARE,
                             EGL_NONE};
    EGLConfig config = nullptr;
    EGLint configs = 0;
    if (!eglChooseConfig(display, wanted, &config, 1, &configs) || configs == 0)
        return "EGL here has no OpenGL";
    const EGLint version[] = {EGL_CONTEXT_MAJOR_VERSION,
                              3,
                              EGL_CONTEXT_MINOR_VERSION,
                              3,
                              EGL_CONTEXT_OPENGL_PROFILE_MASK,
                              EGL_CONTEXT_OPENGL_CORE_PROFILE_BIT,
                              EGL_NONE};
    context_ = eglCreateContext(display, config, EGL_NO_CONTEXT, version);
    if (context_ == EGL_NO_CONTEXT) return "the driver has no OpenGL 3.3";
    if (!eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE, context_))
        return "the driver needs a surface";
    return {};
}

std::string Offscreen::start_target(int width, int height) {
    target_ = std::make_unique<PictureTarget>(width, height);
    if (!target_->usable())
        return "the driver makes no target of " + std::to_string(width) + " x " +
               std::to_string(height) + " pixels";
    return {};
}

Offscreen::~Offscreen() {
    if (imgui_) {
        ImGui_ImplOpenGL3_Shutdown();
        ImPlot::DestroyContext();
        ImGui::DestroyContext();
    }
    target_.reset();
    if (!display_) return;
    eglMakeCurrent(display_, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
    if (context_) eglDestroyContext(display_, context_);
    eglTerminate(display_);
}

void Offscreen::begin_frame(double seconds) {
    ImGui::GetIO().DeltaTime = static_cast<float>(std::max(seconds, 1e-4));
    ImGui_ImplOpenGL3_NewFrame();
    ImGui::NewFrame();
}

void Offscreen::end_frame(const ImVec4& background) {
    ImGui::Render();
    target_->bind();
    glClearColor(background.x, background.y, background.z, 1.0f);
    glClear(GL_COLOR_BUFFER_BIT);
    render(ImGui::GetDrawData());
}

Pixels Offscreen::picture() const {
    return target_->picture();
}

void (*Offscreen::function(const char* name))() {
    return eglGetProcAddress(name);
}

}  // namespace hopscope::app
