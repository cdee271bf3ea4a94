// Data of problems, the fits of models to them, and other objectives of them.
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "lanewise/fit_options.hpp"
#include "problem_handle.hpp"

using namespace lanewise;

namespace {

std::string text_or_empty(const char* text) {
    return text == nullptr ? "" : text;
}

std::span<const double> numbers_of(const double* numbers, std::size_t count) {
    return {numbers, numbers == nullptr ? 0 : count};
}

double number_of(std::string_view option, const char* text) {
    const std::vector<double> numbers = parse_point(option, text);
    if (numbers.size() != 1)
        throw std::invalid_argument(fmt::format("{} '{}': one number is expected", option, text));
    return numbers.front();
}

Model model_of(const lanewise_problem& handle) {
    if (handle.problem.expression.empty()) throw std::invalid_argument("there is no model");
    return handle.problem.model();
}

FitOptions fit_options(const lanewise_problem& handle) {
    FitOptions options = handle.problem.fitting.options;
    options.start_points = handle.problem.options.start_points;
    if (handle.fit_progress) {
        options.progress = [progress = handle.fit_progress](const FitProgress& at) {
            const lanewise_fit_progress told{at.problems, at.done, at.runs, at.seconds};
            progress(&told);
        };
    }
    options.stop = c::stop_of(handle.stop);
    options.checkpoint = c::checkpoint_of(handle.checkpoint);
    return options;
}

template <class From, class To>
void write(const std::vector<From>& numbers, To* target) {
    if (target == nullptr) return;
    std::ranges::transform(numbers, target, [](From number) { return static_cast<To>(number); });
}

/// Of each problem so many places, which are NaN and 0 where there are fewer minima.
void write_minima(const ProblemEnds& ends, std::size_t most, uint64_t* count, double* x, double* f,
                  uint64_t* runs) {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    const std::size_t d = ends.dimension;
    for (std::size_t p = 0; p < ends.minima.size(); ++p) {
        const std::vector<ProblemMinimum>& minima = ends.minima[p];
        if (count != nullptr) count[p] = minima.size();
        for (std::size_t i = 0; i < most; ++i) {
            const bool is_there = i < minima.size();
            const std::size_t at = p * most + i;
            if (f != nullptr) f[at] = is_there ? minima[i].f : nan;
            if (runs != nullptr) runs[at] = is_there ? minima[i].runs : 0;
            for (std::size_t j = 0; j < d && x != nullptr; ++j)
                x[at * d + j] = is_there ? minima[i].x[j] : nan;
        }
    }
}

template <class To, class From>
std::vector<To> read(const From* numbers, std::size_t count) {
    std::vector<To> read(count);
    std::transform(numbers, numbers + count, read.begin(),
                   [](From number) { return static_cast<To>(number); });
    return read;
}

}  // namespace

int lanewise_set_rows(lanewise_problem* problem, size_t problems, const size_t* first_rows) {
    return c::guarded(problem, [&] {
        c::require(first_rows != nullptr, "first_rows");
        Problems rows;
        rows.first_rows.assign(first_rows, first_rows + problems + 1);
        if (rows.first_rows.front() != 0 || !std::ranges::is_sorted(rows.first_rows))
            throw std::invalid_argument("first_rows: must begin with 0 and not fall");
        problem->rows = std::move(rows);
        problem->forget();
    });
}

int lanewise_add_column(lanewise_problem* problem, const char* name, size_t count, const double* numbers,
                        int is_shared) {
    return c::guarded(problem, [&] {
        c::require(name != nullptr, "name");
        c::require(count == 0 || numbers != nullptr, name);
        problem->rows.columns.push_back({name, {numbers, count}, is_shared != 0});
        problem->forget();
    });
}

int lanewise_add_problem_parameter(lanewise_problem* problem, const char* name, const double* numbers) {
    return c::guarded(problem, [&] {
        c::require(name != nullptr, "name");
        Problems& problems = problem->rows;
        c::require(problems.count() == 0 || numbers != nullptr, name);
        problems.parameters.push_back({name, {numbers, problems.count()}});
    });
}

int lanewise_set_problem_bounds(lanewise_problem* problem, const double* lower, const double* upper) {
    return c::guarded(problem, [&] {
        Problems& problems = problem->rows;
        const std::size_t count = problems.count() * problem->box().dimension();
        problems.lower = numbers_of(lower, count);
        problems.upper = numbers_of(upper, count);
    });
}

int lanewise_set_problem_starts(lanewise_problem* problem, const double* x) {
    return c::guarded(problem, [&] {
        Problems& problems = problem->rows;
        problems.starts = numbers_of(x, problems.count() * problem->box().dimension());
    });
}

int lanewise_set_table(lanewise_problem* problem, const char* name, size_t count, const double* numbers) {
    return c::guarded(problem, [&] {
        c::require(name != nullptr, "name");
        c::require(count == 0 || numbers != nullptr, name);
        problem->problem.tables.insert_or_assign(name, std::vector<double>(numbers, numbers + count));
        problem->forget();
    });
}

int lanewise_set_model(lanewise_problem* problem, const char* formula, const char* response,
                       const char* sigma, const char* weights) {
    return c::guarded(problem, [&] {
        c::require(formula != nullptr, "formula");
        c::require(response != nullptr, "response");
        Model& model = problem->problem.fitting.model;
        problem->problem.expression = formula;
        model.response = response;
        model.sigma = text_or_empty(sigma);
        model.weights = text_or_empty(weights);
    });
}

