// The operations of a program on vectors, by the names of opcodes.hpp: what the interpreter runs and
// machine code calls.
#pragma once

#include "digamma.hpp"
#include "simd.hpp"
#include "sincos.hpp"

namespace lanewise::kernels {
namespace {

template <class T>
Mask<T> is_zero(Batch<T> a) {
    return a == Batch<T>(T(0));
}

template <class T>
Batch<T> one_where(Mask<T> mask) {
    return xsimd::select(mask, Batch<T>(T(1)), Batch<T>(T(0)));
}

namespace operation {

using kernels::ceil;
using kernels::digamma;
using kernels::floor;
using kernels::fma;
using kernels::fms;
using kernels::fnma;
using kernels::max;
using kernels::min;
using kernels::sign;
using kernels::sincos;
#define LANEWISE_USING(name, ...) using sleef::name;
LANEWISE_FUNCTIONS(LANEWISE_USING)
#undef LANEWISE_USING

template <class T>
Batch<T> copy(Batch<T> a) {
    return a;
}
template <class T>
Batch<T> neg(Batch<T> a) {
    return negate(a);
}
template <class T>
Batch<T> add(Batch<T> a, Batch<T> b) {
    return a + b;
}
template <class T>
Batch<T> sub(Batch<T> a, Batch<T> b) {
    return a - b;
}
template <class T>
Batch<T> mul(Batch<T> a, Batch<T> b) {
    return a * b;
}
template <class T>
Batch<T> div(Batch<T> a, Batch<T> b) {
    return divide(a, b);
}
template <class T>
Batch<T> sqrt(Batch<T> a) {
    return square_root(a);
}
template <class T>
Batch<T> abs(Batch<T> a) {
    return xsimd::abs(a);
}
template <class T>
Batch<T> lt(Batch<T> a, Batch<T> b) {
    return one_where(a < b);
}
template <class T>
Batch<T> le(Batch<T> a, Batch<T> b) {
    return one_where(a <= b);
}
template <class T>
Batch<T> eq(Batch<T> a, Batch<T> b) {
    return one_where(a == b);
}
template <class T>
Batch<T> ne(Batch<T> a, Batch<T> b) {
    return one_where(~(a == b));
}
template <class T>
Batch<T> logical_and(Batch<T> a, Batch<T> b) {
    return one_where(~(is_zero(a) | is_zero(b)));
}
template <class T>
Batch<T> logical_or(Batch<T> a, Batch<T> b) {
    return one_where(~(is_zero(a) & is_zero(b)));
}
template <class T>
Batch<T> logical_not(Batch<T> a) {
    return one_where(is_zero(a));
}
template <class T>
Batch<T> select(Batch<T> a, Batch<T> b, Batch<T> c) {
    return xsimd::select(is_zero(a), c, b);
}
template <class T>
Batch<T> gamma(Batch<T> a) {
    return sleef::tgamma(a);
}
template <class T>
Batch<T> sin(Batch<T> a) {
    return kernels::sincos(a).sin;
}
template <class T>
Batch<T> cos(Batch<T> a) {
    return kernels::sincos(a).cos;
}

}  // namespace operation

}  // namespace
}  // namespace lanewise::kernels
