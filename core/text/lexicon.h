// The vocabulary of the synthetic corpus: the closed classes of real words (word_classes.h), open
// classes of invented ones with their forms, topics and kinds, and Zipfian tables to draw from.
// Does not change after construction; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/random.h"
#include "core/text/word_classes.h"

namespace hopscope::core::synthetic {

struct Noun {
    std::string singular, plural;
    Kind kind = Kind::thing;
    int topic = -1;  ///< −1: at home in every topic
};
struct Verb {
    std::string base, third, past, ing;
    Kind subject = Kind::agent, object = Kind::thing;
    bool transitive = true;
    int topic = -1;
};
struct Adjective {
    std::string word;
    int topic = -1;
};
struct Name {
    std::string word;
    bool female = false;
};

/// Draws from a list with probability falling as 1 / (rank + offset).
class Table {
  public:
    void add(uint32_t item, int64_t rank, int64_t offset);
    bool empty() const { return items_.empty(); }
    uint32_t draw(Random& random) const;

  private:
    std::vector<uint32_t> items_;
    std::vector<uint64_t> cumulative_;
};

class Lexicon {
  public:
    Lexicon(uint64_t seed, double scale, int topics);

    std::vector<Noun> nouns;
    std::vector<Verb> verbs;
    std::vector<Adjective> adjectives;
    std::vector<std::string> adverbs;
    std::vector<Name> names;
    std::vector<std::string> towns;

    const Noun& noun(Random& random, Kind kind, int topic, double topic_share) const;
    const Verb& verb(Random& random, Kind subject, int topic, double topic_share) const;
    const Adjective& adjective(Random& random, int topic, double topic_share) const;
    const std::string& adverb(Random& random) const { return adverbs[adverb_table_.draw(random)]; }
    const Name& name(Random& random) const { return names[name_table_.draw(random)]; }
    const std::string& town(Random& random) const { return towns[town_table_.draw(random)]; }

    /// Every word that can appear, in small letters, with the set of its classes (bit c for Class
    /// c).
    const std::unordered_map<std::string, uint32_t>& words() const { return words_; }

  private:
    using TopicTables = std::vector<Table>;  ///< [topics + 1], the last for all topics

    void add_closed();
    void add_two_meanings();
    void note(const std::string& word, Class c);
    bool free(const std::string& word) const { return words_.find(word) == words_.end(); }
    std::string invent(Random& random, int64_t rank, const std::vector<std::string_view>& endings);
    void invent_nouns(Random& random, int64_t count);
    void invent_verbs(Random& random, int64_t count);
    void invent_adjectives(Random& random, int64_t count);
    void invent_names(Random& random, int64_t count);
    void invent_towns(Random& random, int64_t count);
    void invent_adverbs(Random& random, int64_t count);
    int draw_topic(Random& random) const;
    void build_tables();
    uint32_t draw(Random& random, const TopicTables& tables, int topic, double topic_share) const;

    int topics_;
    std::unordered_map<std::string, uint32_t> words_;
    std::array<TopicTables, kKinds> noun_tables_, verb_tables_;
    TopicTables adjective_tables_;
    Table adverb_table_, name_table_, town_table_;
};

}  // namespace hopscope::core::synthetic
