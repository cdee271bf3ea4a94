// Objectives made from callables, with a gradient of their own and by differences.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numbers>
#include <ranges>
#include <string>

#include "catch.hpp"
#include "lanewise/lanewise.hpp"

using namespace lanewise;

static_assert(std::ranges::forward_range<Rows<const double>>);
static_assert(std::is_same_v<std::ranges::range_value_t<Rows<double>>, std::span<double>>);

namespace {

const Box square{{"x", -5, 5}, {"y", -5, 5}};

void himmelblau_with_gradient(Rows<const double> x, std::span<double> f, Rows<double> g) {
    for (std::size_t lane = 0; lane < f.size(); ++lane) {
        const double a = x[0][lane] * x[0][lane] + x[1][lane] - 11;
        const double b = x[0][lane] + x[1][lane] * x[1][lane] - 7;
        f[lane] = a * a + b * b;
        g[0][lane] = 4 * a * x[0][lane] + 2 * b;
        g[1][lane] = 2 * a + 4 * b * x[1][lane];
    }
}

void himmelblau(Rows<const double> x, std::span<double> f) {
    for (std::size_t lane = 0; lane < f.size(); ++lane) {
        const double a = x[0][lane] * x[0][lane] + x[1][lane] - 11;
        const double b = x[0][lane] + x[1][lane] * x[1][lane] - 7;
        f[lane] = a * a + b * b;
    }
}

/// One variable, a scalar function, differences.
double derivative(double lower, double upper, double x, double (*function)(double),
                  const DifferenceOptions& options = {}) {
    const CentralDifferences objective(
        Box{{"x", lower, upper}},
        [&](auto rows, auto f) {
            for (std::size_t lane = 0; lane < f.size(); ++lane) {
                CHECK(rows[0][lane] >= lower);
                CHECK(rows[0][lane] <= upper);
                f[lane] = function(rows[0][lane]);
            }
        },
        options);
    return evaluate(objective, std::vector<double>{x}).gradient[0];
}

}  // namespace

TEST_CASE("rows are a range of spans") {
    std::vector<double> memory = {1, 2, 3, 4, 5, 6};
    const Rows<double> rows(memory.data(), 3, 2);
    CHECK(rows.size() == 3);
    CHECK(rows.lanes() == 2);
    CHECK(rows[2][1] == 6);
    double sum = 0;
    for (const std::span<double> row : rows) sum = 10 * sum + row[0];
    CHECK(sum == 135);
    rows[1][0] = 7;
    CHECK(memory[2] == 7);
}

TEST_CASE("a callable with a gradient is an objective like any other") {
    const Result result = minimize(Callback(2, himmelblau_with_gradient), square, {.starts = 500});
    CHECK(result.minima.size() == 4);
    CHECK(result.best.f < 1e-20);
    const Evaluation at = evaluate(Callback(2, himmelblau_with_gradient), std::vector<double>{1.0, 2.0});
    CHECK(at.f == 68);
    CHECK(at.gradient == std::vector<double>{-36.0, -32.0});
}

TEST_CASE("a callable without a gradient is searched by differences") {
    const Result result = minimize(CentralDifferences(square, himmelblau), square, {.starts = 500});
    CHECK(result.minima.size() == 4);
    CHECK(result.best.f < 1e-14);
    CHECK(result.minima.front().gradient_norm < 1e-4);
}

TEST_CASE("callables are checked") {
    CHECK_THROWS_WITH(Callback(0, himmelblau_with_gradient), ContainsSubstring("dimension 0"));
    CHECK_THROWS_WITH(Callback(2, nullptr), ContainsSubstring("the function is empty"));
    CHECK_THROWS_WITH(CentralDifferences(square, nullptr), ContainsSubstring("the function is empty"));
    for (const double step : {0.0, -1e-6, 0.26, std::numeric_limits<double>::quiet_NaN()})
        CHECK_THROWS_WITH(CentralDifferences(square, himmelblau, {.step = step}),
                          ContainsSubstring("must be above 0 and at most 0.25"));
    CHECK_THROWS_WITH(CentralDifferences(Box{{"x", 0, 1}, {"y", 1, 1 + 1e-15}}, himmelblau),
                      ContainsSubstring("of y is too narrow"));
    CHECK_THROWS_WITH(minimize(Callback(2, himmelblau_with_gradient), square, {.precision = Precision::f32}),
                      ContainsSubstring("double precision only"));
}

