// What is decided from a look, with looks that are written by hand.
#include <cmath>
#include <limits>
#include <vector>

#include "catch.hpp"
#include "search/decisions.hpp"

using namespace lanewise;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
const SearchBox line(Box{{"x", 0, 100}});
constexpr double near = 0.01;
/// Stands for what the objective does between two points.
const SameBasin same_basin = [](std::span<const BasinPair> pairs) {
    std::vector<std::uint8_t> are_in_one;
    for (const auto& [a, b] : pairs) are_in_one.push_back(std::abs(a.f - b.f) < 0.1 ? 1 : 0);
    return are_in_one;
};

struct Run {
    double f;
    double x;
    double best_f;
    double slope = 1;
    RunStatus status = RunStatus::stopped;
    std::int32_t best_iteration = 7;
};

/// Runs first, first + 1, ... after ten iterations.
Look look_at(const std::vector<Run>& runs, std::uint32_t first = 0) {
    Look look;
    look.iteration = 10;
    for (const Run& run : runs) {
        look.run.push_back(first + static_cast<std::uint32_t>(look.run.size()));
        look.status.push_back(run.status);
        look.f.push_back(run.f);
        look.slope.push_back(run.slope);
        look.best_f.push_back(run.best_f);
        look.best_iteration.push_back(run.best_iteration);
        look.steps_taken.push_back(look.iteration);
    }
    return look;
}

/// The points of runs 0, 1, ...
Points points_of(const std::vector<Run>& runs) {
    return [runs](std::span<const std::uint32_t> which, std::span<double> x) {
        for (std::size_t i = 0; i < which.size(); ++i) x[i] = runs[which[i]].x;
    };
}

/// So many runs begun, with start ids from first_id on.
Findings findings_of(std::size_t runs, std::uint64_t first_id = 0) {
    Findings findings(1);
    findings.runs.begin(runs, first_id, {});
    return findings;
}

History history_of(std::size_t runs, std::size_t first = 0) {
    return {.first = first,
            .looks_unchanged = std::vector<std::uint8_t>(runs, 0),
            .first_f = std::vector<double>(runs, infinity),
            .last_f = std::vector<double>(runs, infinity),
            .earlier_best_f = std::vector<double>(runs, infinity),
            .is_sample = std::vector<std::uint8_t>(runs, 0)};
}

Polished polished_at(double f, double x, std::size_t run) {
    return {.f = f,
            .x = {x},
            .finished = true,
            .is_rough = false,
            .is_converged = true,
            .iterations = 0,
            .is_at_limit = false,
            .starved = false,
            .start_f = f,
            .start_x = {x},
            .run = run,
            .iteration = 3,
            .evaluations = 1};
}

std::vector<std::uint32_t> runs_of(const std::vector<Verdict>& verdicts) {
    std::vector<std::uint32_t> runs;
    for (const Verdict& verdict : verdicts) runs.push_back(verdict.run);
    return runs;
}

}  // namespace

TEST_CASE("the best run is that of the least value, and of equal values that of the smallest start id") {
    Findings findings = findings_of(5, 100);
    CHECK(better_run(look_at({{5, 1, 5}, {3, 2, 2}, {2, 3, 2}, {9, 4, infinity}}), findings, {}) == 1U);
    CHECK(better_run(look_at({{5, 1, 5}, {3, 2, 2}, {2, 3, 2}}), findings, {1}) == 2U);
    CHECK(better_run(look_at({{5, 1, infinity}}), findings, {}) == std::nullopt);

    // Against the best so far: a run with the same value and a smaller id wins, a larger one does not, and
    // none does against a polished point.
    findings.best.f = 2;
    findings.best.id = 102;
    CHECK(better_run(look_at({{5, 1, 5}, {3, 2, 2}, {2, 3, 2}}), findings, {}) == 1U);
    findings.best.id = 101;
    CHECK(better_run(look_at({{5, 1, 5}, {3, 2, 2}, {2, 3, 2}}), findings, {}) == std::nullopt);
    findings.best.id = 104;
    findings.best.of = EndOf::polish;
    CHECK(better_run(look_at({{5, 1, 5}, {3, 2, 2}, {2, 3, 2}}), findings, {}) == std::nullopt);
    CHECK(better_run(look_at({{5, 1, 5}, {3, 2, 1.5}}), findings, {}) == 1U);
}

