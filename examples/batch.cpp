// Where the run from each of some starts ends.
#include <cstdio>
#include <lanewise/lanewise.hpp>
#include <limits>
#include <vector>

int main() {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const auto box = lanewise::Box::from_bounds({-infinity, 0}, {infinity, 10});
    const std::vector<std::vector<double>> starts = {{-1.2, 1}, {5, 5}, {0, 9}};
    const auto ends = lanewise::minimize_batch("100*(x[1] - x[0]^2)^2 + (1 - x[0])^2", box, starts);
    for (const lanewise::RunEnd& end : ends)
        std::printf("%.6f %.6f after %zu steps\n", end.x[0], end.x[1], end.iterations);
}
