#include "app/window/display_loss.h"

#include <cstdlib>
#include <dlfcn.h>
#include <thread>
#include <utility>

namespace hopscope::app {
namespace {

// Xlib's own types, without its headers: a Display is handed on, never looked into.
using IoErrorHandler = int (*)(void* display);
using SetIoErrorHandler = IoErrorHandler (*)(IoErrorHandler);

struct Watch {
    std::function<void()> leave;
    std::thread::id window_thread;
};

Watch& watch() {
    static Watch instance;
    return instance;
}

/// Xlib must not get the control back: GLFW would go on asking a connection that is gone.
extern "C" int hopscope_on_io_error(void*) {
    // Moved out first: a second failure while leaving ends the program at once. On another thread
    // nothing can be joined; the run then keeps its newest checkpoint.
    if (std::this_thread::get_id() == watch().window_thread)
        if (const auto leave = std::exchange(watch().leave, nullptr)) leave();
    std::_Exit(1);
}

}  // namespace

void on_display_loss(std::function<void()> leave) {
    watch().leave = std::move(leave);
    watch().window_thread = std::this_thread::get_id();
    // Only if GLFW has brought it: then it is the very library that will call back.
    void* const x11 = dlopen("libX11.so.6", RTLD_LAZY | RTLD_NOLOAD);
    if (!x11) return;
    if (const auto set = reinterpret_cast<SetIoErrorHandler>(dlsym(x11, "XSetIOErrorHandler")))
        set(hopscope_on_io_error);
}

void forget_display_loss() {
    watch().leave = nullptr;
}

}  // namespace hopscope::app
