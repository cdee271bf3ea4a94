// AVX2 with FMA. What simd.hpp asks for.
#pragma once

#define LANEWISE_ARCH xsimd::fma3<xsimd::avx2>
#define LANEWISE_SLEEF_F64(name, accuracy) Sleef_finz_##name##d4_##accuracy##avx2
#define LANEWISE_SLEEF_F32(name, accuracy) Sleef_finz_##name##f8_##accuracy##avx2
