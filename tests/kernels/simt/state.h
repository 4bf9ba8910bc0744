// The state of the one run there is: its threads, who of them may go on, and the order in which
// they do. Of simt.cpp, which moves it; shared.cpp and report.cpp look at it.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <vector>

#include "tests/kernels/simt/fiber.h"
#include "tests/kernels/simt/simt.h"

namespace hopscope::simt {

inline constexpr unsigned kMostThreads = 1024;  ///< of a block, as on a device

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
    std::array<uint64_t, kMostThreads / kLanes>
        steps{};  ///< of each warp: times that __syncwarp ordered its memory
    std::array<unsigned, kMostThreads / kLanes> met{};  ///< lanes of each warp at a meeting
    std::vector<SharedRoom> rooms;
    const std::function<void()>* kernel = nullptr;
    Order order{0};
    size_t current = 0;
    uint64_t epoch = 0, first_epoch = 0;  ///< barriers so far; at the beginning of the block
    std::optional<std::string> fault;
};
extern Run the_run;

}  // namespace hopscope::simt
