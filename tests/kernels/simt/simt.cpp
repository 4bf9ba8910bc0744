#include "tests/kernels/simt/simt.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <optional>
#include <vector>

#include "tests/kernels/simt/fiber.h"

dim3 threadIdx, blockIdx, blockDim, gridDim;

namespace hopscope::simt {
namespace {

constexpr unsigned kMostThreads = 1024;  ///< of a block, as on a device

enum class State { ready, at_barrier, at_meeting, ended };

/// What a thread waits for.
struct Wait {
    Meeting kind = Meeting::sync;
    unsigned mask = 0;
    std::source_location at;
};

struct Thread {
    dim3 index;
    State state = State::ready;
    Wait wait;
    uint64_t value = 0;  ///< what it brought to the meeting, then what it takes away
    int from = 0;
};

/// The order of threads and blocks.
class Order {
  public:
    explicit Order(uint64_t seed) : seed_(seed), state_(seed * 0x9e3779b97f4a7c15U + 1) {}

    /// One of n in a row, of which earlier ones have lower numbers.
    size_t pick(size_t n) {
        if (seed_ == 0) return 0;
        if (seed_ == 1) return n - 1;
        return static_cast<size_t>(next() % n);
    }
    bool now_and_then() { return seed_ > 1 && next() % 4 == 0; }

