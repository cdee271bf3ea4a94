#include <lanewise/native.hpp>

namespace {

struct Sphere {
    static constexpr std::size_t dimension = 2;

    template <class B>
    B operator()(const B* x, B* g) const {
        B f = 0;
        for (std::size_t j = 0; j < dimension; ++j) {
            f = fma(x[j], x[j], f);
            g[j] = x[j] + x[j];
        }
        return f;
    }
};

}  // namespace

LANEWISE_NATIVE(Sphere)
