// Reading zero-shot items: if these fail, a model is asked another question than the published one,
// or a damaged file ends without saying where.
#include "core/lab/zeroshot_items.h"

#include <lzma.h>

#include "tests/trainer/run_helpers.h"

namespace hopscope::core::lab {
namespace {

using test::TempFolder;

ZeroshotItem parsed(ZeroshotTask task, const std::string& line) {
    auto item = parse_zeroshot_item(task, line, "f:1");
    EXPECT_TRUE(item.ok()) << item.error().message;
    return item ? std::move(*item) : ZeroshotItem();
}

void refused(ZeroshotTask task, const std::string& line, const std::vector<std::string>& words) {
    const auto item = parse_zeroshot_item(task, line, "f:7");
    ASSERT_FALSE(item.ok()) << line;
    EXPECT_EQ(item.error().kind, ErrorKind::usage);
    for (const auto& word : words)
        EXPECT_NE(item.error().message.find(word), std::string::npos)
            << word << " is not in: " << item.error().message;
    EXPECT_TRUE(item.error().message.starts_with("f:7: ")) << item.error().message;
}

TEST(ZeroshotItems, PreprocessedHellaSwagIsTakenAsItIs) {
    const auto item =
        parsed(ZeroshotTask::hellaswag,
               R"({"idx": 12, "activity_label": "Sumo", "ctx": "A man [title] sits. he", "label": 3,
            "endings": ["jumps.", "sits  down.", "é.", "[a] runs."]})");
    EXPECT_EQ(item.id, Json(12));
    EXPECT_EQ(item.gold, 3);
    ASSERT_EQ(item.choices.size(), 4u);
    EXPECT_EQ(item.choices[0], (ZeroshotChoice{"A man [title] sits. he", " jumps.", 6}));
    EXPECT_EQ(item.choices[1].continuation, " sits  down.");
    EXPECT_EQ(item.choices[2].bytes, 3) << "bytes of UTF-8, not characters";
    EXPECT_EQ(item.choices[3].continuation, " [a] runs.");
}

TEST(ZeroshotItems, OriginalHellaSwagIsPreprocessedAsIsUsual) {
    const auto item = parsed(
        ZeroshotTask::hellaswag,
        R"({"ind": 24, "activity_label": "Roof", "ctx_a": "[header] How to mend [title] Look.",
            "ctx_b": "the Man", "ctx": "unused", "label": "2",
            "endings": ["[step] climbs  up.", "b [substeps] c", "d [title] e", "f"]})");
    EXPECT_EQ(item.id, Json(24));
    EXPECT_EQ(item.gold, 2);
    EXPECT_EQ(item.choices[0].context, "Roof: How to mend. Look. The man");
    EXPECT_EQ(item.choices[0].continuation, " climbs up.");
    EXPECT_EQ(item.choices[0].bytes, 10);
    EXPECT_EQ(item.choices[1].continuation, " b c");
    EXPECT_EQ(item.choices[2].continuation, " d. e");
    // WikiHow's own lines have no second part.
    const auto without =
        parsed(ZeroshotTask::hellaswag,
               R"({"activity_label": "Roof", "ctx_a": "Look.", "ctx_b": "", "label": 0,
                         "endings": ["a", "b", "c", "d"]})");
    EXPECT_EQ(without.choices[0].context, "Roof: Look.");
    EXPECT_TRUE(without.id.is_null());
}

TEST(ZeroshotItems, MarksWithoutAnEndStay) {
    EXPECT_EQ(clean_hellaswag("a [b] [c] d"), "a d");
    EXPECT_EQ(clean_hellaswag("a [b"), "a [b");
    EXPECT_EQ(clean_hellaswag("  a ] b "), "a ] b");
    EXPECT_EQ(clean_hellaswag("[x]"), "");
}

