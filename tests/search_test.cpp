// What a search finds and how it ends.
#include <omp.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <limits>
#include <new>
#include <numbers>
#include <numeric>
#include <optional>
#include <thread>

#include "bits_of.hpp"
#include "catch.hpp"
#include "engine/crew.hpp"
#include "engine/subnormals.hpp"
#include "lanewise/lanewise.hpp"
#include "objectives.hpp"
#include "search/cluster.hpp"
#include "search/starts.hpp"

using namespace lanewise;
using namespace lanewise::test;

namespace {

const Box square{{"x", -5, 5}, {"y", -5, 5}};
constexpr const char* himmelblau = "(x^2 + y - 11)^2 + (x + y^2 - 7)^2";

std::size_t counted(const Result& result) {
    return std::accumulate(result.runs.begin(), result.runs.end(), std::size_t{0});
}

}  // namespace

TEST_CASE("known minima are found, each once") {
    const Result four = minimize(himmelblau, square, {.settle = 0});
    CHECK(four.status == SearchStatus::completed);
    REQUIRE(four.minima.size() == 4);
    CHECK(four.best.f < 1e-20);
    std::size_t hits = 0;
    for (const Minimum& minimum : four.minima) {
        CHECK(minimum.f < 1e-12);
        CHECK(minimum.gradient_norm < 1e-4);
        CHECK(minimum.at_bound == std::vector<std::int8_t>{0, 0});
        hits += minimum.hits();
    }
    CHECK(hits == 4096);
    CHECK(counted(four) == 4096);
    CHECK(four.runs_with(RunStatus::stopped) == 0);
    CHECK(four.minima.front().f == four.best.f);
    CHECK(four.work.run_iterations < 3'000'000);
    CHECK(four.work.evaluations > four.work.run_iterations);
    CHECK(four.work.lane_occupancy > 0.9);

    const Result camel =
        minimize("(4 - 2.1*x^2 + x^4/3)*x^2 + x*y + (4*y^2 - 4)*y^2", Box{{"x", -3, 3}, {"y", -2, 2}});
    CHECK(camel.minima.size() == 6);
    CHECK(camel.best.f == Approx(-1.0316284534898774).epsilon(1e-14));
    CHECK(camel.minima[1].f == Approx(camel.best.f));

    const Result rastrigin =
        minimize("20 + sum(i, 0, 1, x[i]^2 - 10*cos(2*pi*x[i]))", Box{{"x", -5.12, 5.12, 2}}, {.settle = 0});
    CHECK(rastrigin.minima.size() == 121);
    CHECK(rastrigin.best.f < 1e-10);

    const Result valley = minimize("(1-x)^2 + 100*(y-x^2)^2", square, {.iterations = 3000, .settle = 0});
    CHECK(valley.best.x[0] == Approx(1).epsilon(1e-6));
    CHECK(valley.best.x[1] == Approx(1).epsilon(1e-6));
    CHECK(valley.minima.front().hits() > 3900);
}

TEST_CASE("coverage is about drawn starts") {
    const Result result = minimize(himmelblau, square, {.starts = 800});
    CHECK(result.coverage.runs == 800);
    CHECK(result.coverage.found_once == 0);
    CHECK(*result.coverage.unseen_probability == Approx(1.0 / 801));
    const Result one = minimize("x^2", Box{{"x", -1, 1}}, {.start_points = {{0.5}}});
    CHECK(one.coverage.runs == 0);
    CHECK_FALSE(one.coverage.unseen_probability);
}

TEST_CASE("a minimum at a wall or corner is recognised") {
    const Result result =
        minimize("x - y + z^2", Box{{"x", -1, 2}, {"y", 0, 3}, {"z", -1, 1}}, {.starts = 64});
    CHECK(result.best.f == -4);
    REQUIRE(result.minima.size() == 1);
    CHECK(result.minima[0].at_bound == std::vector<std::int8_t>{-1, 1, 0});
    CHECK(result.minima[0].gradient_norm < 1e-5);
    const Result highest = minimize("y - x - z^2", Box{{"x", -1, 2}, {"y", 0, 3}, {"z", -1, 1}},
                                    {.starts = 64, .maximize = true});
    REQUIRE(highest.minima.size() == 1);
    CHECK(highest.minima[0].at_bound == std::vector<std::int8_t>{-1, 1, 0});
    CHECK(highest.minima[0].gradient_norm < 1e-5);
    // At a wall that the gradient leads away from, it counts.
    const Result start =
        minimize("3*x + 4*y", Box{{"x", 0, 1}, {"y", 0, 1}},
                 {.start_points = {{1, 1}}, .iterations = 1, .rule = {.alpha = 1e-300}, .polish = false});
    CHECK(start.minima[0].at_bound == std::vector<std::int8_t>{1, 1});
    CHECK(start.minima[0].gradient_norm == 5);
}

TEST_CASE("equal bounds fix a variable") {
    const Result result = minimize("(x - y)^2", Box{{"x", -1, 2}, {"y", 0.1, 0.1}}, {.starts = 64});
    CHECK(result.best.x[1] == 0.1);
    CHECK(result.best.x[0] == Approx(0.1));
    const Result coarse = minimize("(x - y)^2", Box{{"x", -1, 2}, {"y", 0.1, 0.1}},
                                   {.starts = 64, .precision = Precision::f32});
    CHECK(coarse.best.x[1] == 0.1);
}

TEST_CASE("the gradient of a fixed variable is taken as 0, whatever the objective says it is") {
    const Box box{{"x", -1, 2}, {"y", 0.5, 0.5}};
    for (const double slope : {std::numeric_limits<double>::quiet_NaN(), -1e300}) {
        const LaneByLane objective(2, [slope](const Point& x, Point& g) {
            g[0] = 2 * x[0];
            g[1] = slope;
            return x[0] * x[0];
        });
        for (const Precision precision : {Precision::f64, Precision::f32}) {
            const Result result = minimize(objective, box, {.starts = 64, .precision = precision});
            CHECK(result.best.f < 1e-10);
            CHECK(result.best.x[1] == 0.5);
            CHECK(result.minima_found == 1);
            CHECK(result.minima[0].gradient_norm < 1e-5);
            CHECK(result.runs_with(RunStatus::nan_at_start) + result.runs_with(RunStatus::nan_on_the_way) ==
                  0);
        }
        // Also of a search that ends before it has begun.
        CHECK(minimize(objective, box, {.start_points = {{1, 0.5}}, .stop = [] { return true; }}).best.f ==
              1);
    }
}

