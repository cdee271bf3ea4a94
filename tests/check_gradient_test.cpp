// Right gradients pass, wrong ones are found and named.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "catch.hpp"
#include "lanewise/lanewise.hpp"
#include "objectives.hpp"

using namespace lanewise;
using namespace lanewise::test;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// An objective whose gradient someone got wrong.
LaneByLane spoilt(std::size_t dimension, const ScalarObjective& right,
                  const std::function<void(const Point&, Point&)>& spoil) {
    return {dimension, [right, spoil](const Point& x, Point& g) {
                const double f = right(x, g);
                spoil(x, g);
                return f;
            }};
}

}  // namespace

TEST_CASE("right gradients pass the check") {
    struct Case {
        std::string expression;
        Box box;
        std::size_t most_unsettled = 0;  // variables of little weight are hard to tell
    };
    const std::string square = "((x[3*i]-x[3*j])^2 + (x[3*i+1]-x[3*j+1])^2 + (x[3*i+2]-x[3*j+2])^2)";
    const std::string lennard_jones =
        "sum(i, 0, 2, sum(j, i+1, 3, 4*(" + square + "^-6 - " + square + "^-3)))";
    const char* ackley =
        "20 + e - 20*exp(-0.2*sqrt(sum(i, 0, n(x)-1, x[i]^2)/n(x))) - exp(sum(i, 0, n(x)-1, "
        "cos(2*pi*x[i]))/n(x))";
    const char* rastrigin = "10*n(x) + sum(i, 0, n(x)-1, x[i]^2 - 10*cos(2*pi*x[i]))";
    const char* rosenbrock = "sum(i, 0, n(x)-2, 100*(x[i+1] - x[i]^2)^2 + (1 - x[i])^2)";
    const std::vector<Case> cases = {
        {"3", Box{{"x", -1, 1}}},
        {"x[0]", Box{{"x", -1, 1, 3}}},
        {rosenbrock, Box{{"x", -5, 5, 10}}, 1},
        {rosenbrock, Box{{"x", -5, 5, 100}}, 4},
        {rosenbrock, Box{{"x", -1000, 1000, 4}}, 1},
        {rastrigin, Box{{"x", -5.12, 5.12, 10}}},
        {rastrigin, Box{{"x", -8, 8, 2}}},
        {rastrigin, Box{{"x", -512, 512, 3}}, 4},
        {ackley, Box{{"x", -32.768, 32.768, 10}}, 2},
        {lennard_jones, Box{{"x", -2, 2, 12}}, 4},
        {"sum(i, 0, n(x)-1, abs(x[i]))", Box{{"x", -1, 1, 100}}},
        {"sum(i, 0, n(x)-1, abs(sin(50*x[i])))", Box{{"x", -1, 1, 20}}},
        {"max(x, y, x*y) + min(x^2, 0.3, y)", Box{{"x", -1, 1}, {"y", -1, 1}}},
        {"floor(10*x) + sign(y)", Box{{"x", -1, 1}, {"y", -1, 1}}, 4},
        {"exp(300*x) + exp(-300*x)", Box{{"x", -1, 1}}},
        {"exp(50*x)*sin(y) + exp(-x*y)", Box{{"x", -1, 1}, {"y", 0, 9}}},
        {"log(x) + sqrt(y)/x + x^y", Box{{"x", 1e-6, 100}, {"y", 0, 2}}},
        {"1e10*(1-x)^2 + 1e12*(y-x^2)^2", Box{{"x", -5, 5}, {"y", -5, 5}}},
        {"1e-10*(x^2 + sin(y))", Box{{"x", -5, 5}, {"y", -5, 5}}},
        {"1e-300*(x^2 + sin(y))", Box{{"x", -5, 5}, {"y", -5, 5}}},
        {"1e300*(x^2 + sin(y))", Box{{"x", -5, 5}, {"y", -5, 5}}},
        {"(x/1e8)^2 + (y*1e8)^2", Box{{"x", -1e8, 1e8}, {"y", -1e-8, 1e-8}}},
        {"(x - 1e6)^2", Box{{"x", 1e6, 1e6 + 1e-4}}, 16},
        {"1e10 + x^2", Box{{"x", -5, 5}}, 16},
        {"(x + 1e10 + y^2) - 1e10", Box{{"x", -5, 5}, {"y", -5, 5}}, 16},
        {"sin(1e6*x)", Box{{"x", -5, 5}}, 16},
        {"x^2 + 1e-8*sin(1e5*x)", Box{{"x", -5, 5}}, 16},
        {"tanh(1e4*x) + y", Box{{"x", -1, 1}, {"y", -1, 1}}, 16},
        {"x[0]*y + y^2*z", Box{{"x", -1, 1, 2}, {"y", 3, 3}, {"z", 0, 1}}},
    };
    for (const auto& [expression, box, most_unsettled] : cases) {
        for (std::uint64_t seed = 0; seed < 8; ++seed) {
            INFO(expression << " seed " << seed);
            const GradientCheck check = check_gradient(Expression(expression, box), box, {.seed = seed});
            INFO(to_text(check, box));
            CHECK(check.passed);
            CHECK(check.points == 16);
            CHECK(check.points_not_finite == 0);
            CHECK(check.points_unsettled <= most_unsettled);
            CHECK(check.wrong.empty());
            if (check.worst) CHECK(check.worst->relative_error <= 1e-6);
        }
    }
}

