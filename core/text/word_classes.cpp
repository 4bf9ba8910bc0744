#include "core/text/word_classes.h"

#include <array>

namespace hopscope::core::synthetic {

using Words = std::vector<std::string>;

std::string_view name_of(Class c) {
    static constexpr std::array<std::string_view, kClasses> kNames = {
        "function", "cardinal", "ordinal", "time",      "place",  "discourse", "emotion",
        "name",     "noun",     "verb",    "adjective", "adverb", "unit"};
    return kNames[static_cast<size_t>(c)];
}

std::string_view name_of(Kind kind) {
    static constexpr std::array<std::string_view, kKinds> kNames = {"agent", "thing", "idea"};
    return kNames[static_cast<size_t>(kind)];
}

const Words& seasons() {
    static const Words words = {"summer", "spring", "winter", "fall", "autumn"};
    return words;
}

const Words& weekdays() {
    static const Words words = {"Monday",  "Sunday",   "Friday",   "Saturday",
                                "Tuesday", "Thursday", "Wednesday"};
    return words;
}

const Words& months() {
    static const Words words = {"January",   "June",   "April",    "October",  "July",
                                "September", "August", "December", "November", "February"};
    return words;
}

const Words& hours() {
    static const Words words = {"night", "noon", "dawn", "dusk", "midnight", "sunrise", "sunset"};
    return words;
}

const Words& day_parts() {
    static const Words words = {"morning", "evening", "afternoon"};
    return words;
}

const Words& closed_words(Class c) {
    static const Words kNone;
    static const Words kFunction = {
        "the",   "a",      "of",      "and",   "to",     "in",    "was",     "he",     "she",
        "they",  "is",     "on",      "with",  "at",     "from",  "by",      "his",    "her",
        "their", "that",   "this",    "these", "those",  "every", "each",    "some",   "many",
        "no",    "for",    "were",    "are",   "had",    "has",   "have",    "will",   "can",
        "must",  "could",  "not",     "but",   "or",     "while", "because", "when",   "which",
        "who",   "during", "until",   "since", "before", "after", "near",    "behind", "beyond",
        "under", "over",   "between", "about", "than",   "it",    "felt",    "feel",   "feels",
        "said",  "did",    "very",    "there", "be"};
    // Cardinals and ordinals stand in the order of their values; small ones are the frequent ones.
    static const Words kCardinal = {"one",     "two",       "three",    "four",     "five",
                                    "six",     "seven",     "eight",    "nine",     "ten",
                                    "eleven",  "twelve",    "thirteen", "fourteen", "fifteen",
                                    "sixteen", "seventeen", "eighteen", "nineteen", "twenty"};
    static const Words kOrdinal = {"first", "second",  "third",  "fourth", "fifth",
                                   "sixth", "seventh", "eighth", "ninth",  "tenth"};
    static const Words kPlace = {"market", "harbour", "village", "bridge", "garden",
                                 "forest", "castle",  "court",   "school", "tower",
                                 "mill",   "station", "valley",  "inn",    "library",
                                 "square", "island",  "shore",   "chapel", "camp"};
    static const Words kDiscourse = {"however",      "then",     "therefore", "meanwhile",
                                     "indeed",       "moreover", "perhaps",   "instead",
                                     "nevertheless", "finally",  "besides",   "afterwards",
                                     "thus",         "likewise", "otherwise"};
    static const Words kEmotion = {
        "glad",   "sad",     "angry",   "content",  "proud",   "afraid",  "blue",      "calm",
        "lonely", "hopeful", "ashamed", "grateful", "jealous", "anxious", "cheerful",  "gloomy",
        "merry",  "weary",   "bitter",  "tender",   "furious", "joyful",  "miserable", "amused"};
    static const Words kUnit = {"miles", "days",  "years",  "hours",  "pounds",  "weeks",
                                "steps", "yards", "months", "ounces", "barrels", "acres"};
    static const Words kTime = [] {
        Words words = {"today", "yesterday", "tomorrow", "moment", "second"};
        for (const auto* list : {&seasons(), &weekdays(), &months(), &hours(), &day_parts()})
            words.insert(words.end(), list->begin(), list->end());
        return words;
    }();
    switch (c) {
        case Class::function:
            return kFunction;
        case Class::cardinal:
            return kCardinal;
        case Class::ordinal:
            return kOrdinal;
        case Class::time:
            return kTime;
        case Class::place:
            return kPlace;
        case Class::discourse:
            return kDiscourse;
        case Class::emotion:
            return kEmotion;
        case Class::unit:
            return kUnit;
        default:
            return kNone;
    }
}

}  // namespace hopscope::core::synthetic
