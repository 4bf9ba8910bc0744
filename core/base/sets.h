// How alike two sets are: what the expert sets of hops, layers, steps, passes and words of experts
// are compared by [def:jaccard]. Pure functions, any thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

namespace hopscope::core {

/// |A ∩ B| / |A ∪ B| of two sets of a and b items with h in common; 1 where both are empty.
inline double jaccard_of(int64_t h, int64_t a, int64_t b) {
    const int64_t all = a + b - h;
    return all > 0 ? static_cast<double>(h) / static_cast<double>(all) : 1.0;
}

/// Items that two short lists have in common; no list holds an item twice, in whatever order.
inline int64_t common_items(std::span<const int32_t> a, std::span<const int32_t> b) {
    int64_t out = 0;
    for (const int32_t item : a) out += std::count(b.begin(), b.end(), item);
    return out;
}

/// jaccard_of two such lists.
inline double jaccard_of(std::span<const int32_t> a, std::span<const int32_t> b) {
    return jaccard_of(common_items(a, b), static_cast<int64_t>(a.size()),
                      static_cast<int64_t>(b.size()));
}

}  // namespace hopscope::core
