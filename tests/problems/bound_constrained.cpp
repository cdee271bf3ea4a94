#include "problems/bound_constrained.hpp"

#include <cmath>
#include <numbers>

namespace lanewise::test {
namespace {

const char* const valley = "100*(x[1] - x[0]^2)^2 + (1 - x[0])^2";

/// The bound is below the minimum.
KnownProblem hs1() {
    return {.name = "hs1",
            .formula = {valley, {}},
            .box = Box::from_bounds({-1000, -1.5}, {1000, 1000}),
            .start = {-2, 1},
            .minima = {{0, {1, 1}}}};
}

/// The bound is above the minimum. On it the valley is a quartic with two minima; their places are roots of a
/// cubic. The book has the first.
KnownProblem hs2() {
    const double a = std::sqrt(598.0 / 1200);
    const double angle = std::acos(1 / (400 * a * a * a)) / 3;
    return {.name = "hs2",
            .formula = {valley, {}},
            .box = Box::from_bounds({-1000, 1.5}, {1000, 1000}),
            .start = {-2, 1.5},
            .minima = {{0.0504261879, {2 * a * std::cos(angle), 1.5}},
                       {4.94122932, {2 * a * std::cos(angle + 2 * std::numbers::pi / 3), 1.5}}}};
}

KnownProblem hs3() {
    return {.name = "hs3",
            .formula = {"x[1] + 1e-5*(x[1] - x[0])^2", {}},
            .box = Box::from_bounds({-500, 0}, {1000, 1000}),
            .start = {10, 1},
            .minima = {{0, {0, 0}}}};
}

/// hs3 with a curvature that can be seen.
KnownProblem hs3mod() {
    return {.name = "hs3mod",
            .formula = {"x[1] + (x[1] - x[0])^2", {}},
            .box = Box::from_bounds({-500, 0}, {1000, 1000}),
            .start = {10, 1},
            .minima = {{0, {0, 0}}}};
}

/// The minimum is a corner.
KnownProblem hs4() {
    return {.name = "hs4",
            .formula = {"(x[0] + 1)^3/3 + x[1]", {}},
            .box = Box::from_bounds({1, 0}, {1000, 1000}),
            .start = {1.125, 0.125},
            .minima = {{8.0 / 3, {1, 0}}}};
}

/// Both minima are inside; the book has the first.
KnownProblem hs5() {
    const double pi = std::numbers::pi;
    const double f = -std::sqrt(3) / 2 - pi / 3;
    return {.name = "hs5",
            .formula = {"sin(x[0] + x[1]) + (x[0] - x[1])^2 - 1.5*x[0] + 2.5*x[1] + 1", {}},
            .box = Box::from_bounds({-1.5, -3}, {4, 3}),
            .start = {0, 0},
            .minima = {{f, {-pi / 3 + 0.5, -pi / 3 - 0.5}}, {f + pi, {2 * pi / 3 + 0.5, 2 * pi / 3 - 0.5}}}};
}

/// Flat near the start.
KnownProblem hs25() {
    return {.name = "hs25",
            .formula = {"sum(i, 1, 99, u = 25 + (-50*log(i/100))^(2/3);"
                        "(exp(-(u - x[1])^x[2]/x[0]) - i/100)^2)",
                        {}},
            .box = Box::from_bounds({0.1, 0, 0}, {100, 25.6, 5}),
            .start = {100, 12.5, 3},
            .minima = {{0, {50, 25, 1.5}}}};
}

/// Wood's function.
KnownProblem hs38() {
    return {.name = "hs38",
            .formula = {"100*(x[1] - x[0]^2)^2 + (1 - x[0])^2 + 90*(x[3] - x[2]^2)^2 + (1 - x[2])^2 +"
                        "10.1*((x[1] - 1)^2 + (x[3] - 1)^2) + 19.8*(x[1] - 1)*(x[3] - 1)",
                        {}},
            .box = cube(4, -10, 10),
            .start = {-3, -1, -3, -1},
            .minima = {{0, all(1, 4)}}};
}

/// All upper bounds are active. The gradient vanishes wherever two variables are 0.
KnownProblem hs45() {
    return {.name = "hs45",
            .formula = {"2 - prod(i, 0, n(x)-1, x[i])/120", {}},
            .box = Box::from_bounds(all(0, 5), {1, 2, 3, 4, 5}),
            .start = {1, 2, 2, 2, 2},
            .minima = {{1, {1, 2, 3, 4, 5}}}};
}

/// The bounds keep away from where the logarithms have no value.
KnownProblem hs110() {
    return {
        .name = "hs110",
        .formula = {"sum(i, 0, n(x)-1, log(x[i] - 2)^2 + log(10 - x[i])^2) - prod(i, 0, n(x)-1, x[i])^0.2",
                    {}},
        .box = cube(10, 2.001, 9.999),
        .start = all(9, 10),
        .minima = {{-45.77846971, all(9.35025655, 10)}}};
}

KnownProblem mdhole() {
    return {.name = "mdhole",
            .formula = {"100*(sin(x[0]) - x[1])^2 + x[0]", {}},
            .box = Box::from_bounds({0, -500}, {1000, 1000}),
            .start = {10, 1},
            .minima = {{0, {0, 0}}}};
}

KnownProblem pspdoc() {
    return {.name = "pspdoc",
            .formula = {"sqrt(1 + x[0]^2 + (x[1] - x[2])^2) + sqrt(1 + x[1]^2 + (x[2] - x[3])^2)", {}},
            .box = Box::from_bounds({-1000, -500, -500, -500}, {-1, 1000, 1000, 1000}),
            .start = {-1, 3, 3, 3},
            .minima = {{1 + std::sqrt(2), {-1, 0, 0, 0}}}};
}

/// A convex quadratic: all upper bounds but the last are active.
KnownProblem biggsb1() {
    std::vector<double> upper = all(0.9, 10);
    upper.back() = 1000;
    std::vector<double> x = all(0.9, 10);
    x.back() = 0.95;
    return {.name = "biggsb1",
            .formula = {"(x[0] - 1)^2 + sum(i, 0, n(x)-2, (x[i+1] - x[i])^2) + (1 - x[n(x)-1])^2", {}},
            .box = Box::from_bounds(all(0, 10), upper),
            .start = all(0, 10),
            .minima = {{0.015, x}}};
}

/// A convex quadratic: all lower bounds are active.
KnownProblem cvxbqp1() {
    return {.name = "cvxbqp1",
            .formula = {"sum(i, 1, n(x),"
                        "i/2*(x[i-1] + x[mod(2*i-1, n(x))] + x[mod(3*i-1, n(x))])^2)",
                        {}},
            .box = cube(10, 0.1, 10),
            .start = all(0.5, 10),
            .minima = {{2.475, all(0.1, 10)}}};
}

/// A convex quadratic without couplings: three lower bounds are active and four upper ones. The derivative is
/// 0 at one bound of either kind.
KnownProblem diagonal_quadratic() {
    return {.name = "diagonal-quadratic",
            .formula = {"sum(i, 0, n(x)-1, (i+1)*(x[i] - (i-4)/2)^2)", {}},
            .box = cube(10, -1, 1),
            .start = all(0.25, 10),
            .minima = {{35, {-1, -1, -1, -0.5, 0, 0.5, 1, 1, 1, 1}}}};
}

/// BDEXP in a box that is so small that the exponentials do not vanish in it. All lower bounds but the last
/// are active; the last variable does not matter there.
KnownProblem bdexp_in_small_box() {
    return {.name = "bdexp-in-small-box",
            .formula = {"sum(i, 0, n(x)-3, s = x[i] + x[i+1]; s*exp(-x[i+2]*s))", {}},
            .box = cube(10, 0, 1),
            .start = all(0.5, 10),
            .minima = {{0, all(0, 10)}}};
}

/// A linear function: the minimum is a corner.
KnownProblem linear_corner() {
    return {.name = "linear-corner",
            .formula = {"sum(i, 0, n(x)-1, (i - 3.5)*x[i])", {}},
            .box = cube(8, -1, 2),
            .start = all(0, 8),
            .minima = {{-24, {2, 2, 2, 2, -1, -1, -1, -1}}}};
}

}  // namespace

std::vector<KnownProblem> bound_constrained() {
    return {hs1(),
            hs2(),
            hs3(),
            hs3mod(),
            hs4(),
            hs5(),
            hs25(),
            hs38(),
            hs45(),
            hs110(),
            mdhole(),
            pspdoc(),
            biggsb1(),
            cvxbqp1(),
            diagonal_quadratic(),
            bdexp_in_small_box(),
            linear_corner()};
}

}  // namespace lanewise::test
