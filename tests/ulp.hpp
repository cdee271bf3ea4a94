// Distances in units of the last place, and random numbers to measure them at.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace lanewise::test {

/// What results are measured against: 11 bits more than double on x86, 60 more on arm64 Linux.
using Real = long double;

/// |got - expected| in units of the last place of `expected`; below the normal numbers of T the unit is the
/// smallest subnormal one. Infinity counts as the first number beyond the range of T, and so does all that is
/// farther. 0 when both are NaN, infinite when one is.
template <class T>
double ulps(T got, Real expected) {
    using Limits = std::numeric_limits<T>;
    if (std::isnan(got) || std::isnan(expected))
        return std::isnan(got) && std::isnan(expected) ? 0 : std::numeric_limits<double>::infinity();
    const Real beyond = std::ldexp(Real(1), Limits::max_exponent);
    const Real difference = std::clamp<Real>(got, -beyond, beyond) - std::clamp(expected, -beyond, beyond);
    int exponent = Limits::max_exponent;
    if (std::abs(expected) < beyond) std::frexp(expected, &exponent);
    return static_cast<double>(
        std::ldexp(std::abs(difference), Limits::digits - std::max(exponent, Limits::min_exponent)));
}

/// The same numbers with every standard library.
class Random {
  public:
    explicit Random(std::uint64_t seed = 1) : bits_(seed) {}

    double between(double lower, double upper) {
        return lower + (upper - lower) * (static_cast<double>(bits_() >> 11U) * 0x1p-53);
    }
    /// The logarithm uniform.
    double size(double smallest, double largest) {
        return std::exp(between(std::log(smallest), std::log(largest)));
    }
    double sign() { return (bits_() & 1U) != 0 ? -1 : 1; }

  private:
    std::mt19937_64 bits_;
};

}  // namespace lanewise::test
