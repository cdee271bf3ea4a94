// Sweeps over the settings of a rule.
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <set>
#include <vector>

#include "catch.hpp"
#include "lanewise/lanewise.hpp"

using namespace lanewise;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

const Box square{{"x", -2, 3}, {"y", -1, 2}};
/// Many minima, and no value in a corner.
const char* const rough = "(1-x)^2 + 5*(y-x^2)^2 + sin(7*x) + 0*log(x + y + 1)";

bool same_bits(const RunEnd& a, const RunEnd& b) {
    return a.x == b.x && (a.f == b.f || (std::isnan(a.f) && std::isnan(b.f))) && a.status == b.status &&
           a.iterations == b.iterations && a.evaluations == b.evaluations;
}

/// The same runs, one setting after the other.
std::vector<RunEnd> alone(const Objective& objective, const Tuning& tuning, const Tuned& tuned,
                          const Options& options) {
    return minimize_batch(objective, square, tuning.starts,
                          {.rule = tuned.setting.rule,
                           .iterations = tuned.setting.iterations,
                           .schedule = tuned.setting.schedule,
                           .warm_up = tuned.setting.warm_up,
                           .final_alpha = tuned.setting.final_alpha,
                           .scale = options.scale,
                           .maximize = options.maximize,
                           .threads = 1});
}

const TuneOptions many_kinds = {.rule = {Method::adam, Method::nadam, Method::momentum},
                                .alpha = {0.02, 0.3},
                                .iterations = {7, 100, 130},
                                .schedule = {Schedule::cosine, Schedule::constant},
                                .starts = 21};

/// Sphere of the calling thread alone, by hand.
class Sphere final : public Objective {
  public:
    std::size_t dimension() const noexcept override { return 2; }
    Calls calls() const noexcept override { return Calls::from_the_caller; }
    void evaluate(const Block<double>& block) const override {
        for (std::size_t lane = 0; lane < block.lanes; ++lane) {
            const double x = block.x(0)[lane];
            const double y = block.x(1)[lane];
            block.f()[lane] = x * x + y * y;
            block.g(0)[lane] = 2 * x;
            block.g(1)[lane] = 2 * y;
        }
    }
};

}  // namespace

TEST_CASE("the runs of every setting are those of minimize_batch, for any number of threads") {
    const Expression objective(rough, square);
    for (const int threads : {1, 3}) {
        const Options options{.explore = 1, .threads = threads};
        const Tuning tuning = tune(objective, square, options, many_kinds);
        REQUIRE(tuning.settings.size() == 36);
        CHECK(tuning.status == SearchStatus::completed);
        std::set<RunStatus> seen;
        for (const Tuned& tuned : tuning.settings) {
            const std::vector<RunEnd> ends = alone(objective, tuning, tuned, options);
            REQUIRE(tuned.ends.size() == 21);
            for (std::size_t i = 0; i < ends.size(); ++i) {
                INFO(tuned.number << " " << i << " on " << threads);
                CHECK(same_bits(tuned.ends[i], ends[i]));
                seen.insert(ends[i].status);
            }
        }
        CHECK(seen.contains(RunStatus::nan_at_start));
        CHECK(seen.contains(RunStatus::converged_value));
        CHECK(seen.contains(RunStatus::max_iterations));
    }
}

TEST_CASE("runs of a sweep draw the rows that those of a search draw, and are judged by all rows") {
    std::vector<double> c(40);
    for (std::size_t row = 0; row < c.size(); ++row) c[row] = std::sin(static_cast<double>(row * row));
    const Expression objective("rows((x - c)^2 + (y - x*c)^2)", square, {}, Data({{"c", c}}));
    for (const int threads : {1, 3}) {
        const Options options{.batch_rows = 5, .threads = threads};
        const Tuning tuning = tune(objective, square, options,
                                   {.rule = {Method::adam, Method::nadam},
                                    .alpha = {0.02, 0.3},
                                    .iterations = {30, 100},
                                    .starts = 9});
        REQUIRE(tuning.settings.size() == 8);
        for (const Tuned& tuned : tuning.settings) {
            Options of_path = tuned.setting.in(options);
            of_path.start_points = tuning.starts;
            std::vector<std::uint64_t> ids(tuning.starts.size());
            std::iota(ids.begin(), ids.end(), std::uint64_t{0});
            std::vector<bool> is_on_path(ids.size());
            visit_paths(
                objective, square, of_path, ids, tuned.setting.iterations,
                [&](const PathPoint& point) {
                    const RunEnd& end = tuned.ends[point.start_id];
                    if (std::ranges::equal(point.x, end.x) && point.f == end.f)
                        is_on_path[point.start_id] = true;
                },
                PathsFrom::start);
            INFO(tuned.number << " on " << threads);
            CHECK(std::ranges::count(is_on_path, true) == 9);
        }
    }
}

