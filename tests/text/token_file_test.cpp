#include "core/text/token_file.h"

#include <cstring>

#include "helpers.h"

namespace hopscope::core {
namespace {

std::vector<int32_t> numbers(int64_t n, int64_t below) {
    Random random(6);
    std::vector<int32_t> ids(n);
    for (auto& id : ids) id = static_cast<int32_t>(random.below(below));
    return ids;
}

std::string write_ids(const std::string& path, const std::vector<int32_t>& ids, int64_t vocab) {
    auto writer = value_of(TokenFileWriter::create(path, vocab));
    EXPECT_TRUE(writer.append(ids.data(), static_cast<int64_t>(ids.size() / 3)).ok());
    EXPECT_TRUE(
        writer
            .append(ids.data() + ids.size() / 3, static_cast<int64_t>(ids.size() - ids.size() / 3))
            .ok());
    EXPECT_TRUE(writer.finish(std::string(32, 'c'), std::string(32, 'd')).ok());
    return path;
}

size_t files_in(const TempFolder& folder) {
    size_t n = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder.path()))
        ++n;
    return n;
}

void expect_refused(const std::string& path, const std::string& word = "") {
    const auto file = TokenFile::open(path);
    ASSERT_FALSE(file.ok());
    EXPECT_EQ(file.error().kind, ErrorKind::usage) << file.error().message;
    EXPECT_NE(file.error().message.find(word), std::string::npos) << file.error().message;
    EXPECT_NE(file.error().message.find(std::filesystem::path(path).filename()), std::string::npos);
}

