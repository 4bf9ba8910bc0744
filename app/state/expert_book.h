// What is known of every expert of a layer, as one value made once a snapshot: the words it is
// chosen for in the probe sample and those it writes, its class, its load, whether it is dead or a
// hub, its cluster. Pure functions without ImGui, any thread; made aside by ExpertBooks.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "app/state/archive.h"
#include "app/state/position_use.h"
#include "app/state/written_words.h"
#include "core/api/snapshot.h"

namespace hopscope::app {

/// A piece that an expert is chosen for, or writes.
struct BookWord {
    int32_t piece = 0;   ///< of ExpertBook::pieces
    int32_t token = -1;  ///< id; −1: not in the sample, so unknown
    /// Read: share of all weight that the sample gives the expert; written: ⟨E_v, w_up⟩, NaN
    /// where only the order by cosine is known.
    double score = 0;
    int64_t tokens = 0;  ///< read: of the sample, with this piece, that choose the expert
};

/// How much one hop uses an expert.
struct HopUse {
    int64_t tokens = 0;          ///< of the sample that choose it there
    double weight = core::kNaN;  ///< mean over these; NaN without
};

/// A class that the tokens of an expert mostly are of [def:expert_class].
struct ClassUse {
    std::string name;            ///< "": the sample has no classes, or no token chooses the expert
    int64_t tokens = 0, of = 0;  ///< of that class, of all that choose the expert in some hop
    double share = core::kNaN, low = core::kNaN, high = core::kNaN;  ///< with its 95 % interval
    double odds = core::kNaN, odds_low = core::kNaN, odds_high = core::kNaN;  ///< ratio, 95 %
    /// Whether its interval lies above 1, which is what the share alone does not tell.
    bool enriched() const { return odds_low > 1; }
};

struct BookEntry {
    int64_t expert = 0;
    std::vector<BookWord> reads;  ///< falling share of weight
    /// Of the dictionary, by falling cosine and by falling score; empty without one. By cosine, the
    /// words that are long or alike to all have no head start, so these say more.
    std::vector<BookWord> writes, writes_by_score;
    int64_t tokens = 0;  ///< of the sample, that choose it in some hop
    std::vector<HopUse> hops;
    ClassUse of_class;
    PositionUse position;
    double load = core::kNaN;  ///< × uniform, of the recent batches; NaN before the first update
    bool hub = false;          ///< as the dictionary says [def:hub]
    int64_t cluster = -1;      ///< as the analysis clusters says; −1: in none
    double word_purity = core::kNaN;  ///< of the dictionary [def:dictionary]
    std::string category;             ///< of the dictionary; "" for none

    bool dead() const { return load == 0; }
    /// In how many hops some token of the sample chooses it.
    int64_t hops_used() const;
};

struct ExpertBook {
    static constexpr size_t kWords = 20;  ///< most an expert, of each kind

    uint64_t version = 0;  ///< of the snapshot
    int64_t layer = -1, step = 0;
    std::string layer_name;        ///< "layer 3" (core/api/layer_names.h)
    int64_t hops = 0, sample = 0;  ///< tokens of the sample
    bool placed = false;           ///< where tokens stand in their texts is known
    bool weighted = true;          ///< choices have weights; else each counts the same
    std::vector<std::string> pieces;
    std::vector<BookEntry> entries;    ///< [experts]
    std::vector<std::string> classes;  ///< of the sample, by letters; empty where unknown
    int64_t dictionary_step = -1;      ///< of what is written; −1: not read out yet
    int64_t clusters_step = -1;        ///< −1: not clustered yet
    bool loaded = false;               ///< a batch was counted

    const BookEntry* find(int64_t expert) const;
    /// Of the words of an expert those that say most: what it writes, else what it is chosen for.
    const std::vector<BookWord>& words_of(const BookEntry& entry) const {
        return entry.writes.empty() ? entry.reads : entry.writes;
    }
};

/// Without entries where the layer does not route. `written` may be null. Some ms at 1,024 experts.
/// @param length tokens of each sequence of the sample; 0: unknown
ExpertBook expert_book(const core::GeometrySnapshot& snapshot, size_t layer,
                       const WrittenWords* written, int64_t length = 0);

/// The load of one expert at each snapshot that counted one.
struct LoadCurve {
    std::vector<double> steps, loads;  ///< × uniform
};
LoadCurve load_curve(const Past& past, size_t layer, int64_t expert);

}  // namespace hopscope::app