TEST_CASE("an objective for the calling thread is tuned with the same bits, also when maximising") {
    const Sphere objective;
    for (const bool maximize : {false, true}) {
        const Options options{.scale = Scale::none, .maximize = maximize, .threads = 1};
        const Tuning tuning =
            tune(objective, square, options,
                 {.alpha = Between{1e-3, 1}, .iterations = {20, 50}, .settings = 9, .starts = 20});
        CHECK(tuning.best_f == Approx(maximize ? 13 : 0).margin(1e-6));
        for (const Tuned& tuned : tuning.settings) {
            const std::vector<RunEnd> ends = alone(objective, tuning, tuned, options);
            CHECK(std::ranges::equal(tuned.ends, ends, same_bits));
            CHECK(tuned.best_f == (maximize ? std::ranges::max(ends, {}, &RunEnd::f).f
                                            : std::ranges::min(ends, {}, &RunEnd::f).f));
        }
    }
}

TEST_CASE("a run comes to the target when its path first does, or little later") {
    const Expression objective(rough, square);
    for (const bool is_given : {false, true}) {
        Options options{.threads = 1};
        if (is_given) options.target = 0;
        const Tuning tuning = tune(objective, square, options, many_kinds);
        std::size_t reached = 0;
        for (std::size_t s = 0; s < tuning.settings.size(); s += 4) {
            const Tuned& tuned = tuning.settings[s];
            Options of_path = tuned.setting.in(options);
            of_path.start_points = tuning.starts;
            std::vector<std::uint64_t> ids;
            for (std::uint64_t id = 0; id < tuning.starts.size(); ++id) ids.push_back(id);
            std::vector<std::vector<double>> values(ids.size());
            visit_paths(
                objective, square, of_path, ids, tuned.setting.iterations,
                [&](const PathPoint& point) { values[point.start_id].push_back(point.f); }, PathsFrom::start);
            for (const std::uint64_t id : ids) {
                INFO(tuned.number << " " << id);
                const auto first = static_cast<std::size_t>(
                    std::ranges::find_if(values[id], [&](double f) { return f <= tuning.target; }) -
                    values[id].begin());
                const auto told = tuned.iterations_to_target[id];
                // A run that has converged ends before its path.
                const bool is_reached = first < values[id].size() && first <= tuned.ends[id].iterations;
                REQUIRE(told.has_value() == is_reached);
                if (!told) continue;
                CHECK(*told >= first);
                CHECK(*told - first <= std::min<std::size_t>(first / 8, 31));
                CHECK(values[id][*told] <= tuning.target);
                ++reached;
            }
        }
        CHECK(reached > 10);
        // What was found to be the target is as good as one that was given.
        if (is_given) continue;
        options.target = tuning.target;
        const Tuning again = tune(objective, square, options, many_kinds);
        for (std::size_t s = 0; s < tuning.settings.size(); ++s) {
            CHECK(again.settings[s].number == tuning.settings[s].number);
            CHECK(again.settings[s].iterations_to_target == tuning.settings[s].iterations_to_target);
        }
    }
}

