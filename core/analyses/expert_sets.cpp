// Analysis `expert_sets`: which experts are chosen as a set, and more often than by themselves
// [def:expert_sets]?
#include <algorithm>
#include <map>
#include <span>
#include <unordered_map>

#include "core/analyses/recorded_text.h"
#include "core/stats/fixed_size_sets.h"

namespace hopscope::core::analysis {
namespace {

constexpr size_t kShownSets = 10, kShownTokens = 5;
/// Triples of larger sets than this are too many to count.
constexpr int64_t kMostForTriples = 16;

using ExpertSet = std::vector<int32_t>;  ///< rising

/// [tokens, k] the set of each token, rising.
std::vector<int32_t> rising_sets(const Recorded& one) {
    auto out = one.sample.hops[0].experts;
    const auto k = static_cast<std::ptrdiff_t>(one.top_k);
    for (auto at = out.begin(); at != out.end(); at += k) std::sort(at, at + k);
    return out;
}

struct CountedSet {
    ExpertSet set;
    int64_t count = 0;
};

/// The most frequent of them, ties by their numbers.
std::vector<CountedSet> most_frequent(std::vector<CountedSet> all) {
    const size_t shown = std::min(kShownSets, all.size());
    std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(shown), all.end(),
                      [](const CountedSet& a, const CountedSet& b) {
                          return a.count != b.count ? a.count > b.count : a.set < b.set;
                      });
    all.resize(shown);
    return all;
}

/// Pairs (size 2) or triples of neighbours in one number each: an expert's has 16 bits, since no
/// layer of an imported model has more of them.
std::vector<CountedSet> parts_counted(const std::vector<int32_t>& sets, size_t k, size_t size) {
    std::unordered_map<uint64_t, int64_t> counts;
    for (size_t at = 0; at < sets.size(); at += k)
        for (size_t i = 0; i < k; ++i)
            for (size_t j = i + 1; j < k; ++j) {
                const auto pair =
                    static_cast<uint64_t>(sets[at + i]) << 16 | static_cast<uint64_t>(sets[at + j]);
                if (size == 2) ++counts[pair];
                for (size_t l = j + 1; l < k && size == 3; ++l)
                    ++counts[pair << 16 | static_cast<uint64_t>(sets[at + l])];
            }
    std::vector<CountedSet> out;
    for (const auto& [key, count] : counts) {
        ExpertSet set;
        for (size_t i = size; i-- > 0;)
            set.push_back(static_cast<int32_t>(key >> (16 * i) & 0xffff));
        out.push_back({std::move(set), count});
    }
    return most_frequent(std::move(out));
}

std::vector<CountedSet> whole_counted(const std::vector<int32_t>& sets, size_t k) {
    std::vector<std::span<const int32_t>> all;
    for (size_t at = 0; at < sets.size(); at += k) all.push_back(std::span(sets).subspan(at, k));
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
        return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end());
    });
    std::vector<CountedSet> out;
    for (const auto& set : all) {
        if (out.empty() || !std::equal(set.begin(), set.end(), out.back().set.begin()))
            out.push_back({{set.begin(), set.end()}, 0});
        ++out.back().count;
    }
    return most_frequent(std::move(out));
}

/// Pairs and triples that are no whole sets, and whole sets.
std::vector<size_t> sizes_of(int64_t top_k) {
    std::vector<size_t> out;
    if (top_k > 2) out.push_back(2);
    if (top_k > 3 && top_k <= kMostForTriples) out.push_back(3);
    if (top_k > 1) out.push_back(static_cast<size_t>(top_k));
    return out;
}

std::string set_in_words(const ExpertSet& set) {
    std::string out;
    for (const int32_t e : set) out += (out.empty() ? "" : " ") + std::to_string(e);
    return out;
}

/// Sets of one router, against what the shares of its experts alone give.
class RouterSets {
  public:
    RouterSets(const Recorded& one, const std::vector<int32_t>& ids, const RecordedText& text,
               uint64_t seed)
        : one_(one),
          ids_(ids),
          text_(text),
          parts_(parts_of(one)),
          seed_(seed),
          alone_(shares_of(one), one.top_k) {
        for (const int32_t id : ids_) ++occurrences_[id];
    }

    Fields of_size(size_t size, Table& table) const {
        Fields out;
        out.count("size", static_cast<int64_t>(size))
            .flag("whole", static_cast<int64_t>(size) == one_.top_k)
            .list("sets");
        const auto k = static_cast<size_t>(one_.top_k);
        for (const CountedSet& found :
             size == k ? whole_counted(sets_, k) : parts_counted(sets_, k, size))
            out.add("sets", row(found, table));
        return out;
    }

