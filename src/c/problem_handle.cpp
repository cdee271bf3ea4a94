#include "problem_handle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <stdexcept>
#include <utility>
#include <vector>

#include "callbacks.hpp"
#include "recorded.hpp"

using namespace lanewise;

namespace {

const char* required(const char* text, const char* what) {
    c::require(text != nullptr, what);
    return text;
}

/// The data of the one problem that rows are known of.
Data data_of(const Problems& rows) {
    if (rows.count() != 1)
        throw std::invalid_argument(
            fmt::format("rows of {} problems: a formula is minimised over those of one", rows.count()));
    std::vector<Column> columns;
    for (const Problems::Column& column : rows.columns)
        columns.push_back({column.name, {column.numbers.begin(), column.numbers.end()}});
    return Data(std::move(columns));
}

std::unique_ptr<const Objective> make_expression(const lanewise_problem& handle, const Box& box) {
    const Problem& problem = handle.problem;
    if (handle.rows.columns.empty()) return std::make_unique<Expression>(problem.objective(box));
    return std::make_unique<Expression>(problem.expression, box, problem.parameters, data_of(handle.rows),
                                        problem.all_tables());
}

}  // namespace

std::function<bool()> c::stop_of(const Caller<lanewise_stop_callback>& stop) {
    if (!stop) return {};
    using Clock = std::chrono::steady_clock;
    return [stop, next = Clock::time_point()]() mutable {
        const Clock::time_point now = Clock::now();
        if (now < next) return false;
        const bool ends = stop.function(stop.data) != 0;
        constexpr std::chrono::milliseconds interval(10);
        next = Clock::now() + interval;
        return ends;
    };
}

std::function<void(std::string_view)> c::checkpoint_of(
    const Caller<lanewise_checkpoint_callback>& checkpoint) {
    if (!checkpoint) return {};
    return [checkpoint](std::string_view state) {
        checkpoint(static_cast<const void*>(state.data()), state.size());
    };
}

const Box& lanewise_problem::box() {
    if (!box_) box_ = std::make_unique<Box>(problem.box());
    return *box_;
}

const Objective& lanewise_problem::objective() {
    if (!make_objective) throw std::invalid_argument("there is no objective");
    if (!objective_) objective_ = make_objective(box());
    return *objective_;
}

const char* lanewise_version() {
    static_assert(LANEWISE_ABI == 1);
    return lanewise::version().data();  // a string literal
}

lanewise_problem* lanewise_new() {
    try {
        return new lanewise_problem;
    } catch (...) {
        return nullptr;
    }
}

void lanewise_free(lanewise_problem* problem) {
    delete problem;
}

const char* lanewise_error(const lanewise_problem* problem) {
    return problem->is_out_of_memory ? "not enough memory" : problem->error.c_str();
}

int lanewise_read(lanewise_problem* problem, const char* toml, const char* file) {
    return c::guarded(problem, [&] {
        Problem read = parse_problem(required(toml, "toml"), file == nullptr ? "" : file);
        read.load_expression();
        problem->problem = std::move(read);
        problem->options_set.clear();
        problem->tolerance.reset();
        problem->make_objective = [problem](const Box& box) { return make_expression(*problem, box); };
        problem->forget();
    });
}

int lanewise_add_variable(lanewise_problem* problem, const char* name, size_t length, const double* lower,
                          const double* upper, int scale) {
    return c::guarded(problem, [&] {
        c::require(lower != nullptr && upper != nullptr, "bounds");
        Variable variable{.name = required(name, "name")};
        if (length == 0) {
            variable.lower = *lower;
            variable.upper = *upper;
        } else {
            variable.lower = std::vector<double>(lower, lower + length);
            variable.upper = std::vector<double>(upper, upper + length);
        }
        if (scale < LANEWISE_LINEAR_UNLESS_WIDE || scale > LANEWISE_LOG)
            throw std::invalid_argument(
                fmt::format("{}: scale {}: there is no such lanewise_scale", variable.name, scale));
        if (scale != LANEWISE_LINEAR_UNLESS_WIDE) variable.log = scale == LANEWISE_LOG;
        std::vector<Variable> variables = problem->problem.variables;
        variables.push_back(std::move(variable));
        const Box checked(variables);
        problem->problem.variables = std::move(variables);
        problem->forget();
    });
}

int lanewise_add_variable_text(lanewise_problem* problem, const char* text) {
    return c::guarded(problem, [&] {
        std::vector<Variable> variables = problem->problem.variables;
        variables.push_back(parse_variable(required(text, "variable")));
        const Box checked(variables);
        problem->problem.variables = std::move(variables);
        problem->forget();
    });
}

size_t lanewise_dimension(const lanewise_problem* problem) {
    try {
        return problem->problem.variables.empty() ? 0 : problem->problem.box().dimension();
    } catch (...) {
        return 0;
    }
}

int lanewise_bounds(lanewise_problem* problem, double* lower, double* upper) {
    return c::guarded(problem, [&] {
        c::require(lower != nullptr && upper != nullptr, "bounds");
        std::ranges::copy(problem->box().lower(), lower);
        std::ranges::copy(problem->box().upper(), upper);
    });
}

int lanewise_set_parameter(lanewise_problem* problem, const char* name, double value) {
    return c::guarded(problem, [&] {
        problem->problem.parameters.insert_or_assign(required(name, "parameter"), value);
        problem->forget();
    });
}

