#include "app/panels/experts/rows.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "app/widgets/expert_words.h"
#include "core/api/base.h"

namespace hopscope::app {
namespace {

std::string words_text(const ExpertBook& book, const std::vector<BookWord>& words) {
    return core::joined(word_list(book, words), " ");
}

/// Experts of words or classes are ordered by text, the others by number.
std::string text_key(const ExpertBook& book, const BookEntry& entry, ExpertColumn column) {
    if (column == ExpertColumn::writes) return words_text(book, entry.writes);
    if (column == ExpertColumn::reads) return words_text(book, entry.reads);
    return shown_class(book, entry).name;
}

double number_key(const ExpertBook& book, const BookEntry& entry, ExpertColumn column) {
    switch (column) {
        case ExpertColumn::purity:
            return shown_class(book, entry).purity;
        case ExpertColumn::odds:
            return entry.of_class.odds;
        case ExpertColumn::position:
            return entry.position.known() ? entry.position.peak().times : core::kNaN;
        case ExpertColumn::load:
            return entry.load;
        case ExpertColumn::tokens:
            return static_cast<double>(entry.tokens);
        case ExpertColumn::mark:
            return entry.dead() ? 2 : entry.hub ? 1 : core::kNaN;
        case ExpertColumn::cluster:
            return entry.cluster < 0 ? core::kNaN : static_cast<double>(entry.cluster);
        default:
            return static_cast<double>(entry.expert);
    }
}

bool is_text(ExpertColumn column) {
    return column == ExpertColumn::writes || column == ExpertColumn::reads ||
           column == ExpertColumn::of_class;
}

/// −1, 0 or 1; what has no value comes last in both directions.
template <class Key>
int compared(const Key& a, const Key& b, bool a_is_none, bool b_is_none, bool descending) {
    if (a_is_none || b_is_none) return static_cast<int>(a_is_none) - static_cast<int>(b_is_none);
    if (a == b) return 0;
    return (a < b) != descending ? -1 : 1;
}

}  // namespace

std::vector<int32_t> rows_in_order(const ExpertBook& book, const std::vector<uint8_t>& hits,
                                   RowOrderBy by) {
    std::vector<int32_t> rows;
    for (size_t e = 0; e < book.entries.size() && e < hits.size(); ++e)
        if (hits[e]) rows.push_back(static_cast<int32_t>(e));
    const auto sort_by = [&](auto key, auto is_none) {
        std::vector<decltype(key(book.entries[0]))> keys;
        for (const BookEntry& entry : book.entries) keys.push_back(key(entry));
        std::stable_sort(rows.begin(), rows.end(), [&](int32_t a, int32_t b) {
            const auto &x = keys[static_cast<size_t>(a)], &y = keys[static_cast<size_t>(b)];
            return compared(x, y, is_none(x), is_none(y), by.descending) < 0;
        });
    };
    if (book.entries.empty()) return rows;
    if (is_text(by.column))
        sort_by([&](const BookEntry& e) { return text_key(book, e, by.column); },
                [](const std::string& text) { return text.empty(); });
    else
        sort_by([&](const BookEntry& e) { return number_key(book, e, by.column); },
                [](double x) { return std::isnan(x); });
    return rows;
}

std::string rows_csv(const ExpertBook& book, const std::vector<int32_t>& rows) {
    std::string out = "# experts of " + book.layer_name + ", step " + std::to_string(book.step) +
                      "; sample of " + std::to_string(book.sample) +
                      " tokens; dictionary of step " +
                      (book.dictionary_step < 0 ? "none" : std::to_string(book.dictionary_step)) +
                      "; load in multiples of the uniform one\n";
    out +=
        "expert,writes_by_cosine,writes_by_score,reads,tokens,hops,class,class_tokens,class_tokens_"
        "of,class_share,"
        "class_share_ci95_low,class_share_ci95_high,odds_ratio,odds_ratio_ci95_low,"
        "odds_ratio_ci95_high,quarter_tokens_of,";
    for (size_t q = 1; q <= kQuarters; ++q) {
        const std::string name = "quarter" + std::to_string(q);
        out += name + "_tokens," + name + "_share," + name + "_share_ci95_low," + name +
               "_share_ci95_high," + name + "_times_even,";
    }
    out += "category,word_purity,load,dead,hub,cluster\n";
    for (const int32_t row : rows) {
        const BookEntry& e = book.entries[static_cast<size_t>(row)];
        const ClassUse& c = e.of_class;
        std::vector<std::string> cells = {std::to_string(e.expert),
                                          core::csv_text(words_text(book, e.writes)),
                                          core::csv_text(words_text(book, e.writes_by_score)),
                                          core::csv_text(words_text(book, e.reads)),
                                          std::to_string(e.tokens),
                                          std::to_string(e.hops_used()),
                                          core::csv_text(c.name),
                                          std::to_string(c.tokens),
                                          std::to_string(c.of)};
        for (const double x : {c.share, c.low, c.high, c.odds, c.odds_low, c.odds_high})
            cells.push_back(core::csv_number(x));
        const PositionUse& position = e.position;
        cells.push_back(book.placed ? std::to_string(position.of) : "");
        for (const QuarterUse& quarter : position.quarters) {
            cells.push_back(book.placed ? std::to_string(quarter.tokens) : "");
            for (const double x : {quarter.share, quarter.low, quarter.high, quarter.times})
                cells.push_back(core::csv_number(x));
        }
        cells.push_back(core::csv_text(e.category));
        for (const double x : {e.word_purity, e.load}) cells.push_back(core::csv_number(x));
        cells.emplace_back(e.dead() ? "1" : "0");
        cells.emplace_back(book.dictionary_step < 0 ? "" : e.hub ? "1" : "0");
        cells.push_back(e.cluster < 0 ? "" : std::to_string(e.cluster));
        out += core::joined(cells, ",") + "\n";
    }
    return out;
}

}  // namespace hopscope::app
