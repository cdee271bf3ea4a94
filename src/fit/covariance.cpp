#include "covariance.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

namespace lanewise {

namespace {

/// Correlations so near to 1 say nothing.
constexpr double least_pivot = 1e-13;

}  // namespace

void invert_curvature(std::span<const double> h, const std::vector<bool>& is_fixed, double variance,
                      std::span<double> covariance) {
    const std::size_t d = is_fixed.size();
    std::vector<std::size_t> free;
    for (std::size_t j = 0; j < d; ++j) {
        if (!is_fixed[j]) free.push_back(j);
    }
    std::ranges::fill(covariance, 0.0);
    // In units in which the diagonal is 1: powers of two, which change no bit of what they scale.
    const auto entry = [&](std::size_t i, std::size_t j) {
        return h[std::max(i, j) * (std::max(i, j) + 1) / 2 + std::min(i, j)];
    };
    const auto n = static_cast<Eigen::Index>(free.size());
    std::vector<double> unit(free.size());
    bool is_usable = std::isfinite(variance);
    for (std::size_t i = 0; i < free.size(); ++i) {
        const double diagonal = entry(free[i], free[i]);
        is_usable = is_usable && diagonal > 0 && std::isfinite(diagonal);
        unit[i] = is_usable ? std::exp2(-std::round(std::log2(diagonal) / 2)) : 1;
    }
    Eigen::MatrixXd scaled(n, n);
    for (Eigen::Index i = 0; i < n; ++i) {
        for (Eigen::Index j = 0; j < n; ++j) {
            const auto a = static_cast<std::size_t>(i);
            const auto b = static_cast<std::size_t>(j);
            scaled(i, j) = entry(free[a], free[b]) * unit[a] * unit[b];
        }
    }
    const Eigen::LDLT<Eigen::MatrixXd> factors(scaled);
    is_usable = is_usable && factors.info() == Eigen::Success && factors.vectorD().minCoeff() > least_pivot;
    if (!is_usable) {
        for (const std::size_t i : free) {
            for (const std::size_t j : free) covariance[i * d + j] = std::numeric_limits<double>::infinity();
        }
        return;
    }
    const Eigen::MatrixXd inverse = factors.solve(Eigen::MatrixXd::Identity(n, n));
    for (std::size_t a = 0; a < free.size(); ++a) {
        for (std::size_t b = 0; b < free.size(); ++b) {
            const double of_half = 2 * inverse(static_cast<Eigen::Index>(std::max(a, b)),
                                               static_cast<Eigen::Index>(std::min(a, b)));
            covariance[free[a] * d + free[b]] = of_half * unit[a] * unit[b] * variance;
        }
    }
}

}  // namespace lanewise
