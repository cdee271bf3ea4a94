// The problems of the literature (problems/) say what the literature says: their formulas are held to
// functions in plain C++, in long double, that were written from the definitions once more.
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "lanewise/lanewise.hpp"
#include "problems/bound_constrained.hpp"
#include "problems/more_garbow_hillstrom.hpp"

using namespace lanewise;
using namespace lanewise::test;

namespace {

using Real = long double;
using Reals = std::vector<Real>;

/// A point, whose coordinates are counted from 1 as in the literature.
class Coordinates {
  public:
    explicit Coordinates(Reals x) : x_(std::move(x)) {}
    int n() const { return static_cast<int>(x_.size()); }
    Real operator()(int j) const { return x_[static_cast<std::size_t>(j - 1)]; }

  private:
    Reals x_;
};

using Function = std::function<Real(const Coordinates& x)>;

Real square(Real number) {
    return number * number;
}
Real cube_of(Real number) {
    return number * number * number;
}

/// Of i from `first` to `last`.
template <class Term>
Real sum(int first, int last, Term&& term) {
    Real total = 0;
    for (int i = first; i <= last; ++i) total += term(i);
    return total;
}

/// A problem of least squares, by its residuals.
template <class Residuals>
Function least_squares(Residuals residuals) {
    return [residuals](const Coordinates& x) {
        Real total = 0;
        for (const Real residual : residuals(x)) total += square(residual);
        return total;
    };
}

/// The residuals of i = 1 .. m.
template <class Residual>
Function least_squares(int m, Residual residual) {
    return [m, residual](const Coordinates& x) {
        return sum(1, m, [&](int i) { return square(residual(i, x)); });
    };
}

/// Data are counted from 1, too.
Real datum(const Reals& data, int i) {
    return data.at(static_cast<std::size_t>(i - 1));
}

/// x(0) and x(n+1) are 0 where a problem is of differences.
Real inside(const Coordinates& x, int j) {
    return j >= 1 && j <= x.n() ? x(j) : 0;
}

Real chebyshev(int degree, Real x) {
    Real before = 1;
    Real polynomial = 2 * x - 1;
    for (int i = 2; i <= degree; ++i)
        before = std::exchange(polynomial, 2 * (2 * x - 1) * polynomial - before);
    return polynomial;
}

std::vector<Function> written_again_more_garbow_hillstrom() {
    return {
        least_squares([](const Coordinates& x) {
            return Reals{10 * (x(2) - square(x(1))), 1 - x(1)};
        }),
        least_squares([](const Coordinates& x) {
            return Reals{-13 + x(1) + 5 * square(x(2)) - cube_of(x(2)) - 2 * x(2),
                         -29 + x(1) + cube_of(x(2)) + square(x(2)) - 14 * x(2)};
        }),
        least_squares([](const Coordinates& x) {
            return Reals{10000 * x(1) * x(2) - 1, std::exp(-x(1)) + std::exp(-x(2)) - 1.0001L};
        }),
        least_squares([](const Coordinates& x) {
            return Reals{x(1) - 1000000, x(2) - 0.000002L, x(1) * x(2) - 2};
        }),
        least_squares(3,
                      [](int i, const Coordinates& x) {
                          const Real y = i == 1 ? 1.5L : i == 2 ? 2.25L : 2.625L;
                          return y - x(1) * (1 - std::pow(x(2), static_cast<Real>(i)));
                      }),
        least_squares(10,
                      [](int i, const Coordinates& x) {
                          const Real t = i;
                          return 2 + 2 * t - std::exp(t * x(1)) - std::exp(t * x(2));
                      }),
        least_squares([](const Coordinates& x) {
            const Real pi = std::numbers::pi_v<Real>;
            Real theta = std::atan(x(2) / x(1)) / (2 * pi);
            if (x(1) < 0) theta += 0.5L;
            return Reals{10 * (x(3) - 10 * theta), 10 * (std::hypot(x(1), x(2)) - 1), x(3)};
        }),
        least_squares(15,
                      [](int i, const Coordinates& x) {
                          static const Reals data = {.14L, .18L, .22L, .25L, .29L,  .32L, .35L, .39L,
                                                     .37L, .58L, .73L, .96L, 1.34L, 2.1L, 4.39L};
                          const Real y = datum(data, i);
                          const Real u = i;
                          const Real v = 16 - u;
                          const Real w = std::min(u, v);
                          return y - x(1) - u / (v * x(2) + w * x(3));
                      }),
        least_squares(15,
                      [](int i, const Coordinates& x) {
                          static const Reals half = {.0009L, .0044L, .0175L, .054L,
                                                     .1295L, .242L,  .3521L, .3989L};
                          const Real t = (8 - static_cast<Real>(i)) / 2;
                          const Real y = datum(half, 8 - std::abs(8 - i));
                          return x(1) * std::exp(-x(2) * square(t - x(3)) / 2) - y;
                      }),
        least_squares(16,
                      [](int i, const Coordinates& x) {
                          static const Reals data = {34780, 28610, 23650, 19630, 16370, 13720, 11540, 9744,
                                                     8261,  7030,  6005,  5147,  4427,  3820,  3307,  2872};
                          const Real y = datum(data, i);
                          return x(1) * std::exp(x(2) / (45 + 5 * i + x(3))) - y;
                      }),
        least_squares(99,
                      [](int i, const Coordinates& x) {
                          const Real t = static_cast<Real>(i) / 100;
                          const Real y = 25 + std::pow(-50 * std::log(t), 2 / 3.0L);
                          return std::exp(-std::pow(std::abs(y - x(2)), x(3)) / x(1)) - t;
                      }),
        least_squares(10,
                      [](int i, const Coordinates& x) {
                          const Real t = 0.1L * i;
                          return std::exp(-t * x(1)) - std::exp(-t * x(2)) -
                                 x(3) * (std::exp(-t) - std::exp(-10 * t));
                      }),
        least_squares([](const Coordinates& x) {
            return Reals{x(1) + 10 * x(2), std::sqrt(5.0L) * (x(3) - x(4)), square(x(2) - 2 * x(3)),
                         std::sqrt(10.0L) * square(x(1) - x(4))};
        }),
        least_squares([](const Coordinates& x) {
            return Reals{10 * (x(2) - square(x(1))),
                         1 - x(1),
                         std::sqrt(90.0L) * (x(4) - square(x(3))),
                         1 - x(3),
                         std::sqrt(10.0L) * (x(2) + x(4) - 2),
                         (x(2) - x(4)) / std::sqrt(10.0L)};
        }),
        least_squares(11,
                      [](int i, const Coordinates& x) {
                          static const Reals data = {.1957L, .1947L, .1735L, .16L,   .0844L, .0627L,
                                                     .0456L, .0342L, .0323L, .0235L, .0246L};
                          const Real y = datum(data, i);
                          static const Reals all_u = {4,     2,   1,      .5L,    .25L,  .167L,
                                                      .125L, .1L, .0833L, .0714L, .0625L};
                          const Real u = datum(all_u, i);
                          return y - x(1) * (square(u) + u * x(2)) / (square(u) + u * x(3) + x(4));
                      }),
        least_squares(20,
                      [](int i, const Coordinates& x) {
                          const Real t = static_cast<Real>(i) / 5;
                          return square(x(1) + t * x(2) - std::exp(t)) +
                                 square(x(3) + x(4) * std::sin(t) - std::cos(t));
                      }),
        least_squares(33,
                      [](int i, const Coordinates& x) {
                          static const Reals data = {
                              .844L, .908L, .932L, .936L, .925L, .908L, .881L, .85L,  .818L, .784L, .751L,
                              .718L, .685L, .658L, .628L, .603L, .58L,  .558L, .538L, .522L, .506L, .49L,
                              .478L, .467L, .457L, .448L, .438L, .431L, .424L, .42L,  .414L, .411L, .406L};
                          const Real y = datum(data, i);
                          const Real t = 10 * (i - 1);
                          return y - x(1) - x(2) * std::exp(-t * x(4)) - x(3) * std::exp(-t * x(5));
                      }),
        least_squares(13,
                      [](int i, const Coordinates& x) {
                          const Real t = 0.1L * i;
                          const Real y = std::exp(-t) - 5 * std::exp(-10 * t) + 3 * std::exp(-4 * t);
                          return x(3) * std::exp(-t * x(1)) - x(4) * std::exp(-t * x(2)) +
                                 x(6) * std::exp(-t * x(5)) - y;
                      }),
        least_squares(65,
                      [](int i, const Coordinates& x) {
                          static const Reals data = {
                              1.366L, 1.191L, 1.112L, 1.013L, .991L, .885L, .831L, .847L, .786L, .725L, .746L,
                              .679L,  .608L,  .655L,  .616L,  .606L, .602L, .626L, .651L, .724L, .649L, .649L,
                              .694L,  .644L,  .624L,  .661L,  .612L, .558L, .533L, .495L, .5L,   .423L, .395L,
                              .375L,  .372L,  .391L,  .396L,  .405L, .428L, .429L, .523L, .562L, .607L, .653L,
                              .672L,  .708L,  .633L,  .668L,  .645L, .632L, .591L, .559L, .597L, .625L, .739L,
                              .71L,   .729L,  .72L,   .636L,  .581L, .428L, .292L, .162L, .098L, .054L};
                          const Real y = datum(data, i);
                          const Real t = static_cast<Real>(i - 1) / 10;
                          return y - x(1) * std::exp(-t * x(5)) - x(2) * std::exp(-square(t - x(9)) * x(6)) -
                                 x(3) * std::exp(-square(t - x(10)) * x(7)) -
                                 x(4) * std::exp(-square(t - x(11)) * x(8));
                      }),
        least_squares(31,
                      [](int i, const Coordinates& x) {
                          if (i == 30) return x(1);
                          if (i == 31) return x(2) - square(x(1)) - 1;
                          const Real t = static_cast<Real>(i) / 29;
                          const Real slope =
                              sum(2, x.n(), [&](int j) { return (j - 1) * x(j) * std::pow(t, Real(j - 2)); });
                          const Real height =
                              sum(1, x.n(), [&](int j) { return x(j) * std::pow(t, Real(j - 1)); });
                          return slope - square(height) - 1;
                      }),
        least_squares(20,
                      [](int i, const Coordinates& x) {
                          return i % 2 == 1 ? 10 * (x(i + 1) - square(x(i))) : 1 - x(i - 1);
                      }),
        least_squares(20,
                      [](int i, const Coordinates& x) {
                          switch (i % 4) {
                              case 1: return x(i) + 10 * x(i + 1);
                              case 2: return std::sqrt(5.0L) * (x(i + 1) - x(i + 2));
                              case 3: return square(x(i - 1) - 2 * x(i));
                              default: return std::sqrt(10.0L) * square(x(i - 3) - x(i));
                          }
                      }),
        least_squares(11,
                      [](int i, const Coordinates& x) {
                          return i <= 10 ? std::sqrt(1e-5L) * (x(i) - 1)
                                         : sum(1, 10, [&](int j) { return square(x(j)); }) - 0.25L;
                      }),
        least_squares(20,
                      [](int i, const Coordinates& x) {
                          if (i == 1) return x(1) - 0.2L;
                          if (i == 20) return sum(1, 10, [&](int j) { return (11 - j) * square(x(j)); }) - 1;
                          if (i > 10) return std::sqrt(1e-5L) * (std::exp(x(i - 9) / 10) - std::exp(-0.1L));
                          const Real y = std::exp(0.1L * i) + std::exp(0.1L * (i - 1));
                          return std::sqrt(1e-5L) * (std::exp(x(i) / 10) + std::exp(x(i - 1) / 10) - y);
                      }),
        least_squares(12,
                      [](int i, const Coordinates& x) {
                          if (i <= 10) return x(i) - 1;
                          const Real s = sum(1, 10, [&](int j) { return j * (x(j) - 1); });
                          return i == 11 ? s : square(s);
                      }),
        least_squares(10,
                      [](int i, const Coordinates& x) {
                          return 10 - sum(1, 10, [&](int j) { return std::cos(x(j)); }) +
                                 i * (1 - std::cos(x(i))) - std::sin(x(i));
                      }),
        least_squares(10,
                      [](int i, const Coordinates& x) {
                          if (i < 10) return x(i) + sum(1, 10, x) - 11;
                          Real product = 1;
                          for (int j = 1; j <= 10; ++j) product *= x(j);
                          return product - 1;
                      }),
        least_squares(10,
                      [](int i, const Coordinates& x) {
                          const Real h = 1 / 11.0L;
                          return 2 * x(i) - inside(x, i - 1) - inside(x, i + 1) +
                                 square(h) * cube_of(x(i) + i * h + 1) / 2;
                      }),
        least_squares(10,
                      [](int i, const Coordinates& x) {
                          const Real h = 1 / 11.0L;
                          const auto cubic = [&](int j) { return cube_of(x(j) + j * h + 1); };
                          const Real before = sum(1, i, [&](int j) { return j * h * cubic(j); });
                          const Real after = sum(i + 1, 10, [&](int j) { return (1 - j * h) * cubic(j); });
                          return x(i) + h / 2 * ((1 - i * h) * before + i * h * after);
                      }),
        least_squares(10,
                      [](int i, const Coordinates& x) {
                          return (3 - 2 * x(i)) * x(i) - inside(x, i - 1) - 2 * inside(x, i + 1) + 1;
                      }),
        least_squares(10,
                      [](int i, const Coordinates& x) {
                          Real neighbours = 0;
                          for (int j = std::max(1, i - 5); j <= std::min(10, i + 1); ++j) {
                              if (j != i) neighbours += x(j) * (1 + x(j));
                          }
                          return x(i) * (2 + 5 * square(x(i))) + 1 - neighbours;
                      }),
        least_squares(
            20,
            [](int i, const Coordinates& x) { return (i <= 10 ? x(i) : 0) - 2 / 20.0L * sum(1, 10, x) - 1; }),
        least_squares(
            20,
            [](int i, const Coordinates& x) { return i * sum(1, 10, [&](int j) { return j * x(j); }) - 1; }),
        least_squares(20,
                      [](int i, const Coordinates& x) {
                          if (i == 1 || i == 20) return Real(-1);
                          return (i - 1) * sum(2, 9, [&](int j) { return j * x(j); }) - 1;
                      }),
        least_squares(10,
                      [](int i, const Coordinates& x) {
                          const Real integral = i % 2 == 1 ? 0 : -1 / (square(i) - 1);
                          return sum(1, 10, [&](int j) { return chebyshev(i, x(j)); }) / 10 - integral;
                      }),
    };
}

Real banana(const Coordinates& x) {
    return 100 * square(x(2) - square(x(1))) + square(1 - x(1));
}

std::vector<Function> written_again_bound_constrained() {
    return {
        banana,
        banana,
        [](const Coordinates& x) { return x(2) + square(x(2) - x(1)) / 100000; },
        [](const Coordinates& x) { return x(2) + square(x(2) - x(1)); },
        [](const Coordinates& x) { return cube_of(x(1) + 1) / 3 + x(2); },
        [](const Coordinates& x) {
            return std::sin(x(1) + x(2)) + square(x(1) - x(2)) - 3 * x(1) / 2 + 5 * x(2) / 2 + 1;
        },
        least_squares(99,
                      [](int i, const Coordinates& x) {
                          const Real u = 25 + std::pow(-50 * std::log(0.01L * i), 2 / 3.0L);
                          return -0.01L * i + std::exp(-std::pow(u - x(2), x(3)) / x(1));
                      }),
        [](const Coordinates& x) {
            return banana(x) + 90 * square(x(4) - square(x(3))) + square(1 - x(3)) +
                   10.1L * (square(x(2) - 1) + square(x(4) - 1)) + 19.8L * (x(2) - 1) * (x(4) - 1);
        },
        [](const Coordinates& x) { return 2 - x(1) * x(2) * x(3) * x(4) * x(5) / 120; },
        [](const Coordinates& x) {
            Real product = 1;
            Real logarithms = 0;
            for (int i = 1; i <= 10; ++i) {
                product *= x(i);
                logarithms += square(std::log(x(i) - 2)) + square(std::log(10 - x(i)));
            }
            return logarithms - std::pow(product, 0.2L);
        },
        [](const Coordinates& x) { return 100 * square(std::sin(x(1)) - x(2)) + x(1); },
        [](const Coordinates& x) {
            return std::sqrt(1 + square(x(1)) + square(x(2) - x(3))) +
                   std::sqrt(1 + square(x(2)) + square(x(3) - x(4)));
        },
        [](const Coordinates& x) {
            return square(x(1) - 1) + square(1 - x(10)) +
                   sum(2, 10, [&](int i) { return square(x(i) - x(i - 1)); });
        },
        [](const Coordinates& x) {
            return sum(1, 10, [&](int i) {
                return 0.5L * i * square(x(i) + x((2 * i - 1) % 10 + 1) + x((3 * i - 1) % 10 + 1));
            });
        },
        [](const Coordinates& x) {
            return sum(1, 10, [&](int i) { return i * square(x(i) - (i - 5) / 2.0L); });
        },
        [](const Coordinates& x) {
            return sum(1, 8,
                       [&](int i) { return (x(i) + x(i + 1)) * std::exp(-x(i + 2) * (x(i) + x(i + 1))); });
        },
        [](const Coordinates& x) { return sum(1, 8, [&](int i) { return (i - 4.5L) * x(i); }); },
    };
}

struct Case {
    KnownProblem problem;
    Function written_again;
};

std::vector<Case> all_cases() {
    std::vector<Case> cases;
    const auto add = [&cases](const std::vector<KnownProblem>& problems,
                              const std::vector<Function>& functions) {
        REQUIRE(problems.size() == functions.size());
        for (std::size_t i = 0; i < problems.size(); ++i) cases.push_back({problems[i], functions[i]});
    };
    add(more_garbow_hillstrom(), written_again_more_garbow_hillstrom());
    add(bound_constrained(), written_again_bound_constrained());
    return cases;
}

/// The start, and three points around it that differ from it by up to a twentieth.
std::vector<std::vector<double>> points_to_look_at(const KnownProblem& problem) {
    std::vector<std::vector<double>> points(4, problem.start);
    std::mt19937_64 random(5);
    std::uniform_real_distribution<double> offset(-0.05, 0.05);
    for (std::size_t i = 1; i < points.size(); ++i) {
        for (double& x : points[i]) x += offset(random) * (x == 0 ? 1 : std::abs(x));
    }
    return points;
}

Real value(const Function& function, const std::vector<double>& x) {
    return function(Coordinates(Reals(x.begin(), x.end())));
}

struct Slope {
    Real number;
    Real rounding;  ///< how far it may be off because values are rounded
};

/// By coordinate j.
Slope central_difference(const Function& function, const std::vector<double>& x, std::size_t j) {
    const Real step = 1e-6L * (x[j] == 0 ? 1 : std::abs(x[j]));
    Reals above(x.begin(), x.end());
    Reals below = above;
    above[j] += step;
    below[j] -= step;
    const Real higher = function(Coordinates(above));
    const Real lower = function(Coordinates(below));
    return {(higher - lower) / (2 * step),
            16 * std::numeric_limits<Real>::epsilon() * std::abs(lower) / step};
}

bool is_inside(const Box& box, const std::vector<double>& x) {
    REQUIRE(x.size() == box.dimension());
    for (std::size_t j = 0; j < x.size(); ++j) {
        if (!(x[j] >= box.lower()[j] && x[j] <= box.upper()[j])) return false;
    }
    return true;
}

}  // namespace

