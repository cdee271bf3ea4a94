// L-BFGS in lanes against the same written slowly, one run at a time: the same bits, in every lane, whatever
// the lanes beside it are at.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "engine/halt.hpp"
#include "engine/lbfgs_lanes.hpp"
#include "engine/setup.hpp"
#include "lanewise/expression.hpp"
#include "lanewise/isa.hpp"
#include "lbfgs_reference.hpp"
#include "ulp.hpp"

using namespace lanewise;
using test::LbfgsOutcome;
using test::MultiplyAdd;
using test::Point;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr std::size_t random_starts = 40;

struct Example {
    std::string name;
    Box box;
    std::string formula;
    double sign = 1;
    std::vector<Point> starts = {};  ///< besides the random ones
};

Box variables(double lower, double upper, std::size_t length) {
    return Box{{"x", lower, upper, length}};
}

const std::string rosenbrock = "sum(i, 0, n(x)-2, 100*(x[i+1] - x[i]^2)^2 + (1 - x[i])^2)";
const std::string rastrigin = "sum(i, 0, n(x)-1, x[i]^2 - 10*cos(2*pi*x[i]) + 10)";

std::vector<Example> examples() {
    std::vector<Example> all;
    for (const std::size_t d : {2, 10, 37})
        all.push_back({"Rosenbrock " + std::to_string(d), variables(-2, 2, d), rosenbrock});
    all.push_back(
        {"Rosenbrock, minimum beyond the wall", Box{{"x", {-2, -2, -1.5}, {0.5, 2, 2}}}, rosenbrock});
    all.push_back({"Rastrigin", variables(-5.12, 5.12, 5), rastrigin});
    all.push_back({"condition 1e12", variables(-1, 2, 13),
                   "sum(i, 0, n(x)-1, 10^i * (x[i] - 0.1*x[mod(i+1, n(x))])^2)"});
    all.push_back({"minimum outside of the box", Box{{"x", {-1, 0, -3, 0.5, -1, -1}, {1, 4, -1, 3, 1, 1}}},
                   "sum(i, 0, 5, (i+1)*(x[i] - (-1)^i*i/2)^2) + 0.3*sum(i, 0, 4, x[i]*x[i+1])"});
    all.push_back({"walls reached and left", variables(0, 1, 8),
                   "sum(i, 0, 6, (x[i+1] - sin(4*x[i]))^2) + 0.2*sum(i, 0, 7, (-1)^i*x[i]) + exp(-x[0])"});
    all.push_back(
        {"corners", variables(-1, 1, 6), "sum(i, 0, 5, (i - 2.5)*x[i]) - 0.1*sum(i, 0, 5, x[i]^2)"});
    all.push_back({"corners by a product", variables(-1, 2, 4), "prod(i, 0, 3, x[i] + 0.1*i)"});
    all.push_back({"fixed variables", Box{{"x", {-2, 0.7, -2, 1.2, -2}, {2, 0.7, 2, 1.2, 2}}},
                   rosenbrock + " + 1/(x[1] - x[1] + 1)"});
    all.push_back({"all variables fixed", Box{{"x", {0.5, 1}, {0.5, 1}}}, rosenbrock});
    all.push_back(
        {"a fixed variable without a derivative", Box{{"x", -1, 3}, {"y", 0, 0}}, "(x - 1)^4 + sqrt(y)*x"});
    all.push_back({"hole", Box{{"x", -2, 2}, {"y", -2, 2}}, "if(x^2 + y^2 < 1, x + y, log(-1))"});
    all.push_back({"hole around the minimum", Box{{"x", -2, 2}, {"y", -2, 2}},
                   "if((x - 0.3)^2 + y^2 > 0.1, (x - 0.3)^2 + 3*y^2 + 0.2*sin(9*x), log(-1))"});
    all.push_back(
        {"edge of the logarithm", variables(-1, 3, 4), "sum(i, 0, 3, x[i]^2 - 0.01*log(x[i] - 0.1*i))"});
    all.push_back({"infinite slope",
                   variables(0, 2, 3),
                   "sum(i, 0, 2, sqrt(x[i]) + (x[i] - 1)^2)",
                   1,
                   {{0, 0, 0}, {1, 0, 1}}});
    all.push_back({"overflow", variables(-3, 3, 3), rosenbrock + " + exp(300*x[1])"});
    all.push_back({"kinks", variables(-2, 3, 5), "sum(i, 0, 4, abs(x[i] - 0.3*i)) + abs(x[0] - 2*x[4])"});
    all.push_back({"steps", variables(-2, 3, 3), "sum(i, 0, 2, floor(4*x[i]) + 0.1*(x[i] - 0.5)^2)"});
    all.push_back({"constant", variables(-2, 3, 3), "7 + 0*x[0]"});
    all.push_back({"start at a minimum", variables(-2, 2, 4), rosenbrock, 1, {{1, 1, 1, 1}}});
    all.push_back({"start at a saddle",
                   variables(-2, 2, 3),
                   "x[0]^2 - x[1]^2 + x[1]^4 + x[2]^2",
                   1,
                   {{0, 0, 0}, {1, 0, 0}, {0, 0, -0.25}}});
    all.push_back({"start at a maximum",
                   variables(-5.12, 5.12, 3),
                   "-(" + rastrigin + ")",
                   1,
                   {{0, 0, 0}, {-0.0, 0, -0.0}}});
    all.push_back({"start at a corner",
                   variables(-2, 2, 3),
                   rosenbrock,
                   1,
                   {{-2, -2, -2}, {2, 2, 2}, {2, -2, 2}, {-2, 2, 0}}});
    all.push_back({"maximise", variables(-1.5, 2, 4), "-(" + rosenbrock + ")", -1});
    all.push_back({"maximise to corners", variables(-1.5, 2, 4), rosenbrock, -1});
    all.push_back(
        {"maximise with a hole", Box{{"x", -2, 2}, {"y", -2, 2}}, "if(x^2 + y^2 < 1, x + y, log(-1))", -1});
    all.push_back({"1e200 times", variables(-2, 2, 6), "1e200*(" + rosenbrock + ")"});
    all.push_back({"1e-200 times", variables(-2, 2, 6), "1e-200*(" + rosenbrock + ")"});
    all.push_back({"narrow and wide", Box{{"x", -1e-9, 2e-9}, {"y", -1e9, 2e9}, {"z", 1e6, 1e6 + 1e-3}},
                   "(1e9*x - 1)^2 + 10*(1e-9*y - 1e9*x)^2 + cos(1e3*(z - 1e6))"});
    all.push_back({"no bounds", variables(-infinity, infinity, 7), rosenbrock});
    all.push_back({"some bounds", Box{{"x", {-infinity, 0.5, -infinity, -1}, {0.5, infinity, infinity, 1}}},
                   rosenbrock});
    all.push_back({"no lowest value", variables(-infinity, infinity, 2), "x[0] - 2*x[1] + sin(x[0]*x[1])"});
    all.push_back({"one variable", Box{{"x", -10, 10}}, "x^4 - 20*x^2 + 5*x + 8*sin(5*x)"});
    return all;
}

