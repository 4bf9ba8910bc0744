#include "core/text/batches.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "helpers.h"

namespace hopscope::core {
namespace {

/// Tokens 0, 1, 2, …: a chunk is known by its first number.
TokenFile counting(const TempFolder& folder, int64_t n) {
    std::vector<int32_t> ids(n);
    std::iota(ids.begin(), ids.end(), 0);
    auto writer = value_of(TokenFileWriter::create(folder / "count", 1 << 20));
    EXPECT_TRUE(writer.append(ids).ok());
    EXPECT_TRUE(writer.finish("", "").ok());
    return value_of(TokenFile::open(folder / "count"));
}

TEST(Batches, PermutationIsABijection) {
    for (int64_t n = 1; n < 300; ++n) {
        for (const uint64_t epoch : {0, 1, 7}) {
            const ChunkPermutation order(n, 42, epoch);
            std::set<int64_t> seen;
            for (int64_t i = 0; i < n; ++i) seen.insert(order(i));
            ASSERT_EQ(static_cast<int64_t>(seen.size()), n);
            ASSERT_GE(*seen.begin(), 0);
            ASSERT_LT(*seen.rbegin(), n);
        }
    }
    const int64_t large = 1'000'003;
    const ChunkPermutation order(large, 1, 0);
    std::vector<bool> seen(large);
    for (int64_t i = 0; i < large; ++i) {
        const int64_t j = order(i);
        ASSERT_TRUE(j >= 0 && j < large && !seen[j]);
        seen[j] = true;
    }
}

// Fails if the order were no real shuffle: every chunk must come at every place about equally
// often.
TEST(Batches, PermutationIsUniform) {
    const int n = 7, draws = 70'000;
    std::vector<int> counts(n * n);
    for (int e = 0; e < draws; ++e) {
        const ChunkPermutation order(n, 5, e);
        for (int i = 0; i < n; ++i) ++counts[i * n + static_cast<int>(order(i))];
    }
    double chi2 = 0;
    const double expected = static_cast<double>(draws) / n;
    for (const int c : counts) chi2 += (c - expected) * (c - expected) / expected;
    EXPECT_LT(chi2, 80) << "36 degrees of freedom";  // p < 1e-4 above 80
    // Neighbours in the epoch are not neighbours in the text.
    const ChunkPermutation order(10'000, 5, 0);
    int near = 0;
    for (int i = 1; i < 10'000; ++i) near += std::abs(order(i) - order(i - 1)) <= 10;
    EXPECT_LT(near, 60);  // 20 expected
}

TEST(Batches, EachEpochVisitsEveryChunkOnce) {
    TempFolder folder;
    const int64_t seq = 5, batch = 4, chunks = 23;
    auto source =
        value_of(BatchSource::create(counting(folder, chunks * seq + 1 + 3), batch, seq, 42));
    EXPECT_EQ(source.chunks(), chunks);
    EXPECT_EQ(source.eval_batches(), 5);
    std::vector<int32_t> out;
    std::vector<int64_t> visited;
    for (int64_t i = 0; i < 23;
         ++i) {  // 92 sequences: four epochs, three of whose borders lie inside a batch
        source.micro_batch(i, out);
        ASSERT_EQ(static_cast<int64_t>(out.size()), batch * (seq + 1));
        for (int64_t row = 0; row < batch; ++row) {
            const int32_t first = out[row * (seq + 1)];
            ASSERT_EQ(first % seq, 0);
            for (int64_t k = 0; k <= seq; ++k) ASSERT_EQ(out[row * (seq + 1) + k], first + k);
            visited.push_back(first / seq);
        }
    }
    std::set<std::vector<int64_t>> orders;
    for (int epoch = 0; epoch < 4; ++epoch) {
        std::vector<int64_t> part(visited.begin() + epoch * chunks,
                                  visited.begin() + (epoch + 1) * chunks);
        orders.insert(part);
        std::sort(part.begin(), part.end());
        for (int64_t c = 0; c < chunks; ++c) EXPECT_EQ(part[c], c);
    }
    EXPECT_EQ(orders.size(), 4u) << "each epoch has its own order";
}

// Fails if a resumed run, which knows only the index, could see other batches.
TEST(Batches, MicroBatchDependsOnIndexAndSeedOnly) {
    TempFolder folder;
    const auto tokens = counting(folder, 2000);
    const auto a = value_of(BatchSource::create(tokens, 3, 8, 1)),
               b = value_of(BatchSource::create(tokens, 3, 8, 1));
    const auto other = value_of(BatchSource::create(tokens, 3, 8, 2));
    std::vector<int32_t> x, y, z;
    int differ = 0;
    for (int64_t i = 0; i < 400; ++i) {
        a.micro_batch(i, x);
        b.micro_batch(399 - i, y);
        b.micro_batch(i, y);
        ASSERT_EQ(x, y);
        other.micro_batch(i, z);
        differ += x != z;
    }
    EXPECT_GT(differ, 390);
    // Two micro-batches of half the size hold the same sequences as one: the order does not depend
    // on the batch.
    const auto half = value_of(BatchSource::create(tokens, 1, 8, 1));
    std::vector<int32_t> joined;
    for (int64_t i = 0; i < 3; ++i) {
        half.micro_batch(30 + i, y);
        joined.insert(joined.end(), y.begin(), y.end());
    }
    a.micro_batch(10, x);
    EXPECT_EQ(joined, x);
}

// Fails if the order of batches changed between versions: seeds are quoted in papers.
TEST(Batches, OrderIsWrittenDown) {
    const ChunkPermutation order(10, 42, 0);
    std::vector<int64_t> first;
    for (int i = 0; i < 10; ++i) first.push_back(order(i));
    EXPECT_EQ(first, (std::vector<int64_t>{5, 3, 2, 0, 9, 7, 6, 4, 1, 8}));
}

TEST(Batches, EvaluationGoesInFileOrder) {
    TempFolder folder;
    auto source = value_of(BatchSource::create(counting(folder, 11 * 4 + 1), 3, 4, 42));
    EXPECT_EQ(source.eval_batches(), 3);
    std::vector<int32_t> out;
    for (int64_t i = 0; i < 3; ++i) {
        source.eval_batch(i, out);
        ASSERT_EQ(out.size(), 15u);
        for (int row = 0; row < 3; ++row) EXPECT_EQ(out[row * 5], (i * 3 + row) * 4);
        EXPECT_EQ(out[14], (i * 3 + 2) * 4 + 4);
    }
}

TEST(Batches, FewerChunksThanABatchAreRefused) {
    TempFolder folder;
    const auto tokens = counting(folder, 16);
    EXPECT_EQ(value_of(BatchSource::create(tokens, 3, 5, 1)).chunks(), 3);
    for (const auto& [batch, seq] : std::vector<std::pair<int64_t, int64_t>>{
             {4, 5}, {1, 16}, {0, 5}, {3, 0}, {-1, -1}, {1, INT64_MAX}, {INT64_MAX, 1}}) {
        const auto source = BatchSource::create(tokens, batch, seq, 1);
        ASSERT_FALSE(source.ok());
        EXPECT_EQ(source.error().kind, ErrorKind::usage);
    }
    EXPECT_FALSE(BatchSource::create(counting(folder, 0), 1, 1, 1).ok());
}

}  // namespace
}  // namespace hopscope::core
