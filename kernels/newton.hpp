// Quotients and roots by Newton's method, from the estimates that processors give: the same bits as the
// divider's, which they leave free.
#pragma once

#include <limits>

#include "simd.hpp"

namespace lanewise::kernels {
namespace {

#if defined(__AVX512F__)
inline constexpr bool has_newton_forms = true;
/// Steps that take an estimate to the last bit but one.
template <class T>
inline constexpr int newton_steps = sizeof(T) == sizeof(double) ? 2 : 1;  // 14 bits

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
#elif defined(__FMA__)
inline constexpr bool has_newton_forms = true;
template <class T>
inline constexpr int newton_steps = sizeof(T) == sizeof(double) ? 3 : 1;  // 11 bits

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
#else
inline constexpr bool has_newton_forms = false;
#endif

#if defined(__AVX512F__) || defined(__FMA__)
/// a / b as it is rounded (Markstein 1990), where nothing overflows or is subnormal, nor would be as a float
/// where the estimate is one.
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
#else
template <class T>
Batch<T> newton_divide(Batch<T> a, Batch<T> b) = delete;
template <class T>
Batch<T> newton_square_root(Batch<T> a) = delete;
#endif

/// The least number whose root the steps may take by Newton's method: a - g^2 is not subnormal. Infinite
/// where that was never found to be quicker.
template <class T>
inline constexpr T least_newton_root = std::numeric_limits<T>::infinity();

/// The root of a >= 0 in a step: by the divider where any lane is below `newton_from` or infinite, else by
/// Newton's method. NaN, as most broken runs have, stays so either way.
template <class T>
Batch<T> step_root(Batch<T> a, Batch<T> /*newton_from*/) {
    return square_root(a);
}

#if defined(__AVX512F__)
template <>
inline constexpr double least_newton_root<double> = 0x1p-900;

inline Batch<double> step_root(Batch<double> a, Batch<double> newton_from) {
    const Batch<double> infinity(std::numeric_limits<double>::infinity());
    const __mmask8 not_below = _mm512_cmp_pd_mask(a, newton_from, _CMP_NLT_UQ);
    const __mmask8 in_range = _mm512_mask_cmp_pd_mask(not_below, a, infinity, _CMP_NEQ_UQ);
    if (in_range != 0xff) [[unlikely]] {
        Batch<double> root = square_root(a);
        asm("" : "+v"(root.data));  // or both ways are gone for every vector, and one is picked
        return root;
    }
    return newton_square_root(a);
}
#endif

}  // namespace
}  // namespace lanewise::kernels
