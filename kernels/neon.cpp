#define LANEWISE_ISA_NAME "neon"
#define LANEWISE_TABLE neon_table
#include "neon.hpp"
#include "kernels.ipp"
