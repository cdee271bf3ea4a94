#define LANEWISE_ISA_NAME "avx2"
#define LANEWISE_TABLE avx2_table
#include "avx2.hpp"
#include "kernels.ipp"