TEST_CASE("the order of runs in a look decides ties by start ids, not by numbers") {
    // Runs of an offspring wave come before those of later starts, and have larger ids.
    Findings findings(1);
    findings.runs.begin(1, 500, std::vector<std::uint64_t>{3});
    findings.runs.begin(1, 20, {});
    CHECK(better_run(look_at({{1, 1, 1}, {1, 2, 1}}), findings, {}) == 1U);
}

TEST_CASE("a run retires where its slope is flat for its value, or its value stays, or it broke") {
    History history = history_of(6, 40);
    const std::vector<Run> runs = {{1, 1, 1, 1e-10},
                                   {1, 2, 1, 1.1e-10},
                                   {1e6, 3, 1, 1e-4},
                                   {-1e6, 4, -1e6, 1.1e-4},
                                   {2, 5, 2, 0, RunStatus::nan_on_the_way, 4},
                                   {0, 6, infinity, 0, RunStatus::nan_at_start, -1}};
    const std::vector<Verdict> verdicts = retire(look_at(runs, 40), history, false);
    REQUIRE(runs_of(verdicts) == std::vector<std::uint32_t>{40, 42, 44, 45});
    CHECK(verdicts[0].why == RunStatus::converged_gradient);
    CHECK(verdicts[0].where == Where::current);
    CHECK(verdicts[0].f == 1);
    CHECK(verdicts[0].iteration == 9);
    CHECK(verdicts[1].f == 1e6);
    CHECK(verdicts[2].why == RunStatus::nan_on_the_way);
    CHECK(verdicts[2].where == Where::best);
    CHECK(verdicts[2].f == infinity);
    CHECK(verdicts[2].iteration == 4);
    CHECK(verdicts[3].why == RunStatus::nan_at_start);
    CHECK(verdicts[3].iteration == -1);
}

TEST_CASE("a run has converged at the third look in a row that finds its value unchanged") {
    History history = history_of(3);
    const auto at = [](double a, double b, double c) { return look_at({{a, 1, a}, {b, 2, b}, {c, 3, c}}); };
    CHECK(retire(at(1, 1, 2000), history, false).empty());
    CHECK(retire(at(1, 1, 2000 + 1e-10), history, false).empty());
    CHECK(retire(at(1, 1 + 2e-13, 2000), history, false).empty());
    const std::vector<Verdict> verdicts = retire(at(1, 1 + 2e-13, 2000 + 1e-10), history, false);
    REQUIRE(runs_of(verdicts) == std::vector<std::uint32_t>{0, 2});
    CHECK(verdicts[0].why == RunStatus::converged_value);
    CHECK(verdicts[0].where == Where::current);
    CHECK(history.looks_unchanged[1] == 1);
}

TEST_CASE("runs are merged into the best of their neighbourhood, or into what was polished there") {
    Findings findings = findings_of(6);
    History history = history_of(6);
    history.is_sample[2] = 1;
    // 0 and 1 are near each other in one basin, 2 is near them in another; 3 is at a polished minimum, 4 far
    // away.
    const std::vector<Run> runs = {{1.05, 10, 1}, {1, 10.5, 0.5}, {3, 10.2, 3}, {5.01, 50.5, 5}, {1, 90, 1}};
    findings.polished.push_back(polished_at(5, 50, 5));
    const std::vector<Verdict> verdicts =
        merge(look_at(runs), points_of(runs), history, findings, line, near, same_basin);
    REQUIRE(runs_of(verdicts) == std::vector<std::uint32_t>{0, 3});
    CHECK(verdicts[0].why == RunStatus::merged);
    CHECK(verdicts[0].given_up_for == 1);
    CHECK(verdicts[0].f == infinity);
    CHECK(verdicts[1].given_up_for == ~std::int64_t{0});
    CHECK(history.is_sample == std::vector<std::uint8_t>{0, 0, 1, 0, 0, 0});
}

TEST_CASE("a run into which one of the sample is merged counts as one of the sample") {
    const Findings findings = findings_of(2);
    History history = history_of(2);
    history.is_sample[1] = 1;
    const std::vector<Run> runs = {{1, 10, 1}, {1, 10, 1}};
    CHECK(runs_of(merge(look_at(runs), points_of(runs), history, findings, line, near, same_basin)) ==
          std::vector<std::uint32_t>{1});
    CHECK(history.is_sample[0] == 1);
}

