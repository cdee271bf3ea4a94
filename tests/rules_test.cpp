// The rules' kernels against the textbook.
#include <array>
#include <limits>

#include "catch.hpp"
#include "engine/course.hpp"
#include "kernel_table.hpp"
#include "kernels/table.hpp"
#include "lanewise/lanewise.hpp"
#include "objectives.hpp"

using namespace lanewise;
using namespace lanewise::test;

namespace {

std::vector<Point> kernel_path(const ScalarObjective& objective, const Box& box, const Point& start,
                               const Options& given) {
    Options options = given;
    options.start_points = {start};
    options.schedule = Schedule::constant;
    const LaneByLane lanes(start.size(), objective);
    std::vector<Point> path;
    const std::uint64_t id = 0;
    visit_paths(lanes, box, options, {&id, 1}, options.iterations,
                [&](const PathPoint& point) { path.emplace_back(point.x.begin(), point.x.end()); });
    return path;
}

/// Largest difference of a coordinate, relative to the larger of the coordinate and `floor`.
double difference(const Point& a, const Point& b, double floor) {
    double largest = 0;
    for (std::size_t j = 0; j < a.size(); ++j)
        largest = std::max(largest, std::abs(a[j] - b[j]) / std::max(std::abs(b[j]), floor));
    return largest;
}

/// The same over two paths.
double largest_difference(const std::vector<Point>& a, const std::vector<Point>& b, double floor) {
    REQUIRE(a.size() == b.size());
    double largest = 0;
    for (std::size_t k = 0; k < a.size(); ++k) largest = std::max(largest, difference(a[k], b[k], floor));
    return largest;
}

/// For so many iterations textbook paths from starts some ulps apart stay together. Beyond, a path is a
/// matter of rounding.
std::size_t determined_iterations(const ScalarObjective& objective, const Box& box, const Point& start,
                                  const Options& options, const std::vector<Point>& path) {
    constexpr double ulps = 4;
    std::size_t determined = path.size();
    for (std::size_t j = 0; j < start.size(); ++j) {
        for (const double sign : {-1.0, 1.0}) {
            Point beside = start;
            beside[j] *= 1 + sign * ulps * std::numeric_limits<double>::epsilon();
            const std::vector<Point> other = textbook_path(objective, box, beside, options);
            std::size_t together = 0;
            while (together < determined && difference(other[together], path[together], 1e-2) < 1e-12)
                ++together;
            determined = together;
        }
    }
    return determined;
}

}  // namespace

TEST_CASE("the textbook's first steps are torch's") {
    // torch 1.13.1: Adam, SGD, Adagrad, RMSprop, Adamax and NAdam with lr 0.1, betas 0.9 and 0.99, eps 1e-3,
    // momentum 0.9, alpha 0.99 and foreach=True for NAdam (the other way had a mistake until torch 2), from
    // 1, in double precision.
    const std::vector<std::pair<Method, std::array<double, 4>>> cases = {
        {Method::adam, {0.9001996007984032, 0.9443026379240169, 0.9105035641365338, 0.8825168267172876}},
        {Method::gradient_descent, {0.95, 1.075, 0.875, 0.874}},
        {Method::momentum, {0.95, 1.03, 0.902, 0.7858}},
        {Method::adagrad, {0.9001996007984032, 0.9929783555579663, 0.9100566143155768, 0.9096420091743667}},
        {Method::rmsprop,
         {0.019607843137255276, 0.9418704023306985, 0.1142739185964683, 0.11011521259430967}},
        {Method::amsgrad, {0.9001996007984032, 0.9443026379240169, 0.9105035641365338, 0.8826567537655731}},
        {Method::adamax, {0.9001996007984032, 0.9338568854969602, 0.9102524515515713, 0.893195882805741}},
        {Method::nadam, {0.8945656907828954, 0.9890012794422751, 0.8981193959339123, 0.8932282666095148}}};
    REQUIRE(cases.size() == all_methods.size());
    for (const auto& [method, expected] : cases) {
        INFO(name(method));
        const Rule rule{.method = method, .alpha = 0.1, .beta1 = 0.9, .beta2 = 0.99, .eps = 1e-3};
        Memory memory;
        double x = 1;
        std::size_t t = 0;
        for (const double g : {0.5, -1.25, 2.0, 0.01}) {
            x -= textbook_step(rule, Scale::none, t + 1, g, memory);
            CHECK(x == Approx(expected[t++]).epsilon(1e-14));
        }
    }
}

