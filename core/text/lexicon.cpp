#include "core/text/lexicon.h"

#include <algorithm>
#include <cctype>

namespace hopscope::core::synthetic {

namespace {

// Sounds of which the invented words are built. Combinations that would often give existing rude
// words are left out.
constexpr std::string_view kOnsets[] = {"b", "d", "g", "h", "j", "l", "m",
                                        "p", "r", "s", "t", "v", "w"};
constexpr std::string_view kClusters[] = {"br", "dr", "fl", "fr", "gl", "gr", "pl",
                                          "pr", "sp", "st", "sw", "th", "tr"};
constexpr std::string_view kNuclei[] = {"a", "e", "i", "o", "u", "ai", "ea", "oa", "ee", "ou"};
constexpr std::string_view kInner[] = {"l", "m", "n", "r"};
constexpr std::string_view kCodas[] = {"l",  "m",  "n",  "r",  "l",  "m",  "n",  "r",
                                       "nd", "nt", "rn", "lm", "ld", "sk", "th", "v"};

constexpr int64_t kShortWords = 150;     ///< ranks below get one syllable
constexpr uint64_t kMiddleWords = 3000;  ///< ranks well below keep to two

template <size_t N>
std::string_view pick(Random& random, const std::string_view (&list)[N]) {
    return list[random.below(N)];
}

/// Short vowels are as likely as all others together.
std::string_view nucleus(Random& random) {
    return kNuclei[random.below(random.chance(0.8) ? 5 : std::size(kNuclei))];
}

std::string lower(std::string word) {
    for (char& c : word) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return word;
}

std::string capital(std::string word) {
    word[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(word[0])));
    return word;
}

Noun make_noun(const std::string& stem) {
    return {stem, stem + "s", Kind::thing, -1};
}

Verb make_verb(const std::string& stem) {
    return {stem, stem + "s", stem + "ed", stem + "ing", Kind::agent, Kind::thing, true, -1};
}

/// Where the words of two meanings stand among those of their class.
constexpr int64_t kTwoMeaningRank = 6;
/// Zipf–Mandelbrot offsets: without them one word would be a fifth of all its class in a topic.
constexpr int64_t kNounOffset = 12, kVerbOffset = 8, kAdjectiveOffset = 8, kNameOffset = 4;

}  // namespace

void Table::add(uint32_t item, int64_t rank, int64_t offset) {
    const uint64_t weight = (uint64_t{1} << 40) / static_cast<uint64_t>(rank + offset);
    items_.push_back(item);
    cumulative_.push_back((cumulative_.empty() ? 0 : cumulative_.back()) + weight);
}

uint32_t Table::draw(Random& random) const {
    const uint64_t at = random.below(cumulative_.back());
    const auto it = std::upper_bound(cumulative_.begin(), cumulative_.end(), at);
    return items_[static_cast<size_t>(it - cumulative_.begin())];
}

Lexicon::Lexicon(uint64_t seed, double scale, int topics) : topics_(topics) {
    const auto scaled = [&](double n) {
        return std::max<int64_t>(40, static_cast<int64_t>(n * scale));
    };
    add_closed();
    add_two_meanings();
    Random random(mix64(seed, 0x1e81c0));
    invent_nouns(random, scaled(5600));
    invent_verbs(random, scaled(1600));
    invent_adjectives(random, scaled(2600));
    invent_names(random, scaled(1500));
    invent_towns(random, scaled(900));
    invent_adverbs(random, scaled(800));
    build_tables();
}

void Lexicon::note(const std::string& word, Class c) {
    words_[lower(word)] |= uint32_t{1} << static_cast<int>(c);
}

void Lexicon::add_closed() {
    for (size_t c = 0; c < kClasses; ++c)
        for (const auto& word : closed_words(static_cast<Class>(c)))
            note(word, static_cast<Class>(c));
}

