// The Adam kernel against the textbook.
#include <array>
#include <limits>

#include "catch.hpp"
#include "isa.hpp"
#include "lanewise/lanewise.hpp"
#include "objectives.hpp"
#include "table.hpp"

using namespace lanewise;
using namespace lanewise::test;

namespace {

std::vector<Point> kernel_path(const Objective& objective, const Box& box, const Point& start,
                               const Options& given) {
    Options options = given;
    options.start_points = {start};
    options.schedule = Schedule::constant;
    options.scale = Scale::none;
    std::vector<Point> path;
    const std::uint64_t id = 0;
    visit_paths(objective, box, options, {&id, 1}, options.iterations,
                [&](const PathPoint& point) { path.emplace_back(point.x.begin(), point.x.end()); });
    return path;
}

/// Largest difference of a coordinate over the path, relative to the larger of the coordinate and `floor`.
double largest_difference(const std::vector<Point>& a, const std::vector<Point>& b, double floor) {
    REQUIRE(a.size() == b.size());
    double largest = 0;
    for (std::size_t k = 0; k < a.size(); ++k) {
        for (std::size_t j = 0; j < a[k].size(); ++j)
            largest = std::max(largest, std::abs(a[k][j] - b[k][j]) / std::max(std::abs(b[k][j]), floor));
    }
    return largest;
}

}  // namespace

TEST_CASE("the kernel follows the textbook's path") {
    struct Case {
        const char* name;
        ScalarObjective objective;
        Point start;
    };
    const std::vector<Case> cases = {{"sphere", sphere, {-0.8, 0.3, 2.5, -3.1, 1.7}},
                                     {"rosenbrock", rosenbrock, {-1.2, 1, 0.3, -0.7, 2.1}},
                                     {"styblinski-tang", styblinski_tang, {-4.1, 3.3, 0.2, 1.9, -0.6}}};
    for (const auto& [name, objective, start] : cases) {
        INFO(name);
        const Box box{{"x", -1000, 1000, start.size()}};
        const Options options{.iterations = 1000, .rule = {.alpha = 0.02}};
        const auto path = kernel_path(LaneByLane(start.size(), objective), box, start, options);
        CHECK(largest_difference(path, textbook_path(objective, start, options.rule, 1000), 1e-2) < 1e-12);

        Options single = options;
        single.precision = Precision::f32;
        single.iterations = 100;
        const auto coarse = kernel_path(LaneByLane(start.size(), objective), box, start, single);
        CHECK(largest_difference(coarse, textbook_path(objective, start, options.rule, 100), 1) < 1e-3);
    }
}

TEST_CASE("the kernel follows the textbook over 24 orders of curvature") {
    const auto quadratic = [](const Point& x, Point& g) {
        double f = 0;
        for (std::size_t j = 0; j < x.size(); ++j) {
            const double curvature = std::pow(10.0, static_cast<double>(j) - 12);
            f += curvature * x[j] * x[j] / 2;
            g[j] = curvature * x[j];
        }
        return f;
    };
    const Point start(25, 1.5);
    const Options options{.iterations = 1000, .rule = {.alpha = 0.001}};
    const auto path = kernel_path(LaneByLane(25, quadratic), Box{{"x", -10, 10, 25}}, start, options);
    CHECK(largest_difference(path, textbook_path(quadratic, start, options.rule, 1000), 1e-2) < 1e-12);
}

TEST_CASE("the kernel follows the textbook for gradients from 1e-200 to 1e200") {
    const auto slopes = [](const Point& x, Point& g) {
        double f = 0;
        for (std::size_t j = 0; j < x.size(); ++j) {
            g[j] = std::pow(10.0, -200 + 50 * static_cast<double>(j)) * (j % 2 == 0 ? 1 : -1);
            f += g[j] * x[j];
        }
        return f;
    };
    const Point start(9, 0.5);
    for (const double eps : {1e-8, 1e-300}) {
        const Options options{.iterations = 1000, .rule = {.alpha = 0.001, .eps = eps}};
        // Where the square of the gradient underflows, a tiny eps throws the run across the box: left to the
        // case above.
        const std::size_t first = eps < 1e-8 ? 2 : 0;
        const auto some = [&](const Point& x, Point& g) {
            const double f = slopes(x, g);
            for (std::size_t j = 0; j < first; ++j) g[j] = 1;
            return f;
        };
        const auto path = kernel_path(LaneByLane(9, some), Box{{"x", -10, 10, 9}}, start, options);
        CHECK(largest_difference(path, textbook_path(some, start, options.rule, 1000), 1e-2) < 1e-12);
    }
}

