#define LANEWISE_TABLE avx2_table
#define LANEWISE_ARCH xsimd::fma3<xsimd::avx2>
#define LANEWISE_SLEEF_F64(name, accuracy) Sleef_finz_##name##d4_##accuracy##avx2
#define LANEWISE_SLEEF_F32(name, accuracy) Sleef_finz_##name##f8_##accuracy##avx2
#include "handwritten.ipp"
