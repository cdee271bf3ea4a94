#define LANEWISE_TABLE sse2_table
#include "sse2.hpp"
#include "kernels.ipp"
