// Ripples, walls that attract, and a region where the logarithm breaks.
#pragma once

#include <lanewise/native.hpp>

namespace {

template <std::size_t variables>
struct Rough {
    static constexpr std::size_t dimension = variables;

    template <class B>
    B operator()(const B* x, B* g) const {
        B f = 0;
        for (std::size_t j = 0; j < dimension; ++j) {
            const auto [sine, cosine] = sincos(5 * x[j]);
            const B inside = x[j] + 4.75;
            f += 0.3 * sine + 0.02 * log(inside) - 0.1 * x[j] * x[j];
            g[j] = 1.5 * cosine + 0.02 / inside - 0.2 * x[j];
        }
        for (std::size_t j = 0; j + 1 < dimension; ++j) {
            const B apart = x[j] - x[j + 1];
            f = fma(0.01 * apart, apart, f);
            g[j] = fma(0.02, apart, g[j]);
            g[j + 1] = fnma(0.02, apart, g[j + 1]);
        }
        return f;
    }
};

}  // namespace