TEST_CASE("differences are as close as they say") {
    const auto square_of = [](double x) { return x * x; };
    const auto exponential = [](double x) { return std::exp(x); };
    const auto logarithm = [](double x) { return std::log(x); };
    CHECK(derivative(-5, 5, 3, square_of) == Approx(6).epsilon(1e-10));
    CHECK(derivative(-5, 5, 0, square_of) == Approx(0).margin(1e-10));
    CHECK(derivative(-5, 5, 1, exponential) == Approx(std::numbers::e).epsilon(1e-9));
    // At and near both walls.
    for (const double x : {-5.0, std::nextafter(-5.0, 0), -5 + 1e-5, 5 - 1e-5, std::nextafter(5.0, 0), 5.0}) {
        CHECK(derivative(-5, 5, x, square_of) == Approx(2 * x).epsilon(1e-9));
        CHECK(derivative(-5, 5, x, exponential) == Approx(std::exp(x)).epsilon(1e-7));
    }
    // Boxes wide and narrow, near and far from zero.
    CHECK(derivative(1e-3, 1e3, 0.5, logarithm) == Approx(2).epsilon(1e-6));
    CHECK(derivative(-1e300, 1e300, 1e299, [](double x) { return x * 1e-300; }) ==
          Approx(1e-300).epsilon(1e-9));
    CHECK(derivative(0, 1e-300, 5e-301, [](double x) { return x * 1e300; }) == Approx(1e300).epsilon(1e-9));
    CHECK(derivative(1e6, 1e6 + 1e-6, 1e6 + 5e-7, [](double x) { return (x - 1e6) * 1e6; }) ==
          Approx(1e6).epsilon(1e-6));
    CHECK(derivative(1, 1 + 1e-14, 1 + 5e-15, [](double x) { return x; }) == Approx(1));
    CHECK(derivative(2, 2, 2, [](double x) { return x; }) == 0);
    // The widest step is inside from every point.
    for (int i = 0; i <= 64; ++i)
        CHECK(derivative(0, 1, i / 64.0, square_of, {.step = 0.25}) == Approx(2 * i / 64.0).margin(1e-12));
}

TEST_CASE("a shift is relative to x, of which 1/100 to all of the box width counts") {
    const auto farthest = [](double lower, double upper, double at) {
        double shift = 0;
        const CentralDifferences objective(Box{{"x", lower, upper}},
                                           [&](auto x, auto f) {
                                               for (std::size_t lane = 0; lane < f.size(); ++lane) {
                                                   shift = std::max(shift, std::abs(x[0][lane] - at));
                                                   f[lane] = x[0][lane];
                                               }
                                           },
                                           {.step = 1e-3});
        evaluate(objective, std::vector<double>{at});
        return shift;
    };
    CHECK(farthest(-5, 5, 3) == Approx(3e-3));
    CHECK(farthest(-5, 5, -0.2) == Approx(2e-4));
    CHECK(farthest(-5, 5, 0) == Approx(1e-4));
    CHECK(farthest(-5, 5, 0.01) == Approx(1e-4));
    CHECK(farthest(100, 101, 100.5) == Approx(1e-3));
    // Near a wall twice as far, away from it.
    CHECK(farthest(-5, 5, 5) == Approx(1e-2));
    CHECK(farthest(-5, 5, -5) == Approx(1e-2));
}

TEST_CASE("a point that an objective is evaluated at has its dimension") {
    const Callback objective(2, himmelblau_with_gradient);
    for (const std::size_t size : {0, 1, 3}) {
        const std::string message = "the point has " + std::to_string(size) + " coordinates, the objective 2";
        CHECK_THROWS_AS(evaluate(objective, std::vector<double>(size)), std::invalid_argument);
        CHECK_THROWS_WITH(evaluate(objective, std::vector<double>(size)), message);
        const std::vector<std::vector<double>> points = {{1, 2}, std::vector<double>(size)};
        CHECK_THROWS_WITH(evaluate(objective, points), message);
    }
    for (const Isa isa : {Isa::sse2, Isa::neon}) {
        if (!isa_available(isa))
            CHECK_THROWS_AS(evaluate(objective, std::vector<double>{1, 2}, isa), std::invalid_argument);
    }
}

