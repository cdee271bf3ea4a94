#include "newton_roots.hpp"

#include <algorithm>
#include <chrono>
#include <limits>

#include "aligned.hpp"

namespace lanewise {

namespace {

/// Some 20 microseconds.
template <class T>
bool is_newton_quicker(const kernels::Functions<T>& functions) {
    constexpr std::size_t numbers = 16 * kernels::lane_group;
    const AlignedArray<T> buffer(numbers);
    const auto seconds = [&](kernels::Exercise what) {
        using Clock = std::chrono::steady_clock;
        constexpr std::size_t rounds = 20;
        std::fill_n(buffer.data(), numbers, T(1.5));
        const Clock::time_point begin = Clock::now();
        functions.exercise(what, rounds, buffer.data(), numbers);
        return std::chrono::duration<double>(Clock::now() - begin).count();
    };
    double divider = std::numeric_limits<double>::infinity();
    double newton = divider;
    for (int i = 0; i < 8; ++i) {
        divider = std::min(divider, seconds(kernels::Exercise::square_root));
        newton = std::min(newton, seconds(kernels::Exercise::newton_square_root));
    }
    // The divider works beside the multipliers, which Newton's method keeps from the rest of the step.
    return 2 * newton < divider;
}

}  // namespace

template <class T>
T newton_from(const kernels::Functions<T>& functions) {
    constexpr T never = std::numeric_limits<T>::infinity();
    if (functions.least_newton_root == never) return never;
    static const bool is_quicker = is_newton_quicker(functions);  // one instruction set alone comes here
    return is_quicker ? functions.least_newton_root : never;
}

template double newton_from(const kernels::Functions<double>&);
template float newton_from(const kernels::Functions<float>&);

}  // namespace lanewise
