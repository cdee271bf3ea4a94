#include <lanewise/native.hpp>

namespace {

struct Bowl {
    static constexpr std::size_t dimension = 2;

    template <class B>
    B operator()(const B* x, B* g) const {
        g[0] = 2 * (x[0] - 1);
        g[1] = exp(x[1]) - 1;
        return (x[0] - 1) * (x[0] - 1) + exp(x[1]) - x[1];
    }
};

}  // namespace

LANEWISE_NATIVE(Bowl)
