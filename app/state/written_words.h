// What experts write, as the analyses `dictionary` and `clusters` have left it in the run's folder
// (docs/formats.md): words by falling score, purity, hubs, clusters. Reading a file takes up to a
// second, so it is done aside. Pure functions of the disk, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/api/snapshot.h"

namespace hopscope::app {

struct WrittenWord {
    std::string piece;
    double score = 0;  ///< ⟨E_v, w_up⟩
};

struct WrittenBy {
    std::vector<WrittenWord> words;      ///< falling score
    std::vector<std::string> by_cosine;  ///< falling cosine; empty in a document without them
    double purity = core::kNaN;          ///< largest share of the words in one category
    std::string category;                ///< it, where most words are of it; else ""
    bool hub = false;
    int64_t cluster = -1;  ///< of the first of its rank rows that is in one; −1: none
};

struct WrittenWords {
    int64_t step = -1;                           ///< of the dictionary; −1: there is none
    int64_t clusters_step = -1;                  ///< of the clusters; −1: there are none
    std::vector<std::vector<WrittenBy>> layers;  ///< [layers][experts]
    std::string problem;                         ///< why a file that is there cannot be read
    const WrittenBy* find(size_t layer, size_t expert) const;
};

/// The two texts; "" where there is none. What belongs to no expert of the dictionary is left out.
WrittenWords parse_written_words(const std::string& dictionary, const std::string& clusters);

/// When the files of RUN/analysis were last changed, 0 where there is none, and whether an analysis
/// finds a checkpoint.
struct WrittenFiles {
    int64_t dictionary = 0, clusters = 0;
    bool has_checkpoint = false;
    bool operator==(const WrittenFiles&) const = default;
};
WrittenFiles look_at_written_words(const std::string& run);
WrittenWords read_written_words(const std::string& run);

}  // namespace hopscope::app
