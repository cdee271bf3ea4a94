#include <lanewise/native.hpp>

namespace {

struct StyblinskiTang {
    static constexpr std::size_t dimension = 20;

    template <class B>
    B operator()(const B* x, B* g) const {
        B twice = 0;
        for (std::size_t j = 0; j < dimension; ++j) {
            const B square = x[j] * x[j];
            twice = fma(square, square - 16, fma(5, x[j], twice));
            g[j] = fma(x[j], fma(2, square, -16), 2.5);
        }
        return 0.5 * twice;
    }
};

}  // namespace

LANEWISE_NATIVE(StyblinskiTang)
