// Scalars on their way to the window: if these fail, some are lost.
#include "core/session/ring.h"

#include <chrono>
#include <gtest/gtest.h>
#include <random>
#include <thread>
#include <vector>

namespace hopscope::core {
namespace {

TEST(Ring, KeepsEveryValueInOrderAcrossThreads) {
    // Wrong if a curve loses or swaps points when producer and consumer run at different speeds.
    constexpr int kValues = 20000;
    Ring<std::vector<int>, 7> ring;
    std::thread producer([&] {
        for (int i = 0; i < kValues; ++i) ring.push({i, -i});
    });
    std::vector<std::vector<int>> got;
    std::mt19937 random(1);
    while (got.size() < kValues) {
        ring.drain(got);
        if (random() % 4 == 0) std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    producer.join();
    ring.drain(got);
    ASSERT_EQ(got.size(), size_t(kValues));
    for (int i = 0; i < kValues; ++i) ASSERT_EQ(got[size_t(i)], (std::vector<int>{i, -i}));
}

TEST(Ring, GrowsWithoutAConsumer) {
    // Wrong if the trainer waits or records vanish while the window does not look.
    Ring<int, 4> ring;
    for (int i = 0; i < 1001; ++i) ring.push(i);
    std::vector<int> got;
    ring.drain(got);
    ring.push(1001);
    ring.drain(got);
    ASSERT_EQ(got.size(), 1002u);
    for (int i = 0; i < 1002; ++i) EXPECT_EQ(got[size_t(i)], i);
    for (int i = 0; i < 9; ++i) ring.push(i);  // freed with values inside
}

}  // namespace
}  // namespace hopscope::core
