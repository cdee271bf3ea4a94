// Where the time goes, and what a machine can do at most. Nothing here depends on how long anything takes.
#include <nlohmann/json.hpp>

#include "bits_of.hpp"
#include "catch.hpp"
#include "lanewise/lanewise.hpp"

using namespace lanewise;
using test::bits_of;

namespace {

const Box square{{"x", -5, 5}, {"y", -5, 5}};
constexpr const char* himmelblau = "(x^2 + y - 11)^2 + (x + y^2 - 7)^2";

struct Profiled {
    Result result;
    Profile profile;
};

Profiled profiled(Options options) {
    Profile profile;
    options.profile = [&](const Profile& told) { profile = told; };
    Result result = minimize(himmelblau, square, options);
    return {std::move(result), std::move(profile)};
}

}  // namespace

TEST_CASE("a profile says what each thread did when") {
    const Options options{.starts = 2000, .jit = Jit::off, .threads = 2};
    const auto [result, profile] = profiled(options);
    CHECK(bits_of(result) == bits_of(minimize(himmelblau, square, options)));
    CHECK(profile.seconds >= result.work.seconds);
    CHECK(profile.run_iterations == result.work.run_iterations);
    REQUIRE(profile.threads.size() == 2);
    CHECK(profile.bytes_per_lane > 10 * sizeof(double));
    double of_all = 0;
    for (std::size_t activity = 0; activity < activities; ++activity) {
        const double seconds = profile.seconds_in(static_cast<Activity>(activity));
        CHECK(seconds > 0);
        of_all += seconds;
    }
    CHECK(of_all <= 2 * profile.seconds);
    CHECK(profile.evaluate_seconds() > 0);
    for (const Profile::Thread& thread : profile.threads) {
        double seconds[activities] = {};
        double until = 0;
        for (const Profile::Span& span : thread.spans) {
            CHECK(span.begin >= until);
            CHECK(span.end >= span.begin);
            until = span.end;
            seconds[static_cast<std::size_t>(span.activity)] += span.end - span.begin;
        }
        CHECK(until <= profile.seconds);
        for (std::size_t activity = 0; activity < activities; ++activity)
            CHECK(seconds[activity] == Approx(thread.seconds[activity]).margin(1e-9));
    }
    CHECK(profile.threads[1].seconds[static_cast<std::size_t>(Activity::decide)] == 0);
}

TEST_CASE("a profile without a result is told too, and one of a single thread") {
    const auto [result, profile] = profiled({.starts = 10, .threads = 1, .max_evaluations = 1});
    CHECK(result.status == SearchStatus::max_evaluations);
    CHECK(profile.threads.size() == 1);
    CHECK(profile.seconds_in(Activity::iterate) == 0);
}

TEST_CASE("a profile as a timeline is JSON") {
    Profile profile{.seconds = 2, .run_iterations = 1, .threads = {}, .bytes_per_lane = 8};
    profile.threads.resize(2);
    profile.threads[1].spans = {{Activity::look, 0.5, 0.75}};
    const nlohmann::json events = nlohmann::json::parse(to_trace_json(profile))["traceEvents"];
    REQUIRE(events.size() == 4);
    CHECK(
        events[3] ==
        nlohmann::json(
            {{"ph", "X"}, {"pid", 1}, {"tid", 1}, {"name", "look"}, {"ts", 500'000.0}, {"dur", 250'000.0}}));
    for (int thread = 0; thread < 2; ++thread)
        CHECK(std::ranges::any_of(events, [&](const nlohmann::json& event) {
            return event["name"] == "thread_name" && event["tid"] == thread;
        }));
}

TEST_CASE("the operations of a program and a step are counted") {
    const Expression program("exp(x/y) + sqrt(x)*sin(y)", square);
    const Operations operations = operations_of(program, Method::adam);
    CHECK(operations.functions == std::map<std::string, std::size_t>{{"exp", 1}, {"sincos", 1}});
    const Operations of_descent = operations_of(program, Method::gradient_descent);
    CHECK(operations.square_roots == of_descent.square_roots + 2);
    CHECK(operations.divides == of_descent.divides + 2);
    CHECK(operations.flops() == operations.adds + operations.multiplies + 2 * operations.fmas +
                                    operations.divides + operations.square_roots + 2);
    // g = 2 x: the square and the slope; of the step 1 sum, 2 products, 5 fused.
    const Operations square_of_x = operations_of(Expression("x^2", Box{{"x", -1, 1}}), Method::adam);
    CHECK(square_of_x.adds + square_of_x.multiplies + square_of_x.fmas == 2 + 8);
    // A comparison and a selection for the value, two for the gradient, two instructions each.
    const auto selects = [](const char* text) {
        return operations_of(Expression(text, Box{{"x", -1, 1}}), Method::adam).selects;
    };
    CHECK(selects("if(x < 0, 2*x, x)") == selects("x^2") + 8);
}

