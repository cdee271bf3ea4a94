// Newton's forms of kernels/newton.hpp over arrays of aligned lane groups.
#pragma once

#include <cstddef>

namespace lanewise::test {

template <class T>
struct NewtonForms {
    // Null where there are none.
    void (*divide)(std::size_t count, const T* a, const T* b, T* quotients);
    void (*square_root)(std::size_t count, const T* a, T* roots);
    /// As the steps take it, from `newton_from` on.
    void (*step_root)(std::size_t count, const T* a, T* roots, T newton_from);
    T least_newton_root;
};

struct Newton {
    const char* isa;
    NewtonForms<double> f64;
    NewtonForms<float> f32;
};

}  // namespace lanewise::test
