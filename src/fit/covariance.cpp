#include "covariance.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace lanewise {

namespace {

/// A pivot below this part of its diagonal is taken for rounding.
constexpr double least_pivot = 1e-13;

/// A power of two near 1 / sqrt(a), by half of the exponent of a, which is a normal number.
double inverse_root_in_powers_of_two(double a) {
    constexpr std::uint64_t bias = 1023;
    constexpr unsigned mantissa_bits = 52;
    const std::uint64_t exponent = std::bit_cast<std::uint64_t>(a) >> mantissa_bits;
    return std::bit_cast<double>((bias + bias / 2 - exponent / 2) << mantissa_bits);
}

constexpr std::size_t packed(std::size_t i, std::size_t j) {
    return i * (i + 1) / 2 + j;
}

}  // namespace

Covariance::Covariance(std::size_t dimension)
    : dimension_(dimension), units_(dimension), factors_(packed(dimension, 0)), column_(dimension) {}

bool Covariance::factorise(std::span<const double> h) {
    // In units in which the diagonal is near 1: powers of two, which change no bit of what they scale.
    for (std::size_t i = 0; i < free_.size(); ++i) {
        const double diagonal = h[packed(free_[i], free_[i])];
        if (!(diagonal > 0) || !std::isfinite(diagonal)) return false;
        units_[i] = inverse_root_in_powers_of_two(diagonal);
    }
    for (std::size_t i = 0; i < free_.size(); ++i) {
        for (std::size_t j = 0; j <= i; ++j) {
            const double scaled = h[packed(free_[i], free_[j])] * units_[i] * units_[j];
            double sum = scaled;
            for (std::size_t k = 0; k < j; ++k)
                sum -= factors_[packed(i, k)] * factors_[packed(j, k)] * factors_[packed(k, k)];
            if (i == j && !(sum > least_pivot * scaled)) return false;
            factors_[packed(i, j)] = i == j ? sum : sum / factors_[packed(j, j)];
        }
    }
    return true;
}

void Covariance::find_free(const std::vector<bool>& is_fixed) {
    free_.clear();
    for (std::size_t j = 0; j < dimension_; ++j) {
        if (!is_fixed[j]) free_.push_back(j);
    }
}

bool Covariance::determines(std::span<const double> h, const std::vector<bool>& is_fixed) {
    find_free(is_fixed);
    return factorise(h);
}

void Covariance::invert(std::span<const double> h, const std::vector<bool>& is_fixed, double variance,
                        std::span<double> covariance) {
    const std::size_t d = dimension_;
    find_free(is_fixed);
    const std::size_t n = free_.size();
    std::ranges::fill(covariance, 0.0);
    if (!std::isfinite(variance) || !factorise(h)) {
        for (const std::size_t i : free_) {
            for (const std::size_t j : free_) covariance[i * d + j] = std::numeric_limits<double>::infinity();
        }
        return;
    }
    for (std::size_t c = 0; c < n; ++c) {
        for (std::size_t i = 0; i < n; ++i) {
            double sum = i == c ? 1 : 0;
            for (std::size_t k = c; k < i; ++k) sum -= factors_[packed(i, k)] * column_[k];
            column_[i] = i < c ? 0 : sum;
        }
        for (std::size_t i = n; i-- > c;) {
            double sum = column_[i] / factors_[packed(i, i)];
            for (std::size_t k = i + 1; k < n; ++k) sum -= factors_[packed(k, i)] * column_[k];
            column_[i] = sum;
            const double entry = 2 * sum * units_[i] * units_[c] * variance;
            covariance[free_[i] * d + free_[c]] = covariance[free_[c] * d + free_[i]] = entry;
        }
    }
}

}  // namespace lanewise
