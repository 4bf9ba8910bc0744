// Published cases and real corpora, found through HOPSCOPE_DATA; skipped where it is not set.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <sentencepiece_trainer.h>
#include <sstream>
#include <unordered_map>

#include "core/text/batches.h"
#include "core/text/prepare.h"
#include "core/text/tokenizer_train.h"
#include "helpers.h"

namespace hopscope::core {
namespace {

#define REQUIRE_DATA()                      \
    const std::string data = data_folder(); \
    if (data.empty()) GTEST_SKIP() << "skipped: HOPSCOPE_DATA not set"

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    for (size_t i = 0; (i = text.find(from, i)) != std::string::npos; i += to.size())
        text.replace(i, from.size(), to);
    return text;
}

/// The published chat text is "<s>" + turns, each encoded by itself, with "</s>" after the answers.
std::vector<int32_t> encode_published(const Tokenizer& tokenizer, const std::string& text) {
    std::vector<int32_t> ids;
    std::string rest = replaced(text, "\xe2\x96\x81", " ");
    if (rest.starts_with("<s>")) {
        ids.push_back(1);
        rest.erase(0, 3);
    }
    while (!rest.empty()) {
        const size_t end = std::min(rest.find("</s>"), rest.size());
        std::string part = rest.substr(0, end);
        // The dummy prefix stands for the first blank.
        if (part.starts_with(" ")) part.erase(0, 1);
        for (const auto id : value_of(tokenizer.encode_line(part))) ids.push_back(id);
        if (end == rest.size()) break;
        ids.push_back(2);
        rest.erase(0, end + 4);
    }
    return ids;
}

// Fails if a published model were loaded, or text encoded, differently from its publisher.
TEST(DataTokenizer, PublishedModelGivesThePublishedIds) {
    REQUIRE_DATA();
    const auto tokenizer =
        value_of(Tokenizer::load(data + "/tokenizer/mistral_tokenizer.model.v1"));
    EXPECT_EQ(tokenizer.size(), 32'000);
    EXPECT_EQ(tokenizer.newline_id(), 13);
    EXPECT_EQ(tokenizer.eos_id(), 2);
    const auto text = bytes_of(data + "/tokenizer/mistral_no_tools_text_v1.txt");
    const auto tokens =
        nlohmann::json::parse(bytes_of(data + "/tokenizer/mistral_no_tools_tokens_v1.json"));
    EXPECT_EQ(encode_published(tokenizer, text), tokens["tokens"].get<std::vector<int32_t>>());
}

// Fails if lines did not come back as they were, or offsets did not cover them.
TEST(DataTokenizer, RealTextRoundTrips) {
    REQUIRE_DATA();
    const auto published =
        value_of(Tokenizer::load(data + "/tokenizer/mistral_tokenizer.model.v1"));
    auto reader = value_of(CorpusReader::open(data + "/tokenizer/botchan.txt"));
    TokenizerSpec spec;
    spec.vocab_size = 2000;
    const auto model = value_of(train_tokenizer(*reader, spec, {}));
    EXPECT_EQ(model, value_of(train_tokenizer(*reader, spec, {})));
    const auto own = value_of(Tokenizer::from_bytes(model, "botchan"));
    std::string line;
    ASSERT_TRUE(reader->rewind().ok());
    while (value_of(reader->next(line))) {
        for (const auto* tokenizer : {&own, &published}) {
            const auto pieces = value_of(tokenizer->encode_prompt(line));
            std::vector<int32_t> ids;
            int64_t at = 0;
            for (const auto& p : pieces) {
                ids.push_back(p.id);
                ASSERT_EQ(p.begin, at);
                at = p.end;
            }
            ASSERT_EQ(at, static_cast<int64_t>(line.size()));
            ASSERT_EQ(ids, value_of(tokenizer->encode_line(line)));
            ASSERT_EQ(value_of(tokenizer->decode(ids)), line);
        }
    }
}

class OneByOne : public sentencepiece::SentenceIterator {
  public:
    explicit OneByOne(std::vector<std::string> lines) : lines_(std::move(lines)) {}
    bool done() const override { return at_ >= lines_.size(); }
    void Next() override { ++at_; }
    const std::string& value() const override { return lines_[at_]; }
    sentencepiece::util::Status status() const override { return {}; }

  private:
    std::vector<std::string> lines_;
    size_t at_ = 0;
};

std::vector<std::string> split(const std::string& text, char by) {
    std::vector<std::string> parts;
    std::istringstream in(text);
    for (std::string part; std::getline(in, part, by);) parts.push_back(part);
    return parts;
}

// Fails if the SentencePiece that we link did not learn the merges that its authors publish.
TEST(DataTokenizer, PublishedTrainingVectors) {
    REQUIRE_DATA();
    int cases = 0;
    for (const auto& row :
         split(bytes_of(data + "/tokenizer/published_bpe_trainer_vectors.tsv"), '\n')) {
        if (row.empty() || row.front() == '#') continue;
        const auto fields = split(row, '\t');
        ASSERT_EQ(fields.size(), 4u) << row;
        std::unordered_map<std::string, std::string> args = {
            {"model_type", "bpe"},
            {"vocab_size", std::to_string(std::stoi(fields[1]) - 3)},
            {"normalization_rule_name", "identity"},
            {"add_dummy_prefix", "false"},
            {"minloglevel", "3"}};
        if (!fields[2].empty()) args["user_defined_symbols"] = fields[2];
        OneByOne lines(split(fields[0], '|'));
        std::string model;
        const auto status = sentencepiece::SentencePieceTrainer::Train(args, &lines, &model);
        ASSERT_TRUE(status.ok()) << status.ToString();
        const auto tokenizer = value_of(Tokenizer::from_bytes(model, "published"));
        std::string pieces;
        for (int32_t id = 3; id < tokenizer.size(); ++id)
            pieces += (pieces.empty() ? "" : " ") + tokenizer.piece(id);
        EXPECT_EQ(pieces, fields[3]) << row;
        ++cases;
    }
    EXPECT_EQ(cases, 4);
}

TEST(DataCorpus, RealCorporaBecomeBatches) {
    REQUIRE_DATA();
    TempFolder folder;
    auto reader = value_of(CorpusReader::open(data + "/corpus/tinyshakespeare.txt"));
    TokenizerSpec spec;
    spec.vocab_size = 1000;
    const auto tokenizer =
        value_of(Tokenizer::from_bytes(value_of(train_tokenizer(*reader, spec, {})), "ts"));
    DataConfig config;
    config.train = data + "/corpus/tinyshakespeare.txt";
    TrainConfig train;
    const auto info =
        value_of(prepare_tokens(config, train, tokenizer, folder / "t", folder / "v", {}));
    EXPECT_EQ(info.documents, 1);
    EXPECT_EQ(info.lines, 40'000);
    std::vector<int32_t> ids;
    for (const auto* name : {"t", "v"}) {
        const auto file = value_of(TokenFile::open(folder / name));
        const size_t old = ids.size();
        ids.resize(old + file.size());
        file.copy(0, file.size(), ids.data() + old);
    }
    EXPECT_EQ(value_of(tokenizer.decode(ids)), bytes_of(config.train));
    EXPECT_NEAR(static_cast<double>(info.valid_tokens) / static_cast<double>(ids.size()), 0.05,
                0.01);
    const auto batches =
        value_of(BatchSource::create(value_of(TokenFile::open(folder / "t")), 8, 256, 42));
    EXPECT_GT(batches.chunks(), 1000);
}

TEST(DataCorpus, PackedBooksAreCounted) {
    REQUIRE_DATA();
    auto reader = value_of(CorpusReader::open(data + "/corpus/classics_train.txt.xz"));
    const auto count = value_of(count_corpus(*reader, "<|endoftext|>", {}));
    EXPECT_EQ(count.documents, 197);
    EXPECT_EQ(count.bytes, 100'002'387);
    auto valid = value_of(CorpusReader::open(data + "/corpus/classics_valid.txt"));
    EXPECT_EQ(value_of(count_corpus(*valid, "<|endoftext|>", {})).documents, 8);
}

}  // namespace
}  // namespace hopscope::core