  private:
    uint64_t next() {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        state_ ^= state_ << 17;
        return state_ >> 8;
    }
    uint64_t seed_, state_;
};

/// Everything about the run; one at a time.
struct Run {
    std::vector<std::unique_ptr<Fiber>> fibers;  ///< kept from run to run
    std::vector<Thread> threads;
    std::vector<size_t> ready;  ///< in rising order where the schedule is not random
    std::array<uint64_t, kMostThreads / kLanes> steps{};  ///< meetings of each warp so far
    std::vector<SharedRoom> rooms;
    const std::function<void()>* kernel = nullptr;
    Order order{0};
    size_t current = 0;
    uint64_t epoch = 0, first_epoch = 0;  ///< barriers so far; at the beginning of the block
    std::optional<std::string> fault;
};
Run r;

std::string text_of(const dim3& i) {
    auto out = std::to_string(i.x);
    if (i.y > 0 || i.z > 0) out += "," + std::to_string(i.y) + "," + std::to_string(i.z);
    return out;
}

std::string text_of(const std::source_location& at) {
    std::string file = at.file_name();
    return file.substr(file.rfind('/') + 1) + ":" + std::to_string(at.line());
}

std::string name_of(Meeting kind) {
    switch (kind) {
        case Meeting::sync:
            return "__syncwarp";
        case Meeting::shuffle:
            return "shuffle";
        case Meeting::ballot:
            return "ballot";
        case Meeting::match:
            return "match";
    }
    return "";
}

std::string hex(unsigned mask) {
    std::array<char, 16> out{};
    std::snprintf(out.data(), out.size(), "0x%08x", mask);
    return out.data();
}

std::string name_of(size_t thread) {
    return "block " + text_of(blockIdx) + ", thread " + text_of(r.threads[thread].index);
}

/// What a thread does instead of coming.
std::string whereabouts(size_t thread) {
    const Thread& t = r.threads[thread];
    switch (t.state) {
        case State::ended:
            return "which has ended";
        case State::at_barrier:
            return "which waits at the barrier " + text_of(t.wait.at);
        case State::at_meeting:
            return "which waits at the " + name_of(t.wait.kind) + " " + text_of(t.wait.at) +
                   " of the lanes " + hex(t.wait.mask);
        case State::ready:
            break;
    }
    return "which runs";
}

/// Where a thread that waits, waits.
std::string waits(size_t thread) {
    const Wait& w = r.threads[thread].wait;
    return name_of(thread) + " waits at the " +
           (r.threads[thread].state == State::at_barrier
                ? "barrier " + text_of(w.at)
                : name_of(w.kind) + " " + text_of(w.at) + " of the lanes " + hex(w.mask)) +
           " for ";
}

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
    r.threads[thread].state = State::ready;
    r.ready.insert(std::lower_bound(r.ready.begin(), r.ready.end(), thread), thread);
}

/// Who the current thread still waits for at its meeting, if anyone.
std::optional<size_t> missing(size_t thread) {
    const Wait& w = r.threads[thread].wait;
    for (size_t i = 0; i < kLanes; ++i)
        if ((w.mask >> i & 1U) != 0 && !comes(r.threads[warp_begin(thread) + i], w))
            return warp_begin(thread) + i;
    return std::nullopt;
}

/// All have come: everybody gets what he takes away.
void settle(size_t thread) {
    const size_t begin = warp_begin(thread);
    const Wait w = r.threads[thread].wait;
    const auto each = [&](auto&& f) {
        for (size_t i = 0; i < kLanes; ++i)
            if ((w.mask >> i & 1U) != 0) f(i, r.threads[begin + i]);
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
    ++r.steps[thread / kLanes];
}

void body() {
    (*r.kernel)();
    r.threads[r.current].state = State::ended;
    Fiber::leave_for_good();
}

/// Nobody can go on: opens the barrier if all are there, else says who waits for whom.
void open_barrier() {
    const auto n = r.threads.size();
    for (size_t i = 0; i < n; ++i) {
        if (r.threads[i].state == State::at_meeting) {
            const auto who = missing(i);
            r.fault =
                waits(i) + "thread " + text_of(r.threads[*who].index) + ", " + whereabouts(*who);
            return;
        }
    }
    std::optional<size_t> waiting;
    for (size_t i = 0; i < n; ++i)
        if (r.threads[i].state == State::at_barrier) waiting = waiting.value_or(i);
    if (!waiting) return;
    const auto& place = r.threads[*waiting].wait.at;
    for (size_t i = 0; i < n; ++i)
        if (r.threads[i].state != State::at_barrier || !same_place(r.threads[i].wait.at, place)) {
            r.fault =
                waits(*waiting) + "thread " + text_of(r.threads[i].index) + ", " + whereabouts(i);
            return;
        }
    for (size_t i = 0; i < n; ++i) make_ready(i);
    ++r.epoch;
}

void run_block(uint64_t most_turns) {
    for (const auto& room : r.rooms) std::memset(room.bytes, 0xff, room.size);
    r.first_epoch = ++r.epoch;
    for (size_t i = 0; i < r.threads.size(); ++i) {
        r.fibers[i]->begin(body);
        make_ready(i);
    }
    for (uint64_t turn = 0; !r.fault; ++turn) {
        if (r.ready.empty()) {
            open_barrier();
            if (r.ready.empty()) return;  // ended, or at fault
        }
        const size_t at = r.order.pick(r.ready.size());
        r.current = r.ready[at];
        r.ready.erase(r.ready.begin() + static_cast<std::ptrdiff_t>(at));
        threadIdx = r.threads[r.current].index;
        r.fibers[r.current]->resume();
        if (turn == most_turns) r.fault = name_of(r.current) + ": the block does not end";
    }
}

bool ordered(const Mark::Touch& before, uint64_t step) {
    const int thread = static_cast<int>(r.current), warp = thread / kLanes;
    return before.epoch != r.epoch || before.thread == thread ||
           (before.warp == warp && before.step != step);
}

}  // namespace

std::string run(const Launch& launch, const std::function<void()>& kernel) {
    const auto size = launch.block.x * launch.block.y * launch.block.z;
    if (size == 0 || size > kMostThreads)
        return "a block has 1 to " + std::to_string(kMostThreads) + " threads, not " +
               std::to_string(size);
    gridDim = launch.grid;
    blockDim = launch.block;
    r.kernel = &kernel;
    r.order = Order(launch.schedule);
    r.fault.reset();
    while (r.fibers.size() < size) r.fibers.push_back(std::make_unique<Fiber>());
    r.threads.assign(size, {});
    for (unsigned i = 0; i < size; ++i)
        r.threads[i].index = {i % blockDim.x, i / blockDim.x % blockDim.y,
                              i / blockDim.x / blockDim.y};
    std::vector<unsigned> blocks(launch.grid.x * launch.grid.y * launch.grid.z);
    for (unsigned i = 0; i < blocks.size(); ++i) blocks[i] = i;
    while (!blocks.empty() && !r.fault) {
        const size_t at = r.order.pick(blocks.size());
        const unsigned b = blocks[at];
        blocks.erase(blocks.begin() + static_cast<std::ptrdiff_t>(at));
        blockIdx = {b % gridDim.x, b / gridDim.x % gridDim.y, b / gridDim.x / gridDim.y};
        r.ready.clear();
        run_block(launch.most_turns);
    }
    return r.fault.value_or("");
}

void fault(const std::string& text, std::source_location at) {
    r.fault = name_of(r.current) + " at " + text_of(at) + ": " + text;
    Fiber::leave_for_good();
}

void barrier(std::source_location at) {
    Thread& t = r.threads[r.current];
    t.state = State::at_barrier;
    t.wait.at = at;
    Fiber::leave();
}

int lane() {
    return static_cast<int>(r.current % kLanes);
}

void yield() {
    if (!r.order.now_and_then()) return;
    make_ready(r.current);
    Fiber::leave();
}

uint64_t meet(Meeting kind, unsigned mask, uint64_t brought, int from, std::source_location at) {
    Thread& t = r.threads[r.current];
    const auto complain = [&](const std::string& text) {
        fault(name_of(kind) + " of the lanes " + hex(mask) + text, at);
    };
    if ((mask >> lane() & 1U) == 0)
        complain(" is called by lane " + std::to_string(lane()) + ", which is not among them");
    if (kind == Meeting::shuffle && (mask >> from & 1U) == 0)
        complain(" takes from lane " + std::to_string(from) + ", which is not among them");
    const size_t lanes = std::min<size_t>(kLanes, r.threads.size() - warp_begin(r.current));
    if (lanes < kLanes && mask >> lanes != 0)
        complain(", but this warp has " + std::to_string(lanes));
    t.state = State::at_meeting;
    t.wait = {kind, mask, at};
    t.value = brought;
    t.from = from;
    if (!missing(r.current)) settle(r.current);
    Fiber::leave();
    return t.value;
}

void add_shared(const SharedRoom& room) {
    std::memset(room.bytes, 0xff, room.size);
    r.rooms.push_back(room);
}

void touch(Mark& mark, Access access, std::source_location at) {
    const int thread = static_cast<int>(r.current), warp = thread / kLanes;
    const uint64_t step = r.steps[static_cast<size_t>(warp)];
    const auto who = [](const Mark::Touch& t) {
        return "thread " + text_of(r.threads[static_cast<size_t>(t.thread)].index);
    };
    const bool atomic = access == Access::atomic;
    if (!ordered(mark.write, step) && !(atomic && mark.atomic))
        fault("touches shared memory that " + who(mark.write) +
                  " has just written, with no barrier between",
              at);
    if (access == Access::read) {
        if (mark.write.epoch < r.first_epoch)
            fault("reads shared memory that nobody has written", at);
        // Of several readers one from another warp is the harder to be in order with.
        if (ordered(mark.read, step) || mark.read.warp == warp)
            mark.read = {r.epoch, step, thread, warp};
        return;
    }
    if (!ordered(mark.read, step))
        fault("writes shared memory that " + who(mark.read) +
                  " has just read, with no barrier between",
              at);
    if (atomic && mark.write.epoch < r.first_epoch)
        fault("adds to shared memory that nobody has written", at);
    mark.write = {r.epoch, step, thread, warp};
    mark.atomic = atomic;
}

}  // namespace hopscope::simt
