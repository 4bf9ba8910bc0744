// Analysis `dictionary`: what does each expert write, in words [def:dictionary] [def:cohesion]
// [def:hub]?
#include <algorithm>
#include <cmath>
#include <map>

#include "core/analyses/expert_words.h"
#include "core/analyses/measured.h"
#include "core/base/names.h"
#include "core/base/sets.h"
#include "core/trainer/categories.h"

namespace hopscope::core::analysis {
namespace {

constexpr int64_t kWordResamples = 2'000;

/// Of a list's first ten words.
struct Purity {
    double share = stats::kNaN;  ///< largest of one category; NaN without words
    std::string category;        ///< it, where more than half of the words belong to it
};

/// Which categories each token is in.
class TokenCategories {
  public:
    explicit TokenCategories(const Categories& categories) {
        for (const auto& [name, ids] : categories)
            for (const int64_t id : ids) of_[id].push_back(name);
    }
    Purity purity(const WordList& words) const {
        const size_t n = std::min(words.size(), static_cast<size_t>(kShownWords));
        std::map<std::string, size_t> counts;
        for (size_t i = 0; i < n; ++i)
            if (const auto found = of_.find(words[i].token); found != of_.end())
                for (const auto& name : found->second) ++counts[name];
        size_t most = 0;
        std::string category;
        for (const auto& [name, count] : counts)
            if (count > most) {
                most = count;
                category = name;
            }
        if (2 * most <= n) category.clear();
        return {static_cast<double>(most) / static_cast<double>(n), category};
    }

  private:
    std::map<int64_t, std::vector<std::string>> of_;
};

/// The row an expert is shown by: its strongest, the first of equals.
std::vector<size_t> strongest_rows(const std::vector<ExpertWords>& rows) {
    std::vector<size_t> out;
    for (size_t i = 0; i < rows.size(); ++i) {
        if (rows[i].row == 0)
            out.push_back(i);
        else if (rows[i].strength > rows[out.back()].strength)
            out.back() = i;
    }
    return out;
}

/// What a row's words are, for a layer's summary.
struct Tally {
    int64_t rows = 0, specialists = 0, majority = 0, pure = 0, junk = 0, hubs = 0;
    std::vector<double> cohesion;

