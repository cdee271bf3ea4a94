// How accurate every function of the language is, and what it gives at the edges of its domain.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <optional>
#include <ostream>
#include <string_view>
#include <type_traits>
#include <vector>

#include "aligned.hpp"
#include "catch.hpp"
#include "lanewise/lanewise.hpp"
#include "ulp.hpp"

using namespace lanewise;
using test::Random;
using test::Real;
using test::ulps;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

template <class T>
constexpr const char* type_name = std::is_same_v<T, double> ? "f64" : "f32";

/// Where arguments are taken from.
struct Range {
    enum class Kind { uniform, whole, magnitudes, normal, subnormal, around, quarter_turns };
    Kind kind;
    double a = 0;
    double b = 0;

    template <class T>
    T draw(Random& random) const {
        using Limits = std::numeric_limits<T>;
        constexpr double smallest = Limits::min();
        constexpr double largest = Limits::max();
        switch (kind) {
            case Kind::uniform: return static_cast<T>(random.between(a, b));
            case Kind::whole: return static_cast<T>(std::round(random.between(a, b)));
            case Kind::magnitudes: return static_cast<T>(random.sign() * random.size(a, b));
            case Kind::normal:
                return static_cast<T>(
                    std::clamp(random.sign() * random.size(smallest, largest), -largest, largest));
            case Kind::subnormal:
                return static_cast<T>(random.sign() * std::floor(random.size(1, 1 / Limits::epsilon()))) *
                       Limits::denorm_min();
            case Kind::around:
                return static_cast<T>(a + random.sign() * random.size(Limits::epsilon() / 2, b));
            case Kind::quarter_turns:
                return static_cast<T>(std::round(random.between(a, b)) * (std::numbers::pi_v<Real> / 2));
        }
        return 0;
    }
};

constexpr Range between(double lower, double upper) {
    return {Range::Kind::uniform, lower, upper};
}
constexpr Range only(double number) {
    return between(number, number);
}
constexpr Range whole(double lower, double upper) {
    return {Range::Kind::whole, lower, upper};
}
/// Both signs, the logarithm of the size uniform.
constexpr Range magnitudes(double smallest, double largest) {
    return {Range::Kind::magnitudes, smallest, largest};
}
/// All normal numbers of the type, as magnitudes.
constexpr Range normal{Range::Kind::normal};
constexpr Range subnormal{Range::Kind::subnormal};
/// The logarithm of the distance uniform, from half an epsilon to `farthest`.
constexpr Range around(double center, double farthest) {
    return {Range::Kind::around, center, farthest};
}
/// The numbers of the type next to k pi/2.
constexpr Range quarter_turns(double first, double last) {
    return {Range::Kind::quarter_turns, first, last};
}

std::ostream& operator<<(std::ostream& to, const Range& range) {
    constexpr const char* names[] = {"between",   "whole",  "magnitudes",   "normal",
                                     "subnormal", "around", "quarter turns"};
    return to << names[static_cast<int>(range.kind)] << "(" << range.a << ", " << range.b << ")";
}

/// An error is at most so many ULP, or at most `absolute`.
struct Bound {
    double ulp;
    double absolute = 0;
};

constexpr Bound untested{-1};

struct Row {
    Row(const char* row_text, Real (*of_x)(Real), Range row_x, Bound row_f64, Bound row_f32)
        : text(row_text), unary(of_x), x(row_x), y(row_x), f64(row_f64), f32(row_f32) {}
    Row(const char* row_text, Real (*of_x_and_y)(Real, Real), Range row_x, Range row_y, Bound row_f64,
        Bound row_f32)
        : text(row_text), binary(of_x_and_y), x(row_x), y(row_y), f64(row_f64), f32(row_f32) {}

    Real reference(Real at_x, Real at_y) const {
        return binary != nullptr ? binary(at_x, at_y) : unary(at_x);
    }

    template <class T>
    Bound bound() const {
        return std::is_same_v<T, double> ? f64 : f32;
    }

    const char* text;
    Real (*unary)(Real) = nullptr;
    Real (*binary)(Real, Real) = nullptr;
    Range x, y;
    Bound f64, f32;
};

Real plus(Real x, Real y) {
    return x + y;
}
Real minus(Real x, Real y) {
    return x - y;
}
Real times(Real x, Real y) {
    return x * y;
}
Real over(Real x, Real y) {
    return x / y;
}
Real smaller(Real x, Real y) {
    return std::min(x, y);
}
Real larger(Real x, Real y) {
    return std::max(x, y);
}
Real sign(Real x) {
    return static_cast<Real>((x > 0) - (x < 0));
}

Real beyond_whole(Real x) {
    return x - std::floor(x);
}
Real beyond_quarter(Real x) {
    return x - std::floor(4 * x) / 4;
}

/// The reference itself is off by up to 1/2048 ULP.
constexpr Bound rounded{0.501};
constexpr Bound exact{0};

