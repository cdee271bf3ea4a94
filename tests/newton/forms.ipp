// What tests/CMakeLists.txt compiles once per instruction set, with a table as only symbol.
#include "forms.hpp"

#include "lanewise/kernels/newton.hpp"

namespace lanewise::test {
namespace {

using kernels::Batch;

template <class T>
void divide(std::size_t count, const T* a, const T* b, T* quotients) {
    for (std::size_t i = 0; i < count; i += Batch<T>::size)
        kernels::store(quotients + i, kernels::newton_divide(kernels::load(a + i), kernels::load(b + i)));
}

template <class T>
void square_root(std::size_t count, const T* a, T* roots) {
    for (std::size_t i = 0; i < count; i += Batch<T>::size)
        kernels::store(roots + i, kernels::newton_square_root(kernels::load(a + i)));
}

template <class T>
void step_root(std::size_t count, const T* a, T* roots, T newton_from) {
    for (std::size_t i = 0; i < count; i += Batch<T>::size)
        kernels::store(roots + i, kernels::step_root(kernels::load(a + i), Batch<T>(newton_from)));
}

template <class T>
constexpr NewtonForms<T> forms() {
    NewtonForms<T> forms{nullptr, nullptr, step_root<T>, kernels::least_newton_root<T>};
    if constexpr (kernels::has_newton_forms) {
        forms.divide = divide<T>;
        forms.square_root = square_root<T>;
    }
    return forms;
}

}  // namespace

extern const Newton LANEWISE_NEWTON = {LANEWISE_NEWTON_ISA, forms<double>(), forms<float>()};

}  // namespace lanewise::test