TEST_CASE("every rule follows the textbook's path") {
    struct Case {
        const char* name;
        ScalarObjective objective;
        Point start;
        double alpha;  ///< of descent: that of the others does not depend on the objective
    };
    const std::vector<Case> cases = {{"sphere", sphere, {-0.8, 0.3, 2.5, -3.1, 1.7}, 0.02},
                                     {"rosenbrock", rosenbrock, {-1.2, 1, 0.3, -0.7, 2.1}, 1e-5},
                                     {"styblinski-tang", styblinski_tang, {-4.1, 3.3, 0.2, 1.9, -0.6}, 1e-3}};
    for (const Method method : all_methods) {
        for (const auto& [title, objective, start, alpha] : cases) {
            // Small steps where averages are short: those go on to jump about the minimum, as chance has it.
            for (const auto& [beta1, beta2, step] :
                 {std::array{0.9, 0.999, 0.004}, {0.5, 0.9, 1e-4}, {0.99, 0.99, 1e-4}}) {
                INFO(name(method) << " on " << title << ", beta1 " << beta1);
                const Box box{{"x", -1000, 1000, start.size()}};
                Options options{.iterations = 1000,
                                .rule = {.method = method,
                                         .alpha = is_normalised(method) ? step : alpha,
                                         .beta1 = beta1,
                                         .beta2 = beta2},
                                .scale = Scale::none};
                const auto expected = textbook_path(objective, box, start, options);
                const auto path = kernel_path(objective, box, start, options);
                REQUIRE(path.size() == expected.size());
                const auto determined = static_cast<std::ptrdiff_t>(
                    determined_iterations(objective, box, start, options, expected));
                CHECK(determined > 400);  // all 1000 but where averages are short
                CHECK(largest_difference({path.begin(), path.begin() + determined},
                                         {expected.begin(), expected.begin() + determined}, 1e-2) < 1e-12);

                options.precision = Precision::f32;
                options.iterations = 100;
                const auto coarse = kernel_path(objective, box, start, options);
                CHECK(largest_difference(coarse, {expected.begin(), expected.begin() + 100}, 1) < 1e-3);
            }
        }
    }
}

TEST_CASE("every rule follows the textbook in boxes and at walls, with steps in units of the width") {
    // a comes to a wall and stays; c comes to one and leaves it when b has come down; d is fixed.
    const auto pulled = [](const Point& x, Point& g) {
        g = {x[0] - 3, 0.05, x[2] - (x[1] > 10 ? -15 : 15), x[3]};
        return x[1];
    };
    const Box box{{"a", -1, 2}, {"b", -40, 65}, {"c", -4, 10}, {"d", 1.5, 1.5}};
    const Point start = {1.5, 20, -3.5, 1.5};
    for (const Method method : all_methods) {
        INFO(name(method));
        const Options options{
            .iterations = 1500,
            .rule = {.method = method, .alpha = is_normalised(method) ? 0.004 : 1e-4, .beta2 = 0.99}};
        const auto path = kernel_path(pulled, box, start, options);
        CHECK(largest_difference(path, textbook_path(pulled, box, start, options), 1e-2) < 1e-12);
        std::size_t arrivals = 0;
        std::size_t departures = 0;
        for (std::size_t k = 1; k < path.size(); ++k) {
            for (std::size_t j = 0; j < 3; ++j) {
                const auto at_wall = [&](const Point& x) {
                    return x[j] == box.lower()[j] || x[j] == box.upper()[j];
                };
                arrivals += !at_wall(path[k - 1]) && at_wall(path[k]) ? 1 : 0;
                departures += at_wall(path[k - 1]) && !at_wall(path[k]) ? 1 : 0;
            }
            CHECK(path[k][3] == 1.5);
        }
        CHECK(arrivals > 1);
        CHECK(departures > 0);
    }
}

