#include "tests/kernels/simt/fiber.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <sys/mman.h>
#include <unistd.h>

#if !defined(__x86_64__)
#include <ucontext.h>
#endif
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

#if defined(__x86_64__)
// Keeps what a called function has to keep, changes the stack, and takes it back from there.
asm(R"(
.text
.type hopscope_switch_stacks, @function
hopscope_switch_stacks:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
.size hopscope_switch_stacks, .-hopscope_switch_stacks
)");
extern "C" void hopscope_switch_stacks(void** keep, void* go);
#endif

namespace hopscope::simt {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr size_t kStackBytes = 256 << 10;  // redzones around every variable
#else
constexpr size_t kStackBytes = 64 << 10;
#endif

[[noreturn]] void give_up(const char* what) {
    std::perror(what);
    std::abort();
}

}  // namespace

struct Fiber::Machine {
    char* lowest = nullptr;  ///< a page that may not be touched: a stack that is too small shows
    char* bottom = nullptr;
    Entry entry = nullptr;
#if defined(__x86_64__)
    void *here = nullptr, *back = nullptr;  ///< stack pointers: of the fiber, of who resumed it
#else
    ucontext_t here{}, back{};
#endif
    // What the address sanitizer has to know of a stack that it did not make.
    void *fake_here = nullptr, *fake_back = nullptr;
    const void* back_bottom = nullptr;
    size_t back_size = 0;

    /// The fiber that runs; one system thread, so one at a time.
    static Machine* running;

    void to_fiber() {
#if defined(__x86_64__)
        hopscope_switch_stacks(&back, here);
#else
        swapcontext(&back, &here);
#endif
    }
    void to_back() {
#if defined(__x86_64__)
        hopscope_switch_stacks(&here, back);
#else
        swapcontext(&here, &back);
#endif
    }
};

Fiber::Machine* Fiber::Machine::running = nullptr;

Fiber::Fiber() : machine_(std::make_unique<Machine>()) {
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    void* room = mmap(nullptr, page + kStackBytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED) give_up("simt: no room for a stack");
    if (mprotect(room, page, PROT_NONE) != 0) give_up("simt: no page to guard a stack");
    machine_->lowest = static_cast<char*>(room);
    machine_->bottom = machine_->lowest + page;
}

Fiber::~Fiber() {
    munmap(machine_->lowest,
           static_cast<size_t>(machine_->bottom - machine_->lowest) + kStackBytes);
}

void Fiber::begin(Entry entry) {
    Machine& m = *machine_;
    m.entry = entry;
#if defined(__SANITIZE_ADDRESS__)
    __asan_unpoison_memory_region(m.bottom, kStackBytes);
#endif
#if defined(__x86_64__)
    // As if first_steps had just been called: six registers to take back, then its address to
    // return to, and a return address of nowhere, which leaves the stack aligned as calls do.
    auto* top = reinterpret_cast<void**>(m.bottom + kStackBytes) - 8;
    for (int i = 0; i < 8; ++i) top[i] = nullptr;
    top[6] = reinterpret_cast<void*>(&Fiber::first_steps);
    m.here = top;
#else
    getcontext(&m.here);
    m.here.uc_stack.ss_sp = m.bottom;
    m.here.uc_stack.ss_size = kStackBytes;
    m.here.uc_link = nullptr;
    makecontext(&m.here, &Fiber::first_steps, 0);
#endif
}

void Fiber::resume() {
    Machine& m = *machine_;
    Machine::running = &m;
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_start_switch_fiber(&m.fake_back, m.bottom, kStackBytes);
#endif
    m.to_fiber();
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(m.fake_back, nullptr, nullptr);
#endif
    Machine::running = nullptr;
}

void Fiber::first_steps() {
    Machine& m = *Machine::running;
#if defined(__SANITIZE_ADDRESS__)
    // What the sanitizer keeps beside a stack is used again as well: making it costs system calls.
    __sanitizer_finish_switch_fiber(m.fake_here, &m.back_bottom, &m.back_size);
#endif
    m.entry();
    std::abort();
}

void Fiber::leave() {
    Machine& m = *Machine::running;
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_start_switch_fiber(&m.fake_here, m.back_bottom, m.back_size);
#endif
    m.to_back();
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(m.fake_here, &m.back_bottom, &m.back_size);
#endif
}

void Fiber::leave_for_good() {
    leave();
    std::abort();
}

}  // namespace hopscope::simt
