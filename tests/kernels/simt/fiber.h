// Stacks on which the threads of an emulated block take turns: resume() goes on where the fiber
// left, leave() comes back. One system thread; the fibers belong to simt.cpp. The own switch of
// x86-64 costs a few nanoseconds; other machines use swapcontext, which asks the system each time.
#pragma once

#include <cstddef>
#include <memory>

namespace hopscope::simt {

class Fiber {
  public:
    using Entry = void (*)();

    Fiber();
    ~Fiber();
    Fiber(const Fiber&) = delete;
    Fiber& operator=(const Fiber&) = delete;

    /// The next resume() calls `entry` on this stack, whatever it held before: what an earlier
    /// entry left there is not cleared, and nothing of it is destroyed. `entry` never returns; it
    /// ends with leave_for_good().
    void begin(Entry entry);

    /// From outside: runs the fiber until it leaves.
    void resume();

    /// From within a fiber: back to who resumed it.
    static void leave();

    /// The same, for a fiber that is not resumed before it begins anew.
    [[noreturn]] static void leave_for_good();

  private:
    struct Machine;
    static void first_steps();

    std::unique_ptr<Machine> machine_;
};

}  // namespace hopscope::simt
