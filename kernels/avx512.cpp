#define LANEWISE_TABLE avx512_table
#include "avx512.hpp"
#include "kernels.ipp"
