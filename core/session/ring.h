// A queue from one thread to one other that neither waits nor loses anything: blocks of values in a
// chain. The producer fills the last block and begins a new one when it is full; the consumer hands
// an emptied block back, so that a consumer that keeps up costs the producer no allocation. push()
// belongs to the producer's thread alone, drain() to the consumer's; nothing is locked.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace hopscope::core {

template <class T, size_t kBlock = 256>
class Ring {
  public:
    Ring() : tail_(new Block), head_(tail_) {}
    Ring(const Ring&) = delete;
    Ring& operator=(const Ring&) = delete;
    ~Ring() {
        while (head_) delete std::exchange(head_, head_->next.load(std::memory_order_acquire));
        delete spare_.load(std::memory_order_acquire);
    }

    void push(T value) {
        size_t filled = tail_->filled.load(std::memory_order_relaxed);
        if (filled == kBlock) {
            Block* fresh = spare_.exchange(nullptr, std::memory_order_acquire);
            if (!fresh) fresh = new Block;
            tail_->next.store(fresh, std::memory_order_release);
            tail_ = fresh;
            filled = 0;
        }
        tail_->values[filled] = std::move(value);
        tail_->filled.store(filled + 1, std::memory_order_release);
    }

    /// Appends everything that has come to `out`, oldest first.
    void drain(std::vector<T>& out) {
        for (;;) {
            const size_t filled = head_->filled.load(std::memory_order_acquire);
            while (taken_ < filled) out.push_back(std::move(head_->values[taken_++]));
            if (taken_ < kBlock) return;
            Block* next = head_->next.load(std::memory_order_acquire);
            if (!next) return;
            Block* empty = std::exchange(head_, next);
            taken_ = 0;
            empty->filled.store(0, std::memory_order_relaxed);
            empty->next.store(nullptr, std::memory_order_relaxed);
            delete spare_.exchange(empty, std::memory_order_acq_rel);
        }
    }

  private:
    struct Block {
        std::array<T, kBlock> values{};
        std::atomic<size_t> filled{0};
        std::atomic<Block*> next{nullptr};
    };

    Block* tail_;              ///< producer's
    alignas(64) Block* head_;  ///< consumer's
    size_t taken_ = 0;         ///< consumer's: values of head_ that are out
    std::atomic<Block*> spare_{nullptr};
};

}  // namespace hopscope::core