  private:
    static std::vector<double> shares_of(const Recorded& one) {
        std::vector<double> out;
        for (const int64_t count : one.sample.counts)
            out.push_back(static_cast<double>(count) / static_cast<double>(one.tokens));
        return out;
    }

    Fields row(const CountedSet& found, Table& table) const {
        const auto tokens = static_cast<double>(one_.tokens);
        std::vector<double> held(static_cast<size_t>(one_.tokens), 0);
        std::map<int32_t, int64_t> of_id;
        for (int64_t t = 0; t < one_.tokens; ++t) {
            const auto set = sets_.begin() + static_cast<std::ptrdiff_t>(t * one_.top_k);
            if (!std::includes(set, set + static_cast<std::ptrdiff_t>(one_.top_k),
                               found.set.begin(), found.set.end()))
                continue;
            held[static_cast<size_t>(t)] = 1;
            if (!ids_.empty() && ids_[static_cast<size_t>(t)] >= 0)
                ++of_id[ids_[static_cast<size_t>(t)]];
        }
        const double expected = alone_.holds(found.set) * tokens;
        const auto share =
            ratio_over(parts_.sums(held), parts_.counts(held), parts_.what, seed_, kFewResamples);
        Fields out = row_of(one_);
        out.place("size", static_cast<int64_t>(found.set.size()))
            .json("experts", found.set)
            .cell("experts", set_in_words(found.set))
            .count("count", found.count)
            .number("expected", expected)
            .number("ratio", static_cast<double>(found.count) / expected)
            .estimate("share", share);
        add_tokens(out, of_id);
        table.add(out);
        return out;
    }

    /// The ids that most often have the set.
    void add_tokens(Fields& out, const std::map<int32_t, int64_t>& of_id) const {
        if (ids_.empty()) return;
        std::vector<std::pair<int64_t, int32_t>> order;
        for (const auto& [id, count] : of_id) order.emplace_back(-count, id);
        std::sort(order.begin(), order.end());
        order.resize(std::min(order.size(), kShownTokens));
        out.list("tokens");
        std::string names;
        for (const auto& [count, id] : order) {
            Fields token;
            token.count("id", id)
                .count("count", -count)
                .number("share_of_id",
                        static_cast<double>(-count) / static_cast<double>(occurrences_.at(id)));
            if (text_.spelled()) token.text("piece", text_.name(id));
            out.add("tokens", token);
            names += (names.empty() ? "" : " | ") + text_.name(id);
        }
        out.cell("tokens", names);
    }

    const Recorded& one_;
    std::vector<int32_t> sets_ = rising_sets(one_);  ///< [tokens, k]
    const std::vector<int32_t>& ids_;
    const RecordedText& text_;
    TokenParts parts_;
    uint64_t seed_;
    stats::FixedSizeSets alone_;
    std::map<int32_t, int64_t> occurrences_;
};

Result<AnalysisOutput> expert_sets(const ImportedContext& context) {
    const auto routers = recorded(context);
    if (routers.empty()) return usage_error("the traces of this run hold no token");
    if (routers[0].top_k < 2)
        return usage_error("a token has one expert in this model, there are no sets of them");
    const RecordedText text(context);
    AnalysisOutput out;
    out.n = most_tokens(routers);
    for (size_t i = 0; i < routers.size(); ++i) {
        if (context.progress.cancelled()) return stopped_on_request();
        const Recorded& one = routers[i];
        context.progress.report("sets of layer " + std::to_string(one.layer),
                                static_cast<double>(i) / static_cast<double>(routers.size()));
        const auto ids = ids_of(context, one);
        const RouterSets sets(one, ids, text, context.seed);
        Fields entry = placed(one.layer, one.pool);
        entry.count("tokens", one.tokens).flag("ids_found", !ids.empty()).list("sizes");
        for (const size_t size : sizes_of(one.top_k))
            entry.add("sizes", sets.of_size(size, out.table()));
        out.result.add("layers", entry);
    }
    return out;
}

}  // namespace

extern const ImportedAnalysis kExpertSets{
    "expert_sets", Asks::trace,
    "the 10 most frequent pairs, triples (k up to 16) and whole sets of experts that tokens chose, "
    "in all traces of the run. expected: tokens that would have the set if experts had nothing to "
    "do with each other, but for each token having k different ones and each expert its own share; "
    "ratio: count / expected. share: of the tokens, 95 % bootstrap interval over texts, or "
    "stretches of neighbours where they are few [def:recorded_choices]. tokens: the 5 ids that "
    "most often have it, share_of_id: of that id's tokens. n: tokens.",
    expert_sets};

}  // namespace hopscope::core::analysis