/// The open-class sides of the words of two meanings (synthetic.cpp lists both).
void Lexicon::add_two_meanings() {
    for (const char* stem : {"spring", "light", "watch", "content"}) {
        Noun noun = make_noun(stem);
        if (noun.singular == "watch") noun.plural = "watches";
        nouns.push_back(noun);
    }
    nouns.push_back({"kind", "kinds", Kind::idea, -1});
    Verb watch = make_verb("watch"), fall = make_verb("fall"), court = make_verb("court");
    watch.third = "watches";
    fall.past = "fell";
    fall.transitive = false;
    fall.subject = Kind::thing;
    court.object = Kind::agent;
    Verb wait = make_verb("wait");
    wait.transitive = false;
    verbs = {watch, fall, court, wait, make_verb("count")};
    adjectives = {{"light", -1}, {"kind", -1}, {"blue", -1}};
    for (const auto& noun : nouns) {
        note(noun.singular, Class::noun);
        note(noun.plural, Class::noun);
    }
    for (const auto& verb : verbs)
        for (const auto* form : {&verb.base, &verb.third, &verb.past, &verb.ing})
            note(*form, Class::verb);
    for (const auto& adjective : adjectives) note(adjective.word, Class::adjective);
}

/// A stem such that stem + ending is new for every ending; rare words are longer, as in natural
/// languages.
std::string Lexicon::invent(Random& random, int64_t rank,
                            const std::vector<std::string_view>& endings) {
    for (int tries = 0;; ++tries) {
        uint64_t syllables = rank < kShortWords ? 1 : 2;
        if (random.below(static_cast<uint64_t>(rank) + kMiddleWords) > kMiddleWords) ++syllables;
        syllables += static_cast<uint64_t>(tries) / 20;  // short words run out
        std::string stem;
        for (uint64_t s = 0; s < syllables; ++s) {
            if (s > 0 && random.chance(0.25)) stem += pick(random, kInner);
            stem += random.chance(s == 0 ? 0.25 : 0.05) ? pick(random, kClusters)
                                                        : pick(random, kOnsets);
            stem += nucleus(random);
        }
        stem += pick(random, kCodas);
        const bool all_new =
            std::all_of(endings.begin(), endings.end(),
                        [&](std::string_view ending) { return free(stem + std::string(ending)); });
        if (all_new) return stem;
    }
}

int Lexicon::draw_topic(Random& random) const {
    return random.chance(0.25) ? -1
                               : static_cast<int>(random.below(static_cast<uint64_t>(topics_)));
}

void Lexicon::invent_nouns(Random& random, int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
        Noun noun = make_noun(invent(random, i, {"", "s"}));
        const bool first = i < static_cast<int64_t>(kKinds);  // so that no common table is empty
        noun.kind = static_cast<Kind>(first ? static_cast<uint64_t>(i) : random.below(kKinds));
        noun.topic = first ? -1 : draw_topic(random);
        note(noun.singular, Class::noun);
        note(noun.plural, Class::noun);
        nouns.push_back(std::move(noun));
    }
}

void Lexicon::invent_verbs(Random& random, int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
        Verb verb = make_verb(invent(random, i, {"", "s", "ed", "ing"}));
        const bool first = i < static_cast<int64_t>(kKinds);
        verb.subject = static_cast<Kind>(first ? static_cast<uint64_t>(i) : random.below(kKinds));
        verb.object = static_cast<Kind>(random.below(kKinds));
        verb.transitive = random.chance(0.7);
        verb.topic = first ? -1 : draw_topic(random);
        for (const auto* form : {&verb.base, &verb.third, &verb.past, &verb.ing})
            note(*form, Class::verb);
        verbs.push_back(std::move(verb));
    }
}

void Lexicon::invent_adjectives(Random& random, int64_t count) {
    static const std::vector<std::string_view> kEndings = {"y", "ish", "al", "en", "ous", "ic"};
    for (int64_t i = 0; i < count; ++i) {
        const auto ending = kEndings[random.below(kEndings.size())];
        Adjective adjective{invent(random, i, {ending}) + std::string(ending), draw_topic(random)};
        note(adjective.word, Class::adjective);
        adjectives.push_back(std::move(adjective));
    }
}

