// Quotients and roots by Newton's method, from the estimates that processors give: the same bits as the
// divider's, which they leave free.
#pragma once

#include <limits>

#include "simd.hpp"

namespace lanewise::kernels {
namespace {

#if defined(__AVX512F__)
inline Batch<double> estimate_inverse(Batch<double> a) {
    return _mm512_rcp14_pd(a);
}
inline Batch<float> estimate_inverse(Batch<float> a) {
    return _mm512_rcp14_ps(a);
}
inline Batch<double> estimate_inverse_root(Batch<double> a) {
    return _mm512_rsqrt14_pd(a);
}
inline Batch<float> estimate_inverse_root(Batch<float> a) {
    return _mm512_rsqrt14_ps(a);
}
#define LANEWISE_ESTIMATES
#elif defined(__FMA__)
inline Batch<double> estimate_inverse(Batch<double> a) {
    return _mm256_cvtps_pd(_mm_rcp_ps(_mm256_cvtpd_ps(a)));
}
inline Batch<float> estimate_inverse(Batch<float> a) {
    return _mm256_rcp_ps(a);
}
inline Batch<double> estimate_inverse_root(Batch<double> a) {
    return _mm256_cvtps_pd(_mm_rsqrt_ps(_mm256_cvtpd_ps(a)));
}
inline Batch<float> estimate_inverse_root(Batch<float> a) {
    return _mm256_rsqrt_ps(a);
}
#define LANEWISE_ESTIMATES
#endif

#if defined(LANEWISE_ESTIMATES)
/// Steps that take an estimate of 11 bits or more to the last bit but one.
template <class T>
inline constexpr int newton_steps = sizeof(T) == sizeof(double) ? (Batch<T>::size == 8 ? 2 : 3) : 1;

/// a / b as it is rounded (Markstein 1990), where nothing overflows or is subnormal.
template <class T>
Batch<T> newton_divide(Batch<T> a, Batch<T> b) {
    Batch<T> y = estimate_inverse(b);
    for (int i = 0; i <= newton_steps<T>; ++i) y = fma(fnma(b, y, Batch<T>(T(1))), y, y);
    const Batch<T> q = a * y;
    return fma(fnma(b, q, a), y, q);
}

/// The root as it is rounded, under the same condition: Goldschmidt's iteration brings g to the root but for
/// an ulp, and h to 1 / (2 g) but for little more; what is left, a - g^2, is exact (Markstein 1990).
template <class T>
Batch<T> newton_square_root(Batch<T> a) {
    const Batch<T> half(T(0.5));
    const Batch<T> y = estimate_inverse_root(a);
    Batch<T> g = a * y;
    Batch<T> h = half * y;
    for (int i = 0; i < newton_steps<T>; ++i) {
        const Batch<T> r = fnma(g, h, half);
        g = fma(g, r, g);
        h = fma(h, r, h);
    }
    return fma(fnma(g, g, a), h, g);
}
#undef LANEWISE_ESTIMATES
#else
template <class T>
Batch<T> newton_divide(Batch<T> a, Batch<T> b) {
    return divide(a, b);
}
template <class T>
Batch<T> newton_square_root(Batch<T> a) {
    return square_root(a);
}
#endif

/// The least number whose root the steps may take by Newton's method: a - g^2 is not subnormal. Infinite
/// where that was never found to be quicker.
template <class T>
inline constexpr T least_newton_root = std::numeric_limits<T>::infinity();

/// The root of a >= 0: by Newton's method where all lanes are at least `newton_from`, else by the divider.
template <class T>
Batch<T> square_root(Batch<T> a, Batch<T> /*newton_from*/) {
    return square_root(a);
}

#if defined(__AVX512F__)
template <>
inline constexpr double least_newton_root<double> = 0x1p-900;

inline Batch<double> square_root(Batch<double> a, Batch<double> newton_from) {
    const Batch<double> infinity(std::numeric_limits<double>::infinity());
    if (!xsimd::all((a >= newton_from) & (a < infinity))) [[unlikely]] {
        Batch<double> root = square_root(a);
        asm("" : "+v"(root.data));  // or both ways are gone for every vector, and one is picked
        return root;
    }
    return newton_square_root(a);
}
#endif

}  // namespace
}  // namespace lanewise::kernels
