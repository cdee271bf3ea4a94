// Boxes that are far wider than what the function does in them.
#include <fmt/format.h>

#include <cmath>
#include <string>
#include <vector>

#include "catch.hpp"
#include "lanewise/lanewise.hpp"

using namespace lanewise;

namespace {

const char* const rastrigin = "sum(i, 0, n(x)-1, 10 + x[i]^2 - 10*cos(2*pi*x[i]))";

Box wide(const char* names, double bound) {
    std::vector<Variable> variables;
    for (const char* name = names; *name != 0; ++name)
        variables.push_back({std::string(1, *name), -bound, bound});
    return Box(std::move(variables));
}

}  // namespace

TEST_CASE("an answer does not depend on the box being tight where the landscape leads inwards") {
    struct Problem {
        const char* formula;
        const char* names;
        double least;
        std::size_t global_minima;
    };
    for (const Problem& problem :
         {Problem{"100*(y-x^2)^2+(1-x)^2", "xy", 0, 1}, Problem{"(x^2+y-11)^2+(x+y^2-7)^2", "xy", 0, 4},
          Problem{"(1.5-x+x*y)^2+(2.25-x+x*y^2)^2+(2.625-x+x*y^3)^2", "xy", 0, 1},
          Problem{"(x^2-1)^2+(y^2-2)^2", "xy", 0, 4}, Problem{"1e4*(x-3)^2+(y+7)^2+(z-100)^2", "xyz", 0, 1},
          Problem{"20+x^2-10*cos(2*pi*x)+y^2-10*cos(2*pi*y)", "xy", 0, 1},
          Problem{"(x^4-16*x^2+5*x+y^4-16*y^2+5*y)/2", "xy", -78.33233140754282, 1},
          Problem{"(sin(3*pi*x))^2+(x-1)^2*(1+(sin(3*pi*y))^2)+(y-1)^2*(1+(sin(2*pi*y))^2)", "xy", 0, 1}}) {
        for (const double bound : {1e6, 1e9}) {
            for (const std::uint64_t seed : {0U, 1U}) {
                INFO(problem.formula << " in +-" << bound << ", seed " << seed);
                const Result result = minimize(problem.formula, wide(problem.names, bound), {.seed = seed});
                if (bound > 1e5) CHECK(result.region);
                CHECK(result.best.f == Approx(problem.least).margin(1e-18));
                std::size_t global_minima = 0;
                for (const Minimum& minimum : result.minima)
                    global_minima += std::abs(minimum.f - problem.least) < 1e-9 ? 1 : 0;
                CHECK(global_minima == problem.global_minima);
            }
        }
    }
}

TEST_CASE("most starts are drawn where the landscape leads to") {
    const Box box{{"x", -1e6, 1e6, 4}};
    const Result result = minimize(rastrigin, box, {.starts = 64});
    REQUIRE(result.region);
    for (std::size_t j = 0; j < 4; ++j) {
        CHECK(result.region->lower[j] == -result.region->upper[j]);
        CHECK(result.region->upper[j] > 2);
        CHECK(result.region->upper[j] < 200);
    }
    CHECK(result.best.f < 5);
    // The path of a run begins where the search had it begin.
    std::size_t inside = 0;
    std::vector<std::uint64_t> ids;
    for (std::uint64_t id = 0; id < 64; ++id) ids.push_back(id);
    visit_paths(Expression(rastrigin, box), box, {.starts = 64}, ids, 1, [&](const PathPoint& at) {
        bool is_inside = true;
        for (std::size_t j = 0; j < 4; ++j)
            is_inside = is_inside && std::abs(at.x[j]) < 2 * result.region->upper[j];
        inside += is_inside ? 1 : 0;
    });
    CHECK(inside == 56);
    // One bound is where the landscape leads to.
    const Box half{{"x", 0, 1e6}, {"y", -1e6, 0}};
    const Result at_bound = minimize("20+x^2-10*cos(2*pi*x)+y^2-10*cos(2*pi*y)", half);
    REQUIRE(at_bound.region);
    CHECK(at_bound.region->lower[0] == 0);
    CHECK(at_bound.region->upper[1] == 0);
    CHECK(at_bound.best.f == 0);
}

TEST_CASE("each variable has the region that it needs") {
    // y is in a tight box, z does nothing, k is on a log scale and c fixed.
    const Box box({{"x", -1e8, 1e8},
                   {"y", -5, 5},
                   {"z", -1e8, 1e8},
                   {.name = "k", .lower = 1e-6, .upper = 1e6, .length = {}, .log = true},
                   {"c", 2, 2}});
    const Result result =
        minimize("c+x^2-10*cos(2*pi*x)+y^2-10*cos(2*pi*y)+0*z+log(k)^2", box, {.starts = 256});
    REQUIRE(result.region);
    CHECK(result.region->upper[0] < 200);
    CHECK(result.region->upper[1] == 5);
    CHECK(result.region->upper[2] == 1e8);
    CHECK(result.region->lower[3] == 1e-6);
    CHECK(result.region->upper[3] == 1e6);
    CHECK(result.region->lower[4] == 2);
    CHECK(result.best.f == -18);
}

