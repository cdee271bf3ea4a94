// What the C interface has lanewise do.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "problem_handle.hpp"
#include "result_handle.hpp"

using namespace lanewise;

namespace {

std::vector<std::vector<double>> points_of(const double* x, std::size_t count, std::size_t dimension) {
    std::vector<std::vector<double>> points;
    points.reserve(count);
    for (std::size_t i = 0; i < count; ++i) points.emplace_back(x + i * dimension, x + (i + 1) * dimension);
    return points;
}

Options search_options(const lanewise_problem& handle, const Box& box) {
    if (handle.tolerance) throw std::invalid_argument("tolerance: an option of minimize_batch alone");
    Options options = handle.problem.search_options(box);
    if (handle.progress) {
        options.progress = [progress = handle.progress](const Progress& at) {
            const std::string phase(name(at.phase));
            const lanewise_progress told{phase.c_str(), at.iteration,  at.iterations, at.runs,
                                         at.runs_begun, at.runs_alive, at.minima,     at.run_iterations,
                                         at.share,      at.best_f,     at.seconds};
            progress(&told);
        };
    }
    options.stop = c::stop_of(handle.stop);
    options.checkpoint = c::checkpoint_of(handle.checkpoint);
    return options;
}

BatchOptions batch_options(const lanewise_problem& handle) {
    constexpr auto known =
        std::to_array<std::string_view>({"rule", "alpha", "beta1", "beta2", "eps", "iterations", "schedule",
                                         "warm-up", "final-alpha", "scale", "tolerance", "maximize", "target",
                                         "threads", "isa", "jit", "memory", "max-time", "max-evaluations"});
    for (const std::string& option : handle.options_set) {
        if (std::ranges::find(known, option) == known.end())
            throw std::invalid_argument(fmt::format("{}: not an option of minimize_batch", option));
    }
    const Options& given = handle.problem.options;
    BatchOptions options{.rule = given.rule,
                         .iterations = given.iterations,
                         .schedule = given.schedule,
                         .warm_up = given.warm_up,
                         .final_alpha = given.final_alpha,
                         .scale = given.scale,
                         .maximize = given.maximize,
                         .target = given.target,
                         .threads = given.threads,
                         .isa = given.isa,
                         .jit = given.jit,
                         .memory = given.memory,
                         .max_time = given.max_time,
                         .max_evaluations = given.max_evaluations,
                         .stop = c::stop_of(handle.stop)};
    if (!handle.options_set.contains("rule")) options.rule.method = BatchOptions{}.rule.method;
    if (handle.tolerance) options.tolerance = *handle.tolerance;
    return options;
}

/// A result with what it is the result of.
std::unique_ptr<lanewise_result> with_problem(Result found, const Objective& objective, const Box& box,
                                              const Options& options) {
    auto result =
        std::make_unique<lanewise_result>(lanewise_result{std::move(found), box, options, {}, {}, {}, {}});
    // What it keeps is for JSON alone.
    result->options.progress = {};
    result->options.stop = {};
    result->options.checkpoint = {};
    result->options.profile = {};
    result->status = name(result->result.status);
    if (const auto* program = dynamic_cast<const Expression*>(&objective))
        result->formula = *program->formula();
    return result;
}

/// A result of `search(objective, box, options)`.
template <class Search>
std::unique_ptr<lanewise_result> searched(lanewise_problem& handle, Search search) {
    const Box& box = handle.box();
    const Objective& objective = handle.objective();
    const Options options = search_options(handle, box);
    return with_problem(search(objective, box, options), objective, box, options);
}

}  // namespace

int lanewise_minimize(lanewise_problem* problem, lanewise_result** result) {
    *result = nullptr;
    return c::guarded(problem, [&] {
        *result = searched(*problem, [](const Objective& objective, const Box& box, const Options& options) {
                      return minimize(objective, box, options);
                  }).release();
    });
}

int lanewise_resume(lanewise_problem* problem, const void* state, size_t bytes, lanewise_result** result) {
    *result = nullptr;
    return c::guarded(problem, [&] {
        c::require(state != nullptr, "state");
        const std::string_view saved(static_cast<const char*>(state), bytes);
        *result = searched(*problem, [&](const Objective& objective, const Box& box, const Options& options) {
                      return resume(saved, objective, box, options);
                  }).release();
    });
}

int lanewise_set_handed(lanewise_problem* problem, const void* handed, size_t bytes) {
    return c::guarded(problem, [&] {
        c::require(bytes == 0 || handed != nullptr, "handed");
        problem->problem.options.handed.assign(static_cast<const char*>(handed), bytes);
    });
}

int lanewise_part_of_state(lanewise_problem* problem, const void* state, size_t bytes, uint64_t* part) {
    return c::guarded(problem, [&] {
        c::require(state != nullptr && part != nullptr, "state or part");
        const auto progress = part_of_state({static_cast<const char*>(state), bytes});
        *part = progress && progress->is_done ? progress->part.number : 0;
    });
}

int lanewise_merge(lanewise_problem* problem, size_t count, const void* const* states, const size_t* bytes,
                   int allow_missing, lanewise_result** result, const void** handed, size_t* handed_bytes,
                   int* settled) {
    if (result != nullptr) *result = nullptr;
    return c::guarded(problem, [&] {
        c::require(count == 0 || (states != nullptr && bytes != nullptr), "states or bytes");
        std::vector<PartState> parts;
        for (std::size_t i = 0; i < count; ++i)
            parts.push_back({.name = fmt::format("state {}", i),
                             .state = {static_cast<const char*>(states[i]), bytes[i]}});
        const Box& box = problem->box();
        const Objective& objective = problem->objective();
        const Options options = search_options(*problem, box);
        Merged merged = merge(parts, objective, box, options, allow_missing != 0);
        if (result != nullptr && merged.result)
            *result = with_problem(*std::move(merged.result), objective, box, options).release();
        problem->text = std::move(merged.handed);
        if (handed != nullptr) *handed = problem->text.data();
        if (handed_bytes != nullptr) *handed_bytes = problem->text.size();
        if (settled != nullptr) *settled = merged.is_settled ? 1 : 0;
    });
}