namespace {

double square_of(float tiny) {
    volatile float x = tiny;
    return x * x;
}

/// The sphere, which counts the evaluations that see a subnormal number as 0 and the others, and takes its
/// time, so that a second thread is worth it.
class WatchesSubnormals final : public Objective {
  public:
    std::size_t dimension() const noexcept override { return 1; }
    bool has_f32() const noexcept override { return true; }
    void evaluate(const Block<double>& block) const noexcept override { fill(block); }
    void evaluate_f32(const Block<float>& block) const noexcept override {
        if (omp_get_thread_num() != 0) ++of_others;
        fill(block);
    }

    mutable std::atomic<std::size_t> as_zero = 0;
    mutable std::atomic<std::size_t> as_they_are = 0;
    mutable std::atomic<std::size_t> in_double = 0;
    mutable std::atomic<std::size_t> of_others = 0;  ///< single, by threads that are not the calling one

  private:
    template <class T>
    void fill(const Block<T>& block) const noexcept {
        const bool counts_as_zero = square_of(1e-20F) == 0;
        if constexpr (sizeof(T) == sizeof(float))
            ++(counts_as_zero ? as_zero : as_they_are);
        else
            in_double += counts_as_zero ? 1 : 0;
        for (std::size_t lane = 0; lane < block.lanes; ++lane) {
            const T x = block.x(0)[lane];
            block.f()[lane] = x * x;
            block.g(0)[lane] = 2 * x;
        }
        std::this_thread::sleep_for(std::chrono::microseconds(20));
    }
};

}  // namespace

TEST_CASE("single precision takes subnormal numbers as 0, on all threads, in the search alone") {
    const Box box{{"x", -1, 1}};
    const WatchesSubnormals single;
    const Result of_single = minimize(
        single, box,
        {.starts = 256, .iterations = 50, .precision = Precision::f32, .threads = 2, .tile_lanes = 16});
    CHECK(single.as_zero > 100);
    if (of_single.threads > 1) CHECK(single.of_others > 10);
    CHECK(single.as_they_are == 0);
    CHECK(single.in_double == 0);
    CHECK(square_of(1e-20F) > 0);

    const WatchesSubnormals wide;
    minimize(wide, box, {.starts = 64, .iterations = 50});
    CHECK(wide.in_double == 0);

    const WatchesSubnormals path;
    const std::uint64_t id = 0;
    visit_paths(path, box, {.starts = 1, .precision = Precision::f32}, {&id, 1}, 10,
                [&](const PathPoint&) { CHECK(square_of(1e-20F) > 0); });
    CHECK(path.as_zero > 10);
    CHECK(path.as_they_are == 0);

    const SubnormalsAsZero<float> of_the_caller;
    minimize(single, box, {.starts = 16, .iterations = 50, .precision = Precision::f32});
    CHECK(square_of(1e-20F) == 0);
}

TEST_CASE("in single precision points stay in boxes with subnormal bounds") {
    for (const double tiny : {1e-40, 1e-50, 1e-300}) {
        CAPTURE(tiny);
        for (const bool polish : {false, true}) {
            const Options options{.starts = 64, .precision = Precision::f32, .polish = polish};
            CHECK(minimize("x", Box{{"x", tiny, 1}}, options).best.x[0] == tiny);
            CHECK(minimize("-x", Box{{"x", -1, -tiny}}, options).best.x[0] == -tiny);
            CHECK(minimize("x", Box{{"x", -tiny, 1}}, options).best.x[0] == -tiny);
            CHECK(minimize("x + y^2", Box{{"x", tiny, tiny}, {"y", -1, 1}}, options).best.x[0] == tiny);
            const auto lowest = [&] {
                return minimize("log(x) + x", Box{{"x", tiny, 1}}, options).best.x[0];
            };
            CHECK(lowest() == tiny);
            const SubnormalsAsZero<float> of_the_caller;
            CHECK(lowest() == tiny);
        }
    }
    CHECK_THROWS_WITH(
        minimize("x^2", Box{{"x", -1, 1}}, {.rule = {.eps = 1e-40}, .precision = Precision::f32}),
        "eps 1e-40: must be at least 1.2e-38 in single precision");
}

TEST_CASE("a gradient that is too large to be squared or summed up stops its run") {
    const auto status_of = [](const char* f, Precision precision) {
        const Result result = minimize(f, Box{{"x", -1, 1}},
                                       {.starts = 16,
                                        .precision = precision,
                                        .explore = 1,
                                        .offspring = false,
                                        .prune = false,
                                        .polish = false});
        const auto most = std::ranges::max_element(result.runs);
        CHECK(*most == 16);
        return static_cast<RunStatus>(most - result.runs.begin());
    };
    CHECK(status_of("1e200*x", Precision::f64) == RunStatus::converged_value);
    CHECK(status_of("1.5e308*x", Precision::f64) == RunStatus::converged_value);
    CHECK(status_of("1e25*x", Precision::f32) == RunStatus::converged_value);
    CHECK(status_of("2e38*x", Precision::f32) == RunStatus::converged_value);
}

namespace {

/// A slope that has a value everywhere, where there is no point as well. It counts what is not in the box.
class Everywhere final : public Objective {
  public:
    Everywhere(const Box& box, double steepness) : box_(&box), steepness_(steepness) {}

    std::size_t dimension() const noexcept override { return box_->dimension(); }
    bool has_f32() const noexcept override { return true; }
    void evaluate(const Block<double>& block) const noexcept override { slope(block); }
    void evaluate_f32(const Block<float>& block) const noexcept override { slope(block); }
    bool has_seen_others() const { return others_ > 0; }

  private:
    template <class T>
    void slope(const Block<T>& block) const {
        const T steepness = static_cast<T>(steepness_);
        for (std::size_t lane = 0; lane < block.lanes; ++lane) {
            bool inside = true;
            T sum = 0;
            for (std::size_t j = 0; j < dimension(); ++j) {
                const T x = block.x(j)[lane];
                inside =
                    inside && x >= static_cast<T>(box_->lower()[j]) && x <= static_cast<T>(box_->upper()[j]);
                // Alternating, so that sums of gradients can overflow both ways.
                const T turned = j % 2 == 0 ? T(1) : T(-1);
                block.g(j)[lane] = inside ? turned * steepness : T(0);
                sum += turned * (x / static_cast<T>(box_->upper()[j]));
            }
            if (!inside) ++others_;
            block.f()[lane] = inside ? sum : -std::numeric_limits<T>::max();
        }
    }