int lanewise_set_fit_option(lanewise_problem* problem, const char* name, const char* value) {
    return c::guarded(problem, [&] {
        c::require(name != nullptr, "option");
        c::require(value != nullptr, name);
        std::string dashed = name;
        std::ranges::replace(dashed, '_', '-');
        Fitting& fitting = problem->problem.fitting;
        if (dashed == "loss") {
            fitting.model.loss = parse_loss(value);
        } else if (dashed == "loss-scale") {
            fitting.model.loss_scale = number_of(dashed, value);
        } else {
            FitOptions changed = fitting.options;  // what is refused changes nothing
            set_fit_option(changed, dashed, value);
            fitting.options = std::move(changed);
        }
    });
}

const char* lanewise_fit_option_name(size_t index) {
    try {
        std::vector<std::string_view> names = fit_option_names();
        std::erase(names, "start");  // lanewise_set_starts
        names.insert(names.end(), {"loss", "loss-scale"});
        return index < names.size() ? names[index].data() : nullptr;  // string literals
    } catch (...) {
        return nullptr;
    }
}

int lanewise_set_fit_progress(lanewise_problem* problem, lanewise_fit_progress_callback callback,
                              void* data) {
    return c::guarded(problem, [&] { problem->fit_progress = {callback, data}; });
}

int lanewise_fit(lanewise_problem* problem, const void* state, size_t bytes, double* x,
                 double* standard_error, double* covariance, double* rss, uint8_t* status, uint64_t* n_used,
                 uint64_t* n_left_out, uint64_t* runs, uint64_t* agree) {
    static_assert(static_cast<int>(FitStatus::converged) == LANEWISE_FIT_CONVERGED);
    static_assert(static_cast<int>(FitStatus::max_iterations) == LANEWISE_FIT_MAX_ITERATIONS);
    static_assert(static_cast<int>(FitStatus::no_rows) == LANEWISE_FIT_NO_ROWS);
    static_assert(static_cast<int>(FitStatus::no_value) == LANEWISE_FIT_NO_VALUE);
    static_assert(static_cast<int>(FitStatus::stopped) == LANEWISE_FIT_STOPPED && fit_statuses == 5);
    return c::guarded(problem, [&] {
        c::require(x != nullptr || problem->rows.count() == 0, "x");
        FitOptions options = fit_options(*problem);
        if (state != nullptr) options.resume = {static_cast<const char*>(state), bytes};
        const Fits fits = fit(model_of(*problem), problem->box(), problem->rows, options);
        write(fits.x, x);
        write(fits.standard_error, standard_error);
        write(fits.covariance, covariance);
        write(fits.rss, rss);
        write(fits.status, status);
        write(fits.n_used, n_used);
        write(fits.n_left_out, n_left_out);
        write(fits.runs, runs);
        write(fits.agree, agree);
    });
}

int lanewise_minimize_problems(lanewise_problem* problem, const void* state, size_t bytes, double* x,
                               double* f, uint8_t* status, uint64_t* n_used, uint64_t* n_left_out,
                               uint64_t* runs, uint64_t* agree, size_t most, uint64_t* minima,
                               double* minima_x, double* minima_f, uint64_t* minima_runs) {
    return c::guarded(problem, [&] {
        c::require(x != nullptr || problem->rows.count() == 0, "x");
        if (problem->problem.expression.empty()) throw std::invalid_argument("there is no expression");
        FitOptions options = fit_options(*problem);
        if (state != nullptr) options.resume = {static_cast<const char*>(state), bytes};
        const ProblemEnds ends = minimize_problems(problem->problem.problems_objective(), problem->box(),
                                                   problem->rows, options, most);
        write(ends.x, x);
        write(ends.f, f);
        write(ends.status, status);
        write(ends.n_used, n_used);
        write(ends.n_left_out, n_left_out);
        write(ends.runs, runs);
        write(ends.agree, agree);
        write_minima(ends, most, minima, minima_x, minima_f, minima_runs);
    });
}

int lanewise_predict(lanewise_problem* problem, const double* x, const double* covariance, const double* rss,
                     const uint8_t* status, const uint64_t* n_used, double confidence, double* value,
                     double* half_width) {
    return c::guarded(problem, [&] {
        const Problems& problems = problem->rows;
        const std::size_t count = problems.count();
        c::require(count == 0 || (x != nullptr && covariance != nullptr && rss != nullptr &&
                                  status != nullptr && n_used != nullptr && value != nullptr),
                   "x, covariance, rss, status, n_used or value");
        const std::size_t d = problem->box().dimension();
        Fits fits;
        fits.dimension = d;
        fits.status = read<FitStatus>(status, count);
        fits.x = read<double>(x, count * d);
        fits.covariance = read<double>(covariance, count * d * d);
        fits.rss = read<double>(rss, count);
        fits.n_used = read<std::size_t>(n_used, count);
        const Prediction prediction =
            predict(model_of(*problem), problem->box(), problems, fits, confidence, fit_options(*problem));
        write(prediction.value, value);
        write(prediction.half_width, half_width);
    });
}
