// After Madsen, Nielsen & Tingleff: Methods for Non-Linear Least Squares Problems (2004), algorithm 3.16,
// with Marquardt's scaling in place of the identity, and steps that are projected onto the box.
#include "fit_reference.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

namespace lanewise::test {

namespace {

using Real = long double;
using Reals = std::vector<Real>;

constexpr Real first_damping = 1e-3L;
constexpr Real tolerance = 1e-12L;
constexpr std::size_t most_steps = 10000;

/// A square matrix.
struct Matrix {
    explicit Matrix(std::size_t n) : size(n), numbers(n * n) {}
    Real& operator()(std::size_t i, std::size_t j) { return numbers[i * size + j]; }
    Real operator()(std::size_t i, std::size_t j) const { return numbers[i * size + j]; }

    std::size_t size;
    Reals numbers;
};

/// With residuals r = (model - y) / sigma and their derivatives J.
struct NormalEquations {
    Real rss;       ///< r'r
    Matrix square;  ///< J'J
    Reals slope;    ///< J'r
};

NormalEquations normal_equations(const FitProblem& problem, const Point& x) {
    NormalEquations at{0, Matrix(x.size()), Reals(x.size())};
    Point derivatives(x.size());
    for (std::size_t row = 0; row < problem.y.size(); ++row) {
        const Real sigma = problem.sigma.empty() ? 1 : problem.sigma[row];
        const Real r = (Real(problem.model(row, x, derivatives)) - problem.y[row]) / sigma;
        at.rss += r * r;
        for (std::size_t i = 0; i < x.size(); ++i) {
            at.slope[i] += derivatives[i] / sigma * r;
            for (std::size_t j = 0; j < x.size(); ++j)
                at.square(i, j) += derivatives[i] / sigma * (derivatives[j] / sigma);
        }
    }
    return at;
}

/// By Gauss and Jordan, with the diagonal scaled to 1; nothing where the matrix is singular.
std::optional<Matrix> inverse(Matrix a) {
    const std::size_t n = a.size;
    Reals scale(n);
    for (std::size_t i = 0; i < n; ++i) scale[i] = 1 / std::sqrt(a(i, i));
    Matrix b(n);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) a(i, j) *= scale[i] * scale[j];
        b(i, i) = 1;
    }
    for (std::size_t k = 0; k < n; ++k) {
        std::size_t pivot = k;
        for (std::size_t i = k + 1; i < n; ++i)
            if (std::abs(a(i, k)) > std::abs(a(pivot, k))) pivot = i;
        if (!(std::abs(a(pivot, k)) > std::numeric_limits<double>::epsilon())) return std::nullopt;
        for (std::size_t j = 0; j < n; ++j) {
            std::swap(a(k, j), a(pivot, j));
            std::swap(b(k, j), b(pivot, j));
        }
        const Real divisor = a(k, k);
        for (std::size_t j = 0; j < n; ++j) {
            a(k, j) /= divisor;
            b(k, j) /= divisor;
        }
        for (std::size_t i = 0; i < n; ++i) {
            if (i == k) continue;
            const Real factor = a(i, k);
            for (std::size_t j = 0; j < n; ++j) {
                a(i, j) -= factor * a(k, j);
                b(i, j) -= factor * b(k, j);
            }
        }
    }
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j) b(i, j) *= scale[i] * scale[j];
    return b;
}

/// Rows and columns of these variables alone.
Matrix part_of(const Matrix& matrix, const std::vector<std::size_t>& variables) {
    Matrix part(variables.size());
    for (std::size_t i = 0; i < part.size; ++i)
        for (std::size_t j = 0; j < part.size; ++j) part(i, j) = matrix(variables[i], variables[j]);
    return part;
}

/// Those that can move: not fixed, and not at a bound with the slope pushing outward.
std::vector<std::size_t> movable(const FitProblem& problem, const Point& x, const Reals& slope) {
    std::vector<std::size_t> variables;
    for (std::size_t j = 0; j < x.size(); ++j) {
        const bool is_held =
            (x[j] <= problem.lower[j] && slope[j] >= 0) || (x[j] >= problem.upper[j] && slope[j] <= 0);
        if (!is_held) variables.push_back(j);
    }
    return variables;
}