TEST_CASE("settings are told by what their runs took, best first") {
    const Expression objective(rough, square);
    const Tuning tuning = tune(objective, square, {.threads = 1}, many_kinds);
    std::uint64_t all = 0;
    double best = infinity;
    double last = 0;
    for (const Tuned& tuned : tuning.settings) {
        INFO(tuned.number);
        double spent = 0;
        std::vector<double> times;
        std::vector<double> values;
        for (std::size_t i = 0; i < tuned.ends.size(); ++i) {
            const RunEnd& end = tuned.ends[i];
            all += end.evaluations;
            const auto iterations = tuned.iterations_to_target[i];
            CHECK(iterations.has_value() == (end.f <= tuning.target));
            if (iterations) times.push_back(static_cast<double>(*iterations));
            spent += static_cast<double>(iterations ? *iterations + 1 : end.evaluations);
            values.push_back(std::isnan(end.f) ? infinity : end.f);
        }
        std::ranges::sort(times);
        std::ranges::sort(values);
        CHECK(tuned.reached == times.size());
        CHECK(tuned.best_f == values.front());
        CHECK(tuned.median_f == values[10]);
        best = std::min(best, tuned.best_f);
        CHECK(tuned.expected_evaluations >= last);
        last = tuned.expected_evaluations;
        if (times.empty()) {
            CHECK(tuned.expected_evaluations == infinity);
            CHECK(std::isnan(tuned.median_iterations));
            continue;
        }
        CHECK(tuned.expected_evaluations == spent / static_cast<double>(times.size()));
        CHECK(tuned.least_iterations == times.front());
        const std::size_t half = times.size() / 2;
        CHECK(tuned.median_iterations ==
              (times.size() % 2 == 1 ? times[half] : (times[half - 1] + times[half]) / 2));
    }
    CHECK(tuning.evaluations == all);
    CHECK(tuning.best_f == best);
    CHECK(evaluate(objective, tuning.best_x).f == best);
    // An easy target counts the start itself.
    const Tuning easy = tune(objective, square, {.explore = 1, .threads = 1, .target = 1e6}, many_kinds);
    CHECK(easy.settings.front().least_iterations == 0);
    const std::size_t broken =
        std::ranges::count(easy.settings.front().ends, RunStatus::nan_at_start, &RunEnd::status);
    CHECK(broken > 0);
    CHECK(easy.settings.front().reached == 21 - broken);
    CHECK(easy.settings.front().expected_evaluations == 21.0 / static_cast<double>(21 - broken));
}

TEST_CASE("a target that is found is a fraction of the way above the best value, in any units") {
    const auto target_of = [](double factor, double shift) {
        const Expression objective("a*((x-1)^2 + y^4) + b", square, {{"a", factor}, {"b", shift}});
        const Tuning tuning =
            tune(objective, square, {.iterations = 60, .threads = 1}, {.starts = 15, .tolerance = 1e-3});
        std::vector<double> values;
        for (const std::vector<double>& start : tuning.starts) values.push_back(evaluate(objective, start).f);
        std::ranges::sort(values);
        CHECK(tuning.target == Approx(tuning.best_f + 1e-3 * (values[7] - tuning.best_f)));
        CHECK(tuning.settings.front().reached > 0);
        return tuning.settings.front().number;
    };
    const std::size_t winner = target_of(1, 0);
    CHECK(target_of(1024, 0) == winner);
    CHECK(target_of(1024, 1e6) == winner);
    // Not even the best value has to be 0 for the others to be near it.
    const Tuning tuning = tune("x^2 + y^2", square, {.iterations = 200, .threads = 1}, {.starts = 16});
    CHECK(tuning.target > 0);
    CHECK(tuning.target < 1e-5);
    CHECK(tuning.settings.front().reached == 16);
}

