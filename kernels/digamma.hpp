// The derivative of lgamma, which SLEEF does not have.
#pragma once

#include "simd.hpp"

namespace lanewise::kernels {
namespace {

/// psi(x) by reflection to x >= 1/2, recurrence to x >= 10 and the asymptotic series (Abramowitz & Stegun
/// 6.3.7, 6.3.5, 6.3.18): within 4 eps max(1, |psi|). A lane's bits depend on its own x alone.
template <class T>
Batch<T> digamma(Batch<T> x) {
    using B = Batch<T>;
    constexpr T pi = T(3.14159265358979323846);
    constexpr int shifts = 10;
    const B one(T(1));
    const Mask<T> reflected = x < B(T(0.5));
    const B from_integer = x - xsimd::floor(x + B(T(0.5)));
    const B reflection = divide(B(pi), sleef::tan(B(pi) * from_integer));

    B y = xsimd::select(reflected, one - x, x);
    B psi(T(0));
    for (int i = 0; i < shifts; ++i) {
        const Mask<T> small = y < B(T(shifts));
        psi = xsimd::select(small, psi - divide(one, y), psi);
        y = xsimd::select(small, y + one, y);
    }
    const B inverse = divide(one, y);
    const B z = inverse * inverse;
    // B(2n) / 2n, the Bernoulli numbers of even order.
    B series(T(1.0 / 12));
    for (const T coefficient :
         {T(-691.0 / 32760), T(1.0 / 132), T(-1.0 / 240), T(1.0 / 252), T(-1.0 / 120), T(1.0 / 12)})
        series = fma(series, z, B(coefficient));
    psi = psi + (sleef::log(y) - fma(z, series, B(T(0.5)) * inverse));
    return xsimd::select(reflected, psi - reflection, psi);
}

}  // namespace
}  // namespace lanewise::kernels
