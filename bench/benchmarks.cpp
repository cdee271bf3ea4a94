// What a run-iteration takes: value, gradient, Adam, best point and box together, as a search does them. Rows
// are named problem/form/threads, forms and their options below, or limits/instruction set/precision;
// bench/compare.py puts them beside other tools.
#include <benchmark/benchmark.h>
#include <nlopt.h>

#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "cases.hpp"
#include "scalar_loops.hpp"

namespace {

using namespace lanewise;
using namespace lanewise::bench;

constexpr std::size_t iterations = 1000;

void report(benchmark::State& state, double seconds, double run_iterations) {
    state.counters["ns_per_run_iteration"] = seconds * 1e9 / run_iterations;
    state.counters["run_iterations_per_second"] = run_iterations / seconds;
}

/// The engine alone: every run goes to its last iteration, and no two ends are one minimum.
Options engine_options(int threads, Jit jit) {
    return {.starts = 4096,
            .iterations = iterations,
            .jit = jit,
            .explore = 1,
            .offspring = false,
            .prune = false,
            .polish = false,
            .same_distance = 1e-15,
            .threads = threads};
}

const Limits& limits_of(Isa isa, Precision precision) {
    static std::map<std::pair<Isa, Precision>, Limits> measured;
    const auto [found, is_new] = measured.try_emplace({isa, precision});
    if (is_new) found->second = measure_limits(isa, precision);
    return found->second;
}

/// A search by its own clock, from the first start to the last decision; the fraction of the limit is that of
/// its iterations. `program` is the same objective as text.
void search_row(benchmark::State& state, const Objective& objective, const Program& program, const Box& box,
                Options options) {
    const Isa isa = choose_isa(options.isa);
    if (options.jit == Jit::on) own_kernels(objective)->compile(isa, options.precision);
    double seconds = 0;
    double iterating = 0;
    double run_iterations = 0;
    options.profile = [&](const Profile& profile) { iterating += profile.seconds_in(Activity::iterate); };
    while (state.KeepRunning()) {
        const Result result = minimize(objective, box, options);
        state.SetIterationTime(result.work.seconds);
        seconds += result.work.seconds;
        run_iterations += static_cast<double>(result.work.run_iterations);
        benchmark::DoNotOptimize(result.best.f);
    }
    report(state, seconds, run_iterations);
    const double least =
        least_time(operations_of(program, options.rule.method), limits_of(isa, options.precision))
            .nanoseconds;
    state.counters["fraction_of_limit"] = least / (iterating * 1e9 / run_iterations);
}

/// Starts of the scalar loops. Not all coordinates the same: atoms would coincide.
std::vector<double> scalar_start(const bench::Case& problem, std::size_t run) {
    std::vector<double> x(problem.dimension);
    for (std::size_t j = 0; j < x.size(); ++j)
        x[j] = problem.bound * std::sin(static_cast<double>(1 + run * x.size() + j));
    return x;
}

/// Times runs one after the other; run(i) returns the iterations it took.
template <class Run>
void scalar_row(benchmark::State& state, Run run) {
    constexpr std::size_t runs = 16;
    double seconds = 0;
    double run_iterations = 0;
    while (state.KeepRunning()) {
        const auto begin = std::chrono::steady_clock::now();
        for (std::size_t i = 0; i < runs; ++i) run_iterations += static_cast<double>(run(i));
        const double elapsed =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        state.SetIterationTime(elapsed);
        seconds += elapsed;
    }
    report(state, seconds, run_iterations);
}

std::size_t textbook(const bench::Case& problem, std::size_t run) {
    benchmark::DoNotOptimize(textbook_run(problem, scalar_start(problem, run), iterations, 0.05));
    return iterations;
}

/// NLopt's L-BFGS with the textbook's function as its callback; an evaluation counts as an iteration.
struct NloptRun {
    const bench::Case* problem;
    std::vector<double> x, g;
    std::size_t evaluations = 0;

