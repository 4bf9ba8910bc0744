// Damaged texts, packed texts, tokens, tokenizers, and what else is read beside a run.
#include <cmath>
#include <filesystem>
#include <gtest/gtest.h>

#include "core/compare/compare.h"
#include "core/compare/compare_json.h"
#include "core/compare/document_numbers.h"
#include "core/compare/printed_file.h"
#include "core/lab/zeroshot_items.h"
#include "core/text/model_check.h"
#include "core/text/token_file.h"
#include "core/text/truth.h"
#include "tests/fuzz/fuzz.h"
#include "tests/text/helpers.h"

namespace hopscope::core::fuzz {
namespace {

using test::bytes_of;
using test::put_bytes;
using test::TempFolder;

/// Lines that were taken are text, and none is lost.
std::string read_corpus(const std::string& path) {
    auto reader = CorpusReader::open(path);
    if (!reader) return fault_of(reader, "text");
    std::string line;
    for (;;) {
        const auto more = (*reader)->next(line);
        if (!more) return fault_of(more, "text");
        if (!*more) return "";
        if (find_bad_utf8(line)) return "a line that is no UTF-8";
        if (line.find('\0') != std::string::npos) return "a line with a NUL";
        if (line.find('\n') != std::string::npos) return "a line of two lines";
    }
}

TEST(FuzzText, Corpora) {
    fuzz_file("corpus",
              {"the river\nran past\n<|endoftext|>\nthe mill\n", "\xef\xbb\xbfone\r\ntwo\r\n",
               "\xe4\xb8\xad\xe6\x96\x87\n\xf0\x9f\x90\xa6 sang", saved_format("text.txt")},
              "text.txt", read_corpus);
}

TEST(FuzzText, PackedCorpora) {
    const std::string text = saved_format("text.txt");
    fuzz_file("packed corpus",
              {pack_xz("the river\nran\n"), pack_xz(text), pack_xz("a\n") + pack_xz("b\n")},
              "text.xz", read_corpus);
}

TEST(FuzzText, Utf8) {
    fuzz("UTF-8", {"the \xc3\xbc \xe2\x82\xac \xf0\x9f\x90\xa6 river", saved_format("text.txt")},
         [](const std::string& bytes, Mutator& mutator) -> std::string {
             Utf8Checker checker;
             std::optional<int64_t> bad;
             for (size_t at = 0; at < bytes.size() && !bad;) {
                 const size_t size = 1 + mutator.random().below(9);
                 bad = checker.feed(std::string_view(bytes).substr(at, size));
                 at += size;
             }
             if (!bad) bad = checker.finish();
             return bad == find_bad_utf8(bytes) ? "" : "in pieces and whole are judged otherwise";
         });
}

TEST(FuzzText, TokenFiles) {
    fuzz_file("tokens", {saved_format("run/data/valid.tokens")}, "valid.tokens",
              [](const std::string& path) -> std::string {
                  const auto file = TokenFile::open(path);
                  if (!file) return fault_of(file, "valid.tokens");
                  for (int64_t i = 0; i < file->size(); ++i)
                      if ((*file)[i] < 0 || (*file)[i] >= file->info().vocab_size)
                          return "an id outside the vocabulary";
                  return "";
              });
}

/// What the library behind it does with a model that passed the check.
std::string use(const Tokenizer& tokenizer) {
    for (int32_t id = -1; id <= tokenizer.size(); ++id) tokenizer.piece(id);
    for (const char* line : {"", "the river ran past", "\xe4\xb8\xad \xff", "  two  "}) {
        const auto ids = tokenizer.encode_line(line);
        if (find_bad_utf8(line)) {
            if (ids) return "takes a line that is no UTF-8";
            if (auto fault = fault_of(ids, "of the line"); !fault.empty()) return fault;
            continue;
        }
        if (!ids) return fault_of(ids, "m.model");
        const auto text = tokenizer.decode(*ids);
        if (!text) return fault_of(text, "");
    }
    const auto pieces = tokenizer.encode_prompt("the river\nran <|endoftext|>");
    return pieces ? "" : fault_of(pieces, "");
}

TEST(FuzzText, Tokenizers) {
    fuzz("tokenizer", {saved_format("run/tokenizer.model")},
         [](const std::string& bytes, Mutator&) {
             if (auto s = check_sentencepiece_model(bytes, "m.model"); !s)
                 return fault_of(s, "m.model");
             const auto tokenizer = Tokenizer::from_bytes(bytes, "m.model");
             return tokenizer ? use(*tokenizer) : fault_of(tokenizer, "m.model");
         });
}

TEST(FuzzText, Truth) {
    const std::string seed =
        R"({"format": "hopscope.truth/1", "classes": ["time", "noun"], "words": [{"word": "spring", "classes": ["time", "noun"]}, {"word": "a", "classes": ["function"]}],
            "two_meanings": [{"word": "spring", "class_a": "time", "class_b": "noun", "class_a_if": {"preceded_by": ["in"], "preceded_by_class": [], "followed_by": [], "followed_by_class": ["noun"]}}]})";
    fuzz("truth", {seed}, [](const std::string& bytes, Mutator&) {
        const auto truth = Truth::parse(bytes, "truth.json");
        if (!truth) return fault_of(truth, "truth.json");
        truth->class_of("spring");
        for (const auto& word : truth->two_meanings()) truth->meaning(word, "in", "a");
        return std::string();
    });
}

