// Words of two meanings as a document: does the routing of a word follow its meaning? (science.md
// B4)
#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <sstream>

#include "core/api/lab.h"
#include "core/lab/measured.h"
#include "core/measure/polysemy.h"
#include "core/probe/trace.h"
#include "core/text/random.h"

namespace hopscope::core::analysis {
namespace {

constexpr size_t kPerMeaning = 30;  ///< occurrences drawn of a meaning
constexpr size_t kLeast = 2;        ///< of each, else the word is left out
constexpr int64_t kNull = 2'000;
constexpr size_t kMaxPromptsBytes = size_t{16} << 20;

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
    auto pieces = prompt_pieces(run.config, run.tokenizer, text, false);
    if (!pieces) return pieces.error();
    std::vector<int32_t> ids;
    for (const auto& p : *pieces) ids.push_back(p.id);
    for (const auto& span : words_of(run.tokenizer, ids)) {
        if (span.word.empty() || span.word != word) continue;
        auto trace = trace_prompt(run.config, run.weights, run.tokenizer, {text, false, false, {}});
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
    return usage_error("the word \"" + j["word"].get<std::string>() + "\" is not in the text");
}

Result<std::vector<Word>> prompt_words(const OpenRun& run, const std::string& path,
                                       const Progress& progress) {
    auto file = lab::read_file(path, kMaxPromptsBytes);
    if (!file) return file.error();
    std::map<std::string, Word> words;
    std::istringstream lines(*file);
    std::string line;
    for (int64_t n = 1; std::getline(lines, line); ++n) {
        if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
        if (progress.cancelled()) return Error{ErrorKind::interrupted, "stopped on request"};
        progress.report("routing of prompt " + std::to_string(n), -1);
        if (auto s = read_prompt(run, line, words); !s)
            return usage_error(path + ":" + std::to_string(n) + ": " + s.error().message);
    }
    std::vector<Word> out;
    for (auto& [name, word] : words)
        if (pair_means(word.occurrences).different_pairs > 0) out.push_back(std::move(word));
    if (out.empty())
        return usage_error(path +
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

OrderedJson over_words(std::vector<double> values, uint64_t seed) {
    std::erase_if(values, [](double v) { return !std::isfinite(v); });  // no such pairs
    return mean_over(values, "words", seed);
}

/// Same, different and their difference over a set of words.
OrderedJson contrast_json(const std::vector<Word>& words, uint64_t seed) {
    std::vector<double> same, different, difference;
    std::vector<std::vector<Occurrence>> occurrences;
    for (const auto& word : words) {
        same.push_back(word.means.same);
        different.push_back(word.means.different);
        difference.push_back(word.means.difference());
        occurrences.push_back(word.occurrences);
    }
    const auto null = meaning_null(occurrences, {kNull, seed});
    OrderedJson out = {{"same", over_words(same, seed)},
                       {"different", over_words(different, seed)},
                       {"difference", over_words(difference, seed)}};
    out["difference"]["p"] = json_number(null.p_greater);
    out["difference"]["null95"] = json_interval(null.null95.low, null.null95.high);
    return out;
}

}  // namespace

Result<AnalysisOutput> polysemy(const AnalysisContext& context) {
    const auto& run = context.measured->run();
    if (run.config.moe.router == "hash")
        return usage_error("a hash router chooses by position or token id, never by context");
    auto sample = context.measured->sample(context.progress);
    if (!sample) return sample.error();
    auto text = context.measured->text(context);
    if (!text) return text.error();
    Random random(context.seed);
    std::vector<Word> words;
    if (!context.prompts.empty()) {
        auto read = prompt_words(run, context.prompts, context.progress);
        if (!read) return read.error();
        words = std::move(*read);
    } else if ((*text)->truth) {
        words = synthetic_words(**text, **sample, run.tokenizer.eos_id(), random);
        if (words.empty())
            return usage_error(
                "no word of two meanings occurs twice in each of them in these batches");
    } else {
        return usage_error(
            "words of two meanings are known of the run's own synthetic text alone; name some "
            "with --prompts FILE, JSON lines {\"text\", \"word\", \"meaning\"}");
    }
    auto controls = control_words(**text, **sample, words, random);
    for (auto* list : {&words, &controls})
        for (auto& word : *list) word.means = pair_means(word.occurrences);

    AnalysisOutput out;
    out.used_prompts = !context.prompts.empty();
    std::vector<Word> before, after;
    OrderedJson list = OrderedJson::array();
    AnalysisTable table{
        "",
        {"word", "kind", "occurrences", "same_pairs", "different_pairs", "same", "different"},
        {}};
    const auto add_row = [&](const Word& word, const char* kind) {
        const auto& means = word.means;
        table.rows.push_back({word.word, kind, std::to_string(word.occurrences.size()),
                              std::to_string(means.same_pairs),
                              std::to_string(means.different_pairs), csv_number(means.same),
                              csv_number(means.different)});
        list.push_back({{"word", word.word},
                        {"kind", kind},
                        {"occurrences", word.occurrences.size()},
                        {"same", json_number(means.same)},
                        {"different", json_number(means.different)}});
    };
    for (auto& word : words) {
        out.n += static_cast<int64_t>(word.occurrences.size());
        add_row(word, word.decided_before ? "decided before" : "decided after");
        (word.decided_before ? before : after).push_back(word);
    }
    for (const auto& word : controls) add_row(word, "control");

    // Per layer and hop, over the words that the context before decides.
    AnalysisTable slots{"hops", {"layer", "hop", "same", "different", "control"}, {}};
    OrderedJson layers = OrderedJson::array();
    const auto& main = before.empty() ? after : before;
    size_t slot = 0;
    for (size_t l = 0; l < (*sample)->layers.size(); ++l) {
        OrderedJson hops = OrderedJson::array();
        for (size_t h = 0; h < (*sample)->layers[l].hops.size(); ++h, ++slot) {
            std::vector<double> same, different, control;
            for (const auto& word : main) {
                same.push_back(word.means.same_by_slot[slot]);
                different.push_back(word.means.different_by_slot[slot]);
            }
            for (const auto& word : controls) control.push_back(word.means.same_by_slot[slot]);
            hops.push_back({{"same", over_words(same, context.seed)},
                            {"different", over_words(different, context.seed)},
                            {"control", over_words(control, context.seed)}});
            const auto& row = hops.back();
            std::vector<std::string> cells = {std::to_string(l), std::to_string(h)};
            for (const char* key : {"same", "different", "control"})
                cells.push_back(
                    row[key]["mean"].is_number() ? csv_number(row[key]["mean"].get<double>()) : "");
            slots.rows.push_back(std::move(cells));
        }
        layers.push_back(hops);
    }
    std::vector<double> control;
    for (const auto& word : controls) control.push_back(word.means.same);
    out.result = {{"meanings_from", context.prompts.empty()
                                        ? "rule of the synthetic text (data/truth.json)"
                                        : context.prompts}};
    if (!before.empty()) out.result["decided_before"] = contrast_json(before, context.seed);
    if (!after.empty()) out.result["decided_after"] = contrast_json(after, context.seed);
    out.result["control"] = over_words(control, context.seed);
    out.result["words"] = list;
    out.result["per_layer"] = layers;
    out.tables.push_back(std::move(table));
    out.tables.push_back(std::move(slots));
    return out;
}

}  // namespace hopscope::core::analysis