TEST_CASE("a right gradient is never called wrong where differences cannot see") {
    struct Case {
        std::string expression;
        std::vector<Variable> variables;
    };
    const std::string valley = "(100*(x[0]^2 - x[i])^2 + (1 - x[i])^2)";
    const std::string bend = "(100*(x[i]^2 - x[j])^2 + (1 - x[j])^2)";
    const std::vector<Case> cases = {
        {"1 + sum(i,0,1, 8*sin(7*(x[i]-0.9)^2)^2 + 6*sin(14*(x[0]-0.9)^2)^2 + (x[i]-0.9)^2)",
         {{"x", -500, 500, 2}}},
        {"sum(i,1,n(x)-1, " + valley + "^2/4000 - cos(" + valley + ") + 1)", {{"x", -10, 10, 3}}},
        {"sum(j,0,n(x)-1, sum(i,0,n(x)-1, " + bend + "^2/4000 - cos(" + bend + ") + 1))",
         {{"x", -10, 10, 3}}},
        {"floor(x)", {{"x", -3, 3}}},
        {"floor(1e5*x)/1e5", {{"x", -1, 1}}},
        {"floor(1e3*x)*1e-3 + y^2", {{"x", -1, 1}, {"y", -1, 1}}},
        {"x - floor(x + 0.5)", {{"x", -5, 5}}},
        {"1e-3*(1e8*x - floor(1e8*x)) + x", {{"x", -1, 1}}},
        {"1e12 + x^2", {{"x", -0.01, 0.01}}},
        {"1e12 + x^2", {{"x", -10, 10}}},
        {"(1e12 + x^2) - 1e12", {{"x", -0.1, 0.1}}},
        {"0.1*((1e12 + x^2) - 1e12)", {{"x", -0.1, 0.1}}},
        {"1 - cos(x)", {{"x", -1e-7, 1e-7}}},
        {"x^2 - 2*x + 1", {{"x", 0.99999, 1.00001}}},
        {"sum(k,0,20, 0.5^k*cos(3^k*pi*x))", {{"x", -1, 1}}},
        {"sum(k,0,40, 0.5^k*cos(3^k*pi*x))", {{"x", -1, 1}}},
        {"sin(1e5*x)", {{"x", -5, 5}}},
        {"sin(1e9*x)", {{"x", -5, 5}}},
        {"sin(1e13*x)", {{"x", -5, 5}}},
        {"sin(1e18*x)", {{"x", -5, 5}}},
        {"1e-9*sin(1e12*x)", {{"x", -1, 1}}},
        {"x^2 + y^2 + 1e-9*sin(1e12*x*y)", {{"x", -1, 1}, {"y", -1, 1}}},
        {"1e6 + x^2 + 1e-9*sin(1e7*x)", {{"x", -500, 500}}},
        {"x + 1e-15*sin(1e18*x)", {{"x", 0, 1}}},
        {"sin(1/x)", {{"x", -1, 1}}},
        {"x*sin(x^3)", {{"x", -1000, 1000}}},
        {"cos(1e6*cos(1e6*cos(1e6*x)))", {{"x", 0, 1}}},
        {"1e307*(x^2 + sin(y))", {{"x", -5, 5}, {"y", -5, 5}}},
        {"1e300*sin(1e10*x)", {{"x", -1, 1}}},
        {"exp(x)", {{"x", 0, 1000}}},
        {"1/(1 + exp(-50*x))", {{"x", -100, 100}}},
        {"1e-310*x^2", {{"x", -1, 1}}},
        {"x^16", {{"x", -1e-20, 1e-20}}},
        {"if(x > 0.3, x, x + 5)", {{"x", -1, 1}}},
        {"if(sin(1e6*x) > 0, x, x + 5)", {{"x", -100, 100}}},
        {"abs(x) + abs(x - 1e-3)", {{"x", -1e6, 1e6}}},
        {"abs(sin(1e7*x))", {{"x", -1, 1}}},
        {"sqrt(abs(x))", {{"x", -1, 1}}},
        {"tanh(1e8*x) + 1e-3*x", {{"x", -1, 1}}},
        {"exp(-1e6*(x - 0.123)^2)", {{"x", -1, 1}}},
        {"x - 0.01*exp(-1e3*sin(1e6*x)^2)", {{"x", -1, 1}}},
        {"tan(x^2)", {{"x", -1e4, 1e4}}},
        {"(0.3*x - 3e5)^2", {{"x", 1e6, 1e6 + 1e-4}}},
        {"max(x, 0)", {{"x", -1, 1}}},
        {"x^2", {{"x", -1, 1}, {"y", -1, 1}}},
    };
    for (const auto& [expression, variables] : cases) {
        for (const double widening : {1.0, 100.0}) {
            std::vector<Variable> wide = variables;
            for (Variable& variable : wide) {
                const double more = (widening - 1) / 2 * (variable.upper[0] - variable.lower[0]);
                variable.lower = variable.lower[0] - more;
                variable.upper = variable.upper[0] + more;
            }
            const Box box(wide);
            const Expression objective(expression, box);
            for (std::uint64_t seed = 0; seed < 8; ++seed) {
                const GradientCheck check = check_gradient(objective, box, {.seed = seed});
                INFO(expression << " in a box " << widening << " times as wide, seed " << seed << ": "
                                << to_text(check, box));
                CHECK(check.wrong.empty());
            }
        }
    }
}

