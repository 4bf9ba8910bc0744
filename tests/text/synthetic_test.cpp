#include "core/text/synthetic.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "core/text/synthetic_files.h"
#include "core/text/tokenizer_train.h"
#include "core/text/truth.h"
#include "core/text/words.h"
#include "helpers.h"

namespace hopscope::core {
namespace {

const SyntheticCorpus& corpus() {
    static const SyntheticCorpus corpus(42);
    return corpus;
}

/// Some MB of text, generated once.
const std::vector<SyntheticDocument>& documents() {
    static const std::vector<SyntheticDocument> documents = [] {
        std::vector<SyntheticDocument> out;
        corpus().generate(0, int64_t{6} << 20, [&](const SyntheticDocument& d) {
            out.push_back(d);
            return true;
        });
        return out;
    }();
    return documents;
}

std::string word_at(const SyntheticDocument& d, const WordLabel& label) {
    return plain_word(d.text.substr(label.begin, label.end - label.begin));
}

std::string text_of(uint64_t seed, int64_t bytes, SyntheticOptions options = {}) {
    std::string text;
    SyntheticCorpus(seed, options).generate(0, bytes, [&](const SyntheticDocument& d) {
        text += d.text;
        return true;
    });
    return text;
}

TEST(Synthetic, EqualSeedsGiveEqualBytes) {
    const auto text = text_of(42, 300'000);
    EXPECT_EQ(text, text_of(42, 300'000));
    EXPECT_NE(text, text_of(43, 300'000));
    EXPECT_GE(text.size(), 300'000u);
    EXPECT_EQ(corpus().document(17).text, corpus().document(17).text);
    // Written down, so that a platform or a change that alters the text is seen: results quote the
    // seed.
    ContentHash hash;
    hash.update(text);
    EXPECT_EQ(hash.hex(), "9ebd7fa34c5493ec7ff6d42d42735130");
}

TEST(Synthetic, DocumentsEndWithTheSeparator) {
    for (const auto& d : documents()) {
        ASSERT_TRUE(d.text.ends_with(".\n<|endoftext|>\n"));
        ASSERT_EQ(d.text.find("<|endoftext|>"), d.text.size() - 14);
        ASSERT_FALSE(find_bad_utf8(d.text));
    }
}

// Fails if frequencies did not fall as 1 / rank: least squares on log rank and log frequency, ranks
// evenly on the log axis.
TEST(Synthetic, FrequenciesFollowZipf) {
    std::unordered_map<std::string, int64_t> counts;
    for (const auto& d : documents())
        for (const auto& label : d.labels) ++counts[word_at(d, label)];
    std::vector<int64_t> sorted;
    for (const auto& [word, n] : counts) sorted.push_back(n);
    std::sort(sorted.rbegin(), sorted.rend());
    const auto slope = [&](size_t from, size_t to) {
        std::vector<double> x, y;
        for (size_t r = from; r <= to; r = std::max(r + 1, r + r / 20)) {
            x.push_back(std::log(static_cast<double>(r)));
            y.push_back(std::log(static_cast<double>(sorted[r - 1])));
        }
        double mx = 0, my = 0, xy = 0, xx = 0;
        for (size_t i = 0; i < x.size(); ++i) {
            mx += x[i] / static_cast<double>(x.size());
            my += y[i] / static_cast<double>(x.size());
        }
        for (size_t i = 0; i < x.size(); ++i) {
            xy += (x[i] - mx) * (y[i] - my);
            xx += (x[i] - mx) * (x[i] - mx);
        }
        return -xy / xx;
    };
    EXPECT_NEAR(slope(1, 5000), 1.0, 0.12);
    EXPECT_NEAR(slope(10, 10'000), 1.0, 0.15);
    EXPECT_NEAR(slope(1000, 10'000), 1.0, 0.15);
}

TEST(Synthetic, TwentyThousandWordsAreReached) {
    EXPECT_GE(nlohmann::json::parse(corpus().truth_json())["words"].size(), 22'000u);
    std::unordered_set<std::string> seen;
    corpus().generate(0, int64_t{16} << 20, [&](const SyntheticDocument& d) {
        for (const auto& label : d.labels) seen.insert(word_at(d, label));
        return true;
    });
    EXPECT_GE(seen.size(), 20'000u);
}

// Fails if a word appeared in a class that the truth does not name, or a class never appeared.
TEST(Synthetic, LabelsAgreeWithTheLexicon) {
    std::map<std::string, int64_t> seen;
    for (size_t i = 0; i < 500; ++i) {
        const auto& d = documents()[i];
        int64_t end = 0;
        for (const auto& label : d.labels) {
            const std::string classes = "|" + corpus().class_of(word_at(d, label)) + "|";
            ASSERT_NE(classes.find("|" + std::string(label.word_class) + "|"), std::string::npos)
                << word_at(d, label) << ": " << classes << " / " << label.word_class;
            ASSERT_GE(label.begin, end);
            end = label.end;
            ++seen[std::string(label.word_class)];
        }
    }
    for (const auto& name : SyntheticCorpus::classes()) EXPECT_GT(seen[name], 100) << name;
    EXPECT_EQ(seen.size(), SyntheticCorpus::classes().size());
    EXPECT_EQ(corpus().class_of("The"), "function");
    EXPECT_EQ(corpus().class_of("\xe2\x96\x81seven,"), "cardinal");
    EXPECT_EQ(corpus().class_of("xyzzy"), "");
    EXPECT_EQ(corpus().class_of(""), "");
}

bool contains(const std::vector<std::string>& list, std::string_view item) {
    return std::find(list.begin(), list.end(), item) != list.end();
}

// Fails if the context did not decide which meaning a word has, by exactly the rule that the truth
// file names.
TEST(Synthetic, NeighboursDecideTheMeaning) {
    std::map<std::string, std::pair<int, int>> counts;
    for (const auto& d : documents()) {
        for (size_t i = 0; i < d.labels.size(); ++i) {
            const std::string word = word_at(d, d.labels[i]);
            for (const auto& two : SyntheticCorpus::two_meaning_words()) {
                if (two.word != word) continue;
                const std::string before = i > 0 ? word_at(d, d.labels[i - 1]) : "";
                const std::string_view before_class = i > 0 ? d.labels[i - 1].word_class : "";
                const bool last = i + 1 == d.labels.size();
                const std::string after = last ? "" : word_at(d, d.labels[i + 1]);
                const std::string_view after_class = last ? "" : d.labels[i + 1].word_class;
                const bool a = contains(two.preceded_by, before) ||
                               contains(two.preceded_by_class, before_class) ||
                               contains(two.followed_by, after) ||
                               contains(two.followed_by_class, after_class);
                ASSERT_EQ(d.labels[i].word_class, a ? two.class_a : two.class_b)
                    << before << " " << word << " " << after;
                ++(a ? counts[word].first : counts[word].second);
            }
        }
    }
    EXPECT_GE(SyntheticCorpus::two_meaning_words().size(), 6u);
    for (const auto& two : SyntheticCorpus::two_meaning_words()) {
        EXPECT_NE(two.class_a, two.class_b);
        EXPECT_GE(counts[two.word].first, 20) << two.word << " as " << two.class_a;
        EXPECT_GE(counts[two.word].second, 20) << two.word << " as " << two.class_b;
    }
}

// Fails if another word had two classes: the truth would hide it.
TEST(Synthetic, NoOtherWordHasTwoClasses) {
    std::set<std::string> expected, found;
    for (const auto& two : SyntheticCorpus::two_meaning_words()) expected.insert(two.word);
    const auto truth = nlohmann::json::parse(corpus().truth_json());
    for (const auto& entry : truth["words"])
        if (entry["classes"].size() > 1) found.insert(entry["word"]);
    EXPECT_EQ(found, expected);
}

// Fails if there were nothing to learn beyond single words: subject and verb must agree in number.
TEST(Synthetic, DeterminersAndVerbsAgree) {
    std::unordered_map<std::string, std::string> lemma;
    const auto truth = nlohmann::json::parse(corpus().truth_json());
    for (const auto& entry : truth["words"])
        if (entry.contains("lemma")) lemma[entry["word"]] = entry["lemma"];
    int checked = 0;
    for (const auto& d : documents()) {
        for (size_t i = 1; i < d.labels.size(); ++i) {
            if (d.labels[i].word_class != "noun") continue;
            const std::string word = word_at(d, d.labels[i]), before = word_at(d, d.labels[i - 1]);
            if (before == "every" || before == "a" || before == "this") {
                ASSERT_EQ(lemma[word], word) << before << " " << word;
                ++checked;
            } else if (before == "many" || before == "these" || before == "seven") {
                ASSERT_NE(lemma[word], word) << before << " " << word;
                ++checked;
            }
        }
    }
    EXPECT_GT(checked, 10'000);
}

// Fails if topics did not persist: within a paragraph, words of one topic must be far more frequent
// than by chance.
TEST(Synthetic, TopicsPersistInAParagraph) {
    std::unordered_map<std::string, int> topic;
    const auto truth = nlohmann::json::parse(corpus().truth_json());
    for (const auto& entry : truth["words"])
        if (entry.contains("topic") && entry["topic"] >= 0) topic[entry["word"]] = entry["topic"];
    int64_t pairs = 0, equal = 0;
    for (const auto& d : documents()) {
        int last = -1;
        int64_t last_end = 0;
        for (const auto& label : d.labels) {
            const auto found = topic.find(word_at(d, label));
            if (found == topic.end()) continue;
            const bool same_line = d.text.find('\n', last_end) >= static_cast<size_t>(label.begin);
            if (last >= 0 && same_line) {
                ++pairs;
                equal += found->second == last;
            }
            last = found->second;
            last_end = label.end;
        }
    }
    EXPECT_GT(pairs, 50'000);
    EXPECT_EQ(equal, pairs);
}

TEST(Synthetic, NumbersAreCountedInOrder) {
    int counted = 0;
    const std::vector<std::string> numbers = {"one", "two",   "three", "four", "five",
                                              "six", "seven", "eight", "nine", "ten"};
    for (const auto& d : documents()) {
        for (size_t i = 0; i + 1 < d.labels.size(); ++i) {
            const auto& a = d.labels[i];
            const auto& b = d.labels[i + 1];
            if (a.word_class != "cardinal" || b.word_class != "cardinal" || d.text[a.end] != ',')
                continue;
            const auto at = std::find(numbers.begin(), numbers.end(), word_at(d, a));
            if (at == numbers.end() || at + 1 == numbers.end()) continue;
            ASSERT_EQ(word_at(d, b), at[1]);
            ++counted;
        }
    }
    EXPECT_GT(counted, 1000);
}

TEST(Synthetic, OddOptionsAreTamed) {
    for (const SyntheticOptions& options :
         {SyntheticOptions{0, 0, -3}, SyntheticOptions{0.001, 1000, 2},
          SyntheticOptions{0.05, 1, 1}}) {
        EXPECT_GE(text_of(7, 20'000, options).size(), 20'000u);
    }
}

TEST(Synthetic, FilesAreWritten) {
    TempFolder folder;
    const auto files = value_of(write_synthetic(folder.path(), 5, 200'000, {}));
    const auto train = bytes_of(files.train), valid = bytes_of(files.valid);
    EXPECT_GE(train.size(), 200'000u);
    EXPECT_GE(valid.size(), 10'000u);
    EXPECT_EQ(train, text_of(5, 200'000));
    EXPECT_EQ(train.find(valid.substr(0, 200)), std::string::npos)
        << "validation text must not be trained on";
    EXPECT_EQ(bytes_of(files.truth), SyntheticCorpus(5).truth_json());
    size_t n = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder.path()))
        ++n;
    EXPECT_EQ(n, 3u);
    // A longer text begins with the shorter one, and validation stays the same but for its length.
    const auto longer = value_of(write_synthetic(folder.path(), 5, 400'000, {}));
    EXPECT_TRUE(bytes_of(longer.train).starts_with(train));
    EXPECT_TRUE(bytes_of(longer.valid).starts_with(valid));
    EXPECT_EQ(write_synthetic(folder / "none", 5, 1000, {}).error().kind, ErrorKind::failed);
    EXPECT_EQ(write_synthetic(folder.path(), 5, 0, {}).error().kind, ErrorKind::usage);
    Progress progress;
    progress.cancelled = [] { return true; };
    EXPECT_EQ(write_synthetic(folder.path(), 6, 1000, progress).error().kind,
              ErrorKind::interrupted);
    EXPECT_TRUE(bytes_of(longer.train).starts_with(train))
        << "a cancelled call leaves the old files";
}

TEST(Truth, LabelsTokensByTheirWords) {
    TempFolder folder;
    const auto truth = value_of(Truth::load(folder.write("truth.json", corpus().truth_json())));
    EXPECT_EQ(truth.class_of("Seven"), "cardinal");
    std::string text;
    for (int i = 0; i < 300; ++i) text += documents()[i].text;
    TokenizerSpec spec;
    spec.vocab_size = 500;
    const auto tokenizer = value_of(Tokenizer::from_bytes(value_of(train_on(text, spec)), "t"));
    const std::string prompt = "However, the watch\nwaited seventeen days.";
    const auto pieces = value_of(tokenizer.encode_prompt(prompt));
    std::vector<int32_t> ids;
    for (const auto& p : pieces) ids.push_back(p.id);
    const auto labels = truth.label_tokens(tokenizer, ids);
    ASSERT_EQ(labels.size(), ids.size());
    // Every token gets the class of the word in which it stands; joined again they read as the
    // sentence.
    std::string read;
    for (size_t i = 0; i < labels.size(); ++i) {
        const bool inside =
            i > 0 && !pieces[i].piece.starts_with("\xe2\x96\x81") && !labels[i].empty();
        if (!inside && !labels[i].empty()) read += labels[i] + " ";
        if (inside) {
            EXPECT_EQ(labels[i], labels[i - 1]);
        }
        if (pieces[i].piece == "." || pieces[i].piece == "," || pieces[i].piece == "<0x0A>") {
            EXPECT_EQ(labels[i], "");
        }
    }
    EXPECT_EQ(read, "discourse function noun|verb verb cardinal unit ");
    EXPECT_TRUE(truth.label_tokens(tokenizer, {}).empty());
    EXPECT_EQ(truth.label_tokens(tokenizer, {-5, 100'000}), (std::vector<std::string>{"", ""}));
}

// Fails if the rule that is read back decided otherwise than the text was written.
TEST(Truth, MeaningsAreThoseOfTheText) {
    const auto truth = value_of(Truth::parse(corpus().truth_json(), "truth"));
    ASSERT_EQ(truth.two_meanings().size(), SyntheticCorpus::two_meaning_words().size());
    int decided = 0, open = 0;
    for (const auto& d : documents())
        for (size_t i = 0; i < d.labels.size(); ++i)
            for (const auto& two : truth.two_meanings()) {
                if (two.word != word_at(d, d.labels[i])) continue;
                const auto before = i > 0 ? word_at(d, d.labels[i - 1]) : "";
                const auto after =
                    i + 1 < d.labels.size() ? word_at(d, d.labels[i + 1]) : std::string();
                const auto meaning = truth.meaning(two, before, after);
                if (meaning.empty()) {
                    ++open;
                    continue;
                }
                ASSERT_EQ(meaning, d.labels[i].word_class)
                    << before << " " << two.word << " " << after;
                ++decided;
            }
    EXPECT_GT(decided, 400);
    EXPECT_LT(open, decided / 10) << "neighbours with two classes themselves are rare";
    auto damaged = nlohmann::json::parse(corpus().truth_json());
    damaged["two_meanings"][0].erase("class_a_if");
    EXPECT_FALSE(Truth::parse(damaged.dump(), "truth").ok());
    // Nested without end: what copies it calls itself for each level.
    const std::string deep = std::string(300'000, '[') + std::string(300'000, ']');
    EXPECT_FALSE(Truth::parse("{\"format\": " + deep + ", \"words\": []}", "truth").ok());
}

TEST(Truth, DamagedFilesAreRefused) {
    TempFolder folder;
    for (const std::string& text : std::vector<std::string>{
             "", "[]", "{}", "null", "{\"format\": \"hopscope.truth/2\", \"words\": []}",
             "{\"format\": 3, \"words\": []}", "{\"format\": \"hopscope.truth/1\"}",
             "{\"format\": \"hopscope.truth/1\", \"words\": [1]}",
             "{\"format\": \"hopscope.truth/1\", \"words\": [{\"word\": 1, \"classes\": []}]}",
             "{\"format\": \"hopscope.truth/1\", \"words\": [{\"word\": \"a\", \"classes\": [2]}]}",
             std::string(200'000, '['), corpus().truth_json().substr(0, 5000)}) {
        const auto truth = Truth::load(folder.write("t.json", text));
        ASSERT_FALSE(truth.ok());
        EXPECT_EQ(truth.error().kind, ErrorKind::usage);
        EXPECT_NE(truth.error().message.find("t.json"), std::string::npos);
    }
    EXPECT_EQ(Truth::load(folder / "missing").error().kind, ErrorKind::usage);
    // Of a size that no truth has it is not even read; the file is a hole.
    const std::string vast = folder.write("vast.json", "");
    std::filesystem::resize_file(vast, (size_t{256} << 20) + 1);
    const auto truth = Truth::load(vast);
    ASSERT_FALSE(truth.ok());
    EXPECT_NE(truth.error().message.find("268435456"), std::string::npos) << truth.error().message;
    EXPECT_EQ(Truth::load(folder.path()).error().kind, ErrorKind::usage);
}

}  // namespace
}  // namespace hopscope::core
