// Sine and cosine together, for double in about half of SLEEF's time; bench/README has the measurement.
#pragma once

#include "simd.hpp"
#include "sincos_numbers.hpp"

namespace lanewise::kernels {
namespace {

inline SinCos<float> sincos(Batch<float> x) {
    return sleef_sincos(x);
}

/// Below the limit: x = k pi/2 + r by Cody & Waite with pi/2 in three parts of 33, 33 and 53 bits, whose
/// products with k are exact or far below r; then the minimax polynomials of fdlibm's kernels on |r| <= pi/4.
/// Other lanes are SLEEF's.
/// A lane's bits depend on its own x alone.
inline SinCos<double> sincos(Batch<double> x) {
    using B = Batch<double>;
    using Bits = Batch<std::int64_t>;
    namespace n = sincos_number;
    const B shifted = fma(x, B(n::two_over_pi), B(n::round_to_integer));
    const B k = shifted - B(n::round_to_integer);
    B r = fnma(k, B(n::half_pi_1), x);
    r = fnma(k, B(n::half_pi_2), r);
    r = fnma(k, B(n::half_pi_3), r);
    const B z = r * r;

    B s = fma(z, B(n::s6), B(n::s5));
    for (const double next : {n::s4, n::s3, n::s2, n::s1}) s = fma(z, s, B(next));
    s = fma(r * z, s, r) | (r & B(-0.0));  // of -0 too

    B c = fma(z, B(n::c6), B(n::c5));
    for (const double next : {n::c4, n::c3, n::c2, n::c1}) c = fma(z, c, B(next));
    c = fma(z * z, c, fma(z, B(n::minus_half), B(1.0)));

    // The low bits of k say in which quarter of the circle x is.
    const Bits quarter = bits_as<std::int64_t>(shifted);
    const Bits one(1);
    const Bits two(2);
    const Bits plus_one = bits_as<std::int64_t>(B(1.0));
    const Mask<double> odd = bits_as<double>((quarter << 63) | plus_one) < B(0.0);
    const auto sign_of = [&](Bits turned) { return bits_as<double>((turned & two) << 62); };
    SinCos<double> both{xsimd::select(odd, c, s) ^ sign_of(quarter),
                        xsimd::select(odd, s, c) ^ sign_of(quarter + one)};

    const Mask<double> far = xsimd::abs(x) > B(n::limit);
    if (xsimd::any(far)) {
        const SinCos<double> exact = sleef_sincos(x);
        both.sin = xsimd::select(far, exact.sin, both.sin);
        both.cos = xsimd::select(far, exact.cos, both.cos);
    }
    return both;
}

}  // namespace
}  // namespace lanewise::kernels
