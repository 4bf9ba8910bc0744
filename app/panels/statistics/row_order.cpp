#include "app/panels/statistics/row_order.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "app/widgets/format.h"
#include "viz/similarity.h"

namespace hopscope::app {

const char* name_of(RowOrder order) {
    switch (order) {
        case RowOrder::similarity:
            return "similarity";
        case RowOrder::load:
            return "load";
        case RowOrder::cluster:
            break;
    }
    return "cluster";
}

std::vector<int32_t> places_in(RowOrder order, std::span<const float> alike,
                               std::span<const int32_t> experts,
                               std::span<const int64_t> cluster_of) {
    if (order == RowOrder::similarity) return viz::order_by_similarity(alike, experts.size());
    std::vector<int32_t> places(experts.size());
    std::iota(places.begin(), places.end(), 0);
    if (order == RowOrder::load) return places;
    const auto cluster = [&](int32_t place) {
        const auto expert = static_cast<size_t>(experts[static_cast<size_t>(place)]);
        const int64_t number = expert < cluster_of.size() ? cluster_of[expert] : -1;
        return number < 0 ? std::numeric_limits<int64_t>::max() : number;
    };
    std::stable_sort(places.begin(), places.end(),
                     [&](int32_t a, int32_t b) { return cluster(a) < cluster(b); });
    return places;
}

std::vector<float> in_order(std::span<const float> matrix, std::span<const int32_t> places) {
    const size_t n = places.size();
    std::vector<float> out;
    out.reserve(n * n);
    for (const int32_t i : places)
        for (const int32_t j : places)
            out.push_back(matrix[static_cast<size_t>(i) * n + static_cast<size_t>(j)]);
    return out;
}

std::vector<int32_t> in_order_of(std::span<const int32_t> experts,
                                 std::span<const int32_t> places) {
    std::vector<int32_t> out;
    for (const int32_t place : places) out.push_back(experts[static_cast<size_t>(place)]);
    return out;
}

std::string rows_in_words(int64_t shown, int64_t experts, RowOrder order) {
    const std::string end = std::string(", sorted by ") + name_of(order);
    if (shown >= experts) return with_thousands(shown) + " experts" + end;
    return with_thousands(shown) + " of " + with_thousands(experts) + " experts (every " +
           rounded(static_cast<double>(experts) / static_cast<double>(shown),
                   experts % shown == 0 ? 0 : 1) +
           "th by load)" + end;
}

}  // namespace hopscope::app