TEST_CASE("gradients are checked in a finite box") {
    const Box box{{"x", 0, std::numeric_limits<double>::infinity()}};
    CHECK_THROWS_WITH(check_gradient(Expression("x^2", box), box),
                      ContainsSubstring("variable 'x': bounds 0:inf must be finite"));
}

TEST_CASE("wrong gradients of functions that differences can follow are found") {
    struct Case {
        std::string expression;
        Box box;
    };
    const std::vector<Case> cases = {
        {"sum(i,0,n(x)-2, 100*(x[i+1]-x[i]^2)^2 + (1-x[i])^2)", Box{{"x", -5, 10, 10}}},
        {"10*n(x) + sum(i,0,n(x)-1, x[i]^2 - 10*cos(2*pi*x[i]))", Box{{"x", -2.56, 5.12, 10}}},
        {"1 + sum(i,0,n(x)-1, x[i]^2)/4000 - prod(i,0,n(x)-1, cos(x[i]/sqrt(i+1)))",
         Box{{"x", -300, 600, 2}}},
        {"-sum(i,0,n(x)-1, x[i]*sin(sqrt(abs(x[i]))))", Box{{"x", -500, 500, 5}}},
        {"1 + sum(i,0,1, 8*sin(7*(x[i]-0.9)^2)^2 + 6*sin(14*(x[0]-0.9)^2)^2 + (x[i]-0.9)^2)",
         Box{{"x", -500, 500, 2}}},
        {"sum(k,0,10, 0.5^k*cos(3^k*pi*x[0])) + x[1]^3", Box{{"x", -1, 1, 2}}},
        {"1e6 + exp(x[0])*sin(x[1]) + x[1]/(2 + x[0])", Box{{"x", -1, 1, 2}}},
        {"sin(1e9*x[0]) + x[1]^2", Box{{"x", -5, 5, 2}}},
        {"x[0]^2 + 3*x[1] + 1e-9*sin(1e5*x[0])", Box{{"x", -5, 5, 2}}},
        {"if(x[0] > 0.3, x[0], x[0]^2 + 5) + x[1]", Box{{"x", -1, 1, 2}}},
    };
    using Rows = Block<double>;
    struct Kind {
        const char* name;
        std::function<void(const Rows&, std::size_t)> spoil;
    };
    const auto each = [](auto change) {
        return [change](const Rows& block, std::size_t j) {
            for (std::size_t lane = 0; lane < block.lanes; ++lane)
                block.g(j)[lane] = change(block.x(j)[lane], block.g(j)[lane]);
        };
    };
    const std::vector<Kind> kinds = {
        {"a factor", each([](double, double g) { return 1.001 * g; })},
        {"the sign", each([](double, double g) { return -g; })},
        {"no gradient", each([](double, double) { return 0.0; })},
        {"not a number", each([](double, double) { return not_a_number; })},
        {"infinite", each([](double, double) { return std::numeric_limits<double>::infinity(); })},
        {"of another function", each([](double x, double) { return 2 * x + 0.1; })},
        {"too large by far", each([](double, double g) { return 1e9 * g; })},
        {"in a part of the box", each([](double x, double g) { return x > 0 ? 1.1 * g : g; })},
        {"swapped", [](const Rows& block,
                       std::size_t j) { std::ranges::swap_ranges(block.g(j), block.g(j == 0 ? 1 : 0)); }},
    };
    /// A formula whose gradient someone got wrong.
    struct Spoilt final : Objective {
        Spoilt(const Objective& right, const Kind& kind, std::size_t j) : right(&right), kind(&kind), j(j) {}
        std::size_t dimension() const noexcept override { return right->dimension(); }
        std::size_t scratch_rows() const noexcept override { return right->scratch_rows(); }
        void evaluate(const Rows& block) const noexcept override {
            right->evaluate(block);
            kind->spoil(block, j);
        }
        const Objective* right;
        const Kind* kind;
        std::size_t j;
    };
    for (const auto& [expression, box] : cases) {
        const Expression right(expression, box);
        for (std::uint64_t seed = 0; seed < 4; ++seed) {
            CHECK(check_gradient(right, box, {.seed = seed}).passed);
            for (const Kind& kind : kinds) {
                for (const std::size_t j : {std::size_t{0}, box.dimension() - 1}) {
                    const GradientCheck check = check_gradient(Spoilt(right, kind, j), box, {.seed = seed});
                    INFO(expression << ", " << kind.name << ", x[" << j << "], seed " << seed << ": "
                                    << to_text(check, box));
                    CHECK(std::ranges::count(check.wrong, j) == 1);
                }
            }
        }
    }
}

