/// Native objectives: value and gradient as SIMD code of your own, compiled for every instruction set and
/// inlined into Adam's update, so that a run of few variables stays in registers. The other methods call it
/// once for each tile and iteration. The one public header that shows SIMD; it is for the source file of the
/// objective alone.
///
///     #include <lanewise/native.hpp>                          // bowl.cpp
///
///     namespace {
///     struct Bowl {                                           // f = x0^2 + 10 x1^2
///         static constexpr std::size_t dimension = 2;
///         template <class B>
///         B operator()(const B* x, B* g) const {
///             g[0] = 2 * x[0];
///             g[1] = 20 * x[1];
///             return x[0] * x[0] + 10 * x[1] * x[1];
///         }
///     };
///     }  // namespace
///     LANEWISE_NATIVE(Bowl)
///
///     lanewise_add_native(my_program my::bowl bowl.cpp)       # CMakeLists.txt
///
///     namespace my { const lanewise::Objective& bowl(); }     // a header of yours; anyone may call it
///
/// The functor is default-constructed and called with one vector of points: x[0] ... x[dimension - 1] in; out
/// the value, returned, and g[0] ... g[dimension - 1], which hold nothing before. B is Batch<double> or
/// Batch<float>, below. The dimension is 1 to 1024. Of up to 8 variables x and g are arrays of registers, as
/// long as the compiler unrolls the functor's loops over them; else they are in L1, which costs little.
///
/// The file is compiled once per instruction set, with flags that are not everyone's: whatever it defines
/// belongs into an anonymous namespace, and what it includes should not define functions. It is compiled
/// without exceptions and without contraction: a * b + c is rounded twice, fma(a, b, c) once.
#pragma once

#ifndef LANEWISE_NATIVE_TABLE
#error "a native objective is compiled by lanewise_add_native, not by itself"
#endif

#include <cstddef>
#include <type_traits>

#include "lanewise/kernels/fused.ipp"
#include "lanewise/kernels/sincos.hpp"

namespace lanewise::native {
namespace {

template <class T>
class Batch;

/// One truth value per lane.
template <class T>
class Mask {
  public:
    friend Mask operator&(Mask a, Mask b) { return Mask(a.simd & b.simd); }
    friend Mask operator|(Mask a, Mask b) { return Mask(a.simd | b.simd); }
    friend Mask operator!(Mask a) { return Mask(~a.simd); }

    /// a where the mask is set, b elsewhere. Both are computed.
    friend Batch<T> select(Mask mask, Batch<T> a, Batch<T> b) {
        return Batch<T>(xsimd::select(mask.simd, a.simd, b.simd));
    }

    explicit Mask(kernels::Mask<T> from) : simd(from) {}
    kernels::Mask<T> simd;
};

template <class T>
struct SinCos {
    Batch<T> sin, cos;
};

/// One number per lane. A lane's result depends on that lane alone, so that results have the same bits
/// whatever the neighbours are, and on every instruction set with fused multiply-add.
template <class T>
class Batch {
  public:
    using value_type = T;

    Batch() = default;

    /// The same number in every lane, rounded to T.
    template <class Number>
    requires std::is_arithmetic_v<Number> Batch(Number number) : simd(static_cast<T>(number)) {}

    friend Batch operator+(Batch a, Batch b) { return Batch(a.simd + b.simd); }
    friend Batch operator-(Batch a, Batch b) { return Batch(a.simd - b.simd); }
    friend Batch operator*(Batch a, Batch b) { return Batch(a.simd * b.simd); }
    friend Batch operator/(Batch a, Batch b) { return Batch(kernels::divide(a.simd, b.simd)); }
    friend Batch operator-(Batch a) { return Batch(kernels::negate(a.simd)); }
    friend Batch operator+(Batch a) { return a; }
    Batch& operator+=(Batch b) { return *this = *this + b; }
    Batch& operator-=(Batch b) { return *this = *this - b; }
    Batch& operator*=(Batch b) { return *this = *this * b; }
    Batch& operator/=(Batch b) { return *this = *this / b; }

