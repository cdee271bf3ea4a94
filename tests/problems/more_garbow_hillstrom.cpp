#include "problems/more_garbow_hillstrom.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstddef>
#include <functional>
#include <string>

namespace lanewise::test {
namespace {

struct Column {
    std::string name;
    std::vector<double> numbers;
};

/// The sum of `body` over the rows of a table. In `body`, i is the number of the row, from 1, and the name of
/// a column stands for its number in that row.
std::string sum_over(const std::vector<Column>& table, const std::string& body) {
    std::string text;
    for (std::size_t row = 0; row < table.front().numbers.size(); ++row) {
        text += fmt::format("{}sum(i, {}, {}, ", row > 0 ? " +\n" : "", row + 1, row + 1);
        for (const Column& column : table) text += fmt::format("{} = {}; ", column.name, column.numbers[row]);
        text += body + ")";
    }
    return text;
}

/// Problem 35 with as many functions as variables. The polynomials come from their recurrence.
std::string chebyquad(std::size_t n) {
    std::string text;
    std::string polynomials = "t0 = 1; t1 = 2*x[j] - 1; ";
    for (std::size_t i = 1; i <= n; ++i) {
        if (i > 1) polynomials += fmt::format("t{} = 2*t1*t{} - t{}; ", i, i - 1, i - 2);
        const std::string integral = i % 2 == 0 ? fmt::format("-1/{}", i * i - 1) : "0";
        text += fmt::format("{}(sum(j, 0, n(x)-1, {}t{})/n(x) - ({}))^2", i > 1 ? " +\n" : "", polynomials, i,
                            integral);
    }
    return text;
}

/// The block again and again, up to n coordinates.
std::vector<double> repeated(const std::vector<double>& block, std::size_t n) {
    std::vector<double> x(n);
    for (std::size_t j = 0; j < n; ++j) x[j] = block[j % block.size()];
    return x;
}

/// Coordinates by their number, from 1 to n.
std::vector<double> numbered(std::size_t n, const std::function<double(double j)>& coordinate) {
    std::vector<double> x(n);
    for (std::size_t j = 0; j < n; ++j) x[j] = coordinate(static_cast<double>(j + 1));
    return x;
}

KnownProblem rosenbrock() {
    return {.name = "rosenbrock",
            .formula = {"100*(x[1] - x[0]^2)^2 + (1 - x[0])^2", {}},
            .box = cube(2, -1000, 1000),
            .start = {-1.2, 1},
            .minima = {{0, {1, 1}}}};
}

KnownProblem freudenstein_roth() {
    const double root = std::sqrt(22);
    return {.name = "freudenstein-roth",
            .formula = {"(-13 + x[0] + ((5 - x[1])*x[1] - 2)*x[1])^2 +"
                        "(-29 + x[0] + ((x[1] + 1)*x[1] - 14)*x[1])^2",
                        {}},
            .box = cube(2, -1000, 1000),
            .start = {0.5, -2},
            .minima = {{0, {5, 4}}, {48.9842, {(53 - 4 * root) / 3, (2 - root) / 3}}}};
}

KnownProblem powell_badly_scaled() {
    return {.name = "powell-badly-scaled",
            .formula = {"(1e4*x[0]*x[1] - 1)^2 + (exp(-x[0]) + exp(-x[1]) - 1.0001)^2", {}},
            .box = cube(2, -100, 100),
            .start = {0, 1},
            .minima = {{0, {1.0981593296998175e-5, 9.106146739867375}}}};
}

KnownProblem brown_badly_scaled() {
    return {.name = "brown-badly-scaled",
            .formula = {"(x[0] - 1e6)^2 + (x[1] - 2e-6)^2 + (x[0]*x[1] - 2)^2", {}},
            .box = Box::from_bounds({-1e7, -1000}, {1e7, 2000}),
            .start = {1, 1},
            .minima = {{0, {1e6, 2e-6}}}};
}

KnownProblem beale() {
    return {.name = "beale",
            .formula = {"(1.5 - x[0]*(1 - x[1]))^2 + (2.25 - x[0]*(1 - x[1]^2))^2 +"
                        "(2.625 - x[0]*(1 - x[1]^3))^2",
                        {}},
            .box = cube(2, -1000, 1000),
            .start = {1, 1},
            .minima = {{0, {3, 0.5}}}};
}

KnownProblem jennrich_sampson() {
    return {.name = "jennrich-sampson",
            .formula = {"sum(i, 1, 10, (2 + 2*i - (exp(i*x[0]) + exp(i*x[1])))^2)", {}},
            .box = cube(2, -10, 10),
            .start = {0.3, 0.4},
            .minima = {{124.362, {0.2578252136705, 0.2578252136705}}}};
}

/// The angle is the paper's for x1 > 0 and x1 < 0, and its limit at x1 = 0.
KnownProblem helical_valley() {
    return {.name = "helical-valley",
            .formula = {"turn = if(x[0] == 0, sign(x[1])/4, atan(x[1]/x[0])/(2*pi) + if(x[0] < 0, 0.5, 0));"
                        "(10*(x[2] - 10*turn))^2 + (10*(sqrt(x[0]^2 + x[1]^2) - 1))^2 + x[2]^2",
                        {}},
            .box = cube(3, -1000, 1000),
            .start = {-1, 0, 0},
            .minima = {{0, {1, 0, 0}}}};
}

KnownProblem bard() {
    const Column y{
        "y", {0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39}};
    return {.name = "bard",
            .formula = {sum_over({y}, "(y - (x[0] + i/((16-i)*x[1] + min(i, 16-i)*x[2])))^2"), {}},
            .box = cube(3, -1000, 1000),
            .start = {1, 1, 1},
            .minima = {{8.21487e-3}, {17.4286}}};
}

KnownProblem gaussian() {
    const Column y{"y",
                   {0.0009, 0.0044, 0.0175, 0.0540, 0.1295, 0.2420, 0.3521, 0.3989, 0.3521, 0.2420, 0.1295,
                    0.0540, 0.0175, 0.0044, 0.0009}};
    return {.name = "gaussian",
            .formula = {sum_over({y}, "t = (8-i)/2; (x[0]*exp(-x[1]*(t - x[2])^2/2) - y)^2"), {}},
            .box = Box::from_bounds({-100, 0, -10}, {100, 100, 20}),
            .start = {0.4, 1, 0},
            .minima = {{1.12793e-8}}};
}

KnownProblem meyer() {
    const Column y{"y",
                   {34780, 28610, 23650, 19630, 16370, 13720, 11540, 9744, 8261, 7030, 6005, 5147, 4427, 3820,
                    3307, 2872}};
    return {.name = "meyer",
            .formula = {sum_over({y}, "t = 45 + 5*i; (x[0]*exp(x[1]/(t + x[2])) - y)^2"), {}},
            .box = Box::from_bounds({-1, 0, 0}, {1, 10000, 1000}),
            .start = {0.02, 4000, 250},
            .minima = {{87.9458}}};
}

/// With 99 functions. The paper prints a product where it means the difference of y and x2.
KnownProblem gulf() {
    return {
        .name = "gulf",
        .formula = {"sum(i, 1, 99, t = i/100; y = 25 + (-50*log(t))^(2/3);"
                    "(exp(-abs(y - x[1])^x[2]/x[0]) - t)^2)",
                    {}},
        .box = Box::from_bounds({0.1, 0, 0}, {200, 100, 10}),
        .start = {5, 2.5, 0.15},
        .minima = {{0, {50, 25, 1.5}}},
    };
}

/// With 10 functions.
KnownProblem box_three_dimensional() {
    return {.name = "box-three-dimensional",
            .formula = {"sum(i, 1, 10, t = i/10;"
                        "(exp(-t*x[0]) - exp(-t*x[1]) - x[2]*(exp(-t) - exp(-10*t)))^2)",
                        {}},
            .box = cube(3, -100, 100),
            .start = {0, 10, 20},
            .minima = {{0, {1, 10, 1}}}};
}

KnownProblem powell_singular() {
    return {
        .name = "powell-singular",
        .formula = {"(x[0] + 10*x[1])^2 + 5*(x[2] - x[3])^2 + (x[1] - 2*x[2])^4 + 10*(x[0] - x[3])^4", {}},
        .box = cube(4, -500, 1000),
        .start = {3, -1, 0, 1},
        .minima = {{0, all(0, 4)}}};
}

KnownProblem wood() {
    return {.name = "wood",
            .formula = {"100*(x[1] - x[0]^2)^2 + (1 - x[0])^2 + 90*(x[3] - x[2]^2)^2 + (1 - x[2])^2 +"
                        "10*(x[1] + x[3] - 2)^2 + (x[1] - x[3])^2/10",
                        {}},
            .box = cube(4, -1000, 1000),
            .start = {-3, -1, -3, -1},
            .minima = {{0, all(1, 4)}}};
}

KnownProblem kowalik_osborne() {
    const Column y{"y",
                   {0.1957, 0.1947, 0.1735, 0.1600, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246}};
    const Column u{"u", {4, 2, 1, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625}};
    return {
        .name = "kowalik-osborne",
        .formula = {sum_over({y, u}, "(y - x[0]*(u^2 + u*x[1])/(u^2 + u*x[2] + x[3]))^2"), {}},
        .box = cube(4, -100, 100),
        .start = {0.25, 0.39, 0.415, 0.39},
        .minima = {{3.07505e-4}, {1.02734e-3}},
    };
}

/// With 20 functions.
KnownProblem brown_dennis() {
    return {.name = "brown-dennis",
            .formula = {"sum(i, 1, 20, t = i/5;"
                        "((x[0] + t*x[1] - exp(t))^2 + (x[2] + x[3]*sin(t) - cos(t))^2)^2)",
                        {}},
            .box = cube(4, -1000, 1000),
            .start = {25, 5, -5, -1},
            .minima = {{85822.2}}};
}

KnownProblem osborne_1() {
    const Column y{"y", {0.844, 0.908, 0.932, 0.936, 0.925, 0.908, 0.881, 0.850, 0.818, 0.784, 0.751,
                         0.718, 0.685, 0.658, 0.628, 0.603, 0.580, 0.558, 0.538, 0.522, 0.506, 0.490,
                         0.478, 0.467, 0.457, 0.448, 0.438, 0.431, 0.424, 0.420, 0.414, 0.411, 0.406}};
    return {.name = "osborne-1",
            .formula = {sum_over({y}, "t = 10*(i-1); (y - (x[0] + x[1]*exp(-t*x[3]) + x[2]*exp(-t*x[4])))^2"),
                        {}},
            .box = Box::from_bounds({-100, -100, -100, 0, 0}, {100, 100, 100, 1, 1}),
            .start = {0.5, 1.5, -1, 0.01, 0.02},
            .minima = {{5.46489e-5}}};
}

/// With 13 functions.
KnownProblem biggs_exp6() {
    return {.name = "biggs-exp6",
            .formula = {"sum(i, 1, 13, t = i/10; y = exp(-t) - 5*exp(-10*t) + 3*exp(-4*t);"
                        "(x[2]*exp(-t*x[0]) - x[3]*exp(-t*x[1]) + x[5]*exp(-t*x[4]) - y)^2)",
                        {}},
            .box = cube(6, -100, 100),
            .start = {1, 2, 1, 1, 1, 1},
            .minima = {{0, {1, 10, 1, 5, 4, 3}}, {5.65565e-3}}};
}

KnownProblem osborne_2() {
    const Column y{
        "y", {1.366, 1.191, 1.112, 1.013, 0.991, 0.885, 0.831, 0.847, 0.786, 0.725, 0.746, 0.679, 0.608,
              0.655, 0.616, 0.606, 0.602, 0.626, 0.651, 0.724, 0.649, 0.649, 0.694, 0.644, 0.624, 0.661,
              0.612, 0.558, 0.533, 0.495, 0.500, 0.423, 0.395, 0.375, 0.372, 0.391, 0.396, 0.405, 0.428,
              0.429, 0.523, 0.562, 0.607, 0.653, 0.672, 0.708, 0.633, 0.668, 0.645, 0.632, 0.591, 0.559,
              0.597, 0.625, 0.739, 0.710, 0.729, 0.720, 0.636, 0.581, 0.428, 0.292, 0.162, 0.098, 0.054}};
    return {.name = "osborne-2",
            .formula = {sum_over({y},
                                 "t = (i-1)/10;"
                                 "(y - (x[0]*exp(-t*x[4]) + x[1]*exp(-(t - x[8])^2*x[5]) +"
                                 "x[2]*exp(-(t - x[9])^2*x[6]) + x[3]*exp(-(t - x[10])^2*x[7])))^2"),
                        {}},
            .box = Box::from_bounds({-100, -100, -100, -100, 0, 0, 0, 0, 0, 0, 0},
                                    {100, 100, 100, 100, 100, 100, 100, 100, 10, 10, 10}),
            .start = {1.3, 0.65, 0.65, 0.7, 0.6, 3, 5, 7, 2, 4.5, 5.5},
            .minima = {{4.01377e-2}}};
}

KnownProblem watson() {
    return {.name = "watson",
            .formula = {"sum(i, 1, 29, t = i/29;"
                        "(sum(j, 1, n(x)-1, j*x[j]*t^(j-1)) - sum(j, 0, n(x)-1, x[j]*t^j)^2 - 1)^2) +"
                        "x[0]^2 + (x[1] - x[0]^2 - 1)^2",
                        {}},
            .box = cube(9, -100, 100),
            .start = all(0, 9),
            .minima = {{1.39976e-6}}};
}

KnownProblem extended_rosenbrock() {
    return {.name = "extended-rosenbrock",
            .formula = {"sum(i, 0, n(x)/2 - 1, 100*(x[2*i+1] - x[2*i]^2)^2 + (1 - x[2*i])^2)", {}},
            .box = cube(20, -1000, 1000),
            .start = repeated({-1.2, 1}, 20),
            .minima = {{0, all(1, 20)}}};
}

KnownProblem extended_powell_singular() {
    return {.name = "extended-powell-singular",
            .formula = {"sum(i, 0, n(x)/4 - 1,"
                        "(x[4*i] + 10*x[4*i+1])^2 + 5*(x[4*i+2] - x[4*i+3])^2 +"
                        "(x[4*i+1] - 2*x[4*i+2])^4 + 10*(x[4*i] - x[4*i+3])^4)",
                        {}},
            .box = cube(20, -500, 1000),
            .start = repeated({3, -1, 0, 1}, 20),
            .minima = {{0, all(0, 20)}}};
}

KnownProblem penalty_1() {
    return {
        .name = "penalty-1",
        .formula = {"a*sum(i, 0, n(x)-1, (x[i] - 1)^2) + (sum(i, 0, n(x)-1, x[i]^2) - 1/4)^2", {{"a", 1e-5}}},
        .box = cube(10, -1000, 1000),
        .start = numbered(10, [](double j) { return j; }),
        .minima = {{7.08765e-5}}};
}

KnownProblem penalty_2() {
    return {.name = "penalty-2",
            .formula = {"(x[0] - 0.2)^2 +"
                        "a*sum(i, 1, n(x)-1,"
                        "  (exp(x[i]/10) + exp(x[i-1]/10) - (exp((i+1)/10) + exp(i/10)))^2) +"
                        "a*sum(i, 1, n(x)-1, (exp(x[i]/10) - exp(-1/10))^2) +"
                        "(sum(i, 0, n(x)-1, (n(x) - i)*x[i]^2) - 1)^2",
                        {{"a", 1e-5}}},
            .box = cube(10, -100, 100),
            .start = all(0.5, 10),
            .minima = {{2.93660e-4}}};
}

KnownProblem variably_dimensioned() {
    return {.name = "variably-dimensioned",
            .formula = {"s = sum(i, 0, n(x)-1, (i+1)*(x[i] - 1));"
                        "sum(i, 0, n(x)-1, (x[i] - 1)^2) + s^2 + s^4",
                        {}},
            .box = cube(10, -1000, 1000),
            .start = numbered(10, [](double j) { return 1 - j / 10; }),
            .minima = {{0, all(1, 10)}}};
}

/// The paper does not have the second minimum, at which many methods end that begin at the start.
KnownProblem trigonometric() {
    return {.name = "trigonometric",
            .formula = {"s = sum(j, 0, n(x)-1, cos(x[j]));"
                        "sum(i, 0, n(x)-1, (n(x) - s + (i+1)*(1 - cos(x[i])) - sin(x[i]))^2)",
                        {}},
            .box = cube(10, -50, 100),
            .start = all(1.0 / 10, 10),
            .minima = {{0, all(0, 10)}, {2.79506e-5}}};
}

KnownProblem brown_almost_linear() {
    std::vector<double> local = all(0, 10);
    local.back() = 11;
    return {.name = "brown-almost-linear",
            .formula = {"s = sum(j, 0, n(x)-1, x[j]);"
                        "sum(i, 0, n(x)-2, (x[i] + s - (n(x) + 1))^2) + (prod(j, 0, n(x)-1, x[j]) - 1)^2",
                        {}},
            .box = cube(10, -100, 100),
            .start = all(0.5, 10),
            .minima = {{0, all(1, 10)}, {1, local}}};
}

/// t(t - 1) on a grid, where problems 28 and 29 begin.
std::vector<double> parabola(std::size_t n) {
    const double h = 1 / static_cast<double>(n + 1);
    return numbered(n, [h](double j) { return j * h * (j * h - 1); });
}

KnownProblem discrete_boundary_value() {
    return {.name = "discrete-boundary-value",
            .formula = {"h = 1/(n(x) + 1);"
                        "sum(i, 0, n(x)-1, t = (i+1)*h;"
                        "  left = sum(j, max(i-1, 0), i-1, x[j]);"
                        "  right = sum(j, i+1, min(i+1, n(x)-1), x[j]);"
                        "  (2*x[i] - left - right + h^2*(x[i] + t + 1)^3/2)^2)",
                        {}},
            .box = cube(10, -100, 100),
            .start = parabola(10),
            .minima = {{0}}};
}

KnownProblem discrete_integral_equation() {
    return {.name = "discrete-integral-equation",
            .formula = {"h = 1/(n(x) + 1);"
                        "sum(i, 0, n(x)-1, t = (i+1)*h;"
                        "  before = sum(j, 0, i, u = (j+1)*h; u*(x[j] + u + 1)^3);"
                        "  after = sum(j, i+1, n(x)-1, u = (j+1)*h; (1 - u)*(x[j] + u + 1)^3);"
                        "  (x[i] + h*((1 - t)*before + t*after)/2)^2)",
                        {}},
            .box = cube(10, -100, 100),
            .start = parabola(10),
            .minima = {{0}}};
}

KnownProblem broyden_tridiagonal() {
    return {.name = "broyden-tridiagonal",
            .formula = {"sum(i, 0, n(x)-1,"
                        "  left = sum(j, max(i-1, 0), i-1, x[j]);"
                        "  right = sum(j, i+1, min(i+1, n(x)-1), x[j]);"
                        "  ((3 - 2*x[i])*x[i] - left - 2*right + 1)^2)",
                        {}},
            .box = cube(10, -100, 100),
            .start = all(-1, 10),
            .minima = {{0}}};
}

/// Five neighbours below and one above.
KnownProblem broyden_banded() {
    return {.name = "broyden-banded",
            .formula = {"sum(i, 0, n(x)-1,"
                        "  below = sum(j, max(i-5, 0), i-1, x[j]*(1 + x[j]));"
                        "  above = sum(j, i+1, min(i+1, n(x)-1), x[j]*(1 + x[j]));"
                        "  (x[i]*(2 + 5*x[i]^2) + 1 - below - above)^2)",
                        {}},
            .box = cube(10, -100, 100),
            .start = all(-1, 10),
            .minima = {{0}}};
}

// The three linear problems have m = 20 functions of n = 10 variables. Their minima are fractions.

KnownProblem linear_full_rank() {
    return {.name = "linear-full-rank",
            .formula = {"s = sum(j, 0, n(x)-1, x[j]);"
                        "sum(i, 0, n(x)-1, (x[i] - 2/m*s - 1)^2) + (m - n(x))*(2/m*s + 1)^2",
                        {{"m", 20}}},
            .box = cube(10, -1000, 1000),
            .start = all(1, 10),
            .minima = {{10, all(-1, 10)}}};
}

KnownProblem linear_rank_1() {
    std::vector<double> x = all(0, 10);
    x.front() = 3.0 / 41;
    return {.name = "linear-rank-1",
            .formula = {"s = sum(j, 0, n(x)-1, (j+1)*x[j]); sum(i, 1, m, (i*s - 1)^2)", {{"m", 20}}},
            .box = cube(10, -1000, 1000),
            .start = all(1, 10),
            .minima = {{20.0 * 19 / (2 * 41), x}}};
}

KnownProblem linear_rank_1_with_zeros() {
    std::vector<double> x = all(0, 10);
    x[1] = 3.0 / 37 / 2;
    return {
        .name = "linear-rank-1-with-zeros",
        .formula = {"s = sum(j, 1, n(x)-2, (j+1)*x[j]); 2 + sum(i, 2, m-1, ((i-1)*s - 1)^2)", {{"m", 20}}},
        .box = cube(10, -1000, 1000),
        .start = all(1, 10),
        .minima = {{(20.0 * 20 + 3 * 20 - 6) / (2 * 37), x}}};
}

/// The paper has the second minimum only.
KnownProblem chebyquad_10() {
    return {.name = "chebyquad",
            .formula = {chebyquad(10), {}},
            .box = cube(10, -10, 10),
            .start = numbered(10, [](double j) { return j / 11; }),
            .minima = {{4.77271e-3}, {6.50395e-3}}};
}

}  // namespace

std::vector<KnownProblem> more_garbow_hillstrom() {
    return {rosenbrock(),
            freudenstein_roth(),
            powell_badly_scaled(),
            brown_badly_scaled(),
            beale(),
            jennrich_sampson(),
            helical_valley(),
            bard(),
            gaussian(),
            meyer(),
            gulf(),
            box_three_dimensional(),
            powell_singular(),
            wood(),
            kowalik_osborne(),
            brown_dennis(),
            osborne_1(),
            biggs_exp6(),
            osborne_2(),
            watson(),
            extended_rosenbrock(),
            extended_powell_singular(),
            penalty_1(),
            penalty_2(),
            variably_dimensioned(),
            trigonometric(),
            brown_almost_linear(),
            discrete_boundary_value(),
            discrete_integral_equation(),
            broyden_tridiagonal(),
            broyden_banded(),
            linear_full_rank(),
            linear_rank_1(),
            linear_rank_1_with_zeros(),
            chebyquad_10()};
}

}  // namespace lanewise::test
