// The instruction sets, once: those of a processor family with the narrowest vectors first.
#pragma once

// X(name, what the processor has to support). What it is compiled from and with: name.cpp and name.hpp here,
// cmake/Kernels.cmake. The first of a family is its baseline.
#define LANEWISE_X86_ISAS(X)                                                           \
    X(sse2, true)                                                                      \
    X(avx2, __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0) \
    X(avx512, __builtin_cpu_supports("avx512f") != 0)
#define LANEWISE_ARM_ISAS(X) X(neon, true)

#define LANEWISE_ISAS(X) LANEWISE_X86_ISAS(X) LANEWISE_ARM_ISAS(X)

// Those that a build has kernels for.
#if defined(__x86_64__)
#define LANEWISE_BUILT_ISAS(X) LANEWISE_X86_ISAS(X)
#elif defined(__aarch64__)
#define LANEWISE_BUILT_ISAS(X) LANEWISE_ARM_ISAS(X)
#endif
