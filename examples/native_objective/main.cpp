// Minimises the native objective of valley.cpp; lanewise_add_native defines the function declared here.
#include <cstdio>
#include <lanewise/lanewise.hpp>

namespace landscape {
const lanewise::Objective& valley();
}

int main() {
    const lanewise::Box box{{"x", -4, 4, 3}};
    const lanewise::Result result = lanewise::minimize(landscape::valley(), box, {.starts = 4000});
    std::printf("best value %.9f at (%.6f, %.6f, %.6f)\n", result.best.f, result.best.x[0], result.best.x[1],
                result.best.x[2]);
    std::printf("%zu minima, %.0f million iterations in %.3f s on %s\n", result.minima_found,
                static_cast<double>(result.work.run_iterations) / 1e6, result.work.seconds,
                lanewise::isa_name(result.isa).data());
}