    void add(const ExpertWords& row, const Purity& purity) {
        ++rows;
        specialists += purity.share == 1;
        majority += !purity.category.empty();
        pure += row.cohesion > kPureCohesion;
        junk += row.cohesion < kJunkCohesion;
        hubs += row.hub;
        if (std::isfinite(row.cohesion)) cohesion.push_back(row.cohesion);
    }
    void add(const Tally& other) {
        rows += other.rows;
        specialists += other.specialists;
        majority += other.majority;
        pure += other.pure;
        junk += other.junk;
        hubs += other.hubs;
        cohesion.insert(cohesion.end(), other.cohesion.begin(), other.cohesion.end());
    }
    Fields fields(uint64_t seed) const {
        Fields out;
        for (const auto& [name, count] :
             {std::pair{"specialists", specialists}, std::pair{"majority", majority},
              std::pair{"pure", pure}, std::pair{"junk", junk}, std::pair{"hubs", hubs}})
            out.estimate(name, share_over(count, rows, "rank rows"));
        out.estimate("cohesion", mean_over(cohesion, "rank rows", seed, kWordResamples));
        return out;
    }
};

/// Jaccard of each row's ten words with and without the final LayerNorm's gain [def:dictionary].
std::vector<double> gain_jaccard(const Dictionary& plain, const Dictionary& with_gain) {
    std::vector<double> out;
    for (size_t l = 0; l < plain.layers.size(); ++l)
        for (size_t i = 0; i < plain.layers[l].size(); ++i)
            out.push_back(jaccard_of(word_tokens(plain.layers[l][i].words.dot, kShownWords),
                                     word_tokens(with_gain.layers[l][i].words.dot, kShownWords)));
    return out;
}

/// One rank row of one expert.
Fields row_fields(size_t layer, const ExpertWords& row, const Purity& purity, int64_t load,
                  const Tokenizer& tokenizer) {
    Fields out;
    out.place("layer", static_cast<int64_t>(layer))
        .count("id", row.expert, "expert")
        .count("row", row.row)
        .json("words", scored_pieces(row.words.dot, tokenizer));
    const auto pieces = [&](const char* name, const WordList& words) {
        const auto list = pieces_of(words, tokenizer);
        out.json(name, list).cell(name, joined(list, " "));
    };
    out.count("load", load).flag("hub", row.hub).number("purity", purity.share);
    if (purity.category.empty())
        out.none("category");
    else
        out.text("category", purity.category);
    out.number("cohesion", row.cohesion)
        .number("norm", row.norm)
        .cell("words", joined(pieces_of(row.words.dot, tokenizer), " "));
    pieces("words_cosine", row.words.cosine);
    pieces("words_negative", row.words.negative);
    return out;
}

/// Experts of one layer, each by its strongest row; of a rank above one with all of them.
void add_experts(Fields& layer, const std::vector<ExpertWords>& rows,
                 const std::vector<Fields>& shown) {
    const auto strongest = strongest_rows(rows);
    const size_t rank = rows.size() / strongest.size();
    layer.list("experts");
    for (const size_t at : strongest) {
        Fields expert = shown[at];
        if (rank > 1)
            for (size_t r = 0; r < rank; ++r) expert.add("rows", shown[at / rank * rank + r]);
        layer.add("experts", expert);
    }
}

Result<AnalysisOutput> dictionary(const AnalysisContext& context) {
    const OpenRun& run = context.measured->run();
    auto words = context.measured->dictionary(context.seed, context.progress);
    if (!words) return words.error();
    DictionaryOptions gain_options;
    gain_options.top = kShownWords;
    gain_options.final_norm = true;
    gain_options.seed = context.seed;
    auto with_gain = read_dictionary(run.model.weights, gain_options, context.progress);
    if (!with_gain) return with_gain.error();
    auto sample = context.measured->sample(context.progress);
    if (!sample) return sample.error();
    auto lists = word_lists_for(run.folder, context.category_dirs);
    if (!lists) return lists.error();
    const TokenCategories categories(token_lists(*lists, run.tokenizer));

    AnalysisOutput out;
    Tally all;
    int64_t experts = 0, dead = 0;
    for (size_t l = 0; l < (*words)->layers.size(); ++l) {
        const auto& rows = (*words)->layers[l];
        const auto& counts = (*sample)->layers[l].counts;
        Tally tally;
        std::vector<Fields> shown;
        for (const ExpertWords& row : rows) {
            const Purity purity = categories.purity(row.words.dot);
            tally.add(row, purity);
            shown.push_back(
                row_fields(l, row, purity, counts[static_cast<size_t>(row.expert)], run.tokenizer));
            out.table().add(shown.back());
        }
        Fields layer;
        add_experts(layer, rows, shown);
        layer.object("summary", tally.fields(context.seed));
        out.result.add("layers", layer);
        experts += static_cast<int64_t>(counts.size());
        dead += std::count(counts.begin(), counts.end(), 0);
        all.add(tally);
    }
    out.n = all.rows;
    out.result.object("summary", all.fields(context.seed))
        .number("random_cohesion", (*words)->random_cohesion)
        .estimate("gain_jaccard", mean_over(gain_jaccard(**words, *with_gain), "rank rows",
                                            context.seed, kWordResamples))
        .estimate("dead", share_over(dead, experts, "experts"))
        .count("tokens", (*sample)->tokens)
        .text("source", word(run.model.config.data.source));
    return out;
}

}  // namespace

extern const Analysis kDictionary{
    "dictionary",
    {Need::model, Need::experts},
    "words of each expert: the ten tokens v of largest <E_v, w_up>, beside those of largest cosine "
    "and of -w_up. purity: largest share of the ten in one category, which is named where more "
    "than half are; cohesion: mean pairwise cosine of their embeddings [def:cohesion] (pure > "
    "0.35, junk < 0.15); load: choices; hub: mean cosine to 1,000 random tokens above mean + 2 sd "
    "of the layer [def:hub]. Rank rows are read one by one; an expert's words are those of its "
    "strongest row. Intervals 95 %: Clopper-Pearson of shares, bootstrap over rows of means. n: "
    "rank rows of experts.",
    dictionary};

}  // namespace hopscope::core::analysis