    static double value(unsigned dimension, const double* x, double* gradient, void* self) {
        NloptRun& run = *static_cast<NloptRun*>(self);
        ++run.evaluations;
        run.x.assign(x, x + dimension);
        const double f = textbook_value_and_gradient(run.problem->function, run.x, run.g);
        if (gradient != nullptr) std::ranges::copy(run.g, gradient);
        return f;
    }
};

std::size_t nlopt(const bench::Case& problem, std::size_t run) {
    const std::unique_ptr<nlopt_opt_s, decltype(&nlopt_destroy)> search(
        nlopt_create(NLOPT_LD_LBFGS, static_cast<unsigned>(problem.dimension)), nlopt_destroy);
    NloptRun state{&problem, {}, std::vector<double>(problem.dimension)};
    nlopt_set_min_objective(search.get(), NloptRun::value, &state);
    nlopt_set_lower_bounds1(search.get(), -problem.bound);
    nlopt_set_upper_bounds1(search.get(), problem.bound);
    nlopt_set_maxeval(search.get(), static_cast<int>(iterations));
    std::vector<double> x = scalar_start(problem, run);
    double f = 0;
    nlopt_optimize(search.get(), x.data(), &f);
    benchmark::DoNotOptimize(f);
    return state.evaluations;
}

template <class Row>
void add(const std::string& name, Row row) {
    benchmark::RegisterBenchmark(name.c_str(), row)->UseManualTime()->Unit(benchmark::kMillisecond);
}

void add_problem(const bench::Case& problem) {
    const std::string name = problem.name;
    const Box box = box_of(problem);
    const auto text = std::make_shared<Expression>(problem.expression, box);
    const auto compiled = std::make_shared<Expression>(problem.expression, box);
    const std::shared_ptr<const Objective> native(&problem.native(), [](const Objective*) {});
    const auto add_search = [&](const std::string& form, const std::shared_ptr<const Objective>& objective,
                                const Options& options) {
        add(name + "/" + form + "/" + std::to_string(options.threads),
            [=](benchmark::State& state) { search_row(state, *objective, *text, box, options); });
    };
    for (const int threads : {1, 2}) {
        add_search("interpreted", text, engine_options(threads, Jit::off));
        add_search("compiled", compiled, engine_options(threads, Jit::on));
        add_search("native", native, engine_options(threads, Jit::off));
    }
    // The same search upside down: the same trajectories, and so the same work.
    const auto negative = std::make_shared<Expression>("-(" + std::string(problem.expression) + ")", box);
    for (const Jit jit : {Jit::off, Jit::on}) {
        Options maximising = engine_options(1, jit);
        maximising.maximize = true;
        add_search(jit == Jit::on ? "compiled-maximising" : "interpreted-maximising", negative, maximising);
    }
    Options options = engine_options(1, Jit::on);
    options.precision = Precision::f32;
    add_search("compiled-f32", compiled, options);
    if (isa_available(Isa::avx2)) {
        options = engine_options(1, Jit::on);
        options.isa = Isa::avx2;
        add_search("compiled-avx2", compiled, options);
        options.jit = Jit::off;
        add_search("interpreted-avx2", text, options);
    }
    if (name == "rosenbrock-10") {
        for (const int threads : {1, 2}) {
            options = engine_options(threads, Jit::on);
            options.starts = 100'000;
            add_search("compiled-100k", compiled, options);
        }
    }
    add(name + "/textbook/1", [=](benchmark::State& state) {
        scalar_row(state, [&](std::size_t run) { return textbook(problem, run); });
    });
    add(name + "/nlopt/1", [=](benchmark::State& state) {
        scalar_row(state, [&](std::size_t run) { return nlopt(problem, run); });
    });
}

/// Nanoseconds for one number, or one function of one.
void add_limits(Isa isa, Precision precision) {
    add("limits/" + std::string(isa_name(isa)) + "/" + std::string(name(precision)),
        [=](benchmark::State& state) {
            while (state.KeepRunning()) state.SetIterationTime(1);
            const Limits& limits = limits_of(isa, precision);
            for (const auto& [what, nanoseconds] : {std::pair{"fma", limits.fma},
                                                    {"add", limits.add},
                                                    {"add_and_fma", limits.add_and_fma},
                                                    {"select", limits.select},
                                                    {"all_by_turns", limits.all_by_turns},
                                                    {"divide", limits.divide},
                                                    {"square_root", limits.square_root},
                                                    {"l1_load", limits.l1_load},
                                                    {"l1_store", limits.l1_store},
                                                    {"l2_load", limits.l2_load},
                                                    {"l2_store", limits.l2_store},
                                                    {"memory_load", limits.memory_load},
                                                    {"memory_store", limits.memory_store}})
                state.counters[what] = nanoseconds;
            if (limits.newton) {
                state.counters["newton_divide"] = limits.newton->divide;
                state.counters["newton_square_root"] = limits.newton->square_root;
            }
            for (const auto& [function, nanoseconds] : limits.functions)
                state.counters[function] = nanoseconds;
        });
}

}  // namespace

int main(int argc, char** argv) {
    benchmark::AddCustomContext("isa", std::string(isa_name(choose_isa())));
    for (const Isa isa : built_isas()) {
        if (!isa_available(isa)) continue;
        for (const Precision precision : {Precision::f64, Precision::f32}) add_limits(isa, precision);
    }
    for (const bench::Case& problem : cases) add_problem(problem);
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
