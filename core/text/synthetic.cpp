#include "core/text/synthetic.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/text/grammar.h"
#include "core/text/lexicon.h"
#include "core/text/truth.h"
#include "core/text/words.h"

namespace hopscope::core {

using synthetic::Class;
using synthetic::kClasses;
using synthetic::name_of;
using Json = nlohmann::ordered_json;

namespace {

SyntheticOptions sane(SyntheticOptions options) {
    options.lexicon_scale = std::clamp(options.lexicon_scale, 0.01, 10.0);
    options.topics = std::clamp<int64_t>(options.topics, 1, 1000);
    options.topic_share = std::clamp(options.topic_share, 0.0, 1.0);
    return options;
}

std::vector<std::string> classes_of(uint32_t bits) {
    std::vector<std::string> names;
    for (size_t c = 0; c < kClasses; ++c)
        if (bits >> c & 1) names.emplace_back(name_of(static_cast<Class>(c)));
    return names;
}

}  // namespace

struct SyntheticCorpus::State {
    State(uint64_t seed_, const SyntheticOptions& options_)
        : seed(seed_),
          options(sane(options_)),
          lexicon(seed, options.lexicon_scale, static_cast<int>(options.topics)),
          grammar(lexicon, static_cast<int>(options.topics), options.topic_share) {}

