// The minima of a search: how precise, how distinct, which runs they cost.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "catch.hpp"
#include "engine/halt.hpp"
#include "engine/polish.hpp"
#include "lanewise/lanewise.hpp"
#include "objectives.hpp"
#include "search/offspring.hpp"
#include "search/setting.hpp"

using namespace lanewise;
using namespace lanewise::test;

namespace {

constexpr const char* camel = "(4 - 2.1*x^2 + x^4/3)*x^2 + x*y + (4*y^2 - 4)*y^2";
const Box camel_box{{"x", -3, 3}, {"y", -2, 2}};
constexpr const char* rastrigin = "10*n(x) + sum(i, 0, n(x)-1, x[i]^2 - 10*cos(2*pi*x[i]))";

Polished polished_alone(const Setting& setting, const PolishStart& start, std::uint64_t most_evaluations,
                        Halt& halt) {
    const auto share = [](std::size_t count, const std::function<void(std::size_t)>& work) {
        for (std::size_t i = 0; i < count; ++i) work(i);
    };
    return polish(setting, std::span(&start, 1), PolishTo::last_digit,
                  {.evaluations = most_evaluations, .iterations = 0}, share, halt)
        .front();
}

Polished polished(const char* expression, const Box& box, const std::vector<double>& from,
                  const Options& options = {}, std::uint64_t most_evaluations = 100'000) {
    const Expression objective(expression, box);
    Halt halt(options);
    return polished_alone(Setting(objective, box, options), {.x = from, .run = 3, .iteration = 7},
                          most_evaluations, halt);
}

}  // namespace

TEST_CASE("the minimum of a smooth function is found to full precision") {
    struct Case {
        const char* expression;
        Box box;
        double minimum;
    };
    const std::vector<Case> cases = {
        {camel, camel_box, -1.0316284534898774},
        {"sum(i, 0, n(x)-2, 100*(x[i+1] - x[i]^2)^2 + (1 - x[i])^2)", Box{{"x", -5, 10, 20}}, 0},
        {"sum(i, 0, n(x)-1, x[i]^4 - 16*x[i]^2 + 5*x[i])/2", Box{{"x", -5, 5, 5}}, -195.83082850885},
        {"(y - 5.1/(4*pi^2)*x^2 + 5/pi*x - 6)^2 + 10*(1 - 1/(8*pi))*cos(x) + 10",
         Box{{"x", -5, 10}, {"y", 0, 15}}, 0.39788735772973816},
        {"(x + 10*y)^2 + 5*(z - w)^2 + (y - 2*z)^4 + 10*(x - w)^4",
         Box{{"x", -4, 5}, {"y", -4, 5}, {"z", -4, 5}, {"w", -4, 5}}, 0},
        {"1e6*x^2 + y^2 + 1e-6*z^2 - 1e9", Box{{"x", -3, 5}, {"y", -3, 5}, {"z", -3, 5}}, -1e9},
        {"1e-12*((x - 0.3)^2 + (y + 0.1)^4)", Box{{"x", -1, 1}, {"y", -1, 1}}, 0},
    };
    for (const auto& [expression, box, minimum] : cases) {
        INFO(expression);
        const Result result = minimize(expression, box, {.starts = 500});
        CHECK(std::abs(result.best.f - minimum) < 1e-10 * std::max(1.0, std::abs(minimum)));
        CHECK(result.minima.front().f == result.best.f);
        // A run in single precision ends where a double's polish begins.
        const Result single = minimize(expression, box, {.starts = 500, .precision = Precision::f32});
        CHECK(std::abs(single.best.f - minimum) < 1e-10 * std::max(1.0, std::abs(minimum)));
        CHECK(single.minima.front().f == single.best.f);
        CHECK(single.minima.front().polished);
    }
}

TEST_CASE("a wall that single precision does not see for what it is costs its runs alone") {
    // In double the value on it is infinite, in single precision it is not.
    const Box box{{"x", 0, 0.1}, {"y", -2, 2}};
    const Options options{.starts = 100, .precision = Precision::f32, .polish = false};
    const Result wall = minimize("log(0.1 - x) + 5*sin(40*y) + y^2", box, options);
    CHECK(std::isfinite(wall.best.f));
    CHECK(wall.runs_with(RunStatus::nan_on_the_way) > 0);
}

