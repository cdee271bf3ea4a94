/// One formula, minimised for many problems at once, each for itself.
///
///     const lanewise::Box box{{"x", -5, 5}, {"y", -5, 5}};
///     const std::vector<double> a = {1, 2, 3};
///     const lanewise::Problems problems{.first_rows = {0, 0, 0, 0}, .parameters = {{"a", a}}};
///     const lanewise::ProblemEnds ends =
///         lanewise::minimize_problems({.expression = "(x - a)^2 + y^4 - a*y^2"}, box, problems);
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "lanewise/fit.hpp"

namespace lanewise {

/// What is minimised, in the language of Expression: names are variables of the box, parameters, and in
/// rows(...) columns of each problem.
struct ProblemsObjective {
    std::string expression = {};
    Parameters parameters = {};  ///< of all problems
    Tables tables = {};
    bool maximize = false;
};

/// A place where runs of a problem ended.
struct ProblemMinimum {
    double f;
    std::vector<double> x;
    std::size_t runs;  ///< that ended there
};

/// What was found, of each problem in the order given. What there is none of is NaN.
struct ProblemEnds {
    std::size_t dimension = 0;
    std::vector<FitStatus> status;                ///< [P]
    std::vector<double> x;                        ///< [P][d] the best point
    std::vector<double> f;                        ///< [P] the value there
    std::vector<std::size_t> n_used, n_left_out;  ///< [P] rows, and those with a missing value
    std::vector<std::size_t> runs;                ///< [P] that were made
    std::vector<std::size_t> agree;               ///< [P] of these, that came to a value as good as the best
    /// [P] best first, as many as were asked for: ends that are within 1e-5 of the bounds' width in each
    /// variable are one.
    std::vector<std::vector<ProblemMinimum>> minima;
    double seconds = 0;
    std::uint64_t evaluations = 0;  ///< summed over runs

    std::size_t count() const noexcept { return status.size(); }
    std::span<const double> x_of(std::size_t problem) const {
        return std::span(x).subspan(problem * dimension, dimension);
    }
};

/// Minimises for each problem by itself, as fit does and with its options: runs of drawn starts go a way by
/// Adam, then all by Newton's method with exact second derivatives, damped as in fit. For up to some twenty
/// variables: the second derivatives are as many as pairs of them. What comes of a problem is a function of
/// the objective, its own rows, parameters, bounds and starts, and the options.
/// \throws std::invalid_argument before any work, naming the option or formula and what is wrong with it.
///         What `progress` and `stop` throw is thrown here.
ProblemEnds minimize_problems(const ProblemsObjective& objective, const Box& box, const Problems& problems,
                              const FitOptions& options = {}, std::size_t most_minima = 0);

/// What tells minima of problems from others, as digest_of fits. How many minima are told is no part of it.
std::uint64_t digest_of(const ProblemsObjective& objective, const Box& box, const Problems& problems,
                        const FitOptions& options = {});

}  // namespace lanewise
