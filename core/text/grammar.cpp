#include "core/text/grammar.h"

#include <cctype>

#include "core/text/tokenizer.h"

namespace hopscope::core::synthetic {

namespace {

using Choices = std::vector<std::string_view>;

const Choices kSingularDeterminers = {"the", "the", "the",  "the",  "the",   "a",
                                      "a",   "a",   "this", "that", "every", "each"};
const Choices kPluralDeterminers = {"the", "the", "the", "these", "those", "some", "many"};
const Choices kPresentAuxiliaries = {"can", "must"};
const Choices kPlacePrepositions = {"in", "in", "near", "at", "from", "to", "behind", "beyond"};
const Choices kThingPrepositions = {"with", "on", "under", "over", "by", "about", "with"};
const Choices kSeasonPrepositions = {"in", "in", "during", "until", "since", "before", "after"};
const Choices kJoins = {"and", "and", "but", "while", "because", "when"};

}  // namespace

Grammar::List Grammar::list(const std::vector<std::string>& words, int64_t offset) {
    List out{&words, {}};
    for (size_t i = 0; i < words.size(); ++i) {
        out.table.add(static_cast<uint32_t>(i), static_cast<int64_t>(i), offset);
    }
    return out;
}

Grammar::Grammar(const Lexicon& lexicon, int topics, double topic_share)
    : lexicon_(lexicon),
      topics_(topics),
      topic_share_(topic_share),
      cardinals_(list(closed_words(Class::cardinal), 2)),
      ordinals_(list(closed_words(Class::ordinal), 1)),
      discourse_(list(closed_words(Class::discourse), 2)),
      emotions_(list(closed_words(Class::emotion), 3)),
      units_(list(closed_words(Class::unit), 3)),
      places_(list(closed_words(Class::place), 4)),
      seasons_(list(seasons(), 6)),
      weekdays_(list(weekdays(), 4)),
      months_(list(months(), 4)),
      hours_(list(hours(), 2)),
      day_parts_(list(day_parts(), 2)) {}

/// Writes one document: keeps the topic, the character and the setting that its paragraphs share.
class Author {
  public:
    Author(const Grammar& grammar, Random random)
        : g_(grammar), lexicon_(grammar.lexicon_), c_(grammar.constants_), random_(random) {}

    SyntheticDocument write() {
        topic_ = static_cast<int>(random_.below(static_cast<uint64_t>(g_.topics_)));
        past_tense_ = random_.chance(c_.past);
        town_ = &lexicon_.town(random_);
        const uint64_t paragraphs = 2 + random_.below(5);
        for (uint64_t p = 0; p < paragraphs; ++p) {
            if (!random_.chance(c_.topic_stays)) {
                topic_ = static_cast<int>(random_.below(static_cast<uint64_t>(g_.topics_)));
            }
            if (p == 0 || random_.chance(0.3)) hero_ = &lexicon_.name(random_);
            hero_named_ = false;
            const uint64_t sentences = 3 + random_.below(5);
            for (uint64_t s = 0; s < sentences; ++s) sentence();
            out_.text += '\n';
            line_begins_ = true;
        }
        out_.text += kDefaultSeparator;
        out_.text += '\n';
        return std::move(out_);
    }

  private:
    enum class Tense { past, present, future };
    struct Subject {
        bool plural = false;
        Kind kind = Kind::agent;
    };

    bool chance(double p) { return random_.chance(p); }
    template <class List>
    const auto& any(const List& list) {
        return list[random_.below(list.size())];
    }

    void word(std::string_view text, Class word_class) {
        if (!line_begins_) out_.text += ' ';
        const auto begin = static_cast<int64_t>(out_.text.size());
        out_.text += text;
        if (sentence_begins_) {
            char& first = out_.text[static_cast<size_t>(begin)];
            first = static_cast<char>(std::toupper(static_cast<unsigned char>(first)));
        }
        line_begins_ = sentence_begins_ = false;
        out_.labels.push_back({begin, static_cast<int64_t>(out_.text.size()), name_of(word_class)});
    }
    void function(std::string_view text) { word(text, Class::function); }
    void mark(char c) { out_.text += c; }

    void sentence() {
        sentence_begins_ = true;
        if (chance(c_.discourse)) {
            word(g_.discourse_.draw(random_), Class::discourse);
            mark(',');
        }
        Tense tense = past_tense_ ? Tense::past : Tense::present;
        if (chance(c_.opening_time)) {
            tense = time_phrase(tense);
            mark(',');
        }
        clause(tense);
        if (chance(c_.closing_place)) place_phrase();
        if (chance(c_.closing_time)) closing_time();
        if (chance(c_.joined_clause)) {
            const auto join = any(kJoins);
            if (join == "and" || join == "but") mark(',');
            function(join);
            clause(tense);
        }
        mark('.');
    }