TEST_CASE("problems of the literature are complete, and their points are in their boxes") {
    CHECK(more_garbow_hillstrom().size() == 35);
    std::set<std::string> names;
    for (const auto& [problem, written_again] : all_cases()) {
        INFO(problem.name);
        CHECK(names.insert(problem.name).second);
        CHECK(is_inside(problem.box, problem.start));
        REQUIRE_FALSE(problem.minima.empty());
        for (const KnownMinimum& minimum : problem.minima) {
            CHECK(minimum.f >= problem.minima.front().f);
            if (!minimum.x.empty()) CHECK(is_inside(problem.box, minimum.x));
        }
    }
}

TEST_CASE("formulas of the literature have the values that their definitions have") {
    for (const auto& [problem, written_again] : all_cases()) {
        const Expression objective = problem.objective();
        for (const std::vector<double>& x : points_to_look_at(problem)) {
            INFO(problem.name);
            const Real expected = value(written_again, x);
            CHECK(std::abs(evaluate(objective, x).f - expected) <=
                  1e-12L * std::max(std::abs(expected), 1e-3L));
        }
    }
}

TEST_CASE("formulas of the literature have the gradients that differences of their definitions have") {
    for (const auto& [problem, written_again] : all_cases()) {
        const Expression objective = problem.objective();
        for (const std::vector<double>& x : points_to_look_at(problem)) {
            const std::vector<double> gradient = evaluate(objective, x).gradient;
            Real largest = 0;
            for (const double slope : gradient) largest = std::max<Real>(largest, std::abs(slope));
            for (std::size_t j = 0; j < x.size(); ++j) {
                INFO(problem.name << ", coordinate " << j);
                const Slope expected = central_difference(written_again, x, j);
                CHECK(std::abs(gradient[j] - expected.number) <=
                      1e-8L * std::abs(expected.number) + 1e-10L * largest + expected.rounding);
            }
        }
    }
}

