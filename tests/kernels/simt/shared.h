// Shared memory of an emulated block. It begins as garbage (all bits set: NaN, −1), and each access
// is held against the others since the last barrier: reading what nobody wrote, leaving the array,
// and two threads at one element with nothing between them, one of them writing, are faults under
// any schedule. Belongs to the block that runs; simt.cpp knows the blocks.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <source_location>
#include <string>

namespace hopscope::simt {

/// Ends the run with a sentence; begins with block and thread.
[[noreturn]] void fault(const std::string& text, std::source_location at);

/// Who touched an element last, and when.
struct Mark {
    struct Touch {
        uint64_t epoch = 0;  ///< barriers so far in all blocks of the process; 0: never
        uint64_t step = 0;   ///< __syncwarp so far of the warp
        int thread = 0, warp = 0;
    };
    Touch write, read;
    bool atomic = false;  ///< the last write was an atomic: others may follow at once
};

enum class Access { read, write, atomic };
void touch(Mark& mark, Access access, std::source_location at);

/// A part of the shared memory of a block, as the run sees it.
struct SharedRoom {
    void* bytes;
    size_t size;
    Mark* marks;
    size_t count;
};
/// From now on `room` is garbage at the beginning of each block, and at once.
void add_shared(const SharedRoom& room);

/// An element, which knows whether it is read or written.
template <class T>
class Cell {
  public:
    Cell(T* value, Mark* mark, std::source_location at) : value_(value), mark_(mark), at_(at) {}
    Cell(const Cell&) = default;
    ~Cell() = default;

    operator T() const {
        touch(*mark_, Access::read, at_);
        return *value_;
    }
    Cell& operator=(T x) {
        touch(*mark_, Access::write, at_);
        *value_ = x;
        return *this;
    }
    Cell& operator=(const Cell& x) { return *this = static_cast<T>(x); }
    Cell& operator+=(T x) { return *this = static_cast<T>(*this) + x; }
    /// For atomics, which are all that a kernel needs addresses of.
    T* operator&() {
        touch(*mark_, Access::atomic, at_);
        return value_;
    }

  private:
    T* value_;
    Mark* mark_;
    std::source_location at_;
};

/// An index and the place that it is used at.
struct Place {
    Place(int64_t index, std::source_location where = std::source_location::current())
        : i(index), at(where) {}
    int64_t i;
    std::source_location at;
};

template <class T, int N>
class Shared {
  public:
    Shared() { add_shared({values_.data(), sizeof(values_), marks_.data(), marks_.size()}); }

    Cell<T> operator[](Place p) {
        if (p.i < 0 || p.i >= N)
            fault("element " + std::to_string(p.i) + " of a shared array of " + std::to_string(N),
                  p.at);
        const auto i = static_cast<size_t>(p.i);
        return {&values_[i], &marks_[i], p.at};
    }

  private:
    std::array<T, static_cast<size_t>(N)> values_;
    std::array<Mark, static_cast<size_t>(N)> marks_;
};

}  // namespace hopscope::simt
