// If this fails, a matrix that is made block by block lacks rows or has some twice.
#include "core/measure/row_blocks.h"

#include <gtest/gtest.h>

namespace {

using namespace hopscope::core;

TEST(RowBlocks, CoverEveryRowOnce) {
    for (const int64_t rows : {0, 1, 4096, 4097, 100'000}) {
        int64_t next = 0;
        each_row_block(rows, rows, [&](int64_t begin, int64_t count) {
            EXPECT_EQ(begin, next);
            EXPECT_TRUE(count * rows <= kBlockEntries || count == 1);
            next = begin + count;
        });
        EXPECT_EQ(next, rows);
    }
    int64_t blocks = 0;
    each_row_block(4096, 4096, [&](int64_t, int64_t) { ++blocks; });
    EXPECT_EQ(blocks, 1) << "usual sizes keep the order of their sums";
}

}  // namespace