int lanewise_profile(lanewise_problem* problem, lanewise_result** result, const char** report,
                     const char** timeline) {
    *result = nullptr;
    return c::guarded(problem, [&] {
        *result = searched(*problem, [&](const Objective& objective, const Box& box, Options options) {
                      Profile profile;
                      options.profile = [&](const Profile& told) { profile = told; };
                      Result found = minimize(objective, box, options);
                      problem->text = to_text(profile, found, objective, options);
                      problem->more_text = to_trace_json(profile);
                      return found;
                  }).release();
        *report = problem->text.c_str();
        *timeline = problem->more_text.c_str();
    });
}

int lanewise_minimize_batch(lanewise_problem* problem, size_t count, const double* x0, double* x, double* f,
                            double* g, uint8_t* status, uint64_t* iterations, uint64_t* evaluations) {
    static_assert(static_cast<int>(RunStatus::converged_gradient) == LANEWISE_CONVERGED_GRADIENT);
    static_assert(static_cast<int>(RunStatus::converged_value) == LANEWISE_CONVERGED_VALUE);
    static_assert(static_cast<int>(RunStatus::max_iterations) == LANEWISE_MAX_ITERATIONS);
    static_assert(static_cast<int>(RunStatus::nan_at_start) == LANEWISE_NAN_AT_START);
    static_assert(static_cast<int>(RunStatus::nan_on_the_way) == LANEWISE_NAN_ON_THE_WAY);
    static_assert(static_cast<int>(RunStatus::stopped) == LANEWISE_STOPPED);
    return c::guarded(problem, [&] {
        c::require(count == 0 || (x0 != nullptr && x != nullptr && f != nullptr), "x0, x or f");
        const std::size_t d = problem->box().dimension();
        BatchOptions options = batch_options(*problem);
        options.gradients = g != nullptr;
        const std::vector<RunEnd> ends =
            minimize_batch(problem->objective(), problem->box(), points_of(x0, count, d), options);
        for (std::size_t i = 0; i < count; ++i) {
            std::ranges::copy(ends[i].x, x + i * d);
            f[i] = ends[i].f;
            if (g != nullptr) std::ranges::copy(ends[i].gradient, g + i * d);
            if (status != nullptr) status[i] = static_cast<std::uint8_t>(ends[i].status);
            if (iterations != nullptr) iterations[i] = ends[i].iterations;
            if (evaluations != nullptr) evaluations[i] = ends[i].evaluations;
        }
    });
}

int lanewise_evaluate(lanewise_problem* problem, size_t count, const double* x, double* f, double* g) {
    return c::guarded(problem, [&] {
        c::require(count == 0 || (x != nullptr && f != nullptr), "x or f");
        const std::size_t d = problem->box().dimension();
        const std::vector<Evaluation> at =
            evaluate(problem->objective(), points_of(x, count, d), choose_isa(problem->problem.options.isa));
        for (std::size_t i = 0; i < count; ++i) {
            f[i] = at[i].f;
            if (g != nullptr) std::ranges::copy(at[i].gradient, g + i * d);
        }
    });
}

int lanewise_check_gradient(lanewise_problem* problem, size_t points, double tolerance, int* passed,
                            const char** verdict, const char** json) {
    return c::guarded(problem, [&] {
        const Options& options = problem->problem.options;
        const Box& box = problem->box();
        const GradientCheck check = check_gradient(problem->objective(), box,
                                                   {.points = points,
                                                    .seed = options.seed,
                                                    .tolerance = tolerance,
                                                    .isa = options.isa,
                                                    .compile = options.jit != Jit::off});
        problem->text = to_text(check, box);
        problem->more_text = to_json(check, box);
        if (passed != nullptr) *passed = check.passed ? 1 : 0;
        if (verdict != nullptr) *verdict = problem->text.c_str();
        if (json != nullptr) *json = problem->more_text.c_str();
    });
}

int lanewise_starts(lanewise_problem* problem, size_t count, const uint64_t* ids, double* x) {
    return c::guarded(problem, [&] {
        c::require(count == 0 || (ids != nullptr && x != nullptr), "ids or x");
        const Box& box = problem->box();
        const auto starts =
            chosen_starts(problem->objective(), box, search_options(*problem, box), {ids, count});
        for (std::size_t i = 0; i < count; ++i) std::ranges::copy(starts[i], x + i * box.dimension());
    });
}

int lanewise_paths(lanewise_problem* problem, size_t count, const uint64_t* ids, size_t iterations,
                   lanewise_path_callback callback, void* data) {
    return c::guarded(problem, [&] {
        c::require(callback != nullptr, "callback");
        c::require(count == 0 || ids != nullptr, "ids");
        const c::Caller<lanewise_path_callback> caller{callback, data};
        const Box& box = problem->box();
        visit_paths(
            problem->objective(), box, search_options(*problem, box), {ids, count}, iterations,
            [&](const PathPoint& point) {
                caller(point.start_id, std::int64_t{point.iteration}, point.f, point.x.data());
            },
            PathsFrom::start);
    });
}
