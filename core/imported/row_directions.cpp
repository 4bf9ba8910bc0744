#include "core/imported/row_directions.h"

#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#include <cmath>

namespace hopscope::core {
namespace {

using RowsF = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// C [n, n] with C Cᵀ = U Uᵀ, columns by falling length: V √Λ of the matrix of cosines.
RowsF in_span(const RowsF& unit) {
    Eigen::MatrixXf cosines = Eigen::MatrixXf::Zero(unit.rows(), unit.rows());
    cosines.selfadjointView<Eigen::Lower>().rankUpdate(unit);
    // It reads the lower half alone.
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(cosines.cast<double>());
    const Eigen::VectorXd scale = solver.eigenvalues().cwiseMax(0).cwiseSqrt();
    return (solver.eigenvectors() * scale.asDiagonal()).rowwise().reverse().cast<float>();
}

}  // namespace

void fold_gain(std::span<float> rows, std::span<const float> gain) {
    if (gain.empty()) return;
    for (size_t i = 0; i < rows.size(); ++i) rows[i] *= gain[i % gain.size()];
}

void centre_rows(std::span<float> rows, int64_t experts) {
    if (experts < 1) return;
    Eigen::Map<RowsF> all(rows.data(), experts, std::ssize(rows) / experts);
    const Eigen::RowVectorXd mean = all.cast<double>().colwise().mean();
    all.rowwise() -= mean.cast<float>();
}

std::vector<float> unit_rows(std::span<float> rows, int64_t width) {
    std::vector<float> out;
    if (width < 1) return out;
    Eigen::Map<RowsF> all(rows.data(), std::ssize(rows) / width, width);
    for (Eigen::Index i = 0; i < all.rows(); ++i) {
        out.push_back(static_cast<float>(std::sqrt(all.row(i).cast<double>().squaredNorm())));
        if (out.back() > 0) all.row(i) /= out.back();
    }
    return out;
}

RowDirections row_directions(std::span<const float> rows, int64_t experts) {
    RowDirections out;
    if (experts < 1 || rows.empty()) return out;
    RowsF unit = Eigen::Map<const RowsF>(rows.data(), experts, std::ssize(rows) / experts);
    out.length = unit_rows({unit.data(), static_cast<size_t>(unit.size())}, unit.cols());
    if (unit.cols() > experts) unit = in_span(unit);
    out.dim = unit.cols();
    out.unit.assign(unit.data(), unit.data() + unit.size());
    return out;
}

}  // namespace hopscope::core
