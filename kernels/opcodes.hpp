// The operations of a program, once: graph, folding and interpreter expand these lists.
#pragma once

#include <cstddef>
#include <cstdint>

// X(name, operands). A function of vectors each, in operations.hpp.
#define LANEWISE_SIMPLE_OPERATIONS(X)                                  \
    X(copy, 1)                                                         \
    X(neg, 1)                                                          \
    X(add, 2)                                                          \
    X(sub, 2)                                                          \
    X(mul, 2)                                                          \
    X(div, 2)                                                          \
    X(fma, 3)  /* a*b + c, one rounding */                             \
    X(fms, 3)  /* a*b - c, one rounding */                             \
    X(fnma, 3) /* c - a*b, one rounding */                             \
    X(sqrt, 1)                                                         \
    X(abs, 1)                                                          \
    X(sign, 1) /* -1, 0 or 1; NaN for NaN */                           \
    X(floor, 1)                                                        \
    X(ceil, 1)                                                         \
    X(min, 2)         /* NaN if either is */                           \
    X(max, 2)         /* NaN if either is */                           \
    X(lt, 2)          /* a < b ? 1 : 0 */                              \
    X(le, 2)          /* a <= b ? 1 : 0 */                             \
    X(eq, 2)          /* a == b ? 1 : 0 */                             \
    X(ne, 2)          /* a == b ? 0 : 1 */                             \
    X(logical_and, 2) /* 1 or 0; 0 is false, all else true, NaN too */ \
    X(logical_or, 2)                                                   \
    X(logical_not, 1)                                                  \
    X(select, 3) /* a != 0 ? b : c */                                  \
    X(gamma, 1)                                                        \
    X(digamma, 1) /* the derivative of lgamma */                       \
    X(sin, 1)                                                          \
    X(cos, 1)

#define LANEWISE_OPERATIONS(X)                                                \
    LANEWISE_SIMPLE_OPERATIONS(X)                                             \
    X(sincos, 1)       /* two results: b is where the cosine goes */          \
    X(twins, 0)        /* two multiply-adds of the same factors, see below */ \
    X(sum_rows, 1)     /* the sum over the rows of the data */                \
    X(sum_products, 2) /* the sum of a*b over the rows, one rounding each */

// X(name, operands, accuracy). Taken from SLEEF; accuracy is SLEEF's suffix: u10 is 1.0 ULP, u35 3.5 ULP.
#define LANEWISE_FUNCTIONS(X) \
    X(exp, 1, u10)            \
    X(exp2, 1, u35)           \
    X(expm1, 1, u10)          \
    X(log, 1, u35)            \
    X(log2, 1, u35)           \
    X(log10, 1, u10)          \
    X(log1p, 1, u10)          \
    X(tan, 1, u35)            \
    X(asin, 1, u35)           \
    X(acos, 1, u35)           \
    X(atan, 1, u35)           \
    X(sinh, 1, u35)           \
    X(cosh, 1, u35)           \
    X(tanh, 1, u35)           \
    X(cbrt, 1, u35)           \
    X(erf, 1, u10)            \
    X(erfc, 1, u15)           \
    X(lgamma, 1, u10)         \
    X(atan2, 2, u35)          \
    X(hypot, 2, u35)          \
    X(pow, 2, u10)

namespace lanewise::kernels {

enum class Opcode : std::uint16_t {
#define LANEWISE_NAME(name, ...) name,
    LANEWISE_OPERATIONS(LANEWISE_NAME) LANEWISE_FUNCTIONS(LANEWISE_NAME)
#undef LANEWISE_NAME
};

inline constexpr std::uint8_t operand_counts[] = {
#define LANEWISE_COUNT(name, operands, ...) operands,
    LANEWISE_OPERATIONS(LANEWISE_COUNT) LANEWISE_FUNCTIONS(LANEWISE_COUNT)
#undef LANEWISE_COUNT
};

inline constexpr std::size_t opcodes = sizeof operand_counts;

constexpr int operand_count(Opcode op) {
    return operand_counts[static_cast<int>(op)];
}

/// Two multiply-adds with the factors a and b in common: the first's addend is c, the second's d; the
/// second's result goes to e. The variant is the index of the first times 3 + that of the second.
inline constexpr Opcode twin_kinds[] = {Opcode::fma, Opcode::fms, Opcode::fnma};
inline constexpr int twin_kind_count = 3;

constexpr Opcode twin_first(int variant) {
    return twin_kinds[variant / twin_kind_count];
}
constexpr Opcode twin_second(int variant) {
    return twin_kinds[variant % twin_kind_count];
}

}  // namespace lanewise::kernels
