#include "app/panels/experts/filter.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>

#include "app/panels/routing_space/neighbours.h"
#include "app/widgets/piece_text.h"
#include "core/api/base.h"

namespace hopscope::app {
namespace {

constexpr size_t kNeighbours = 10;
constexpr int64_t kMostNumbers = 100'000;  ///< of a list such as 0-4095

/// How the value of a field is read.
enum class Reads : uint8_t { words, numbers, names, number };
struct FieldRow {
    const char* name;
    FilterField field;
    Reads reads;
};
constexpr FieldRow kFields[] = {
    {"word", FilterField::word, Reads::words},
    {"reads", FilterField::reads, Reads::words},
    {"writes", FilterField::writes, Reads::words},
    {"token", FilterField::token, Reads::numbers},
    {"expert", FilterField::experts, Reads::numbers},
    {"class", FilterField::of_class, Reads::names},
    {"hops", FilterField::hops, Reads::number},
    {"tokens", FilterField::tokens, Reads::number},
    {"load", FilterField::load, Reads::number},
    {"purity", FilterField::purity, Reads::number},
    {"quarter", FilterField::quarter, Reads::number},
    {"cluster", FilterField::cluster, Reads::numbers},
    {"is", FilterField::is, Reads::names},
    {"near", FilterField::near, Reads::numbers},
};
const std::vector<std::string>& states() {
    static const std::vector<std::string> all = {"dead", "hub", "enriched", "placed", "selected"};
    return all;
}

std::vector<std::string> parts_of(const std::string& text, char separator) {
    std::vector<std::string> out;
    size_t begin = 0;
    for (size_t end; (end = text.find(separator, begin)) != std::string::npos; begin = end + 1)
        out.push_back(text.substr(begin, end - begin));
    out.push_back(text.substr(begin));
    std::erase(out, "");
    return out;
}

bool whole_number(std::string_view text, int64_t& out) {
    if (text.starts_with('E') || text.starts_with('e') || text.starts_with('#'))
        text.remove_prefix(1);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc() && end == text.data() + text.size() && out >= 0;
}

/// "3,7,12-15", each with or without its E; false where it is no such list.
bool read_numbers(const std::string& text, std::set<int64_t>& out) {
    const auto parts = parts_of(text, ',');
    for (const std::string& part : parts) {
        const size_t dash = part.find('-');
        int64_t from = 0, to = 0;
        if (!whole_number(part.substr(0, dash), from)) return false;
        to = from;
        if (dash != std::string::npos && !whole_number(part.substr(dash + 1), to)) return false;
        if (to < from || to - from > kMostNumbers) return false;
        for (int64_t i = from; i <= to; ++i) out.insert(i);
    }
    return !parts.empty();
}

bool looks_like_numbers(const std::string& text) {
    const size_t begin = text[0] == 'E' || text[0] == 'e' ? 1 : 0;
    return begin < text.size() && std::isdigit(static_cast<unsigned char>(text[begin])) &&
           text.find_first_not_of("0123456789,-Ee") == std::string::npos;
}

std::string without_quotes(const std::string& text) {
    if (text.size() > 1 && text.front() == '"' && text.back() == '"')
        return text.substr(1, text.size() - 2);
    return text;
}

/// A part of a word, several of them, or a regular expression. → why not.
std::string read_words(const std::string& value, FilterTerm& term) {
    if (value.starts_with('/')) {
        if (value.size() < 3 || !value.ends_with('/'))
            return "a regular expression stands between two strokes, e.g. /^be/";
        try {
            term.regex = std::make_shared<std::regex>(
                value.substr(1, value.size() - 2),
                std::regex::ECMAScript | std::regex::icase | std::regex::optimize);
        } catch (const std::regex_error&) {
            return "no regular expression; ECMAScript's are taken, e.g. /^(be|af)/";
        }
        return {};
    }
    if (value.starts_with('"'))
        term.words = {without_quotes(value)};
    else
        term.words = parts_of(value, '|');
    for (std::string& word : term.words) word = in_small_letters(word);
    if (term.words.empty()) return "a word is missing";
    return {};
}

std::string read_names(const std::string& value, FilterTerm& term) {
    term.words = parts_of(in_small_letters(without_quotes(value)), '|');
    if (term.words.empty()) return "a name is missing";
    if (term.field != FilterField::is) return {};
    for (const std::string& word : term.words)
        if (std::find(states().begin(), states().end(), word) == states().end())
            return "an expert is one of " + core::joined(states()) +
                   core::suggestion(word, states());
    return {};
}

std::string read_number_test(const std::string& from, FilterTerm& term) {
    using Op = NumberTest::Op;
    std::string text = from;
    const auto take = [&](const char* sign, Op op) {
        if (!text.starts_with(sign)) return false;
        text.erase(0, std::string_view(sign).size());
        term.number.op = op;
        return true;
    };
    if (!(take("<=", Op::at_most) || take(">=", Op::at_least) || take("<", Op::less) ||
          take(">", Op::more) || take("=", Op::equal) || take(":", Op::equal)))
        return "one of =, <, <=, > and >= is needed, with a number";
    if (text.empty() || !core::read_csv_number(std::string_view(text), term.number.value))
        return "a number is needed, e.g. hops=2 or load<0.5";
    return {};
}

std::string read_value(const FieldRow& row, const std::string& rest, FilterTerm& term) {
    if (row.reads == Reads::number) return read_number_test(rest, term);
    if (!rest.starts_with(':') && !rest.starts_with('='))
        return std::string("a colon is needed, ") + row.name + ":\xE2\x80\xA6";
    const std::string value = rest.substr(1);
    if (row.reads == Reads::words) return read_words(value, term);
    if (row.reads == Reads::names) return read_names(value, term);
    return read_numbers(value, term.numbers) ? std::string() : "numbers are needed, e.g. 3,7,12-15";
}

/// → why it cannot be read; "" where it can.
std::string read_term(const std::string& typed, FilterTerm& term) {
    if (typed.empty()) return "something is needed behind the minus";
    if (typed[0] == '/' || typed[0] == '"') return read_words(typed, term);
    if (typed[0] == '#') {
        term.field = FilterField::token;
        return read_numbers(typed, term.numbers) ? std::string()
                                                 : "a token id is a number, e.g. #123";
    }
    if (looks_like_numbers(typed)) {
        term.field = FilterField::experts;
        return read_numbers(typed, term.numbers) ? std::string()
                                                 : "experts are numbers, e.g. E12 or 3,7,12-15";
    }
    const size_t sign = typed.find_first_of(":=<>");
    if (sign == std::string::npos || sign == 0) return read_words(typed, term);
    const std::string name = in_small_letters(typed.substr(0, sign));
    std::vector<std::string> names;
    for (const FieldRow& row : kFields) {
        names.emplace_back(row.name);
        if (name != row.name) continue;
        term.field = row.field;
        return read_value(row, typed.substr(sign), term);
    }
    const std::string meant = core::suggestion(name, names);
    return "there is no \"" + name + "\"" + (meant.empty() ? "." : meant) + " There are " +
           core::joined(names) + "; in quotes it is a word.";
}

/// Which pieces of the book a term of words means.
std::vector<uint8_t> pieces_meant(const ExpertBook& book, const FilterTerm& term) {
    std::vector<uint8_t> out;
    for (const std::string& piece : book.pieces) out.push_back(means_word(term, word_text(piece)));
    return out;
}

bool is_in_state(const FilterGround& ground, const BookEntry& entry, const std::string& word) {
    if (word == "dead") return entry.dead();
    if (word == "hub") return entry.hub;
    if (word == "enriched") return entry.of_class.enriched();
    if (word == "placed") return entry.position.enriched();
    return ground.selected && ground.selected->contains(entry.expert);
}

bool names_class(const FilterTerm& term, const std::string& name) {
    return std::find(term.words.begin(), term.words.end(), in_small_letters(name)) !=
           term.words.end();
}

/// One term on the ground of one book, with what is computed once for all experts.
class TermTest {
  public:
    TermTest(const FilterTerm& term, const FilterGround& ground) : term_(term), ground_(ground) {
        if (term.field <= FilterField::writes) meant_ = pieces_meant(ground.book, term);
        if (term.field == FilterField::near) find_neighbours();
    }
    bool holds(const BookEntry& entry) const { return asks(entry) != term_.exclude; }

