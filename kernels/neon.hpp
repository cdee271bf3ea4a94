// NEON of arm64. What simd.hpp asks for.
#pragma once

#define LANEWISE_ARCH xsimd::neon64
#define LANEWISE_SLEEF_F64(name, accuracy) Sleef_finz_##name##d2_##accuracy##advsimd
#define LANEWISE_SLEEF_F32(name, accuracy) Sleef_finz_##name##f4_##accuracy##advsimd