    uint64_t seed;
    SyntheticOptions options;
    synthetic::Lexicon lexicon;
    synthetic::Grammar grammar;
};

SyntheticCorpus::SyntheticCorpus(uint64_t seed, SyntheticOptions options)
    : state_(std::make_unique<const State>(seed, options)) {}
SyntheticCorpus::SyntheticCorpus(SyntheticCorpus&&) noexcept = default;
SyntheticCorpus::~SyntheticCorpus() = default;

SyntheticDocument SyntheticCorpus::document(uint64_t index) const {
    return state_->grammar.write(Random(mix64(state_->seed, index)));
}

uint64_t SyntheticCorpus::generate(
    uint64_t first, int64_t bytes,
    const std::function<bool(const SyntheticDocument&)>& sink) const {
    for (int64_t written = 0; written < bytes; ++first) {
        const auto text = document(first);
        written += static_cast<int64_t>(text.text.size());
        if (!sink(text)) return first + 1;
    }
    return first;
}

std::string SyntheticCorpus::class_of(const std::string& word) const {
    const auto found = state_->lexicon.words().find(plain_word(word));
    if (found == state_->lexicon.words().end()) return {};
    std::string out;
    for (const auto& name : classes_of(found->second)) out += (out.empty() ? "" : "|") + name;
    return out;
}

std::vector<std::string> SyntheticCorpus::classes() {
    return classes_of((uint32_t{1} << kClasses) - 1);
}

const std::vector<TwoMeaningWord>& SyntheticCorpus::two_meaning_words() {
    static const std::vector<std::string> kSeasonBefore = {"in",    "during", "until",
                                                           "since", "before", "after"};
    static const std::vector<std::string> kFeeling = {"felt", "feel", "feels"};
    static const std::vector<std::string> kBeing = {"is", "was", "are", "were", "be", "very"};
    static const std::vector<TwoMeaningWord> kWords = {
        {"spring", "time", "noun", kSeasonBefore, {}, {}, {}},
        {"fall", "time", "verb", kSeasonBefore, {}, {}, {}},
        {"second", "ordinal", "time", {}, {}, {}, {"noun", "adjective"}},
        {"court", "place", "verb", {"the"}, {}, {}, {}},
        {"light", "adjective", "noun", kBeing, {}, {}, {"noun"}},
        {"kind", "noun", "adjective", {}, {}, {"of"}, {}},
        {"content", "emotion", "noun", kFeeling, {}, {}, {}},
        {"blue", "emotion", "adjective", kFeeling, {}, {}, {}},
        {"watch",
         "noun",
         "verb",
         {"the", "a", "this", "that", "every", "each", "his", "her", "their", "of"},
         {"adjective", "ordinal", "cardinal"},
         {},
         {}},
        {"watches",
         "noun",
         "verb",
         {"the", "these", "those", "some", "many", "his", "her", "their"},
         {"adjective", "cardinal"},
         {},
         {}},
    };
    return kWords;
}

namespace {

Json words_json(const synthetic::Lexicon& lexicon) {
    struct Extra {
        std::string lemma;
        int topic = -1;
        std::string kind;
    };
    std::unordered_map<std::string, Extra> extras;
    for (const auto& noun : lexicon.nouns)
        for (const auto* form : {&noun.singular, &noun.plural})
            extras[*form] = {noun.singular, noun.topic, std::string(name_of(noun.kind))};
    for (const auto& verb : lexicon.verbs)
        for (const auto* form : {&verb.base, &verb.third, &verb.past, &verb.ing})
            extras.try_emplace(*form,
                               Extra{verb.base, verb.topic, std::string(name_of(verb.subject))});
    for (const auto& adjective : lexicon.adjectives)
        extras.try_emplace(adjective.word, Extra{adjective.word, adjective.topic, ""});

    std::vector<std::pair<std::string, uint32_t>> words(lexicon.words().begin(),
                                                        lexicon.words().end());
    std::sort(words.begin(), words.end());
    Json out = Json::array();
    for (const auto& [word, bits] : words) {
        Json entry = {{"word", word}, {"classes", classes_of(bits)}};
        if (const auto found = extras.find(word); found != extras.end()) {
            entry["lemma"] = found->second.lemma;
            entry["topic"] = found->second.topic;
            if (!found->second.kind.empty()) entry["kind"] = found->second.kind;
        }
        out.push_back(std::move(entry));
    }
    return out;
}

Json grammar_json(const synthetic::GrammarConstants& g) {
    return {{"adjective", g.adjective},
            {"of_phrase", g.of_phrase},
            {"plural", g.plural},
            {"cardinal", g.cardinal},
            {"ordinal", g.ordinal},
            {"past", g.past},
            {"auxiliary", g.auxiliary},
            {"progressive", g.progressive},
            {"negation", g.negation},
            {"adverb", g.adverb},
            {"discourse", g.discourse},
            {"opening_time", g.opening_time},
            {"closing_time", g.closing_time},
            {"closing_place", g.closing_place},
            {"joined_clause", g.joined_clause},
            {"relative_clause", g.relative_clause},
            {"pronoun", g.pronoun},
            {"name", g.name},
            {"they", g.they},
            {"predicate", g.predicate},
            {"emotion", g.emotion},
            {"counting", g.counting},
            {"measure", g.measure},
            {"kind_of", g.kind_of},
            {"topic_stays", g.topic_stays}};
}

}  // namespace

std::string SyntheticCorpus::truth_json() const {
    Json two = Json::array();
    for (const auto& word : two_meaning_words()) {
        two.push_back({{"word", word.word},
                       {"class_a", word.class_a},
                       {"class_b", word.class_b},
                       {"class_a_if",
                        {{"preceded_by", word.preceded_by},
                         {"preceded_by_class", word.preceded_by_class},
                         {"followed_by", word.followed_by},
                         {"followed_by_class", word.followed_by_class}}}});
    }
    const Json out = {{"format", "hopscope.truth/1"},
                      {"seed", state_->seed},
                      {"options",
                       {{"lexicon_scale", state_->options.lexicon_scale},
                        {"topics", state_->options.topics},
                        {"topic_share", state_->options.topic_share}}},
                      {"separator", "<|endoftext|>"},
                      {"classes", classes()},
                      {"two_meanings", std::move(two)},
                      {"grammar", grammar_json(state_->grammar.constants())},
                      {"words", words_json(state_->lexicon)}};
    return out.dump() + "\n";
}

}  // namespace hopscope::core