/// Its last variable, along which nothing changes, chooses a function: sound below 1, else without a value,
/// infinite, with values that overflow soon, with an infinite slope, with a hole, or at odds with its
/// gradient.
Example mixture() {
    return {"mixture",
            Box{{"x", {-2, -2, 0, 0}, {2, 2, 2, 7}}},
            "sound = 100*(x[1] - x[0]^2)^2 + (1 - x[0])^2 + (x[2] - 1)^2;"
            "if(x[3] < 1, sound,"
            "if(x[3] < 2, log(-1 - x[2]),"
            "if(x[3] < 3, exp(1000 + x[0]^2),"
            "if(x[3] < 4, 1e307*(x[0]^2 + x[1]^4) - exp(400*x[2]),"
            "if(x[3] < 5, sqrt(x[2]) + x[1]^2,"
            "if(x[3] < 6, if(x[0]^2 + x[1]^2 < 1, x[0] + x[1], log(-1 - x[2])),"
            "if(x[0] < 0.3, x[0]^2, -1e300*x[0] + floor(3*x[1]))))))))",
            1,
            {{0, 0, 0, 4.5}, {1, 1, 0, 4.5}}};
}

std::vector<Example> with_mixture(std::vector<Example> examples) {
    examples.push_back(mixture());
    return examples;
}

