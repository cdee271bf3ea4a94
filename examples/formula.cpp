// Minimises a formula and prints what was found.
#include <cstdio>
#include <lanewise/lanewise.hpp>

int main() {
    const lanewise::Box box{{"x", -5, 5}, {"y", -5, 5}};
    const lanewise::Result result =
        lanewise::minimize("(x^2 + y - 11)^2 + (x + y^2 - 7)^2", box, {.starts = 2000, .seed = 1});

    std::printf("best value %g at (%g, %g)\n", result.best.f, result.best.x[0], result.best.x[1]);
    for (const lanewise::Minimum& minimum : result.minima)
        std::printf("minimum %g at (%g, %g), reached by %zu runs\n", minimum.f, minimum.x[0], minimum.x[1],
                    minimum.hits());
}