  private:
    bool any_meant(const std::vector<BookWord>& words) const {
        return std::any_of(words.begin(), words.end(), [&](const BookWord& word) {
            return meant_[static_cast<size_t>(word.piece)] != 0;
        });
    }
    bool writes_meant(const BookEntry& entry) const {
        return any_meant(entry.writes) || any_meant(entry.writes_by_score);
    }
    void find_neighbours() {
        near_ = term_.numbers;
        if (!ground_.geometry) return;
        const core::LayerGeometry& g = *ground_.geometry;
        const auto width = static_cast<size_t>(g.d_space);
        for (const int64_t e : term_.numbers) {
            const size_t at = static_cast<size_t>(e) * width;
            if (e >= g.experts || at + width > g.centroids.size()) continue;
            const auto place = std::span(g.centroids).subspan(at, width);
            for (const NearExpert& near : nearest_experts(g, place, kNeighbours, e))
                near_.insert(near.expert);
        }
    }
    bool asks(const BookEntry& entry) const {
        switch (term_.field) {
            case FilterField::word:
                return any_meant(entry.reads) || writes_meant(entry);
            case FilterField::reads:
                return any_meant(entry.reads);
            case FilterField::writes:
                return writes_meant(entry);
            case FilterField::token:
                return std::any_of(entry.reads.begin(), entry.reads.end(), [&](const BookWord& w) {
                    return term_.numbers.contains(w.token);
                });
            case FilterField::experts:
                return term_.numbers.contains(entry.expert);
            case FilterField::of_class:
                return names_class(term_, shown_class(ground_.book, entry).name);
            case FilterField::hops:
                return term_.number.holds(static_cast<double>(entry.hops_used()));
            case FilterField::tokens:
                return term_.number.holds(static_cast<double>(entry.tokens));
            case FilterField::load:
                return term_.number.holds(entry.load);
            case FilterField::purity:
                return term_.number.holds(shown_class(ground_.book, entry).purity);
            case FilterField::quarter:
                return entry.position.known() && term_.number.holds(entry.position.most + 1);
            case FilterField::cluster:
                return term_.numbers.contains(entry.cluster);
            case FilterField::is:
                return std::any_of(term_.words.begin(), term_.words.end(), [&](const auto& word) {
                    return is_in_state(ground_, entry, word);
                });
            case FilterField::near:
                return near_.contains(entry.expert);
        }
        return false;
    }