TEST_CASE("runs that do few iterations are not pruned for the last of them") {
    // Two looks fall together, and the last one is the end.
    const Result result =
        minimize("sum(i, 0, n(x)-2, 100*(x[i+1] - x[i]^2)^2 + (1 - x[i])^2)", Box{{"x", -5, 10, 4}},
                 {.starts = 2000, .iterations = 32, .offspring = false, .polish = false});
    CHECK(result.runs_with(RunStatus::pruned) + result.runs_with(RunStatus::merged) == 0);
}

TEST_CASE("a polish is never worse than where it began, and stays in its basin and box") {
    const Polished shallow = polished(camel, camel_box, {-1.6, -0.56});
    CHECK(shallow.f == Approx(2.104250310311).epsilon(1e-12));
    CHECK(shallow.run == 3);
    CHECK(shallow.iteration == 7);
    CHECK(shallow.finished);
    CHECK(shallow.start_x == std::vector<double>{-1.6, -0.56});
    CHECK(shallow.start_f > shallow.f);

    // Walls and corners exactly, from wherever.
    for (const double from : {-1.0, 0.3, 2.0}) {
        const Polished corner =
            polished("x - y + (z - 0.25)^2", Box{{"x", -1, 2}, {"y", 0, 3}, {"z", 0.25, 4}}, {from, 1, 2});
        CHECK(corner.x == std::vector<double>{-1, 3, 0.25});
        CHECK(corner.f == -4);
    }
    const Polished fixed = polished("(x - y)^2", Box{{"x", 0, 1}, {"y", 0.7, 0.7}}, {0.1, 0.7});
    CHECK(fixed.x[1] == 0.7);
    CHECK(fixed.x[0] == Approx(0.7).epsilon(1e-9));
    const Polished pinned = polished("x^2", Box{{"x", 3, 3}}, {3});
    CHECK(pinned.f == 9);

    // A wall of no value: log(x) ends at 0.
    const Polished edge = polished("x*log(x) + 2*x", Box{{"x", -1, 1}}, {0.5});
    CHECK(edge.f == Approx(-std::exp(-3.0)).epsilon(1e-12));
    // Where there is no value to begin with.
    CHECK_FALSE(std::isfinite(polished("log(x)", Box{{"x", -1, 1}}, {-0.5}).f));

    // Values and coordinates near the ends of the range of doubles.
    CHECK(polished("1e200*((x - 0.3)^2 + 2*y^2)", Box{{"x", -1, 1}, {"y", -1, 1}}, {0.9, 0.8}).f < 1e190);
    for (const char* far : {"x", "x^2", "1e-300*x^2*y", "cos(1e-300*x)*y^3"}) {
        const Polished there = polished(far, Box{{"x", -8e307, 8e307}, {"y", -1, 1}}, {1e300, 0.5});
        CHECK(there.f <= there.start_f);
        CHECK((std::abs(there.x[0]) <= 8e307 && std::abs(there.x[1]) <= 1));
    }

    const Polished largest = polished("3 - x^2", Box{{"x", -1, 2}}, {0.5}, {.maximize = true});
    CHECK(largest.f == Approx(-3));
}