Point projected(const FitProblem& problem, Point x) {
    for (std::size_t j = 0; j < x.size(); ++j) x[j] = std::clamp(x[j], problem.lower[j], problem.upper[j]);
    return x;
}

/// Where the damped step leads, on the box.
Point stepped(const FitProblem& problem, const Point& x, const NormalEquations& at, Real damping) {
    const std::vector<std::size_t> variables = movable(problem, x, at.slope);
    Matrix damped = part_of(at.square, variables);
    for (std::size_t i = 0; i < variables.size(); ++i)
        damped(i, i) = damped(i, i) * (1 + damping) + std::numeric_limits<double>::min();
    const std::optional<Matrix> inverted = inverse(std::move(damped));
    if (!inverted) return x;
    Point to = x;
    for (std::size_t i = 0; i < variables.size(); ++i) {
        Real step = 0;
        for (std::size_t j = 0; j < variables.size(); ++j) step -= (*inverted)(i, j) * at.slope[variables[j]];
        to[variables[i]] += static_cast<double>(step);
    }
    return projected(problem, std::move(to));
}

bool is_short(const Point& x, const Point& to) {
    for (std::size_t j = 0; j < x.size(); ++j)
        if (std::abs(Real(to[j]) - x[j]) > tolerance * std::abs(x[j])) return false;
    return true;
}

/// By how much r'r falls from x on the way, by the linear model of r.
Real predicted_fall(const NormalEquations& at, const Point& x, const Point& to) {
    Real fall = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        const Real step_i = Real(to[i]) - x[i];
        fall -= 2 * step_i * at.slope[i];
        for (std::size_t j = 0; j < x.size(); ++j) fall -= step_i * at.square(i, j) * (Real(to[j]) - x[j]);
    }
    return fall;
}

/// [d][d]
std::vector<double> covariance_of(const FitProblem& problem, const NormalEquations& at) {
    const std::size_t d = at.slope.size();
    std::vector<std::size_t> variables;
    for (std::size_t j = 0; j < d; ++j)
        if (problem.lower[j] < problem.upper[j]) variables.push_back(j);
    const std::optional<Matrix> inverted = inverse(part_of(at.square, variables));
    const bool is_known = inverted && problem.y.size() > variables.size();
    const Real s2 = problem.absolute_sigma ? 1 : at.rss / Real(problem.y.size() - variables.size());
    std::vector<double> covariance(d * d);
    for (std::size_t i = 0; i < variables.size(); ++i)
        for (std::size_t j = 0; j < variables.size(); ++j)
            covariance[variables[i] * d + variables[j]] = is_known
                                                              ? static_cast<double>(s2 * (*inverted)(i, j))
                                                              : std::numeric_limits<double>::infinity();
    return covariance;
}

}  // namespace

FitOutcome fit_reference(const FitProblem& problem, Point start) {
    Point x = projected(problem, std::move(start));
    NormalEquations at = normal_equations(problem, x);
    Real damping = first_damping, growth = 2;
    bool has_converged = false;
    for (std::size_t step = 0; step < most_steps && !has_converged; ++step) {
        const Point to = stepped(problem, x, at, damping);
        has_converged = is_short(x, to);
        const NormalEquations there = normal_equations(problem, to);
        const Real gain = (at.rss - there.rss) / predicted_fall(at, x, to);
        if (gain > 0) {
            x = to;
            at = there;
            damping *= std::max(Real(1) / 3, 1 - std::pow(2 * gain - 1, Real(3)));
            growth = 2;
        } else {
            damping *= growth;
            growth *= 2;
        }
    }
    const std::size_t d = x.size();
    FitOutcome outcome{has_converged, x, static_cast<double>(at.rss), {}, covariance_of(problem, at)};
    for (std::size_t j = 0; j < d; ++j)
        outcome.standard_error.push_back(std::sqrt(outcome.covariance[j * d + j]));
    return outcome;
}

}  // namespace lanewise::test
