#include "tests/kernels/simt/shared.h"

#include "tests/kernels/simt/report.h"
#include "tests/kernels/simt/state.h"

namespace hopscope::simt {
namespace {

/// Whether something between lets the current thread see what was done then.
bool ordered(const Mark::Touch& before, uint64_t step) {
    const int thread = static_cast<int>(the_run.current), warp = thread / kLanes;
    return before.epoch != the_run.epoch || before.thread == thread ||
           (before.warp == warp && before.step != step);
}

}  // namespace

void add_shared(const SharedRoom& room) {
    std::memset(room.bytes, 0xff, room.size);
    the_run.rooms.push_back(room);
}

void touch(Mark& mark, Access access, std::source_location at) {
    const int thread = static_cast<int>(the_run.current), warp = thread / kLanes;
    const uint64_t step = the_run.steps[static_cast<size_t>(warp)];
    const auto who = [](const Mark::Touch& t) {
        return "thread " + text_of(the_run.threads[static_cast<size_t>(t.thread)].index);
    };
    const bool atomic = access == Access::atomic;
    if (!ordered(mark.write, step) && !(atomic && mark.atomic))
        fault("touches shared memory that " + who(mark.write) +
                  " has just written, with no barrier between",
              at);
    if (access == Access::read) {
        if (mark.write.epoch < the_run.first_epoch)
            fault("reads shared memory that nobody has written", at);
        // Of several readers one from another warp is the harder to be in order with.
        if (ordered(mark.read, step) || mark.read.warp == warp)
            mark.read = {the_run.epoch, step, thread, warp};
        return;
    }
    if (!ordered(mark.read, step))
        fault("writes shared memory that " + who(mark.read) +
                  " has just read, with no barrier between",
              at);
    if (atomic && mark.write.epoch < the_run.first_epoch)
        fault("adds to shared memory that nobody has written", at);
    mark.write = {the_run.epoch, step, thread, warp};
    mark.atomic = atomic;
}

}  // namespace hopscope::simt