int lanewise_set_option(lanewise_problem* problem, const char* name, const char* value) {
    return c::guarded(problem, [&] {
        std::string dashed = required(name, "option");
        std::ranges::replace(dashed, '_', '-');
        const char* const text = required(value, dashed.c_str());
        if (dashed == "tolerance") {
            char* end = nullptr;
            const double tolerance = std::strtod(text, &end);
            if (end == text || *end != '\0' || !(tolerance >= 0) || !std::isfinite(tolerance))
                throw std::invalid_argument(
                    fmt::format("tolerance '{}': must be a finite number and at least 0", text));
            problem->tolerance = tolerance;
        } else {
            const std::vector<std::string_view> names = search_option_names();
            if (std::ranges::find(names, dashed) == names.end())
                throw std::invalid_argument(unknown_option(dashed, names));
            Problem changed = problem->problem;  // what is refused changes nothing
            set_option(changed, dashed, text);
            problem->problem = std::move(changed);
        }
        problem->options_set.insert(std::move(dashed));
    });
}

const char* lanewise_option_name(size_t index) {
    try {
        const std::vector<std::string_view> names = search_option_names();
        return index < names.size() ? names[index].data() : nullptr;  // string literals
    } catch (...) {
        return nullptr;
    }
}

int lanewise_set_expression(lanewise_problem* problem, const char* expression) {
    return c::guarded(problem, [&] {
        problem->problem.expression = required(expression, "expression");
        problem->make_objective = [problem](const Box& box) { return make_expression(*problem, box); };
        problem->forget();
    });
}

int lanewise_set_program(lanewise_problem* problem, size_t nodes, const uint8_t* operations,
                         const uint32_t* a, const uint32_t* b, const uint32_t* c, const double* numbers,
                         uint32_t value) {
    return c::guarded(problem, [&] {
        c::require(nodes == 0 || (operations != nullptr && a != nullptr && b != nullptr && c != nullptr &&
                                  numbers != nullptr),
                   "program");
        problem->make_objective = [recorded = c::Recorded{{operations, operations + nodes},
                                                          {a, a + nodes},
                                                          {b, b + nodes},
                                                          {c, c + nodes},
                                                          {numbers, numbers + nodes},
                                                          value}](const Box& box) {
            return std::make_unique<Program>(recorded.program(box.dimension()));
        };
        problem->forget();
    });
}

int lanewise_operation(const char* name) {
    if (name == nullptr) return -1;
    const std::optional<std::uint8_t> number = c::operation_number(name);
    return number ? *number : -1;
}

int lanewise_set_gradient_callback(lanewise_problem* problem, lanewise_gradient_callback callback,
                                   void* data) {
    return c::guarded(problem, [&] {
        c::require(callback != nullptr, "callback");
        problem->make_objective = [caller = c::Caller<lanewise_gradient_callback>{callback, data}](
                                      const Box& box) { return c::gradient_objective(box, caller); };
        problem->forget();
    });
}

int lanewise_set_value_callback(lanewise_problem* problem, lanewise_value_callback callback, double step,
                                void* data) {
    return c::guarded(problem, [&] {
        c::require(callback != nullptr, "callback");
        if (!(step >= 0 && step <= 0.25))
            throw std::invalid_argument(fmt::format("step {}: must be 0, or above 0 and at most 0.25", step));
        problem->make_objective = [caller = c::Caller<lanewise_value_callback>{callback, data},
                                   step](const Box& box) { return c::value_objective(box, caller, step); };
        problem->forget();
    });
}

int lanewise_set_starts(lanewise_problem* problem, size_t count, const double* x) {
    return c::guarded(problem, [&] {
        c::require(count == 0 || x != nullptr, "x");
        const std::size_t d = problem->box().dimension();
        std::vector<std::vector<double>> points;
        for (std::size_t i = 0; i < count; ++i) points.emplace_back(x + i * d, x + (i + 1) * d);
        problem->problem.options.start_points = std::move(points);
        problem->problem.starts_file.clear();
    });
}

int lanewise_set_progress(lanewise_problem* problem, lanewise_progress_callback callback, void* data) {
    return c::guarded(problem, [&] { problem->progress = {callback, data}; });
}

size_t lanewise_progress_text(const lanewise_progress* progress, char* text, size_t size) {
    try {
        constexpr auto phases = std::to_array({Phase::starts, Phase::offspring, Phase::polish});
        const auto* const phase =
            std::ranges::find(phases, std::string_view(progress->phase), [](Phase of) { return name(of); });
        const std::string line = to_text(Progress{.phase = phase == phases.end() ? Phase::starts : *phase,
                                                  .iteration = progress->iteration,
                                                  .iterations = progress->iterations,
                                                  .runs = progress->runs,
                                                  .runs_begun = progress->runs_begun,
                                                  .runs_alive = progress->runs_alive,
                                                  .minima = progress->minima,
                                                  .share = progress->share,
                                                  .best_f = progress->best_f,
                                                  .run_iterations = progress->run_iterations,
                                                  .seconds = progress->seconds});
        if (size > 0) text[line.copy(text, size - 1)] = '\0';
        return line.size();
    } catch (...) {
        if (size > 0) *text = '\0';
        return 0;
    }
}

int lanewise_set_stop(lanewise_problem* problem, lanewise_stop_callback callback, void* data) {
    return c::guarded(problem, [&] { problem->stop = {callback, data}; });
}

int lanewise_set_checkpoint(lanewise_problem* problem, lanewise_checkpoint_callback callback, void* data) {
    return c::guarded(problem, [&] { problem->checkpoint = {callback, data}; });
}
