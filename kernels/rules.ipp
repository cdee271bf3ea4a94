// The rules by which a run goes, one policy each. The formulas are those of lanewise/options.hpp, with bias
// correction folded into the numbers of a Step.
#pragma once

#include "newton.hpp"

namespace lanewise::kernels {
namespace {

/// The numbers of a step, each in every lane.
template <class T>
struct WideStep {
    Batch<T> alpha, alpha_g, eps, eps_g, beta1, beta2, newton_from;

    WideStep(const Step<T>& s, const Tile<T>& tile)
        : alpha(s.alpha),
          alpha_g(s.alpha_g),
          eps(s.eps),
          eps_g(s.eps_g),
          beta1(s.beta1),
          beta2(s.beta2),
          newton_from(tile.newton_from) {}
};

/// The moments of one variable. An array cannot be empty.
template <class T, std::size_t rows>
using Moments = Batch<T>[rows > 0 ? rows : 1];

/// A stride that is still to be divided.
template <class T>
struct Quotient {
    Batch<T> numerator, denominator;
};

template <class T>
Batch<T> value(Batch<T> stride) {
    return stride;
}
template <class T>
Batch<T> value(Quotient<T> stride) {
    return divide(stride.numerator, stride.denominator);
}

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
    return fma(s.beta1, m, g);
}

/// g^2 is rounded with the sum, where that can be fused: of a small g it would be subnormal, which is slow.
template <class T>
Batch<T> second_moment(const WideStep<T>& s, Batch<T> v, Batch<T> g) {
    return fma(g, g, s.beta2 * v);
}

template <class T>
void meet(Batch<T>& largest_g, Batch<T> g) {
    largest_g = greatest(largest_g, xsimd::abs(g));
}

/// With eps: of its two parts one is nothing, so that the sum is rounded once.
template <class T>
Batch<T> add_eps(const WideStep<T>& s, Batch<T> number, Batch<T> largest_g) {
    return fma(s.eps_g, largest_g, number + s.eps);
}

template <class T>
Quotient<T> over_root(const WideStep<T>& s, Batch<T> stride, Batch<T> v, Batch<T> largest_g) {
    return {stride, add_eps(s, step_root(v, s.newton_from), largest_g)};
}

struct Adam : Policy<adam> {
    template <class T>
    static Quotient<T> stride(const WideStep<T>& s, Batch<T> g, Moments<T, rows>& moments) {
        auto& [m, v, largest_g] = moments;
        m = first_moment(s, m, g);
        v = second_moment(s, v, g);
        meet(largest_g, g);
        return over_root(s, s.alpha * m, v, largest_g);
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
        m = first_moment(s, m, g);
        return s.alpha * m;
    }
};

struct AdaGrad : Policy<adagrad> {
    static constexpr bool has_momentum = false;

    template <class T>
    static Quotient<T> stride(const WideStep<T>& s, Batch<T> g, Moments<T, rows>& moments) {
        auto& [v, largest_g] = moments;
        v = fma(g, g, v);
        meet(largest_g, g);
        return over_root(s, s.alpha * g, v, largest_g);
    }
};

struct RmsProp : Policy<rmsprop> {
    static constexpr bool has_momentum = false;

    template <class T>
    static Quotient<T> stride(const WideStep<T>& s, Batch<T> g, Moments<T, rows>& moments) {
        auto& [v, largest_g] = moments;
        v = second_moment(s, v, g);
        meet(largest_g, g);
        return over_root(s, s.alpha * g, v, largest_g);
    }
};

struct AmsGrad : Policy<amsgrad> {
    template <class T>
    static Quotient<T> stride(const WideStep<T>& s, Batch<T> g, Moments<T, rows>& moments) {
        auto& [m, v, largest_v, largest_g] = moments;
        m = first_moment(s, m, g);
        v = second_moment(s, v, g);
        largest_v = kernels::max(largest_v, v);
        meet(largest_g, g);
        return over_root(s, s.alpha * m, largest_v, largest_g);
    }
};

struct AdaMax : Policy<adamax> {
    template <class T>
    static Quotient<T> stride(const WideStep<T>& s, Batch<T> g, Moments<T, rows>& moments) {
        auto& [m, u, largest_g] = moments;
        m = first_moment(s, m, g);
        meet(largest_g, g);
        u = kernels::max(s.beta2 * u, add_eps(s, xsimd::abs(g), largest_g));
        return {s.alpha * m, u};
    }
};

struct NAdam : Policy<nadam> {
    template <class T>
    static Quotient<T> stride(const WideStep<T>& s, Batch<T> g, Moments<T, rows>& moments) {
        auto& [m, v, largest_g] = moments;
        m = first_moment(s, m, g);
        v = second_moment(s, v, g);
        meet(largest_g, g);
        return over_root(s, fma(s.alpha, m, s.alpha_g * g), v, largest_g);
    }
};

}  // namespace
}  // namespace lanewise::kernels