TEST_CASE("a polish spends no more than it may, and ends at the target") {
    constexpr const char* valley = "100*(y - x^2)^2 + (1 - x)^2";
    const Box box{{"x", -5, 5}, {"y", -5, 5}};
    const Polished all = polished(valley, box, {-1.2, 1});
    CHECK(all.f < 1e-15);
    for (const std::uint64_t most : {1, 2, 10, 30}) {
        const Polished some = polished(valley, box, {-1.2, 1}, {}, most);
        CHECK(some.evaluations <= most);
        CHECK_FALSE(some.finished);
        CHECK(some.f >= all.f);
        CHECK(some.f <= some.start_f);
    }
    for (const char* rough : {"8*abs(x^2-y)+(1-x)^2", "if(x^2+y^2<1, x+y, inf)"}) {
        for (std::uint64_t most = 1; most < 20'000; most += most / 3 + 1)
            CHECK(polished(rough, box, {-0.3, 0.2}, {}, most).evaluations <= most);
    }
    const Polished enough = polished(valley, box, {-1.2, 1}, {.target = 0.5});
    CHECK(enough.f <= 0.5);
    CHECK_FALSE(enough.finished);
    CHECK(enough.evaluations < all.evaluations);
}

TEST_CASE("a search that a limit ends says what is not at full precision") {
    const Box box{{"x", -5, 5}, {"y", -5, 5}};
    const Result cut =
        minimize("100*(y - x^2)^2 + (1 - x)^2", box, {.start_points = {{-1.2, 1}}, .max_evaluations = 20});
    CHECK(cut.status == SearchStatus::max_evaluations);
    CHECK(cut.work.evaluations <= 20);
    CHECK_FALSE(cut.best.polished);
    CHECK_FALSE(cut.minima.front().polished);
    CHECK(cut.minima.front().f == cut.best.f);
}

TEST_CASE("a saddle is left, along whatever direction goes down") {
    const Box box{{"x", -3, 3}, {"y", -3, 3}, {"z", -3, 3}};
    CHECK(polished("x^2 + y^2 + z^4 - z^2", box, {0, 0, 0}).f == Approx(-0.25));
    // The direction down is no axis, and the gradient is exactly 0.
    CHECK(polished("(x + y + z)^2 + (x - y)^4 - (x - y)^2 + z^2", box, {0, 0, 0}).f == Approx(-0.25));
    // Down at a wall: x is held at 0, y is free.
    CHECK(polished("x + y^4 - y^2 + z^2", Box{{"x", 0, 1}, {"y", -1, 1}, {"z", -1, 1}}, {0, 0, 0}).f ==
          Approx(-0.25));
    // Not a saddle, only flat.
    CHECK(polished("x^4 + y^4 + z^4", box, {0, 0, 0}).f == 0);
    CHECK(polished("x^2 + 0*y", Box{{"x", -1, 1}, {"y", -1, 1}}, {0, 0.5}).x == std::vector<double>{0, 0.5});

    const Result result = minimize("(x^2 - 1)^2 + y^2", Box{{"x", -3, 3}, {"y", -3, 3}},
                                   {.starts = 50, .start_points = {{0, 0}, {0, 1}, {0, -2}}});
    REQUIRE(result.minima.size() == 2);
    CHECK(result.best.f < 1e-15);
    for (const Minimum& minimum : result.minima) CHECK(std::abs(minimum.x[0]) == Approx(1));
}

TEST_CASE("a polish asks for no point outside the box") {
    const Box box{{"x", 0, 1}, {"y", -1, 1}};
    std::size_t outside = 0;
    const auto polish_of = [&](const std::vector<double>& from, auto function) {
        const LaneByLane objective(2, [&](const Point& x, Point& g) {
            outside += x[0] >= 0 && x[0] <= 1 && x[1] >= -1 && x[1] <= 1 ? 0 : 1;
            return function(x, g);
        });
        const Options options;
        Halt halt(options);
        return polished_alone(Setting(objective, box, options), {.x = from, .run = 0, .iteration = 0}, 10'000,
                              halt);
    };
    // A saddle near walls: the first steps away from it are longer than the ways to them.
    const auto saddle = [](const Point& x, Point& g) {
        g = {-2 * (x[0] - 0.05), -2 * (x[1] - 0.95)};
        return -(x[0] - 0.05) * (x[0] - 0.05) - (x[1] - 0.95) * (x[1] - 0.95);
    };
    CHECK(polish_of({0.05, 0.95}, saddle).f == Approx(-0.95 * 0.95 - 1.95 * 1.95));
    // The lowest point is on a wall or beyond it.
    for (const double at : {0.0, 1e-12, -1e-12, -1e-6, -0.3}) {
        const auto bowl = [at](const Point& x, Point& g) {
            g = {4 * std::pow(x[0] - at, 3) + 2 * (x[0] - at) + x[1], 2 * x[1] + x[0] - at};
            return std::pow(x[0] - at, 4) + (x[0] - at) * (x[0] - at) + x[1] * x[1] + (x[0] - at) * x[1];
        };
        const Polished lowest = polish_of({0.7, 0.4}, bowl);
        CHECK(lowest.x[0] >= 0);
        CHECK(lowest.x[0] < 1e-6);
    }
    CHECK(outside == 0);
}

TEST_CASE("a polish goes on as far as values tell") {
    // Rastrigin's function, but not as a difference of large numbers: values are good to the last digits.
    const Result result =
        minimize("sum(i, 0, n(x)-1, x[i]^2 + 20*sin(pi*x[i])^2)", Box{{"x", -5.12, 5.12, 2}}, {.settle = 0});
    CHECK(result.minima.size() > 110);
    for (const Minimum& minimum : result.minima) {
        // A step of Newton's method would lower f by less than its last digit.
        constexpr double least_curvature = 350;
        const double gain = minimum.gradient_norm * minimum.gradient_norm / (2 * least_curvature);
        CHECK(gain < std::nextafter(minimum.f, 1e9) - minimum.f + 1e-25);
    }
}

TEST_CASE("one basin is one minimum, each polished, with its hits") {
    const Result result = minimize(rastrigin, Box{{"x", -5.12, 5.12, 2}}, {.settle = 0});
    CHECK(result.minima_found == 121);
    std::size_t hits = 0;
    for (const Minimum& minimum : result.minima) {
        CHECK(minimum.polished);
        CHECK(minimum.hits() + minimum.offspring > 0);
        hits += minimum.hits();
        for (const double x : minimum.x) CHECK(std::abs(x - std::round(x)) < 0.06);
    }
    CHECK(hits + result.runs_with(RunStatus::pruned) == 4096);

    // Runs that are far from their ends when their iterations are done belong to the minimum that the best of
    // them leads to.
    const Result valley =
        minimize("100*(y - x^2)^2 + (1 - x)^2", Box{{"x", -5, 5}, {"y", -5, 5}}, {.iterations = 100});
    CHECK(valley.minima_found == 1);
    CHECK(valley.best.f < 1e-15);
}

TEST_CASE("near minima are told apart by what is between them") {
    // Two minima 0.02 of the box apart, one of them lower by 1e-4.
    constexpr const char* twins = "((x - 0.5)^2 - 0.0001)^2*1e6 + 0.005*(x - 0.5)";
    const Box box{{"x", 0, 1}};
    // Neither is taken for the other, whatever the distance.
    for (const double distance : {1e-6, 3e-3, 0.05, 1.0})
        CHECK(minimize(twins, box, {.starts = 500, .same_distance = distance}).minima_found == 2);
}

TEST_CASE("runs that have come to rest, or to where others are, do not go on") {
    const Box box{{"x", -5, 5}, {"y", -5, 5}};
    const Options longer{.starts = 1000,
                         .iterations = 20'000,
                         .rule = {.alpha = 0.01},
                         .schedule = Schedule::constant,
                         .explore = 1,
                         .offspring = false,
                         .prune = false};
    const Result calm = minimize("(x^2 + y - 11)^2 + (x + y^2 - 7)^2", box, longer);
    CHECK(calm.runs_with(RunStatus::converged_gradient) + calm.runs_with(RunStatus::converged_value) > 950);
    CHECK(calm.work.run_iterations < 10'000'000);
    CHECK(calm.work.lane_occupancy > 0.5);

    // Half of the box is flat: its runs end at the fourth look.
    const Result flat = minimize("if(x > 0, x^2, 0)", Box{{"x", -1, 1}}, longer);
    CHECK(flat.runs_with(RunStatus::converged_gradient) > 400);

    // At a wall the gradient does not vanish, what the wall leaves of it does.
    const Result wall = minimize("x + (y - 1)^2", box, longer);
    CHECK(wall.runs_with(RunStatus::converged_gradient) + wall.runs_with(RunStatus::converged_value) > 950);
    CHECK(wall.best.f == -5);
    for (const char* slope : {"x", "-x"}) {
        INFO(slope);
        const Options options{.start_points = {{-5.0}, {5.0}}, .prune = false, .polish = false};
        const Result still = minimize(slope, Box{{"x", -5, 5}}, options);
        CHECK(still.runs_with(RunStatus::converged_gradient) == 2);
    }

    const Result merged = minimize("100*(y - x^2)^2 + (1 - x)^2", box, {.starts = 1000, .offspring = false});
    CHECK(merged.runs_with(RunStatus::merged) > 800);
    REQUIRE(merged.minima.size() == 1);
    CHECK(merged.minima.front().hits() > 950);
}

TEST_CASE("pruning spares the best of a neighbourhood and a sample, and loses nothing that counts") {
    // A deep basin and shallow ripples all around.
    constexpr const char* crater = "0.01*(sin(20*x)^2 + sin(20*y)^2) - 3*exp(-20*((x-1)^2 + (y+2)^2))";
    const Box box{{"x", -5, 5}, {"y", -5, 5}};
    Options options{.starts = 20'000, .offspring = false};
    const Result pruned = minimize(crater, box, options);
    options.prune = false;
    const Result whole = minimize(crater, box, options);
    CHECK(pruned.runs_with(RunStatus::pruned) > 1000);
    CHECK(whole.runs_with(RunStatus::pruned) == 0);
    CHECK(whole.audit.spared == 0);
    CHECK(pruned.audit.spared > 100);
    CHECK(pruned.audit.better_than_leader <= pruned.audit.spared / 10);
    CHECK(pruned.audit.regret == 0);
    CHECK(pruned.best.f == whole.best.f);
    CHECK(pruned.work.run_iterations < whole.work.run_iterations);
    CHECK(pruned.minima_found > whole.minima_found * 6 / 10);
    // Runs that were merged into one that was pruned later came to no minimum either.
    CHECK(pruned.coverage.runs <= 20'000 - pruned.runs_with(RunStatus::pruned));
    CHECK(pruned.coverage.runs > 16'000);
    CHECK(whole.coverage.runs == 20'000);
}

TEST_CASE("a search ends when it is settled") {
    const Result easy = minimize(camel, camel_box);
    CHECK(easy.status == SearchStatus::settled);
    CHECK(easy.minima_found == 6);
    CHECK(easy.runs_started() <= 64);
    // Unless all starts are asked for, in one way or another; a bound with them is a bound.
    CHECK(minimize(camel, camel_box, {.settle = 0}).status == SearchStatus::completed);
    CHECK(minimize(camel, camel_box, {.starts = 500}).status == SearchStatus::completed);
    CHECK(minimize(camel, camel_box, {.start_points = {{1, 1}}}).status == SearchStatus::completed);
    CHECK(minimize(camel, camel_box, {.starts = 500, .settle = 0.03}).status == SearchStatus::settled);
    // A smaller chance takes more runs that come to the best minima.
    std::size_t before = 0;
    for (const double settle : {0.5, 0.03, 1e-3, 1e-5}) {
        const Result result = minimize(camel, camel_box, {.starts = 10'000, .settle = settle});
        CHECK(result.status == SearchStatus::settled);
        double hits = 0;
        for (const Minimum& minimum : std::span(result.minima).first(2))
            hits += static_cast<double>(minimum.hits()) + static_cast<double>(minimum.offspring) / 8;
        const std::size_t starts = result.runs_started();
        CHECK(1 / ((1 + hits) * (1 + hits)) <= settle);
        CHECK(24 / (static_cast<double>(starts) * hits) <= settle);
        CHECK(starts >= before);
        before = starts;
    }
    // Thousands of minima, of which the best is seldom found: there is no end of it.
    CHECK(minimize(rastrigin, Box{{"x", -3, 5.12, 8}}, {.starts = 256, .settle = 0.03}).status ==
          SearchStatus::completed);
    // Many minima as low as the best: each run that came to one of them counts.
    CHECK(minimize("sum(i, 0, 2, sin(6*pi*x[i])^2)", Box{{"x", 0.01, 0.99, 3}}).status ==
          SearchStatus::settled);
}

TEST_CASE("offspring find what no start of theirs led to") {
    const Box box{{"x", -3, 5.12, 8}};
    const Options alone{.starts = 2000, .offspring = false};
    const Options bred{.starts = 2000};
    const Result without = minimize(rastrigin, box, alone);
    const Result with = minimize(rastrigin, box, bred);
    CHECK(without.best.f > 1);
    CHECK(without.offspring == 0);
    CHECK(with.best.f < 1e-10);
    CHECK(with.best.offspring);
    CHECK(with.best.start_id < 2000);
    CHECK(with.offspring > 0);
    CHECK(with.offspring <= 4000);
    CHECK(with.runs_started() == 2000);
    // Starts given by hand have none.
    CHECK(minimize(rastrigin, box,
                   {.start_points = {std::vector<double>(8, 2.3), std::vector<double>(8, 1.7),
                                     std::vector<double>(8, 0.3), std::vector<double>(8, 3.1)}})
              .offspring == 0);
}

TEST_CASE("offspring are combined from parents within the box, and descend from the run that is changed") {
    constexpr std::size_t d = 200;
    const Box box{{"x", -1, 1, d}};
    const Callback objective(d, [](auto, auto, auto) {});
    const Options options{.starts = 100, .seed = 4};
    const Setting setting(objective, box, options);
    Findings findings(d);
    findings.runs.begin(6, 0, std::vector<std::uint64_t>{11, 22, 33, 44, 55, 66});
    for (std::size_t run = 0; run < 6; ++run) {
        findings.runs.f[run] = static_cast<double>(run);
        for (std::size_t j = 0; j < d; ++j)
            findings.runs.x[run * d + j] = std::cos(static_cast<double>((run + 2) * (j + 1)));
    }
    Offspring offspring(setting);
    CHECK_FALSE(offspring.is_possible());
    offspring.take_parents(findings, 0);
    REQUIRE(offspring.is_possible());
    std::vector<std::size_t> of_run(6, 0);
    for (std::uint64_t id = 100; id < 400; ++id) {
        const Child child = offspring.child(id);
        CHECK(offspring.child(id).x == child.x);
        CHECK(std::ranges::all_of(child.x, [](double x) { return x >= -1 && x <= 1; }));
        // Most have many coordinates of one parent alone. With a, b and a for parents some are those of b.
        std::vector<std::size_t> alike;
        for (std::size_t run = 0; run < 6; ++run) {
            std::size_t count = 0;
            for (std::size_t j = 0; j < d; ++j)
                count += std::abs(child.x[j] - findings.runs.point(run)[j]) < 1e-12 ? 1 : 0;
            if (count > d / 20) alike.push_back(run);
        }
        if (alike.size() != 1) continue;
        CHECK(child.line == 11 * (alike[0] + 1));
        ++of_run[alike[0]];
    }
    // Better parents have more.
    CHECK(of_run[0] > of_run[5]);
    CHECK(of_run[5] > 0);
    CHECK(std::accumulate(of_run.begin(), of_run.end(), std::size_t{0}) > 150);
}

TEST_CASE("a while of offspring that find nothing better are the last") {
    const Result result = minimize(camel, camel_box);
    CHECK(result.offspring > 0);
    CHECK(result.offspring < 2 * 4096 - 1000);
}

TEST_CASE("what was found with fewer starts is found with more") {
    double best = std::numeric_limits<double>::infinity();
    for (const std::size_t starts : {16, 64, 256, 1024, 4096}) {
        const Result result =
            minimize(rastrigin, Box{{"x", -3, 5.12, 12}}, {.starts = starts, .offspring = false});
        CHECK(result.best.f <= best);
        best = result.best.f;
    }
}

TEST_CASE("a polish comes to the best point that it has seen, where it cannot go on smoothly") {
    const Box box{{"x", -1, 1}, {"y", -1, 1}};
    double least = std::numeric_limits<double>::infinity();
    const LaneByLane objective(2, [&](const Point& x, Point& g) {
        g = {x[0] < 0.3 ? -1.0 : 1.0, x[1] < -0.2 ? -3.0 : 3.0};
        const double f = std::abs(x[0] - 0.3) + 3 * std::abs(x[1] + 0.2);
        least = std::min(least, f);
        return f;
    });
    for (const Point& from : {Point{0.9, 0.9}, Point{0.9, -0.9}}) {
        least = std::numeric_limits<double>::infinity();
        const Options options;
        Halt halt(options);
        const Polished polished = polished_alone(Setting(objective, box, options),
                                                 {.x = from, .run = 0, .iteration = 0}, 10'000, halt);
        CHECK(polished.f == least);
        CHECK(polished.f == std::abs(polished.x[0] - 0.3) + 3 * std::abs(polished.x[1] + 0.2));
    }
}

TEST_CASE("what is called a minimum is one") {
    const Box square{{"x", -5, 5}, {"y", -5, 5}};
    struct Valley {
        const char* formula;
        double x, y;
    };
    // Narrow valleys, bent and straight, in which runs are still on their way when their iterations are done.
    for (const Valley& valley :
         {Valley{"1e9*(y-x-0.3*sin(x))^2+(1-x)^2", 1, 1 + 0.3 * std::sin(1.0)},
          Valley{"1e6*(y-x^2)^2+(1-x)^2", 1, 1}, Valley{"1e12*(x-y)^2+(x+y-1)^2", 0.5, 0.5}}) {
        INFO(valley.formula);
        for (const std::uint64_t seed : {0U, 1U, 2U}) {
            const Result result = minimize(valley.formula, square, {.seed = seed});
            CHECK(result.minima_found == 1);
            REQUIRE(result.minima.size() == 1);
            CHECK(result.best.polished);
            CHECK(result.best.f < 1e-20);
            CHECK(result.best.x[0] == Approx(valley.x).epsilon(1e-12));
            CHECK(result.best.x[1] == Approx(valley.y).epsilon(1e-12));
        }
    }
    const Box wide{{"x", 0, 500}, {"y", 0, 500}};
    const Result product = minimize("-x*y*(72-2*x-2*y)", wide);
    for (const Minimum& minimum : product.minima) {
        const bool is_inner = minimum.f == Approx(-3456).epsilon(1e-12) &&
                              minimum.x[0] == Approx(12).epsilon(1e-6) &&
                              minimum.x[1] == Approx(12).epsilon(1e-6);
        const bool is_on_edge = minimum.f == 0 && (minimum.x[0] == 0 || minimum.x[1] == 0);
        CHECK((is_inner || is_on_edge));
    }
    for (const std::size_t d : {4U, 7U, 30U}) {
        const Box box{{"x", -5, 5, d}};
        const Result result = minimize("sum(i, 0, n(x)-2, 100*(x[i+1]-x[i]^2)^2 + (1-x[i])^2)", box,
                                       {.starts = 500, .offspring = false});
        INFO(d);
        CHECK(result.minima_found == 2);
        CHECK(result.minima[0].f == 0);
        CHECK(result.minima[1].f == Approx(3.985).margin(0.3));
    }
}

TEST_CASE("runs converge however few iterations they have") {
    const Box box{{"x", -5, 5, 4}};
    for (const std::size_t iterations : {1U, 10U, 100U}) {
        const Result result = minimize("sum(i, 0, n(x)-2, 100*(x[i+1]-x[i]^2)^2 + (1-x[i])^2)", box,
                                       {.starts = 400, .iterations = iterations, .offspring = false});
        INFO(iterations);
        CHECK(result.minima_found == 2);
        CHECK(result.runs_with(RunStatus::max_iterations) == 0);
    }
}

TEST_CASE("a run that was cut off on its way is no minimum, and says so") {
    const Box square{{"x", -5, 5}, {"y", -5, 5}};
    const Result result = minimize("1e6*(y-x^2)^2+(1-x)^2", square, {.max_evaluations = 200});
    REQUIRE(result.status == SearchStatus::max_evaluations);
    CHECK(result.minima_found == 0);
    REQUIRE(result.minima.size() == 1);
    CHECK_FALSE(result.minima.front().finished);
    CHECK(result.minima.front().f == result.best.f);
    CHECK(result.minima.front().x == result.best.x);
    // Without a polish every end counts.
    const Result raw = minimize("1e6*(y-x^2)^2+(1-x)^2", square, {.polish = false});
    CHECK(raw.minima_found > 10);
    CHECK(raw.runs_with(RunStatus::max_iterations) > 0);
}

TEST_CASE("runs by L-BFGS alone that a limit cuts off are stopped") {
    const Box box{{"x", -5, 5, 20}};
    const char* const rosenbrock = "sum(i, 0, n(x)-2, 100*(x[i+1]-x[i]^2)^2 + (1-x[i])^2)";
    for (const std::uint64_t most : {100, 200, 1000, 3000}) {
        const Result result = minimize(
            rosenbrock, box, {.starts = 200, .rule = {.method = Method::lbfgs}, .max_evaluations = most});
        CAPTURE(most);
        CHECK(result.status == SearchStatus::max_evaluations);
        CHECK(result.runs_with(RunStatus::max_iterations) == 0);
        CHECK(result.runs_with(RunStatus::stopped) > 0);
        CHECK(result.work.evaluations <= most);
    }
    // Those that have done their iterations are not.
    const Result short_runs =
        minimize(rosenbrock, box, {.starts = 20, .iterations = 3, .rule = {.method = Method::lbfgs}});
    CHECK(short_runs.runs_with(RunStatus::max_iterations) == 20);
}

TEST_CASE("runs by L-BFGS alone") {
    const Box box{{"x", -5, 5, 20}};
    const Options options{.starts = 200, .rule = {.method = Method::lbfgs}, .offspring = false};
    const Result result = minimize("sum(i, 0, n(x)-2, 100*(x[i+1]-x[i]^2)^2 + (1-x[i])^2)", box, options);
    CHECK(result.minima_found == 2);
    CHECK(result.best.f == 0);
    CHECK(result.runs_with(RunStatus::converged_gradient) + result.runs_with(RunStatus::converged_value) ==
          200);
    CHECK(result.work.run_iterations == 0);
    CHECK_THROWS_WITH(minimize("x[0]", box, {.rule = {.method = Method::lbfgs}, .precision = Precision::f32}),
                      ContainsSubstring("rule lbfgs: has double precision only"));
}

TEST_CASE("a polish goes on where the value no longer tells points apart") {
    // Near the minimum at 0 the value is 2 to rounding within 1e-8; the gradient still tells.
    const Polished point = polished("exp(x) - x + exp(y) - y", Box{{"x", -2, 3}, {"y", -4, 3}}, {1.3, -2.2});
    CHECK(point.f == 2);
    CHECK(std::abs(point.x[0]) < 1e-13);
    CHECK(std::abs(point.x[1]) < 1e-13);
}

TEST_CASE("a polish follows kinks, and the edge of a region without values") {
    struct Rough {
        const char* formula;
        Box box;
        double f;
        std::vector<double> x;
    };
    const Box square{{"x", -5, 5}, {"y", -5, 5}};
    const double half = std::sqrt(0.5);
    for (const Rough& rough : {
             Rough{"8*abs(x^2-y)+(1-x)^2", square, 0, {1, 1}},
             Rough{"if(x^2+y^2<1, x+y, inf)", square, -std::sqrt(2.0), {-half, -half}},
             Rough{"max(x^2+y^2, (2-x)^2+(2-y)^2, 2*exp(y-x))", square, 2, {1, 1}},
             Rough{"abs(x-1)+100*abs(y-x^2)", square, 0, {1, 1}},
             Rough{"if(x*y>1 and x>0, x+y, inf)", square, 2, {1, 1}},
             Rough{"if(v[0]^2+2*v[1]^2+v[2]^2<1, v[0]+2*v[1]+v[2]/3, inf)",
                   Box{{"v", -5, 5, 3}},
                   -std::sqrt(28.0 / 9),
                   {-3 / std::sqrt(28.0), -3 / std::sqrt(28.0), -1 / std::sqrt(28.0)}},
             Rough{"sum(i, 0, 4, (i+1)*abs(v[i]-i/2)) + max(v[0], v[4])",
                   Box{{"v", -5, 5, 5}},
                   2,
                   {0, 0.5, 1, 1.5, 2}},
         }) {
        for (const std::uint64_t seed : {0U, 1U, 2U, 3U}) {
            INFO(rough.formula << ", seed " << seed);
            const Result result = minimize(rough.formula, rough.box, {.starts = 500, .seed = seed});
            CHECK(result.best.f == Approx(rough.f).margin(1e-8));
            for (std::size_t j = 0; j < rough.x.size(); ++j)
                CHECK(result.best.x[j] == Approx(rough.x[j]).margin(1e-4));
            CHECK(result.best.polished);
            CHECK(result.minima_found == 1);
        }
    }
}

TEST_CASE("an answer does not depend on a tight box, or on units") {
    const Box huge{{"x", -1e6, 1e6}, {"y", -1e6, 1e6}};
    const Box vast{{"x", -1e9, 1e9}, {"y", -1e9, 1e9}};
    for (const std::uint64_t seed : {0U, 1U, 2U}) {
        INFO(seed);
        const Options options{.starts = 500, .seed = seed};
        CHECK(minimize("(log10(x)+3.3)^2", Box{{"x", 1e-9, 1e9}}, options).best.f < 1e-20);
        CHECK(minimize("x+1/x", Box{{"x", 1e-12, 1e12}}, options).best.f == Approx(2).epsilon(1e-12));
        const Result valley = minimize("100*(y-x^2)^2+(1-x)^2", huge, options);
        CHECK(valley.best.f < 1e-20);
        CHECK(valley.minima_found == 1);
        for (const Box& box : {huge, vast}) {
            CHECK(minimize("(x^2+y-11)^2+(x+y^2-7)^2", box, options).minima_found == 4);
            CHECK(minimize("(x^2-1)^2+(y^2-2)^2", box, options).minima_found == 4);
            CHECK(minimize("3*(x-0.1)^2+2*x*y+(y+7)^2", box, options).minima_found == 1);
        }
        // Runs in a generous box are near to each other before they are near to a minimum.
        const Box wide{{"x", -5000, 5000}, {"y", -5000, 5000}};
        CHECK(minimize("(x^2-1)^2+(y^2-2)^2", wide, {.seed = seed}).minima_found == 4);
        // On the floor of a valley they seem to have converged.
        const Box wider{{"x", -1e7, 1e7}, {"y", -1e7, 1e7}};
        const Result far_valley = minimize("100*(y-x^2)^2+(1-x)^2", wider, {.seed = seed});
        CHECK(far_valley.best.f < 1e-20);
        CHECK(far_valley.minima_found == 1);
        const Result tiny =
            minimize("1e-20*(100*(y-x^2)^2+(1-x)^2)", Box{{"x", -5, 5}, {"y", -5, 5}}, options);
        CHECK(tiny.best.x[0] == Approx(1).epsilon(1e-9));
        CHECK(tiny.minima_found == 1);
    }
}
