#include <lanewise/native.hpp>

namespace {

struct Rosenbrock {
    static constexpr std::size_t dimension = 5;

    template <class B>
    B operator()(const B* x, B* g) const {
        B f = 0;
        for (std::size_t j = 0; j < dimension; ++j) g[j] = 0;
        for (std::size_t j = 0; j + 1 < dimension; ++j) {
            const B bend = x[j + 1] - x[j] * x[j];
            const B rest = 1 - x[j];
            f += 100 * bend * bend + rest * rest;
            g[j] += -400 * bend * x[j] - 2 * rest;
            g[j + 1] += 200 * bend;
        }
        return f;
    }
};

}  // namespace

LANEWISE_NATIVE(Rosenbrock)
