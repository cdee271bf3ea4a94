// Many runs, each for itself.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <mutex>
#include <random>
#include <vector>

#include "catch.hpp"
#include "lanewise/lanewise.hpp"
#include "textbook.hpp"

using namespace lanewise;
using test::Point;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

std::vector<Point> random_starts(std::size_t count, std::size_t dimension, double lower, double upper) {
    std::mt19937_64 random(7);
    std::uniform_real_distribution<double> uniform(lower, upper);
    std::vector<Point> starts(count, Point(dimension));
    for (Point& start : starts) std::ranges::generate(start, [&] { return uniform(random); });
    return starts;
}

bool same_bits(const RunEnd& a, const RunEnd& b) {
    return a.x == b.x && (a.f == b.f || (std::isnan(a.f) && std::isnan(b.f))) && a.status == b.status &&
           a.iterations == b.iterations && a.evaluations == b.evaluations;
}

/// Start i has its minimum at i / 10: the data of the objective differ from start to start.
class OwnData final : public Objective {
  public:
    explicit OwnData(Calls calls) : calls_(calls) {}
    std::size_t dimension() const noexcept override { return 2; }
    Calls calls() const noexcept override { return calls_; }
    void evaluate(const Block<double>& block) const override {
        REQUIRE(block.ids().size() == block.lanes);
        for (std::size_t lane = 0; lane < block.lanes; ++lane) {
            const double at = block.ids()[lane] / 10.0;
            const double x = block.x(0)[lane];
            const double y = block.x(1)[lane];
            block.f()[lane] = std::pow(x - at, 2) + 5 * std::pow(y - x * x, 2) + at;
            block.g(0)[lane] = 2 * (x - at) - 20 * x * (y - x * x);
            block.g(1)[lane] = 10 * (y - x * x);
        }
        const std::lock_guard lock(mutex_);
        lanes_.push_back(block.lanes);
    }
    const std::vector<std::size_t>& lanes() const { return lanes_; }

  private:
    Calls calls_;
    mutable std::mutex mutex_;
    mutable std::vector<std::size_t> lanes_;
};

const char* const rosenbrock = "sum(i, 0, n(x)-2, 100*(x[i+1] - x[i]^2)^2 + (1 - x[i])^2)";

}  // namespace

