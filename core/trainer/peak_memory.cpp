#include "core/trainer/peak_memory.h"

#include <c10/core/CachingDeviceAllocator.h>
#include <fstream>
#include <string>
#include <sys/resource.h>

#include "core/base/numbers.h"

namespace hopscope::core {

void reset_peak_memory(const at::Device& device) {
    if (device.is_cuda()) {
        at::getDeviceAllocator(device.type())->resetPeakStats(device.index());
        return;
    }
    std::ofstream("/proc/self/clear_refs") << "5";  // Linux: VmHWM := VmRSS
}

int64_t peak_memory(const at::Device& device) {
    if (device.is_cuda()) {
        const auto stats = at::getDeviceAllocator(device.type())->getDeviceStats(device.index());
        return stats.allocated_bytes[0].peak;  // 0: all pools together
    }
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;)
        if (int64_t kib = 0; word == "VmHWM:" && status >> kib) return kib * 1024;
    rusage usage{};
    return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_maxrss * int64_t{1024} : 0;
}

int64_t available_memory(const at::Device& device) {
    if (device.is_cuda()) {
        auto* allocator = at::getDeviceAllocator(device.type());
        const auto stats = allocator->getDeviceStats(device.index());
        const auto unused = stats.reserved_bytes[0].current - stats.allocated_bytes[0].current;
        return static_cast<int64_t>(allocator->getMemoryInfo(device.index()).first) + unused;
    }
    std::ifstream meminfo("/proc/meminfo");
    for (std::string word; meminfo >> word;)
        if (int64_t kib = 0; word == "MemAvailable:" && meminfo >> kib) return kib * 1024;
    return -1;
}

int64_t held_memory(const at::Device& device) {
    if (!device.is_cuda()) return 0;
    const auto stats = at::getDeviceAllocator(device.type())->getDeviceStats(device.index());
    return stats.reserved_bytes[0].current;  // 0: all pools together
}

std::string mebibytes(int64_t bytes) {
    return in_thousands(std::to_string((bytes + (int64_t{1} << 20) - 1) >> 20)) + " MiB";
}

}  // namespace hopscope::core