TEST_CASE("where a landscape does not lead inwards from far out there is no region") {
    struct Problem {
        const char* formula;
        double bound;
    };
    for (const Problem& problem :
         {Problem{"x^2-10*cos(2*pi*x)+y^2-10*cos(2*pi*y)", 5.12},                               // a usual box
          Problem{"(x^4-16*x^2+5*x+y^4-16*y^2+5*y)/2", 5}, Problem{"8*abs(x^2-y)+(1-x)^2", 5},  // a cone at 0
          Problem{"1+x^2+y^2", 1}, Problem{"1e6+x^4+y^4", 1e6},    // no size of its own but by rounding
          Problem{"1-exp(-x^2-y^2)", 3}, Problem{"x^2+y^2", 1e9},  // no size of its own
          Problem{"x+2*y", 1e9},                                   // down on one side
          Problem{"sin(x)*sin(y)", 1e6},                           // the same everywhere
          Problem{"1-exp(-x^2-y^2)", 1e6},                         // flat
          Problem{"-x^2-y^2+1e-20*x^4", 1e6}}) {                   // outwards
        INFO(problem.formula);
        CHECK_FALSE(minimize(problem.formula, wide("xy", problem.bound), {.starts = 16}).region);
    }
    // Where there is nothing to draw, or steps are what they are.
    const Box box = wide("xy", 1e6);
    const char* const formula = "20+x^2-10*cos(2*pi*x)+y^2-10*cos(2*pi*y)";
    CHECK(minimize(formula, box, {.starts = 16}).region);
    CHECK_FALSE(minimize(formula, box, {.start_points = {{3, 4}}}).region);
    CHECK_FALSE(minimize(formula, box, {.starts = 16, .scale = Scale::none}).region);
}

TEST_CASE("a region contains where the landscape leads, also by a slope that is hidden from far out") {
    for (const double steep : {1e4, 1e12}) {
        const std::string formula = fmt::format("{}*(x-y)^2+(x+y-1)^2", steep);
        const Result result = minimize(formula, wide("xy", 1e6));
        INFO(formula);
        CHECK(result.minima_found == 1);
        CHECK(result.best.x[0] == Approx(0.5).epsilon(1e-9));
        CHECK(result.best.x[1] == Approx(0.5).epsilon(1e-9));
    }
}

TEST_CASE("what growth hides is not lost by a region") {
    // The way inwards has no end but that of rounding; a narrow well is away from 0.
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
        CAPTURE(seed);
        for (const double bound : {10.0, 1e3}) {
            const Result result = minimize("10+x^2-100*exp(-(x-5)^2)", wide("x", bound), {.seed = seed});
            CHECK_FALSE(result.region);
            CHECK(result.best.f == Approx(-65.247826278));
        }
    }
}

TEST_CASE("a region is looked for within the limits") {
    constexpr std::size_t d = 30;
    const Box box{{"x", -1e6, 1e6, d}};
    std::size_t evaluated = 0;
    const Callback counting(
        d,
        [&](auto x, auto f, auto g) {
            evaluated += f.size();
            for (std::size_t lane = 0; lane < f.size(); ++lane) {
                f[lane] = 0;
                for (std::size_t j = 0; j < d; ++j) {
                    f[lane] += x[j][lane] * x[j][lane] - 10 * std::cos(6 * x[j][lane]);
                    g[j][lane] = 2 * x[j][lane] + 60 * std::sin(6 * x[j][lane]);
                }
            }
        },
        Calls::from_the_caller);
    for (const std::uint64_t most : {1U, 100U, 1000U, 10'000U}) {
        evaluated = 0;
        const Result result = minimize(counting, box, {.max_evaluations = most});
        CAPTURE(most);
        CHECK(result.work.evaluations <= most);
        CHECK(evaluated <= 2 * most + 1000);
    }
    Options stopping;
    stopping.stop = [] { return true; };
    evaluated = 0;
    CHECK_FALSE(minimize(counting, box, stopping).region);
    CHECK(evaluated < 500);
}

TEST_CASE("a search that is resumed goes on in the region that it had") {
    const Box box{{"x", -1e6, 1e6}, {"y", -1e6, 1e6}};
    const char* const formula = "1e6*(x-y)^2+(x+y-1e4)^2+300*sin(x/100)^2";
    std::string state;
    const Options options{.starts = 64};
    const Result whole = minimize(formula, box, options);
    REQUIRE(whole.region);
    Options cut = options;
    cut.checkpoint = [&](std::string_view at) { state = at; };
    cut.checkpoint_every = 0;
    int told = 0;
    cut.progress = [&](const Progress&) { ++told; };
    cut.stop = [&] { return told > 3; };
    CHECK(minimize(formula, box, cut).status == SearchStatus::interrupted);
    const Expression objective(formula, box);
    // A limit of time of the second session has no say in it.
    Options late = options;
    late.max_time = 1e-9;
    for (const Options& second : {options, late}) {
        const Result rest = resume(state, objective, box, second);
        REQUIRE(rest.region);
        CHECK(rest.region->upper == whole.region->upper);
    }
    const Result rest = resume(state, objective, box, options);
    CHECK(rest.best.x == whole.best.x);
    CHECK(rest.work.evaluations == whole.work.evaluations);
    const Result so_far = saved_result(state, objective, options.same_distance, 10);
    REQUIRE(so_far.region);
    CHECK(so_far.region->upper == whole.region->upper);
}