/// Random points of the box, or within 3 of 0 where that has no bound, and those that the example adds.
std::vector<Point> starts_of(const Example& example) {
    const auto& lower = example.box.lower();
    const auto& upper = example.box.upper();
    test::Random random;
    std::vector<Point> starts(random_starts, Point(lower.size()));
    for (Point& x : starts) {
        for (std::size_t j = 0; j < x.size(); ++j) {
            const double from = std::isfinite(lower[j]) ? lower[j] : -3;
            const double to = std::isfinite(upper[j]) ? upper[j] : 3;
            x[j] = std::clamp(random.between(from, to), lower[j], upper[j]);
        }
    }
    starts.insert(starts.end(), example.starts.begin(), example.starts.end());
    return starts;
}

std::vector<std::pair<std::string, LbfgsLimits>> all_limits() {
    return {{"to the last digit", {.evaluations = 3000}},
            {"to a short step", {.tolerance = 1e-9, .evaluations = 3000}},
            {"short steps", {.tolerance = 1e-7, .longest_step = 0.1, .evaluations = 3000}},
            {"few iterations", {.iterations = 7}},
            {"few evaluations", {.evaluations = 15}},
            {"hardly an evaluation", {.evaluations = 2}},
            {"target", {.evaluations = 3000, .target = 0.5}}};
}

std::vector<Isa> available_isas() {
    std::vector<Isa> all;
    for (const Isa isa : built_isas()) {
        if (isa_available(isa)) all.push_back(isa);
    }
    return all;
}

MultiplyAdd multiply_add(Isa isa) {
    return isa == Isa::sse2 ? MultiplyAdd::rounded_twice : MultiplyAdd::fused;
}

/// An example on an instruction set.
class Problem {
  public:
    Problem(const Example& example, Isa isa)
        : box_(example.box),
          expression_(example.formula, box_),
          options_{.maximize = example.sign < 0, .isa = isa},
          setup_(expression_, box_, options_),
          halt_(options_) {}

    /// Where L-BFGS comes to from points that are handed out in that order, by the number of the point.
    std::map<std::size_t, LbfgsOutcome> in_lanes(const std::vector<Point>& points,
                                                 const std::vector<std::size_t>& order,
                                                 const LbfgsLimits& limits, std::size_t lanes,
                                                 std::optional<std::size_t> at_once = std::nullopt) {
        std::map<std::size_t, LbfgsOutcome> ends;
        std::size_t taken = 0;
        const auto next = [&]() -> std::optional<LbfgsLanes::Start> {
            if (taken == order.size()) return std::nullopt;
            const std::size_t point = order[taken++];
            return LbfgsLanes::Start{point, points[point]};
        };
        const auto done = [&](std::size_t point, const Descended& there) {
            const bool is_first = ends.emplace(point, LbfgsOutcome{.why = there.why,
                                                                   .start_f = there.start_f,
                                                                   .f = there.f,
                                                                   .x = Point(there.x.begin(), there.x.end()),
                                                                   .is_near = there.is_near,
                                                                   .iterations = there.iterations,
                                                                   .evaluations = there.evaluations})
                                      .second;
            CHECK(is_first);
        };
        LbfgsLanes(setup_, limits, lanes, halt_).run(next, done, at_once.value_or(lanes));
        CHECK_FALSE(halt_.requested());
        CHECK(ends.size() == order.size());
        return ends;
    }

    LbfgsOutcome by_itself(const Point& start, const LbfgsLimits& limits) const {
        const auto objective = [&](const Point& x, Point& g) {
            const Evaluation at = evaluate(expression_, x, setup_.isa);
            g = at.gradient;
            return at.f;
        };
        return lbfgs_reference(objective, start, box_.lower(), box_.upper(), limits, setup_.sign,
                               multiply_add(setup_.isa));
    }

  private:
    Box box_;
    Expression expression_;
    Options options_;
    Setup setup_;
    Halt halt_;
};

std::vector<std::size_t> in_order(std::size_t count) {
    std::vector<std::size_t> order(count);
    std::iota(order.begin(), order.end(), std::size_t{0});
    return order;
}

std::vector<std::size_t> shuffled(std::vector<std::size_t> order, test::Random& random) {
    for (std::size_t i = order.size(); i > 1; --i) {
        const auto other = static_cast<std::size_t>(random.between(0, static_cast<double>(i)));
        std::swap(order[i - 1], order[std::min(other, i - 1)]);
    }
    return order;
}

