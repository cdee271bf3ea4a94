// ns per run-iteration: value, gradient, Adam, best point and box together, as a search does them. Rows are
// named problem/form/threads; bench/compare.py puts them beside numpy and torch.
#include <benchmark/benchmark.h>

#include <cmath>
#include <string>

#include "problems.hpp"
#include "textbook.hpp"

namespace {

using namespace lanewise;
using namespace lanewise::bench;

constexpr std::size_t iterations = 1000;

void report(benchmark::State& state, double seconds, double run_iterations) {
    state.counters["ns_per_run_iteration"] = seconds * 1e9 / run_iterations;
}

/// The engine alone: every run goes to its last iteration.
Options engine_options(std::size_t starts, int threads, Jit jit) {
    return {.starts = starts,
            .iterations = iterations,
            .jit = jit,
            .explore = 1,
            .offspring = false,
            .prune = false,
            .polish = false,
            .same = {.distance = 1e-15, .value = 1e-15, .exact_value = 1e-15},
            .threads = threads};
}

/// A search by its own clock.
void search_rows(benchmark::State& state, const Objective& objective, const bench::Problem& problem,
                 const Options& options) {
    if (options.jit == Jit::on) objective.compile(choose_isa(), options.precision, Compile::finish);
    double seconds = 0;
    double run_iterations = 0;
    while (state.KeepRunning()) {
        const Result result = minimize(objective, box_of(problem), options);
        state.SetIterationTime(result.work.seconds);
        seconds += result.work.seconds;
        run_iterations += static_cast<double>(result.work.run_iterations);
        benchmark::DoNotOptimize(result.best.f);
    }
    report(state, seconds, run_iterations);
}

void textbook_rows(benchmark::State& state, const bench::Problem& problem) {
    constexpr std::size_t runs = 16;
    double seconds = 0;
    double run_iterations = 0;
    while (state.KeepRunning()) {
        const auto begin = std::chrono::steady_clock::now();
        for (std::size_t run = 0; run < runs; ++run) {
            // Not all coordinates the same: atoms would coincide.
            std::vector<double> x(problem.dimension);
            for (std::size_t j = 0; j < x.size(); ++j)
                x[j] = problem.bound * std::sin(static_cast<double>(1 + run * x.size() + j));
            benchmark::DoNotOptimize(textbook_run(problem, x, iterations, 0.05));
        }
        const double elapsed =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        state.SetIterationTime(elapsed);
        seconds += elapsed;
        run_iterations += static_cast<double>(runs * iterations);
    }
    report(state, seconds, run_iterations);
}

void add_search(const std::string& name, const std::shared_ptr<const Objective>& objective,
                const bench::Problem& problem, const Options& options) {
    benchmark::RegisterBenchmark(
        (name + "/" + std::to_string(options.threads)).c_str(),
        [=](benchmark::State& state) { search_rows(state, *objective, problem, options); })
        ->UseManualTime()
        ->Unit(benchmark::kMillisecond);
}

}  // namespace

int main(int argc, char** argv) {
    benchmark::AddCustomContext("isa", std::string(isa_name(choose_isa())));
    constexpr std::size_t starts = 4096;
    for (const bench::Problem& problem : problems) {
        const std::string name = problem.name;
        benchmark::RegisterBenchmark((name + "/textbook/1").c_str(),
                                     [problem](benchmark::State& state) { textbook_rows(state, problem); })
            ->UseManualTime()
            ->Unit(benchmark::kMillisecond);
        const auto text = std::make_shared<Expression>(problem.expression, box_of(problem));
        const auto compiled = std::make_shared<Expression>(problem.expression, box_of(problem));
        const std::shared_ptr<const Objective> native(&problem.native(), [](const Objective*) {});
        for (const int threads : {1, 2}) {
            add_search(name + "/text", text, problem, engine_options(starts, threads, Jit::off));
            add_search(name + "/compiled", compiled, problem, engine_options(starts, threads, Jit::on));
            add_search(name + "/native", native, problem, engine_options(starts, threads, Jit::off));
        }
        if (name == "rosenbrock-10") {
            constexpr std::size_t many = 100'000;
            for (const int threads : {1, 2}) {
                add_search(name + "/text-100k", text, problem, engine_options(many, threads, Jit::off));
                add_search(name + "/native-100k", native, problem, engine_options(many, threads, Jit::off));
            }
        }
    }
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