TEST_CASE("ranges are covered evenly in what matters, with numbers of three digits") {
    const auto settings = [](const TuneOptions& tune_options) {
        std::vector<Tuned> list =
            tune("x^2 + y^2", square, {.iterations = 1, .threads = 1}, tune_options).settings;
        std::ranges::sort(list, {}, &Tuned::number);
        return list;
    };
    const std::vector<Tuned> grid = settings({.rule = {Method::adam, Method::adagrad},
                                              .alpha = Between{0.001, 0.1},
                                              .beta1 = Between{0, 0.99},
                                              .iterations = Between{10, 1000},
                                              .warm_up = Between{0, 10},
                                              .grid = 3,
                                              .starts = 1});
    REQUIRE(grid.size() == 2 * 81);
    const auto numbers = [&](auto number) {
        std::set<double> all;
        for (const Tuned& tuned : grid) all.insert(static_cast<double>(number(tuned.setting)));
        return all;
    };
    using Numbers = std::set<double>;
    CHECK(numbers([](const TuneSetting& setting) { return setting.rule.alpha; }) ==
          Numbers{0.001, 0.01, 0.1});
    CHECK(numbers([](const TuneSetting& setting) { return setting.rule.beta1; }) == Numbers{0, 0.9, 0.99});
    CHECK(numbers([](const TuneSetting& setting) { return setting.iterations; }) == Numbers{10, 100, 1000});
    CHECK(numbers([](const TuneSetting& setting) { return setting.warm_up; }) == Numbers{0, 5, 10});
    CHECK(grid.front().setting.rule.method == Method::adam);
    CHECK(grid.back().setting.rule.method == Method::adagrad);

    const TuneOptions by_sobol{.rule = {Method::adam, Method::rmsprop},
                               .alpha = Between{1e-3, 1},
                               .beta2 = Between{0.5, 0.9999},
                               .iterations = Between{2, 50},
                               .settings = 64,
                               .starts = 1};
    const std::vector<Tuned> sobol = settings(by_sobol);
    REQUIRE(sobol.size() == 64);
    std::size_t adams = 0;
    std::size_t below_a_tenth = 0;
    for (const Tuned& tuned : sobol) {
        const Rule& rule = tuned.setting.rule;
        adams += rule.method == Method::adam ? 1 : 0;
        below_a_tenth += rule.alpha < 0.1 ? 1 : 0;
        CHECK(rule.alpha >= 1e-3);
        CHECK(rule.alpha <= 1);
        CHECK(to_text(rule.alpha).size() <= 7);
        CHECK(*rule.beta2 >= 0.5);
        CHECK(*rule.beta2 <= 0.9999);
        CHECK(to_text(*rule.beta2).size() <= 9);
        CHECK(tuned.setting.iterations >= 2);
        CHECK(tuned.setting.iterations <= 50);
    }
    CHECK(adams == 32);
    CHECK(below_a_tenth >= 42);
    CHECK(below_a_tenth <= 44);
    CHECK(settings(by_sobol)[5].setting == sobol[5].setting);
    CHECK(tune("x^2 + y^2", square, {.seed = 1, .iterations = 1, .threads = 1}, by_sobol)
              .settings.front()
              .setting !=
          sobol[tune("x^2 + y^2", square, {.iterations = 1, .threads = 1}, by_sobol).settings.front().number]
              .setting);

    CHECK(settings({.alpha = {0.1, 0.2, 0.3}, .beta1 = {0.5, 0.9}, .starts = 1}).size() == 6);
    CHECK(settings({.starts = 1}).size() == 64);
    CHECK(settings({.grid = 2, .starts = 1}).size() == 8);
}

TEST_CASE("starts of a sweep are those of a search, and those given by hand") {
    const Options options{.seed = 9, .iterations = 1, .threads = 1};
    Options of_search = options;
    of_search.starts = 5;
    CHECK(tune("x^2 + y^2", square, options, {.alpha = {0.1}, .starts = 5}).starts ==
          chosen_starts(Expression("x^2 + y^2", square), square, of_search,
                        std::vector<std::uint64_t>{0, 1, 2, 3, 4}));
    const std::vector<std::vector<double>> given = {{1, 1}, {0, 0.5}};
    const auto starts = [&](std::optional<std::size_t> drawn) {
        return tune("x^2 + y^2", square, {.start_points = given, .iterations = 1, .threads = 1},
                    {.alpha = {0.1}, .starts = drawn})
            .starts;
    };
    CHECK(starts({}) == given);
    CHECK(starts(3).size() == 5);
    CHECK(tune("x^2 + y^2", square, {.iterations = 1, .threads = 1}, {.alpha = {0.1}}).starts.size() == 64);
}

