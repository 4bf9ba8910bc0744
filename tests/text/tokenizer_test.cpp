#include "core/text/tokenizer.h"

#include <algorithm>
#include <cerrno>
#include <sentencepiece_trainer.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "core/text/tokenizer_train.h"
#include "helpers.h"

namespace hopscope::core {
namespace {

std::string joined(const std::vector<Piece>& pieces) {
    std::string out;
    for (const auto& p : pieces) out += (out.empty() ? "" : " ") + p.piece;
    return out;
}

// Fails if two machines or two runs could train different tokenizers from one corpus.
TEST(Tokenizer, TrainingTwiceGivesTheSameBytes) {
    TokenizerSpec spec;
    spec.vocab_size = 420;
    const auto text = sample_text(800);
    const auto first = train_on(text, spec), second = train_on(text, spec);
    ASSERT_TRUE(first.ok()) << first.error().message;
    EXPECT_EQ(*first, *second);
    // … and if drawing lines depended on anything but the seed.
    spec.max_lines = 200;
    const auto drawn = train_on(text, spec), again = train_on(text, spec);
    spec.seed = 43;
    const auto other = train_on(text, spec);
    ASSERT_TRUE(drawn.ok() && again.ok() && other.ok());
    EXPECT_EQ(*drawn, *again);
    EXPECT_NE(*drawn, *first);
    EXPECT_NE(*drawn, *other);
}

// Fails if the settings of [def:text_to_tokens] did not reach SentencePiece.
TEST(Tokenizer, KeepsTextExactly) {
    const auto& tokenizer = small_tokenizer();
    EXPECT_EQ(tokenizer.size(), 400);
    EXPECT_EQ(tokenizer.piece(tokenizer.newline_id()), "<0x0A>");
    EXPECT_EQ(tokenizer.piece(tokenizer.eos_id()), "</s>");
    EXPECT_EQ(tokenizer.piece(-1), "");
    EXPECT_EQ(tokenizer.piece(400), "");
    for (const std::string& text :
         std::vector<std::string>{"the river", "  two  blanks ", "Ünïcode ½ 漢字 🙂",
                                  "tab\there\r", " ", "", "e\xcc\x81 ﬁ"}) {
        const auto ids = tokenizer.encode_line(text);
        ASSERT_TRUE(ids.ok());
        EXPECT_EQ(value_of(tokenizer.decode(*ids)), text);
    }
}

TEST(Tokenizer, ManyLinesRoundTrip) {
    const auto& tokenizer = small_tokenizer();
    const std::string text = "the river\n\n  stone\nx\n";
    const auto pieces = tokenizer.encode_prompt(text);
    ASSERT_TRUE(pieces.ok());
    std::vector<int32_t> ids;
    for (const auto& p : *pieces) ids.push_back(p.id);
    EXPECT_EQ(value_of(tokenizer.decode(ids)), text);
    EXPECT_EQ(std::count(ids.begin(), ids.end(), tokenizer.newline_id()), 4);
}

// Fails if a prompt were encoded differently from the corpus, line by line.
TEST(Tokenizer, PromptIsItsLinesJoinedByNewlines) {
    const auto& tokenizer = small_tokenizer();
    const auto pieces = value_of(tokenizer.encode_prompt("quiet stone\namber"));
    std::vector<int32_t> expected = value_of(tokenizer.encode_line("quiet stone"));
    expected.push_back(tokenizer.newline_id());
    for (const auto id : value_of(tokenizer.encode_line("amber"))) expected.push_back(id);
    std::vector<int32_t> ids;
    for (const auto& p : pieces) ids.push_back(p.id);
    EXPECT_EQ(ids, expected);
    EXPECT_TRUE(tokenizer.encode_prompt("")->empty());
}

// Fails if the window marked the wrong characters of a prompt.
TEST(Tokenizer, OffsetsCoverThePromptWithoutGaps) {
    const auto& tokenizer = small_tokenizer();
    const std::string text = "the river é漢🙂\n  under\n<|endoftext|>\nx";
    const auto pieces = value_of(tokenizer.encode_prompt(text));
    int64_t at = 0;
    for (const auto& p : pieces) {
        if (p.begin > at) {  // only the newline after a separator belongs to no token
            EXPECT_EQ(text.substr(at, p.begin - at), "\n");
            at = p.begin;
        }
        EXPECT_EQ(p.begin, at) << p.piece;
        EXPECT_GE(p.end, p.begin);
        at = p.end;
        if (p.piece.starts_with("<0x")) {
            const int byte = std::stoi(p.piece.substr(3, 2), nullptr, 16);
            ASSERT_EQ(p.end - p.begin, 1) << p.piece;
            EXPECT_EQ(static_cast<unsigned char>(text[p.begin]), byte);
        } else if (p.id != tokenizer.eos_id()) {
            std::string surface = text.substr(p.begin, p.end - p.begin), piece = p.piece;
            for (size_t i; (i = piece.find("▁")) != std::string::npos;) piece.replace(i, 3, " ");
            EXPECT_TRUE(piece == surface || piece == " " + surface) << p.piece << " / " << surface;
        }
    }
    EXPECT_EQ(at, static_cast<int64_t>(text.size()));
}

TEST(Tokenizer, SeparatorLineBecomesEndOfText) {
    const auto& tokenizer = small_tokenizer();
    const auto pieces = value_of(tokenizer.encode_prompt("a\n<|endoftext|>\nb"));
    const auto end = std::find_if(pieces.begin(), pieces.end(),
                                  [&](const Piece& p) { return p.id == tokenizer.eos_id(); });
    ASSERT_NE(end, pieces.end());
    EXPECT_EQ((end - 1)->id, tokenizer.newline_id());
    EXPECT_NE((end + 1)->id, tokenizer.newline_id()) << "a separator is no line of its own";
    EXPECT_EQ(end->begin, 2);
    EXPECT_EQ(end->end, 15);
}

// Fails if a prompt with line ends of Windows were read as other documents than a corpus with them.
TEST(Tokenizer, SeparatorOfAPromptMayEndInCarriageReturn) {
    const auto& tokenizer = small_tokenizer();
    const auto ends = [&](std::string_view text, std::string_view separator) {
        std::vector<std::pair<int64_t, int64_t>> out;
        for (const Piece& p : value_of(tokenizer.encode_prompt(text, separator)))
            if (p.id == tokenizer.eos_id()) out.emplace_back(p.begin, p.end);
        return out;
    };
    using Places = std::vector<std::pair<int64_t, int64_t>>;
    EXPECT_EQ(ends("a\r\n<|endoftext|>\r\nb", "<|endoftext|>"), (Places{{3, 17}}));
    EXPECT_EQ(ends("a\n===\r\nb\n===\n===c", "==="), (Places{{2, 6}, {9, 12}}));
    EXPECT_EQ(ends("a\n===\nb", "===\r"), Places{}) << "a line without what was asked for";
}

TEST(Tokenizer, PromptThatIsNotUtf8NamesTheByte) {
    const auto bad = small_tokenizer().encode_prompt("ab\xff");
    ASSERT_FALSE(bad.ok());
    EXPECT_EQ(bad.error().kind, ErrorKind::usage);
    EXPECT_NE(bad.error().message.find("byte 2"), std::string::npos) << bad.error().message;
}

TEST(Tokenizer, WithoutByteFallbackThereIsNoNewlineToken) {
    TokenizerSpec spec;
    spec.vocab_size = 100;
    spec.byte_fallback = false;
    const auto model = train_on(sample_text(400), spec);
    ASSERT_TRUE(model.ok()) << model.error().message;
    const auto tokenizer = value_of(Tokenizer::from_bytes(*model, "plain"));
    EXPECT_EQ(tokenizer.newline_id(), -1);
    const auto pieces = value_of(tokenizer.encode_prompt("the\nriver"));
    EXPECT_EQ(joined(pieces), joined(value_of(tokenizer.encode_prompt("the"))) + " " +
                                  joined(value_of(tokenizer.encode_prompt("river"))));
    EXPECT_GE((pieces.end() - 1)->begin, 4);
    EXPECT_FALSE(tokenizer.most_bytes_of_token()) << "<unk> is of any length";
}

// Fails if a token stands for more bytes than is claimed, or a bound is claimed for a model that
// leaves out what it reads.
TEST(Tokenizer, BytesOfATokenAreBounded) {
    const auto& tokenizer = small_tokenizer();
    ASSERT_TRUE(tokenizer.most_bytes_of_token());
    const int64_t most = *tokenizer.most_bytes_of_token();
    int64_t longest = 0;
    for (int32_t id = 0; id < tokenizer.size(); ++id)
        longest = std::max(longest, std::ssize(tokenizer.piece(id)));
    EXPECT_EQ(most, longest);
    for (const Piece& piece : value_of(tokenizer.encode_prompt(sample_text(50) + "   漢字\r\n\n")))
        EXPECT_LE(piece.end - piece.begin, most) << piece.piece;

    TempFolder folder;
    for (const char* flags :
         {"--normalization_rule_name=identity", "--remove_extra_whitespaces=false"}) {
        const std::string prefix = folder / "foreign";
        const auto trained = sentencepiece::SentencePieceTrainer::Train(
            "--input=" + folder.write("text", sample_text(400)) + " --model_prefix=" + prefix +
            " --vocab_size=400 --model_type=bpe --byte_fallback=true --minloglevel=3 " + flags);
        ASSERT_TRUE(trained.ok()) << trained.ToString();
        EXPECT_FALSE(value_of(Tokenizer::load(prefix + ".model")).most_bytes_of_token()) << flags;
    }
}

// Fails if a model whose first piece is the newline counts as one without: its texts lose their
// lines.
TEST(Tokenizer, TheFirstPieceMayBeTheNewline) {
    TempFolder folder;
    const std::string prefix = folder / "foreign";
    const auto trained = sentencepiece::SentencePieceTrainer::Train(
        "--input=" + folder.write("text", sample_text(400)) + " --model_prefix=" + prefix +
        " --vocab_size=100 --model_type=bpe --normalization_rule_name=identity --unk_id=1"
        " --bos_id=-1 --eos_id=2 --user_defined_symbols=<0x0A> --minloglevel=3");
    ASSERT_TRUE(trained.ok()) << trained.ToString();
    const auto tokenizer = value_of(Tokenizer::load(prefix + ".model"));
    ASSERT_EQ(tokenizer.piece(0), "<0x0A>");
    EXPECT_EQ(tokenizer.newline_id(), 0);
    EXPECT_EQ(tokenizer.eos_id(), 2);
    std::vector<int32_t> ids;
    for (const Piece& piece : value_of(tokenizer.encode_prompt("the river\nstones")))
        ids.push_back(piece.id);
    EXPECT_EQ(std::count(ids.begin(), ids.end(), 0), 1);
    EXPECT_EQ(value_of(tokenizer.decode(ids)), "the river\nstones");
}

TEST(Tokenizer, UnigramTrains) {
    TokenizerSpec spec;
    spec.vocab_size = 330;
    spec.type = TokenizerKind::unigram;
    const auto model = train_on(sample_text(400), spec), again = train_on(sample_text(400), spec);
    ASSERT_TRUE(model.ok()) << model.error().message;
    EXPECT_EQ(*model, *again);
    EXPECT_EQ(Tokenizer::from_bytes(*model, "u")->size(), 330);
}

// Fails if a corpus could end the program instead of being refused with both sizes.
TEST(Tokenizer, TooSmallCorpusIsRefusedWithBothSizes) {
    for (const TokenizerKind type : {TokenizerKind::bpe, TokenizerKind::unigram}) {
        for (const std::string& text : std::vector<std::string>{"a", "aaaa", "   ", "\t\t", "▅",
                                                                "a b\n", "\xff\xfe", "a\nb\nc d"}) {
            TokenizerSpec spec;
            spec.vocab_size = 5000;
            spec.type = type;
            const auto model = train_on(text, spec);
            ASSERT_FALSE(model.ok());
            EXPECT_EQ(model.error().kind, ErrorKind::usage) << model.error().message;
            EXPECT_NE(model.error().message.find("5000"), std::string::npos)
                << model.error().message;
            EXPECT_NE(model.error().message.find("bytes"), std::string::npos);
        }
    }
}

TEST(Tokenizer, VocabularyTooSmallForTheCharacters) {
    TokenizerSpec spec;
    spec.vocab_size = 262;
    const auto model = train_on(sample_text(100), spec);
    ASSERT_FALSE(model.ok());
    EXPECT_NE(model.error().message.find("262"), std::string::npos);
    spec.vocab_size = 100;
    EXPECT_EQ(train_on(sample_text(100), spec).error().kind, ErrorKind::usage);
    spec.vocab_size = INT64_MAX;
    EXPECT_EQ(train_on(sample_text(100), spec).error().kind, ErrorKind::usage);
}

TEST(Tokenizer, EmptyTextIsRefused) {
    EXPECT_EQ(train_on("", {}).error().kind, ErrorKind::usage);
    EXPECT_EQ(train_on("\n\n<|endoftext|>\n", {}).error().kind, ErrorKind::usage);
    EXPECT_EQ(train_on(std::string(1'000'001, 'x'), {}).error().kind, ErrorKind::usage);
}

// The trainer of the library ends the process on words beyond 32,767 characters; Chinese or base64
// text has them.
TEST(Tokenizer, VeryLongWordsTrain) {
    std::string text = sample_text(50);
    Random random(3);
    for (int i = 0; i < 200'000; ++i) text += static_cast<char>('a' + random.below(26));
    text += '\n';
    for (int i = 0; i < 30'000; ++i) text += i % 3 ? "漢" : "字";
    TokenizerSpec spec;
    spec.vocab_size = 400;
    const auto model = train_on(text, spec);
    ASSERT_TRUE(model.ok()) << model.error().message;
}

TEST(Tokenizer, SampleStaysWithinItsByteLimit) {
    TokenizerSpec spec;
    spec.vocab_size = 300;
    spec.max_bytes = 20'000;
    const auto model = train_on(sample_text(20'000), spec);
    ASSERT_TRUE(model.ok()) << model.error().message;
}

TEST(Tokenizer, CancelledTrainingIsInterrupted) {
    TextLines lines(sample_text(70'000), "sample");
    Progress progress;
    progress.cancelled = [] { return true; };
    EXPECT_EQ(train_tokenizer(lines, {}, progress).error().kind, ErrorKind::interrupted);
}

/// Words of which no two are equal, so that merging pieces takes long.
std::string random_words(int64_t words) {
    std::string text;
    for (int64_t i = 0; i < words; ++i) {
        for (uint64_t bits = mix64(7, static_cast<uint64_t>(i)), n = 0; n < 12; ++n, bits >>= 5)
            text += static_cast<char>('a' + bits % 26);
        text += i % 10 == 9 ? '\n' : ' ';
    }
    return text;
}

/// Processor time of the child processes that have ended, seconds.
double time_of_children() {
    rusage used = {};
    ::getrusage(RUSAGE_CHILDREN, &used);
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

// Fails if a stop had to wait until SentencePiece is through with the whole text, or left its
// process behind. Processor time, since a busy machine makes any wait long.
TEST(Tokenizer, StopEndsTrainingAtOnce) {
    for (const TokenizerKind type : {TokenizerKind::bpe, TokenizerKind::unigram}) {
        TextLines lines(random_words(60'000), "words");
        TokenizerSpec spec;
        spec.type = type;
        spec.vocab_size = 8000;
        bool training = false;
        Progress progress;
        progress.report = [&](const std::string& activity, double) {
            training = activity == "training the tokenizer";
        };
        progress.cancelled = [&] { return training; };
        const double before = time_of_children();
        const auto model = train_tokenizer(lines, spec, progress);
        ASSERT_FALSE(model.ok()) << word(type) << ": trained to the end after the stop";
        EXPECT_EQ(model.error().kind, ErrorKind::interrupted) << model.error().message;
        EXPECT_LT(time_of_children() - before, 1.0) << word(type);
        EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << word(type);
        EXPECT_EQ(errno, ECHILD) << word(type);
    }
}

// Fails if the process of its own changed what is trained: the model must be the one that
// SentencePiece makes here with the settings of [def:text_to_tokens].
TEST(Tokenizer, TrainsWhatSentencePieceMakesItself) {
    const auto text = sample_text(800);
    class Lines : public sentencepiece::SentenceIterator {
      public:
        explicit Lines(const std::string& text) : source_(text) { Next(); }
        bool done() const override { return !more_; }
        void Next() override { more_ = *source_.next(line_); }
        const std::string& value() const override { return line_; }
        sentencepiece::util::Status status() const override { return {}; }

      private:
        TextLines source_;
        std::string line_;
        bool more_ = false;
    } lines(text);
    std::string expected;
    const auto status =
        sentencepiece::SentencePieceTrainer::Train({{"model_type", "bpe"},
                                                    {"vocab_size", "420"},
                                                    {"byte_fallback", "true"},
                                                    {"normalization_rule_name", "identity"},
                                                    {"remove_extra_whitespaces", "false"},
                                                    {"max_sentence_length", "1000000"},
                                                    {"num_threads", "1"},
                                                    {"minloglevel", "3"}},
                                                   &lines, &expected);
    ASSERT_TRUE(status.ok()) << status.ToString();
    TokenizerSpec spec;
    spec.vocab_size = 420;
    EXPECT_EQ(value_of(train_on(text, spec)), expected);
}

TEST(Tokenizer, IdsOutsideTheVocabularyAreRefused) {
    for (const int32_t id : {-1, 400, INT32_MAX}) {
        const auto text = small_tokenizer().decode({5, id});
        ASSERT_FALSE(text.ok());
        EXPECT_NE(text.error().message.find("399"), std::string::npos);
    }
}

TEST(Tokenizer, ForeignFilesAreRefused) {
    TempFolder folder;
    for (const std::string& content : std::vector<std::string>{
             std::string(), std::string("hello world"), std::string(1000, '\0'),
             std::string("{\"model\": 1}"), std::string("\x0a\x02\x0a\x00", 4)}) {
        const auto tokenizer = Tokenizer::load(folder.write("x.model", content));
        ASSERT_FALSE(tokenizer.ok());
        EXPECT_EQ(tokenizer.error().kind, ErrorKind::usage);
        EXPECT_NE(tokenizer.error().message.find("x.model"), std::string::npos);
    }
    EXPECT_EQ(Tokenizer::load(folder / "missing").error().kind, ErrorKind::usage);
    EXPECT_EQ(Tokenizer::load(folder.path()).error().kind, ErrorKind::usage);
}

// Fails if a damaged model could crash the program: every prefix, and thousands of changed bytes.
TEST(Tokenizer, DamagedModelsNeverCrash) {
    const std::string model = small_tokenizer().bytes();
    const std::string text = "the river ▁ é 漢 under";
    const auto tries = [&](const std::string& bytes) {
        const auto tokenizer = Tokenizer::from_bytes(bytes, "damaged");
        if (!tokenizer) return;
        const auto pieces = tokenizer->encode_prompt(text);
        if (!pieces) return;
        std::vector<int32_t> ids;
        for (const auto& p : *pieces) ids.push_back(p.id);
        (void)tokenizer->decode(ids);
    };
    for (size_t n = 0; n < model.size(); n += 7) tries(model.substr(0, n));
    Random random(5);
    for (int i = 0; i < 4000; ++i) {
        std::string bytes = model;
        for (int k = 0; k < 3; ++k)
            bytes[random.below(bytes.size())] = static_cast<char>(random.next());
        tries(bytes);
    }
}

class OneLine : public sentencepiece::SentenceIterator {
  public:
    bool done() const override { return done_; }
    void Next() override { done_ = true; }
    const std::string& value() const override { return line_; }
    sentencepiece::util::Status status() const override { return {}; }

  private:
    std::string line_ = "the river under the stone";
    bool done_ = false;
};

// Published models carry normalisation tables, which the library follows without looking at their
// bounds: real ones must load, and a damaged one must be refused or harmless.
TEST(Tokenizer, DamagedNormalisationTablesAreRefused) {
    OneLine line;
    std::string model;
    ASSERT_TRUE(sentencepiece::SentencePieceTrainer::Train({{"model_type", "bpe"},
                                                            {"vocab_size", "24"},
                                                            {"hard_vocab_limit", "false"},
                                                            {"normalization_rule_name", "nmt_nfkc"},
                                                            {"minloglevel", "3"}},
                                                           &line, &model)
                    .ok());
    ASSERT_GT(model.size(), 100'000u) << "no table inside";
    const auto whole = Tokenizer::from_bytes(model, "nfkc");
    ASSERT_TRUE(whole.ok()) << whole.error().message;
    EXPECT_EQ(value_of(whole->decode(value_of(whole->encode_line("ｔｈｅ　ｒｉｖｅｒ")))),
              "the river");
    Random random(8);
    int refused = 0;
    for (int i = 0; i < 150; ++i) {
        std::string bytes = model;
        for (int k = 0; k < 40; ++k)
            bytes[2000 + random.below(bytes.size() - 3000)] = static_cast<char>(random.next());
        const auto tokenizer = Tokenizer::from_bytes(bytes, "damaged");
        refused += !tokenizer.ok();
        if (tokenizer) (void)tokenizer->encode_prompt("ｔｈｅ　é 漢 ﬁ ½ ㌀ e\xcc\x81");
    }
    EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace hopscope::core
