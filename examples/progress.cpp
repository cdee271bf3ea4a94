// Watches a long search and ends it when it has been good enough for a while.
#include <cstdio>
#include <lanewise/lanewise.hpp>

int main() {
    const lanewise::Box box{{"x", -500, 500, 5}};
    double best = 0;
    std::size_t since = 0;  // the iteration of the last improvement worth the name
    std::size_t now = 0;
    const lanewise::Options options{
        .starts = 20000,
        .iterations = 100000,
        .rule = {.alpha = 0.2},
        .progress =
            [&](const lanewise::Progress& progress) {
                now = progress.iteration;
                if (progress.best_f < best - 1e-6) {
                    best = progress.best_f;
                    since = now;
                }
            },
        .stop = [&] { return now > since + 1000; },
    };
    const lanewise::Result result =
        lanewise::minimize("-sum(i, 0, n(x)-1, x[i]*sin(sqrt(abs(x[i]))))", box, options);
    std::printf("best value %.4f after %zu iterations of %zu runs\n", result.best.f, result.iterations,
                result.runs_started());
}