TEST_CASE("a rule follows the textbook over 24 orders of curvature") {
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
    const Box box{{"x", -10, 10, 25}};
    for (const Method method : all_methods) {
        if (!is_normalised(method)) continue;
        const Scale scale = GENERATE(Scale::none, Scale::box);
        INFO(name(method) << ", scale " << name(scale));
        const Options options{.iterations = 1000, .rule = {.method = method, .alpha = 0.001}, .scale = scale};
        CHECK(largest_difference(kernel_path(quadratic, box, start, options),
                                 textbook_path(quadratic, box, start, options), 1e-2) < 1e-12);
    }
}

TEST_CASE("a rule follows the textbook for gradients from 1e-200 to 1e200") {
    const auto slopes = [](const Point& x, Point& g) {
        double f = 0;
        for (std::size_t j = 0; j < x.size(); ++j) {
            g[j] = std::pow(10.0, -200 + 50 * static_cast<double>(j)) * (j % 2 == 0 ? 1 : -1);
            f += g[j] * x[j];
        }
        return f;
    };
    const Point start(9, 0.5);
    const Box box{{"x", -10, 10, 9}};
    for (const Method method : all_methods) {
        if (!is_normalised(method)) continue;
        const Scale scale = GENERATE(Scale::none, Scale::box);
        for (const double eps : {1e-8, 1e-300}) {
            INFO(name(method) << ", eps " << eps << ", scale " << name(scale));
            const Options options{
                .iterations = 1000, .rule = {.method = method, .alpha = 0.001, .eps = eps}, .scale = scale};
            // Where the square of the gradient underflows, a tiny eps throws the run across the box: left to
            // the case above.
            const std::size_t first = eps < 1e-8 || scale == Scale::box ? 2 : 0;
            const auto some = [&](const Point& x, Point& g) {
                const double f = slopes(x, g);
                for (std::size_t j = 0; j < first; ++j) g[j] = 1;
                return f;
            };
            CHECK(largest_difference(kernel_path(some, box, start, options),
                                     textbook_path(some, box, start, options), 1e-2) < 1e-12);
        }
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
    for (const Method method : all_methods) {
        INFO(name(method));
        const Options options{
            .iterations = 1000, .rule = {.method = method, .alpha = 0.1, .beta2 = 0.9}, .scale = Scale::none};
        const auto path = kernel_path(turning, box, {0, 6}, options);
        std::size_t turn = 0;
        while (path[turn][1] > 0) ++turn;
        std::size_t arrival = 0;
        while (path[arrival][0] > -1) ++arrival;
        CHECK(arrival + 5 < turn);
        for (std::size_t k = arrival; k <= turn; ++k) CHECK(path[k][0] == -1);
        // With the moment of all iterations against the wall it would stay for several.
        CHECK(path[turn + 1][0] > -1);
        for (const Point& x : path) {
            CHECK(x[0] >= -1);
            CHECK(x[0] <= 1);
        }
    }
}

TEMPLATE_TEST_CASE("a kernel keeps the best point visited and freezes a broken lane there", "", double,
                   float) {
    using T = TestType;
    const Method method = GENERATE(from_range(all_methods));
    INFO(name(method));
    constexpr std::size_t lanes = kernels::lane_group;
    alignas(64) std::array<T, lanes> x{}, best_x{}, g{}, f{}, best_f{}, best_step{}, taken{}, status{},
        slope{};
    alignas(64) std::array<T, 4 * lanes> moments{};
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
                                &scale,
                                nullptr,
                                T(0)};
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
    const kernels::Step<T> step{
        .alpha = T(0.2), .eps = T(1e-8), .eps_g = T(0), .beta1 = T(0.9), .beta2 = T(0.9), .alpha_g = T(0.2)};
    const std::vector<kernels::Step<T>> steps(6, step);
    const auto& functions = kernels::functions<T>(kernel_table(choose_isa()));
    CHECK(functions.advance[kernel_method(method)](tile, steps.data(), 0, steps.size(),
                                                   {evaluate, &script}) == 6);

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
