// Gradients are exact: reverse mode, optimised and run by the kernels, against forward mode in long double
// (reference.hpp), operation by operation and on well-known functions.
#include <algorithm>
#include <cmath>
#include <random>

#include "catch.hpp"
#include "lanewise/lanewise.hpp"
#include "reference.hpp"
#include "translate.hpp"

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
    };
    const Box box{{"x", -5, 5}, {"y", -5, 5}};
    for (const auto& [text, x, y, gradient] : cases) {
        INFO(text << " at " << x << ", " << y);
        CHECK(evaluate(Expression(text, box), std::vector<double>{x, y}).gradient == gradient);
    }
}