TEST_CASE("a neighbourhood is pruned to its best run where none of it would come near the best value") {
    Findings findings = findings_of(5);
    findings.best.f = 0;
    History history = history_of(5);
    // Falling on three times as far as in the time before, 0 and 1 come to 10 - 3 * 1 and 11 - 3 * 2: above
    // 0.
    history.earlier_best_f = {11, 13, 14, 14, 11};
    const std::vector<Run> runs = {
        {10, 10, 10}, {11, 10.5, 11}, {12, 40, 12}, {10.5, 40.5, 10.5}, {10.4, 10.2, 10.4}};
    const Look look = look_at(runs);
    const Points points = points_of(runs);
    const Pruning pruning = prune(look, points, history, findings, line, 0.01);
    // 3 would come to 10.5 - 3 * 3.5 = 0: that is enough for 2 too.
    CHECK(runs_of(pruning.pruned) == std::vector<std::uint32_t>{1, 4});
    CHECK(pruning.pruned[0].given_up_for == 0);
    CHECK(pruning.pruned[0].why == RunStatus::pruned);
    CHECK(pruning.spared.empty());

    history.is_sample[1] = 1;
    const Pruning spared = prune(look, points, history, findings, line, 0.01);
    CHECK(runs_of(spared.pruned) == std::vector<std::uint32_t>{4});
    REQUIRE(spared.spared.size() == 1);
    CHECK(spared.spared[0] == std::pair(1U, 0U));

    // Neighbours are as far apart as the reach says.
    CHECK(prune(look, points, history, findings, line, 0.001).pruned.empty());
}

TEST_CASE("best points are one of each neighbourhood, best first, none where a minimum is known") {
    Findings findings = findings_of(5);
    findings.polished.push_back(polished_at(1, 80, 4));
    const std::vector<Run> runs = {
        {9, 10, 3}, {9, 10.3, 2.95}, {9, 40, 1}, {9, 80.1, 1.01}, {9, 60, infinity}};
    const Look look = look_at(runs);
    const std::vector<PolishStart> points =
        best_points(look, points_of(runs), findings, line, near, same_basin, 10);
    REQUIRE(points.size() == 2);
    CHECK(points[0].run == 2);
    CHECK(points[0].x == std::vector<double>{40});
    CHECK(points[0].iteration == 7);
    CHECK(points[1].run == 1);
    CHECK(best_points(look, points_of(runs), findings, line, near, same_basin, 1).size() == 1);
}

TEST_CASE("all runs end where they stand or at their best, those that broke with no value") {
    const Look look = look_at({{4, 1, 3}, {2, 2, 1, 0, RunStatus::nan_on_the_way, 5}});
    const std::vector<Verdict> current =
        end_some(look, 0, look.count(), RunStatus::max_iterations, Where::current);
    REQUIRE(current.size() == 2);
    CHECK(current[0].f == 4);
    CHECK(current[0].iteration == 9);
    CHECK(current[0].why == RunStatus::max_iterations);
    CHECK(current[1].f == infinity);
    CHECK(current[1].why == RunStatus::nan_on_the_way);
    CHECK(runs_of(end_some(look, 1, 1, RunStatus::stopped, Where::best)) == std::vector<std::uint32_t>{1});
    const std::vector<Verdict> best = end_some(look, 0, 1, RunStatus::stopped, Where::best);
    CHECK(best[0].f == 3);
    CHECK(best[0].iteration == 7);
}

TEST_CASE("the best run of all ends at its best point unless that was polished") {
    Findings findings = findings_of(2, 30);
    findings.best.f = 3;
    findings.best.id = 31;
    const Look look = look_at({{5, 1, 4}, {6, 2, 3}});
    std::vector<Verdict> verdicts = end_some(look, 0, look.count(), RunStatus::merged, Where::current);
    keep_best(verdicts, look, findings);
    CHECK(verdicts[0].where == Where::current);
    CHECK(verdicts[1].where == Where::best);
    CHECK(verdicts[1].f == 3);
    CHECK(verdicts[1].iteration == 7);
    findings.best.of = EndOf::polish;
    verdicts = end_some(look, 0, look.count(), RunStatus::merged, Where::current);
    keep_best(verdicts, look, findings);
    CHECK(verdicts[1].where == Where::current);
}

TEST_CASE("a look without some runs is that of the others") {
    Look look = look_at({{1, 10, 1}, {2, 20, 2}, {3, 30, 3}, {4, 40, 4}}, 7);
    std::vector<Verdict> verdicts = end_some(look, 0, look.count(), RunStatus::merged, Where::current);
    leave_out(look, {verdicts[0], verdicts[2]});
    CHECK(look.run == std::vector<std::uint32_t>{8, 10});
    CHECK(look.f == std::vector<double>{2, 4});
    CHECK(look.best_f.size() == 2);
    CHECK(look.status.size() == 2);
    leave_out(look, {});
    CHECK(look.count() == 2);
}