    void clause(Tense tense) {
        const double roll = random_.unit();
        double limit = c_.counting;
        if (roll < limit) return counting(tense);
        if (roll < (limit += c_.measure)) return measure(tense);
        if (roll < (limit += c_.kind_of)) return kind_of(tense);
        if (roll < (limit += c_.emotion)) return emotion(tense);
        const Subject who = subject();
        if (roll < limit + c_.predicate) {
            be(tense, who.plural);
            if (chance(0.25)) function("very");
            word(adjective(), Class::adjective);
            return;
        }
        verb_phrase(tense, who);
    }

    /// Chooses and writes a subject that can act.
    Subject agent() {
        if (hero_named_ && chance(0.6)) return pronoun();
        if (chance(0.6)) return named();
        return {noun_phrase(Kind::agent, true), Kind::agent};
    }
    Subject pronoun() {
        function(hero_->female ? "she" : "he");
        return {};
    }
    Subject named() {
        const bool hero = !hero_named_ || chance(0.6);
        word((hero ? *hero_ : lexicon_.name(random_)).word, Class::name);
        hero_named_ = hero_named_ || hero;
        return {};
    }
    Subject subject() {
        const double roll = random_.unit();
        if (hero_named_ && roll < c_.pronoun) return pronoun();
        if (roll < c_.pronoun + c_.name) return named();
        if (roll < c_.pronoun + c_.name + c_.they) {
            function("they");
            return {true, Kind::agent};
        }
        const double which = random_.unit();
        const Kind kind = which < 0.5 ? Kind::agent : which < 0.8 ? Kind::thing : Kind::idea;
        Subject who{noun_phrase(kind, true), kind};
        if (chance(c_.relative_clause)) {
            mark(',');
            function(kind == Kind::agent ? "who" : "which");
            verb_phrase(past_tense_ ? Tense::past : Tense::present, who);
            mark(',');
        }
        return who;
    }

    const std::string& adjective() {
        return lexicon_.adjective(random_, topic_, g_.topic_share_).word;
    }

    /// Determiner, adjective, noun, of-phrase. Returns whether it is plural; the determiner agrees
    /// with the number.
    bool noun_phrase(Kind kind, bool may_go_on) {
        bool plural = false;
        const double roll = random_.unit();
        if (roll < c_.cardinal) {
            const std::string& number = g_.cardinals_.draw(random_);
            word(number, Class::cardinal);
            plural = number != "one";
        } else if (roll < c_.cardinal + c_.ordinal) {
            function("the");
            word(g_.ordinals_.draw(random_), Class::ordinal);
        } else {
            plural = chance(c_.plural);
            if (hero_named_ && chance(0.12)) {
                function(chance(0.2) ? "their" : hero_->female ? "her" : "his");
            } else {
                function(any(plural ? kPluralDeterminers : kSingularDeterminers));
            }
        }
        if (chance(c_.adjective)) word(adjective(), Class::adjective);
        const Noun& noun = lexicon_.noun(random_, kind, topic_, g_.topic_share_);
        word(plural ? noun.plural : noun.singular, Class::noun);
        if ((may_go_on && chance(c_.of_phrase)) || noun.singular == "kind") {
            function("of");
            of_object();
        }
        return plural;
    }
    /// A plain phrase without an of-phrase of its own: "kind", which asks for one, is not drawn.
    void of_object() { noun_phrase(chance(0.5) ? Kind::thing : Kind::agent, false); }

    void be(Tense tense, bool plural) {
        if (tense == Tense::future) {
            function("will");
            function("be");
        } else if (tense == Tense::past) {
            function(plural ? "were" : "was");
        } else {
            function(plural ? "are" : "is");
        }
    }

    void verb_phrase(Tense tense, const Subject& who) {
        const Verb& verb = lexicon_.verb(random_, who.kind, topic_, g_.topic_share_);
        const double roll = random_.unit();
        if (tense == Tense::future || roll < c_.auxiliary) {
            function(tense == Tense::future ? "will"
                     : tense == Tense::past ? "could"
                                            : any(kPresentAuxiliaries));
            if (chance(c_.adverb)) word(lexicon_.adverb(random_), Class::adverb);
            word(verb.base, Class::verb);
        } else if (roll < c_.auxiliary + c_.progressive) {
            be(tense, who.plural);
            word(verb.ing, Class::verb);
        } else if (roll < c_.auxiliary + c_.progressive + c_.negation && tense == Tense::past) {
            function("did");
            function("not");
            word(verb.base, Class::verb);
        } else {
            if (chance(c_.adverb)) word(lexicon_.adverb(random_), Class::adverb);
            word(tense == Tense::past ? verb.past
                 : who.plural         ? verb.base
                                      : verb.third,
                 Class::verb);
        }
        if (verb.transitive) {
            noun_phrase(verb.object, true);
        } else if (chance(0.6)) {
            function(any(kThingPrepositions));
            noun_phrase(Kind::thing, false);
        }
    }

