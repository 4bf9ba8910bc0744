// Principal axes of points in routing space, kept frozen so that pictures of different steps can
// be compared, and aligned to the old ones when they are fitted anew. Pure functions, any thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace hopscope::viz {

inline constexpr int kAxes = 3;

/// Three orthonormal directions through a mean. Fewer than three where the points span less: the
/// missing axes are zero and carry no variance.
struct Basis {
    int64_t dim = 0;                    ///< s; 0: nothing was fitted
    std::vector<double> mean;           ///< [s]
    std::vector<double> axes;           ///< [3, s], unit rows, falling variance
    std::array<double, kAxes> share{};  ///< part of the variance along each axis, 0 … 1
    double total_variance = 0;          ///< of all s coordinates, weighted
    int64_t step = -1;                  ///< of the snapshot it was fitted to

    bool valid() const { return dim > 0; }
    /// The row of axis i, [s].
    std::span<const double> axis(int i) const {
        return std::span(axes).subspan(static_cast<size_t>(i * dim), static_cast<size_t>(dim));
    }
};

/// Weighted principal axes of `points` [n, s]. Each axis is signed so that its component of largest
/// absolute value is positive. Rows with a value that is not finite are left out; `weights` [n]
/// (empty: all 1) must not be negative. Fewer than two usable rows, or no spread: an invalid basis.
/// Up to s = 160 by a full eigendecomposition, above by block iteration (relative error of the
/// variances below 1e-6 unless they are nearly equal).
Basis fit_pca(std::span<const float> points, int64_t dim, std::span<const float> weights = {});

/// Turns the first `plane` axes of `fresh` (2: those of the picture; 3: all) by the orthogonal
/// matrix that brings them nearest to those of `old` (Procrustes), and gives the remaining axes the
/// sign nearest to the old one. The space spanned by the first `plane` axes stays the same. Where
/// the dimensions differ, `fresh` is returned unchanged.
Basis aligned(const Basis& fresh, const Basis& old, int plane = 2);

/// Coordinates of `points` [n, s] along the axes → [n, 3].
std::vector<float> project(const Basis& basis, std::span<const float> points);

}  // namespace hopscope::viz
