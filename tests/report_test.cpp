// What a result says, of findings that are written by hand.
#include <limits>
#include <memory>
#include <vector>

#include "catch.hpp"
#include "engine/engine.hpp"
#include "engine/halt.hpp"
#include "lanewise/lanewise.hpp"
#include "search/report.hpp"
#include "search/setting.hpp"

using namespace lanewise;

namespace {

const Box line{{"x", 0, 100}};
constexpr double nowhere = std::numeric_limits<double>::infinity();

struct Run {
    double f;
    double x;
    RunStatus status = RunStatus::converged_value;
    std::int64_t given_up_for = Runs::nothing;
    std::int64_t spared_from = Runs::nothing;
};

/// Of runs with start ids 0, 1, ... The best point is that of run 0.
Result report_of(const std::vector<Run>& runs, Options options) {
    const Expression objective("x", line);
    // Where runs end counts.
    options.polish = false;
    options.starts = runs.size();
    const Setting setting(objective, line, options);
    Halt halt(options);
    const std::unique_ptr<Engine> engine = make_local_engine(setting, halt);
    Findings findings(1);
    findings.runs.begin(runs.size(), 0, {});
    for (std::size_t run = 0; run < runs.size(); ++run) {
        findings.runs.f[run] = runs[run].f;
        findings.runs.x[run] = runs[run].x;
        findings.runs.status[run] = runs[run].status;
        findings.runs.given_up_for[run] = runs[run].given_up_for;
        findings.runs.spared_from[run] = runs[run].spared_from;
    }
    findings.best.f = runs[0].f;
    findings.best.x = {runs[0].x};
    return report(setting, outcome_of(setting, findings, *engine, halt, options.most_minima), *engine, halt);
}

}  // namespace

TEST_CASE("the chance of an unseen minimum counts what one run alone came to") {
    const auto unseen = [](const std::vector<Run>& runs) { return report_of(runs, {}).coverage; };
    CHECK(unseen({{1, 10}}).runs == 1);
    CHECK(unseen({{1, 10}}).found_once == 1);
    CHECK(unseen({{1, 10}}).unseen_probability == 1.0);
    CHECK(unseen({{1, 10}, {1, 90}}).unseen_probability == 1.0);
    CHECK(unseen({{1, 10}, {1, 10}, {1, 10}}).found_once == 0);
    CHECK(*unseen({{1, 10}, {1, 10}, {1, 10}}).unseen_probability == Approx(1.0 / 4));
    CHECK(*unseen({{1, 10}, {1, 10}, {2, 90}}).unseen_probability == Approx(2.0 / 4));
}

TEST_CASE("coverage counts runs that came to a minimum, merged ones with it") {
    const std::vector<Run> runs = {{1, 10},
                                   {nowhere, 50, RunStatus::merged, 0},
                                   {nowhere, 60, RunStatus::merged, 1},
                                   {nowhere, 70, RunStatus::pruned, 0},
                                   {nowhere, 80, RunStatus::nan_on_the_way},
                                   {2, 90}};
    const Result result = report_of(runs, {});
    CHECK(result.coverage.runs == 4);
    CHECK(result.coverage.found_once == 1);
    CHECK(*result.coverage.unseen_probability == Approx(2.0 / 5));
    REQUIRE(result.minima.size() == 2);
    CHECK(result.minima[0].start_ids == std::vector<std::uint32_t>{0, 1, 2});
    CHECK(result.minima[1].start_ids == std::vector<std::uint32_t>{5});
    CHECK(result.runs_with(RunStatus::merged) == 2);
    CHECK(result.runs_with(RunStatus::pruned) == 1);
    // Where most runs came to no minimum, nothing can be said; pruned ones are not asked.
    std::vector<Run> lost = runs;
    for (int i = 0; i < 4; ++i) lost.push_back({nowhere, 85, RunStatus::nan_on_the_way});
    CHECK_FALSE(report_of(lost, {}).coverage.unseen_probability);
    std::vector<Run> pruned = runs;
    for (int i = 0; i < 4; ++i) pruned.push_back({nowhere, 85, RunStatus::pruned, 0});
    CHECK(report_of(pruned, {}).coverage.unseen_probability == result.coverage.unseen_probability);
}

TEST_CASE("the audit compares spared runs with those for which they would have been given up") {
    // Run 1 would have been pruned for 0 and is better; 2 for 0 and is worse; 3 for 4, which was pruned for 5
    // in its turn and is worse than 5; 6 is as good as its leader.
    const std::vector<Run> runs = {{5, 10},
                                   {3, 30, RunStatus::converged_value, Runs::nothing, 0},
                                   {6, 50, RunStatus::converged_value, Runs::nothing, 0},
                                   {5, 60, RunStatus::converged_value, Runs::nothing, 4},
                                   {nowhere, 65, RunStatus::pruned, 5},
                                   {4, 70},
                                   {5, 80, RunStatus::converged_value, Runs::nothing, 0}};
    const Audit audit = report_of(runs, {}).audit;
    CHECK(audit.spared == 4);
    CHECK(audit.better_than_leader == 1);
    CHECK(audit.regret == 1);
    // When another run is as good, nothing is to be regretted.
    std::vector<Run> more = runs;
    more.push_back({3, 95});
    CHECK(report_of(more, {}).audit.regret == 0);
    CHECK(report_of(more, {}).audit.better_than_leader == 1);
}

TEST_CASE("starts whose turn did not come are stopped") {
    const Expression objective("x", line);
    Options options{.starts = 100};
    options.max_evaluations = 60;
    const Result result = minimize(objective, line, options);
    CHECK(result.runs_started() == 100);
    CHECK(result.runs_with(RunStatus::stopped) == 100);
}
