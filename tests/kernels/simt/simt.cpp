#include "tests/kernels/simt/simt.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <vector>

#include "tests/kernels/simt/report.h"
#include "tests/kernels/simt/state.h"

dim3 threadIdx, blockIdx, blockDim, gridDim;

namespace hopscope::simt {

Run the_run;

namespace {

size_t warp_begin(size_t thread) {
    return thread / kLanes * kLanes;
}

bool same_place(const std::source_location& a, const std::source_location& b) {
    if (a.line() != b.line() || a.column() != b.column()) return false;
    return a.file_name() == b.file_name() || std::strcmp(a.file_name(), b.file_name()) == 0;
}

/// Whether this thread waits at the meeting `w`.
bool comes(const Thread& t, const Wait& w) {
    return t.state == State::at_meeting && t.wait.kind == w.kind && t.wait.mask == w.mask &&
           same_place(t.wait.at, w.at);
}

void make_ready(size_t thread) {
    the_run.threads[thread].state = State::ready;
    the_run.ready.insert(std::lower_bound(the_run.ready.begin(), the_run.ready.end(), thread),
                         thread);
}

/// Who the current thread still waits for at its meeting, if anyone.
std::optional<size_t> missing(size_t thread) {
    const Wait& w = the_run.threads[thread].wait;
    for (size_t i = 0; i < kLanes; ++i)
        if ((w.mask >> i & 1U) != 0 && !comes(the_run.threads[warp_begin(thread) + i], w))
            return warp_begin(thread) + i;
    return std::nullopt;
}

/// All have come: everybody gets what he takes away.
void settle(size_t thread) {
    const size_t begin = warp_begin(thread);
    const Wait w = the_run.threads[thread].wait;
    const auto each = [&](auto&& f) {
        for (size_t i = 0; i < kLanes; ++i)
            if ((w.mask >> i & 1U) != 0) f(i, the_run.threads[begin + i]);
    };
    std::array<uint64_t, kLanes> brought{}, taken{};
    each([&](size_t i, const Thread& t) { brought[i] = t.value; });
    each([&](size_t i, const Thread& t) {
        if (w.kind == Meeting::shuffle) taken[i] = brought[static_cast<size_t>(t.from)];
        if (w.kind == Meeting::ballot || w.kind == Meeting::match)
            each([&](size_t j, const Thread&) {
                const bool counts =
                    w.kind == Meeting::ballot ? brought[j] != 0 : brought[j] == brought[i];
                if (counts) taken[i] |= uint64_t{1} << j;
            });
    });
    each([&](size_t i, Thread& t) { t.value = taken[i]; });
    each([&](size_t i, const Thread&) { make_ready(begin + i); });
    // Shuffles and votes exchange values; they do not order what is in memory.
    if (w.kind == Meeting::sync) ++the_run.steps[thread / kLanes];
}

/// Thrown on the stack of a thread that is at fault, and caught there.
struct Stop {};

void body() {
    try {
        (*the_run.kernel)();
    } catch (const Stop&) {
        // the_run.fault says what it is.
    }
    the_run.threads[the_run.current].state = State::ended;
    Fiber::leave_for_good();
}

/// Nobody can go on: opens the barrier if all are there, else says who waits for whom.
void open_barrier() {
    const auto n = the_run.threads.size();
    for (size_t i = 0; i < n; ++i) {
        if (the_run.threads[i].state == State::at_meeting) {
            const auto who = missing(i);
            the_run.fault = waits(i) + "thread " + text_of(the_run.threads[*who].index) + ", " +
                            whereabouts(*who);
            return;
        }
    }
    std::optional<size_t> waiting;
    for (size_t i = 0; i < n; ++i)
        if (the_run.threads[i].state == State::at_barrier) waiting = waiting.value_or(i);
    if (!waiting) return;
    const auto& place = the_run.threads[*waiting].wait.at;
    for (size_t i = 0; i < n; ++i)
        if (the_run.threads[i].state != State::at_barrier ||
            !same_place(the_run.threads[i].wait.at, place)) {
            the_run.fault = waits(*waiting) + "thread " + text_of(the_run.threads[i].index) + ", " +
                            whereabouts(i);
            return;
        }
    for (size_t i = 0; i < n; ++i) make_ready(i);
    ++the_run.epoch;
}

void run_block(uint64_t most_turns) {
    for (const auto& room : the_run.rooms) std::memset(room.bytes, 0xff, room.size);
    the_run.first_epoch = ++the_run.epoch;
    the_run.met = {};
    for (size_t i = 0; i < the_run.threads.size(); ++i) {
        the_run.fibers[i]->begin(body);
        make_ready(i);
    }
    for (uint64_t turn = 0; !the_run.fault; ++turn) {
        if (the_run.ready.empty()) {
            open_barrier();
            if (the_run.ready.empty()) return;  // ended, or at fault
        }
        const size_t at = the_run.order.pick(the_run.ready.size());
        the_run.current = the_run.ready[at];
        the_run.ready.erase(the_run.ready.begin() + static_cast<std::ptrdiff_t>(at));
        threadIdx = the_run.threads[the_run.current].index;
        the_run.fibers[the_run.current]->resume();
        if (turn == most_turns)
            the_run.fault = name_of(the_run.current) + ": the block does not end";
    }
}

}  // namespace

std::string run(const Launch& launch, const std::function<void()>& kernel) {
    const auto size = launch.block.x * launch.block.y * launch.block.z;
    if (size == 0 || size > kMostThreads)
        return "a block has 1 to " + std::to_string(kMostThreads) + " threads, not " +
               std::to_string(size);
    gridDim = launch.grid;
    blockDim = launch.block;
    the_run.kernel = &kernel;
    the_run.order = Order(launch.schedule);
    the_run.fault.reset();
    while (the_run.fibers.size() < size) the_run.fibers.push_back(std::make_unique<Fiber>());
    the_run.threads.assign(size, {});
    for (unsigned i = 0; i < size; ++i)
        the_run.threads[i].index = {i % blockDim.x, i / blockDim.x % blockDim.y,
                                    i / blockDim.x / blockDim.y};
    std::vector<unsigned> blocks(launch.grid.x * launch.grid.y * launch.grid.z);
    for (unsigned i = 0; i < blocks.size(); ++i) blocks[i] = i;
    while (!blocks.empty() && !the_run.fault) {
        const size_t at = the_run.order.pick(blocks.size());
        const unsigned b = blocks[at];
        blocks.erase(blocks.begin() + static_cast<std::ptrdiff_t>(at));
        blockIdx = {b % gridDim.x, b / gridDim.x % gridDim.y, b / gridDim.x / gridDim.y};
        the_run.ready.clear();
        run_block(launch.most_turns);
    }
    return the_run.fault.value_or("");
}

void fault(const std::string& text, std::source_location at) {
    the_run.fault = name_of(the_run.current) + " at " + text_of(at) + ": " + text;
    throw Stop{};
}

void barrier(std::source_location at) {
    Thread& t = the_run.threads[the_run.current];
    t.state = State::at_barrier;
    t.wait.at = at;
    Fiber::leave();
}

int lane() {
    return static_cast<int>(the_run.current % kLanes);
}

void yield() {
    if (!the_run.order.now_and_then()) return;
    make_ready(the_run.current);
    Fiber::leave();
}

uint64_t meet(Meeting kind, unsigned mask, uint64_t brought, int from, std::source_location at) {
    Thread& t = the_run.threads[the_run.current];
    const auto complain = [&](const std::string& text) {
        fault(name_of(kind) + " of the lanes " + hex(mask) + text, at);
    };
    if ((mask >> lane() & 1U) == 0)
        complain(" is called by lane " + std::to_string(lane()) + ", which is not among them");
    if (kind == Meeting::shuffle && (mask >> from & 1U) == 0)
        complain(" takes from lane " + std::to_string(from) + ", which is not among them");
    const size_t lanes =
        std::min<size_t>(kLanes, the_run.threads.size() - warp_begin(the_run.current));
    if (lanes < kLanes && mask >> lanes != 0)
        complain(", but this warp has " + std::to_string(lanes));
    t.state = State::at_meeting;
    t.wait = {kind, mask, at};
    t.value = brought;
    t.from = from;
    unsigned& met = the_run.met[the_run.current / kLanes];
    met |= 1U << lane();
    if ((met & mask) == mask && !missing(the_run.current)) {
        met &= ~mask;
        settle(the_run.current);
    }
    Fiber::leave();
    return t.value;
}

}  // namespace hopscope::simt
