#include "core/text/prepare.h"

#include <algorithm>
#include <set>

#include "core/text/batches.h"
#include "core/text/token_file.h"
#include "core/text/tokenizer_train.h"
#include "helpers.h"

namespace hopscope::core {
namespace {

struct Prepared {
    PreparedTokens info;
    std::vector<int32_t> train, valid;
};

std::vector<int32_t> all_ids(const std::string& path) {
    const auto file = value_of(TokenFile::open(path));
    std::vector<int32_t> ids(file.size());
    file.copy(0, file.size(), ids.data());
    return ids;
}

TrainConfig small_batch(int64_t batch = 2, int64_t seq_len = 16) {
    TrainConfig train;
    train.batch = batch;
    train.seq_len = seq_len;
    return train;
}

Result<Prepared> prepare(const TempFolder& folder, const DataConfig& data, const TrainConfig& train,
                         const Tokenizer& tokenizer = small_tokenizer()) {
    auto info = prepare_tokens(data, train, tokenizer, folder / "train.tokens",
                               folder / "valid.tokens", {});
    if (!info) return info.error();
    return Prepared{*info, all_ids(folder / "train.tokens"), all_ids(folder / "valid.tokens")};
}

/// The rule of [def:text_to_tokens], written down a second time.
std::vector<int32_t> expected_ids(const std::string& text) {
    const auto& tokenizer = small_tokenizer();
    std::vector<int32_t> ids;
    TextLines lines(text);
    std::string line;
    while (value_of(lines.next(line))) {
        if (line == "<|endoftext|>") {
            ids.push_back(tokenizer.eos_id());
            continue;
        }
        for (const auto id : value_of(tokenizer.encode_line(line))) ids.push_back(id);
        ids.push_back(tokenizer.newline_id());
    }
    return ids;
}

std::vector<int32_t> joined(const Prepared& p) {
    auto ids = p.train;
    ids.insert(ids.end(), p.valid.begin(), p.valid.end());
    return ids;
}

std::string documents(int n, int lines, uint64_t seed = 1) {
    std::string text;
    for (int i = 0; i < n; ++i) text += sample_text(lines, seed + i) + "<|endoftext|>\n";
    return text;
}

/// The chunks of one document, cut by hand.
void append_chunks(const std::vector<int32_t>& document, size_t seq_len,
                   std::vector<std::vector<int32_t>>& out) {
    for (size_t at = 0; at + seq_len + 1 <= document.size(); at += seq_len)
        out.emplace_back(document.begin() + static_cast<int64_t>(at),
                         document.begin() + static_cast<int64_t>(at + seq_len + 1));
}

// Wrong if a chunk held tokens of two documents, if tokens inside a document were lost or read
// twice, or if short documents went uncounted.
TEST(Prepare, DocumentPackingCutsEachDocumentAlone) {
    TempFolder folder;
    DataConfig data;
    data.pack = Pack::document;
    constexpr size_t kLen = 16;
    std::string text;
    std::vector<std::vector<int32_t>> chunks;
    int64_t short_ones = 0;
    for (uint64_t i = 0; i < 60; ++i) {
        // Some documents of one word, shorter than a chunk.
        const std::string document =
            (i % 7 == 3 ? std::string("a\n") : sample_text(3 + static_cast<int64_t>(i % 5), i)) +
            "<|endoftext|>\n";
        text += document;
        const size_t before = chunks.size();
        append_chunks(expected_ids(document), kLen, chunks);
        short_ones += chunks.size() == before;
    }
    data.train = folder.write("c.txt", text);
    const auto p = value_of(prepare(folder, data, small_batch(2, kLen)));
    EXPECT_GT(short_ones, 5);
    EXPECT_EQ(p.info.short_documents, short_ones);
    std::vector<int32_t> all;
    for (const auto& chunk : chunks) all.insert(all.end(), chunk.begin(), chunk.end());
    EXPECT_EQ(joined(p), all);

    // The source gives exactly these chunks, in file order and in a permutation.
    const size_t train_chunks = p.train.size() / (kLen + 1);
    const auto source = value_of(BatchSource::create(
        value_of(TokenFile::open(folder / "train.tokens")), 2, kLen, 42, Pack::document));
    EXPECT_EQ(source.chunks(), static_cast<int64_t>(train_chunks));
    std::vector<int32_t> batch;
    for (int64_t i = 0; i < source.eval_batches(); ++i) {
        source.eval_batch(i, batch);
        for (size_t row = 0; row < 2; ++row)
            EXPECT_TRUE(std::equal(batch.begin() + static_cast<int64_t>(row * (kLen + 1)),
                                   batch.begin() + static_cast<int64_t>((row + 1) * (kLen + 1)),
                                   chunks[static_cast<size_t>(i) * 2 + row].begin()));
    }
    std::multiset<std::vector<int32_t>> seen;
    for (int64_t i = 0; i < source.chunks() / 2; ++i) {
        source.micro_batch(i, batch);
        seen.emplace(batch.begin(), batch.begin() + kLen + 1);
        seen.emplace(batch.begin() + kLen + 1, batch.end());
    }
    std::multiset<std::vector<int32_t>> expected(
        chunks.begin(), chunks.begin() + static_cast<int64_t>(train_chunks));
    EXPECT_TRUE(std::includes(expected.begin(), expected.end(), seen.begin(), seen.end()));
    EXPECT_GE(seen.size() + 1, expected.size());
}

// Wrong if a text of short documents trained on nothing, or the message hid why.
TEST(Prepare, DocumentPackingNamesWhatIsMissing) {
    TempFolder folder;
    DataConfig data;
    data.pack = Pack::document;
    std::string text;
    for (int i = 0; i < 500; ++i) text += "a b\n<|endoftext|>\n";
    data.train = folder.write("c.txt", text);
    const auto p = prepare(folder, data, small_batch());
    ASSERT_FALSE(p.ok());
    EXPECT_EQ(p.error().kind, ErrorKind::usage);
    EXPECT_NE(p.error().message.find("data.pack = \"document\""), std::string::npos)
        << p.error().message;
    // One long document gives both sides whole chunks.
    data.train = folder.write("one.txt", sample_text(400));
    const auto one = value_of(prepare(folder, data, small_batch()));
    EXPECT_EQ(one.train.size() % 17, 0u);
    EXPECT_EQ(one.valid.size() % 17, 0u);
    EXPECT_GE(one.valid.size(), 2u * 17);
}

TEST(Prepare, LastTwentiethOfTheDocumentsIsForValidation) {
    TempFolder folder;
    DataConfig data;
    const std::string head = documents(57, 8), tail = documents(3, 8, 500);
    data.train = folder.write("c.txt", head + tail);
    const auto p = value_of(prepare(folder, data, small_batch()));
    EXPECT_EQ(p.info.documents, 60);
    EXPECT_EQ(p.train, expected_ids(head));
    EXPECT_EQ(p.valid, expected_ids(tail));
    EXPECT_EQ(p.info.train_tokens, static_cast<int64_t>(p.train.size()));
    EXPECT_EQ(p.info.train_corpus_hash,
              value_of(TokenFile::open(folder / "train.tokens")).info().corpus_hash);
    EXPECT_EQ(small_tokenizer().hash(),
              value_of(TokenFile::open(folder / "valid.tokens")).info().tokenizer_hash);
}

TEST(Prepare, OfOneDocumentTheLastTwentiethOfTheLines) {
    TempFolder folder;
    DataConfig data;
    const std::string head = sample_text(380), tail = sample_text(20, 9);
    data.train = folder.write("c.txt", head + tail);
    const auto p = value_of(prepare(folder, data, small_batch()));
    EXPECT_EQ(p.info.documents, 1);
    EXPECT_EQ(p.train, expected_ids(head));
    EXPECT_EQ(p.valid, expected_ids(tail));
    data.train = folder.write("d.txt", head + tail + "<|endoftext|>\n");
    EXPECT_EQ(value_of(prepare(folder, data, small_batch())).train.back(),
              small_tokenizer().newline_id());
}

// Fails if a short last part left validation without a batch, or training lost tokens to it for
// nothing.
TEST(Prepare, ValidationGetsAtLeastOneBatch) {
    TempFolder folder;
    DataConfig data;
    const int64_t need = 4 * 64 + 1;
    // By documents: the twentieth is far shorter than a batch, so more whole documents move over.
    const std::string many = documents(40, 6);
    data.train = folder.write("c.txt", many);
    auto p = value_of(prepare(folder, data, small_batch(4, 64)));
    EXPECT_GE(static_cast<int64_t>(p.valid.size()), need);
    EXPECT_LT(static_cast<int64_t>(p.valid.size()), need + 300) << "no more than one document more";
    EXPECT_EQ(p.train.back(), small_tokenizer().eos_id()) << "documents stay whole";
    EXPECT_EQ(joined(p), expected_ids(many));
    // A huge first document and a tiny last one: the cut falls on a line.
    const std::string uneven = sample_text(400) + "<|endoftext|>\nthe river\n";
    data.train = folder.write("d.txt", uneven);
    p = value_of(prepare(folder, data, small_batch(4, 64)));
    EXPECT_GE(static_cast<int64_t>(p.valid.size()), need);
    EXPECT_LT(static_cast<int64_t>(p.valid.size()), need + 60);
    EXPECT_EQ(p.train.back(), small_tokenizer().newline_id());
    EXPECT_EQ(joined(p), expected_ids(uneven));
    // One line alone: the cut falls on a token.
    std::string line = sample_text(300);
    std::replace(line.begin(), line.end(), '\n', ' ');
    data.train = folder.write("e.txt", line);
    p = value_of(prepare(folder, data, small_batch(4, 64)));
    EXPECT_EQ(static_cast<int64_t>(p.valid.size()), need);
    EXPECT_EQ(joined(p), expected_ids(line));
}

TEST(Prepare, ValidationFileIsUsedWhereGiven) {
    TempFolder folder;
    DataConfig data;
    const std::string train = documents(3, 20), valid = documents(2, 10, 77);
    data.train = folder.write("t.xz", pack_xz(train));
    data.valid = folder.write("v.txt", valid);
    const auto p = value_of(prepare(folder, data, small_batch()));
    EXPECT_EQ(p.train, expected_ids(train));
    EXPECT_EQ(p.valid, expected_ids(valid));
    EXPECT_NE(p.info.train_corpus_hash, p.info.valid_corpus_hash);
}

// Fails if a corpus larger than one group of lines (or the number of cores) changed the result.
TEST(Prepare, LargeCorpusEqualsItsLines) {
    TempFolder folder;
    DataConfig data;
    const std::string text = documents(30, 4000);
    ASSERT_GT(text.size(), size_t{4} << 20);
    data.train = folder.write("c.txt", text);
    const auto p = value_of(prepare(folder, data, small_batch()));
    EXPECT_EQ(joined(p), expected_ids(text));
    EXPECT_EQ(p.train.back(), small_tokenizer().eos_id());
}

TEST(Prepare, TooShortCorpusIsRefusedWithWhatIsNeeded) {
    TempFolder folder;
    DataConfig data;
    data.train = folder.write("c.txt", "the river\n");
    auto p = prepare(folder, data, small_batch(8, 256));
    ASSERT_FALSE(p.ok());
    EXPECT_EQ(p.error().kind, ErrorKind::usage);
    for (const auto* word : {"c.txt", "4098", "train.batch = 8", "train.seq_len = 256"}) {
        EXPECT_NE(p.error().message.find(word), std::string::npos) << p.error().message;
    }
    data.train = folder.write("t.txt", sample_text(300));
    data.valid = folder.write("v.txt", "the river\n");
    p = prepare(folder, data, small_batch(8, 64));
    ASSERT_FALSE(p.ok());
    EXPECT_NE(p.error().message.find("v.txt"), std::string::npos) << p.error().message;
    EXPECT_NE(p.error().message.find("513"), std::string::npos) << p.error().message;
    EXPECT_FALSE(std::filesystem::exists(folder / "train.tokens")) << "half a result";
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
        EXPECT_EQ(entry.path().string().find("partial"), std::string::npos);
    }
}

TEST(Prepare, BadUtf8IsFoundBeforeTheLongWork) {
    TempFolder folder;
    DataConfig data;
    data.train = folder.write("c.txt", documents(5, 200) + "\xff");
    bool encoding = false;
    Progress progress;
    progress.report = [&](const std::string& activity, double) {
        encoding |= activity.find("tokens") != std::string::npos;
    };
    const auto p = prepare_tokens(data, small_batch(), small_tokenizer(), folder / "a",
                                  folder / "b", progress);
    ASSERT_FALSE(p.ok());
    EXPECT_FALSE(encoding);
}

TEST(Prepare, SeparatorNeedsEndOfText) {
    // A model of the right form without </s>: the field of that piece's name is overwritten.
    std::string model = small_tokenizer().bytes();
    const size_t at = model.find("</s>");
    ASSERT_NE(at, std::string::npos);
    model.replace(at, 4, "<$s>");
    for (size_t i = at; (i = model.find("</s>", i)) != std::string::npos;)
        model.replace(i, 4, "<$s>");
    auto tokenizer = value_of(Tokenizer::from_bytes(model, "no-end"));
    if (tokenizer.eos_id() >= 0)
        GTEST_SKIP() << "this SentencePiece finds the end of text by its type";
    TempFolder folder;
    DataConfig data;
    data.train = folder.write("c.txt", documents(30, 8));
    auto p = prepare(folder, data, small_batch(), tokenizer);
    ASSERT_FALSE(p.ok());
    EXPECT_EQ(p.error().kind, ErrorKind::usage);
    EXPECT_NE(p.error().message.find("no-end"), std::string::npos) << p.error().message;
    data.train = folder.write("d.txt", sample_text(200));
    EXPECT_TRUE(prepare(folder, data, small_batch(), tokenizer).ok());
}

TEST(Prepare, WithoutNewlinePieceLinesFollowEachOther) {
    TokenizerSpec spec;
    spec.vocab_size = 100;
    spec.byte_fallback = false;
    const auto tokenizer =
        value_of(Tokenizer::from_bytes(value_of(train_on(sample_text(400), spec)), "plain"));
    TempFolder folder;
    DataConfig data;
    data.train = folder.write("c.txt", sample_text(200));
    const auto p = value_of(prepare(folder, data, small_batch(), tokenizer));
    std::vector<int32_t> expected;
    TextLines lines(sample_text(200));
    std::string line;
    while (value_of(lines.next(line)))
        for (const auto id : value_of(tokenizer.encode_line(line))) expected.push_back(id);
    EXPECT_EQ(joined(p), expected);
}

TEST(Prepare, CancelsAndRefusesImpossibleBatches) {
    TempFolder folder;
    DataConfig data;
    data.train = folder.write("c.txt", sample_text(300));
    Progress progress;
    progress.cancelled = [] { return true; };
    EXPECT_EQ(
        prepare_tokens(data, small_batch(), small_tokenizer(), folder / "a", folder / "b", progress)
            .error()
            .kind,
        ErrorKind::interrupted);
    EXPECT_EQ(prepare(folder, data, small_batch(INT64_MAX, INT64_MAX)).error().kind,
              ErrorKind::usage);
    EXPECT_EQ(prepare(folder, data, small_batch(0, 5)).error().kind, ErrorKind::usage);
}

}  // namespace
}  // namespace hopscope::core
