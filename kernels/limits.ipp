// What the processor can do at most: loops that do nothing but one kind of work, to be timed.
#pragma once

#include <utility>

#include "simd.hpp"

namespace lanewise::kernels {
namespace {

/// As many results under way at once as hide any operation's latency.
inline constexpr std::size_t chains = 12;

template <class T, class Operation>
std::size_t repeat_operation(std::size_t rounds, T* buffer, std::size_t operations_at_once,
                             Operation operation) {
    Batch<T> x[chains];
    for (std::size_t i = 0; i < chains; ++i) x[i] = load(buffer + i * Batch<T>::size);
    for (std::size_t round = 0; round < rounds; ++round) {
        [&]<std::size_t... i>(std::index_sequence<i...>) {
            ((x[i] = operation(x[i], i)), ...);
        }
        (std::make_index_sequence<chains>());
    }
    for (std::size_t i = 0; i < chains; ++i) store(buffer + i * Batch<T>::size, x[i]);
    return rounds * chains * operations_at_once * Batch<T>::size;
}

template <class T>
std::size_t exercise_loads(std::size_t rounds, T* buffer, std::size_t numbers) {
    constexpr std::size_t at_once = 8;
    Batch<T> seen[at_once];
    for (Batch<T>& batch : seen) batch = Batch<T>(T(0));
    const std::size_t step = at_once * Batch<T>::size;
    for (std::size_t round = 0; round < rounds; ++round) {
        for (std::size_t at = 0; at + step <= numbers; at += step) {
            for (std::size_t i = 0; i < at_once; ++i)
                seen[i] = seen[i] | load(buffer + at + i * Batch<T>::size);
        }
    }
    Batch<T> all = seen[0];
    for (const Batch<T> batch : seen) all = all | batch;
    store(buffer, all);
    return rounds * (numbers / step * step);
}

template <class T>
std::size_t exercise_stores(std::size_t rounds, T* buffer, std::size_t numbers) {
    for (std::size_t round = 0; round < rounds; ++round) {
        const Batch<T> value(static_cast<T>(round));
        for (std::size_t at = 0; at + Batch<T>::size <= numbers; at += Batch<T>::size)
            store(buffer + at, value);
        asm volatile("" ::: "memory");  // or all rounds but the last would be in vain
    }
    return rounds * (numbers / Batch<T>::size * Batch<T>::size);
}

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

/// The root as it is rounded but for rare last bits, by Goldschmidt's iteration, under the same condition.
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

template <class T>
std::size_t exercise(Exercise what, std::size_t rounds, T* buffer, std::size_t numbers) {
    using B = Batch<T>;
    const B c(T(1.25));
    const auto repeat = [&](std::size_t at_once, auto operation) {
        return repeat_operation(rounds, buffer, at_once, operation);
    };
    switch (what) {
        case Exercise::add: return repeat(1, [=](B x, std::size_t) { return x + c; });
        case Exercise::fma: return repeat(1, [=](B x, std::size_t) { return fma(x, c, c); });
        case Exercise::add_and_fma:
            return repeat(1, [=](B x, std::size_t i) { return i % 2 == 0 ? x + c : fma(x, c, c); });
        case Exercise::divide: return repeat(1, [=](B x, std::size_t) { return divide(c, x); });
        case Exercise::square_root: return repeat(1, [=](B x, std::size_t) { return square_root(x + c); });
        case Exercise::newton_divide: return repeat(1, [=](B x, std::size_t) { return newton_divide(c, x); });
        case Exercise::newton_square_root:
            return repeat(1, [=](B x, std::size_t) { return newton_square_root(x + c); });
        case Exercise::load: return exercise_loads(rounds, buffer, numbers);
        case Exercise::store: return exercise_stores(rounds, buffer, numbers);
    }
    return 0;
}

}  // namespace
}  // namespace lanewise::kernels