TEST_CASE("a gradient without the waves on a slope is wrong") {
    const Box box{{"x", -5, 5}};
    const auto rippled = [](double height, double waves, bool forgotten) {
        return LaneByLane(1, [=](const Point& x, Point& g) {
            g[0] = 2 * x[0] + (forgotten ? 0 : height * waves * std::cos(waves * x[0]));
            return x[0] * x[0] + height * std::sin(waves * x[0]);
        });
    };
    for (const double waves : {1e2, 1e5, 1e9}) {
        for (const double height : {1.0, 1e-3}) {
            INFO(waves << " waves of " << height);
            CHECK(check_gradient(rippled(height, waves, false), box).wrong.empty());
            CHECK_FALSE(check_gradient(rippled(height, waves, true), box).passed);
        }
    }
}

TEST_CASE("wrong gradients are found and the variable named") {
    const Box box{{"a", -2, 2}, {"x", -2, 2, 3}, {"b", -2, 2}};
    const auto check = [&](const std::function<void(const Point&, Point&)>& spoil, std::uint64_t seed = 0) {
        return check_gradient(spoilt(5, rosenbrock, spoil), box, {.seed = seed});
    };
    const auto finds = [&](const GradientCheck& found, std::size_t coordinate, const char* name,
                           double error) {
        INFO(to_text(found, box));
        CHECK_FALSE(found.passed);
        CHECK(found.wrong == std::vector<std::size_t>{coordinate});
        REQUIRE(found.worst);
        CHECK(found.worst->coordinate == coordinate);
        CHECK(found.worst->name == name);
        CHECK(found.worst->relative_error == Approx(error).epsilon(1e-2));
        CHECK(found.worst->x.size() == 5);
        CHECK_THAT(to_text(found, box),
                   ContainsSubstring(std::string("wrong in 1 of 5 variables") + ", worst in " + name + ": "));
    };
    CHECK(check([](const Point&, Point&) {}).passed);
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
        finds(check([](const Point&, Point& g) { g[0] = -g[0]; }, seed), 0, "a", 2);
        finds(check([](const Point&, Point& g) { g[2] *= 1.001; }, seed), 2, "x[1]", 1e-3);
        finds(check([](const Point&, Point& g) { g[4] *= 1 + 1e-5; }, seed), 4, "b", 1e-5);
        finds(check([](const Point&, Point& g) { g[3] = 0; }, seed), 3, "x[2]", 1);
        finds(check([](const Point&, Point& g) { g[3] = not_a_number; }, seed), 3, "x[2]",
              std::numeric_limits<double>::infinity());
        // The last term of one sum is forgotten; another is wrong on one side of a branch only.
        const GradientCheck missing = check([](const Point& x, Point& g) { g[0] += 2 * (1 - x[0]); }, seed);
        CHECK(missing.wrong == std::vector<std::size_t>{0});
        CHECK(check([](const Point& x, Point& g) { g[1] += x[1] > 0 ? 1 : 0; }, seed).wrong ==
              std::vector<std::size_t>{1});
        const GradientCheck swapped = check([](const Point&, Point& g) { std::swap(g[1], g[2]); }, seed);
        CHECK(swapped.wrong == std::vector<std::size_t>{1, 2});
    }
    const GradientCheck found = check([](const Point&, Point& g) { g[0] = -g[0]; });
    const GradientCheck::Component& worst = *found.worst;
    CHECK(worst.gradient == Approx(-worst.difference).epsilon(1e-9));
    Point g(5);
    rosenbrock(worst.x, g);
    CHECK(worst.gradient == -g[0]);
}