    void emotion(Tense tense) {
        const Subject who = agent();
        if (tense == Tense::future) function("will");
        function(tense == Tense::past                   ? "felt"
                 : tense == Tense::future || who.plural ? "feel"
                                                        : "feels");
        word(g_.emotions_.draw(random_), Class::emotion);
        if (chance(0.4)) {
            function("because");
            verb_phrase(tense, subject());
        }
    }

    /// "… counted three, four, five": the numbers follow each other.
    void counting(Tense tense) {
        const Subject who = agent();
        if (tense == Tense::future) function("will");
        word(tense == Tense::past                   ? "counted"
             : tense == Tense::future || who.plural ? "count"
                                                    : "counts",
             Class::verb);
        const auto& numbers = closed_words(Class::cardinal);
        const uint64_t length = 3 + random_.below(3);
        const uint64_t first = random_.below(chance(0.5) ? 3 : numbers.size() - length + 1);
        for (uint64_t i = 0; i < length; ++i) {
            if (i > 0) mark(',');
            word(numbers[first + i], Class::cardinal);
        }
    }

    /// "… walked four to seven miles": the second number is the larger.
    void measure(Tense tense) {
        const Subject who = agent();
        if (tense == Tense::future) function("will");
        word(tense == Tense::past                   ? "waited"
             : tense == Tense::future || who.plural ? "wait"
                                                    : "waits",
             Class::verb);
        function("for");
        const auto& numbers = closed_words(Class::cardinal);
        const uint64_t first = 1 + random_.below(numbers.size() - 4);
        word(numbers[first], Class::cardinal);
        if (chance(0.5)) {
            function("to");
            word(numbers[first + 1 + random_.below(3)], Class::cardinal);
        }
        word(g_.units_.draw(random_), Class::unit);
    }

    void kind_of(Tense tense) {
        const bool plural = noun_phrase(Kind::thing, false);
        be(tense, plural);
        function("a");
        word("kind", Class::noun);
        function("of");
        word(lexicon_.noun(random_, Kind::thing, topic_, g_.topic_share_).singular, Class::noun);
    }

    /// Returns the tense that the time asks for.
    Tense time_phrase(Tense tense) {
        switch (random_.below(8)) {
            case 0:
                function("in");
                function("the");
                word(g_.day_parts_.draw(random_), Class::time);
                return tense;
            case 1:
                function("at");
                word(g_.hours_.draw(random_), Class::time);
                return tense;
            case 2:
                function("on");
                word(g_.weekdays_.draw(random_), Class::time);
                return tense;
            case 3:
                function("in");
                word(g_.months_.draw(random_), Class::time);
                return tense;
            case 4:
            case 5:
                function(any(kSeasonPrepositions));
                word(g_.seasons_.draw(random_), Class::time);
                return tense;
            case 6:
                word("today", Class::time);
                return tense;
            default:
                word(past_tense_ ? "yesterday" : "tomorrow", Class::time);
                return past_tense_ ? Tense::past : Tense::future;
        }
    }

    /// After the clause, where a time cannot change its tense any more.
    void closing_time() {
        if (chance(0.5)) {
            function("for");
            function("a");
            word(chance(0.5) ? "second" : "moment", Class::time);
        } else if (chance(0.5)) {
            function(any(kSeasonPrepositions));
            word(g_.seasons_.draw(random_), Class::time);
        } else {
            function("at");
            word(g_.hours_.draw(random_), Class::time);
        }
    }

    void place_phrase() {
        function(any(kPlacePrepositions));
        if (chance(0.5)) {
            word(chance(0.6) ? *town_ : lexicon_.town(random_), Class::place);
        } else {
            function("the");
            word(g_.places_.draw(random_), Class::place);
        }
    }

    const Grammar& g_;
    const Lexicon& lexicon_;
    const GrammarConstants& c_;
    Random random_;
    SyntheticDocument out_;
    int topic_ = 0;
    bool past_tense_ = true, line_begins_ = true, sentence_begins_ = true, hero_named_ = false;
    const Name* hero_ = nullptr;
    const std::string* town_ = nullptr;
};

SyntheticDocument Grammar::write(Random random) const {
    return Author(*this, random).write();
}

}  // namespace hopscope::core::synthetic
