// Watches a long search and ends it when it has been good enough for a while.
#include <cstdio>
#include <lanewise/lanewise.hpp>

int main() {
    const lanewise::Box box{{"x", -500, 500, 5}};
    double best = 0;
    std::uint64_t since = 0;  // iterations of all runs at the last improvement worth the name
    std::uint64_t now = 0;
    const lanewise::Options options{
        .starts = 20000,
        .iterations = 100000,
        .rule = {.alpha = 0.2},
        .progress =
            [&](const lanewise::Progress& progress) {
                now = progress.run_iterations;
                if (progress.best_f < best - 1e-6) {
                    best = progress.best_f;
                    since = now;
                }
            },
        .stop = [&] { return now > since + 20'000'000; },
    };
    const lanewise::Result result =
        lanewise::minimize("-sum(i, 0, n(x)-1, x[i]*sin(sqrt(abs(x[i]))))", box, options);
    std::printf("best value %.4f after %.0f million iterations of %zu runs\n", result.best.f,
                static_cast<double>(result.work.run_iterations) / 1e6,
                result.runs_started() + result.offspring);
}
