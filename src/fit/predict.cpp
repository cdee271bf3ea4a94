#include <fmt/format.h>
#include <cmath>

#include <limits>
#include <stdexcept>

#include "fit_starts.hpp"
#include "form.hpp"
#include "lanewise/fit.hpp"
#include "student.hpp"

namespace lanewise {

namespace {

/// The variance along v; infinite where that of a part of it is.
double quadratic_form(std::span<const double> matrix, std::span<const double> v) {
    double sum = 0;
    for (std::size_t i = 0; i < v.size(); ++i) {
        if (v[i] != 0 && std::isinf(matrix[i * v.size() + i])) return std::numeric_limits<double>::infinity();
    }
    for (std::size_t i = 0; i < v.size(); ++i) {
        for (std::size_t j = 0; j < v.size(); ++j) {
            if (v[i] != 0 && v[j] != 0) sum += v[i] * matrix[i * v.size() + j] * v[j];
        }
    }
    return sum;
}

double half_width(double quantile, double variance) {
    return variance == 0 ? 0 : quantile * std::sqrt(variance);
}

}  // namespace

Prediction predict(const Model& model, const Box& box, const Problems& problems, const Fits& fits,
                   double confidence, const FitOptions& options) {
    if (!(confidence > 0 && confidence < 1))
        throw std::invalid_argument(fmt::format("confidence {}: must be between 0 and 1", confidence));
    if (problems.count() != fits.count() || box.dimension() != fits.dimension)
        throw std::invalid_argument(
            fmt::format("{} problems were fitted, {} are to be predicted", fits.count(), problems.count()));
    validate(problems, box);
    Graph written(Rewriting::none);
    const NodeId value =
        translate_formula("model", model.formula, FormulaOf::a_row, model, box, problems, written);
    for (NodeId id = 0; id < written.size(); ++id) {
        if (written.is(id, Opcode::sum_rows))
            throw std::invalid_argument(fmt::format(
                "model '{}': with rows(...) it cannot be predicted at other rows than those of the fit",
                model.formula));
    }
    const std::size_t d = box.dimension();
    const AtRows model_at(model_outputs(written, value, d), problems, box, choose_isa(options.isa),
                          options.jit);
    const bool is_known =
        options.absolute_sigma || model.loss == Loss::poisson || model.loss == Loss::logistic;
    const std::size_t count = problems.first_rows.back();
    Prediction prediction{.value = std::vector<double>(count), .half_width = std::vector<double>(count)};
    std::size_t problem = 0;
    auto known_problem = static_cast<std::size_t>(-1);
    double quantile = 0;
    if (count == 0) return prediction;
    model_at.visit(fits.x, [&](std::size_t row, double at, std::span<const double> gradient) {
        while (problems.first_rows[problem + 1] <= row) ++problem;
        if (problem != known_problem) {
            auto degrees = static_cast<double>(fits.n_used[problem]);
            // Fixed variables have no variance.
            for (std::size_t j = 0; j < d; ++j)
                degrees -= fits.covariance_of(problem)[j * d + j] == 0 ? 0 : 1;
            quantile =
                student_quantile(confidence, is_known ? std::numeric_limits<double>::infinity() : degrees);
            known_problem = problem;
        }
        const bool is_fitted = !std::isnan(fits.rss[problem]);
        prediction.value[row] = is_fitted ? at : std::numeric_limits<double>::quiet_NaN();
        prediction.half_width[row] =
            is_fitted ? half_width(quantile, quadratic_form(fits.covariance_of(problem), gradient))
                      : std::numeric_limits<double>::quiet_NaN();
    });
    return prediction;
}

}  // namespace lanewise
