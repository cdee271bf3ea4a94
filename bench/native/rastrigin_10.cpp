#include <lanewise/native.hpp>
#include <numbers>

namespace {

struct Rastrigin {
    static constexpr std::size_t dimension = 10;

    template <class B>
    B operator()(const B* x, B* g) const {
        constexpr double two_pi = 2 * std::numbers::pi;
        B f = 10.0 * dimension;
        for (std::size_t j = 0; j < dimension; ++j) {
            const auto [sine, cosine] = sincos(two_pi * x[j]);
            f = fma(x[j], x[j], fnma(10, cosine, f));
            g[j] = fma(10 * two_pi, sine, x[j] + x[j]);
        }
        return f;
    }
};

}  // namespace

LANEWISE_NATIVE(Rastrigin)