    friend Mask<T> operator<(Batch a, Batch b) { return Mask<T>(a.simd < b.simd); }
    friend Mask<T> operator<=(Batch a, Batch b) { return Mask<T>(a.simd <= b.simd); }
    friend Mask<T> operator>(Batch a, Batch b) { return Mask<T>(a.simd > b.simd); }
    friend Mask<T> operator>=(Batch a, Batch b) { return Mask<T>(a.simd >= b.simd); }
    friend Mask<T> operator==(Batch a, Batch b) { return Mask<T>(a.simd == b.simd); }
    friend Mask<T> operator!=(Batch a, Batch b) { return !(a == b); }

    /// a*b + c, a*b - c and c - a*b, rounded once (twice on SSE2, which has no such instruction).
    friend Batch fma(Batch a, Batch b, Batch c) { return Batch(kernels::fma(a.simd, b.simd, c.simd)); }
    friend Batch fms(Batch a, Batch b, Batch c) { return Batch(kernels::fms(a.simd, b.simd, c.simd)); }
    friend Batch fnma(Batch a, Batch b, Batch c) { return Batch(kernels::fnma(a.simd, b.simd, c.simd)); }

    friend Batch sqrt(Batch a) { return Batch(kernels::square_root(a.simd)); }
    friend Batch abs(Batch a) { return Batch(xsimd::abs(a.simd)); }
    friend Batch sign(Batch a) { return Batch(kernels::sign(a.simd)); }  ///< -1, 0 or 1; NaN for NaN
    friend Batch floor(Batch a) { return Batch(kernels::floor(a.simd)); }
    friend Batch ceil(Batch a) { return Batch(kernels::ceil(a.simd)); }
    friend Batch min(Batch a, Batch b) { return Batch(kernels::min(a.simd, b.simd)); }  ///< NaN if either is
    friend Batch max(Batch a, Batch b) { return Batch(kernels::max(a.simd, b.simd)); }  ///< NaN if either is

    friend Batch tgamma(Batch a) { return Batch(kernels::sleef::tgamma(a.simd)); }
    friend Batch sin(Batch a) { return Batch(kernels::sincos(a.simd).sin); }
    friend Batch cos(Batch a) { return Batch(kernels::sincos(a.simd).cos); }
    /// Both for the price of one: `const auto [s, c] = sincos(a);`
    friend SinCos<T> sincos(Batch a) {
        const auto both = kernels::sincos(a.simd);
        return {Batch(both.sin), Batch(both.cos)};
    }

    /// exp exp2 expm1 log log2 log10 log1p tan asin acos atan sinh cosh tanh cbrt erf erfc lgamma of one
    /// number, atan2 hypot pow of two.
#define LANEWISE_NATIVE_1(name)                     \
    friend Batch name(Batch a) {                    \
        return Batch(kernels::sleef::name(a.simd)); \
    }
#define LANEWISE_NATIVE_2(name)                             \
    friend Batch name(Batch a, Batch b) {                   \
        return Batch(kernels::sleef::name(a.simd, b.simd)); \
    }
#define LANEWISE_NATIVE_FUNCTION(name, operands, accuracy) LANEWISE_NATIVE_##operands(name)
    LANEWISE_FUNCTIONS(LANEWISE_NATIVE_FUNCTION)
#undef LANEWISE_NATIVE_FUNCTION
#undef LANEWISE_NATIVE_2
#undef LANEWISE_NATIVE_1

    explicit Batch(kernels::Batch<T> from) : simd(from) {}
    kernels::Batch<T> simd;
};

}  // namespace
}  // namespace lanewise::native

/// Says which functor of this file is the objective.
#define LANEWISE_NATIVE(functor)                                                 \
    extern "C" constinit const lanewise::kernels::Native LANEWISE_NATIVE_TABLE = \
        lanewise::kernels::native<functor, lanewise::native::Batch>();
