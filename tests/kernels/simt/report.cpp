#include "tests/kernels/simt/report.h"

#include <array>
#include <cstdio>

#include "tests/kernels/simt/state.h"

namespace hopscope::simt {

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
    return "block " + text_of(blockIdx) + ", thread " + text_of(the_run.threads[thread].index);
}

std::string whereabouts(size_t thread) {
    const Thread& t = the_run.threads[thread];
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

std::string waits(size_t thread) {
    const Wait& w = the_run.threads[thread].wait;
    return name_of(thread) + " waits at the " +
           (the_run.threads[thread].state == State::at_barrier
                ? "barrier " + text_of(w.at)
                : name_of(w.kind) + " " + text_of(w.at) + " of the lanes " + hex(w.mask)) +
           " for ";
}

}  // namespace hopscope::simt
