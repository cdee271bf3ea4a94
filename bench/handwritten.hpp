// The table of hand-written objectives, one per instruction set.
#pragma once

#include <cstddef>

namespace lanewise::bench {

struct Rows {
    std::size_t lanes, dimension;
    const double* x;
    double* f;
    double* g;
};

struct Handwritten {
    void (*sphere)(const Rows&);
    void (*rosenbrock)(const Rows&);
    void (*rastrigin)(const Rows&);
};

extern const Handwritten sse2_table;
extern const Handwritten avx2_table;
extern const Handwritten avx512_table;
extern const Handwritten neon_table;

}  // namespace lanewise::bench