    const Box* box_;
    double steepness_;
    mutable std::atomic<int> others_ = 0;
};

}  // namespace

TEST_CASE("only points of the box are evaluated, however large gradients, widths and steps are") {
    const Method method = GENERATE(from_range(all_methods));
    const Precision precision = GENERATE(Precision::f64, Precision::f32);
    const Scale scale = GENERATE(Scale::box, Scale::none);
    const bool single = precision == Precision::f32;
    for (const double steepness : {1.0, single ? 1e20 : 1e160, single ? 3e38 : 1.7e308}) {
        for (const double width : {1.0, single ? 1e30 : 8e307}) {
            for (const double alpha : {0.05, single ? 1e30 : 1e300}) {
                const Box box{{"x", -width, width}, {"y", -width, width}, {"z", width / 2, width}};
                const Everywhere objective(box, steepness);
                const Result result = minimize(objective, box,
                                               {.starts = 40,
                                                .iterations = 40,
                                                .rule = {.method = method, .alpha = alpha},
                                                .scale = scale,
                                                .precision = precision});
                INFO(name(method) << " " << steepness << " " << width << " " << alpha);
                CHECK_FALSE(objective.has_seen_others());
                for (std::size_t j = 0; j < 3; ++j)
                    CHECK((result.best.x[j] >= box.lower()[j] && result.best.x[j] <= box.upper()[j]));
            }
        }
    }
}

TEST_CASE("values and slopes near the largest number are polished") {
    const Box line{{"x", -1, 1}};
    const Result result = minimize("if(x > -5, 1.6e308*x, -1.7e308)", line);
    CHECK(result.best.f == -1.6e308);
    CHECK(result.best.x == std::vector<double>{-1});
    CHECK(result.best.polished);
    for (const char* valley :
         {"1e300*((x - 0.25)^2 + 2*(y + 0.5)^2)", "4e307*(x/4 - 0.0625)^2 + 1e305*(y + 0.5)^2"}) {
        const Result there = minimize(valley, Box{{"x", -1, 1}, {"y", -1, 1}});
        INFO(valley);
        CHECK(there.best.x[0] == Approx(0.25).epsilon(1e-9));
        CHECK(there.best.x[1] == Approx(-0.5).epsilon(1e-9));
    }
}

TEST_CASE("of points with the same value the best is a polished one, which heads the list of minima") {
    for (const char* flat : {"1e10 + x^2", "1e308 + x^2", "x^2 + 1e3", "floor(x)", "abs(x) + 1e12", "1",
                             "0*x", "max(x^2, 2)", "1e10 - cos(7*x)", "cos(3*x)"}) {
        for (const Precision precision : {Precision::f64, Precision::f32}) {
            if (precision == Precision::f32 && std::string_view(flat).find("e308") != std::string_view::npos)
                continue;
            for (const bool maximize : {false, true}) {
                const Result result = lanewise::minimize(
                    flat, Box{{"x", -7, 10}}, {.starts = 300, .precision = precision, .maximize = maximize});
                INFO(flat << " " << maximize << " " << name(precision));
                const Minimum& first = result.minima.front();
                CHECK(result.best.f == first.f);
                CHECK(result.best.x == first.x);
                CHECK(result.best.polished == first.polished);
                CHECK(result.best.polished);
            }
        }
    }
    for (const char* offset : {"1e10 + x^2", "1e308 + x^2"})
        CHECK(std::abs(minimize(offset, Box{{"x", -7, 10}}).best.x[0]) < 1e-15);
}

TEST_CASE("how many minima are listed changes nothing else") {
    const Box box{{"x", -5.12, 5.12, 3}};
    const char* bumps = "10*n(x) + sum(i, 0, n(x)-1, x[i]^2 - 10*cos(2*pi*x[i]))";
    const auto found = [&](std::size_t most) {
        return minimize(bumps, box, {.starts = 500, .iterations = 200, .most_minima = most});
    };
    const Result all = found(5000);
    for (const std::size_t most : {1, 3, 1000}) {
        const Result some = found(most);
        CHECK(some.minima_found == all.minima_found);
        CHECK(some.work.evaluations == all.work.evaluations);
        CHECK(some.best.x == all.best.x);
        REQUIRE(some.minima.size() == std::min(most, all.minima_found));
        for (std::size_t i = 0; i < some.minima.size(); ++i) {
            CHECK(some.minima[i].f == all.minima[i].f);
            CHECK(some.minima[i].x == all.minima[i].x);
            CHECK(some.minima[i].polished);
        }
    }
}

TEST_CASE("a limit that changes a search shows in its status") {
    const Box box{{"x", -5, 5, 6}};
    const char* styblinski_tang = "sum(i, 0, n(x)-1, x[i]^4 - 16*x[i]^2 + 5*x[i])/2";
    for (const Precision precision : {Precision::f64, Precision::f32}) {
        for (const double settle : {0.0, 0.2}) {
            Options options{.starts = 160, .iterations = 100, .precision = precision, .settle = settle};
            const Result whole = minimize(styblinski_tang, box, options);
            CHECK(whole.status != SearchStatus::max_evaluations);
            const std::uint64_t all = whole.work.evaluations;
            for (const std::uint64_t most : {all / 3, all / 2, all - 3000, all - 700, all - 100, all - 17,
                                             all - 1, all, all + 1, 10 * all}) {
                options.max_evaluations = most;
                const Result limited = minimize(styblinski_tang, box, options);
                INFO(most << " of " << all);
                CHECK(limited.work.evaluations <= most);
                if (most < all) CHECK(limited.status == SearchStatus::max_evaluations);
                if (limited.status != SearchStatus::max_evaluations)
                    CHECK(bits_of(limited) == bits_of(whole));
                if (most > 2 * all) CHECK(limited.status == whole.status);
            }
        }
    }
}