TEST(FuzzText, ZeroshotItems) {
    const std::vector<std::pair<ZeroshotTask, std::string>> seeds = {
        {ZeroshotTask::hellaswag,
         R"({"ctx": "the river ran", "endings": ["past", "home", "up", "to"], "label": 1, "ind": 4})"},
        {ZeroshotTask::hellaswag,
         R"({"ctx_a": "a bird sat.", "ctx_b": "it", "activity_label": "Birds", "endings": ["sang [title] x", "ran", "fell", "slept"], "label": "0"})"},
        {ZeroshotTask::winogrande,
         R"({"sentence": "the bird saw it because _ was near", "option1": "it", "option2": "the mill", "answer": "2"})"},
        {ZeroshotTask::arc_easy,
         R"({"id": "1", "question": {"stem": "Where?", "choices": [{"text": "sea", "label": "A"}, {"text": "bed", "label": "B"}, {"text": "home", "label": "C"}]}, "answerKey": "A"})"}};
    for (const auto& [task, line] : seeds)
        fuzz(word(task), {line}, [task = task](const std::string& bytes, Mutator&) -> std::string {
            const auto item = lab::parse_zeroshot_item(task, bytes, "items.jsonl:1");
            if (!item) return fault_of(item, "items.jsonl:1");
            if (item->choices.size() < 2) return "fewer than two choices";
            if (item->gold < 0 || static_cast<size_t>(item->gold) >= item->choices.size())
                return "the right choice is none of them";
            for (const auto& choice : item->choices)
                if (choice.bytes <= 0) return "a choice without bytes";
            return "";
        });
}

TEST(FuzzText, ZeroshotFiles) {
    fuzz_file("items", {saved_format("items.jsonl"), pack_xz(saved_format("items.jsonl"))},
              "items.jsonl", [](const std::string& path) {
                  const auto items = lab::read_zeroshot_items(ZeroshotTask::arc_easy, path);
                  return fault_of(items, "items.jsonl");
              });
}

/// Whatever is taken can be compared with itself, and the result printed.
TEST(FuzzCompare, Inputs) {
    fuzz_file("compared file", {saved_format("eval.json"), saved_format("zeroshot.json")}, "e.json",
              [](const std::string& path) -> std::string {
                  const auto input = read_compare_input(path);
                  if (!input) return fault_of(input, "e.json");
                  CompareOptions options;
                  options.resamples = 100;
                  const auto result = compare({*input, *input}, options);
                  if (!result) return fault_of(result, "");
                  return dump_pretty(compare_json(*result)).empty() ? "no document" : "";
              });
}

/// Whatever is read as a document gives finite numbers, each under a key of its file.
TEST(FuzzCompare, NumbersOfDocuments) {
    fuzz("numbers of documents",
         {saved_format("eval.json"), saved_format("zeroshot.json"), saved_format("halting.json"),
          saved_format("analysis.json")},
         [](const std::string& bytes, Mutator&) -> std::string {
             const auto json = parse_object(bytes, "d.json");
             if (!json) return fault_of(json, "d.json");
             const auto numbers = document_numbers(*json, "d");
             if (numbers.size() > kMostNumbers) return "too many numbers";
             for (const RunNumber& number : numbers) {
                 if (!number.key.starts_with("d/")) return "a key of no file: " + number.key;
                 if (!std::isfinite(number.value)) return "not finite: " + number.key;
             }
             return "";
         });
}

TEST(FuzzCompare, Claims) {
    fuzz_file(
        "claims",
        {bytes_of(HOPSCOPE_ASSETS "/printed/st_moe.jsonl"),
         R"({"check": "interval", "low": "-0.01", "high": "0.03", "margin": "0.03", "printed": "inside"}
{"check": "std", "values": ["1.5", "1.7"], "printed": "0.14"}
{"check": "saving", "mean_hops": "2.5", "hops": 4, "printed": "37.5"})"},
        "claims.jsonl", [](const std::string& path) -> std::string {
            const auto claims = read_printed(path, 0.03);
            if (!claims) return fault_of(claims, "claims.jsonl");
            OrderedJson document = {{"warnings", OrderedJson::array()}};
            add_printed(document, *claims);
            return dump_pretty(document).empty() ? "no document" : "";
        });
}

}  // namespace
}  // namespace hopscope::core::fuzz
