// The reference that fits are compared with is held to what NIST certified, and to what can be written down.
#include "fit_reference.hpp"

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "catch.hpp"

using namespace lanewise;
using namespace lanewise::test;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// a + b t.
FitProblem line(const std::vector<double>& t, const std::vector<double>& y, Point lower, Point upper) {
    const RowModel model = [t](std::size_t row, const Point& x, Point& derivatives) {
        derivatives = {1, t[row]};
        return x[0] + x[1] * t[row];
    };
    return {.model = model, .y = y, .lower = std::move(lower), .upper = std::move(upper)};
}

const Point unbounded_below = {-infinity, -infinity}, unbounded_above = {infinity, infinity};

}  // namespace

TEST_CASE("fit_reference: NIST's BoxBOD from both of its starts") {
    const std::vector<double> t = {1, 2, 3, 5, 7, 10};
    const RowModel model = [&t](std::size_t row, const Point& x, Point& derivatives) {
        const double rest = std::exp(-x[1] * t[row]);
        derivatives = {1 - rest, x[0] * t[row] * rest};
        return x[0] * (1 - rest);
    };
    const FitProblem problem{
        .model = model, .y = {109, 149, 149, 191, 213, 224}, .lower = {0.2, 0.1}, .upper = {500, 5}};
    for (const Point& start : {Point{1, 1}, Point{100, 0.75}}) {
        const FitOutcome outcome = fit_reference(problem, start);
        CHECK(outcome.has_converged);
        CHECK(outcome.x[0] == Approx(2.1380940889E+02).epsilon(1e-10));
        CHECK(outcome.x[1] == Approx(5.4723748542E-01).epsilon(1e-10));
        CHECK(outcome.standard_error[0] == Approx(1.2354515176E+01).epsilon(1e-9));
        CHECK(outcome.standard_error[1] == Approx(1.0455993237E-01).epsilon(1e-9));
        CHECK(outcome.rss == Approx(1.1680088766E+03).epsilon(1e-10));
    }
}

TEST_CASE("fit_reference: a line with sigmas is what the formulas of weighted regression say") {
    const std::vector<double> t = {0, 1, 2, 4}, y = {1, 3, 4, 9}, sigma = {1, 2, 1, 0.5};
    double w = 0, wt = 0, wtt = 0, wy = 0, wty = 0;
    for (std::size_t i = 0; i < t.size(); ++i) {
        const double weight = 1 / (sigma[i] * sigma[i]);
        w += weight;
        wt += weight * t[i];
        wtt += weight * t[i] * t[i];
        wy += weight * y[i];
        wty += weight * t[i] * y[i];
    }
    const double determinant = w * wtt - wt * wt;
    FitProblem problem = line(t, y, unbounded_below, unbounded_above);
    problem.sigma = sigma;
    problem.absolute_sigma = true;
    const FitOutcome outcome = fit_reference(problem, {5, -5});
    CHECK(outcome.has_converged);
    CHECK(outcome.x[0] == Approx((wtt * wy - wt * wty) / determinant).epsilon(1e-11));
    CHECK(outcome.x[1] == Approx((w * wty - wt * wy) / determinant).epsilon(1e-11));
    CHECK(outcome.covariance[0] == Approx(wtt / determinant).epsilon(1e-12));
    CHECK(outcome.covariance[1] == Approx(-wt / determinant).epsilon(1e-12));
    CHECK(outcome.covariance[3] == Approx(w / determinant).epsilon(1e-12));

    problem.absolute_sigma = false;
    const FitOutcome scaled = fit_reference(problem, {5, -5});
    CHECK(scaled.covariance[0] == Approx(outcome.covariance[0] * outcome.rss / 2).epsilon(1e-12));
}

TEST_CASE("fit_reference: the least value on a bound, and fixed variables") {
    const std::vector<double> t = {1, 2, 3}, y = {2, 4, 7};
    // Without bounds the intercept is -2/3, so that its lower bound holds it.
    const auto slope_from = [&](double a) { return (1 * (2 - a) + 2 * (4 - a) + 3 * (7 - a)) / 14; };
    const FitOutcome outcome = fit_reference(line(t, y, {0.3, -infinity}, {8, infinity}), {8, 0});
    CHECK(outcome.has_converged);
    CHECK(outcome.x[0] == 0.3);
    CHECK(outcome.x[1] == Approx(slope_from(0.3)).epsilon(1e-11));

    const FitOutcome fixed = fit_reference(line(t, y, {0.5, -infinity}, {0.5, infinity}), {8, 0});
    CHECK(fixed.x[0] == 0.5);
    CHECK(fixed.x[1] == Approx(slope_from(0.5)).epsilon(1e-11));
    CHECK(fixed.standard_error[0] == 0);
    CHECK(fixed.covariance[1] == 0);
    CHECK(fixed.covariance[3] == Approx(fixed.rss / 2 / 14).epsilon(1e-12));
}

TEST_CASE("fit_reference: rows that do not determine the variables") {
    const FitOutcome same =
        fit_reference(line({2, 2, 2}, {1, 2, 3}, unbounded_below, unbounded_above), {0, 0});
    CHECK(same.rss == Approx(2));
    CHECK(same.standard_error == std::vector<double>{infinity, infinity});
    const FitOutcome few = fit_reference(line({1, 2}, {1, 2}, unbounded_below, unbounded_above), {3, 3});
    CHECK(few.x[1] == Approx(1));
    CHECK(few.standard_error == std::vector<double>{infinity, infinity});
}
