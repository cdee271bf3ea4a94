// The rules by which a run goes, one policy each. The formulas are those of lanewise/options.hpp, with bias
// correction folded into the numbers of a Step.
#pragma once

#include "simd.hpp"

namespace lanewise::kernels {
namespace {

/// The numbers of a step, each in every lane.
template <class T>
struct WideStep {
    Batch<T> alpha, alpha_g, eps, beta1, one_minus_beta1, beta2, one_minus_beta2;

    explicit WideStep(const Step<T>& s)
        : alpha(s.alpha),
          alpha_g(s.alpha_g),
          eps(s.eps),
          beta1(s.beta1),
          one_minus_beta1(s.one_minus_beta1),
          beta2(s.beta2),
          one_minus_beta2(s.one_minus_beta2) {}
};

/// The moments of one variable. An array cannot be empty.
template <class T, std::size_t rows>
using Moments = Batch<T>[rows > 0 ? rows : 1];

/// A policy is what this says, where it says nothing else, and a function `stride`, which updates the moments
/// and returns what to subtract from x, in units of the variable's scale.
template <Method method>
struct Policy {
    static constexpr std::size_t rows = moment_rows[method];
    /// The first moment is made of past gradients.
    static constexpr bool has_momentum = true;
    /// The stride does not grow with the gradient. Else g is the slope in units of the variable's scale.
    static constexpr bool is_normalised = true;
};

template <class T>
Batch<T> first_moment(const WideStep<T>& s, Batch<T> m, Batch<T> g) {
    return fma(s.beta1, m, s.one_minus_beta1 * g);
}

template <class T>
Batch<T> second_moment(const WideStep<T>& s, Batch<T> v, Batch<T> g) {
    return fma(s.beta2, v, s.one_minus_beta2 * (g * g));
}

template <class T>
Batch<T> over_root(const WideStep<T>& s, Batch<T> stride, Batch<T> v) {
    return divide(stride, square_root(v) + s.eps);
}

struct Adam : Policy<adam> {
    template <class T>
    static Batch<T> stride(const WideStep<T>& s, Batch<T> g, Moments<T, rows>& moments) {
        auto& [m, v] = moments;
        m = first_moment(s, m, g);
        v = second_moment(s, v, g);
        return over_root(s, s.alpha * m, v);
    }
};

struct GradientDescent : Policy<gradient_descent> {
    static constexpr bool has_momentum = false;
    static constexpr bool is_normalised = false;

    template <class T>
    static Batch<T> stride(const WideStep<T>& s, Batch<T> g, Moments<T, rows>& /*moments*/) {
        return s.alpha * g;
    }
};

struct Momentum : Policy<momentum> {
    static constexpr bool is_normalised = false;

    template <class T>
    static Batch<T> stride(const WideStep<T>& s, Batch<T> g, Moments<T, rows>& moments) {
        auto& [m] = moments;
        m = fma(s.beta1, m, g);
        return s.alpha * m;
    }
};

struct AdaGrad : Policy<adagrad> {
    static constexpr bool has_momentum = false;

    template <class T>
    static Batch<T> stride(const WideStep<T>& s, Batch<T> g, Moments<T, rows>& moments) {
        auto& [v] = moments;
        v = fma(g, g, v);
        return over_root(s, s.alpha * g, v);
    }
};

struct RmsProp : Policy<rmsprop> {
    static constexpr bool has_momentum = false;

    template <class T>
    static Batch<T> stride(const WideStep<T>& s, Batch<T> g, Moments<T, rows>& moments) {
        auto& [v] = moments;
        v = second_moment(s, v, g);
        return over_root(s, s.alpha * g, v);
    }
};

struct AmsGrad : Policy<amsgrad> {
    template <class T>
    static Batch<T> stride(const WideStep<T>& s, Batch<T> g, Moments<T, rows>& moments) {
        auto& [m, v, largest_v] = moments;
        m = first_moment(s, m, g);
        v = second_moment(s, v, g);
        largest_v = kernels::max(largest_v, v);
        return over_root(s, s.alpha * m, largest_v);
    }
};

struct AdaMax : Policy<adamax> {
    template <class T>
    static Batch<T> stride(const WideStep<T>& s, Batch<T> g, Moments<T, rows>& moments) {
        auto& [m, u] = moments;
        m = first_moment(s, m, g);
        u = kernels::max(s.beta2 * u, xsimd::abs(g) + s.eps);
        return divide(s.alpha * m, u);
    }
};

struct NAdam : Policy<nadam> {
    template <class T>
    static Batch<T> stride(const WideStep<T>& s, Batch<T> g, Moments<T, rows>& moments) {
        auto& [m, v] = moments;
        m = first_moment(s, m, g);
        v = second_moment(s, v, g);
        return over_root(s, fma(s.alpha, m, s.alpha_g * g), v);
    }
};

}  // namespace
}  // namespace lanewise::kernels