TEST_CASE("a batch tells where each start's run ended, in the order given") {
    const Box box{{"x", -5, 5, 7}};
    const Expression objective(rosenbrock, box);
    const std::vector<Point> starts = random_starts(100, 7, -5, 5);
    const std::vector<RunEnd> ends = minimize_batch(objective, box, starts);
    REQUIRE(ends.size() == starts.size());
    for (std::size_t i = 0; i < starts.size(); ++i) {
        INFO(i);
        // At the value of 4 a slope's last digits are noise, and the tolerance is not always met.
        const bool is_converged =
            ends[i].status == RunStatus::converged_gradient || ends[i].status == RunStatus::converged_value;
        CHECK(is_converged);
        if (ends[i].f < 1) CHECK(ends[i].status == RunStatus::converged_gradient);
        for (const double g : evaluate(objective, ends[i].x).gradient) CHECK(std::abs(g) < 1e-6);
        CHECK((ends[i].f < 1e-14 || ends[i].f == Approx(3.983600905)));
        CHECK(ends[i].f == evaluate(objective, ends[i].x).f);
        CHECK(ends[i].evaluations > ends[i].iterations);
        // Alone it is the same.
        CHECK(same_bits(minimize_batch(objective, box, std::span(&starts[i], 1)).front(), ends[i]));
    }
    for (const std::uint64_t memory : {1U, 100'000U, 10'000'000U})
        CHECK(
            std::ranges::equal(minimize_batch(objective, box, starts, {.memory = memory}), ends, same_bits));
    for (const int threads : {1, 2, 3}) {
        const std::vector<Point> backwards(starts.rbegin(), starts.rend());
        std::vector<RunEnd> others = minimize_batch(objective, box, backwards, {.threads = threads});
        std::ranges::reverse(others);
        CHECK(std::ranges::equal(others, ends, same_bits));
    }
}

TEST_CASE("a batch may have no bounds") {
    const Box none = Box::from_bounds({-infinity, -infinity}, {infinity, infinity});
    const Expression valley("100*(x[1] - x[0]^2)^2 + (1 - x[0])^2", none);
    for (const RunEnd& end : minimize_batch(valley, none, random_starts(50, 2, -1e3, 1e3)))
        CHECK(end.f < 1e-12);
    const Box half = Box::from_bounds({-infinity, -infinity}, {0.5, infinity});
    for (const RunEnd& end : minimize_batch(valley, half, random_starts(50, 2, -3, 0.5))) {
        CHECK(end.x[0] == 0.5);
        CHECK(end.x[1] == Approx(0.25));
    }
    BatchOptions adam{.rule = {.alpha = 0.01}, .iterations = 3000};
    const std::vector<Point> start = {{-1.2, 1}};
    CHECK_THROWS_WITH(minimize_batch(valley, none, start, adam),
                      ContainsSubstring("variable 'x[0]': bounds -inf:inf must be finite"));
    adam.scale = Scale::none;
    CHECK(minimize_batch(valley, none, start, adam).front().f < 1);
}

TEST_CASE("a broken start of a batch is a status in its place") {
    const Box box{{"x", -2, 2}};
    const Expression objective("(x - 1)^2 + 0*log(x + 1.5)", box);
    const std::vector<Point> starts = {{0}, {-1.75}, {2}, {-1.5}};
    const Method method = GENERATE(Method::lbfgs, Method::adam);
    const std::vector<RunEnd> ends = minimize_batch(objective, box, starts, {.rule = {.method = method}});
    for (const std::size_t i : {0U, 2U}) {
        CHECK(ends[i].x[0] == Approx(1).margin(1e-4));
        CHECK(same_bits(
            ends[i],
            minimize_batch(objective, box, std::span(&starts[i], 1), {.rule = {.method = method}}).front()));
    }
    for (const std::size_t i : {1U, 3U}) {
        CHECK(ends[i].status == RunStatus::nan_at_start);
        CHECK(std::isnan(ends[i].f));
        CHECK(ends[i].x == starts[i]);
    }
}

TEST_CASE("an objective is told which starts it is handed") {
    const Box box{{"x", -30, 30}, {"y", -1000, 1000}};
    const Calls calls = GENERATE(Calls::from_any_thread, Calls::from_the_caller);
    const Method method = GENERATE(Method::lbfgs, Method::adam);
    const OwnData objective(calls);
    const std::vector<Point> starts = random_starts(200, 2, -3, 3);
    const std::vector<RunEnd> ends =
        minimize_batch(objective, box, starts,
                       {.rule = {.method = method, .alpha = 0.01}, .iterations = 2000, .threads = 2});
    for (std::size_t i = 0; i < ends.size(); ++i) {
        INFO(i);
        CHECK(ends[i].f == Approx(static_cast<double>(i) / 10).margin(method == Method::lbfgs ? 1e-9 : 6));
    }
    // Runs that are finished leave the batch.
    if (calls == Calls::from_the_caller && method == Method::lbfgs) {
        CHECK(objective.lanes().front() == 208);
        CHECK(objective.lanes().back() == 16);
    }
}

TEST_CASE("the limits of a batch") {
    const Box box{{"x", -5, 5, 20}};
    const Expression objective(rosenbrock, box);
    const std::vector<Point> starts = random_starts(40, 20, -5, 5);
    for (const Method method : {Method::lbfgs, Method::adam}) {
        for (const std::uint64_t each : {1U, 2U, 3U, 10U, 50U}) {
            const std::vector<RunEnd> ends = minimize_batch(
                objective, box, starts, {.rule = {.method = method}, .max_evaluations = 40 * each});
            for (const RunEnd& end : ends) {
                CHECK(end.evaluations == each);
                CHECK(end.status == RunStatus::max_iterations);
                CHECK(std::isfinite(end.f));
            }
        }
        const std::vector<RunEnd> none =
            minimize_batch(objective, box, starts, {.rule = {.method = method}, .max_evaluations = 39});
        CHECK(std::ranges::all_of(none, [](const RunEnd& end) { return end.status == RunStatus::stopped; }));
        const std::vector<RunEnd> stopped = minimize_batch(
            objective, box, starts, {.rule = {.method = method}, .threads = 1, .stop = [] { return true; }});
        CHECK(
            std::ranges::all_of(stopped, [](const RunEnd& end) { return end.status == RunStatus::stopped; }));
        for (const RunEnd& end :
             minimize_batch(objective, box, starts, {.rule = {.method = method}, .iterations = 7}))
            CHECK(end.iterations == 7);
    }
    for (const RunEnd& end : minimize_batch(objective, box, starts, {.target = 100})) {
        CHECK(end.f <= 100);
        CHECK(end.status == RunStatus::converged_value);
    }
}

TEST_CASE("each run of a batch tells its own iterations and evaluations") {
    const Box box{{"x", 0, 6}};
    std::atomic<std::uint64_t> asked = 0;
    const Callback objective(1, [&](auto x, auto f, auto g) {
        asked += f.size();
        for (std::size_t i = 0; i < f.size(); ++i) {
            f[i] = std::sqrt(x[0][i] - 0.2) + x[0][i];
            g[0][i] = 0.5 / std::sqrt(x[0][i] - 0.2) + 1;
        }
    });
    const BatchOptions adam{.rule = {.method = Method::adam}, .threads = 1};
    const std::vector<RunEnd> ends =
        minimize_batch(objective, box, std::vector<Point>{{0}, {0.1}, {3}}, adam);
    for (const std::size_t broken : {0, 1}) {
        CHECK(ends[broken].status == RunStatus::nan_at_start);
        CHECK(ends[broken].iterations == 0);
        CHECK(ends[broken].evaluations == 1);
    }
    CHECK(ends[2].status == RunStatus::nan_on_the_way);
    CHECK(ends[2].iterations > 1);
    CHECK(ends[2].evaluations == ends[2].iterations + 1);
    // What was done of a stage that was cut off counts.
    const std::vector<Point> starts(64, Point{5});
    for (const int most_calls : {0, 1, 5, 20}) {
        int calls = 0;
        BatchOptions stopped = adam;
        stopped.stop = [&] { return ++calls > most_calls; };
        asked = 0;
        std::uint64_t told = 0;
        for (const RunEnd& end : minimize_batch(objective, box, starts, stopped)) {
            told += end.evaluations;
            CHECK(std::isfinite(end.f) == (end.evaluations > 0));
        }
        CHECK(told <= asked);
        CHECK((told > 0) == (asked > 0));
    }
}

TEST_CASE("a batch takes any course") {
    const Box box{{"x", -5, 5, 3}};
    const Expression objective(rosenbrock, box);
    const std::vector<Point> starts = random_starts(20, 3, -5, 5);
    const Rule rule{.method = Method::adam, .alpha = 0.02};
    const std::vector<RunEnd> ends = minimize_batch(
        objective, box, starts,
        {.rule = rule, .iterations = 100, .schedule = Schedule::constant, .scale = Scale::none});
    Options options{.iterations = 100, .rule = rule, .schedule = Schedule::constant, .scale = Scale::none};
    const auto at = [&](const Point& x, Point& g) {
        const Evaluation here = evaluate(objective, x);
        g = here.gradient;
        return here.f;
    };
    for (std::size_t i = 0; i < starts.size(); ++i) {
        double best = evaluate(objective, starts[i]).f;
        for (const Point& x : test::textbook_path(at, box, starts[i], options))
            best = std::min(best, evaluate(objective, x).f);
        CHECK(ends[i].f == Approx(best).epsilon(1e-9));
    }
    const std::vector<RunEnd> highest =
        minimize_batch("-(x[0]^2 + x[1]^2 + x[2]^2)", box, starts, {.maximize = true});
    for (const RunEnd& end : highest) CHECK(end.f == Approx(0).margin(1e-12));
}

TEST_CASE("the options of a batch are checked") {
    const Box box{{"x", -5, 5}};
    const Expression objective("x^2", box);
    const std::vector<Point> start = {{1}};
    const auto refuses = [&](const std::vector<Point>& starts, const BatchOptions& options,
                             const char* message) {
        CHECK_THROWS_WITH(minimize_batch(objective, box, starts, options), ContainsSubstring(message));
    };
    refuses(start, {.tolerance = -1}, "tolerance -1: must be finite and at least 0");
    refuses(start, {.iterations = 0}, "iterations 0");
    refuses(start, {.max_evaluations = 0}, "max-evaluations 0: must be at least 1");
    refuses({{6}}, {}, "start 0: x = 6 is outside the box -5:5");
    refuses(start, {.threads = 5000}, "threads 5000: must be 1 to 4096");
    CHECK_THROWS_WITH(minimize_batch("x^2", Box{{"x", -infinity, infinity}}, std::vector<Point>{{infinity}}),
                      ContainsSubstring("start 0: x = inf is outside the box -inf:inf"));
    refuses({{1, 2}}, {}, "start 0 has 2 coordinates; the box has 1");
    CHECK(minimize_batch(objective, box, {}).empty());
}