TEST_CASE("a wrong gradient is found under a large offset, beside kinks and in coarse values") {
    const Box box{{"x", -5, 5, 3}};
    const auto offset = [](const Point& x, Point& g) { return 1e10 + sphere(x, g); };
    const auto flip = [](const Point&, Point& g) { g[1] = -g[1]; };
    CHECK(check_gradient(spoilt(3, offset, flip), box).wrong == std::vector<std::size_t>{1});
    const auto single = [](const Point& x, Point& g) {
        return static_cast<double>(static_cast<float>(sphere(x, g)));
    };
    CHECK(check_gradient(LaneByLane(3, single), box, {.points = 200}).passed);
    CHECK(check_gradient(spoilt(3, single, flip), box).wrong == std::vector<std::size_t>{1});
    const auto hinge = [](const Point& x, Point& g) {
        for (std::size_t j = 0; j < x.size(); ++j) g[j] = x[j] > 0 ? 1 : 0;
        return std::max(x[0], 0.0) + std::max(x[1], 0.0) + std::max(x[2], 0.0);
    };
    CHECK(check_gradient(LaneByLane(3, hinge), box).passed);
    CHECK(check_gradient(spoilt(3, hinge, [](const Point&, Point& g) { g[1] = 1; }), box).wrong ==
          std::vector<std::size_t>{1});
    const auto folds = [](const Point& x, Point& g) {
        double f = 0;
        for (std::size_t j = 0; j < x.size(); ++j) {
            f += std::abs(std::sin(3 * x[j]));
            g[j] = 3 * std::cos(3 * x[j]) * (std::sin(3 * x[j]) < 0 ? -1 : 1);
        }
        return f;
    };
    CHECK(check_gradient(LaneByLane(3, folds), box).passed);
    CHECK(check_gradient(spoilt(3, folds, flip), box).wrong == std::vector<std::size_t>{1});
}