TEST(TokenFile, RoundTripInBothWidths) {
    TempFolder folder;
    for (const int64_t vocab : {1, 1000, 65536, 65537, 4'000'000}) {
        for (const int64_t n : {0, 1, 7, 200'001}) {
            const auto ids = numbers(n, vocab);
            const auto file = value_of(TokenFile::open(write_ids(folder / "t", ids, vocab)));
            ASSERT_EQ(file.size(), n);
            for (int64_t i = 0; i < n; ++i) ASSERT_EQ(file[i], ids[i]);
            EXPECT_EQ(file.info().vocab_size, vocab);
            EXPECT_EQ(file.info().corpus_hash, std::string(32, 'c'));
            EXPECT_EQ(file.info().tokenizer_hash, std::string(32, 'd'));
            EXPECT_EQ(std::filesystem::file_size(folder / "t"),
                      256u + n * (vocab <= 65536 ? 2 : 4));
        }
    }
    EXPECT_EQ(files_in(folder), 1u) << "temporary files stay behind";
}

TEST(TokenFile, ContentHashIsOfTheIdsAlone) {
    TempFolder folder;
    auto ids = numbers(5000, 300);
    const auto narrow = value_of(TokenFile::open(write_ids(folder / "a", ids, 300))).content_hash();
    EXPECT_EQ(value_of(TokenFile::open(write_ids(folder / "b", ids, 70'000))).content_hash(),
              narrow);
    std::swap(ids[10], ids[11]);
    EXPECT_NE(value_of(TokenFile::open(write_ids(folder / "a", ids, 300))).content_hash(), narrow);
}

// Fails if a line without tokens ended the making of a file.
TEST(TokenFile, NoTokensAreAppendedToo) {
    TempFolder folder;
    auto writer = value_of(TokenFileWriter::create(folder / "t", 10));
    ASSERT_TRUE(writer.append({}).ok());
    ASSERT_TRUE(writer.append({4, 5}).ok());
    ASSERT_TRUE(writer.append({}).ok());
    ASSERT_TRUE(writer.finish("c", "t").ok());
    EXPECT_EQ(value_of(TokenFile::open(folder / "t")).size(), 2);
}

TEST(TokenFile, UnfinishedWriterLeavesTheOldFile) {
    TempFolder folder;
    write_ids(folder / "t", {1, 2, 3}, 10);
    {
        auto writer = value_of(TokenFileWriter::create(folder / "t", 10));
        ASSERT_TRUE(writer.append({4, 5}).ok());
        EXPECT_FALSE(writer.append({10}).ok());
        EXPECT_FALSE(writer.append({-1}).ok());
    }
    EXPECT_EQ(value_of(TokenFile::open(folder / "t")).size(), 3);
    EXPECT_EQ(files_in(folder), 1u);
    EXPECT_EQ(TokenFileWriter::create(folder / "no/t", 10).error().kind, ErrorKind::failed);
}

TEST(TokenFile, TailMovesToAnotherFile) {
    TempFolder folder;
    const auto ids = numbers(150'000, 500);
    for (const int64_t at : {0, 1, 70'000, 150'000}) {
        auto a = value_of(TokenFileWriter::create(folder / "a", 500));
        auto b = value_of(TokenFileWriter::create(folder / "b", 500));
        ASSERT_TRUE(a.append(ids).ok());
        ASSERT_TRUE(a.move_tail(at, b).ok());
        ASSERT_TRUE(a.append({7}).ok()) << "the writer goes on after its new end";
        ASSERT_TRUE(a.finish("x", "y").ok());
        ASSERT_TRUE(b.finish("x", "y").ok());
        const auto head = value_of(TokenFile::open(folder / "a")),
                   tail = value_of(TokenFile::open(folder / "b"));
        ASSERT_EQ(head.size(), at + 1);
        ASSERT_EQ(tail.size(), 150'000 - at);
        for (int64_t i = 0; i < at; ++i) ASSERT_EQ(head[i], ids[i]);
        EXPECT_EQ(head[at], 7);
        for (int64_t i = at; i < 150'000; ++i) ASSERT_EQ(tail[i - at], ids[i]);
    }
}

// Fails if any damaged byte, anywhere in the file, could pass unseen.
TEST(TokenFile, EveryChangedByteIsFound) {
    TempFolder folder;
    const std::string good = bytes_of(write_ids(folder / "good", numbers(40, 300), 300));
    for (size_t i = 0; i < good.size(); ++i) {
        std::string bad = good;
        bad[i] ^= 0x21;
        expect_refused(folder.write("bad", bad));
    }
}

TEST(TokenFile, WrongLengthsAreFound) {
    TempFolder folder;
    const std::string good = bytes_of(write_ids(folder / "good", numbers(40, 300), 300));
    for (size_t n = 0; n < good.size(); ++n)
        expect_refused(folder.write("cut", good.substr(0, n)), "truncated");
    expect_refused(folder.write("long", good + "x"), "too long");
    expect_refused(folder.write("long", good + "xx"), "too long");
    expect_refused(folder.write("text", sample_text(20)), "no token file");
    expect_refused(folder / "missing");
    expect_refused(folder.path());
}

/// A header as an attacker would write it: any sizes, and a check that fits.
std::string forged(const std::string& good, uint64_t tokens, uint64_t width, uint64_t vocab) {
    std::string bad = good;
    std::memcpy(bad.data() + 32, &tokens, 8);
    std::memcpy(bad.data() + 40, &width, 8);
    std::memcpy(bad.data() + 48, &vocab, 8);
    ContentHash hash;
    hash.update(bad.data(), 224);
    bad.replace(224, 32, hash.hex());
    return bad;
}

TEST(TokenFile, ForgedSizesAreRefused) {
    TempFolder folder;
    const std::string good = bytes_of(write_ids(folder / "good", numbers(40, 300), 300));
    ASSERT_TRUE(TokenFile::open(folder.write("same", forged(good, 40, 2, 300))).ok());
    for (const uint64_t tokens :
         {uint64_t{41}, uint64_t{0}, UINT64_MAX, uint64_t{1} << 63, (uint64_t{1} << 63) + 40}) {
        expect_refused(folder.write("bad", forged(good, tokens, 2, 300)), "truncated");
    }
    for (const uint64_t width : {uint64_t{0}, uint64_t{1}, uint64_t{4}, uint64_t{8}, UINT64_MAX}) {
        expect_refused(folder.write("bad", forged(good, 40, width, 300)), "impossible");
    }
    for (const uint64_t vocab : {uint64_t{0}, uint64_t{70'000}, UINT64_MAX, uint64_t{1} << 32}) {
        expect_refused(folder.write("bad", forged(good, 40, 2, vocab)), "impossible");
    }
    expect_refused(folder.write("bad", forged(good, 40, 2, 100)), "outside the vocabulary of 100");
    const std::string wide = bytes_of(write_ids(folder / "wide", numbers(40, 70'000), 70'000));
    std::string negative = wide;
    negative[256 + 3] = '\xff';
    expect_refused(folder.write("bad", negative), "outside the vocabulary");
}

}  // namespace
}  // namespace hopscope::core
