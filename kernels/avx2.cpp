#define LANEWISE_TABLE avx2_table
#include "avx2.hpp"
#include "kernels.ipp"
