#include "viz/pca.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

namespace hopscope::viz {
namespace {

using Matrix = Eigen::MatrixXd;
using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr int64_t kFullSolve = 160;  ///< up to this dimension
constexpr int kBlock = 12;           ///< columns of the block iteration
constexpr int kRounds = 24;

/// Rows that can be used, centred and multiplied by √(weight / Σ weight): Xᵀ X is the covariance.
Matrix centred_rows(std::span<const float> points, int64_t dim, std::span<const float> weights,
                    Eigen::VectorXd& mean) {
    const int64_t n = static_cast<int64_t>(points.size()) / dim;
    Matrix rows(n, dim);
    Eigen::VectorXd weight(n);
    int64_t used = 0;
    for (int64_t i = 0; i < n; ++i) {
        const auto row = points.subspan(static_cast<size_t>(i * dim), static_cast<size_t>(dim));
        const double w = weights.empty() ? 1.0 : weights[static_cast<size_t>(i)];
        if (!(w > 0) || !std::isfinite(w)) continue;
        if (!std::all_of(row.begin(), row.end(), [](float v) { return std::isfinite(v); }))
            continue;
        for (int64_t j = 0; j < dim; ++j) rows(used, j) = row[static_cast<size_t>(j)];
        weight(used++) = w;
    }
    rows.conservativeResize(used, dim);
    weight.conservativeResize(used);
    if (used == 0) return rows;
    weight /= weight.sum();
    mean = rows.transpose() * weight;
    rows.rowwise() -= mean.transpose();
    rows = weight.cwiseSqrt().asDiagonal() * rows;
    return rows;
}

/// The leading eigenvectors of Xᵀ X as columns, falling; block iteration from a fixed start.
Matrix leading_axes(const Matrix& rows, Eigen::VectorXd& variance) {
    const int64_t dim = rows.cols();
    if (dim <= kFullSolve) {
        const Eigen::SelfAdjointEigenSolver<Matrix> solver(rows.transpose() * rows);
        variance = solver.eigenvalues().reverse();
        return solver.eigenvectors().rowwise().reverse();
    }
    Matrix q(dim, kBlock);
    for (int64_t i = 0; i < q.size(); ++i) q.data()[i] = std::sin(1.0 + 12.9898 * double(i));
    for (int round = 0; round < kRounds; ++round) {
        const Matrix next = rows.transpose() * (rows * q);
        q = Eigen::HouseholderQR<Matrix>(next).householderQ() * Matrix::Identity(dim, kBlock);
    }
    const Matrix image = rows * q;
    const Eigen::SelfAdjointEigenSolver<Matrix> solver(image.transpose() * image);
    variance = solver.eigenvalues().reverse();
    return q * solver.eigenvectors().rowwise().reverse();
}

void fix_sign(Eigen::VectorXd& axis) {
    Eigen::Index at = 0;
    axis.cwiseAbs().maxCoeff(&at);
    if (axis(at) < 0) axis = -axis;
}

Eigen::Map<const RowMatrix> rows_of(const Basis& b) {
    return {b.axes.data(), kAxes, static_cast<Eigen::Index>(b.dim)};
}

}  // namespace

Basis fit_pca(std::span<const float> points, int64_t dim, std::span<const float> weights) {
    Basis basis;
    if (dim < 1 || (!weights.empty() && weights.size() * static_cast<size_t>(dim) != points.size()))
        return basis;
    Eigen::VectorXd mean = Eigen::VectorXd::Zero(dim);
    const Matrix rows = centred_rows(points, dim, weights, mean);
    const double total = rows.squaredNorm();
    if (rows.rows() < 2 || !(total > 1e-20)) return basis;

    Eigen::VectorXd variance;
    const Matrix axes = leading_axes(rows, variance);
    basis.dim = dim;
    basis.total_variance = total;
    basis.mean.assign(mean.begin(), mean.end());
    basis.axes.assign(static_cast<size_t>(kAxes * dim), 0.0);
    for (int i = 0; i < kAxes && i < axes.cols(); ++i) {
        if (!(variance(i) > 1e-12 * total)) break;
        Eigen::VectorXd axis = axes.col(i);
        fix_sign(axis);
        std::copy(axis.begin(), axis.end(), basis.axes.begin() + i * dim);
        basis.share[static_cast<size_t>(i)] = variance(i) / total;
    }
    return basis;
}

Basis aligned(const Basis& fresh, const Basis& old, int plane) {
    if (!fresh.valid() || fresh.dim != old.dim) return fresh;
    plane = std::clamp(plane, 1, kAxes);
    Basis out = fresh;
    const auto from = rows_of(fresh);
    const auto to = rows_of(old);
    Eigen::Map<RowMatrix> turned(out.axes.data(), kAxes, static_cast<Eigen::Index>(out.dim));

    const Matrix overlap = to.topRows(plane) * from.topRows(plane).transpose();
    const Eigen::JacobiSVD<Matrix> svd(overlap, Eigen::ComputeFullU | Eigen::ComputeFullV);
    const Matrix turn = svd.matrixU() * svd.matrixV().transpose();
    turned.topRows(plane) = turn * from.topRows(plane);
    // Variances are those of the turned axes: Var(Σ r_j x_j) = Σ r_j² λ_j, since the x_j of
    // principal axes are uncorrelated.
    for (int i = 0; i < plane; ++i) {
        double share = 0;
        for (int j = 0; j < plane; ++j)
            share += turn(i, j) * turn(i, j) * fresh.share[static_cast<size_t>(j)];
        out.share[static_cast<size_t>(i)] = share;
    }
    for (int i = plane; i < kAxes; ++i)
        if (from.row(i).dot(to.row(i)) < 0) turned.row(i) = -from.row(i);
    return out;
}

std::vector<float> project(const Basis& basis, std::span<const float> points) {
    if (!basis.valid()) return {};
    const auto n = static_cast<Eigen::Index>(points.size()) / static_cast<Eigen::Index>(basis.dim);
    const auto dim = static_cast<Eigen::Index>(basis.dim);
    using RowsF = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    const Eigen::Map<const RowsF> rows(points.data(), n, dim);
    const RowsF axes = rows_of(basis).cast<float>();
    const Eigen::Map<const Eigen::VectorXd> mean(basis.mean.data(), dim);
    const Eigen::RowVectorXf shift = (rows_of(basis) * mean).transpose().cast<float>();
    std::vector<float> out(static_cast<size_t>(n * kAxes));
    Eigen::Map<RowsF> result(out.data(), n, kAxes);
    result.noalias() = rows * axes.transpose();
    result.rowwise() -= shift;
    return out;
}

}  // namespace hopscope::viz