/// The bounds are the worst of four million arguments on sse2 and avx512, and a little more; none is above
/// what SLEEF promises but where a row says so.
const std::vector<Row> table = {
    {"x + y", plus, normal, normal, rounded, rounded},
    {"x + y", plus, magnitudes(1e-3, 1e3), magnitudes(1e-3, 1e3), rounded, rounded},
    {"x - y", minus, normal, normal, rounded, rounded},
    {"x - y", minus, around(1, 0.5), magnitudes(1e-3, 1), rounded, rounded},
    {"x - y", minus, subnormal, subnormal, exact, exact},
    {"x * y", times, normal, normal, rounded, rounded},
    {"x * y", times, subnormal, normal, rounded, rounded},
    {"x / y", over, normal, normal, rounded, rounded},
    {"x / y", over, subnormal, normal, rounded, rounded},
    {"x / y", over, magnitudes(1e-3, 1e3), magnitudes(1e-3, 1e3), rounded, rounded},
    {"min(x, y)", smaller, normal, normal, exact, exact},
    {"max(x, y)", larger, normal, normal, exact, exact},
    {"abs(x)", std::abs, normal, exact, exact},
    {"abs(x)", std::abs, subnormal, exact, exact},
    {"sign(x)", sign, normal, exact, exact},
    {"sign(x)", sign, subnormal, exact, exact},
    {"floor(x)", std::floor, magnitudes(0.1, 1e17), exact, exact},
    {"floor(x)", std::floor, normal, exact, exact},
    {"floor(x)", std::floor, subnormal, exact, exact},
    {"floor(x)", std::floor, around(3, 0.5), exact, exact},
    {"ceil(x)", std::ceil, magnitudes(0.1, 1e17), exact, exact},
    {"ceil(x)", std::ceil, normal, exact, exact},
    {"ceil(x)", std::ceil, subnormal, exact, exact},
    {"ceil(x)", std::ceil, around(3, 0.5), exact, exact},
    {"round(x)", std::round, magnitudes(0.1, 1e17), exact, exact},
    {"round(x)", std::round, normal, exact, exact},
    {"round(x)", std::round, subnormal, exact, exact},
    {"round(x)", std::round, around(0.5, 0.5), exact, exact},
    {"round(x)", std::round, around(-2.5, 0.5), exact, exact},
    {"round(x)", std::round, around(4503599627370497.0, 2), exact, untested},
    {"round(x)", std::round, around(8388609, 2), untested, exact},
    {"trunc(x)", std::trunc, magnitudes(0.1, 1e17), exact, exact},
    {"trunc(x)", std::trunc, normal, exact, exact},
    {"trunc(x)", std::trunc, around(3, 0.5), exact, exact},
    // Exact where the quotient has no rounding, as by powers of two.
    {"mod(x, 1)", beyond_whole, magnitudes(1e-3, 1e6), rounded, rounded},
    {"mod(x, 0.25)", beyond_quarter, magnitudes(1e-3, 1e6), rounded, rounded},
    {"sqrt(x)", std::sqrt, normal, rounded, rounded},
    {"sqrt(x)", std::sqrt, subnormal, rounded, rounded},

    {"cbrt(x)", std::cbrt, between(-1000, 1000), {1.9}, {1.7}},
    {"cbrt(x)", std::cbrt, magnitudes(1e-10, 1e10), {1.9}, {1.8}},
    {"cbrt(x)", std::cbrt, normal, {1.9}, {1.8}},
    {"cbrt(x)", std::cbrt, subnormal, {1.9}, {1.8}},
    {"exp(x)", std::exp, between(-87, 88), {1.0}, {1.0}},
    {"exp(x)", std::exp, magnitudes(1e-10, 10), {1.0}, {1.0}},
    {"exp(x)", std::exp, between(-708, 709), {1.0}, untested},
    // Overflows a little early: see the deviations below.
    {"exp(x)", std::exp, between(709, 709.7827111), {0.9}, untested},
    {"exp(x)", std::exp, between(-746, -708), {1.0}, untested},
    {"exp(x)", std::exp, between(709.7828, 1e308), exact, untested},
    {"exp(x)", std::exp, between(88, 89), untested, {0.9}},
    {"exp(x)", std::exp, between(-104, -87), untested, {0.8}},
    {"exp(x)", std::exp, normal, {1.0}, {1.0}},
    {"exp(x)", std::exp, subnormal, exact, exact},
    {"exp2(x)", std::exp2, between(-126, 127), {1.2}, {1.2}},
    {"exp2(x)", std::exp2, between(-1022, 1024), {1.2}, untested},
    {"exp2(x)", std::exp2, between(-1076, -1022), {1.0}, untested},
    {"exp2(x)", std::exp2, between(126, 129), untested, {1.1}},
    {"exp2(x)", std::exp2, between(-151, -126), untested, {1.0}},
    {"exp2(x)", std::exp2, whole(-1074, 1030), exact, rounded},
    {"exp2(x)", std::exp2, normal, {1.1}, {1.1}},
    {"exp2(x)", std::exp2, subnormal, exact, exact},
    {"expm1(x)", std::expm1, between(-30, 88), {0.6}, {1.0}},
    {"expm1(x)", std::expm1, magnitudes(1e-10, 10), {0.6}, {0.8}},
    {"expm1(x)", std::expm1, between(-709, 710), {1.0}, untested},
    {"expm1(x)", std::expm1, between(88, 89), untested, {0.6}},
    {"expm1(x)", std::expm1, normal, {1.0}, {1.0}},
    {"expm1(x)", std::expm1, subnormal, exact, exact},
    {"log(x)", std::log, between(0, 10), {2.4}, {2.8}},
    {"log(x)", std::log, around(1, 0.5), {2.3}, {2.9}},
    {"log(x)", std::log, normal, {2.1}, {2.8}},
    {"log(x)", std::log, subnormal, {1.8}, {1.1}},
    {"log2(x)", std::log2, between(0, 10), {2.7}, {3.3}},
    {"log2(x)", std::log2, around(1, 0.5), {3.0}, {3.3}},
    {"log2(x)", std::log2, normal, {2.5}, {3.2}},
    {"log2(x)", std::log2, subnormal, {1.1}, {1.1}},
    {"log10(x)", std::log10, between(0, 10), {0.8}, {0.7}},
    {"log10(x)", std::log10, around(1, 0.5), {0.8}, {0.7}},
    {"log10(x)", std::log10, normal, {0.8}, {0.7}},
    {"log10(x)", std::log10, subnormal, {0.6}, {0.6}},
    {"log1p(x)", std::log1p, between(-1, 10), {0.8}, {0.7}},
    {"log1p(x)", std::log1p, around(-1, 0.5), {0.7}, {0.6}},
    {"log1p(x)", std::log1p, magnitudes(1e-10, 1e10), {0.8}, {0.7}},
    {"log1p(x)", std::log1p, magnitudes(1e-307, 1e307), {0.8}, untested},
    {"log1p(x)", std::log1p, magnitudes(1e-37, 1e38), untested, {0.7}},
    {"log1p(x)", std::log1p, subnormal, {1.0}, {1.0}},

    {"sin(x)", std::sin, between(-10, 10), {1.6}, {1.6}},
    {"sin(x)", std::sin, magnitudes(1e-10, 10), {1.6}, {1.6}},
    {"sin(x)", std::sin, between(-8192, 8192), {2.2}, {2.4}},
    {"sin(x)", std::sin, magnitudes(8192, 1e6), {1.6}, {2.4}},
    {"sin(x)", std::sin, magnitudes(1e6, 1e30), {3.1}, {1.6}},
    {"sin(x)", std::sin, normal, {2.9}, {2.3}},
    {"sin(x)", std::sin, subnormal, exact, exact},
    {"sin(x)", std::sin, quarter_turns(-5215, 5215), {0.6}, {1.0}},
    {"sin(x)", std::sin, quarter_turns(-1e6, 1e6), {0.6}, {1.3}},
    {"sin(x)", std::sin, only(6381956970095103 * 0x1p797), exact, untested},
    {"sin(x)", std::sin, only(16367173 * 0x1p72), untested, {0.1}},
    {"cos(x)", std::cos, between(-10, 10), {1.5}, {2.0}},
    {"cos(x)", std::cos, between(-8192, 8192), {2.4}, {2.5}},
    {"cos(x)", std::cos, magnitudes(8192, 1e6), {1.6}, {2.3}},
    {"cos(x)", std::cos, magnitudes(1e6, 1e30), {3.1}, {1.6}},
    {"cos(x)", std::cos, normal, {2.8}, {2.5}},
    {"cos(x)", std::cos, subnormal, exact, exact},
    {"cos(x)", std::cos, quarter_turns(-5215, 5215), {0.6}, {1.0}},
    {"cos(x)", std::cos, quarter_turns(-1e6, 1e6), {0.6}, {1.4}},
    {"cos(x)", std::cos, only(6381956970095103 * 0x1p797), {0.1}, untested},
    {"cos(x)", std::cos, only(16367173 * 0x1p72), untested, {0.4}},
    {"tan(x)", std::tan, between(-10, 10), {2.9}, {3.0}},
    {"tan(x)", std::tan, magnitudes(1e-10, 10), {2.9}, {2.9}},
    {"tan(x)", std::tan, between(-8192, 8192), {3.2}, {3.5}},
    {"tan(x)", std::tan, magnitudes(8192, 1e6), {3.1}, {3.4}},
    {"tan(x)", std::tan, magnitudes(1e6, 1e30), {3.0}, {2.6}},
    {"tan(x)", std::tan, normal, {3.1}, {3.3}},
    {"tan(x)", std::tan, subnormal, {1.0}, exact},
    {"tan(x)", std::tan, quarter_turns(-5215, 5215), {1.4}, {1.8}},
    {"tan(x)", std::tan, quarter_turns(-1e6, 1e6), {1.6}, {2.5}},
    {"tan(x)", std::tan, only(6381956970095103 * 0x1p797), {0.4}, untested},
    {"tan(x)", std::tan, only(16367173 * 0x1p72), untested, {0.2}},
    {"asin(x)", std::asin, between(-1, 1), {2.4}, {2.5}},
    {"asin(x)", std::asin, magnitudes(1e-10, 1), {2.4}, {2.4}},
    {"asin(x)", std::asin, around(1, 0.5), {2.4}, {2.4}},
    {"asin(x)", std::asin, around(-1, 0.5), {2.3}, {2.5}},
    {"asin(x)", std::asin, normal, {2.1}, {2.4}},
    {"asin(x)", std::asin, subnormal, exact, exact},
    {"acos(x)", std::acos, between(-1, 1), {1.3}, {1.4}},
    {"acos(x)", std::acos, around(1, 0.5), {1.3}, {1.2}},
    {"acos(x)", std::acos, around(-1, 0.5), {1.3}, {1.3}},
    {"acos(x)", std::acos, normal, {1.2}, {1.3}},
    {"acos(x)", std::acos, subnormal, {0.4}, {0.4}},
    {"atan(x)", std::atan, between(-10, 10), {2.0}, {2.7}},
    {"atan(x)", std::atan, magnitudes(1e-10, 1e10), {2.0}, {2.7}},
    {"atan(x)", std::atan, normal, {1.7}, {2.5}},
    {"atan(x)", std::atan, subnormal, exact, exact},
    {"atan2(x, y)", std::atan2, magnitudes(1e-3, 1), magnitudes(1e-3, 1), {2.0}, {2.7}},
    {"atan2(x, y)", std::atan2, magnitudes(1e-10, 1e10), magnitudes(1e-10, 1e10), {1.9}, {2.7}},
    {"atan2(x, y)", std::atan2, normal, normal, {1.6}, {2.5}},
    {"atan2(x, y)", std::atan2, subnormal, subnormal, {1.9}, {2.6}},
    {"atan2(x, y)", std::atan2, subnormal, normal, {1.2}, {1.3}},
    {"atan2(x, y)", std::atan2, normal, subnormal, {1.0}, {1.6}},

    {"sinh(x)", std::sinh, between(-10, 10), {3.4}, {3.1}},
    {"sinh(x)", std::sinh, magnitudes(1e-10, 10), {3.4}, {3.2}},
    {"sinh(x)", std::sinh, between(-88, 88), {3.2}, {2.9}},
    {"sinh(x)", std::sinh, between(-709, 709), {3.0}, untested},
    {"sinh(x)", std::sinh, magnitudes(1e-307, 709), {3.2}, untested},
    {"sinh(x)", std::sinh, magnitudes(1e-37, 88), untested, {3.1}},
    {"sinh(x)", std::sinh, magnitudes(711, 1e308), exact, untested},
    {"sinh(x)", std::sinh, magnitudes(90, 1e38), untested, exact},
    {"sinh(x)", std::sinh, subnormal, {1.0}, {1.0}},
    {"cosh(x)", std::cosh, between(-10, 10), {1.5}, {1.5}},
    {"cosh(x)", std::cosh, between(-88, 88), {1.5}, {1.5}},
    {"cosh(x)", std::cosh, between(-709, 709), {1.4}, untested},
    {"cosh(x)", std::cosh, magnitudes(1e-307, 709), {1.4}, untested},
    {"cosh(x)", std::cosh, magnitudes(1e-37, 88), untested, {1.5}},
    {"cosh(x)", std::cosh, magnitudes(711, 1e308), exact, untested},
    {"cosh(x)", std::cosh, magnitudes(90, 1e38), untested, exact},
    {"cosh(x)", std::cosh, subnormal, exact, exact},
    {"tanh(x)", std::tanh, between(-25, 25), {2.9}, {2.7}},
    {"tanh(x)", std::tanh, magnitudes(1e-10, 25), {2.9}, {2.8}},
    {"tanh(x)", std::tanh, normal, {2.7}, {2.7}},
    {"tanh(x)", std::tanh, subnormal, exact, exact},

    {"erf(x)", std::erf, between(-7, 7), {1.0}, {0.9}},
    {"erf(x)", std::erf, magnitudes(1e-30, 10), {1.0}, {0.9}},
    // Near the subnormal numbers more than the 1 ULP SLEEF promises.
    {"erf(x)", std::erf, normal, {1.3}, {2.0}},
    {"erf(x)", std::erf, subnormal, {1.3}, {2.0}},
    {"erfc(x)", std::erfc, between(-7, 9), {1.2}, {1.3}},
    {"erfc(x)", std::erfc, between(9, 26.2), {0.7}, untested},
    // Subnormal results; SLEEF promises no more there than the smallest normal number.
    {"erfc(x)", std::erfc, between(26.2, 28), {2.4}, untested},
    {"erfc(x)", std::erfc, between(9, 11), untested, {2.4}},
    {"erfc(x)", std::erfc, normal, {1.4}, {1.8}},
    {"erfc(x)", std::erfc, subnormal, exact, exact},
    {"lgamma(x)", std::lgamma, between(0, 10), {0.9}, {0.9}},
    {"lgamma(x)", std::lgamma, around(1, 0.5), {0.9}, {0.9}},
    {"lgamma(x)", std::lgamma, around(2, 0.5), {0.8}, {0.8}},
    {"lgamma(x)", std::lgamma, between(10, 1e6), {0.6}, {0.6}},
    {"lgamma(x)", std::lgamma, between(1e6, 2.5e305), {0.6}, untested},
    {"lgamma(x)", std::lgamma, between(1e6, 4e36), untested, {0.6}},
    {"lgamma(x)", std::lgamma, magnitudes(1e-307, 1e-3), {0.6}, untested},
    {"lgamma(x)", std::lgamma, magnitudes(1e-37, 1e-3), untested, {0.6}},
    {"lgamma(x)", std::lgamma, subnormal, {0.6}, {0.6}},
    // No relative accuracy at the roots between the poles, nor does SLEEF promise it.
    {"lgamma(x)", std::lgamma, between(-10, 0), {0.6, 1e-15}, {0.6, 1e-8}},
    {"lgamma(x)", std::lgamma, between(-1e6, 0), {0.6, 1e-15}, {0.6, 1e-8}},
    {"gamma(x)", std::tgamma, between(0, 10), {0.6}, {0.6}},
    {"gamma(x)", std::tgamma, around(1, 0.5), {0.6}, {0.6}},
    {"gamma(x)", std::tgamma, around(2, 0.5), {0.6}, {0.6}},
    {"gamma(x)", std::tgamma, between(10, 171.6), {1.0}, untested},
    {"gamma(x)", std::tgamma, between(10, 35), untested, {0.7}},
    {"gamma(x)", std::tgamma, magnitudes(1e-307, 1e-3), {0.6}, untested},
    {"gamma(x)", std::tgamma, magnitudes(1e-37, 1e-3), untested, {0.6}},
    {"gamma(x)", std::tgamma, between(-10, 0), {0.6}, {0.7}},
    {"gamma(x)", std::tgamma, between(-170, -10), {1.0}, untested},
    {"gamma(x)", std::tgamma, between(-33, -10), untested, {0.7}},

    {"hypot(x, y)", std::hypot, magnitudes(1e-3, 1e3), magnitudes(1e-3, 1e3), {2.1}, {2.0}},
    {"hypot(x, y)", std::hypot, normal, normal, {2.0}, {2.0}},
    {"hypot(x, y)", std::hypot, magnitudes(1e307, 1.79e308), magnitudes(1e307, 1.79e308), {2.0}, untested},
    {"hypot(x, y)", std::hypot, magnitudes(1e37, 3.4e38), magnitudes(1e37, 3.4e38), untested, {2.0}},
    {"hypot(x, y)", std::hypot, magnitudes(1e-308, 1e-306), magnitudes(1e-308, 1e-306), {2.1}, untested},
    {"hypot(x, y)", std::hypot, magnitudes(1e-38, 1e-36), magnitudes(1e-38, 1e-36), untested, {2.0}},
    {"hypot(x, y)", std::hypot, subnormal, subnormal, {1.3}, {1.4}},
    {"hypot(x, y)", std::hypot, subnormal, normal, {1.9}, {2.0}},
    {"pow(x, y)", std::pow, between(0, 10), between(-10, 10), {0.7}, {0.7}},
    {"pow(x, y)", std::pow, magnitudes(1e-3, 1e3), between(-12, 12), {0.7}, {0.7}},
    {"pow(x, y)", std::pow, between(-10, 10), whole(-20, 20), {0.7}, {0.7}},
    {"pow(x, y)", std::pow, around(1, 0.5), magnitudes(1, 100), {0.7}, {0.7}},
    {"pow(x, y)", std::pow, around(1, 1e-4), magnitudes(1, 1e6), {0.7}, {0.8}},
    {"pow(x, y)", std::pow, between(1.9, 2.1), between(1000, 1030), {0.7}, untested},
    {"pow(x, y)", std::pow, between(1.9, 2.1), between(-1080, -1000), {0.9}, untested},
    {"pow(x, y)", std::pow, between(1.9, 2.1), between(120, 130), untested, {0.7}},
    {"pow(x, y)", std::pow, between(1.9, 2.1), between(-152, -122), untested, {0.9}},
    {"pow(x, y)", std::pow, normal, between(-3, 3), {0.9}, {0.9}},
    {"pow(x, y)", std::pow, normal, normal, {0.7}, {0.8}},
    {"pow(x, y)", std::pow, subnormal, between(-1, 1), {0.8}, {0.9}},
};

