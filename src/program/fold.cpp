// Constant folding with SLEEF's portable scalar functions: the same bits with every C library and processor.
#include <sleef.h>

#include <cmath>
#include <limits>

#include "graph.hpp"

namespace lanewise {

namespace {

double whole_power(double base, double exponent) {
    double product = 1;
    for (auto rest = static_cast<unsigned>(exponent); rest != 0; rest >>= 1U, base *= base) {
        if ((rest & 1U) != 0) product *= base;
    }
    return product;
}

/// Whole powers are products, as in a program.
double power(double base, double exponent) {
    if (exponent != std::trunc(exponent) || std::abs(exponent) > largest_product_power)
        return Sleef_cinz_powd1_u10purec(base, exponent);
    if (exponent >= 0) return whole_power(base, exponent);
    const double inverse = whole_power(base, -exponent);
    return std::isinf(inverse) ? whole_power(1 / base, -exponent) : 1 / inverse;
}

}  // namespace

double fold(Opcode op, double a, double b, double c) {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    const bool unordered = std::isnan(a) || std::isnan(b);
    if (op == Opcode::pow) return power(a, b);
    switch (op) {
        case Opcode::copy: return a;
        case Opcode::neg: return -a;
        case Opcode::add: return a + b;
        case Opcode::sub: return a - b;
        case Opcode::mul: return a * b;
        case Opcode::div: return a / b;
        case Opcode::fma: return std::fma(a, b, c);
        case Opcode::fms: return std::fma(a, b, -c);
        case Opcode::fnma: return std::fma(-a, b, c);
        case Opcode::sqrt: return std::sqrt(a);
        case Opcode::abs: return std::abs(a);
        case Opcode::sign: return std::isnan(a) ? nan : static_cast<double>((a > 0) - (a < 0));
        case Opcode::floor: return std::floor(a);
        case Opcode::ceil: return std::ceil(a);
        case Opcode::min: return unordered ? nan : (a <= b ? a : b);
        case Opcode::max: return unordered ? nan : (a >= b ? a : b);
        case Opcode::lt: return a < b ? 1 : 0;
        case Opcode::le: return a <= b ? 1 : 0;
        case Opcode::eq: return a == b ? 1 : 0;
        case Opcode::ne: return a != b ? 1 : 0;
        case Opcode::logical_and: return a != 0 && b != 0 ? 1 : 0;
        case Opcode::logical_or: return a != 0 || b != 0 ? 1 : 0;
        case Opcode::logical_not: return a == 0 ? 1 : 0;
        case Opcode::select: return a != 0 ? b : c;
        case Opcode::gamma: return Sleef_cinz_tgammad1_u10purec(a);
        case Opcode::sin: return Sleef_cinz_sind1_u10purec(a);
        case Opcode::cos: return Sleef_cinz_cosd1_u10purec(a);
        case Opcode::digamma:  // made by differentiation only, of what varies
        case Opcode::sincos:
        case Opcode::twins:
        case Opcode::sum_products: return nan;  // made by lowering only
        case Opcode::sum_rows: return nan;      // not of numbers alone
#define LANEWISE_ARGUMENTS_1 a
#define LANEWISE_ARGUMENTS_2 a, b
#define LANEWISE_FOLD(name, operands, accuracy) \
    case Opcode::name: return Sleef_cinz_##name##d1_##accuracy##purec(LANEWISE_ARGUMENTS_##operands);
            LANEWISE_FUNCTIONS(LANEWISE_FOLD)
#undef LANEWISE_FOLD
#undef LANEWISE_ARGUMENTS_2
#undef LANEWISE_ARGUMENTS_1
    }
    return nan;
}

}  // namespace lanewise