TEST_CASE("a gradient that is NaN is wrong wherever there are values, be they flat, coarse or noisy") {
    const std::vector<double (*)(double)> functions = {
        [](double) { return 0.0; },
        [](double) { return 3.0; },
        [](double x) { return x * x; },
        [](double x) { return std::floor(4 * x); },
        [](double x) { return x * x + 1e-3 * std::sin(1e13 * x); },
        [](double x) { return 1e-3 * std::sin(1e13 * x); },
    };
    for (std::size_t i = 0; i < functions.size(); ++i) {
        INFO(i);
        const LaneByLane objective(1, [&](const Point& x, Point& g) {
            g[0] = not_a_number;
            return functions[i](x[0]);
        });
        const GradientCheck check = check_gradient(objective, Box{{"x", -1, 1}});
        CHECK_FALSE(check.passed);
        CHECK(check.wrong == std::vector<std::size_t>{0});
        CHECK(check.points_unsettled == 0);
    }
}

TEST_CASE("what cannot be compared is counted") {
    const Box box{{"x", -1, 1}, {"y", -1, 1}};
    const GradientCheck half = check_gradient(Expression("log(x) + y^2", box), box, {.points = 200});
    CHECK(half.passed);
    CHECK(half.points_not_finite > 70);
    CHECK(half.points_not_finite < 130);
    CHECK(half.points_unsettled == 0);
    CHECK_THAT(to_text(half, box), ContainsSubstring("of 200 points"));

    const GradientCheck none = check_gradient(Expression("log(-1 - x^2)", box), box);
    CHECK_FALSE(none.passed);
    CHECK(none.points_not_finite == 16);
    CHECK(none.wrong.empty());
    CHECK_FALSE(none.worst);
    CHECK_THAT(to_text(none, box), ContainsSubstring("no finite value at any of 16 points"));

    // No number of halvings settles white noise; it is not the gradient's fault.
    const LaneByLane noise(2, [](const Point& x, Point& g) {
        g[0] = g[1] = 0;
        const auto bits = std::bit_cast<std::uint64_t>(x[0]) * 3 + std::bit_cast<std::uint64_t>(x[1]);
        return static_cast<double>((bits * 0x9E3779B97F4A7C15U) >> 40U);
    });
    const GradientCheck unsettled = check_gradient(noise, box);
    CHECK(unsettled.passed);
    CHECK(unsettled.points_unsettled == 16);
    CHECK(unsettled.unsettled == std::vector<std::size_t>{0, 1});
    CHECK_FALSE(unsettled.worst);
    CHECK(to_text(unsettled, box) ==
          "cannot tell in x, y whether the gradient is right: differences with "
          "different steps do not agree with each other at any of 16 points");

    const GradientCheck one = check_gradient(Expression("sin(1e18*x) + y^2", box), box);
    CHECK(one.passed);
    CHECK(one.unsettled == std::vector<std::size_t>{0});
    CHECK(to_text(one, box) ==
          "the gradient agrees with differences to 1e-06 at 16 points, but cannot tell in "
          "x: differences with different steps do not agree with each other at any of them");

    const GradientCheck some = check_gradient(Expression("floor(40*x) + y^2", box), box, {.points = 64});
    CHECK(some.passed);
    CHECK(some.unsettled.empty());
    CHECK(some.points_unsettled > 0);
    CHECK(some.points_unsettled < 64);
    CHECK_THAT(to_text(some, box),
               ContainsSubstring(" of them cannot tell in some variable: differences with different steps do "
                                 "not agree with each other there"));
}