std::string text(const LbfgsOutcome& outcome) {
    const auto bits = [](double number) {
        return std::isnan(number) ? std::string("nan") : std::to_string(std::bit_cast<std::uint64_t>(number));
    };
    std::string text = "ended as " + std::to_string(outcome.why) + ", " + std::to_string(outcome.iterations) +
                       " iterations, " + std::to_string(outcome.evaluations) + " evaluations, from " +
                       bits(outcome.start_f) + " to " + std::to_string(outcome.f) + " = " + bits(outcome.f) +
                       (outcome.is_near ? ", near" : "") + ", x";
    for (const double x : outcome.x) text.append(" ").append(bits(x));
    return text;
}

}  // namespace

TEST_CASE("lbfgs: each lane has the bits of a run by itself") {
    for (const Isa isa : available_isas()) {
        std::set<kernels::LbfgsPhase> reasons;
        for (const Example& example : with_mixture(examples())) {
            const std::vector<Point> starts = starts_of(example);
            Problem problem(example, isa);
            for (const auto& [name, limits] : all_limits()) {
                CAPTURE(isa_name(isa), example.name, name);
                const auto ends = problem.in_lanes(starts, in_order(starts.size()), limits, 16);
                for (const auto& [point, end] : ends) {
                    CAPTURE(point);
                    CHECK(text(end) == text(problem.by_itself(starts[point], limits)));
                    reasons.insert(end.why);
                }
            }
        }
        // Each reason to end has been met.
        CHECK(reasons == std::set<kernels::LbfgsPhase>{kernels::converged, kernels::no_lower,
                                                       kernels::out_of_work, kernels::at_target,
                                                       kernels::no_value});
    }
}

TEST_CASE("lbfgs: the lane and its neighbours change nothing") {
    for (const Isa isa : available_isas()) {
        test::Random random;
        for (const Example& example : with_mixture(examples())) {
            const std::vector<Point> starts = starts_of(example);
            const LbfgsLimits limits{.evaluations = 1000};
            Problem problem(example, isa);
            CAPTURE(isa_name(isa), example.name);
            const auto expected = problem.in_lanes(starts, in_order(starts.size()), limits, 16);
            const auto compare = [&](const std::vector<std::size_t>& order, std::size_t lanes,
                                     std::optional<std::size_t> at_once = std::nullopt) {
                CAPTURE(lanes, order, at_once);
                for (const auto& [point, end] : problem.in_lanes(starts, order, limits, lanes, at_once)) {
                    CAPTURE(point);
                    CHECK(text(end) == text(expected.at(point)));
                }
            };
            for (const std::size_t lanes : {16, 32, 64}) {
                for (int order = 0; order < 4; ++order) {
                    std::vector<std::size_t> points = shuffled(in_order(starts.size()), random);
                    compare(points, lanes);
                    compare(points, lanes, 7);
                    // Some lanes never have a point.
                    points.resize(5);
                    compare(points, lanes);
                }
            }
            for (std::size_t point = 0; point < 5; ++point) {
                compare({point}, 16);
            }
        }
    }
}

TEST_CASE("lbfgs: lanes without finite values leave the others alone") {
    const Example example = mixture();
    const std::vector<Point> starts = starts_of(example);
    std::vector<std::size_t> sound;
    std::vector<std::size_t> poisonous;
    for (std::size_t point = 0; point < starts.size(); ++point)
        (starts[point].back() < 1 ? sound : poisonous).push_back(point);
    REQUIRE(sound.size() >= 5);
    REQUIRE(poisonous.size() >= 20);
    for (const Isa isa : available_isas()) {
        test::Random random;
        Problem problem(example, isa);
        for (const auto& [name, limits] : all_limits()) {
            CAPTURE(isa_name(isa), name);
            const auto expected = problem.in_lanes(starts, sound, limits, 16);
            for (const std::size_t lanes : {16, 32, 64}) {
                CAPTURE(lanes);
                const auto ends =
                    problem.in_lanes(starts, shuffled(in_order(starts.size()), random), limits, lanes);
                for (const std::size_t point : sound) {
                    CAPTURE(point);
                    CHECK(std::isfinite(ends.at(point).f));
                    CHECK(ends.at(point).why != kernels::no_value);
                    CHECK(text(ends.at(point)) == text(expected.at(point)));
                }
                // The others are what they are meant to be.
                const auto has_no_value = [&](std::size_t point) {
                    return ends.at(point).why == kernels::no_value;
                };
                CHECK(std::ranges::count_if(poisonous, has_no_value) >= 5);
                CHECK_FALSE(std::ranges::all_of(poisonous, has_no_value));
            }
        }
    }
}
