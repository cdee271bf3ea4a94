// Many runs of L-BFGS, each for itself, on one thread: minimize_batch beside NLopt, from the starts that are
// read from a file of doubles, d to a start. Prints a row of JSON for each tool; bench/batch/compare.py reads
// them.
#include <nlopt.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "../scalar_loops.hpp"
#include "lanewise/lanewise.hpp"

namespace {

using namespace lanewise;
using Clock = std::chrono::steady_clock;

constexpr double bound = 5;
const char* const rosenbrock = "sum(i, 0, n(x)-2, 100*(x[i+1] - x[i]^2)^2 + (1 - x[i])^2)";

std::vector<std::vector<double>> read_starts(const char* path, std::size_t dimension) {
    std::ifstream in(path, std::ios::binary);
    std::vector<std::vector<double>> starts;
    std::vector<double> x(dimension);
    while (
        in.read(reinterpret_cast<char*>(x.data()), static_cast<std::streamsize>(dimension * sizeof(double))))
        starts.push_back(x);
    return starts;
}

struct Ends {
    double seconds = 0;
    std::size_t evaluations = 0;
    std::vector<double> f, slope;  ///< slope: the largest part of the projected gradient

    void add(const std::vector<double>& x) {
        std::vector<double> g(x.size());
        f.push_back(bench::textbook_value_and_gradient(bench::Function::rosenbrock, x, g));
        double largest = 0;
        for (std::size_t j = 0; j < x.size(); ++j) {
            const bool held = (x[j] == -bound && g[j] >= 0) || (x[j] == bound && g[j] <= 0);
            if (!held) largest = std::max(largest, std::abs(g[j]));
        }
        slope.push_back(largest);
    }

    void print(const char* tool) {
        std::ranges::sort(f);
        std::ranges::sort(slope);
        std::printf(
            "{\"tool\": \"%s\", \"seconds\": %.6g, \"evaluations\": %zu, \"median_f\": %.6g, \"worst_f\": "
            "%.6g, "
            "\"median_slope\": %.3g, \"worst_slope\": %.3g}\n",
            tool, seconds, evaluations, f[f.size() / 2], f.back(), slope[slope.size() / 2], slope.back());
    }
};

template <class Run>
Ends timed(Run run) {
    const Clock::time_point begin = Clock::now();
    const auto [points, evaluations] = run();
    Ends ends;
    ends.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    ends.evaluations = evaluations;
    for (const std::vector<double>& x : points) ends.add(x);
    return ends;
}

struct Outcome {
    std::vector<std::vector<double>> points;
    std::size_t evaluations = 0;
};

Outcome by_lanewise(const std::vector<std::vector<double>>& starts) {
    const Box box{{"x", -bound, bound, starts.front().size()}};
    const Expression objective(rosenbrock, box);
    Outcome outcome;
    for (const RunEnd& end : minimize_batch(objective, box, starts, {.iterations = 15'000, .threads = 1})) {
        outcome.points.push_back(end.x);
        outcome.evaluations += end.evaluations;
    }
    return outcome;
}

double nlopt_value(unsigned dimension, const double* x, double* gradient, void* evaluations) {
    thread_local std::vector<double> point;
    thread_local std::vector<double> g;
    ++*static_cast<std::size_t*>(evaluations);
    point.assign(x, x + dimension);
    g.resize(dimension);
    const double f = bench::textbook_value_and_gradient(bench::Function::rosenbrock, point, g);
    if (gradient != nullptr) std::ranges::copy(g, gradient);
    return f;
}

Outcome by_nlopt(const std::vector<std::vector<double>>& starts) {
    Outcome outcome;
    const auto dimension = static_cast<unsigned>(starts.front().size());
    for (std::vector<double> x : starts) {
        const std::unique_ptr<nlopt_opt_s, decltype(&nlopt_destroy)> search(
            nlopt_create(NLOPT_LD_LBFGS, dimension), nlopt_destroy);
        nlopt_set_vector_storage(search.get(), 10);
        nlopt_set_min_objective(search.get(), nlopt_value, &outcome.evaluations);
        nlopt_set_lower_bounds1(search.get(), -bound);
        nlopt_set_upper_bounds1(search.get(), bound);
        nlopt_set_ftol_rel(search.get(), 1e-15);
        nlopt_set_maxeval(search.get(), 15'000);
        double f = 0;
        nlopt_optimize(search.get(), x.data(), &f);
        outcome.points.push_back(std::move(x));
    }
    return outcome;
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 3) {
        std::fputs("usage: lanewise_batch STARTS DIMENSION\n", stderr);
        return 2;
    }
    const std::vector<std::vector<double>> starts = read_starts(arguments[1], std::stoul(arguments[2]));
    if (starts.empty()) return 2;
    timed([&] { return by_lanewise(starts); }).print("lanewise");
    timed([&] { return by_nlopt(starts); }).print("NLopt");
}