TEST(ZeroshotItems, HellaSwagLinesThatAreNone) {
    refused(ZeroshotTask::hellaswag, R"({"endings": ["a", "b", "c", "d"], "label": 0})",
            {"ctx", "ctx_a"});
    refused(ZeroshotTask::hellaswag, R"({"ctx": "a", "endings": ["a", "b", "c"], "label": 0})",
            {"endings", "found 3", "allowed 4"});
    refused(ZeroshotTask::hellaswag, R"({"ctx": "a", "endings": "abcd", "label": 0})",
            {"endings", "list"});
    refused(ZeroshotTask::hellaswag, R"({"ctx": "a", "endings": ["a", "", "c", "d"], "label": 0})",
            {"endings", "[1] is empty"});
    refused(ZeroshotTask::hellaswag,
            R"({"ctx": "a", "endings": ["a", "\t", "c", "d"], "label": 0})",
            {"endings", "[1] is empty"});
    refused(ZeroshotTask::hellaswag,
            R"({"activity_label": "x", "ctx_a": "a", "ctx_b": "", "label": 0,
                "endings": ["a", "[step]", "c", "d"]})",
            {"[1] is empty", "marks"});
    for (const char* label : {"4", "-1", "\"\"", "1.5", "null", "\"4\""})
        refused(
            ZeroshotTask::hellaswag,
            R"({"ctx": "a", "endings": ["a", "b", "c", "d"], "label": )" + std::string(label) + "}",
            {"label", "found", "0 … 3"});
    refused(ZeroshotTask::hellaswag, R"({"ctx": "a", "endings": ["a", "b", "c", "d"]})",
            {"label", "missing"});
    refused(ZeroshotTask::hellaswag,
            R"({"ctx": "  ", "endings": ["a", "b", "c", "d"], "label": 0})", {"ctx", "not empty"});
    refused(ZeroshotTask::hellaswag, "{\"ctx\": ", {"not valid JSON"});
    refused(ZeroshotTask::hellaswag, "[1]", {"object expected"});
    refused(ZeroshotTask::hellaswag, std::string(1000, '['), {"nested"});
}

std::string arc(const std::string& key, const std::vector<std::string>& labels) {
    std::string choices;
    for (const auto& label : labels)
        choices += (choices.empty() ? "" : ", ") + ("{\"text\": \"t" + label) +
                   "\", \"label\": \"" + label + "\"}";
    return R"({"id": "M_1", "question": {"stem": "Why?", "choices": [)" + choices +
           R"(]}, "answerKey": ")" + key + "\"}";
}

TEST(ZeroshotItems, ArcAsksInTheUsualForm) {
    const auto item = parsed(ZeroshotTask::arc_easy, arc("B", {"A", "B", "C", "D"}));
    EXPECT_EQ(item.id, Json("M_1"));
    EXPECT_EQ(item.gold, 1);
    ASSERT_EQ(item.choices.size(), 4u);
    EXPECT_EQ(item.choices[2], (ZeroshotChoice{"Question: Why?\nAnswer:", " tC", 2}));
}

TEST(ZeroshotItems, ArcLettersAndDigitsStandForEachOther) {
    EXPECT_EQ(parsed(ZeroshotTask::arc_easy, arc("3", {"1", "2", "3", "4"})).gold, 2);
    EXPECT_EQ(parsed(ZeroshotTask::arc_easy, arc("3", {"A", "B", "C"})).gold, 2);
    EXPECT_EQ(parsed(ZeroshotTask::arc_easy, arc("E", {"1", "2", "3", "4", "5"})).gold, 4);
    // The label decides, not the place.
    EXPECT_EQ(parsed(ZeroshotTask::arc_easy, arc("A", {"C", "B", "A"})).gold, 2);
}

TEST(ZeroshotItems, ArcLinesThatAreNone) {
    refused(ZeroshotTask::arc_easy, arc("D", {"A", "B", "C"}), {"answerKey", "\"D\"", "A, B, C"});
    refused(ZeroshotTask::arc_easy, arc("A", {"A", "B"}), {"choices", "found 2", "3 to 5"});
    refused(ZeroshotTask::arc_easy, arc("A", {"A", "B", "C", "D", "E", "F"}), {"found 6"});
    refused(ZeroshotTask::arc_easy, arc("A", {"A", "B", "B"}), {"choices[2]", "twice"});
    refused(ZeroshotTask::arc_easy, R"({"question": "Why?", "answerKey": "A"})",
            {"question", "stem"});
    refused(ZeroshotTask::arc_easy,
            R"({"question": {"stem": "Why?", "choices": [1, 2, 3]}, "answerKey": "A"})",
            {"choices[0]", "object"});
    refused(ZeroshotTask::arc_easy,
            R"({"question": {"stem": "Why?", "choices": 4}, "answerKey": "A"})", {"no list"});
    refused(ZeroshotTask::arc_easy, R"({"question": {"stem": "Why?", "choices": []}})",
            {"answerKey"});
}

