// Variables on a log scale: a search goes in log(x / lower), and tells x.
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "bits_of.hpp"
#include "catch.hpp"
#include "lanewise/callback.hpp"
#include "lanewise/expression.hpp"
#include "lanewise/minimize.hpp"
#include "lanewise/minimize_batch.hpp"
#include "lanewise/problem.hpp"
#include "lanewise/saved.hpp"
#include "objective/coordinates.hpp"
#include "search/starts.hpp"

using namespace lanewise;
using lanewise::test::bits_of;

namespace {

using Point = std::vector<double>;
constexpr double infinity = std::numeric_limits<double>::infinity();

Variable log_variable(double lower, double upper) {
    return {.name = "k", .lower = lower, .upper = upper, .length = {}, .log = true};
}

}  // namespace

TEST_CASE("a log scale needs bounds above 0") {
    const auto refuses = [](double lower, double upper, const char* why) {
        CHECK_THROWS_WITH(Box{log_variable(lower, upper)}, ContainsSubstring(why));
    };
    refuses(0, 1, "variable 'k': bounds 0:1 of a log scale must be above 0 and finite");
    refuses(-1, 1, "bounds -1:1 of a log scale");
    refuses(1, infinity, "bounds 1:inf of a log scale");
    const Box box{{"x", 1e-9, 1}, log_variable(1e-9, 1), {"y", 1e-3, 1}};
    CHECK_FALSE(box.is_log(0));
    CHECK(box.is_log(1));
    CHECK(box.is_half_log(0));
    CHECK_FALSE(box.is_half_log(1));
    CHECK_FALSE(box.is_half_log(2));
    const Box linear{{.name = "x", .lower = 1e-9, .upper = 1, .length = {}, .log = false}};
    CHECK_FALSE(linear.is_half_log(0));
}

TEST_CASE("variables on a log scale are found, and told in their own units") {
    const Box box{log_variable(1e-12, 1e3), {"a", -5, 5}};
    const Expression formula("(log10(k) + 7)^2 + (a - 1)^2 + sin(a)*0", box);
    const Callback callback(2, [](auto x, auto f, auto g) {
        for (std::size_t i = 0; i < f.size(); ++i) {
            const double away = std::log10(x[0][i]) + 7;
            f[i] = away * away + (x[1][i] - 1) * (x[1][i] - 1);
            g[0][i] = 2 * away / (x[0][i] * std::log(10.0));
            g[1][i] = 2 * (x[1][i] - 1);
        }
    });
    for (const Objective* objective :
         {static_cast<const Objective*>(&formula), static_cast<const Objective*>(&callback)}) {
        for (const std::uint64_t seed : {0U, 1U, 2U}) {
            const Result result = minimize(*objective, box, {.starts = 100, .seed = seed});
            CHECK(result.best.x[0] == Approx(1e-7).epsilon(1e-9));
            CHECK(result.best.x[1] == Approx(1).epsilon(1e-9));
            CHECK(result.minima_found == 1);
            CHECK(result.minima.front().x == result.best.x);
        }
    }
    // |gradient| is that of x, not of the logarithm.
    const Result one_run = minimize("k^2", Box{log_variable(0.1, 10)},
                                    {.start_points = {{3.0}}, .iterations = 1, .polish = false});
    REQUIRE(one_run.minima.size() == 1);
    CHECK(one_run.minima[0].gradient_norm == Approx(2 * one_run.minima[0].x[0]).epsilon(1e-12));
}

TEST_CASE("the bounds of a log scale are kept exactly") {
    for (const auto& [lower, upper] :
         {std::pair{1e-12, 1.0}, {0.1, 0.3}, {1e-300, 1e300}, {3.0, 3.0000001}, {7.0, 7.0}}) {
        INFO(lower << ":" << upper);
        const Box box{log_variable(lower, upper)};
        const Result low = minimize("k", box, {.starts = 50});
        CHECK(low.best.x[0] == lower);
        CHECK(low.minima.front().at_bound[0] == -1);
        const Result high = minimize("k", box, {.starts = 50, .maximize = true});
        CHECK(high.best.x[0] == upper);
        if (lower < upper) CHECK(high.minima.front().at_bound[0] == 1);
        // What a search evaluates is inside.
        const Callback watched(1, [&, lower = lower, upper = upper](auto x, auto f, auto g) {
            for (std::size_t i = 0; i < f.size(); ++i) {
                const bool is_inside = x[0][i] >= lower && x[0][i] <= upper;
                f[i] = is_inside ? -x[0][i] : std::numeric_limits<double>::quiet_NaN();
                g[0][i] = -1;
            }
        });
        const Result inside = minimize(watched, box, {.starts = 50});
        CHECK(inside.runs_with(RunStatus::nan_at_start) + inside.runs_with(RunStatus::nan_on_the_way) == 0);
        CHECK(inside.best.x[0] == upper);
    }
}

