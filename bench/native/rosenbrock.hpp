#pragma once

#include <lanewise/native.hpp>

namespace {

template <std::size_t variables>
struct Rosenbrock {
    static constexpr std::size_t dimension = variables;

    template <class B>
    B operator()(const B* x, B* g) const {
        B f = 0;
        B carried = 0;
        for (std::size_t j = 0; j + 1 < dimension; ++j) {
            const B bend = fnma(x[j], x[j], x[j + 1]);
            const B rest = 1 - x[j];
            const B pull = 200 * bend;
            f = fma(100 * bend, bend, fma(rest, rest, f));
            g[j] = fnma(pull + pull, x[j], fnma(2, rest, carried));
            carried = pull;
        }
        g[dimension - 1] = carried;
        return f;
    }
};

}  // namespace
