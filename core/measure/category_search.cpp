#include "core/measure/category_search.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "core/text/random.h"

namespace hopscope::core {

std::vector<CategoryMatch> search_category(const Dictionary& dictionary,
                                           const std::vector<int64_t>& seeds, size_t count) {
    std::vector<CategoryMatch> out;
    for (size_t l = 0; l < dictionary.layers.size(); ++l)
        for (const ExpertWords& row : dictionary.layers[l]) {
            if (row.hub) continue;
            CategoryMatch match{static_cast<int64_t>(l), row.expert, row.row};
            const auto& words = row.words.dot;
            for (size_t i = 0; i < std::min<size_t>(words.size(), kShownWords); ++i)
                if (std::binary_search(seeds.begin(), seeds.end(), words[i].token)) {
                    ++match.overlap;
                    match.weight += words[i].score / row.norm;
                }
            if (match.overlap > 0) out.push_back(match);
        }
    std::stable_sort(out.begin(), out.end(), [](const CategoryMatch& a, const CategoryMatch& b) {
        return std::tie(a.overlap, a.weight) > std::tie(b.overlap, b.weight);
    });
    if (out.size() > count) out.resize(count);
    return out;
}

std::vector<int64_t> found_words(const Dictionary& dictionary,
                                 const std::vector<CategoryMatch>& matches) {
    std::set<int64_t> out;
    for (const auto& match : matches)
        for (const ExpertWords& row : dictionary.layers[static_cast<size_t>(match.layer)]) {
            if (row.expert != match.expert || row.row != match.row) continue;
            const auto& words = row.words.dot;
            for (size_t i = 0; i < std::min<size_t>(words.size(), kShownWords); ++i)
                out.insert(words[i].token);
        }
    return {out.begin(), out.end()};
}

int64_t searched_directions(const Dictionary& dictionary) {
    int64_t n = 0;
    for (const auto& layer : dictionary.layers)
        n += std::count_if(layer.begin(), layer.end(), [](const auto& row) { return !row.hub; });
    return n;
}

std::pair<std::vector<int64_t>, std::vector<int64_t>> split_words(const std::vector<int64_t>& ids,
                                                                  uint64_t seed) {
    std::vector<int64_t> drawn = ids;
    Random(seed).shuffle(drawn);
    const auto half = drawn.begin() + static_cast<std::ptrdiff_t>((drawn.size() + 1) / 2);
    std::vector<int64_t> seeds(drawn.begin(), half), held_out(half, drawn.end());
    std::sort(seeds.begin(), seeds.end());
    std::sort(held_out.begin(), held_out.end());
    return {seeds, held_out};
}

}  // namespace hopscope::core
