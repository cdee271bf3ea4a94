// Gradients are exact: reverse mode, optimised and run by the kernels, against forward mode in long double
// (reference.hpp), operation by operation and on well-known functions.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

#include "aligned.hpp"
#include "catch.hpp"
#include "kernel_table.hpp"
#include "lanewise/lanewise.hpp"
#include "program/translate.hpp"
#include "reference.hpp"

using namespace lanewise;
using namespace lanewise::test;

namespace {

struct Formula {
    const char* text;
    double lower, upper;  ///< of all variables
};

/// Largest difference between gradient and reference, relative to the largest derivative at the point.
double worst_error(const Formula& formula) {
    const Box box{{"x", formula.lower, formula.upper},
                  {"y", formula.lower, formula.upper},
                  {"v", formula.lower, formula.upper, 4}};
    const Expression objective(formula.text, box);
    Graph written(Rewriting::none);
    const NodeId value = translate(formula.text, box, {}, written);
    std::mt19937_64 random(3);
    std::uniform_real_distribution<double> coordinate(formula.lower, formula.upper);
    long double worst = 0;
    for (int sample = 0; sample < 100; ++sample) {
        std::vector<double> x(box.dimension());
        for (double& number : x) number = coordinate(random);
        const Reference expected = reference(written, value, box.dimension(), x);
        REQUIRE(expected.has_gradient);
        const Evaluation at = evaluate(objective, x);
        long double largest = 0;
        long double difference = 0;
        for (std::size_t j = 0; j < x.size(); ++j) {
            largest = std::max(largest, std::abs(expected.gradient[j].number));
            difference = std::max(difference, std::abs(at.gradient[j] - expected.gradient[j].number));
        }
        worst = std::max(worst, difference / std::max(largest, 1e-300L));
    }
    return static_cast<double>(worst);
}

void require_exact(const std::vector<Formula>& formulas) {
    for (const Formula& formula : formulas) {
        INFO(formula.text << " on " << formula.lower << " .. " << formula.upper);
        CHECK(worst_error(formula) < 1e-12);
    }
}

/// Every operation of the language, of `a` and, where it takes two, `b`.
std::vector<std::string> all_operations(const std::string& a, const std::string& b) {
    std::vector<std::string> list;
    for (const char* infix : {"+", "-", "*", "/", "^", "<", "=="})
        list.push_back(fmt::format("{} {} {}", a, infix, b));
    for (const char* exponent : {"2", "3", "8", "0.5", "1.5", "0.3", "2.7", "inf", "0"}) {
        list.push_back(fmt::format("{}^{}", a, exponent));
        list.push_back(fmt::format("{}^-{}", a, exponent));
    }
    for (const char* base : {"0", "0.5", "2", "inf", "(-2)"}) list.push_back(fmt::format("{}^{}", base, a));
    for (const char* function : {"-", "sin", "cos", "sqrt", "abs", "sign", "floor", "ceil"})
        list.push_back(fmt::format("{}({})", function, a));
    for (const char* function : {"min", "max"}) list.push_back(fmt::format("{}({}, {})", function, a, b));
    list.push_back(fmt::format("if({1} > 0, {0}, {1})", a, b));
#define LANEWISE_FORMAT_1 "({})"
#define LANEWISE_FORMAT_2 "({}, {})"
#define LANEWISE_CALL(name, operands, accuracy) \
    list.push_back(fmt::format(#name LANEWISE_FORMAT_##operands, a, b));
    LANEWISE_FUNCTIONS(LANEWISE_CALL)
#undef LANEWISE_CALL
#undef LANEWISE_FORMAT_2
#undef LANEWISE_FORMAT_1
    return list;
}

/// Where the value of the formula is finite, the gradient is, at all pairs of these numbers.
template <class T>
void require_finite_gradients(const std::string& text, const std::vector<double>& numbers,
                              const Format& format) {
    const Box box{{"x", -1, 1}, {"y", -1, 1}};
    const Expression objective(text, box);
    const std::size_t count = numbers.size() * numbers.size();
    const std::size_t lanes = (count + kernels::lane_group - 1) / kernels::lane_group * kernels::lane_group;
    const AlignedArray<T> x(2 * lanes);
    const AlignedArray<T> f(lanes);
    const AlignedArray<T> g(2 * lanes);
    const AlignedArray<T> scratch(objective.scratch_rows() * lanes);
    for (std::size_t lane = 0; lane < count; ++lane) {
        x[lane] = static_cast<T>(numbers[lane / numbers.size()]);
        x[lanes + lane] = static_cast<T>(numbers[lane % numbers.size()]);
    }
    const Block<T> block{lanes, 2, x.data(), f.data(), g.data(), scratch.data(), choose_isa()};
    if constexpr (std::is_same_v<T, double>) {
        objective.evaluate(block);
    } else {
        objective.evaluate_f32(block);
    }
    Graph written(Rewriting::none);
    const NodeId value = translate(text, box, {}, written);
    for (std::size_t lane = 0; lane < count; ++lane) {
        if (!std::isfinite(f[lane]) || (std::isfinite(g[lane]) && std::isfinite(g[lanes + lane]))) continue;
        const std::vector<double> point = {x[lane], x[lanes + lane]};
        INFO(text << " at " << point[0] << ", " << point[1] << " is " << f[lane] << ", its gradient "
                  << g[lane] << ", " << g[lanes + lane]);
        CHECK_FALSE(has_derivatives_in_range(written, value, point, format));
    }
}

}  // namespace

TEST_CASE("the gradient of every operation is exact") {
    require_exact({
        {"x + y", -3, 3},
        {"x - y", -3, 3},
        {"-x", -3, 3},
        {"x*y", -3, 3},
        {"x/y", 0.1, 3},
        {"x/y", -3, -0.1},
        {"x^2", -3, 3},
        {"x^7", -3, 3},
        {"x^-3", 0.1, 3},
        {"x^-2.5", 0.1, 3},
        {"x^0.5", 0.1, 3},
        {"x^1.5", 0.1, 3},
        {"x^0.3", 0.1, 3},
        {"x^1024", 0.9, 1.1},
        {"x^1025", 0.9, 1.1},
        {"x^y", 0.1, 3},
        {"2^x", -3, 3},
        {"0.3^x", -3, 3},
        {"pow(x, 3)", -3, 3},
        {"sqrt(x)", 0.01, 3},
        {"cbrt(x)", 0.01, 3},
        {"cbrt(x)", -3, -0.01},
        {"abs(x)", -3, 3},
        {"sign(x)*y + floor(x)*y - ceil(x)*y", 0.1, 0.9},
        {"min(x, y) + 2*max(x, y)", -3, 3},
        {"min(x, y, 1, v[0]) - max(x^2, y, 0.5)", -3, 3},
        {"if(x < y, x*y, x - y)", -3, 3},
        {"if(x > 0 and not y <= 0 or x == y, sin(x), cos(y))", -3, 3},
        {"exp(x)", -30, 30},
        {"exp2(x)", -30, 30},
        {"expm1(x)", -3, 3},
        {"log(x)", 0.01, 30},
        {"log2(x)", 0.01, 30},
        {"log10(x)", 0.01, 30},
        {"log1p(x)", -0.99, 30},
        {"sin(x)", -30, 30},
        {"cos(x)", -30, 30},
        {"tan(x)", -1.5, 1.5},
        {"asin(x)", -0.999, 0.999},
        {"acos(x)", -0.999, 0.999},
        {"atan(x)", -30, 30},
        {"atan2(x, y)", -3, 3},
        {"sinh(x)", -30, 30},
        {"cosh(x)", -30, 30},
        {"tanh(x)", -30, 30},
        {"erf(x)", -5, 5},
        {"erfc(x)", -5, 5},
        {"lgamma(x)", 2, 30},
        {"lgamma(x)", 0.01, 1.3},
        {"lgamma(x)", -0.4, -0.1},
        {"gamma(x)", 2, 30},
        {"gamma(x)", 0.01, 1.3},
        {"gamma(x)", -0.4, -0.1},
        {"round(x)*y + trunc(x)*y + x", 0.1, 0.4},
        {"mod(x, 7)*y - mod(-x, 7)", 0.1, 3},
        {"mod(20, x)*y", 6, 6.6},
        {"clamp(x, -1, 1)*y + clamp(0, x, y)", -3, 3},
        {"hypot(x, y)", -3, 3},
    });
}

TEST_CASE("the gradients of well-known functions are exact") {
    require_exact({
        {"sum(i, 0, n(v)-2, 100*(v[i+1] - v[i]^2)^2 + (1 - v[i])^2)", -5, 5},
        {"10*n(v) + sum(i, 0, n(v)-1, v[i]^2 - 10*cos(2*pi*v[i]))", -5.12, 5.12},
        {"-20*exp(-0.2*sqrt(sum(i, 0, n(v)-1, v[i]^2)/n(v))) - exp(sum(i, 0, n(v)-1, cos(2*pi*v[i]))/n(v)) + "
         "20 "
         "+ e",
         -5, 5},
        {"1 + sum(i, 0, n(v)-1, v[i]^2/4000) - prod(i, 0, n(v)-1, cos(v[i]/sqrt(i+1)))", -100, 100},
        {"418.9829*n(v) - sum(i, 0, n(v)-1, v[i]*sin(sqrt(abs(v[i]))))", -500, 500},
        {"sum(i, 0, n(v)-1, v[i]^4 - 16*v[i]^2 + 5*v[i])/2", -5, 5},
        {"(1.5 - x + x*y)^2 + (2.25 - x + x*y^2)^2 + (2.625 - x + x*y^3)^2", -4.5, 4.5},
        {"(x^2 + y - 11)^2 + (x + y^2 - 7)^2", -5, 5},
        {"(4 - 2.1*x^2 + x^4/3)*x^2 + x*y + (4*y^2 - 4)*y^2", -2, 2},
        {"0.26*(x^2 + y^2) - 0.48*x*y", -10, 10},
        {"-cos(x)*cos(y)*exp(-((x - pi)^2 + (y - pi)^2))", 1, 5},
        {"(y - 5.1/(4*pi^2)*x^2 + 5/pi*x - 6)^2 + 10*(1 - 1/(8*pi))*cos(x) + 10", 0, 10},
        {"r2 = x^2 + y^2; 0.5 + (sin(r2)^2 - 0.5)/(1 + 0.001*r2)^2", -5, 5},
        {"-(1 + cos(12*hypot(x, y)))/(0.5*(x^2 + y^2) + 2)", -5, 5},
        {"-0.0001*(abs(sin(x)*sin(y)*exp(abs(100 - hypot(x, y)/pi))) + 1)^0.1", -10, 10},
        {"sin(3*pi*x)^2 + (x - 1)^2*(1 + sin(3*pi*y)^2) + (y - 1)^2*(1 + sin(2*pi*y)^2)", -10, 10},
    });
}

TEST_CASE("lgamma's derivative is accurate to both sides of its zero and its poles") {
    const Expression objective("lgamma(x)", Box{{"x", -20, 1e6}});
    for (const double x : {-19.5, -3.75, -0.999, -1e-8, 1e-300, 1e-3, 0.4999, 0.5, 1.0, 1.46,
                           1.4616321449683623, 1.47, 2.0, 9.999, 10.0, 12.5, 1e3, 1e6}) {
        INFO(x);
        const long double expected = digamma(x);
        const double derivative = evaluate(objective, std::vector<double>{x}).gradient[0];
        CHECK(std::abs(derivative - expected) <= 1e-15L * std::max(1.0L, std::abs(expected)));
    }
}

TEST_CASE("where there is no derivative, it is what program.hpp says") {
    struct Case {
        const char* text;
        double x, y;
        std::vector<double> gradient;
    };
    const std::vector<Case> cases = {
        {"abs(x)", 0, 1, {0, 0}},
        {"sqrt(x)", 0, 1, {0, 0}},
        {"cbrt(x)", 0, 1, {0, 0}},
        {"x^0.3", 0, 1, {0, 0}},
        {"x^0.5 + y", 0, 1, {0, 1}},
        {"asin(x)", 1, 1, {0, 0}},
        {"acos(x) + y", -1, 1, {0, 1}},
        {"hypot(x, y)", 0, 0, {0, 0}},
        {"atan2(x, y)", 0, 0, {0, 0}},
        {"min(x, 2*y)", 2, 1, {1, 0}},
        {"max(2*y, x)", 2, 1, {0, 2}},
        {"sign(x) + floor(y) + ceil(y)", 0, 1, {0, 0}},
        {"(x < y) + (x == y)", 1, 1, {0, 0}},
        {"x^y", 0, 1, {1, 0}},
        {"x^y", 0, 2, {0, 0}},
        {"x^y", -2, 2, {-4, 0}},
        {"x^1", 0, 1, {1, 0}},
        {"x^0", 0, 1, {0, 0}},
        {"x^1.5", 0, 1, {0, 0}},
        {"if(x > 0, sqrt(x), y)", 0, 1, {0, 1}},
        {"clamp(x, y, 3)", 1, 1, {1, 0}},
        {"clamp(x, 0, y)", 1, 1, {1, 0}},
        {"clamp(x, y, 3)", 0, 1, {0, 1}},
        {"trunc(x) + round(x) + round(2.5*y)", 1, 1, {0, 0}},
        {"mod(x, y)", 4, 2, {1, -2}},
        {"mod(x, y)", -4, 2, {1, 2}},
        {"mod(x, y)", -3, 2, {1, 2}},
        {"mod(x, y)", 3, -2, {1, 2}},
    };
    const Box box{{"x", -5, 5}, {"y", -5, 5}};
    for (const auto& [text, x, y, gradient] : cases) {
        INFO(text << " at " << x << ", " << y);
        CHECK(evaluate(Expression(text, box), std::vector<double>{x, y}).gradient == gradient);
    }
}

TEST_CASE("every operation of every operation has a finite gradient where its value is finite") {
    const std::vector<double> numbers = {0,     -0.0,   1,    -1,    0.5, -0.5, 2,     -2,
                                         1e-20, -1e-20, 1e20, -1e20, 800, -800, 1e300, 1e-300};
    const std::vector<double> f32_numbers = {0,     -0.0,   1,    -1,    0.5, -0.5, 2,    -2,
                                             1e-10, -1e-10, 1e10, -1e10, 100, -100, 1e35, 1e-35};
    for (const std::string& inner : all_operations("x", "y")) {
        for (const bool is_first : {true, false}) {
            const std::string operand = fmt::format("({})", inner);
            for (const std::string& text :
                 is_first ? all_operations(operand, "y") : all_operations("y", operand)) {
                require_finite_gradients<double>(text, numbers, f64);
                require_finite_gradients<float>(text, f32_numbers, f32);
            }
        }
    }
}

TEST_CASE("0 times an infinite derivative is 0 where the value is finite") {
    struct Case {
        const char* text;
        double x, y, f, by_x, by_y;
    };
    const double pi = std::acos(-1.0);
    const std::vector<Case> cases = {
        {"exp(-1/x^2)", 0, 0, 0, 0, 0},
        {"exp(-1/x) + y", 0, 3, 3, 0, 1},
        {"exp(-x^-3)", 0, 0, 0, 0, 0},
        {"exp(-x^-2)", 1e-110, 0, 0, 0, 0},
        {"exp(-x^-2.7)", 0, 0, 0, 0, 0},
        {"exp(-y/x)", 0, 2, 0, 0, 0},
        {"exp(-abs(y)^1.5/x)", 0, 2, 0, 0, 0},
        {"exp(-abs(y)^x/x)", 0, 2, 0, 0, 0},
        {"exp(-abs(y)^x/x)", 1e-320, 2, 0, 0, 0},
        {"exp(-y^4)", 0, 1e100, 0, 0, 0},
        {"exp(y*log(x))", 0, 2, 0, 0, 0},
        {"exp(-log(x)^2)", 0, 2, 0, 0, 0},
        {"exp(log1p(x))", -1, 0, 0, 0, 0},
        {"exp(-lgamma(x))", 0, 0, 0, 0, 0},
        {"exp(-exp(x))", 1000, 0, 0, 0, 0},
        {"exp(-cosh(x)*y)", 1000, 1, 0, 0, 0},
        {"exp(-hypot(1/x, y))", 0, 1, 0, 0, 0},
        {"atan(1/x)*2", 0, 0, pi, 0, 0},
        {"tanh(log(x)) + x*y", 0, 3, -1, 3, 0},
        {"erf(1/x)", 0, 0, 1, 0, 0},
        {"1/(1 + 1/x^2)", 0, 0, 0, 0, 0},
        {"y/(1 + (1e-8/x)^y)", 0, 2, 0, 0, 0},
        {"min(1/x, 3) + y", 0, 1, 4, 0, 1},
        {"max(log(x), y)", 0, 1, 1, 0, 1},
        {"0.5^(1/x)", 0, 0, 0, 0, 0},
        {"y^(1/x)", 0, 0.5, 0, 0, 0},
        {"y^(1/x)", 0, 1, 1, 0, 0},
        {"(1/x)^y", 0, 0, 1, 0, 0},
        {"(1/x)^y", 0, -1, 0, 0, 0},
        {"log(x)^y", -1, 0, 1, 0, 0},
        {"x^inf", 0.5, 0, 0, 0, 0},
        {"atan2(1/x, 1/y)", 0, 0, pi / 4, 0, 0},
        {"x^y", 0, 1, 0, 1, 0},
        {"abs(x)^y", 0, 3, 0, 0, 0},
        {"x^y", 0, 0.3, 0, 0, 0},
        {"x^y", 1e-200, 2.5, 0, 0, 0},
        {"x^y", 2, -2000, 0, 0, 0},
        {"x^y", 5e-324, 0, 1, 0, std::log(5e-324)},
        {"x^y", 3, 2, 9, 6, 9 * std::log(3.0)},
        {"x^y", -2, 3, -8, 12, 0},
        {"sqrt(x^2)*y", 0, 2, 0, 0, 0},
    };
    const Box box{{"x", -2000, 2000}, {"y", -10, 10}};
    for (const auto& [text, x, y, f, by_x, by_y] : cases) {
        INFO(text << " at " << x << ", " << y);
        const Evaluation at = evaluate(Expression(text, box), std::vector<double>{x, y});
        INFO("is " << at.f << ", " << at.gradient[0] << ", " << at.gradient[1]);
        CHECK(at.f == Approx(f).epsilon(1e-15));
        CHECK(at.gradient[0] == Approx(by_x).epsilon(1e-14));
        CHECK(at.gradient[1] == Approx(by_y).epsilon(1e-14));
    }
}
