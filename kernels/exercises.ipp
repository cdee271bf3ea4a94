// What the processor can do at most: loops that do nothing but one kind of work, to be timed.
#pragma once

#include <utility>

#include "newton.hpp"

namespace lanewise::kernels {
namespace {

/// As many results under way at once as hide any operation's latency.
inline constexpr std::size_t chains = 12;

template <class T, class Operation>
std::size_t repeat_operation(std::size_t rounds, T* buffer, std::size_t operations_a_round,
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
    return rounds * operations_a_round * Batch<T>::size;
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

template <class T>
std::size_t exercise(Exercise what, std::size_t rounds, T* buffer, std::size_t numbers) {
    using B = Batch<T>;
    const B c(T(1.25));
    const auto clamp_it = [=](B x) { return clamp(x, B(T(1)), B(T(2))); };
    const auto repeat = [&](auto operation, std::size_t operations_a_round = chains) {
        return repeat_operation(rounds, buffer, operations_a_round, operation);
    };
    if constexpr (has_newton_forms) {
        if (what == Exercise::newton_divide)
            return repeat([=](B x, std::size_t) { return newton_divide(c, x); });
        if (what == Exercise::newton_square_root)
            return repeat([=](B x, std::size_t) { return newton_square_root(x + c); });
    }
    switch (what) {
        case Exercise::add: return repeat([=](B x, std::size_t) { return x + c; });
        case Exercise::fma: return repeat([=](B x, std::size_t) { return fma(x, c, c); });
        case Exercise::add_and_fma:
            return repeat([=](B x, std::size_t i) { return i % 2 == 0 ? x + c : fma(x, c, c); });
        case Exercise::select: return repeat([=](B x, std::size_t) { return clamp_it(x); }, 2 * chains);
        case Exercise::all_by_turns:
            return repeat(
                [=](B x, std::size_t i) {
                    return i % 3 == 0 ? x + c : i % 3 == 1 ? fma(x, c, c) : clamp_it(x);
                },
                chains + chains / 3);
        case Exercise::divide: return repeat([=](B x, std::size_t) { return divide(c, x); });
        case Exercise::square_root: return repeat([=](B x, std::size_t) { return square_root(x + c); });
        case Exercise::newton_divide:
        case Exercise::newton_square_root: break;  // there are none
        case Exercise::load: return exercise_loads(rounds, buffer, numbers);
        case Exercise::store: return exercise_stores(rounds, buffer, numbers);
    }
    return 0;
}

}  // namespace
}  // namespace lanewise::kernels