TEST_CASE("nothing outside the box is asked") {
    const Box box{{"x", 0, 1, 4}, {"y", 1e6, 1e6 + 1}};
    bool outside = false;
    const Callback objective(5, [&](auto x, auto f, auto g) {
        std::ranges::fill(f, 0.0);
        for (std::size_t j = 0; j < x.size(); ++j) {
            for (std::size_t lane = 0; lane < f.size(); ++lane) {
                outside = outside || x[j][lane] < box.lower()[j] || x[j][lane] > box.upper()[j];
                f[lane] += std::sqrt(x[j][lane] - box.lower()[j]);
                g[j][lane] = 0.5 / std::sqrt(x[j][lane] - box.lower()[j]);
            }
        }
    });
    CHECK(check_gradient(objective, box, {.points = 300}).passed);
    CHECK_FALSE(outside);
}

TEST_CASE("the check is the same for any number of points beside, and on every instruction set") {
    const Box box{{"x", -2, 2, 4}};
    const LaneByLane objective = spoilt(4, rosenbrock, [](const Point& x, Point& g) { g[1] += x[0]; });
    const GradientCheck one = check_gradient(objective, box, {.points = 1, .seed = 4});
    const GradientCheck again = check_gradient(objective, box, {.points = 1, .seed = 4});
    CHECK(one.worst->x == again.worst->x);
    CHECK(one.worst->difference == again.worst->difference);
    const GradientCheck many = check_gradient(objective, box, {.points = 100, .seed = 4});
    CHECK(many.worst->relative_error >= one.worst->relative_error);
    CHECK(check_gradient(objective, box, {.points = 1, .seed = 5}).worst->x != one.worst->x);
}

TEST_CASE("differences pass their own check to what they promise") {
    const Box box{{"x", -2, 2, 4}};
    const CentralDifferences objective(box, [](auto x, auto f) {
        for (std::size_t lane = 0; lane < f.size(); ++lane)
            f[lane] = std::exp(x[0][lane]) * std::cos(x[1][lane]) + x[2][lane] * x[3][lane];
    });
    CHECK(check_gradient(objective, box).passed);
}

TEST_CASE("options of the gradient check are checked") {
    const Box box{{"x", -1, 1}};
    const Expression objective("x^2", box);
    CHECK_THROWS_WITH(check_gradient(objective, box, {.points = 0}),
                      ContainsSubstring("points 0: must be 1 to 1000000"));
    CHECK_THROWS_WITH(check_gradient(objective, box, {.points = 1'000'001}),
                      ContainsSubstring("points 1000001"));
    for (const double tolerance : {0.0, 1.0, not_a_number})
        CHECK_THROWS_WITH(check_gradient(objective, box, {.tolerance = tolerance}),
                          ContainsSubstring("must be above 0 and below 1"));
    CHECK_THROWS_WITH(check_gradient(objective, Box{{"x", -1, 1, 2}}),
                      ContainsSubstring("the objective has 1 variables, the box 2"));
}
