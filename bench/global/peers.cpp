// One program for every tool: a formula for ctypes, and the searches that are run in C (see compare.py).
#include <nlopt.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "lanewise/lanewise.hpp"

namespace {

using namespace lanewise;

/// A formula, evaluated at one point at a time: all lanes of the smallest block are that point.
class PointFormula {
  public:
    PointFormula(std::string_view expression, const Box& box)
        : box_(box),
          objective_(expression, box),
          rows_(1 + 2 * box.dimension() + objective_.scratch_rows()),
          isa_(choose_isa()) {}

    const Box& box() const { return box_; }
    const Objective& objective() const { return objective_; }

    double evaluate(const double* x, double* gradient) {
        const std::size_t d = box_.dimension();
        Row* const x_rows = rows_.data() + 1;
        Row* const g_rows = x_rows + d;
        for (std::size_t j = 0; j < d; ++j) x_rows[j].values.fill(x[j]);
        objective_.evaluate({lanes, d, x_rows->values.data(), rows_.front().values.data(),
                             g_rows->values.data(), (g_rows + d)->values.data(), isa_});
        if (gradient != nullptr) {
            for (std::size_t j = 0; j < d; ++j) gradient[j] = g_rows[j].values.front();
        }
        return rows_.front().values.front();
    }

  private:
    static constexpr std::size_t lanes = 16;
    struct alignas(64) Row {
        std::array<double, lanes> values;
    };

    Box box_;
    Expression objective_;
    std::vector<Row> rows_;  ///< value, point, gradient, scratch
    Isa isa_;
};

struct Outcome {
    bool found;  ///< the target was reached
    double best;
    double seconds;  ///< until it was, or the search ended
    std::uint64_t evaluations;
};

/// What NLopt minimises: the formula, with a clock that is stopped by the first value as good as the target.
class Timed {
  public:
    Timed(PointFormula& formula, double target) : formula_(formula), target_(target) {}

    static double value(unsigned /*dimension*/, const double* x, double* gradient, void* self) {
        return static_cast<Timed*>(self)->value(x, gradient);
    }

    Outcome outcome() const {
        const bool found = best_ <= target_;
        return {found, best_, found ? seconds_to_target_ : seconds(), evaluations_};
    }

  private:
    double seconds() const {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
    }

    double value(const double* x, double* gradient) {
        const double f = formula_.evaluate(x, gradient);
        ++evaluations_;
        if (f <= target_ && !(best_ <= target_)) seconds_to_target_ = seconds();
        best_ = std::min(best_, f);
        return f;
    }

    PointFormula& formula_;
    double target_;
    double best_ = std::numeric_limits<double>::infinity();
    double seconds_to_target_ = 0;
    std::uint64_t evaluations_ = 0;
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

using NloptOptions = std::unique_ptr<nlopt_opt_s, decltype(&nlopt_destroy)>;

}  // namespace

extern "C" {

/// Null and a message on stderr, when the text is no formula in these variables.
PointFormula* formula_create(const char* expression, const char* const* variables, std::size_t count) {
    try {
        std::vector<Variable> parsed;
        for (std::size_t i = 0; i < count; ++i) parsed.push_back(parse_variable(variables[i]));
        return new PointFormula(expression, Box(std::move(parsed)));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return nullptr;
    }
}

void formula_destroy(PointFormula* formula) {
    delete formula;
}

std::size_t formula_dimension(const PointFormula* formula) {
    return formula->box().dimension();
}

void formula_bounds(const PointFormula* formula, double* lower, double* upper) {
    std::ranges::copy(formula->box().lower(), lower);
    std::ranges::copy(formula->box().upper(), upper);
}

double formula_evaluate(PointFormula* formula, const double* x, double* gradient) {
    return formula->evaluate(x, gradient);
}

/// lanewise with its defaults, or with runs by L-BFGS alone, on one thread; x receives the best point.
Outcome search_lanewise(const PointFormula* formula, bool lbfgs, std::uint64_t seed, double target,
                        double max_seconds, double* x) {
    const Result result = minimize(formula->objective(), formula->box(),
                                   {.seed = seed,
                                    .rule = {.method = lbfgs ? Method::lbfgs : Method::adam},
                                    .threads = 1,
                                    .max_time = max_seconds,
                                    .target = target});
    std::ranges::copy(result.best.x, x);
    return {result.status == SearchStatus::target, result.best.f, result.work.seconds,
            result.work.evaluations};
}

/// NLopt's multi-level single linkage with L-BFGS from `start`, with the tolerances NLopt gives local
/// searches by default; points of a low-discrepancy sequence do not depend on the seed.
Outcome search_mlsl(PointFormula* formula, bool low_discrepancy, std::uint64_t seed, double target,
                    double max_seconds, const double* start) {
    const auto d = static_cast<unsigned>(formula->box().dimension());
    const NloptOptions local{nlopt_create(NLOPT_LD_LBFGS, d), nlopt_destroy};
    nlopt_set_ftol_rel(local.get(), 1e-15);
    nlopt_set_xtol_rel(local.get(), 1e-7);
    const NloptOptions global{nlopt_create(low_discrepancy ? NLOPT_GD_MLSL_LDS : NLOPT_GD_MLSL, d),
                              nlopt_destroy};
    nlopt_set_local_optimizer(global.get(), local.get());
    nlopt_set_lower_bounds(global.get(), formula->box().lower().data());
    nlopt_set_upper_bounds(global.get(), formula->box().upper().data());
    nlopt_set_stopval(global.get(), target);
    nlopt_set_maxtime(global.get(), max_seconds);
    nlopt_srand(seed);

    std::vector<double> x(start, start + d);
    double f = 0;
    Timed timed(*formula, target);
    nlopt_set_min_objective(global.get(), Timed::value, &timed);
    nlopt_optimize(global.get(), x.data(), &f);
    return timed.outcome();
}

}  // extern "C"
