// An ordinary C++ function as the objective: recorded once, with its exact gradient, and run as SIMD code.
#include <cmath>
#include <cstdio>
#include <lanewise/lanewise.hpp>

// Ackley's function, a template: of doubles it is a number, of traced values an objective.
template <class Point>
auto ackley(const Point& x) {
    using std::cos, std::exp, std::sqrt;
    auto squares = 0 * x[0];
    auto waves = 0 * x[0];
    for (const auto& xj : x) {
        squares += xj * xj;
        waves += cos(6.283185307179586 * xj);
    }
    const auto d = static_cast<double>(x.size());
    return 20 - 20 * exp(-0.2 * sqrt(squares / d)) + std::exp(1.0) - exp(waves / d);
}

int main() {
    const auto objective = lanewise::trace(5, [](const auto& x) { return ackley(x); });
    const lanewise::Box box{{"x", -32.8, 32.8, 5}};
    const lanewise::Result result =
        lanewise::minimize(objective, box, {.starts = 2000, .rule = {.beta1 = 0, .beta2 = 0.99}});
    std::printf("best value %.1e, checked %.1e\n", result.best.f, ackley(result.best.x));
}