TEST_CASE("a search in a process that was forked from one with threads has one thread") {
    const Options options{.starts = 300, .iterations = 50, .threads = 2};
    const Result here = minimize(himmelblau, square, options);
    REQUIRE(here.threads == 2);
    const pid_t child = fork();
    if (child == 0) {
        alarm(60);  // ends it if it waits for ever
        const Result there = minimize(himmelblau, square, options);
        _exit(there.threads == 1 && bits_of(there) == bits_of(here) ? 0 : 1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    CHECK(status == 0);
}

TEST_CASE("maximize finds the largest value and reports it as it is") {
    const Result result = minimize("3 - (x-1)^2 - y^2", square, {.starts = 64, .maximize = true});
    CHECK(result.best.f == Approx(3));
    CHECK(result.best.x[0] == Approx(1).margin(1e-6));
    CHECK(result.minima.front().f == result.best.f);
}

TEST_CASE("runs that break end alone and are counted") {
    // NaN for x < 0, steep towards it.
    const Result result = minimize("log(x) + y^2", square, {.starts = 1000, .iterations = 200, .explore = 1});
    const std::size_t at_start = result.runs_with(RunStatus::nan_at_start);
    CHECK(at_start > 400);
    CHECK(at_start < 600);
    CHECK(result.runs_with(RunStatus::nan_on_the_way) + at_start == 1000);
    CHECK(std::isfinite(result.best.f));
    CHECK(result.best.x[0] > 0);
    CHECK(counted(result) == 1000);
    CHECK(result.work.lane_occupancy < 0.5);

    // Half of the starts are broken, the others go on.
    const Result whole = minimize("sqrt(x)^4 + y^2", square, {.starts = 500, .explore = 1});
    CHECK(whole.runs_with(RunStatus::nan_at_start) > 200);
    CHECK(whole.runs_with(RunStatus::nan_at_start) < 300);
    CHECK(counted(whole) == 500);
    // The best of eight candidates is a finite one but for bad luck.
    const Result chosen = minimize("sqrt(x)^4 + y^2", square, {.starts = 500});
    CHECK(chosen.runs_with(RunStatus::nan_at_start) < 60);
}

TEST_CASE("a search in which nothing is finite says so") {
    CHECK_THROWS_AS(minimize("log(-1 - x^2)", square, {.starts = 100}), NothingFinite);
    CHECK_THROWS_AS(minimize("inf + x", square, {.starts = 100}), NothingFinite);
}

TEST_CASE("limits end a search with a valid result") {
    SECTION("target") {
        const Result result = minimize(himmelblau, square, {.iterations = 100'000, .target = 1e-3});
        CHECK(result.status == SearchStatus::target);
        CHECK(result.best.f <= 1e-3);
        CHECK(result.iterations < 100'000);
        CHECK(result.runs_with(RunStatus::stopped) == 4096);
    }
    SECTION("target of a maximum") {
        const Result result =
            minimize("-(x^2 + y^2)", square, {.iterations = 100'000, .maximize = true, .target = -1e-3});
        CHECK(result.status == SearchStatus::target);
        CHECK(result.best.f >= -1e-3);
    }
    SECTION("evaluations") {
        const Result result = minimize(himmelblau, square, {.starts = 100, .max_evaluations = 12'345});
        CHECK(result.status == SearchStatus::max_evaluations);
        CHECK(result.work.evaluations <= 12'345);
        CHECK(result.work.evaluations > 12'000);
        CHECK(std::isfinite(result.best.f));
        const Result least =
            minimize(himmelblau, square, {.starts = 100, .explore = 1, .max_evaluations = 100});
        CHECK(least.work.evaluations <= 100);
        CHECK(least.work.evaluations > 90);
        CHECK(least.runs_with(RunStatus::stopped) == 100);
    }
    SECTION("time") {
        const auto begin = std::chrono::steady_clock::now();
        const Result result =
            minimize(himmelblau, square, {.starts = 100'000, .iterations = 10'000'000, .max_time = 0.2});
        const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
        CHECK(result.status == SearchStatus::max_time);
        CHECK(counted(result) == 100'000);
        CHECK(result.runs_with(RunStatus::stopped) > 99'000);
        CHECK(taken.count() < 10);
    }
    SECTION("stop") {
        int asked = 0;
        const Result result = minimize(himmelblau, square,
                                       {.iterations = 10'000'000, .stop = [&asked] { return ++asked > 50; }});
        CHECK(result.status == SearchStatus::interrupted);
        CHECK(std::isfinite(result.best.f));
        CHECK(counted(result) == 4096);
    }
    SECTION("what stop or progress throws reaches the caller, want of memory too") {
        CHECK_THROWS_AS(minimize(himmelblau, square, {.stop = []() -> bool { throw std::bad_alloc(); }}),
                        std::bad_alloc);
        CHECK_THROWS_AS(
            minimize(himmelblau, square, {.progress = [](const Progress&) { throw std::bad_alloc(); }}),
            std::bad_alloc);
        CHECK_THROWS_AS(
            minimize(himmelblau, square, {.stop = []() -> bool { throw std::out_of_range("stop"); }}),
            std::out_of_range);
        CHECK_THROWS_AS(
            minimize(himmelblau, square, {.progress = [](const Progress&) { throw std::out_of_range("p"); }}),
            std::out_of_range);
    }
}

TEST_CASE("progress is told between stages") {
    std::vector<Progress> told;
    const Result result =
        minimize(himmelblau, square,
                 {.starts = 500, .progress = [&](const Progress& p) { told.push_back(p); }, .stop = {}});
    REQUIRE(told.size() >= 20);
    CHECK(told.back().runs == 500);
    CHECK(told.back().runs_begun == 500);
    CHECK(result.offspring > 0);
    CHECK(told.back().share == 1);
    CHECK(told.back().minima >= 4);
    CHECK(told.front().phase == Phase::starts);
    CHECK(std::ranges::count(told, Phase::offspring, &Progress::phase) > 0);
    CHECK(told.back().phase == Phase::polish);
    CHECK(told.back().run_iterations == result.work.run_iterations);
    // Where runs go on by L-BFGS no iterations are done.
    const auto is_of_lbfgs = [](const Progress& p) { return p.phase != Phase::polish && p.iterations == 0; };
    CHECK(std::ranges::any_of(told, is_of_lbfgs));
    for (std::size_t i = 1; i < told.size(); ++i) {
        CHECK(told[i].best_f <= told[i - 1].best_f);
        CHECK(told[i].runs_begun >= told[i - 1].runs_begun);
        if (told[i].phase == Phase::polish) {
            CHECK(told[i].run_iterations == result.work.run_iterations);
        } else {
            CHECK(told[i].run_iterations >= told[i - 1].run_iterations);
        }
        CHECK(told[i].iteration <= told[i].iterations);
        CHECK(told[i].share >= told[i - 1].share);
    }
}

TEST_CASE("progress tells values of the objective, also when maximising") {
    std::vector<Progress> told;
    Options options{.starts = 50, .maximize = true};
    options.progress = [&](const Progress& progress) { told.push_back(progress); };
    const Result result = minimize("3 - x^2 - y^2", square, options);
    REQUIRE(told.size() > 5);
    CHECK(told.back().best_f == result.best.f);
    for (std::size_t i = 1; i < told.size(); ++i) CHECK(told[i].best_f >= told[i - 1].best_f);

    told.clear();
    CHECK_THROWS_AS(minimize("3 - log(-1 - x^2)", square, options), NothingFinite);
    REQUIRE_FALSE(told.empty());
    CHECK(told.front().best_f == -std::numeric_limits<double>::infinity());
    told.clear();
    options.maximize = false;
    CHECK_THROWS_AS(minimize("3 - log(-1 - x^2)", square, options), NothingFinite);
    REQUIRE_FALSE(told.empty());
    CHECK(told.front().best_f == std::numeric_limits<double>::infinity());
}

TEST_CASE("a run that stop ends between two looks ends at its best point, one that is done where it stands") {
    // Each run stays in its own unit of x, and swings about the middle of it.
    std::array<double, 16> lowest{};
    std::array<double, 16> last{};
    int evaluations = 0;
    const Callback swings(1, [&](auto x, auto f, auto g) {
        ++evaluations;
        for (std::size_t lane = 0; lane < f.size(); ++lane) {
            const double unit = std::floor(x[0][lane]);
            const double off = x[0][lane] - unit - 0.5;
            f[lane] = unit + off * off;
            g[0][lane] = 2 * off;
            const auto run = static_cast<std::size_t>(unit);
            lowest[run] = std::min(lowest[run], f[lane]);
            last[run] = f[lane];
        }
    });
    const Box box{{"x", 0, 16}};
    Options options{.iterations = 96,
                    .rule = {.alpha = 0.05},
                    .schedule = Schedule::constant,
                    .scale = Scale::none,
                    .prune = false,
                    .polish = false,
                    .threads = 1,
                    .tile_lanes = 16};
    for (std::size_t run = 0; run < 16; ++run)
        options.start_points.push_back({static_cast<double>(run) + 0.1 + 0.02 * static_cast<double>(run)});
    for (const bool stops : {true, false}) {
        lowest.fill(std::numeric_limits<double>::infinity());
        evaluations = 0;
        if (stops) options.stop = [&] { return evaluations > 50; };
        const Result result = minimize(swings, box, options);
        options.stop = {};
        CHECK(result.status == (stops ? SearchStatus::interrupted : SearchStatus::completed));
        REQUIRE(result.minima.size() == 16);
        std::size_t worse = 0;
        for (std::size_t run = 0; run < 16; ++run) {
            const Minimum& minimum = result.minima[run];
            REQUIRE(minimum.start_ids == std::vector<std::uint32_t>{static_cast<std::uint32_t>(run)});
            CHECK(minimum.f == (stops || run == 0 ? lowest[run] : last[run]));
            worse += minimum.f > lowest[run] ? 1 : 0;
        }
        CHECK((stops ? worse == 0 : worse > 8));
    }
}

TEST_CASE("what is thrown on a thread of the search reaches its caller") {
    const Expression objective(himmelblau, square);
    const Options options{.threads = 2};
    const Setup setup(objective, square, options);
    Halt halt(options);
    Crew<double> crew(setup, halt);
    CHECK_THROWS_AS(crew.share(100,
                               [](std::size_t i) {
                                   if (i % 2 == 1) throw std::bad_alloc();
                               }),
                    std::bad_alloc);
}

TEST_CASE("a search ends while its starts are chosen") {
    const Expression objective(himmelblau, square);
    for (const int most_calls : {0, 1, 2, 50}) {
        int calls = 0;
        const Result result = minimize(
            objective, square,
            {.starts = 4096, .explore = 1000, .threads = 1, .stop = [&] { return calls++ == most_calls; }});
        CHECK(result.status == SearchStatus::interrupted);
        CHECK(result.work.evaluations > 0);
        CHECK(result.work.evaluations < 300'000);
        CHECK(std::isfinite(result.best.f));
        CHECK(result.minima.front().f == result.best.f);
        CHECK(result.runs_started() == 4096);
    }
}

TEST_CASE("a search has a result however few evaluations it may take") {
    const Expression objective(himmelblau, square);
    for (const std::size_t explore : {1, 8}) {
        for (std::uint64_t most = 1; most < 60; ++most) {
            const Result result =
                minimize(objective, square, {.starts = 40, .explore = explore, .max_evaluations = most});
            INFO(explore << " " << most);
            CHECK(result.status == SearchStatus::max_evaluations);
            CHECK(result.work.evaluations >= 1);
            CHECK(result.work.evaluations <= most);
            CHECK(std::isfinite(result.best.f));
            CHECK(result.minima.front().f == result.best.f);
        }
    }
    CHECK(minimize(objective, square, {.start_points = {{1, 1}}, .max_evaluations = 1}).best.f == 106);
}

TEST_CASE("evaluations are counted, those that break a run too") {
    const Box line{{"x", -1, 1}};
    // Three runs break at once; the other takes a step and is looked at.
    const Result result = minimize(Expression("log(x)", line), line,
                                   {.start_points = {{-0.5}, {-0.1}, {0.5}, {-0.9}},
                                    .iterations = 1,
                                    .offspring = false,
                                    .polish = false});
    CHECK(result.runs_with(RunStatus::nan_at_start) == 3);
    CHECK(result.work.run_iterations == 1);
    CHECK(result.work.evaluations == 5);
    // Lanes that never had a run are computed as well as those whose runs broke.
    CHECK(result.work.lane_occupancy == 1.0 / 16);
}

TEST_CASE("the best iteration is the one of the path") {
    const Options options{.starts = 200,
                          .iterations = 150,
                          .rule = {.alpha = 0.1},
                          .explore = 1,
                          .offspring = false,
                          .polish = false};
    const Result result = minimize(himmelblau, square, options);
    REQUIRE(result.best.iteration >= 0);
    const Expression objective(himmelblau, square);
    bool seen = false;
    const std::uint64_t id = result.best.start_id;
    visit_paths(objective, square, options, {&id, 1}, 150, [&](const PathPoint& point) {
        CHECK(point.f >= result.best.f);
        if (static_cast<std::int64_t>(point.iteration) != result.best.iteration) return;
        seen = true;
        CHECK(point.f == result.best.f);
        CHECK(std::vector<double>(point.x.begin(), point.x.end()) == result.best.x);
    });
    CHECK(seen);
    // A start at the minimum is never left for the better.
    CHECK(minimize("x^2", Box{{"x", -1, 1}}, {.start_points = {{0.0}}}).best.iteration == -1);
}

TEST_CASE("the best iteration of a run stays the same when others have ended") {
    // One run passes its best point early and goes on; the others are at rest.
    const LaneByLane objective(1, [](const Point& x, Point& g) {
        g[0] = x[0] < 0 ? 0 : -1;
        return x[0] < 0 ? 5 : (x[0] - 1) * (x[0] - 1);
    });
    Options options{.iterations = 200,
                    .rule = {.method = Method::gradient_descent, .alpha = 0.1},
                    .schedule = Schedule::constant,
                    .scale = Scale::none,
                    .prune = false,
                    .polish = false};
    options.start_points.assign(100, {-1.0});
    options.start_points.back() = {0.01};
    for (const std::size_t tile_lanes : {16, 64, 112}) {
        options.tile_lanes = tile_lanes;
        const Result result = minimize(objective, Box{{"x", -1, 100}}, options);
        CHECK(result.runs_with(RunStatus::converged_gradient) == 99);
        CHECK(result.best.start_id == 99);
        CHECK(result.best.iteration == 9);
        CHECK(result.best.x[0] == Approx(1.01));
    }
}

TEST_CASE("a run starts at the best of its candidates") {
    const Expression objective(himmelblau, square);
    const Options options{.starts = 20,
                          .iterations = 1,
                          .rule = {.method = Method::gradient_descent, .alpha = 1e-12},
                          .scale = Scale::none};
    const SearchBox box(square);
    const Starts starts(box, options);
    for (std::uint64_t id = 0; id < 20; ++id) {
        std::vector<double> best;
        double lowest = std::numeric_limits<double>::infinity();
        for (std::size_t i = 0; i < starts.candidates(id); ++i) {
            std::vector<double> x(2);
            starts.candidate(id, i, x);
            if (const double f = evaluate(objective, x).f; f < lowest) {
                lowest = f;
                best = x;
            }
        }
        visit_paths(objective, square, options, {&id, 1}, 1, [&](const PathPoint& point) {
            CHECK(point.x[0] == Approx(best[0]).margin(1e-6));
            CHECK(point.x[1] == Approx(best[1]).margin(1e-6));
        });
    }
}

TEST_CASE("a path ends where its run breaks") {
    const Box box{{"x", -1, 1}};
    const Expression objective("log(x)", box);
    const Options options{.start_points = {{0.5}, {-0.5}, {0.9}}, .iterations = 1000};
    std::vector<std::int64_t> lengths(3);
    const std::vector<std::uint64_t> ids = {0, 1, 2};
    visit_paths(objective, box, options, ids, 1000, [&](const PathPoint& point) {
        CHECK(std::isfinite(point.f));
        CHECK(point.iteration == lengths[point.start_id]);
        ++lengths[point.start_id];
    });
    CHECK(lengths[0] > 0);
    CHECK(lengths[0] < 1000);
    CHECK(lengths[1] == 0);
    CHECK(lengths[2] > lengths[0]);
    const std::uint64_t beyond = 3;
    CHECK_THROWS_WITH(visit_paths(objective, box, options, {&beyond, 1}, 10, [](const PathPoint&) {}),
                      ContainsSubstring("start id 3: there are 3 starts"));
}

TEST_CASE("options are checked before any work") {
    const LaneByLane objective(2, sphere);
    const auto refuses = [&](const Options& options, const char* message) {
        INFO(message);
        CHECK_THROWS_AS(minimize(objective, square, options), std::invalid_argument);
        CHECK_THROWS_WITH(minimize(objective, square, options), ContainsSubstring(message));
    };
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    refuses({.starts = 0}, "starts 0: must be at least 1");
    refuses({.starts = std::numeric_limits<std::size_t>::max(), .start_points = {{0, 0}}},
            "at most 4294967295");
    constexpr double infinity = std::numeric_limits<double>::infinity();
    refuses({.iterations = 0}, "iterations 0: must be 1 to 10000000");
    refuses({.iterations = 10'000'001}, "iterations 10000001");
    for (const double alpha : {0.0, -0.1, infinity, nan})
        refuses({.rule = {.alpha = alpha}}, "must be finite and above 0");
    for (const double beta : {-0.5, -1e-300, 1.0, nan}) {
        refuses({.rule = {.beta1 = beta}}, "must be at least 0 and below 1");
        refuses({.rule = {.beta2 = beta}}, "must be at least 0 and below 1");
    }
    refuses({.rule = {.beta1 = 1}}, "beta1 1");
    refuses({.rule = {.beta2 = -0.5}}, "beta2 -0.5");
    for (const double eps : {0.0, -1e-8, infinity, nan})
        refuses({.rule = {.eps = eps}}, "must be finite and above 0");
    refuses({.explore = 0}, "explore 0: must be 1 to 1000");
    refuses({.explore = 1001}, "explore 1001");
    for (const double same : {0.0, -1.0, infinity, nan}) {
        refuses({.same_distance = same}, "same-distance");
    }
    refuses({.same_distance = 1.1}, "same-distance 1.1");
    for (const double chance : {-0.1, 1.0, nan}) refuses({.settle = chance}, "settle");
    for (const double every : {-1.0, infinity, nan}) refuses({.checkpoint_every = every}, "every");
    refuses({.threads = -1}, "threads -1");
    refuses({.tile_lanes = 20}, "tile_lanes 20: must be a multiple of 16");
    for (const double seconds : {0.0, -1.0, nan}) refuses({.max_time = seconds}, "must be above 0 seconds");
    refuses({.max_evaluations = 0}, "max-evaluations 0: must be at least 1");
    refuses({.target = nan}, "target nan: must be finite");
    refuses({.target = -infinity}, "target -inf: must be finite");
    refuses({.start_points = {{0, 0}, {1}}}, "start 1 has 1 coordinates; the box has 2");
    refuses({.start_points = {{0, 6}}}, "start 0: y = 6 is outside the box -5:5");
    refuses({.start_points = {{nan, 0}}}, "start 0: x = nan is outside the box -5:5");
    refuses({.start_points = {{0, std::nextafter(5.0, 6)}}}, "start 0: y");
    refuses({.start_points = {{std::nextafter(-5.0, -6), 0}}}, "start 0: x");
    CHECK(minimize(objective, square, {.start_points = {{-5, 5}}}).best.f < 1e-10);
    CHECK_THROWS_WITH(minimize(LaneByLane(3, sphere), square, {}),
                      ContainsSubstring("the objective has 3 variables, the box 2"));
    CHECK_THROWS_WITH(minimize(LaneByLane(1, sphere), square, {}),
                      ContainsSubstring("the objective has 1 variables, the box 2"));

    class DoubleOnly final : public Objective {
        std::size_t dimension() const noexcept override { return 2; }
        void evaluate(const Block<double>& block) const noexcept override {
            std::fill_n(block.f_row, block.lanes, 0.0);
        }
    };
    CHECK_THROWS_WITH(minimize(DoubleOnly(), square, {.precision = Precision::f32}),
                      ContainsSubstring("precision f32: this objective has double precision only"));
}

TEST_CASE("boxes are checked") {
    const auto refuses = [](std::vector<Variable> variables, const char* message) {
        CHECK_THROWS_WITH(Box(std::move(variables)), ContainsSubstring(message));
    };
    refuses({}, "at least one variable");
    refuses({{"x", 1, 0}}, "variable 'x': lower bound 1 is above upper bound 0");
    constexpr double infinity = std::numeric_limits<double>::infinity();
    refuses({{"x", infinity, infinity}}, "variable 'x': bounds inf:inf hold no number");
    refuses({{"x", -infinity, -infinity}}, "variable 'x': bounds -inf:-inf hold no number");
    refuses({{"x", 0, std::numeric_limits<double>::quiet_NaN()}},
            "variable 'x': bounds 0:nan hold no number");
    const Box half{{"x", {0, 0}, {1, infinity}}};
    CHECK_THROWS_WITH(minimize("x[0] + x[1]", half),
                      ContainsSubstring("variable 'x[1]': bounds 0:inf must be finite"));
    refuses({{"x", -1e308, 1e308}}, "variable 'x': box -1e+308:1e+308 is too wide");
    refuses({{"x", 0, 1, 0}}, "variable 'x': length 0");
    refuses({{"2x", 0, 1}}, "variable '2x': a name is letters");
    refuses({{"", 0, 1}}, "variable ''");
    refuses({{"x", 0, 1}, {"x", 0, 1}}, "variable 'x' is given twice");
    CHECK_THROWS_WITH(Box::from_bounds({0, 1}, {1}), ContainsSubstring("2 lower bounds but 1 upper bounds"));
    CHECK_THROWS_WITH(Box::from_bounds({0, 1}, {1, 0}), ContainsSubstring("variable 'x[1]'"));
    const Box box{{"a", 0, 1}, {"b", 2, 3, 2}, {"c", 4, 5}};
    CHECK(box.dimension() == 4);
    CHECK(box.coordinate_name(0) == "a");
    CHECK(box.coordinate_name(2) == "b[1]");
    CHECK(box.coordinate_name(3) == "c");
    CHECK(Box::from_bounds({0, 1}, {1, 4}).upper() == std::vector<double>{1, 4});

    refuses({{"x", {0, 1}, {1}}}, "variable 'x': 2 lower bounds but 1 upper bounds");
    refuses({{"x", {0, 1}, {2, 3}, 3}}, "variable 'x': bounds of 2 elements, but length 3");
    refuses({{"x", 0, {2, 3}, 3}}, "variable 'x': bounds of 2 elements, but length 3");
    refuses({{"x", {0, 1}, {1, 0}}}, "variable 'x[1]': lower bound 1 is above upper bound 0");
    refuses({{"x", std::vector<double>{}, 1}}, "variable 'x': length 0");
    const Box own{{"a", 0, 1}, {"b", {2, 3}, 5}, {"c", -1, {4, 5, 6}, 3}, {"d", {7}, {8}}};
    CHECK(own.lower() == std::vector<double>{0, 2, 3, -1, -1, -1, 7});
    CHECK(own.upper() == std::vector<double>{1, 5, 5, 4, 5, 6, 8});
    CHECK(own.variables()[1].length == std::size_t{2});
    CHECK(own.coordinate_name(6) == "d[0]");
    const Result result =
        minimize("b[0] - b[1] + c[0] + a", Box{{"a", 0, 1}, {"b", {2, 3}, 5}, {"c", {-2, 1}, {-1, 2}}},
                 {.starts = 20});
    CHECK(result.best.x == std::vector<double>{0, 2, 5, -2, result.best.x[4]});
}

TEST_CASE("ends join the nearest better one of their basin") {
    using Groups = std::vector<std::vector<std::uint32_t>>;
    const SearchBox box(Box{{"x", 0, 1}, {"y", 0, 10}});
    const auto clusters_of = [&](const std::vector<std::array<double, 3>>& ends,  // x, y, f
                                 std::size_t polished = 0) {
        Ends points(box, ends.size());
        for (std::uint32_t end = 0; end < ends.size(); ++end)
            points.add({ends[end][2],
                        end < polished       ? EndOf::polish
                        : end < 2 * polished ? EndOf::polish_start
                                             : EndOf::run,
                        end < 2 * polished ? end % static_cast<std::uint32_t>(polished) : end},
                       [&](std::size_t j) { return ends[end][j]; });
        const Clusters found = cluster(points, 0.01, [&](std::span<const EndPair> pairs) {
            std::vector<std::uint8_t> are_in_one;
            for (const auto& [end, better] : pairs)
                are_in_one.push_back(points[end].f - points[better].f <= 0.1 ? 1 : 0);
            return are_in_one;
        });
        Groups groups(found.count);
        for (const auto& [end, cluster] : found.members)
            groups[cluster].push_back(
                end.index + (end.of == EndOf::polish_start ? static_cast<std::uint32_t>(polished) : 0));
        return groups;
    };
    // Near in both; far in the second coordinate of its own width; ties go to the smaller run.
    CHECK(clusters_of({{0.5, 5, 1}, {0.505, 5.05, 0.99}, {0.5, 5.2, 1}}) == Groups{{1, 0}, {2}});
    CHECK(clusters_of({{0.5, 5, 1}, {0.5, 5, 1}}) == Groups{{0, 1}});
    // Near in place, of another basin.
    CHECK(clusters_of({{0.5, 5, 1}, {0.501, 5, 2}}) == Groups{{0}, {1}});
    // A valley of ends still on their way is one cluster; not finite ends are left out.
    CHECK(clusters_of({{0.1, 5, 0}, {0.108, 5, 0.05}, {0.116, 5, 0.1}, {0.124, 5, 0.15}, {0.5, 5, NAN}}) ==
          Groups{{0, 1, 2, 3}});
    // An end between two minima joins the nearer one and does not join them.
    CHECK(clusters_of({{0.1, 5, 0}, {0.115, 5, 0.01}, {0.107, 5, 0.05}}) == Groups{{0, 2}, {1}});
    CHECK(clusters_of({{0.1, 5, 0}, {0.115, 5, 0.01}, {0.108, 5, 0.05}}) == Groups{{0}, {1, 2}});
    // Or another one in whose basin it is.
    CHECK(clusters_of({{0.1, 5, 0}, {0.115, 5, 0.08}, {0.107, 5, 0.15}}) == Groups{{0}, {1, 2}});
    // Where a polish began belongs to where it led, and gathers what is near there.
    CHECK(clusters_of({{0.1, 5, 0}, {0.101, 5, 0.2}, {0.1, 5, 0.02}, {0.5, 5, 0.23}, {0.505, 5, 0.25}}, 2) ==
          Groups{{0, 2}, {1, 3, 4}});
    CHECK(clusters_of({{0.1, 5, 0}, {0.101, 5, 1e-4}, {0.1, 5, 0.02}, {0.5, 5, 0.03}, {0.505, 5, 0.05}}, 2) ==
          Groups{{0, 1, 2, 3, 4}});
}

TEST_CASE("many distinct ends are clustered without comparing all pairs") {
    // Pairs of equal points, the pairs far from each other, values all alike. All pairs would take minutes.
    constexpr std::uint32_t runs = 200'000;
    const SearchBox box(Box{{"x", 0, 1, 10}});
    Ends ends(box, runs);
    for (std::uint32_t run = 0; run < runs; ++run)
        ends.add({1, EndOf::run, run},
                 [&](std::size_t j) { return static_cast<double>((run / 2) >> (2 * j) & 3U) / 3; });
    CHECK(cluster(ends, 3e-3).count == runs / 2);
}

TEST_CASE("many callers at once get the same result") {
    const Expression objective(himmelblau, square);
    const Result alone = minimize(objective, square, {.starts = 500});
    std::vector<std::vector<double>> found(4);
    std::vector<std::thread> callers;
    callers.reserve(found.size());
    for (auto& x : found)
        callers.emplace_back([&] { x = minimize(objective, square, {.starts = 500, .threads = 2}).best.x; });
    for (std::thread& caller : callers) caller.join();
    for (const auto& x : found) CHECK(x == alone.best.x);
}

TEST_CASE("an enclosing parallel region is respected, and no more threads work than are asked for") {
    class ThreadCounter final : public Objective {
      public:
        std::size_t dimension() const noexcept override { return 2; }
        void evaluate(const Block<double>& block) const noexcept override {
            most = std::max(most.load(), omp_get_num_threads());
            for (std::size_t i = 0; i < block.lanes; ++i) block.f_row[i] = block.x_rows[i];
            std::fill_n(block.g_rows, 2 * block.lanes, 1.0);
        }
        mutable std::atomic<int> most = 0;
    };
    Options options{.starts = 2000, .iterations = 20, .tile_lanes = 16};
    const int usual = omp_get_max_threads();
    omp_set_num_threads(3);
    for (const int threads : {1, 2, 0}) {
        options.threads = threads;
        const int most = threads == 0 ? 3 : threads;
        const ThreadCounter counter;
        CHECK(minimize(counter, square, options).threads <= most);
        CHECK(counter.most <= most);
    }
    omp_set_num_threads(usual);
    options.threads = 2;
    const ThreadCounter two;
    std::atomic<int> reported = 0;
#pragma omp parallel num_threads(2)
    {
        // Nested regions are serial unless the caller says otherwise: each caller works alone.
        reported = std::max(reported.load(), minimize(two, square, options).threads);
    }
    CHECK(reported == 1);
}

TEST_CASE("stop is asked even when the runs of the calling thread are all over") {
    // The first tile breaks at once; an iteration of the second takes 10 ms, its stage 40 s.
    std::atomic<int> finite_values = 0;
    const LaneByLane slow(1, [&](const Point& x, Point& g) {
        g[0] = 1;
        if (x[0] < 0) return std::numeric_limits<double>::quiet_NaN();
        std::this_thread::sleep_for(std::chrono::microseconds(600));
        ++finite_values;
        return x[0];
    });
    std::vector<std::vector<double>> points(32, std::vector<double>{-0.5});
    std::fill(points.begin() + 16, points.end(), std::vector<double>{0.5});
    const Result result = minimize(slow, Box{{"x", -1, 1}},
                                   {.start_points = points,
                                    .iterations = 4096,
                                    .rule = {.alpha = 1e-6},
                                    .threads = 2,
                                    .tile_lanes = 16,
                                    .stop = [&] { return finite_values >= 16; }});
    CHECK(result.status == SearchStatus::interrupted);
    CHECK(result.iterations < 4096);
    CHECK(result.runs_with(RunStatus::nan_at_start) == 16);
    CHECK(result.runs_with(RunStatus::stopped) == 16);
}
