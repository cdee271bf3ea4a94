#define LANEWISE_TABLE sse2_table
#define LANEWISE_ARCH xsimd::sse2
#define LANEWISE_SLEEF_F64(name, accuracy) Sleef_cinz_##name##d2_##accuracy##sse2
#define LANEWISE_SLEEF_F32(name, accuracy) Sleef_cinz_##name##f4_##accuracy##sse2
#include "handwritten.ipp"
