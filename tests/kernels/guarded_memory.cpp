#include "tests/kernels/guarded_memory.h"

#include <algorithm>
#include <c10/core/CPUAllocator.h>
#include <cstring>
#include <mutex>
#include <new>
#include <set>

namespace hopscope::test {
namespace {

constexpr uint8_t kPriority = 100;  // above whatever else is set
constexpr size_t kGuard = 256;      // bytes on each side, a multiple of what vectors want
constexpr int kNothing = 0xff;      // NaN in every type
constexpr unsigned char kMark = 0xa5;
constexpr std::align_val_t kAlignment{64};

/// Stands before its first guard, since LibTorch gives memory back by the address of its data.
struct alignas(64) Block {
    size_t size;

    char* guard() { return reinterpret_cast<char*>(this) + sizeof(Block); }
    char* data() { return guard() + kGuard; }
    static Block* of(void* data) {
        return reinterpret_cast<Block*>(static_cast<char*>(data) - kGuard - sizeof(Block));
    }
    static bool whole(const char* guard) {
        return std::all_of(guard, guard + kGuard,
                           [](char x) { return static_cast<unsigned char>(x) == kMark; });
    }
    std::string fault() {
        const auto text = " a tensor of " + std::to_string(size) + " bytes";
        if (!whole(guard())) return "written before" + text;
        if (!whole(data() + size)) return "written behind" + text;
        return "";
    }
};

struct Blocks {
    std::mutex mutex;
    std::set<Block*> held;
    std::string fault;  ///< the first one of memory that was given back
};

Blocks& blocks() {
    static Blocks all;
    return all;
}

void give_back(void* data) {
    auto* block = Block::of(data);
    const std::lock_guard lock(blocks().mutex);
    blocks().held.erase(block);
    if (blocks().fault.empty()) blocks().fault = block->fault();
    ::operator delete(block, kAlignment);
}

class GuardingAllocator : public c10::Allocator {
  public:
    c10::DataPtr allocate(size_t size) override {
        void* room = ::operator new(sizeof(Block) + size + 2 * kGuard, kAlignment);
        auto* block = new (room) Block{size};
        std::memset(block->guard(), kMark, size + 2 * kGuard);
        std::memset(block->data(), kNothing, size);
        const std::lock_guard lock(blocks().mutex);
        blocks().held.insert(block);
        return {block->data(), block->data(), give_back, c10::Device(c10::DeviceType::CPU)};
    }
    c10::DeleterFnPtr raw_deleter() const override { return give_back; }
    void copy_data(void* to, const void* from, size_t count) const override {
        std::memcpy(to, from, count);
    }
};

}  // namespace

GuardedMemory::GuardedMemory() : before_(c10::GetCPUAllocator()) {
    static GuardingAllocator guarding;
    blocks().fault.clear();
    c10::SetCPUAllocator(&guarding, kPriority);
}

GuardedMemory::~GuardedMemory() {
    c10::SetCPUAllocator(before_, kPriority);
}

std::string GuardedMemory::fault() {
    const std::lock_guard lock(blocks().mutex);
    if (!blocks().fault.empty()) return blocks().fault;
    for (auto* block : blocks().held)
        if (const auto text = block->fault(); !text.empty()) return text;
    return "";
}

}  // namespace hopscope::test