TEST_CASE("at the edge of a domain the side that has values gives the slope") {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const auto from_zero = [](double x) { return x >= 0 ? 3 * x + x * x : nan; };
    const auto up_to_zero = [](double x) { return x <= 0 ? 3 * x + x * x : infinity; };
    const auto alone = [](double x) { return x == 0 ? 0 : infinity; };
    CHECK(derivative(-1, 1, 0, from_zero) == Approx(3).epsilon(1e-6));
    CHECK(derivative(-1, 1, 0, up_to_zero) == Approx(3).epsilon(1e-6));
    CHECK_FALSE(std::isfinite(derivative(-1, 1, 0, alone)));
    // A run may end at such an edge.
    const Result result = minimize(CentralDifferences(Box{{"x", -1, 1}},
                                                      [&](auto x, auto f) {
                                                          for (std::size_t i = 0; i < f.size(); ++i)
                                                              f[i] = from_zero(x[0][i]);
                                                      }),
                                   Box{{"x", -1, 1}}, {.starts = 200});
    CHECK(result.best.f < 0.01);
    CHECK(result.best.x[0] >= 0);
}

TEST_CASE("differences know what to do without bounds") {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    for (const auto& [lower, upper] :
         {std::pair(-infinity, infinity), std::pair(0.0, infinity), std::pair(-infinity, 1e6)}) {
        const Box box{{"x", lower, upper}};
        const CentralDifferences objective(box, [&](auto x, auto f) {
            for (std::size_t i = 0; i < f.size(); ++i) {
                CHECK(std::isfinite(x[0][i]));
                CHECK((x[0][i] >= lower && x[0][i] <= upper));
                f[i] = (x[0][i] - 1) * (x[0][i] - 1);
            }
        });
        for (const RunEnd& end :
             minimize_batch(objective, box, std::vector<std::vector<double>>{{0}, {3}, {1e5}}, {}))
            CHECK(end.x[0] == Approx(1).epsilon(1e-5));
    }
}

TEST_CASE("differences cost 2 d + 1 values, none for fixed variables") {
    std::atomic<std::size_t> values = 0;
    const auto count = [&](auto x, auto f) {
        values += f.size();
        CHECK(x.size() == 4);
        CHECK(x.lanes() == f.size());
        std::ranges::copy(x[0], f.begin());
    };
    const Box box{{"x", -1, 1, 3}, {"fixed", 2, 2}};
    const Evaluation at = evaluate(CentralDifferences(box, count), std::vector<double>{0.5, 0, 0, 2});
    CHECK(values == std::size_t{16} * 7);
    CHECK(at.gradient[0] == Approx(1));
    CHECK(std::vector(at.gradient.begin() + 1, at.gradient.end()) == std::vector<double>{0, 0, 0});
}

TEST_CASE("differences give the same bits for any number of threads, tile width and neighbours") {
    const Box box{{"x", -3, 3, 5}};
    const CentralDifferences objective(box, [](auto x, auto f) {
        std::ranges::fill(f, 0.0);
        for (const auto row : x) {
            for (std::size_t lane = 0; lane < f.size(); ++lane)
                f[lane] += std::sqrt(row[lane] + 2.5) + std::cos(7 * row[lane]) * f[lane];
        }
    });
    const Options options{.starts = 300,
                          .seed = 3,
                          .iterations = 60,
                          .explore = 1,
                          .offspring = false,
                          .polish = false,
                          .threads = 1,
                          .tile_lanes = 16};
    const Result expected = minimize(objective, box, options);
    CHECK(expected.runs_with(RunStatus::nan_at_start) > 0);
    for (const int threads : {1, 2, 3}) {
        for (const std::size_t lanes : {16, 48, 304}) {
            Options other = options;
            other.threads = threads;
            other.tile_lanes = lanes;
            const Result result = minimize(objective, box, other);
            CHECK(result.best.f == expected.best.f);
            CHECK(result.best.x == expected.best.x);
            CHECK(result.best.start_id == expected.best.start_id);
            CHECK(result.runs == expected.runs);
            CHECK(result.minima_found == expected.minima_found);
        }
    }
    std::vector<double> alone;
    const std::uint64_t id = expected.best.start_id;
    visit_paths(objective, box, options, {&id, 1}, 60, [&](const PathPoint& point) {
        if (static_cast<std::int64_t>(point.iteration) == expected.best.iteration)
            alone.assign(point.x.begin(), point.x.end());
    });
    CHECK(alone == expected.best.x);
}