TEST_CASE("the operations of a step are those of its rule") {
    // The look for faults, of one variable; the step itself as in textbook.hpp, but for the factors that the
    // numbers of a step hold. Sums, products and fused ones alike count 1.
    struct Row {
        Method method;
        std::size_t sums, divides, square_roots;
    };
    const Expression program("x^2", Box{{"x", -1, 1}});
    const Operations of_descent = operations_of(program, Method::gradient_descent);
    const auto sums = [](const Operations& operations) {
        return operations.adds + operations.multiplies + operations.fmas;
    };
    for (const Row& row : {
             Row{Method::momentum, 1, 0, 0},  // m
             Row{Method::rmsprop, 3, 1, 1},   // v (2) and eps (2), no scale of the slope
             Row{Method::adagrad, 2, 1, 1},   // v and eps (2), no scale
             Row{Method::adam, 4, 1, 1},      // m, v (2) and eps (2), no scale
             Row{Method::amsgrad, 4, 1, 1},   // as adam
             Row{Method::adamax, 3, 1, 0},    // m, u (1) and eps (2), no scale
             Row{Method::nadam, 5, 1, 1},     // as adam, and g in the stride
         }) {
        const Operations operations = operations_of(program, row.method);
        CAPTURE(static_cast<int>(row.method));
        CHECK(sums(operations) == sums(of_descent) + row.sums);
        CHECK(operations.divides == of_descent.divides + row.divides);
        CHECK(operations.square_roots == of_descent.square_roots + row.square_roots);
        CHECK(operations.selects >= of_descent.selects);
    }
}

TEST_CASE("the least time is that of the busier part, with the quicker roots and quotients") {
    Limits limits{.add = 1,
                  .fma = 2,
                  .add_and_fma = 1.5,
                  .select = 1,
                  .all_by_turns = 1,
                  .divide = 10,
                  .square_root = 20,
                  .newton = Limits::Newton{.divide = 50, .square_root = 70},
                  .l1_load = 0,
                  .l1_store = 0,
                  .l2_load = 0,
                  .l2_store = 0,
                  .memory_load = 0,
                  .memory_store = 0,
                  .functions = {{"exp", 7}}};
    const auto least = [&](std::size_t adds, std::size_t multiplies, std::size_t fmas, std::size_t selects,
                           std::size_t divides, std::size_t roots, std::size_t exps) {
        return least_time({adds, multiplies, fmas, selects, divides, roots, {{"exp", exps}}}, limits);
    };
    CHECK(least(5, 0, 0, 0, 0, 0, 0).nanoseconds == 7.5);
    CHECK(least(1, 4, 5, 0, 0, 0, 0).nanoseconds == 18);
    CHECK(least(1, 4, 5, 12, 0, 0, 0).nanoseconds == 22);
    const Least divided = least(1, 4, 5, 0, 2, 1, 3);
    CHECK(divided.nanoseconds == 40);
    CHECK(divided.divider);
    CHECK_FALSE((divided.newton_roots || divided.newton_quotients));
    const Least functions = least(0, 0, 0, 0, 2, 1, 6);
    CHECK(functions.nanoseconds == 42);
    CHECK_FALSE(functions.divider);

    // Where the divider is slow beside Newton's method, each is where it costs less.
    limits.newton->square_root = 9;
    const Least roots = least(1, 0, 0, 0, 2, 1, 0);
    CHECK(roots.nanoseconds == 20);
    CHECK(roots.divider);
    CHECK((roots.newton_roots && !roots.newton_quotients));
    limits.newton->divide = 2;
    const Least both = least(2, 0, 0, 0, 2, 1, 0);
    CHECK(both.nanoseconds == 16);
    CHECK_FALSE(both.divider);
    CHECK((both.newton_roots && both.newton_quotients));

    // Without Newton's forms quotients and roots share the divider.
    limits.newton = {};
    const Least neither = least(2, 0, 0, 0, 2, 1, 0);
    CHECK(neither.nanoseconds == 40);
    CHECK(neither.divider);
    CHECK_FALSE((neither.newton_roots || neither.newton_quotients));
}

TEST_CASE("the limits of this machine are measured") {
    for (const Precision precision : {Precision::f64, Precision::f32}) {
        const Limits limits = measure_limits(choose_isa(), precision);
        for (const double limit :
             {limits.add, limits.fma, limits.add_and_fma, limits.select, limits.all_by_turns, limits.divide,
              limits.square_root, limits.l1_load, limits.l1_store, limits.l2_load, limits.l2_store,
              limits.memory_load, limits.memory_store}) {
            CHECK(limit > 0);
            CHECK(limit < 1000);
        }
        const Isa isa = choose_isa();
        REQUIRE(limits.newton.has_value() == (isa == Isa::avx2 || isa == Isa::avx512));
        if (limits.newton) {
            CHECK(limits.newton->divide > 0);
            CHECK(limits.newton->square_root > 0);
        }
        CHECK(limits.functions.size() == 26);
        CHECK(limits.functions.at("exp") > 0);
    }
}