void Lexicon::invent_names(Random& random, int64_t count) {
    static const std::vector<std::string_view> kFemale = {"a", "ia", "elle"},
                                               kMale = {"o", "us", "on"};
    for (int64_t i = 0; i < count; ++i) {
        const bool female = random.chance(0.5);
        const auto& endings = female ? kFemale : kMale;
        const auto ending = endings[random.below(endings.size())];
        Name name{capital(invent(random, i, {ending}) + std::string(ending)), female};
        note(name.word, Class::name);
        names.push_back(std::move(name));
    }
}

void Lexicon::invent_towns(Random& random, int64_t count) {
    static const std::vector<std::string_view> kEndings = {"ton", "ford", "dale", "burg", "mere"};
    for (int64_t i = 0; i < count; ++i) {
        const auto ending = kEndings[random.below(kEndings.size())];
        towns.push_back(capital(invent(random, i / 4, {ending}) + std::string(ending)));
        note(towns.back(), Class::place);
    }
}

void Lexicon::invent_adverbs(Random& random, int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
        adverbs.push_back(invent(random, i, {"ly"}) + "ly");
        note(adverbs.back(), Class::adverb);
    }
}

void Lexicon::build_tables() {
    const auto slots = static_cast<size_t>(topics_) + 1;
    for (auto& tables : noun_tables_) tables.resize(slots);
    for (auto& tables : verb_tables_) tables.resize(slots);
    adjective_tables_.resize(slots);
    const auto slot = [&](int topic) { return topic < 0 ? slots - 1 : static_cast<size_t>(topic); };
    // The words of two meanings come first in their lists and share one rank, so that all of them
    // are seen often.
    const auto rank = [](size_t i, size_t special) {
        return i < special ? kTwoMeaningRank : static_cast<int64_t>(i - special) + 1;
    };
    for (size_t i = 0; i < nouns.size(); ++i) {
        auto& tables = noun_tables_[static_cast<size_t>(nouns[i].kind)];
        tables[slot(nouns[i].topic)].add(static_cast<uint32_t>(i), rank(i, 5), kNounOffset);
    }
    for (size_t i = 0; i < verbs.size(); ++i) {
        auto& tables = verb_tables_[static_cast<size_t>(verbs[i].subject)];
        tables[slot(verbs[i].topic)].add(static_cast<uint32_t>(i), rank(i, 5), kVerbOffset);
    }
    for (size_t i = 0; i < adjectives.size(); ++i) {
        adjective_tables_[slot(adjectives[i].topic)].add(static_cast<uint32_t>(i), rank(i, 3),
                                                         kAdjectiveOffset);
    }
    for (size_t i = 0; i < adverbs.size(); ++i) {
        adverb_table_.add(static_cast<uint32_t>(i), static_cast<int64_t>(i), kVerbOffset);
    }
    for (size_t i = 0; i < names.size(); ++i) {
        name_table_.add(static_cast<uint32_t>(i), static_cast<int64_t>(i), kNameOffset);
    }
    for (size_t i = 0; i < towns.size(); ++i) {
        town_table_.add(static_cast<uint32_t>(i), static_cast<int64_t>(i), kNameOffset);
    }
}

uint32_t Lexicon::draw(Random& random, const TopicTables& tables, int topic,
                       double topic_share) const {
    const Table& own = tables[static_cast<size_t>(topic)];
    const Table& common = tables.back();
    const bool from_topic = random.chance(topic_share);
    return from_topic && !own.empty() ? own.draw(random) : common.draw(random);
}

const Noun& Lexicon::noun(Random& random, Kind kind, int topic, double topic_share) const {
    return nouns[draw(random, noun_tables_[static_cast<size_t>(kind)], topic, topic_share)];
}

const Verb& Lexicon::verb(Random& random, Kind subject, int topic, double topic_share) const {
    return verbs[draw(random, verb_tables_[static_cast<size_t>(subject)], topic, topic_share)];
}

const Adjective& Lexicon::adjective(Random& random, int topic, double topic_share) const {
    return adjectives[draw(random, adjective_tables_, topic, topic_share)];
}

}  // namespace hopscope::core::synthetic