TEST_CASE("a sweep that is ended has come equally far with every setting") {
    const TuneOptions tune_options{.alpha = {0.01, 0.1}, .beta1 = {0.5, 0.9}, .starts = 20};
    std::size_t told = 0;
    bool is_enough = false;
    Options options{.threads = 1};
    options.progress = [&](const Progress& progress) {
        ++told;
        CHECK(progress.runs == 80);
        is_enough = progress.iteration >= 40;
    };
    options.stop = [&] { return is_enough; };
    const Tuning stopped = tune(rough, square, options, tune_options);
    CHECK(stopped.status == SearchStatus::interrupted);
    CHECK(told > 10);
    for (const Tuned& tuned : stopped.settings) {
        CHECK(tuned.best_f < infinity);
        for (const RunEnd& end : tuned.ends) {
            CHECK(end.iterations <= 44 + 8);
            if (end.status == RunStatus::stopped) CHECK(end.iterations >= 40);
        }
    }
    CHECK_THROWS_AS(tune(rough, square, {.threads = 1, .max_time = 1e-9}, tune_options), NothingFinite);

    const Tuning spent = tune(rough, square, {.threads = 1, .max_evaluations = 80 * 51 + 79}, tune_options);
    CHECK(spent.status == SearchStatus::max_evaluations);
    CHECK(spent.evaluations <= 80 * 51);
    const Tuning affordable =
        tune(rough, square, {.threads = 1, .max_evaluations = 80'000'000}, tune_options);
    CHECK(affordable.status == SearchStatus::completed);

    options = {.threads = 1, .progress = [](const Progress&) { throw std::domain_error("enough"); }};
    CHECK_THROWS_AS(tune(rough, square, options, tune_options), std::domain_error);
}

TEST_CASE("runs in single precision are tuned, too") {
    const Tuning tuning =
        tune("(x-1)^2 + y^2", square, {.iterations = 300, .precision = Precision::f32, .threads = 1},
             {.starts = 16});
    CHECK(tuning.settings.front().reached == 16);
    CHECK(tuning.best_f >= 0);
}

TEST_CASE("what cannot be tuned is refused before any work") {
    const auto refusal = [](const TuneOptions& tune_options, Options options = {}) -> std::string {
        options.progress = [](const Progress&) { FAIL("there was work"); };
        try {
            tune("x^2 + y^2", square, options, tune_options);
        } catch (const std::invalid_argument& error) {
            return error.what();
        }
        return "none";
    };
    CHECK(refusal({.alpha = Between{0, 1}}) == "vary alpha 0:1: must begin above 0");
    CHECK(refusal({.alpha = Between{1, 0.5}}) == "vary alpha 1:0.5: must be finite, and rise");
    CHECK(refusal({.beta1 = Between{0.5, 1}}) == "vary beta1 0.5:1: must be at least 0 and below 1");
    CHECK(refusal({.iterations = Between{1.5, 3}}) ==
          "vary iterations 1.5:3: must be whole numbers, 0 or above");
    CHECK(refusal({.rule = Between{0, 1}}) == "vary rule 0:1: has no range; must be values");
    CHECK(refusal({.alpha = {0.1, -1}}) == "alpha -1: must be finite and above 0");
    CHECK(refusal({.rule = {Method::adam, Method::lbfgs}}) ==
          "rule lbfgs: has no settings; must be one of the others");
    CHECK(refusal({.settings = 5, .grid = 3}) == "settings 5: either settings or grid, which is 3");
    CHECK(refusal({.settings = 0}) == "settings 0: must be 1 to 1000000");
    CHECK(refusal({.grid = 1}) == "grid 1: must be 2 to 1000000");
    CHECK(refusal({.grid = 1000}) ==
          "vary beta2: with 1000 values of it there are more than 1000000 settings");
    CHECK(refusal({.starts = 0}) == "starts 0: must be at least 1");
    CHECK(refusal({.tolerance = 1}) == "tolerance 1: must be at least 0 and below 1");
    CHECK(refusal({.warm_up = {2000}}) == "warm-up 2000: must be at most the 1000 iterations");
    CHECK(refusal({.starts = 4}, {.max_evaluations = 255}) ==
          "max-evaluations 255: must be at least the 256 runs");
    CHECK_THROWS_AS(tune("log(-1 - x^2) + y", square), NothingFinite);
}
