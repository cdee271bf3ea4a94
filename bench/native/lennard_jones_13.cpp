#include <lanewise/native.hpp>

namespace {

/// Atoms at (x[3i], x[3i+1], x[3i+2]); a pair at distance r has the energy r^-12 - 2 r^-6.
struct LennardJones {
    static constexpr std::size_t atoms = 13;
    static constexpr std::size_t dimension = 3 * atoms;

    template <class B>
    B operator()(const B* x, B* g) const {
        B f = 0;
        for (std::size_t j = 0; j < dimension; ++j) g[j] = 0;
        for (std::size_t i = 0; i < dimension; i += 3) {
            for (std::size_t j = i + 3; j < dimension; j += 3) {
                const B dx = x[i] - x[j];
                const B dy = x[i + 1] - x[j + 1];
                const B dz = x[i + 2] - x[j + 2];
                const B near = 1 / fma(dx, dx, fma(dy, dy, dz * dz));
                const B near3 = near * near * near;
                f = fma(near3, near3 - 2, f);
                const B pull = 12 * near * near3 * (1 - near3);
                g[i] = fma(pull, dx, g[i]);
                g[i + 1] = fma(pull, dy, g[i + 1]);
                g[i + 2] = fma(pull, dz, g[i + 2]);
                g[j] = fnma(pull, dx, g[j]);
                g[j + 1] = fnma(pull, dy, g[j + 1]);
                g[j + 2] = fnma(pull, dz, g[j + 2]);
            }
        }
        return f;
    }
};

}  // namespace

LANEWISE_NATIVE(LennardJones)