TEST_CASE("a run stops at a wall and leaves it as soon as the gradient turns") {
    // Falls towards -1 while y > 0, towards +1 once y < 0; y runs down by itself.
    const auto turning = [](const Point& x, Point& g) {
        g[0] = x[1] > 0 ? 1 : -1;
        g[1] = 1;
        return g[0] * x[0] + x[1];
    };
    const Box box{{"x", -1, 1}, {"y", -10, 10}};
    const Options options{.iterations = 120, .rule = {.alpha = 0.1}};
    const auto path = kernel_path(LaneByLane(2, turning), box, {0, 6}, options);
    std::size_t turn = 0;
    while (path[turn][1] > 0) ++turn;
    CHECK(path[turn][0] == -1);
    for (std::size_t k = 20; k <= turn; ++k) CHECK(path[k][0] == -1);
    CHECK(path[turn + 1][0] >
          -1);  // with the moment of 60 iterations against the wall it would stay for several
    for (const Point& x : path) {
        CHECK(x[0] >= -1);
        CHECK(x[0] <= 1);
    }
}

TEMPLATE_TEST_CASE("the kernel keeps the best point visited and freezes a broken lane there", "", double,
                   float) {
    using T = TestType;
    constexpr std::size_t lanes = kernels::lane_group;
    alignas(64) std::array<T, lanes> x{}, best_x{}, g{}, f{}, best_f{}, best_step{}, taken{}, status{},
        slope{};
    alignas(64) std::array<T, 2 * lanes> moments{};
    const T lower = -10;
    const T upper = 10;
    const T scale = 1;
    best_f.fill(std::numeric_limits<T>::infinity());
    best_step.fill(-1);
    x.fill(2);
    best_x = x;
    const kernels::Tile<T> tile{lanes,
                                1,
                                x.data(),
                                best_x.data(),
                                moments.data(),
                                g.data(),
                                f.data(),
                                best_f.data(),
                                best_step.data(),
                                taken.data(),
                                status.data(),
                                slope.data(),
                                &lower,
                                &upper,
                                &scale};
    struct Script {
        std::size_t iteration = 0;
    } script;
    // Values 5, 3, 4, 1, 2, ...; lane 3 breaks by its value at the third look, lane 4 by its gradient at the
    // first, lane 5 by an infinite value at the second.
    const auto evaluate = [](void* context, const kernels::Tile<T>& rows) noexcept {
        constexpr std::array<T, 6> values = {5, 3, 4, 1, 2, 6};
        std::size_t& iteration = static_cast<Script*>(context)->iteration;
        for (std::size_t lane = 0; lane < rows.lanes; ++lane) {
            rows.f[lane] = values[iteration];
            rows.g[lane] = 1;
        }
        if (iteration == 2) rows.f[3] = std::numeric_limits<T>::quiet_NaN();
        if (iteration == 0) rows.g[4] = -std::numeric_limits<T>::infinity();
        if (iteration == 1) rows.f[5] = std::numeric_limits<T>::infinity();
        ++iteration;
    };
    const kernels::Step<T> step{T(0.5), T(1e-8), T(0.9), T(0.1), T(0.999), T(0.001)};
    const std::vector<kernels::Step<T>> steps(6, step);
    const auto& functions = kernels::functions<T>(kernel_table(choose_isa()));
    CHECK(functions.advance_adam(tile, steps.data(), 0, steps.size(), {evaluate, &script}) == 6);

    for (std::size_t lane = 0; lane < lanes; ++lane) {
        INFO("lane " << lane);
        const bool broken = lane >= 3 && lane <= 5;
        const auto expected = lane == 4 ? kernels::nan_at_start
                              : broken  ? kernels::nan_on_the_way
                                        : kernels::live;
        CHECK(static_cast<int>(status[lane]) == static_cast<int>(expected));
        CHECK(taken[lane] == (lane == 4 ? 0 : lane == 3 ? 2 : lane == 5 ? 1 : 6));
        if (!broken) {
            CHECK(best_f[lane] == 1);
            CHECK(best_step[lane] == 3);
            CHECK(best_x[lane] > x[lane]);
            CHECK(x[lane] == x[0]);
        } else {
            CHECK(x[lane] == best_x[lane]);
        }
    }
    CHECK(best_f[3] == 3);
    CHECK(best_step[3] == 1);
    CHECK(best_f[5] == 5);
    CHECK(x[5] == 2);
    CHECK(best_step[4] == -1);
}

TEST_CASE("advance ends early when no lane is live") {
    const LaneByLane broken(2, [](const Point& x, Point& g) {
        g.assign(2, 1.0);
        return x[0] > 0.5 ? 1.0 : std::numeric_limits<double>::quiet_NaN();
    });
    const Result result =
        minimize(broken, Box{{"x", 0, 1, 2}}, {.starts = 1000, .iterations = 5000, .tile_lanes = 16});
    CHECK(result.work.run_iterations < 100'000);
}