    const FilterTerm& term_;
    const FilterGround& ground_;
    std::vector<uint8_t> meant_;  ///< [pieces]
    std::set<int64_t> near_;
};

}  // namespace

bool NumberTest::holds(double x) const {
    switch (op) {
        case Op::equal:
            return x == value;
        case Op::less:
            return x < value;
        case Op::at_most:
            return x <= value;
        case Op::more:
            return x > value;
        case Op::at_least:
            return x >= value;
    }
    return false;
}

std::string in_small_letters(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

bool means_word(const FilterTerm& term, const std::string& word) {
    if (term.regex) {
        try {
            return std::regex_search(word, *term.regex);
        } catch (const std::regex_error&) {  // too complex for this word
            return false;
        }
    }
    const std::string small = in_small_letters(word);
    return std::any_of(term.words.begin(), term.words.end(), [&](const std::string& part) {
        return small.find(part) != std::string::npos;
    });
}

std::vector<std::string> split_terms(const std::string& typed) {
    std::vector<std::string> out;
    std::string term;
    char open = 0;  // the sign that ends what may hold blanks
    for (size_t i = 0; i < typed.size(); ++i) {
        const char c = typed[i];
        if (open == 0 && std::isspace(static_cast<unsigned char>(c))) {
            if (!term.empty()) out.push_back(std::exchange(term, {}));
            continue;
        }
        const bool begins = term.empty() || term == "-" || term.ends_with(':');
        if (open == c && !(i > 0 && typed[i - 1] == '\\'))
            open = 0;
        else if (open == 0 && begins && (c == '"' || c == '/'))
            open = c;
        term += c;
    }
    if (!term.empty()) out.push_back(term);
    return out;
}

ExpertFilter parse_filter(const std::string& typed) {
    ExpertFilter out;
    for (const std::string& text : split_terms(typed)) {
        FilterTerm term;
        term.text = text;
        term.exclude = text.starts_with('-');
        const std::string why = read_term(term.exclude ? text.substr(1) : text, term);
        if (why.empty())
            out.terms.push_back(std::move(term));
        else
            out.problems.push_back(text + ": " + why);
    }
    return out;
}

const std::vector<FilterWord>& filter_words() {
    static const std::vector<FilterWord> words = {
        {"word:",
         "Part of a word that the expert reads or writes; /\xE2\x80\xA6/ for a regular "
         "expression, | for one of several. A word alone means the same."},
        {"reads:", "Part of a word that it is chosen for in the sample"},
        {"writes:", "Part of a word that it writes, of the dictionary, by cosine or by score"},
        {"#", "A token id of the sample that chooses it, e.g. #123"},
        {"E", "An expert, or several: E12, or 3,7,12-15"},
        {"near:E", "An expert and the ten nearest to it by cosine"},
        {"class:", "A class of tokens, e.g. class:noun|verb"},
        {"hops=", "Hops of the layer in which the sample chooses it, e.g. hops=2, hops>1"},
        {"tokens>", "Tokens of the sample that choose it, e.g. tokens>10"},
        {"load<", "Load as a multiple of the uniform one, e.g. load<0.5"},
        {"purity>", "Share of its tokens, or words, that are of one class, e.g. purity>0.5"},
        {"quarter=", "Quarter of the sequence where it is chosen most for its size, 1 to 4"},
        {"cluster:", "Number of a cluster, of the analysis clusters"},
        {"is:dead", "Without a choice in the recent batches"},
        {"is:hub", "Close to every word, as the dictionary says"},
        {"is:enriched",
         "Of a class, beyond what its size explains: the interval of the odds ratio "
         "lies above 1"},
        {"is:placed",
         "Of a quarter of the sequence, beyond its size: the interval of its share lies above that "
         "of all tokens"},
        {"is:selected", "Selected in any panel"},
    };
    return words;
}

std::vector<uint8_t> experts_matching(const ExpertFilter& filter, const FilterGround& ground) {
    std::vector<uint8_t> out(ground.book.entries.size(), 1);
    for (const FilterTerm& term : filter.terms) {
        const TermTest test(term, ground);
        for (size_t e = 0; e < out.size(); ++e)
            if (out[e] && !test.holds(ground.book.entries[e])) out[e] = 0;
    }
    return out;
}

ShownClass shown_class(const ExpertBook& book, const BookEntry& entry) {
    if (!book.classes.empty()) return {entry.of_class.name, entry.of_class.share};
    return {entry.category, entry.word_purity};
}

}  // namespace hopscope::app