/// An expression of x and y with room for so many arguments.
template <class T>
class Lanes {
  public:
    Lanes(const char* text, std::size_t lanes, Isa isa)
        : objective_(text, Box{{"x", -1, 1}, {"y", -1, 1}}),
          rows_(5 * lanes),
          scratch_(objective_.scratch_rows() * lanes),
          block_{lanes,           2,  rows_.data(), rows_.data() + 2 * lanes, rows_.data() + 3 * lanes,
                 scratch_.data(), isa} {}

    T& x(std::size_t lane) { return rows_[lane]; }
    T& y(std::size_t lane) { return rows_[block_.lanes + lane]; }
    T f(std::size_t lane) const { return block_.f()[lane]; }

    void evaluate() {
        if constexpr (std::is_same_v<T, double>) {
            objective_.evaluate(block_);
        } else {
            objective_.evaluate_f32(block_);
        }
    }

  private:
    Expression objective_;
    AlignedArray<T> rows_;
    AlignedArray<T> scratch_;
    Block<T> block_;
};

struct Worst {
    double ulp = 0;
    Real x = 0;
    Real y = 0;
    Real got = 0;
    Real expected = 0;
};

template <class T>
Worst worst_of(const Row& row) {
    constexpr std::size_t lanes = 4096;
    constexpr std::size_t samples = 2 * lanes;
    Lanes<T> arguments(row.text, lanes, choose_isa());
    Random random;
    Worst worst;
    for (std::size_t done = 0; done < samples; done += lanes) {
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            arguments.x(lane) = row.x.draw<T>(random);
            arguments.y(lane) = row.y.draw<T>(random);
        }
        arguments.evaluate();
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            const T x = arguments.x(lane);
            const T y = arguments.y(lane);
            const T got = arguments.f(lane);
            const Real expected = row.reference(x, y);
            if (std::abs(static_cast<Real>(got) - expected) <= static_cast<Real>(row.bound<T>().absolute))
                continue;
            const double error = ulps(got, expected);
            if (error > worst.ulp) worst = {error, x, y, got, expected};
        }
    }
    return worst;
}

