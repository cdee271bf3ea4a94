// SSE2: no fused multiply-add. What simd.hpp asks for.
#pragma once

#define LANEWISE_ARCH xsimd::sse2
#define LANEWISE_SLEEF_F64(name, accuracy) Sleef_cinz_##name##d2_##accuracy##sse2
#define LANEWISE_SLEEF_F32(name, accuracy) Sleef_cinz_##name##f4_##accuracy##sse2
