// The probabilistic grammar of the synthetic corpus: writes one document from a lexicon and a
// generator of numbers. A Grammar does not change after construction; any thread.
#pragma once

#include <string>
#include <vector>

#include "core/text/lexicon.h"
#include "core/text/synthetic.h"

namespace hopscope::core::synthetic {

/// The frequencies that the truth file names.
struct GrammarConstants {
    double adjective = 0.32, of_phrase = 0.10, plural = 0.35, cardinal = 0.06, ordinal = 0.05;
    double past = 0.6, auxiliary = 0.14, progressive = 0.08, negation = 0.04, adverb = 0.12;
    double discourse = 0.12, opening_time = 0.12, closing_time = 0.10, closing_place = 0.16;
    double joined_clause = 0.16, relative_clause = 0.05;
    double pronoun = 0.24, name = 0.14, they = 0.06;
    double predicate = 0.10, emotion = 0.07, counting = 0.03, measure = 0.04, kind_of = 0.02;
    double topic_stays = 0.75;
};

class Grammar {
  public:
    Grammar(const Lexicon& lexicon, int topics, double topic_share);
    SyntheticDocument write(Random random) const;
    const GrammarConstants& constants() const { return constants_; }

  private:
    friend class Author;
    struct List {
        const std::vector<std::string>* words;
        Table table;
        const std::string& draw(Random& random) const { return (*words)[table.draw(random)]; }
    };
    static List list(const std::vector<std::string>& words, int64_t offset);

    const Lexicon& lexicon_;
    int topics_;
    double topic_share_;
    GrammarConstants constants_;
    List cardinals_, ordinals_, discourse_, emotions_, units_, places_;
    List seasons_, weekdays_, months_, hours_, day_parts_;
};

}  // namespace hopscope::core::synthetic