TEST_CASE("formulas of the literature have the known minima at the known minimisers") {
    for (const auto& [problem, written_again] : all_cases()) {
        for (const KnownMinimum& minimum : problem.minima) {
            if (minimum.x.empty()) continue;
            INFO(problem.name << ", minimum " << minimum.f);
            CHECK(std::abs(evaluate(problem.objective(), minimum.x).f - minimum.f) <=
                  5e-6 * std::abs(minimum.f) + 1e-18);
        }
    }
}

TEST_CASE("the polish comes to known minima of the literature from the published starts") {
    const auto comes_to_known_minimum = [](const KnownProblem& problem) {
        INFO(problem.name);
        const Expression objective = problem.objective();
        const Result result = minimize(
            objective, problem.box, {.start_points = {problem.start}, .iterations = 1, .offspring = false});
        CHECK(result.minima_found == 1);
        CHECK(result.best.polished);
        CHECK(std::ranges::any_of(problem.minima, [&](const KnownMinimum& known) {
            return std::abs(result.best.f - known.f) <= 1e-5 * std::abs(known.f) + 1e-12;
        }));
    };
    for (const KnownProblem& problem : more_garbow_hillstrom()) comes_to_known_minimum(problem);
    for (const KnownProblem& problem : bound_constrained()) {
        // A corner near its start is a minimum too, and not a published one.
        if (problem.name != "bdexp-in-small-box") comes_to_known_minimum(problem);
    }
}
