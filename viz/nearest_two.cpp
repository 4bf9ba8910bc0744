#include "viz/nearest_two.h"

#include <Eigen/Dense>
#include <algorithm>

namespace hopscope::viz {
namespace {

using RowsF = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

}  // namespace

NearestTwo nearest_two(const core::LayerGeometry& g) {
    NearestTwo out;
    const bool usable = g.d_space > 0 && g.experts > 0 &&
                        g.centroids.size() == static_cast<size_t>(g.experts * g.d_space);
    if (!usable) return out;
    constexpr Eigen::Index kBlock = 512;
    const auto dim = static_cast<Eigen::Index>(g.d_space);
    const RowsF centroids =
        Eigen::Map<const RowsF>(g.centroids.data(), static_cast<Eigen::Index>(g.experts), dim)
            .rowwise()
            .normalized();
    const auto n = static_cast<Eigen::Index>(g.positions.size()) / dim;
    for (Eigen::Index i = 0; i < n; i += kBlock) {
        const Eigen::Index count = std::min(kBlock, n - i);
        const RowsF cosines = Eigen::Map<const RowsF>(g.positions.data() + i * dim, count, dim)
                                  .rowwise()
                                  .normalized() *
                              centroids.transpose();
        for (Eigen::Index row = 0; row < count; ++row) {
            int32_t expert = -1;
            float first = -2, second = -2;
            for (Eigen::Index e = 0; e < cosines.cols(); ++e) {
                const float c = cosines(row, e);
                second = std::max(second, std::min(c, first));
                if (c > first) {
                    first = c;
                    expert = static_cast<int32_t>(e);
                }
            }
            out.expert.push_back(expert);
            out.first.push_back(first);
            out.second.push_back(second);
        }
    }
    return out;
}

}  // namespace hopscope::viz
