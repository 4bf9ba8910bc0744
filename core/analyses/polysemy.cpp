// Analysis `polysemy`: does the routing of a word follow its meaning [def:polysemy]?
#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <sstream>

#include "core/analyses/meaning_pairs.h"
#include "core/analyses/measured.h"
#include "core/base/files.h"
#include "core/base/random.h"
#include "core/base/utf8.h"
#include "core/probe/trace.h"

namespace hopscope::core::analysis {
namespace {

constexpr size_t kPerMeaning = 30;  ///< occurrences drawn of a meaning
constexpr size_t kLeast = 2;        ///< of each, else the word is left out
constexpr int64_t kMeaningDeals = 2'000;
constexpr size_t kMostPromptBytes = size_t{16} << 20;

struct Word {
    std::string word;
    bool decided_before = true;  ///< by what a causal model has read at the word
    std::vector<Occurrence> occurrences;
    PairMeans means = {};  ///< of the occurrences
};

/// Expert sets of one token of the sampled batches, slot by slot.
std::vector<std::vector<int32_t>> sets_of(const RoutingSample& sample, size_t token) {
    std::vector<std::vector<int32_t>> out;
    const auto k = static_cast<std::ptrdiff_t>(sample.top_k);
    for (const auto& layer : sample.layers)
        for (const auto& hop : layer.hops) {
            const auto at = hop.experts.begin() + static_cast<std::ptrdiff_t>(token) * k;
            out.emplace_back(at, at + k);
        }
    return out;
}

/// Tokens of each meaning of a word, from the rule of the synthetic text.
std::map<std::string, std::vector<size_t>> tokens_by_meaning(const TokenText& text,
                                                             const TwoMeaningWord& two,
                                                             int32_t eos) {
    std::map<std::string, std::vector<size_t>> out;
    const WordSpan* before = nullptr;
    for (size_t i = 0; i < text.words.size(); ++i) {
        const WordSpan& word = text.words[i];
        if (word.word.empty()) continue;
        if (word.word == two.word) {
            size_t next = i + 1;
            while (next < text.words.size() && text.words[next].word.empty()) ++next;
            // The word after the last one of the batches was not read.
            if (next < text.words.size()) {
                const auto same_document = [&](const WordSpan& a, const WordSpan& b) {
                    return !text.parted(a, b, eos);
                };
                const auto left = before && same_document(*before, word) ? before->word : "";
                const auto& after = text.words[next];
                const auto right = same_document(word, after) ? after.word : "";
                const auto meaning = text.truth->meaning(two, left, right);
                if (!meaning.empty()) out[meaning].push_back(word.last);
            }
        }
        before = &word;
    }
    return out;
}

std::vector<Word> synthetic_words(const TokenText& text, const RoutingSample& sample, int32_t eos,
                                  Random& random) {
    std::vector<Word> out;
    for (const auto& two : text.truth->two_meanings()) {
        auto tokens = tokens_by_meaning(text, two, eos);
        if (tokens.size() < 2 || std::any_of(tokens.begin(), tokens.end(), [](const auto& entry) {
                return entry.second.size() < kLeast;
            }))
            continue;
        Word word{two.word, two.followed_by.empty() && two.followed_by_class.empty(), {}, {}};
        for (auto& [meaning, at] : tokens) {
            random.shuffle(at);
            at.resize(std::min(at.size(), kPerMeaning));
            for (const size_t token : at)
                word.occurrences.push_back({meaning, sets_of(sample, token)});
        }
        out.push_back(std::move(word));
    }
    return out;
}

/// One line of a prompt file.
Status read_prompt(const OpenRun& run, const std::string& line,
                   std::map<std::string, Word>& words) {
    const auto parsed = parse_object(line, "a prompt of polysemy");
    if (!parsed) return parsed.error();
    const Json& j = *parsed;
    constexpr const char* kFormat =
        "a line for polysemy is {\"text\", \"word\", \"meaning\"}, all of them text";
    if (j.contains("text") && !j.contains("word") && !j.contains("meaning"))
        return usage_error(std::string("found a line as `intervene` reads it, {\"text\", "
                                       "\"target\"?, \"categories\"?}, which names no word and no "
                                       "meaning; ") +
                           kFormat);
    for (const char* key : {"text", "word", "meaning"})
        if (!j.contains(key) || !j[key].is_string()) return usage_error(kFormat);
    for (const auto& [key, value] : j.items())
        if (key != "text" && key != "word" && key != "meaning")
            return usage_error("unknown key \"" + key + "\"; allowed: text, word, meaning");
    const auto text = j["text"].get<std::string>(), word = plain_word(j["word"].get<std::string>());
    auto pieces = prompt_pieces(run.model.config, run.tokenizer, text, false);
    if (!pieces) return pieces.error();
    std::vector<int32_t> ids;
    for (const auto& p : *pieces) ids.push_back(p.id);
    for (const auto& span : words_of(run.tokenizer, ids)) {
        if (span.word.empty() || span.word != word) continue;
        auto trace = trace_prompt(run.model, run.tokenizer, {text, false, false, {}});
        if (!trace) return trace.error();
        Occurrence o{j["meaning"].get<std::string>(), {}};
        for (const auto& layer : trace->layers)
            for (const auto& hop : layer.hops) {
                const auto at =
                    hop.experts.begin() + static_cast<std::ptrdiff_t>(span.last) * hop.top_k;
                o.sets.emplace_back(at, at + hop.top_k);
            }
        auto& to = words[word];
        to.word = word;
        to.occurrences.push_back(std::move(o));
        return {};
    }
    return usage_error("the word " + in_quotes(j["word"].get<std::string>()) +
                       " is not in the text");
}

Result<std::vector<Word>> prompt_words(const OpenRun& run, const std::string& path,
                                       const Progress& progress) {
    auto file = read_text(path, kMostPromptBytes);
    if (!file) return file.error();
    std::map<std::string, Word> words;
    std::istringstream lines(*file);
    std::string line;
    for (int64_t n = 1; std::getline(lines, line); ++n) {
        if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
        if (progress.cancelled()) return stopped_on_request();
        progress.report("routing of prompt " + std::to_string(n), -1);
        if (auto s = read_prompt(run, line, words); !s)
            return usage_error(shown_path(path) + ":" + std::to_string(n) + ": " +
                               s.error().message);
    }
    std::vector<Word> out;
    for (auto& [name, word] : words)
        if (pair_means(word.occurrences).different_pairs > 0) out.push_back(std::move(word));
    if (out.empty())
        return usage_error(shown_path(path) +
                           ": no word has two meanings; give at least two lines with the "
                           "same word and another meaning");
    return out;
}

/// Words of one meaning (as far as is known), nearest in frequency to each of `words`.
std::vector<Word> control_words(const TokenText& text, const RoutingSample& sample,
                                const std::vector<Word>& words, Random& random) {
    std::map<std::string, std::vector<size_t>> tokens;
    for (const auto& word : text.words)
        if (!word.word.empty()) tokens[word.word].push_back(word.last);
    std::set<std::string> used;
    for (const auto& word : words) used.insert(word.word);
    std::vector<Word> out;
    for (const auto& word : words) {
        const auto own = tokens.find(word.word);
        const auto wanted = own == tokens.end() ? word.occurrences.size() : own->second.size();
        const std::pair<const std::string, std::vector<size_t>>* best = nullptr;
        const auto distance = [&](size_t n) { return n > wanted ? n - wanted : wanted - n; };
        for (const auto& entry : tokens) {
            if (entry.second.size() < kLeast || used.count(entry.first)) continue;
            if (text.truth) {
                const auto kind = text.truth->class_of(entry.first);
                if (kind.empty() || kind.find('|') != std::string::npos) continue;
            }
            if (!best || distance(entry.second.size()) < distance(best->second.size()))
                best = &entry;
        }
        if (!best) continue;
        used.insert(best->first);
        Word control{best->first, true, {}, {}};
        auto at = best->second;
        random.shuffle(at);
        at.resize(std::min(at.size(), 2 * kPerMeaning));
        for (const size_t token : at) control.occurrences.push_back({"", sets_of(sample, token)});
        out.push_back(std::move(control));
    }
    return out;
}

Estimate over_words(std::vector<double> values, uint64_t seed) {
    std::erase_if(values, [](double v) { return !std::isfinite(v); });  // no such pairs
    return mean_over(values, "words", seed);
}

/// One number of each word.
template <class F>
std::vector<double> of_words(const std::vector<Word>& words, F number) {
    std::vector<double> out;
    for (const auto& word : words) out.push_back(number(word));
    return out;
}

/// Same, different and their difference over a set of words.
Fields contrast_fields(const std::vector<Word>& words, uint64_t seed) {
    std::vector<std::vector<Occurrence>> occurrences;
    for (const auto& word : words) occurrences.push_back(word.occurrences);
    const auto null = meaning_null(occurrences, {kMeaningDeals, seed});
    const auto mean = [&](auto number) { return over_words(of_words(words, number), seed); };
    Fields out;
    out.estimate("same", mean([](const Word& w) { return w.means.same; }))
        .estimate("different", mean([](const Word& w) { return w.means.different; }))
        .estimate("difference", mean([](const Word& w) { return w.means.difference(); }))
        .number("p", null.p_greater)
        .range("null95", null.null95.low, null.null95.high);
    return out;
}

Fields word_fields(const Word& word, const char* kind) {
    const auto& means = word.means;
    Fields out;
    out.text("word", word.word)
        .text("kind", kind)
        .count("occurrences", static_cast<int64_t>(word.occurrences.size()))
        .place("same_pairs", means.same_pairs)
        .place("different_pairs", means.different_pairs)
        .number("same", means.same)
        .number("different", means.different);
    return out;
}

/// Every layer and hop, over the same words and controls.
void add_hops(AnalysisOutput& out, const RoutingSample& sample, const std::vector<Word>& words,
              const std::vector<Word>& controls, uint64_t seed) {
    OrderedJson layers = OrderedJson::array();
    size_t slot = 0;
    for (size_t l = 0; l < sample.layers.size(); ++l) {
        layers.push_back(OrderedJson::array());
        for (size_t h = 0; h < sample.layers[l].hops.size(); ++h, ++slot) {
            const auto mean = [&](const std::vector<Word>& of,
                                  std::vector<double> PairMeans::*slots) {
                return over_words(
                    of_words(of, [&](const Word& w) { return (w.means.*slots)[slot]; }), seed);
            };
            Fields hop;
            hop.place("layer", static_cast<int64_t>(l))
                .place("hop", static_cast<int64_t>(h))
                .estimate("same", mean(words, &PairMeans::same_by_slot))
                .estimate("different", mean(words, &PairMeans::different_by_slot))
                .estimate("control", mean(controls, &PairMeans::same_by_slot));
            layers.back().push_back(hop.json());
            out.table("hops").add(hop);
        }
    }
    out.result.json("per_layer", layers);
}

/// Words of two meanings of the synthetic text.
Result<std::vector<Word>> words_of_two_meanings(const AnalysisContext& context,
                                                const TokenText& text, const RoutingSample& sample,
                                                Random& random) {
    if (!text.truth)
        return usage_error(
            "words of two meanings are known of the run's own synthetic text alone; name some "
            "in a file of JSON lines {\"text\", \"word\", \"meaning\"}");
    auto words = synthetic_words(text, sample, context.measured->run().tokenizer.eos_id(), random);
    if (words.empty())
        return usage_error("no word of two meanings occurs twice in each of them in these batches");
    return words;
}

Result<AnalysisOutput> polysemy(const AnalysisContext& context) {
    Random random(context.seed);
    // What is wrong with a file is said before the long pass.
    const bool asked = !context.prompts.empty();
    auto words = asked ? prompt_words(context.measured->run(), context.prompts, context.progress)
                       : std::vector<Word>();
    if (!words) return words.error();
    auto sample = context.measured->sample(context.progress);
    if (!sample) return sample.error();
    auto text = context.measured->text(context);
    if (!text) return text.error();
    if (!asked) words = words_of_two_meanings(context, **text, **sample, random);
    if (!words) return words.error();
    auto controls = control_words(**text, **sample, *words, random);
    for (auto* list : {&*words, &controls})
        for (auto& word : *list) word.means = pair_means(word.occurrences);

    AnalysisOutput out;
    out.used_prompts = asked;
    out.result.text("meanings_from",
                    asked ? context.prompts : "rule of the synthetic text (data/truth.json)");
    std::vector<Word> before, after;
    const auto add_word = [&](const Word& word, const char* kind) {
        const Fields row = word_fields(word, kind);
        out.result.add("words", row);
        out.table().add(row);
    };
    for (const auto& word : *words) {
        out.n += static_cast<int64_t>(word.occurrences.size());
        add_word(word, word.decided_before ? "decided before" : "decided after");
        (word.decided_before ? before : after).push_back(word);
    }
    for (const auto& word : controls) add_word(word, "control");
    if (!before.empty()) out.result.object("decided_before", contrast_fields(before, context.seed));
    if (!after.empty()) out.result.object("decided_after", contrast_fields(after, context.seed));
    out.result.estimate(
        "control",
        over_words(of_words(controls, [](const Word& w) { return w.means.same; }), context.seed));
    // By layer and hop, over the words that the context before decides.
    add_hops(out, **sample, before.empty() ? after : before, controls, context.seed);
    return out;
}

}  // namespace

extern const Analysis kPolysemy{
    "polysemy",
    {Need::model, Need::choice_by_context},
    "|A ∩ B| / |A ∪ B| of the expert sets of one hop for two occurrences of a word, at its last "
    "token, mean over hops and layers; same, different: pairs of one or of two meanings; mean over "
    "words with the 95 % bootstrap interval over words. p: meanings dealt out anew within each "
    "word, 2,000 times, difference = same - different at least as large. decided_after: words "
    "whose meaning follows from later words, which the model cannot know. control: pairs of a word "
    "of one meaning, nearest in frequency. Pairs of one meaning also share neighbours. Words of a "
    "text of one's own: a file of JSON lines {text, word, meaning}. n: occurrences.",
    polysemy};

}  // namespace hopscope::core::analysis
