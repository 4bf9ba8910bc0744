// Wrong if a token of a server's trace is shown as another one, or a damaged tokenizer.json stops
// the import of a sound model.
#include "core/imported/vocabulary.h"

#include <gtest/gtest.h>

#include "core/base/json.h"
#include "tests/temp_folder.h"

namespace hopscope::core {
namespace {

using test::TempFolder;
using Ids = std::vector<int32_t>;

class Vocabulary : public testing::Test {
  protected:
    Result<TokenPieces> read(const std::string& text, const Ids& ids) {
        folder_.write("tokenizer.json", text);
        return vocabulary_pieces(folder_.path(), ids);
    }
    TokenPieces pieces(const Json& file, const Ids& ids) {
        const auto found = read(file.dump(), ids);
        EXPECT_TRUE(found) << found.error().message;
        return found ? *found : TokenPieces();
    }
    std::string refusal(const std::string& text) {
        const auto found = read(text, {0});
        return found ? "" : found.error().message;
    }
    TempFolder folder_;
};

TEST_F(Vocabulary, BytesAreThoseThatTheirCharactersStandFor) {
    const Json vocabulary = {{"\xC4\xA0the", 0},               // U+0120 t h e
                             {"\xC4\x8A", 1},                  // U+010A
                             {"\xC3\xA2\xC4\xA4\xC2\xAC", 2},  // of the euro sign
                             {"\xC3\xA2\xC4\xA4", 3},          // of it without its last byte
                             {"!", 4},
                             {"\xE4\xB8\xAD", 5},  // U+4E2D stands for no byte
                             {"unused", 6}};
    Json file = {{"model", {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", {"a b"}}}},
                 {"decoder", {{"type", "ByteLevel"}}},
                 {"added_tokens", {{{"id", 7}, {"content", "<|end|>"}, {"special", true}}}}};
    const TokenPieces wanted = {{0, " the"},       {1, "\n"}, {2, "\xE2\x82\xAC"},
                                {3, "\\xe2\\x82"}, {4, "!"},  {5, "\xE4\xB8\xAD"},
                                {7, "<|end|>"}};
    EXPECT_EQ(pieces(file, {0, 1, 2, 3, 4, 5, 7, 7, 99, -1}), wanted);
    file["decoder"] = {{"type", "Sequence"}, {"decoders", {{{"type", "ByteLevel"}}}}};
    EXPECT_EQ(pieces(file, {0}), (TokenPieces{{0, " the"}}));
    file["decoder"] = nullptr;
    EXPECT_EQ(pieces(file, {0}), (TokenPieces{{0, "\xC4\xA0the"}}));
}

TEST_F(Vocabulary, ListsOfPiecesAreInTheOrderOfIds) {
    const Json vocabulary =
        Json::array({Json::array({"<unk>", 0.0}), Json::array({"\xE2\x96\x81the", -1.5}),
                     Json::array({"s", -2})});
    const Json file = {{"model", {{"type", "Unigram"}, {"vocab", vocabulary}}}};
    EXPECT_EQ(pieces(file, {1, 2}), (TokenPieces{{1, " the"}, {2, "s"}}));
    // As many word marks as there may be take time once.
    std::string marks;
    for (int i = 0; i < 1'000'000; ++i) marks += "\xE2\x96\x81";
    const Json many = {{"model", {{"vocab", Json::array({Json::array({marks, 0})})}}}};
    EXPECT_EQ(pieces(many, {0}).at(0), std::string(1'000'000, ' '));
}

TEST_F(Vocabulary, FilesWithoutOneSaySo) {
    for (const char* text : {"", "[]", "{\"model\""})
        EXPECT_NE(refusal(text).find("tokenizer.json: no JSON object"), std::string::npos) << text;
    for (const char* text :
         {"{}", "{\"model\": 1}", "{\"model\": {}}", "{\"model\": {\"vocab\": 3}}"})
        EXPECT_NE(refusal(text).find("model.vocab"), std::string::npos) << text;
    EXPECT_NE(refusal("version https://git-lfs.github.com/spec/v1\noid sha256:0\n").find("Git LFS"),
              std::string::npos);
    std::string zeros = "{\"model\": {\"vocab\": [0";
    for (int i = 0; i < 5'000'000; ++i) zeros += ",0";
    EXPECT_NE(refusal(zeros + "]}}").find("values found"), std::string::npos);
    // Of another form than any library writes.
    EXPECT_EQ(pieces({{"model", {{"vocab", {1, {{"a", 2}}, Json::array(), {"x", 1}}}}},
                      {"decoder", 5},
                      {"added_tokens", {1, {{"id", "x"}}, {{"id", 0}, {"content", 2}}}}},
                     {0, 3}),
              (TokenPieces{{3, "x"}}));
    TempFolder none;
    EXPECT_NE(
        vocabulary_pieces(none.path(), Ids{0}).error().message.find("not in the model's folder"),
        std::string::npos);
}

}  // namespace
}  // namespace hopscope::core
