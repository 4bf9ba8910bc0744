// The switch that tests/mutate/mutate.py writes around what it changes in a copy of the sources:
// HOPSCOPE_MUTANT names the one change that a process runs with, HOPSCOPE_MUTANT_REACHED a file
// that takes the number of each change that is come to. Never included here; any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace hopscope::mutate {

constexpr int kMost = 4096;
/// -2: not read yet; what is initialised before main asks too. -1: none.
inline constinit std::atomic<int> selected{-2};
inline constinit std::atomic<const char*> reached_file{nullptr};
inline constinit std::array<std::atomic<bool>, kMost> reached{};

inline int read_selected() {
    const char* number = std::getenv("HOPSCOPE_MUTANT");
    const int value = number ? std::atoi(number) : -1;
    reached_file = std::getenv("HOPSCOPE_MUTANT_REACHED");
    selected = value;
    return value;
}

inline void note(const char* file, int number) {
    if (reached[static_cast<size_t>(number)].exchange(true)) return;
    if (std::FILE* out = std::fopen(file, "a")) {
        std::fprintf(out, "%d\n", number);
        std::fclose(out);
    }
}

}  // namespace hopscope::mutate

/// Whether this process runs with change `number`.
inline bool hopscope_mutant(int number) {
    namespace m = hopscope::mutate;
    int is = m::selected.load(std::memory_order_relaxed);
    if (is == -2) is = m::read_selected();
    const char* file = m::reached_file.load(std::memory_order_relaxed);
    if (file && !m::reached[static_cast<size_t>(number)].load(std::memory_order_relaxed))
        m::note(file, number);
    return is == number;
}
