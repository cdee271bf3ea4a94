// A search is the same in whatever units its objective and its variables are.
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "lanewise/minimize.hpp"
#include "objectives.hpp"
#include "ulp.hpp"

using namespace lanewise;
using namespace lanewise::test;

namespace {

/// Powers of two by which the objective and its variables are multiplied; the variables by turns.
struct Units {
    int f;
    int even, odd;

    int of_variable(std::size_t j) const { return j % 2 == 0 ? even : odd; }
};

/// A bowl with bumps, a kink along a bent line, and no values in a corner.
ScalarObjective random_landscape(std::size_t dimension, std::uint64_t seed) {
    test::Random random(seed + 1);
    std::vector<double> curvature(dimension);
    std::vector<double> centre(dimension);
    std::vector<double> frequency(dimension);
    for (std::size_t j = 0; j < dimension; ++j) {
        curvature[j] = std::exp(random.between(-2, 4));
        centre[j] = random.between(-2, 2);
        frequency[j] = random.between(0.5, 4);
    }
    const double bumps = random.between(0, 20);
    const double kink = seed % 2 == 0 ? 0 : random.between(0, 5);
    const double offset = random.between(-30, 30);
    const bool has_hole = seed % 3 == 0;
    return [=](const Point& x, Point& g) {
        double f = offset;
        double product = bumps;
        for (std::size_t j = 0; j < x.size(); ++j) {
            const double away = x[j] - centre[j];
            f += curvature[j] * away * away;
            g[j] = 2 * curvature[j] * away;
            product *= std::cos(frequency[j] * x[j]);
        }
        f += product;
        for (std::size_t j = 0; j < x.size(); ++j) {
            double slope = -bumps * frequency[j] * std::sin(frequency[j] * x[j]);
            for (std::size_t i = 0; i < x.size(); ++i) slope *= i == j ? 1 : std::cos(frequency[i] * x[i]);
            g[j] += slope;
        }
        const double bent = x[1] - x[0] * x[0] / 4;
        const double side = bent > 0 ? kink : -kink;
        f += kink * std::abs(bent);
        g[0] -= side * x[0] / 2;
        g[1] += side;
        return has_hole && x[0] > 3 && x[1] > 3 ? std::numeric_limits<double>::infinity() : f;
    };
}

ScalarObjective in_units(const ScalarObjective& objective, const Units& units) {
    return [objective, units](const Point& x, Point& g) {
        Point unscaled(x.size());
        for (std::size_t j = 0; j < x.size(); ++j) unscaled[j] = std::ldexp(x[j], -units.of_variable(j));
        const double f = objective(unscaled, g);
        for (std::size_t j = 0; j < x.size(); ++j) g[j] = std::ldexp(g[j], units.f - units.of_variable(j));
        return std::ldexp(f, units.f);
    };
}

Box in_units(const std::vector<double>& lower, const std::vector<double>& upper, const Units& units) {
    std::vector<double> low;
    std::vector<double> high;
    for (std::size_t j = 0; j < lower.size(); ++j) {
        low.push_back(std::ldexp(lower[j], units.of_variable(j)));
        high.push_back(std::ldexp(upper[j], units.of_variable(j)));
    }
    return Box::from_bounds(low, high);
}

/// What a search found, without the units.
std::vector<std::uint64_t> found(const Result& result, const Units& units) {
    std::vector<std::uint64_t> all;
    const auto count = [&](auto number) { all.push_back(static_cast<std::uint64_t>(number)); };
    const auto add = [&](double number, int power) {
        all.push_back(std::bit_cast<std::uint64_t>(std::ldexp(number, -power)));
    };
    const auto add_point = [&](const std::vector<double>& x) {
        for (std::size_t j = 0; j < x.size(); ++j) add(x[j], units.of_variable(j));
    };
    count(result.status);
    add(result.best.f, units.f);
    add_point(result.best.x);
    for (const Minimum& minimum : result.minima) {
        add(minimum.f, units.f);
        add_point(minimum.x);
        count(minimum.polished);
        count(minimum.finished);
        count(minimum.offspring);
        for (const std::uint32_t id : minimum.start_ids) count(id);
    }
    for (const std::size_t runs : result.runs) count(runs);
    count(result.work.evaluations);
    add(result.audit.regret, units.f);
    return all;
}

}  // namespace

TEST_CASE("a search is the same in any units") {
    const std::vector<double> lower = {-5, -4, -7, -5};
    const std::vector<double> upper = {4, 6, 5, 5.5};
    const Method method = GENERATE(Method::adam, Method::adagrad, Method::rmsprop, Method::amsgrad,
                                   Method::adamax, Method::nadam, Method::lbfgs);
    const std::uint64_t seed = GENERATE(0U, 1U, 2U);
    INFO(name(method) << ", landscape " << seed);
    const std::size_t d = 2 + seed % 3;
    const ScalarObjective landscape = random_landscape(d, seed);
    const auto search = [&](const Units& units, Options options) {
        options.rule.method = method;
        options.starts = 40;
        options.seed = seed;
        if (options.target) options.target = std::ldexp(*options.target, units.f);
        const Box box = in_units({lower.begin(), lower.begin() + static_cast<std::ptrdiff_t>(d)},
                                 {upper.begin(), upper.begin() + static_cast<std::ptrdiff_t>(d)}, units);
        return found(minimize(LaneByLane(d, in_units(landscape, units)), box, options), units);
    };
    const Options options = GENERATE(Options{.target = 10}, Options{.polish = false, .maximize = true},
                                     Options{.max_evaluations = 10'000});
    const auto plain = search({0, 0, 0}, options);
    for (const Units& units : {Units{1, 0, 0}, Units{-200, 0, 0}, Units{200, 0, 0}, Units{0, 1, -1},
                               Units{0, 200, 200}, Units{0, -200, 199}, Units{-51, 17, 60}}) {
        INFO("f times 2^" << units.f << ", x by turns 2^" << units.even << " and 2^" << units.odd);
        CHECK(search(units, options) == plain);
    }
    if (method == Method::lbfgs) return;
    Options single = options;
    single.precision = Precision::f32;
    const auto plain_single = search({0, 0, 0}, single);
    for (const Units& units : {Units{10, 0, 0}, Units{-10, 0, 0}, Units{0, 10, -9}, Units{3, -7, 10}}) {
        INFO("f32: f times 2^" << units.f << ", x by turns 2^" << units.even << " and 2^" << units.odd);
        CHECK(search(units, single) == plain_single);
    }
}
