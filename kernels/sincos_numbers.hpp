// The numbers of sincos.hpp, which machine code has too. X(name, number).
#pragma once

#define LANEWISE_SINCOS_NUMBERS(X)                                                     \
    X(limit, 8192) /* where the short reduction is exact enough */                     \
    X(round_to_integer, 0x1.8p52)                                                      \
    X(two_over_pi, 0x1.45f306dc9c883p-1)                                               \
    X(half_pi_1, 1.57079632673412561417e+00) /* pi/2 in parts of 33, 33 and 53 bits */ \
    X(half_pi_2, 6.07710050630396597660e-11)                                           \
    X(half_pi_3, 2.02226624879595063154e-21)                                           \
    X(s6, 1.58969099521155010221e-10) /* minimax polynomials of fdlibm's kernels */    \
    X(s5, -2.50507602534068634195e-08)                                                 \
    X(s4, 2.75573137070700676789e-06)                                                  \
    X(s3, -1.98412698298579493134e-04)                                                 \
    X(s2, 8.33333333332248946124e-03)                                                  \
    X(s1, -1.66666666666666324348e-01)                                                 \
    X(c6, -1.13596475577881948265e-11)                                                 \
    X(c5, 2.08757232129817482790e-09)                                                  \
    X(c4, -2.75573143513906633035e-07)                                                 \
    X(c3, 2.48015872894767294178e-05)                                                  \
    X(c2, -1.38888888888741095749e-03)                                                 \
    X(c1, 4.16666666666666019037e-02)                                                  \
    X(minus_half, -0.5)

namespace lanewise::kernels::sincos_number {

#define LANEWISE_NUMBER(name, number) inline constexpr double name = number;
LANEWISE_SINCOS_NUMBERS(LANEWISE_NUMBER)
#undef LANEWISE_NUMBER

}  // namespace lanewise::kernels::sincos_number