TEST(ZeroshotItems, WinoGrandeScoresWhatStandsBehindTheBlank) {
    const auto item =
        parsed(ZeroshotTask::winogrande,
               R"({"sentence": "Ann thanked Bo as _'s dog came.", "option1": "Ann", "option2": "Bö",
            "answer": "2"})");
    EXPECT_EQ(item.gold, 1);
    ASSERT_EQ(item.choices.size(), 2u);
    EXPECT_EQ(item.choices[0], (ZeroshotChoice{"Ann thanked Bo as Ann", "'s dog came.", 3}));
    EXPECT_EQ(item.choices[1], (ZeroshotChoice{"Ann thanked Bo as Bö", "'s dog came.", 3}));
    refused(ZeroshotTask::winogrande,
            R"({"sentence": "a b", "option1": "x", "option2": "y", "answer": "1"})",
            {"sentence", "a b", "one \"_\""});
    refused(ZeroshotTask::winogrande,
            R"({"sentence": "_ b _", "option1": "x", "option2": "y", "answer": "1"})", {"_ b _"});
    refused(ZeroshotTask::winogrande,
            R"({"sentence": "a _", "option1": "x", "option2": "y", "answer": "1"})",
            {"nothing stands behind"});
    refused(ZeroshotTask::winogrande,
            R"({"sentence": "a _ b", "option1": "x", "option2": "y", "answer": "3"})",
            {"answer", "1 … 2"});
    refused(ZeroshotTask::winogrande, R"({"sentence": "a _ b", "option1": "x", "answer": "1"})",
            {"option2"});
}

const char* kWino = R"({"sentence": "a _ b", "option1": "x", "option2": "y", "answer": 1})";

TEST(ZeroshotItems, FilesAreReadPlainAndPackedAndNameTheLine) {
    const TempFolder dir;
    const std::string text = std::string(kWino) + "\n\n" + kWino + "\n";
    const auto put = [&](const std::string& name, const std::string& bytes) {
        std::ofstream(dir / name, std::ios::binary) << bytes;
        return dir / name;
    };
    std::string packed(lzma_stream_buffer_bound(text.size()), '\0');
    size_t size = 0;
    ASSERT_EQ(lzma_easy_buffer_encode(
                  0, LZMA_CHECK_CRC64, nullptr, reinterpret_cast<const uint8_t*>(text.data()),
                  text.size(), reinterpret_cast<uint8_t*>(packed.data()), &size, packed.size()),
              LZMA_OK);
    packed.resize(size);
    const auto plain = read_zeroshot_items(ZeroshotTask::winogrande, put("w.jsonl", text));
    const auto unpacked = read_zeroshot_items(ZeroshotTask::winogrande, put("w.jsonl.xz", packed));
    ASSERT_TRUE(plain.ok()) << plain.error().message;
    ASSERT_TRUE(unpacked.ok()) << unpacked.error().message;
    ASSERT_EQ(plain->items.size(), 2u);
    EXPECT_EQ(plain->items[1].id, Json(1)) << "the item's number where the file gives no id";
    EXPECT_EQ(plain->items[1].line, 3);
    EXPECT_EQ(plain->hash, unpacked->hash);
    EXPECT_EQ(unpacked->items[1].choices, plain->items[1].choices);

    const auto message = [&](const std::string& path) {
        const auto got = read_zeroshot_items(ZeroshotTask::winogrande, path);
        EXPECT_FALSE(got.ok()) << path;
        EXPECT_EQ(got.error().kind, ErrorKind::usage);
        return got ? std::string() : got.error().message;
    };
    const std::string bad = put("bad.jsonl", text + "{\"sentence\": 3}\n");
    EXPECT_EQ(message(bad).find(bad + ":4: "), 0u) << message(bad);
    EXPECT_NE(message(put("no.jsonl", "\n\n")).find("no item"), std::string::npos);
    EXPECT_NE(message(dir / "missing").find("missing"), std::string::npos);
    EXPECT_NE(message(dir / "").find("folder"), std::string::npos);
    EXPECT_NE(message(put("torn.xz", packed.substr(0, size - 8))).find("torn.xz"),
              std::string::npos);
    message(put("latin.jsonl", "{\"sentence\": \"\xff\"}\n"));
}

struct Published {
    ZeroshotTask task;
    const char* file;
    size_t items;
};
constexpr Published kPublished[] = {
    {ZeroshotTask::hellaswag, "hellaswag_val.jsonl.xz", 10'042},
    {ZeroshotTask::arc_easy, "arc_easy_validation.jsonl", 570},
    {ZeroshotTask::winogrande, "winogrande_validation.jsonl", 1'267}};

TEST(DataZeroshotItems, PublishedSetsHaveTheirItems) {
    const char* data = std::getenv("HOPSCOPE_DATA");
    if (!data) GTEST_SKIP() << "skipped: HOPSCOPE_DATA not set";
    for (const auto& set : kPublished) {
        const auto read = read_zeroshot_items(set.task, std::string(data) + "/eval/" + set.file);
        ASSERT_TRUE(read.ok()) << read.error().message;
        EXPECT_EQ(read->items.size(), set.items) << set.file;
    }
}

}  // namespace
}  // namespace hopscope::core::lab
