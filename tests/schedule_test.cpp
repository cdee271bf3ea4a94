// Step sizes against their closed forms, and through the public face.
#include <cmath>
#include <numbers>

#include "catch.hpp"
#include "engine/course.hpp"
#include "lanewise/lanewise.hpp"
#include "textbook.hpp"

using namespace lanewise;

namespace {

const Box box{{"x", -1000, 1000}};

/// A rule whose step size is the schedule's alone.
Options with_schedule(Schedule schedule, std::size_t iterations) {
    return {.iterations = iterations,
            .rule = {.method = Method::gradient_descent, .alpha = 0.5},
            .schedule = schedule,
            .scale = Scale::none};
}

double alpha_at(const Options& options, std::size_t k) {
    return step_at<double>(Course(options), k).alpha;
}

Approx nearly(double value) {
    return Approx(value).epsilon(1e-14).margin(1e-16);
}

}  // namespace

TEST_CASE("a schedule is its closed form from the first iteration to the last") {
    constexpr std::size_t n = 200;
    Options options = with_schedule(Schedule::constant, n);
    CHECK(alpha_at(options, 0) == 0.5);
    CHECK(alpha_at(options, n - 1) == 0.5);

    options.schedule = Schedule::cosine;
    CHECK(alpha_at(options, 0) == 0.5);
    CHECK(alpha_at(options, n / 2) == nearly(0.25));
    CHECK(alpha_at(options, n - 1) == nearly(0.25 * (1 + std::cos(std::numbers::pi * 199 / 200))));
    CHECK(alpha_at(options, n) == nearly(0));
    options.final_alpha = 0.1;
    CHECK(alpha_at(options, 0) == 0.5);
    CHECK(alpha_at(options, n / 2) == nearly(0.5 * 0.55));
    CHECK(alpha_at(options, n - 1) ==
          nearly(0.5 * (0.1 + 0.9 * (1 + std::cos(std::numbers::pi * 199 / 200)) / 2)));
    CHECK(alpha_at(options, n) == nearly(0.05));

    options = with_schedule(Schedule::exponential, n);
    CHECK(alpha_at(options, 0) == 0.5);
    CHECK(alpha_at(options, n / 2) == nearly(0.5 * std::sqrt(1e-3)));
    CHECK(alpha_at(options, n - 1) == nearly(0.5 * std::pow(1e-3, 199.0 / 200)));
    CHECK(alpha_at(options, n) == nearly(0.5e-3));
    options.final_alpha = 0.25;
    CHECK(alpha_at(options, 0) == 0.5);
    CHECK(alpha_at(options, n / 2) == nearly(0.25));
    CHECK(alpha_at(options, n - 1) == nearly(0.5 * std::pow(0.25, 199.0 / 200)));

    options.final_alpha = 1;
    for (const Schedule schedule : {Schedule::constant, Schedule::cosine, Schedule::exponential}) {
        options.schedule = schedule;
        for (const std::size_t k : {0, 77, 199}) CHECK(alpha_at(options, k) == 0.5);
    }
}

TEST_CASE("a warm-up rises to alpha, and the schedule takes the iterations that are left") {
    for (const Schedule schedule : {Schedule::constant, Schedule::cosine, Schedule::exponential}) {
        Options options = with_schedule(schedule, 150);
        const Options shorter = with_schedule(schedule, 130);
        options.warm_up = 20;
        CHECK(alpha_at(options, 0) == nearly(0.025));
        CHECK(alpha_at(options, 4) == nearly(0.125));
        CHECK(alpha_at(options, 18) == nearly(0.475));
        CHECK(alpha_at(options, 19) == 0.5);
        for (std::size_t k = 20; k < 150; ++k) CHECK(alpha_at(options, k) == alpha_at(shorter, k - 20));
        options.warm_up = 150;
        CHECK(alpha_at(options, 0) == nearly(0.5 / 150));
        CHECK(alpha_at(options, 149) == 0.5);
    }
}

TEST_CASE("every rule's step grows and falls with the schedule") {
    for (const Method method : test::all_methods) {
        INFO(name(method));
        Options options = with_schedule(Schedule::exponential, 50);
        options.rule.method = method;
        options.warm_up = 10;
        Options constant = options;
        constant.schedule = Schedule::constant;
        constant.warm_up = 0;
        for (const std::size_t k : {0, 5, 10, 30, 49}) {
            const double fraction =
                k < 10 ? static_cast<double>(k + 1) / 10 : std::pow(1e-3, (static_cast<double>(k) - 10) / 40);
            const kernels::Step<double> step = step_at<double>(Course(options), k);
            const kernels::Step<double> full = step_at<double>(Course(constant), k);
            CHECK(step.alpha == nearly(fraction * full.alpha));
            CHECK(step.alpha_g == nearly(fraction * full.alpha_g));
            CHECK(step.eps == full.eps);
        }
    }
}

TEST_CASE("a run takes the steps of its schedule") {
    Options options = with_schedule(Schedule::exponential, 40);
    options.start_points = {{0}};
    options.warm_up = 10;
    options.final_alpha = 0.01;
    options.polish = false;
    double x = 0;
    std::vector<double> path;
    const std::uint64_t id = 0;
    visit_paths(Expression("x", box), box, options, {&id, 1}, 40,
                [&](const PathPoint& point) { path.push_back(point.x[0]); });
    REQUIRE(path.size() == 40);
    for (std::size_t k = 0; k < 40; ++k) {
        x -= k < 10 ? 0.05 * static_cast<double>(k + 1)
                    : 0.5 * std::pow(0.01, (static_cast<double>(k) - 10) / 30);
        CHECK(path[k] == Approx(x).epsilon(1e-13));
    }
    CHECK(minimize("x", box, options).best.x[0] == path.back());
}

TEST_CASE("schedules that cannot be are refused") {
    Options options = with_schedule(Schedule::exponential, 40);
    options.warm_up = 41;
    CHECK_THROWS_WITH(minimize("x", box, options), "warm-up 41: must be at most the 40 iterations");
    options.warm_up = 40;
    CHECK(minimize("x", box, options).iterations == 40);
    options.final_alpha = 0;
    CHECK_THROWS_WITH(minimize("x", box, options),
                      "final-alpha 0: must be above 0 for an exponential schedule");
    for (const double fraction : {-0.1, 1.1, std::nan("")}) {
        options.final_alpha = fraction;
        CHECK_THROWS_WITH(minimize("x", box, options), ContainsSubstring("must be 0 to 1"));
    }
}
