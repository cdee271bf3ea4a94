// The logarithm and its inverse, the same bits with every C library and processor.
#pragma once

#include <sleef.h>

#include <cmath>

namespace lanewise {

/// lower exp(t) is formed in two steps where exp(t) overflows.
inline constexpr double most_exponent = 700;

inline double exp_over(double t, double lower) {
    if (t <= most_exponent) return lower * Sleef_cinz_expd1_u10purec(t);
    const double half = Sleef_cinz_expd1_u10purec(t / 2);
    return lower * half * half;
}

/// log(x / lower), of numbers above 0.
inline double log_over(double x, double lower) {
    const double ratio = x / lower;
    if (std::isfinite(ratio)) return Sleef_cinz_logd1_u10purec(ratio);
    return Sleef_cinz_logd1_u10purec(x) - Sleef_cinz_logd1_u10purec(lower);
}

}  // namespace lanewise
