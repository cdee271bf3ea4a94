// Traced C++ functions: the same programs as text gives, to the bit.
#include <array>
#include <bit>
#include <cmath>
#include <numbers>
#include <span>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "lanewise/lanewise.hpp"

using namespace lanewise;

namespace {

const Box box{{"x", -3, 3, 3}};

void check_same_bits(const Objective& traced, const char* text) {
    INFO(text);
    const Expression expression(text, box);
    REQUIRE(traced.dimension() == 3);
    for (const std::vector<double>& x :
         {std::vector<double>{0.3, -1.7, 2.1}, {1.1, 0.9, -0.2}, {2.9, 0.1, 0.7}}) {
        const Evaluation a = evaluate(traced, x);
        const Evaluation b = evaluate(expression, x);
        CHECK(std::bit_cast<std::uint64_t>(a.f) == std::bit_cast<std::uint64_t>(b.f));
        for (std::size_t j = 0; j < 3; ++j)
            CHECK(std::bit_cast<std::uint64_t>(a.gradient[j]) == std::bit_cast<std::uint64_t>(b.gradient[j]));
    }
}

/// One template for doubles and traced numbers.
template <class T>
T ripples(std::span<const T> x) {
    using std::abs;
    using std::cos;
    using std::exp;
    using std::hypot;
    using std::max;
    using std::pow;
    using std::sqrt;
    T sum = 0;
    for (const T& xj : x) sum += xj * xj - 10 * cos(2 * std::numbers::pi * xj);
    return sum + max(x[0], x[1]) + abs(x[2]) + pow(x[0], 2) + hypot(x[0], x[1]) + sqrt(1 + x[2] * x[2]) +
           exp(-x[1]) / 3.0;
}

}  // namespace

TEST_CASE("a traced function is the program of its formula, to the bit") {
    check_same_bits(trace(3,
                          [](const auto& x) {
                              Traced f = 0;
                              for (std::size_t i = 0; i + 1 < x.size(); ++i)
                                  f += 100 * pow(x[i + 1] - pow(x[i], 2), 2) + pow(1 - x[i], 2);
                              return f;
                          }),
                    "sum(i, 0, n(x)-2, 100*(x[i+1] - x[i]^2)^2 + (1 - x[i])^2)");
    check_same_bits(trace(3,
                          [](const auto& x) {
                              Traced f = 10.0 * x.size();
                              for (const Traced& xi : x) f += xi * xi - 10 * cos(2 * std::numbers::pi * xi);
                              return f;
                          }),
                    "10*n(x) + (x[0]*x[0] - 10*cos(2*pi*x[0])) + (x[1]*x[1] - 10*cos(2*pi*x[1])) + "
                    "(x[2]*x[2] - 10*cos(2*pi*x[2]))");
    check_same_bits(trace(3, [](const auto& x) { return (x[0] * x[1] + x[1] * x[2]) / (x[2] * x[0] + 20); }),
                    "(x[0]*x[1] + x[1]*x[2])/(x[2]*x[0] + 20)");
    check_same_bits(trace(3,
                          [](const auto& x) {
                              return select(x[0] > x[1] && !(x[2] <= 0 || x[0] == 1), log(x[0] + 4), -x[1]) +
                                     select(x[0] != x[2], 1, 2) * x[0];
                          }),
                    "if(x[0] > x[1] and not (x[2] <= 0 or x[0] == 1), log(x[0] + 4), -x[1]) + "
                    "if(x[0] != x[2], 1, 2)*x[0]");
    check_same_bits(trace(3,
                          [](const auto& x) {
                              return sin(x[0]) * cos(x[0]) + tan(x[1]) + asin(x[0] / 4) + acos(x[1] / 4) +
                                     atan(x[2]) + atan2(x[0], x[1]) + sinh(x[0]) + cosh(x[1]) + tanh(x[2]) +
                                     erf(x[0]) + erfc(x[1]) + lgamma(x[2] + 5) + exp(x[0]) + exp2(x[1]) +
                                     expm1(x[2]) + log1p(x[0] + 4) + log2(x[1] + 4) + log10(x[2] + 4) +
                                     sqrt(x[0] + 4) + cbrt(x[1]) + abs(x[2]) + floor(x[0]) + ceil(x[1]) +
                                     sign(x[2]) + min(x[0], x[1]) + max(x[1], x[2]) + pow(x[0] + 4, x[1]) +
                                     hypot(x[0], x[1]);
                          }),
                    "sin(x[0])*cos(x[0]) + tan(x[1]) + asin(x[0]/4) + acos(x[1]/4) + atan(x[2]) + "
                    "atan2(x[0], x[1]) + sinh(x[0]) + cosh(x[1]) + tanh(x[2]) + erf(x[0]) + erfc(x[1]) + "
                    "lgamma(x[2] + 5) + exp(x[0]) + exp2(x[1]) + expm1(x[2]) + log1p(x[0] + 4) + "
                    "log2(x[1] + 4) + log10(x[2] + 4) + sqrt(x[0] + 4) + cbrt(x[1]) + abs(x[2]) + "
                    "floor(x[0]) + ceil(x[1]) + sign(x[2]) + min(x[0], x[1]) + max(x[1], x[2]) + "
                    "(x[0] + 4)^x[1] + hypot(x[0], x[1])");
    check_same_bits(trace(3,
                          [](const auto& x) {
                              return tgamma(x[0] + 4) * round(3 * x[1]) - trunc(x[2]) * mod(x[0], x[1]) +
                                     clamp(x[2], -0.5, x[1]) + round(Traced(2.5)) - mod(Traced(7), 3);
                          }),
                    "gamma(x[0] + 4)*round(3*x[1]) - trunc(x[2])*mod(x[0], x[1]) + clamp(x[2], -0.5, x[1]) + "
                    "round(2.5) - mod(7, 3)");
}

