// Snapshots on their way to the window: if this fails, one is torn or older than the last.
#include "core/session/slot.h"

#include <gtest/gtest.h>
#include <memory>
#include <thread>
#include <utility>

namespace hopscope::core {
namespace {

TEST(Slot, GivesTheNewestWholeValue) {
    // Wrong if a panel sees a torn or an older picture than one it has seen.
    Slot<std::pair<int, int>> slot;
    EXPECT_EQ(slot.load(), nullptr);
    std::thread writer([&] {
        for (int i = 1; i <= 20000; ++i) slot.store(std::make_shared<std::pair<int, int>>(i, -i));
    });
    int last = 0;
    while (last < 20000) {
        const auto value = slot.load();
        if (!value) continue;
        ASSERT_EQ(value->first, -value->second);
        ASSERT_GE(value->first, last);
        last = value->first;
    }
    writer.join();
}

}  // namespace
}  // namespace hopscope::core
