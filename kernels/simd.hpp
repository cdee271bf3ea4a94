// The one bridge to xsimd (8.1 to 14) and SLEEF. All of it is in an anonymous namespace; the file that
// includes it says which architecture it is for, by one of sse2.hpp, avx2.hpp ...:
//   LANEWISE_ARCH              the xsimd architecture
//   LANEWISE_SLEEF_F64(f, u)   the SLEEF function f with accuracy u on a vector of double
//   LANEWISE_SLEEF_F32(f, u)   the same on float
#pragma once

// xsimd 9 and later take the default from here: an architecture that does not exist, so that a forgotten one
// does not compile.
#define XSIMD_DEFAULT_ARCH xsimd::unsupported

#include <sleef.h>

#include <xsimd/xsimd.hpp>

#include "table.hpp"

namespace lanewise::kernels {
namespace {

using Arch = LANEWISE_ARCH;

template <class T>
using Batch = xsimd::batch<T, Arch>;
template <class T>
using Mask = xsimd::batch_bool<T, Arch>;
template <class T>
using Register = typename Batch<T>::register_type;

// Fused multiply-add by intrinsics: xsimd 8.1's is two roundings on AVX-512.
#if defined(__AVX512F__)
#define LANEWISE_FUSED(name, op)                                                   \
    inline Batch<double> name(Batch<double> a, Batch<double> b, Batch<double> c) { \
        return Batch<double>(_mm512_##op##_pd(a, b, c));                           \
    }                                                                              \
    inline Batch<float> name(Batch<float> a, Batch<float> b, Batch<float> c) {     \
        return Batch<float>(_mm512_##op##_ps(a, b, c));                            \
    }
#elif defined(__FMA__)
#define LANEWISE_FUSED(name, op)                                                   \
    inline Batch<double> name(Batch<double> a, Batch<double> b, Batch<double> c) { \
        return Batch<double>(_mm256_##op##_pd(a, b, c));                           \
    }                                                                              \
    inline Batch<float> name(Batch<float> a, Batch<float> b, Batch<float> c) {     \
        return Batch<float>(_mm256_##op##_ps(a, b, c));                            \
    }
#endif

#if defined(LANEWISE_FUSED)
LANEWISE_FUSED(fma, fmadd)    // a*b + c
LANEWISE_FUSED(fms, fmsub)    // a*b - c
LANEWISE_FUSED(fnma, fnmadd)  // c - a*b
#undef LANEWISE_FUSED
#elif defined(__aarch64__)
inline Batch<double> fma(Batch<double> a, Batch<double> b, Batch<double> c) {
    return Batch<double>(vfmaq_f64(c, a, b));
}
inline Batch<float> fma(Batch<float> a, Batch<float> b, Batch<float> c) {
    return Batch<float>(vfmaq_f32(c, a, b));
}
template <class T>
Batch<T> fms(Batch<T> a, Batch<T> b, Batch<T> c) {
    return fma(a, b, -c);
}
template <class T>
Batch<T> fnma(Batch<T> a, Batch<T> b, Batch<T> c) {
    return fma(-a, b, c);
}
#else  // no fused instruction: two roundings
template <class T>
Batch<T> fma(Batch<T> a, Batch<T> b, Batch<T> c) {
    return a * b + c;
}
template <class T>
Batch<T> fms(Batch<T> a, Batch<T> b, Batch<T> c) {
    return a * b - c;
}
template <class T>
Batch<T> fnma(Batch<T> a, Batch<T> b, Batch<T> c) {
    return c - a * b;
}
#endif

// Correctly rounded on every instruction set: xsimd 8.1's float versions on arm64 are Newton steps from an
// estimate.
template <class T>
Batch<T> divide(Batch<T> a, Batch<T> b) {
    return a / b;
}
template <class T>
Batch<T> square_root(Batch<T> a) {
    return xsimd::sqrt(a);
}
#if defined(__aarch64__)
inline Batch<float> divide(Batch<float> a, Batch<float> b) {
    return Batch<float>(vdivq_f32(a, b));
}
inline Batch<float> square_root(Batch<float> a) {
    return Batch<float>(vsqrtq_f32(a));
}
#endif

/// The same bits as a batch of another type. xsimd 8.1 takes the type of the batch, xsimd 9 and later that of
/// its numbers.
template <class To, class From>
Batch<To> bits_as(Batch<From> a) {
#if XSIMD_VERSION_MAJOR < 9
    return xsimd::bitwise_cast<Batch<To>>(a);
#else
    return xsimd::bitwise_cast<To>(a);
#endif
}

/// Flips the sign bit, of zeros too: xsimd 8.1's minus is 0 - a on AVX-512.
template <class T>
Batch<T> negate(Batch<T> a) {
    return a ^ Batch<T>(T(-0.0));
}

// xsimd 8.1's generic versions, on SSE2, lose the sign of a zero.
template <class T>
Batch<T> floor(Batch<T> a) {
    return xsimd::floor(a) | (a & Batch<T>(T(-0.0)));
}
template <class T>
Batch<T> ceil(Batch<T> a) {
    return xsimd::ceil(a) | (a & Batch<T>(T(-0.0)));
}

template <class T>
Batch<T> load(const T* from) {
    return Batch<T>::load_aligned(from);
}

template <class T>
void store(T* to, Batch<T> value) {
    value.store_aligned(to);
}

// a < b ? a : b, and a > b ? a : b: where one is NaN or both are zeros it is b, as x86's instructions have
// it.
#if defined(__x86_64__)
#if defined(__AVX512F__)
#define LANEWISE_EXTREME(which, type) _mm512_##which##_##type
#elif defined(__AVX__)
#define LANEWISE_EXTREME(which, type) _mm256_##which##_##type
#else
#define LANEWISE_EXTREME(which, type) _mm_##which##_##type
#endif
inline Batch<double> least(Batch<double> a, Batch<double> b) {
    return LANEWISE_EXTREME(min, pd)(a, b);
}
inline Batch<float> least(Batch<float> a, Batch<float> b) {
    return LANEWISE_EXTREME(min, ps)(a, b);
}
inline Batch<double> greatest(Batch<double> a, Batch<double> b) {
    return LANEWISE_EXTREME(max, pd)(a, b);
}
inline Batch<float> greatest(Batch<float> a, Batch<float> b) {
    return LANEWISE_EXTREME(max, ps)(a, b);
}
#undef LANEWISE_EXTREME
#else
template <class T>
Batch<T> least(Batch<T> a, Batch<T> b) {
    return xsimd::select(a < b, a, b);
}
template <class T>
Batch<T> greatest(Batch<T> a, Batch<T> b) {
    return xsimd::select(a > b, a, b);
}
#endif

/// x, or the bound it is beyond; the upper bound where x is NaN, so that the outcome is always in the box.
template <class T>
Batch<T> clamp(Batch<T> x, Batch<T> lower, Batch<T> upper) {
    return greatest(least(x, upper), lower);
}

/// A NaN operand gives NaN, which xsimd::min and max do not promise.
template <class T>
Batch<T> min(Batch<T> a, Batch<T> b) {
    const Batch<T> smaller = xsimd::select(a <= b, a, b);
    return xsimd::select(xsimd::isnan(a), a, smaller);
}

template <class T>
Batch<T> max(Batch<T> a, Batch<T> b) {
    const Batch<T> larger = xsimd::select(a >= b, a, b);
    return xsimd::select(xsimd::isnan(a), a, larger);
}

template <class T>
Batch<T> sign(Batch<T> a) {
    const Batch<T> zero(T(0));
    const Batch<T> of_number =
        xsimd::select(a > zero, Batch<T>(T(1)), xsimd::select(a < zero, Batch<T>(T(-1)), zero));
    return xsimd::select(xsimd::isnan(a), a, of_number);
}

#define LANEWISE_UNARY(name, accuracy)                                                 \
    inline Batch<double> name(Batch<double> a) {                                       \
        return Batch<double>(LANEWISE_SLEEF_F64(name, accuracy)(Register<double>(a))); \
    }                                                                                  \
    inline Batch<float> name(Batch<float> a) {                                         \
        return Batch<float>(LANEWISE_SLEEF_F32(name, accuracy)(Register<float>(a)));   \
    }
#define LANEWISE_BINARY(name, accuracy)                                                                     \
    inline Batch<double> name(Batch<double> a, Batch<double> b) {                                           \
        return Batch<double>(LANEWISE_SLEEF_F64(name, accuracy)(Register<double>(a), Register<double>(b))); \
    }                                                                                                       \
    inline Batch<float> name(Batch<float> a, Batch<float> b) {                                              \
        return Batch<float>(LANEWISE_SLEEF_F32(name, accuracy)(Register<float>(a), Register<float>(b)));    \
    }
#define LANEWISE_BY_OPERANDS_1(name, accuracy) LANEWISE_UNARY(name, accuracy)
#define LANEWISE_BY_OPERANDS_2(name, accuracy) LANEWISE_BINARY(name, accuracy)
#define LANEWISE_FUNCTION(name, operands, accuracy) LANEWISE_BY_OPERANDS_##operands(name, accuracy)

/// SLEEF's deterministic functions, by name: the same bits at every lane, whatever the other lanes hold.
namespace sleef {
LANEWISE_FUNCTIONS(LANEWISE_FUNCTION)
LANEWISE_UNARY(tgamma, u10)
}  // namespace sleef

#undef LANEWISE_FUNCTION
#undef LANEWISE_BY_OPERANDS_2
#undef LANEWISE_BY_OPERANDS_1
#undef LANEWISE_BINARY
#undef LANEWISE_UNARY

template <class T>
struct SinCos {
    Batch<T> sin, cos;
};

inline SinCos<float> sleef_sincos(Batch<float> x) {
    const auto both = LANEWISE_SLEEF_F32(sincos, u35)(Register<float>(x));
    return {Batch<float>(both.x), Batch<float>(both.y)};
}

inline SinCos<double> sleef_sincos(Batch<double> x) {
    const auto both = LANEWISE_SLEEF_F64(sincos, u35)(Register<double>(x));
    return {Batch<double>(both.x), Batch<double>(both.y)};
}

}  // namespace
}  // namespace lanewise::kernels
