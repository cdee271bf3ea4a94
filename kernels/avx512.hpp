// AVX-512 F. What simd.hpp asks for.
#pragma once

#define LANEWISE_ARCH xsimd::avx512f
#define LANEWISE_SLEEF_F64(name, accuracy) Sleef_finz_##name##d8_##accuracy##avx512f
#define LANEWISE_SLEEF_F32(name, accuracy) Sleef_finz_##name##f16_##accuracy##avx512f
