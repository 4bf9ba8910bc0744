#include "app/state/expert_book.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include "app/state/sample_texts.h"
#include "core/api/layer_names.h"
#include "viz/sampled.h"

namespace hopscope::app {
namespace {

/// What the sample says of one expert while it is counted.
struct Count {
    double weight = 0;
    int64_t tokens = 0, last = -1;  ///< last: the token counted last, so that none counts twice
};
struct Tally {
    std::map<int32_t, Count> words;  ///< by piece
    std::vector<int64_t> of_class;
    std::vector<Count> hops;
    QuarterCounts quarters{};
    int64_t tokens = 0, last = -1;
    double weight = 0;
};

/// Texts by number, each once.
class Numbers {
  public:
    explicit Numbers(std::vector<std::string>& texts) : texts_(texts) {}
    int32_t of(const std::string& text) {
        const auto [at, is_new] = numbers_.try_emplace(text, static_cast<int32_t>(texts_.size()));
        if (is_new) texts_.push_back(text);
        return at->second;
    }

  private:
    std::vector<std::string>& texts_;
    std::map<std::string, int32_t> numbers_;
};

void set_share(ClassUse& use) {
    if (use.of < 1) return;
    const auto found = static_cast<double>(use.tokens), n = static_cast<double>(use.of);
    const viz::Interval interval = viz::wilson_interval(found, n);
    use.share = found / n;
    use.low = interval.low;
    use.high = interval.high;
}

/// Of (of the class or not) × (choosing the expert or not), 0.5 added to each cell.
void set_odds(ClassUse& use, int64_t class_tokens, int64_t all) {
    const auto cell = [](int64_t count) { return static_cast<double>(count) + 0.5; };
    const double a = cell(use.tokens), b = cell(class_tokens - use.tokens);
    const double c = cell(use.of - use.tokens);
    const double d = cell(all - class_tokens - (use.of - use.tokens));
    const double log_ratio = std::log(a) + std::log(d) - std::log(b) - std::log(c);
    const double half = viz::kNormal95 * std::sqrt(1 / a + 1 / b + 1 / c + 1 / d);
    use.odds = std::exp(log_ratio);
    use.odds_low = std::exp(log_ratio - half);
    use.odds_high = std::exp(log_ratio + half);
}

/// The class of most tokens, the first by letters of equals.
ClassUse class_use(const Tally& tally, const std::vector<std::string>& classes,
                   const std::vector<int64_t>& sizes) {
    ClassUse out;
    const auto most = std::max_element(tally.of_class.begin(), tally.of_class.end());
    if (most == tally.of_class.end() || *most == 0) return out;
    const auto which = static_cast<size_t>(most - tally.of_class.begin());
    out.name = classes[which];
    out.tokens = *most;
    out.of = std::accumulate(tally.of_class.begin(), tally.of_class.end(), int64_t{0});
    set_share(out);
    set_odds(out, sizes[which], std::accumulate(sizes.begin(), sizes.end(), int64_t{0}));
    return out;
}

std::vector<BookWord> strongest(const Tally& tally,
                                const std::map<int32_t, int32_t>& token_of_piece) {
    std::vector<BookWord> out;
    for (const auto& [piece, count] : tally.words)
        out.push_back({piece, token_of_piece.at(piece),
                       tally.weight > 0 ? count.weight / tally.weight : 0, count.tokens});
    std::stable_sort(out.begin(), out.end(),
                     [](const BookWord& a, const BookWord& b) { return a.score > b.score; });
    if (out.size() > ExpertBook::kWords) out.resize(ExpertBook::kWords);
    return out;
}

/// The probe sample with its pieces and classes numbered; classes −1 where unknown.
struct Sample {
    std::vector<int32_t> piece, of_class;
    std::vector<int64_t> class_sizes;
    std::vector<size_t> quarter;  ///< [tokens]; empty where the length of sequences is unknown
    QuarterCounts quarter_sizes{};
    std::map<int32_t, int32_t> token_of_piece;
};

Sample sample_of(const core::GeometrySnapshot& snapshot, Numbers& pieces,
                 std::vector<std::string>& classes, int64_t length) {
    Sample out;
    classes = snapshot.classes;
    std::sort(classes.begin(), classes.end());
    classes.erase(std::unique(classes.begin(), classes.end()), classes.end());
    std::erase(classes, "");
    out.class_sizes.assign(classes.size(), 0);
    for (size_t t = 0; t < snapshot.pieces.size(); ++t) {
        out.piece.push_back(pieces.of(snapshot.pieces[t]));
        out.token_of_piece.try_emplace(out.piece.back(),
                                       t < snapshot.token_ids.size() ? snapshot.token_ids[t] : -1);
        int32_t which = -1;
        if (t < snapshot.classes.size() && !snapshot.classes[t].empty()) {
            which = static_cast<int32_t>(
                std::lower_bound(classes.begin(), classes.end(), snapshot.classes[t]) -
                classes.begin());
            ++out.class_sizes[static_cast<size_t>(which)];
        }
        out.of_class.push_back(which);
        if (!knows_texts(snapshot, length)) continue;
        const auto token = static_cast<int64_t>(t);
        const TextRange text = text_of(snapshot, token, length);
        out.quarter.push_back(quarter_of(token - text.begin, text.length()));
        ++out.quarter_sizes[out.quarter.back()];
    }
    return out;
}

/// A server's recording of choices has none; then each choice counts the same.
bool has_weights(const core::LayerGeometry& g) {
    return std::any_of(g.weights.begin(), g.weights.end(),
                       [](float w) { return std::isfinite(w); });
}

/// Reads the choices token by token, so that one that chooses an expert in several hops is one.
std::vector<Tally> tallies_of(const core::LayerGeometry& g, const Sample& sample) {
    const auto experts = static_cast<size_t>(g.experts);
    const auto hops = static_cast<size_t>(g.hops), k = static_cast<size_t>(g.top_k);
    const size_t tokens = sample.piece.size();
    std::vector<Tally> out(experts);
    for (Tally& tally : out) {
        tally.of_class.assign(sample.class_sizes.size(), 0);
        tally.hops.resize(hops);
    }
    if (g.choices.size() != hops * tokens * k || g.weights.size() != g.choices.size()) return out;
    const bool recorded = has_weights(g);
    for (size_t t = 0; t < tokens; ++t)
        for (size_t h = 0; h < hops; ++h)
            for (size_t j = 0; j < k; ++j) {
                const size_t at = (h * tokens + t) * k + j;
                if (g.choices[at] < 0 || g.choices[at] >= g.experts) continue;
                Tally& tally = out[static_cast<size_t>(g.choices[at])];
                const auto token = static_cast<int64_t>(t);
                const double weight = !recorded ? 1
                                      : std::isfinite(g.weights[at])
                                          ? static_cast<double>(g.weights[at])
                                          : 0;
                tally.weight += weight;
                for (Count* count : {&tally.words[sample.piece[t]], &tally.hops[h]}) {
                    count->weight += weight;
                    if (std::exchange(count->last, token) != token) ++count->tokens;
                }
                if (std::exchange(tally.last, token) == token) continue;
                ++tally.tokens;
                if (!sample.quarter.empty()) ++tally.quarters[sample.quarter[t]];
                if (sample.of_class[t] >= 0)
                    ++tally.of_class[static_cast<size_t>(sample.of_class[t])];
            }
    return out;
}

void add_written(BookEntry& entry, const WrittenBy& by, Numbers& pieces) {
    for (const WrittenWord& word : by.words) {
        if (entry.writes_by_score.size() == ExpertBook::kWords) break;
        entry.writes_by_score.push_back({pieces.of(word.piece), -1, word.score, 0});
    }
    for (const std::string& piece : by.by_cosine) {
        if (entry.writes.size() == ExpertBook::kWords) break;
        entry.writes.push_back({pieces.of(piece), -1, core::kNaN, 0});
    }
    if (by.by_cosine.empty()) entry.writes = entry.writes_by_score;
    entry.hub = by.hub;
    entry.cluster = by.cluster;
    entry.word_purity = by.purity;
    entry.category = by.category;
}

bool counts_load(const core::LayerGeometry& g) {
    return std::any_of(g.load.begin(), g.load.end(), [](float share) { return share > 0; });
}

}  // namespace

int64_t BookEntry::hops_used() const {
    return std::count_if(hops.begin(), hops.end(), [](const HopUse& u) { return u.tokens > 0; });
}

const BookEntry* ExpertBook::find(int64_t expert) const {
    return expert >= 0 && expert < std::ssize(entries) ? &entries[static_cast<size_t>(expert)]
                                                       : nullptr;
}

ExpertBook expert_book(const core::GeometrySnapshot& snapshot, size_t layer,
                       const WrittenWords* written, int64_t length) {
    ExpertBook out;
    out.version = snapshot.version;
    out.step = snapshot.step;
    out.layer = static_cast<int64_t>(layer);
    if (layer >= snapshot.layers.size()) return out;
    const core::LayerGeometry& g = snapshot.layers[layer];
    out.layer_name = core::layer_name(g.name, out.layer);
    out.hops = g.hops;
    out.sample = std::ssize(snapshot.pieces);
    out.placed = knows_texts(snapshot, length);
    out.weighted = has_weights(g);
    out.loaded = counts_load(g);
    if (written) {
        out.dictionary_step = written->step;
        out.clusters_step = written->clusters_step;
    }
    Numbers pieces(out.pieces);
    const Sample sample = sample_of(snapshot, pieces, out.classes, length);
    const std::vector<Tally> tallies = tallies_of(g, sample);
    for (size_t e = 0; e < tallies.size(); ++e) {
        const Tally& tally = tallies[e];
        BookEntry entry;
        entry.expert = static_cast<int64_t>(e);
        entry.reads = strongest(tally, sample.token_of_piece);
        entry.tokens = tally.tokens;
        for (const Count& hop : tally.hops)
            entry.hops.push_back({hop.tokens, hop.tokens > 0 && out.weighted
                                                  ? hop.weight / static_cast<double>(hop.tokens)
                                                  : core::kNaN});
        entry.of_class = class_use(tally, out.classes, sample.class_sizes);
        entry.position = position_use(tally.quarters, sample.quarter_sizes);
        if (out.loaded && e < g.load.size())
            entry.load = static_cast<double>(g.load[e]) * static_cast<double>(g.experts);
        if (const WrittenBy* by = written ? written->find(layer, e) : nullptr)
            add_written(entry, *by, pieces);
        out.entries.push_back(std::move(entry));
    }
    return out;
}

LoadCurve load_curve(const Past& past, size_t layer, int64_t expert) {
    LoadCurve out;
    for (const Snapshot& snapshot : past) {
        if (layer >= snapshot->layers.size()) continue;
        const core::LayerGeometry& g = snapshot->layers[layer];
        if (expert < 0 || expert >= std::ssize(g.load) || !counts_load(g)) continue;
        out.steps.push_back(static_cast<double>(snapshot->step));
        out.loads.push_back(static_cast<double>(g.load[static_cast<size_t>(expert)]) *
                            static_cast<double>(g.experts));
    }
    return out;
}

}  // namespace hopscope::app
