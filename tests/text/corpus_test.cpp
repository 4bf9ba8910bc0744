#include "core/text/corpus.h"

#include <algorithm>
#include <optional>
#include <set>
#include <sys/stat.h>

#include "helpers.h"

namespace hopscope::core {
namespace {

struct ReadBack {
    std::vector<std::string> lines;
    std::string hash;
    std::optional<Error> error;
};

ReadBack read_all(const std::string& path) {
    ReadBack out;
    auto reader = CorpusReader::open(path);
    if (!reader) {
        out.error = reader.error();
        return out;
    }
    std::string line;
    while (true) {
        auto more = (*reader)->next(line);
        if (!more) {
            out.error = more.error();
            return out;
        }
        if (!*more) break;
        out.lines.push_back(line);
    }
    out.hash = (*reader)->hash();
    return out;
}

using LineList = std::vector<std::string>;

void expect_corpus_refused(const std::string& path, const std::string& word) {
    const auto back = read_all(path);
    ASSERT_TRUE(back.error) << path;
    EXPECT_EQ(back.error->kind, ErrorKind::usage);
    EXPECT_NE(back.error->message.find(word), std::string::npos) << back.error->message;
    EXPECT_NE(back.error->message.find(std::filesystem::path(path).filename()), std::string::npos)
        << back.error->message;
}

TEST(Corpus, LinesAreWhatStandsBetweenNewlines) {
    TempFolder folder;
    EXPECT_EQ(read_all(folder.write("a", "one\n\ntwo\r\n three ")).lines,
              (LineList{"one", "", "two\r", " three "}));
    EXPECT_EQ(read_all(folder.write("b", "\n")).lines, LineList{""});
}

// Fails if a line or a character at the border of two reads were lost or cut.
TEST(Corpus, ManyReadsGiveTheSameLines) {
    TempFolder folder;
    Random random(1);
    LineList lines;
    std::string text;
    for (int i = 0; i < 3000; ++i) {
        std::string line;
        const uint64_t n = i == 1500 ? 400'000 : random.below(700);
        for (uint64_t k = 0; k < n; ++k) line += random.chance(0.5) ? "é" : "漢";
        text += line + '\n';
        lines.push_back(std::move(line));
    }
    const auto plain = read_all(folder.write("t.txt", text));
    EXPECT_FALSE(plain.error);
    EXPECT_EQ(plain.lines, lines);
    const auto packed = read_all(folder.write("t.txt.xz", pack_xz(text)));
    EXPECT_FALSE(packed.error);
    EXPECT_EQ(packed.lines, lines);
    EXPECT_EQ(packed.hash, plain.hash) << "the hash is of the text, not of its packing";
    EXPECT_EQ(read_all(folder.write("noending", pack_xz(text))).lines, lines);
}

// Wrong if the share of a packed file that was read stood still, or was of its text.
TEST(Corpus, ThePackedBytesThatWereReadAreTold) {
    TempFolder folder;
    const std::string one = pack_xz(sample_text(60'000));
    auto reader = value_of(CorpusReader::open(folder.write("two.xz", one + one)));
    ASSERT_TRUE(reader->rewind().ok());
    std::string line;
    std::set<double> shares;
    while (value_of(reader->next(line))) shares.insert(reader->fraction());
    EXPECT_DOUBLE_EQ(reader->fraction(), 1.0);
    const auto begun =
        std::count_if(shares.begin(), shares.end(), [](double x) { return x > 0 && x < 0.4; });
    EXPECT_GT(begun, 0) << "within the first of the two";
    EXPECT_TRUE(
        std::any_of(shares.begin(), shares.end(), [](double x) { return x > 0.6 && x < 1; }));
}

TEST(Corpus, RewindReadsTheSameAgain) {
    TempFolder folder;
    auto reader = value_of(CorpusReader::open(folder.write("a", "x\ny\n")));
    std::string line, hash;
    for (int pass = 0; pass < 3; ++pass) {
        ASSERT_TRUE(reader->rewind().ok());
        EXPECT_TRUE(value_of(reader->next(line)));
        EXPECT_EQ(line, "x");
        if (pass == 0) continue;
        EXPECT_TRUE(value_of(reader->next(line)));
        EXPECT_FALSE(value_of(reader->next(line)));
        EXPECT_FALSE(value_of(reader->next(line)));
        EXPECT_EQ(reader->bytes(), 4);
        EXPECT_DOUBLE_EQ(reader->fraction(), 1.0);
        if (pass == 1) hash = reader->hash();
        EXPECT_EQ(reader->hash(), hash);
    }
}

TEST(Corpus, FolderIsReadInOrderOfPaths) {
    TempFolder folder;
    folder.write("c/b.txt", "3\n");
    folder.write("c/a.txt.xz", pack_xz("2"));
    folder.write("a.txt", "1");
    folder.write("d.txt", "");
    folder.write(".hidden", std::string("\0", 1));
    folder.write(".git/x", "no\n");
    folder.write("e.txt", "4\n");
    const auto back = read_all(folder.path());
    EXPECT_FALSE(back.error) << back.error->message;
    EXPECT_EQ(back.lines, (LineList{"1", "2", "3", "4"}));
    folder.write("c/c.txt", "ok\nbad \xff");
    const auto bad = read_all(folder.path());
    ASSERT_TRUE(bad.error);
    EXPECT_NE(bad.error->message.find("c/c.txt"), std::string::npos) << bad.error->message;
    EXPECT_NE(bad.error->message.find("byte 7 "), std::string::npos) << bad.error->message;
}

TEST(Corpus, BadUtf8IsNamedByItsOffset) {
    const std::vector<std::pair<std::string, int>> cases = {
        {"abc\xff", 3},             // never a lead byte
        {"a\x80z", 1},              // lone continuation
        {"ab\xc0\xaf", 2},          // overlong, two bytes
        {"\xe0\x80\xaf", 0},        // overlong, three
        {"xy\xf0\x80\x80\xaf", 2},  // overlong, four
        {"é\xed\xa0\x80", 2},       // surrogate
        {"\xf4\x90\x80\x80", 0},    // above U+10FFFF
        {"\xf5\x80\x80\x80", 0},
        {"abcdefgh\xe6\xbc", 8},     // cut off by the end
        {"abcdefgh\xe6\xbc\nz", 8},  // cut off by a newline
        {"漢\xf0\x9f\x99", 3},
        {"ok\n\xc3(", 3},
    };
    TempFolder folder;
    for (const auto& [text, offset] : cases) {
        EXPECT_EQ(find_bad_utf8(text), std::optional<int64_t>(offset));
        const std::string word = "byte " + std::to_string(offset) + " ";
        expect_corpus_refused(folder.write("bad.txt", text), word);
        expect_corpus_refused(folder.write("bad.xz", pack_xz(text)), word);
        // The same after many reads, at every place relative to their border.
        for (int shift = 0; shift < 5; ++shift) {
            const size_t before = (size_t{1} << 18) - 4 + shift;
            expect_corpus_refused(folder.write("far.txt", std::string(before, '\n') + text),
                                  "byte " + std::to_string(before + offset) + " ");
        }
    }
    EXPECT_FALSE(
        find_bad_utf8("a é 漢 🙂 \xed\x9f\xbf \xee\x80\x80 \xf4\x8f\xbf\xbf \xef\xbf\xbf"));
}

// Fails if a character fed byte by byte were judged differently from one fed whole.
TEST(Corpus, Utf8InAnyPieces) {
    Random random(9);
    for (int i = 0; i < 20'000; ++i) {
        std::string text;
        for (uint64_t n = random.below(12); n > 0; --n) {
            static const char* const kParts[] = {"a",    "é",    "漢",   "🙂",
                                                 "\xe0", "\x9f", "\xf0", "\xed\xa0"};
            text += kParts[random.below(random.chance(0.7) ? 4 : 8)];
        }
        Utf8Checker checker;
        std::optional<int64_t> bad;
        for (size_t at = 0; at < text.size() && !bad;) {
            const size_t n = 1 + random.below(3);
            bad = checker.feed(std::string_view(text).substr(at, n));
            at += n;
        }
        if (!bad) bad = checker.finish();
        EXPECT_EQ(bad, find_bad_utf8(text));
    }
}

TEST(Corpus, BinaryEmptyAndMissingAreRefused) {
    TempFolder folder;
    expect_corpus_refused(folder.write("bin", std::string("ab\0c", 4)), "byte 2;");
    expect_corpus_refused(folder.write("elf", std::string("\x7f"
                                                          "ELF\x02\x01\x01\0\0",
                                                          9)),
                          "binary");
    expect_corpus_refused(folder.write("empty.txt", ""), "empty");
    expect_corpus_refused(folder.write("empty.xz", pack_xz("")), "empty");
    expect_corpus_refused(folder / "missing", "does not exist");
    std::filesystem::create_directory(folder / "nothing");
    expect_corpus_refused(folder / "nothing", "no text file");
    ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
    expect_corpus_refused(folder / "pipe", "is a named pipe");
}

TEST(Corpus, DamagedXzIsRefused) {
    TempFolder folder;
    const std::string packed = pack_xz(sample_text(2000));
    for (size_t n = 7; n < packed.size(); n += packed.size() / 40) {
        expect_corpus_refused(folder.write("cut.xz", packed.substr(0, n)), "truncated");
    }
    Random random(2);
    for (int i = 0; i < 60; ++i) {
        std::string bad = packed;
        bad[6 + random.below(bad.size() - 6)] ^= static_cast<char>(1 + random.below(255));
        const auto back = read_all(folder.write("bad.xz", bad));
        ASSERT_TRUE(back.error) << "damage unseen";
        EXPECT_EQ(back.error->kind, ErrorKind::usage);
    }
    expect_corpus_refused(folder.write("text.xz", "plain text"), "no .xz file");
    EXPECT_EQ(read_all(folder.write("two.xz", pack_xz("a\n") + pack_xz("b\n"))).lines,
              (LineList{"a", "b"}));
}

// Fails if what follows a whole .xz file is called a truncated one, or padding is.
TEST(Corpus, WhatFollowsXzIsCalledWhatItIs) {
    TempFolder folder;
    const std::string packed = pack_xz("a\n");
    const std::string end = "the .xz data end at byte " + std::to_string(packed.size()) + ",";
    for (const std::string& more :
         std::vector<std::string>{"x", "gar", "garbage, and then some more of it", "\xfe\xfe"})
        expect_corpus_refused(folder.write("more.xz", packed + more), end);
    expect_corpus_refused(folder.write("more.xz", packed + "\xfd"
                                                           "7z"),
                          "truncated");
    expect_corpus_refused(folder.write("more.xz", packed + pack_xz("b\n").substr(0, 30)),
                          "truncated");
    const std::string padding(8, '\0');
    EXPECT_EQ(read_all(folder.write("pad.xz", packed + padding + packed + padding)).lines,
              (LineList{"a", "a"}));
    for (const size_t odd : {size_t{1}, size_t{3}, size_t{6}})
        for (const std::string& next : {std::string(), packed})
            expect_corpus_refused(folder.write("pad.xz", packed + std::string(odd, '\0') + next),
                                  end + " and " + std::to_string(odd) + " zero bytes follow");
}

// Fails if a file packed otherwise is taken for text in another encoding.
TEST(Corpus, OtherPackingsAreNamed) {
    TempFolder folder;
    const auto named = [&](const std::string& begin, const std::string& what) {
        expect_corpus_refused(folder.write("packed", begin + "\x01\x02 and more"), what);
    };
    named("\x1f\x8b\x08", "gzip; unpack it first, e.g. with gunzip");
    named("\x28\xb5\x2f\xfd", "zstd; unpack it first, e.g. with unzstd");
    named("BZh91AY&SY", "bzip2; unpack it first, e.g. with bunzip2");
    named("PK\x03\x04", "zip; unpack it first, e.g. with unzip");
    named("7z\xbc\xaf\x27\x1c", "7z; unpack it first, e.g. with 7z x");
    named("Rar!\x1a\x07", "rar; unpack it first, e.g. with unrar");
    named(std::string("\x5d\0\0\x80\0", 5), "lzma; unpack it first, e.g. with unlzma");
    const std::string head = "name" + std::string(253, '\0');
    named(head + std::string("ustar\0"
                             "00",
                             8),
          "tar; unpack it first, e.g. with tar -xf");
    named(head + std::string("ustar  \0", 8), "tar; unpack it first, e.g. with tar -xf");
    // The oldest tars have no mark.
    std::string v7 = "name" + std::string(508, '\0');
    v7.replace(100, 44,
               std::string("0000644\0"
                           "0001750\0"
                           "0001750\0"
                           "00000000007\0",
                           36) +
                   std::string(8, '0'));
    v7.replace(148, 8, 8, ' ');
    uint32_t sum = 0;
    for (const char c : v7) sum += static_cast<unsigned char>(c);
    char digits[16];
    std::snprintf(digits, sizeof digits, "%06o", sum);
    v7.replace(148, 7, std::string(digits, 7));
    named(v7, "tar; unpack it first, e.g. with tar -xf");
    v7[0] = 'N';
    named(v7, "a binary file");
    named("\xef\xbb\xbf%PDF-1.4\n\xff", "is a PDF; take the text out first");
    named("\xff\xfeh", "is UTF-16 text; convert it first, e.g. with iconv -f UTF-16");
    named(std::string("\xff\xfe\0\0h", 5), "is UTF-32 text");
    named("%PDF-1.4\n\xff", "is a PDF; take the text out first");
    // What was unpacked is looked at, too.
    for (const auto& [inside, what] : {std::pair(head + std::string("ustar\0"
                                                                    "00",
                                                                    8),
                                                 "packed with tar; unpack it first"),
                                       std::pair(pack_xz("x\n"), "packed twice; unpack it once")})
        expect_corpus_refused(folder.write("twice.xz", pack_xz(inside)), what);
    EXPECT_EQ(read_all(folder.write("pdf", "%PDF- is a mark\n")).lines,
              LineList{"%PDF- is a mark"});
    const std::string on_tar = std::string(257, 'x') + "ustar is a word of text";
    EXPECT_EQ(read_all(folder.write("on_tar", on_tar + "\n")).lines, LineList{on_tar});
    EXPECT_EQ(read_all(folder.write("text.gz", "BZh is text\n")).lines, LineList{"BZh is text"});
}

// Fails if the mark that some editors put before a text becomes a part of it, hides a separator in
// the first line, or moves the offset of a bad byte.
TEST(Corpus, AByteOrderMarkIsNoText) {
    TempFolder folder;
    const std::string mark(kByteOrderMark), text = "one\n" + mark + "two\n";
    const auto plain = read_all(folder.write("plain", text));
    EXPECT_EQ(plain.lines, (LineList{"one", mark + "two"}));
    for (const auto& [name, bytes] :
         {std::pair("marked", mark + text), std::pair("marked.xz", pack_xz(mark + text))}) {
        const auto marked = read_all(folder.write(name, bytes));
        EXPECT_EQ(marked.lines, plain.lines) << name;
        EXPECT_EQ(marked.hash, plain.hash) << "the same text is the same corpus";
    }
    folder.write("many/1", mark + "x\n");
    folder.write("many/2", mark + "y\n");
    EXPECT_EQ(read_all(folder / "many").lines, (LineList{"x", "y"}));
    auto reader = value_of(CorpusReader::open(folder.write("s", mark + "<|endoftext|>\nx\n")));
    EXPECT_EQ(value_of(count_corpus(*reader, "<|endoftext|>", {})).documents, 1);
    std::string first;
    ASSERT_TRUE(reader->rewind());
    ASSERT_TRUE(value_of(reader->next(first)));
    EXPECT_TRUE(is_separator(first, "<|endoftext|>"));
    expect_corpus_refused(folder.write("bad", mark + "ab\xff"), "at byte 5 ");
    expect_corpus_refused(folder.write("alone", mark), "is empty");
    expect_corpus_refused(folder.write("half", mark.substr(0, 2)), "at byte 0 ");
}

TEST(Corpus, EndlessLineIsRefusedInBoundedMemory) {
    TempFolder folder;
    expect_corpus_refused(
        folder.write("long", std::string(static_cast<size_t>(kMaxLineBytes) + 1, 'x')), "line 1");
    EXPECT_EQ(read_all(folder.write("fits", std::string(static_cast<size_t>(kMaxLineBytes), 'x')))
                  .lines.size(),
              1u);
    // 2 GiB of one line, packed to almost nothing: refused long before it is unpacked.
    std::string bomb;
    const std::string part = pack_xz(std::string(size_t{1} << 23, 'y'));
    for (int i = 0; i < 256; ++i) bomb += part;
    expect_corpus_refused(folder.write("bomb.xz", bomb), "line 1");
}

TEST(Corpus, CountsDocumentsAndLines) {
    TempFolder folder;
    const auto count = [&](const std::string& path) {
        auto reader = value_of(CorpusReader::open(path));
        return value_of(count_corpus(*reader, "<|endoftext|>", {}));
    };
    auto c = count(folder.write("a", "x\ny\n<|endoftext|>\nz\n<|endoftext|>\n"));
    EXPECT_EQ(c.lines, 5);
    EXPECT_EQ(c.documents, 2);
    EXPECT_EQ(count(folder.write("b", "x\n<|endoftext|>\r\nlast")).documents, 2);
    EXPECT_EQ(count(folder.write("c", "x\n<|endoftext|>\n<|endoftext|>\n\n\n")).documents, 1);
    EXPECT_EQ(count(folder.write("d", " <|endoftext|>\nx\n")).documents, 1);
    folder.write("many/1", "x\n");
    folder.write("many/2", "y\n<|endoftext|>\n");
    folder.write("many/3", "z\n");
    EXPECT_EQ(count(folder / "many").documents, 3) << "a document does not go on in the next file";
    EXPECT_NE(count(folder.write("e", "x\ny\n")).hash, count(folder.write("f", "x\nz\n")).hash);
}

TEST(ContentHash, DependsOnBytesAndNotOnPieces) {
    const std::string text = sample_text(20);
    ContentHash whole;
    whole.update(text);
    Random random(4);
    for (int i = 0; i < 50; ++i) {
        ContentHash pieces;
        for (size_t at = 0; at < text.size();) {
            const size_t n = std::min<size_t>(random.below(20), text.size() - at);
            pieces.update(text.data() + at, n);
            at += n;
        }
        EXPECT_EQ(pieces.hex(), whole.hex());
    }
    std::vector<std::string> seen;
    for (const std::string& other :
         {std::string(), std::string("\0", 1), std::string("\0\0", 2), std::string(8, '\0'),
          std::string(16, '\0'), std::string("a")}) {
        ContentHash hash;
        hash.update(other);
        EXPECT_EQ(hash.hex().size(), 32u);
        for (const auto& s : seen) EXPECT_NE(s, hash.hex());
        seen.push_back(hash.hex());
    }
    // Written down, so that a change of the function, or of the platform, is seen: run folders keep
    // these hashes.
    ContentHash fixed;
    fixed.update("hopscope");
    EXPECT_EQ(fixed.hex(), "fa488a2f1f5475043faa5122acd241ab");
}

}  // namespace
}  // namespace hopscope::core
