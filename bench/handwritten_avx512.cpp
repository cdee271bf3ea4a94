#define LANEWISE_TABLE avx512_table
#define LANEWISE_ARCH xsimd::avx512f
#define LANEWISE_SLEEF_F64(name, accuracy) Sleef_finz_##name##d8_##accuracy##avx512f
#define LANEWISE_SLEEF_F32(name, accuracy) Sleef_finz_##name##f16_##accuracy##avx512f
#include "handwritten.ipp"
