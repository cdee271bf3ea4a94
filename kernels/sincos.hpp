// Sine and cosine together, for double in about half of SLEEF's time; bench/README has the measurement.
#pragma once

#include "simd.hpp"

namespace lanewise::kernels {
namespace {

inline SinCos<float> sincos(Batch<float> x) {
    return sleef_sincos(x);
}

/// Where the short reduction below is exact enough; other lanes are SLEEF's.
inline constexpr double short_reduction_limit = 8192;

/// Below the limit: x = k pi/2 + r by Cody & Waite with pi/2 in three parts of 33, 33 and 53 bits, whose
/// products with k are exact or far below r; then the minimax polynomials of fdlibm's kernels on |r| <= pi/4.
/// A lane's bits depend on its own x alone.
inline SinCos<double> sincos(Batch<double> x) {
    using B = Batch<double>;
    using Bits = Batch<std::int64_t>;
    const B round_to_integer(0x1.8p52);
    const B shifted = fma(x, B(0x1.45f306dc9c883p-1), round_to_integer);
    const B k = shifted - round_to_integer;
    B r = fnma(k, B(1.57079632673412561417e+00), x);
    r = fnma(k, B(6.07710050630396597660e-11), r);
    r = fnma(k, B(2.02226624879595063154e-21), r);
    const B z = r * r;

    B s = fma(z, B(1.58969099521155010221e-10), B(-2.50507602534068634195e-08));
    s = fma(z, s, B(2.75573137070700676789e-06));
    s = fma(z, s, B(-1.98412698298579493134e-04));
    s = fma(z, s, B(8.33333333332248946124e-03));
    s = fma(z, s, B(-1.66666666666666324348e-01));
    s = fma(r * z, s, r) | (r & B(-0.0));  // of -0 too

    B c = fma(z, B(-1.13596475577881948265e-11), B(2.08757232129817482790e-09));
    c = fma(z, c, B(-2.75573143513906633035e-07));
    c = fma(z, c, B(2.48015872894767294178e-05));
    c = fma(z, c, B(-1.38888888888741095749e-03));
    c = fma(z, c, B(4.16666666666666019037e-02));
    c = fma(z * z, c, fma(z, B(-0.5), B(1.0)));

    // The low bits of k say in which quarter of the circle x is.
    const Bits quarter = bits_as<std::int64_t>(shifted);
    const Bits one(1);
    const Bits two(2);
    const Bits plus_one = bits_as<std::int64_t>(B(1.0));
    const Mask<double> odd = bits_as<double>((quarter << 63) | plus_one) < B(0.0);
    const auto sign_of = [&](Bits turned) { return bits_as<double>((turned & two) << 62); };
    SinCos<double> both{xsimd::select(odd, c, s) ^ sign_of(quarter),
                        xsimd::select(odd, s, c) ^ sign_of(quarter + one)};

    const Mask<double> far = xsimd::abs(x) > B(short_reduction_limit);
    if (xsimd::any(far)) {
        const SinCos<double> exact = sleef_sincos(x);
        both.sin = xsimd::select(far, exact.sin, both.sin);
        both.cos = xsimd::select(far, exact.cos, both.cos);
    }
    return both;
}

}  // namespace
}  // namespace lanewise::kernels