template <class T>
void check(const Row& row) {
    if (row.bound<T>().ulp == untested.ulp) return;
    const Worst worst = worst_of<T>(row);
    INFO(type_name<T> << ' ' << row.text << ", x " << row.x << ", y " << row.y << ": worst at x = " << worst.x
                      << ", y = " << worst.y << ": " << worst.got << " for " << worst.expected);
    CHECK(worst.ulp <= row.bound<T>().ulp);
}

}  // namespace

TEST_CASE("every function is as accurate as its row of the table says") {
    for (const Row& row : table) {
        check<double>(row);
        check<float>(row);
    }
}

namespace {

/// What C's Annex F, or IEEE 754, or this language says a function gives at (x, y).
struct Special {
    const char* text;
    double x, y, expected;
};

constexpr double pi = std::numbers::pi;

const std::vector<Special> specials = {
    {"x + y", inf, -inf, nan},
    {"x + y", -0.0, -0.0, -0.0},
    {"x + y", -0.0, 0.0, 0.0},
    {"x - y", inf, inf, nan},
    {"x - y", -0.0, 0.0, -0.0},
    {"x - y", 1, 1, 0.0},
    {"x * y", 0, inf, nan},
    {"x * y", -0.0, 3, -0.0},
    {"x * y", 1e300, -1e300, -inf},
    {"x / y", 0, 0, nan},
    {"x / y", inf, inf, nan},
    {"x / y", 1, 0, inf},
    {"x / y", 1, -0.0, -inf},
    {"x / y", -1, inf, -0.0},
    {"-x", 0, 0, -0.0},
    {"-x", -0.0, 0, 0.0},
    {"-x", inf, 0, -inf},
    {"min(x, y)", 1, nan, nan},
    {"min(x, y)", nan, 1, nan},
    {"min(x, y)", -inf, inf, -inf},
    {"min(x, y)", 2, -3, -3},
    {"max(x, y)", 1, nan, nan},
    {"max(x, y)", nan, 1, nan},
    {"max(x, y)", -inf, inf, inf},
    {"max(x, y)", 2, -3, 2},
    {"abs(x)", -0.0, 0, 0.0},
    {"abs(x)", -inf, 0, inf},
    {"sign(x)", 0, 0, 0.0},
    {"sign(x)", -0.0, 0, 0.0},
    {"sign(x)", inf, 0, 1},
    {"sign(x)", -1e-40, 0, -1},
    {"floor(x)", -0.5, 0, -1},
    {"floor(x)", 0.5, 0, 0.0},
    {"floor(x)", -0.0, 0, -0.0},
    {"floor(x)", 1e30, 0, 1e30},
    {"floor(x)", -1e300, 0, -1e300},
    {"floor(x)", -inf, 0, -inf},
    {"floor(x)", -1e-40, 0, -1},
    {"ceil(x)", -0.5, 0, -0.0},
    {"ceil(x)", 0.5, 0, 1},
    {"ceil(x)", -0.0, 0, -0.0},
    {"ceil(x)", 1e30, 0, 1e30},
    {"ceil(x)", -1e300, 0, -1e300},
    {"ceil(x)", inf, 0, inf},
    {"ceil(x)", 1e-40, 0, 1},
    {"round(x)", 0.5, 0, 1},
    {"round(x)", -0.5, 0, -1},
    {"round(x)", 2.5, 0, 3},
    {"round(x)", 0.25, 0, 0.0},
    {"round(x)", 1e30, 0, 1e30},
    {"round(x)", inf, 0, inf},
    {"round(x)", -inf, 0, -inf},
    {"trunc(x)", 0.5, 0, 0.0},
    {"trunc(x)", -0.5, 0, -0.0},
    {"trunc(x)", -1.75, 0, -1},
    {"trunc(x)", -1e300, 0, -1e300},
    {"trunc(x)", -inf, 0, -inf},
    {"mod(x, y)", 5, 3, 2},
    {"mod(x, y)", -5, 3, 1},
    {"mod(x, y)", 5, -3, -1},
    {"mod(x, y)", -6, 3, 0.0},
    {"mod(x, y)", 1, 0, nan},
    {"mod(x, y)", inf, 3, nan},
    {"clamp(x, y, 2)", 1, -1, 1},
    {"clamp(x, y, 2)", 3, -1, 2},
    {"clamp(x, y, 2)", -3, -1, -1},
    {"clamp(x, y, 2)", 1, 5, 2},
    {"clamp(x, y, 2)", nan, 1, nan},
    {"clamp(x, y, 2)", 1, nan, nan},
    {"sqrt(x)", -1, 0, nan},
    {"sqrt(x)", -0.0, 0, -0.0},
    {"sqrt(x)", inf, 0, inf},
    {"sqrt(x)", -inf, 0, nan},
    {"cbrt(x)", -8, 0, -2},
    {"cbrt(x)", 0, 0, 0.0},
    {"cbrt(x)", -0.0, 0, -0.0},
    {"cbrt(x)", -inf, 0, -inf},
    {"cbrt(x)", inf, 0, inf},

    {"exp(x)", 0, 0, 1},
    {"exp(x)", -0.0, 0, 1},
    {"exp(x)", inf, 0, inf},
    {"exp(x)", -inf, 0, 0.0},
    {"exp(x)", 1000, 0, inf},
    {"exp(x)", -1000, 0, 0.0},
    {"exp(x)", 1e300, 0, inf},
    {"exp(x)", -1e300, 0, 0.0},
    {"exp2(x)", 10, 0, 1024},
    {"exp2(x)", -1, 0, 0.5},
    {"exp2(x)", inf, 0, inf},
    {"exp2(x)", -inf, 0, 0.0},
    {"exp2(x)", 1024, 0, inf},
    {"exp2(x)", -1100, 0, 0.0},
    {"exp2(x)", -1e300, 0, 0.0},
    {"expm1(x)", 0, 0, 0.0},
    {"expm1(x)", -0.0, 0, -0.0},
    {"expm1(x)", inf, 0, inf},
    {"expm1(x)", -inf, 0, -1},
    {"expm1(x)", 1000, 0, inf},
    {"expm1(x)", -1000, 0, -1},
    {"log(x)", 0, 0, -inf},
    {"log(x)", -0.0, 0, -inf},
    {"log(x)", 1, 0, 0.0},
    {"log(x)", -1, 0, nan},
    {"log(x)", -inf, 0, nan},
    {"log(x)", inf, 0, inf},
    {"log1p(x)", 0, 0, 0.0},
    {"log1p(x)", -0.0, 0, -0.0},
    {"log1p(x)", -1, 0, -inf},
    {"log1p(x)", -2, 0, nan},
    {"log1p(x)", -inf, 0, nan},
    {"log1p(x)", inf, 0, inf},
    {"log2(x)", 0, 0, -inf},
    {"log2(x)", -0.0, 0, -inf},
    {"log2(x)", 1, 0, 0.0},
    {"log2(x)", 8, 0, 3},
    {"log2(x)", -1, 0, nan},
    {"log2(x)", inf, 0, inf},
    {"log10(x)", 0, 0, -inf},
    {"log10(x)", -0.0, 0, -inf},
    {"log10(x)", 1, 0, 0.0},
    {"log10(x)", 1000, 0, 3},
    {"log10(x)", -1, 0, nan},
    {"log10(x)", inf, 0, inf},

    {"sin(x)", 0, 0, 0.0},
    {"sin(x)", -0.0, 0, -0.0},
    {"sin(x)", inf, 0, nan},
    {"sin(x)", -inf, 0, nan},
    {"cos(x)", 0, 0, 1},
    {"cos(x)", -0.0, 0, 1},
    {"cos(x)", inf, 0, nan},
    {"cos(x)", -inf, 0, nan},
    {"tan(x)", 0, 0, 0.0},
    {"tan(x)", -0.0, 0, -0.0},
    {"tan(x)", inf, 0, nan},
    {"tan(x)", -inf, 0, nan},
    {"asin(x)", 0, 0, 0.0},
    {"asin(x)", -0.0, 0, -0.0},
    {"asin(x)", 1, 0, pi / 2},
    {"asin(x)", -1, 0, -pi / 2},
    {"asin(x)", 2, 0, nan},
    {"asin(x)", -inf, 0, nan},
    {"acos(x)", 1, 0, 0.0},
    {"acos(x)", -1, 0, pi},
    {"acos(x)", 0, 0, pi / 2},
    {"acos(x)", -2, 0, nan},
    {"acos(x)", inf, 0, nan},
    {"atan(x)", 0, 0, 0.0},
    {"atan(x)", -0.0, 0, -0.0},
    {"atan(x)", inf, 0, pi / 2},
    {"atan(x)", -inf, 0, -pi / 2},
    {"atan2(x, y)", 0.0, 0.0, 0.0},
    {"atan2(x, y)", -0.0, 0.0, -0.0},
    {"atan2(x, y)", 0.0, -0.0, pi},
    {"atan2(x, y)", -0.0, -0.0, -pi},
    {"atan2(x, y)", 0.0, 1, 0.0},
    {"atan2(x, y)", -0.0, 1, -0.0},
    {"atan2(x, y)", 0.0, -1, pi},
    {"atan2(x, y)", -0.0, -1, -pi},
    {"atan2(x, y)", 1, 0.0, pi / 2},
    {"atan2(x, y)", 1, -0.0, pi / 2},
    {"atan2(x, y)", -1, 0.0, -pi / 2},
    {"atan2(x, y)", -1, -0.0, -pi / 2},
    {"atan2(x, y)", 1, inf, 0.0},
    {"atan2(x, y)", -1, inf, -0.0},
    {"atan2(x, y)", 1, -inf, pi},
    {"atan2(x, y)", -1, -inf, -pi},
    {"atan2(x, y)", inf, 1, pi / 2},
    {"atan2(x, y)", -inf, 1, -pi / 2},
    {"atan2(x, y)", inf, inf, pi / 4},
    {"atan2(x, y)", -inf, inf, -pi / 4},
    {"atan2(x, y)", inf, -inf, 3 * pi / 4},
    {"atan2(x, y)", -inf, -inf, -3 * pi / 4},
    {"atan2(x, y)", 1, nan, nan},
    {"atan2(x, y)", nan, 1, nan},

    {"sinh(x)", 0, 0, 0.0},
    {"sinh(x)", -0.0, 0, -0.0},
    {"sinh(x)", inf, 0, inf},
    {"sinh(x)", -inf, 0, -inf},
    {"sinh(x)", -1000, 0, -inf},
    {"cosh(x)", 0, 0, 1},
    {"cosh(x)", inf, 0, inf},
    {"cosh(x)", -inf, 0, inf},
    {"cosh(x)", -1000, 0, inf},
    {"tanh(x)", 0, 0, 0.0},
    {"tanh(x)", -0.0, 0, -0.0},
    {"tanh(x)", inf, 0, 1},
    {"tanh(x)", -inf, 0, -1},
    {"tanh(x)", 1e300, 0, 1},
    {"tanh(x)", -1000, 0, -1},
    {"erf(x)", 0, 0, 0.0},
    {"erf(x)", -0.0, 0, -0.0},
    {"erf(x)", inf, 0, 1},
    {"erf(x)", -inf, 0, -1},
    {"erf(x)", 1e300, 0, 1},
    {"erf(x)", -1e30, 0, -1},
    {"erfc(x)", 0, 0, 1},
    {"erfc(x)", inf, 0, 0.0},
    {"erfc(x)", -inf, 0, 2},
    {"erfc(x)", 1e300, 0, 0.0},
    {"erfc(x)", -1e30, 0, 2},
    {"lgamma(x)", 1, 0, 0.0},
    {"lgamma(x)", 2, 0, 0.0},
    {"lgamma(x)", 0, 0, inf},
    {"lgamma(x)", -0.0, 0, inf},
    {"lgamma(x)", -3, 0, inf},
    {"lgamma(x)", -1e30, 0, inf},
    {"lgamma(x)", -1e300, 0, inf},
    {"lgamma(x)", inf, 0, inf},
    {"lgamma(x)", -inf, 0, inf},
    {"lgamma(x)", 1e307, 0, inf},

    {"gamma(x)", 1, 0, 1},
    {"gamma(x)", 2, 0, 1},
    {"gamma(x)", 5, 0, 24},
    {"gamma(x)", 0, 0, inf},
    {"gamma(x)", -0.0, 0, -inf},
    {"gamma(x)", -3, 0, nan},
    {"gamma(x)", inf, 0, inf},
    {"gamma(x)", -inf, 0, nan},
    {"gamma(x)", 172, 0, inf},
    {"gamma(x)", 1e30, 0, inf},

    {"hypot(x, y)", 3, 4, 5},
    {"hypot(x, y)", 0, -0.0, 0.0},
    {"hypot(x, y)", -0.0, -3, 3},
    {"hypot(x, y)", inf, nan, inf},
    {"hypot(x, y)", nan, -inf, inf},
    {"hypot(x, y)", -inf, 1, inf},
    {"hypot(x, y)", nan, 1, nan},
    {"hypot(x, y)", 3e300, 4e300, 5e300},
    {"hypot(x, y)", 3e30, 4e30, 5e30},
    {"hypot(x, y)", 0x3p-1000, 0x4p-1000, 0x5p-1000},
    {"hypot(x, y)", 0x3p-100, 0x4p-100, 0x5p-100},

    {"pow(x, y)", 0, 0, 1},
    {"pow(x, y)", -0.0, -0.0, 1},
    {"pow(x, y)", nan, 0, 1},
    {"pow(x, y)", inf, -0.0, 1},
    {"pow(x, y)", 1, nan, 1},
    {"pow(x, y)", 1, inf, 1},
    {"pow(x, y)", 1, -inf, 1},
    {"pow(x, y)", -1, inf, 1},
    {"pow(x, y)", -1, -inf, 1},
    {"pow(x, y)", nan, 1, nan},
    {"pow(x, y)", 2, nan, nan},
    {"pow(x, y)", -8, 1 / 3.0, nan},
    {"pow(x, y)", -2, 3, -8},
    {"pow(x, y)", -2, -2, 0.25},
    {"pow(x, y)", 2, 10, 1024},
    {"pow(x, y)", 3, 5, 243},
    {"pow(x, y)", 9, 0.5, 3},
    {"pow(x, y)", 0, -1, inf},
    {"pow(x, y)", -0.0, -1, -inf},
    {"pow(x, y)", 0, -2, inf},
    {"pow(x, y)", -0.0, -2, inf},
    {"pow(x, y)", -0.0, -0.5, inf},
    {"pow(x, y)", 0, -inf, inf},
    {"pow(x, y)", -0.0, -inf, inf},
    {"pow(x, y)", 0, 3, 0.0},
    {"pow(x, y)", -0.0, 3, -0.0},
    {"pow(x, y)", 0, 2, 0.0},
    {"pow(x, y)", -0.0, 2, 0.0},
    {"pow(x, y)", -0.0, 0.5, 0.0},
    {"pow(x, y)", -0.0, inf, 0.0},
    {"pow(x, y)", 0.5, -inf, inf},
    {"pow(x, y)", -0.5, -inf, inf},
    {"pow(x, y)", 2, -inf, 0.0},
    {"pow(x, y)", -2, -inf, 0.0},
    {"pow(x, y)", 0.5, inf, 0.0},
    {"pow(x, y)", -0.5, inf, 0.0},
    {"pow(x, y)", 2, inf, inf},
    {"pow(x, y)", -2, inf, inf},
    {"pow(x, y)", inf, 2, inf},
    {"pow(x, y)", inf, -2, 0.0},
    {"pow(x, y)", -inf, 3, -inf},
    {"pow(x, y)", -inf, 2, inf},
    {"pow(x, y)", -inf, 0.5, inf},
    {"pow(x, y)", -inf, -3, -0.0},
    {"pow(x, y)", -inf, -2, 0.0},
    {"pow(x, y)", -inf, -0.5, 0.0},
    {"pow(x, y)", inf, inf, inf},
    {"pow(x, y)", -inf, -inf, 0.0},
    {"pow(x, y)", 10, 1000, inf},
    {"pow(x, y)", -10, 1001, -inf},
    {"pow(x, y)", 10, -1000, 0.0},
    {"pow(x, y)", -10, -1001, -0.0},
    {"pow(x, y)", -1, 1e300, 1},
    {"pow(x, y)", -1, 1e30, 1},
    {"pow(x, y)", -1, 8388607, -1},
    {"pow(x, y)", -2, 1e30, inf},
};

/// Where lanewise is known to differ from C. An entry that is no longer true fails: strike it out.
struct Deviation {
    const char* text;
    double x;
    double f64, f32;  ///< what it gives; `as_c` where that is right
    std::optional<Isa> only_on = {};
};

constexpr double as_c = nan;

const std::vector<Deviation> deviations = {
    // Infinite before the result leaves the range of numbers. SLEEF documents this of sinh and cosh.
    {"exp(x)", 709.7827112, inf, as_c}, {"sinh(x)", 709.001, inf, as_c}, {"sinh(x)", 88.001, as_c, inf},
    {"cosh(x)", 709.001, inf, as_c},    {"cosh(x)", 88.001, as_c, inf},  {"log1p(x)", 1.001e307, inf, as_c},
    {"log1p(x)", 1.001e38, as_c, inf},
};

bool same(Real got, Real expected) {
    if (std::isnan(expected)) return std::isnan(got);
    return got == expected && std::signbit(got) == std::signbit(expected);
}

template <class T>
T value_at(const char* text, double x, double y) {
    constexpr std::size_t lanes = 16;
    Lanes<T> arguments(text, lanes, choose_isa());
    for (std::size_t lane = 0; lane < lanes; ++lane) {
        arguments.x(lane) = static_cast<T>(x);
        arguments.y(lane) = static_cast<T>(y);
    }
    arguments.evaluate();
    return arguments.f(0);
}

template <class T>
void check(const char* text, double x, double y, double expected) {
    const T got = value_at<T>(text, x, y);
    INFO(type_name<T> << ' ' << text << " at x = " << x << ", y = " << y << " is " << got << ", not "
                      << expected);
    CHECK(same(got, static_cast<T>(expected)));
}

template <class T>
double deviant_value(const Deviation& deviation) {
    if (deviation.only_on && *deviation.only_on != choose_isa()) return as_c;
    return std::is_same_v<T, double> ? deviation.f64 : deviation.f32;
}

template <class T>
bool deviates(const Special& special) {
    return std::ranges::any_of(deviations, [&](const Deviation& deviation) {
        return std::string_view(special.text) == deviation.text && same(special.x, deviation.x) &&
               !std::isnan(deviant_value<T>(deviation));
    });
}

template <class T>
void check_special_values() {
    for (const auto& [text, x, y, expected] : specials) {
        if (!deviates<T>({text, x, y, expected})) check<T>(text, x, y, expected);
    }
    for (const Deviation& deviation : deviations) {
        const double expected = deviant_value<T>(deviation);
        if (!std::isnan(expected)) check<T>(deviation.text, deviation.x, 0, expected);
    }
}

template <class T>
void check_nan() {
    for (const Row& row : table) {
        check<T>(row.text, nan, 2, nan);
        if (row.binary != nullptr) check<T>(row.text, 2, nan, nan);
    }
}

}  // namespace

TEST_CASE("special values are those of C, but for known deviations") {
    check_special_values<double>();
    check_special_values<float>();
}

TEST_CASE("NaN in, NaN out") {
    check_nan<double>();
    check_nan<float>();
}