TEST_CASE("starts on a log scale are even in the logarithm, and those of a wide box half") {
    const Point lower_and_upper = {1e-9, 1e3};
    const auto share_below = [&](const Variable& variable, double bound, bool sample) {
        const Box box{variable};
        const Options options{.starts = 8000, .explore = 1};
        const Expression nothing("0*k", box);
        const std::vector<Point> no_points;
        const Coordinates coordinates(nothing, box, no_points);
        const SearchBox search_box(coordinates.box());
        const Starts starts(search_box, options);
        double below = 0;
        double all = 0;
        for (std::uint64_t id = 0; id < 8000; ++id) {
            if (starts.is_sample(id) != sample) continue;
            Point x(1);
            starts.point(id, x);
            coordinates.to_variables(x);
            below += x[0] < bound ? 1 : 0;
            ++all;
        }
        return below / all;
    };
    for (const bool sample : {false, true}) {
        INFO(sample);
        CHECK(share_below(log_variable(1e-9, 1e3), 1e-3, sample) == Approx(0.5).margin(0.05));
        CHECK(share_below(log_variable(1e-9, 1e3), 1e-6, sample) == Approx(0.25).margin(0.05));
        CHECK(share_below({"k", 1e-9, 1e3}, 1e-3, sample) == Approx(0.25).margin(0.05));
        CHECK(share_below({.name = "k", .lower = 1e-9, .upper = 1e3, .length = {}, .log = false}, 1e-3,
                          sample) < 0.01);
    }
}

TEST_CASE("start points, paths and batches are in units of x") {
    const Box box{log_variable(1e-6, 1e6), {"a", -5, 5}};
    const Expression valley("(log(k) - a)^2 + 0.1*(a - 2)^2", box);
    const std::vector<Point> starts = {{1e-6, 1}, {1, 2}, {1e6, -5}};
    std::vector<PathPoint> path;
    std::vector<std::vector<double>> points;
    visit_paths(valley, box, {.start_points = starts, .rule = {.alpha = 1e-9}},
                std::array<std::uint64_t, 3>{0, 1, 2}, 1,
                [&](const PathPoint& at) { points.emplace_back(at.x.begin(), at.x.end()); });
    REQUIRE(points.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(points[i][0] == Approx(starts[i][0]).epsilon(1e-6));
        CHECK(points[i][1] == Approx(starts[i][1]).epsilon(1e-6));
    }
    for (const RunEnd& end : minimize_batch(valley, box, starts)) {
        CHECK(end.x[0] == Approx(std::exp(2.0)).epsilon(1e-6));
        CHECK(end.x[1] == Approx(2).epsilon(1e-6));
    }
}

TEST_CASE("a search on a log scale goes on from what was saved, and not on another scale") {
    const Box box{log_variable(1e-6, 1e6)};
    const Expression objective("sin(3*log(k))^2 + log(k)^2/100", box);
    std::vector<std::string> states;
    Options options{.starts = 60, .start_points = {{0.5}}, .iterations = 200};
    const Result whole = minimize(objective, box, options);
    options.checkpoint = [&](std::string_view state) { states.emplace_back(state); };
    options.checkpoint_every = 0;
    CHECK(bits_of(minimize(objective, box, options)) == bits_of(whole));
    options.checkpoint = {};
    CHECK(bits_of(resume(states[states.size() / 2], objective, box, options)) == bits_of(whole));
    CHECK(bits_of(saved_result(states.back(), objective, options.same_distance, 1000)) == bits_of(whole));
    CHECK(read_saved(states.back()).box.is_log(0));
    const Box linear{{"k", 1e-6, 1e6}};
    CHECK_THROWS_WITH(
        resume(states.back(), Expression("sin(3*log(k))^2 + log(k)^2/100", linear), linear, options),
        ContainsSubstring("the saved search has k=1e-06:1000000 log"));
}

TEST_CASE("a log scale is written after the bounds") {
    CHECK(parse_variable("k=1e-12:1 log").log == true);
    CHECK(parse_variable("k=1e-12:1 linear").log == false);
    CHECK_FALSE(parse_variable("k=1e-12:1").log);
    CHECK(parse_variable("k[3]=1:2 log").length == std::size_t{3});
    CHECK(parse_variable("k=[1:2, 3:4] log").log == true);
    CHECK(parse_variable(" k = log(2) : log(8) log ").log == true);
    CHECK_FALSE(parse_variable("k=1:log(8)").log);
}
