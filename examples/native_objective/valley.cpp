// Rosenbrock's valley with ripples, for vectors of points: compiled once per instruction set.
#include <lanewise/native.hpp>

namespace {

struct Valley {
    static constexpr std::size_t dimension = 3;

    template <class B>
    B operator()(const B* x, B* g) const {
        B f = 0;
        for (std::size_t j = 0; j < dimension; ++j) {
            const auto [sine, cosine] = sincos(4 * x[j]);
            f += 3 * (1 - cosine);
            g[j] = 12 * sine;
        }
        for (std::size_t j = 0; j + 1 < dimension; ++j) {
            const B bend = x[j + 1] - x[j] * x[j];
            const B rest = x[j] - 1;
            f += 10 * bend * bend + rest * rest;
            g[j] += 2 * rest - 40 * bend * x[j];
            g[j + 1] += 20 * bend;
        }
        return f;
    }
};

}  // namespace

LANEWISE_NATIVE(Valley)
