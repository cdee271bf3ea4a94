#define LANEWISE_TABLE neon_table
#include "neon.hpp"
#include "kernels.ipp"
