// Objectives that are callables: one that knows values only, one with a gradient.
#include <cmath>
#include <cstdio>
#include <lanewise/lanewise.hpp>

// How far from a hoop, 30 m away and 5 m up, a ball passes that is thrown at this angle and speed against the
// drag of the air: no formula, a simulation.
double miss(double angle, double speed) {
    constexpr double drag = 0.01;
    constexpr double dt = 0.01;
    double x = 0, y = 0, vx = speed * std::cos(angle), vy = speed * std::sin(angle);
    while (x + vx * dt < 30) {
        const double resistance = drag * std::hypot(vx, vy);
        x += vx * dt;
        y += vy * dt;
        vx -= resistance * vx * dt;
        vy -= (9.81 + resistance * vy) * dt;
        if (y < -100) return NAN;  // fell short
    }
    const double rest = (30 - x) / vx;
    return std::hypot(y + vy * rest - 5, 0.1 * speed);  // and the slower the better
}

int main() {
    const lanewise::Box box{{"angle", 0, 1.5}, {"speed", 5, 50}};
    const lanewise::CentralDifferences throws(box, [](auto x, auto f) {
        for (std::size_t lane = 0; lane < f.size(); ++lane) f[lane] = miss(x[0][lane], x[1][lane]);
    });
    const lanewise::Result best = lanewise::minimize(throws, box, {.starts = 64, .iterations = 300});
    std::printf("throw at %.2f rad and %.1f m/s\n", best.best.x[0], best.best.x[1]);

    const lanewise::Box square{{"a", -1, 1}, {"b", -1, 1}};
    const lanewise::Callback saddle(2, [](auto x, auto f, auto g) {
        for (std::size_t lane = 0; lane < f.size(); ++lane) {
            f[lane] = x[0][lane] * x[1][lane];
            g[0][lane] = x[1][lane];
            g[1][lane] = x[1][lane];  // a slip
        }
    });
    std::puts(lanewise::to_text(lanewise::check_gradient(saddle, square), square).c_str());
}