TEST_CASE("a function template serves doubles and traces, through span and array") {
    const std::array<double, 3> x = {0.3, -1.7, 2.1};
    const auto plain = ripples<double>(x);
    const Program by_span = trace(3, [](std::span<const Traced> y) { return ripples<Traced>(y); });
    const Program by_array = trace<3>([](const std::array<Traced, 3>& y) { return ripples<Traced>(y); });
    CHECK(evaluate(by_span, x).f == Approx(plain).epsilon(1e-14));
    CHECK(evaluate(by_array, x).f == evaluate(by_span, x).f);
    CHECK(by_span.dump() == by_array.dump());
}

TEST_CASE("constants stay constants in a trace") {
    const Program program = trace(2, [](const auto& x) {
        Traced half = 1;
        half /= 2;
        half -= 1.5 - sin(Traced(0));
        return half * x[0] + 3 + hypot(x[0], x[1], 2) * 0 + fma(x[0], x[1], -fabs(half));
    });
    CHECK(evaluate(program, std::vector<double>{2, 5}).f == Approx(-2 + 3 + 10 - 1));
    CHECK(evaluate(trace(1, [](const auto&) { return 7; }), std::vector<double>{2}).f == 7);
}

TEST_CASE("a trace can be searched like a formula") {
    const Options options{.starts = 200, .iterations = 200};
    const Result traced =
        minimize(trace(3, [](const auto& x) { return pow(x[0] - 1, 2) + pow(x[1], 2) * 3 + abs(x[2] + 1); }),
                 box, options);
    const Result text = minimize("(x[0] - 1)^2 + x[1]^2*3 + abs(x[2] + 1)", box, options);
    CHECK(traced.best.f == text.best.f);
    CHECK(traced.best.x == text.best.x);
}

TEST_CASE("traced values do not leave their trace") {
    Traced escaped;
    trace(1, [&](const auto& x) {
        escaped = x[0];
        return x[0];
    });
    CHECK_THROWS_AS(escaped + 1, std::logic_error);
    CHECK_THROWS_AS(1 + escaped, std::logic_error);
    CHECK_THROWS_AS(select(true, 1, escaped), std::logic_error);
    CHECK_THROWS_AS(trace(1, [&](const auto& x) { return x[0] + escaped; }), std::logic_error);
    CHECK_THROWS_AS(trace(1, [&](const auto&) { return escaped; }), std::logic_error);
    const Program nested = trace(1, [](const auto& x) {
        const Program inner = trace(1, [](const auto& y) { return y[0] * 2; });
        return x[0] * static_cast<double>(inner.operations());
    });
    CHECK(nested.dimension() == 1);
    trace(1, [](const auto& x) {
        std::thread([&] { CHECK_THROWS_AS(x[0] * x[0], std::logic_error); }).join();
        return x[0];
    });
}

TEST_CASE("what cannot be traced is refused") {
    CHECK_THROWS_WITH(trace(0, [](const auto&) { return 0; }), ContainsSubstring("dimension 0"));
    std::size_t recorded = 0;
    const auto endless = [&](const auto& x) {
        Traced sum = x[0];
        for (;; ++recorded) sum += x[0];
        return sum;
    };
    CHECK_THROWS_WITH(trace(1, endless), ContainsSubstring("more than 2000000 operations"));
    CHECK(recorded > 1'999'900);
    CHECK(recorded < 2'000'100);
}
