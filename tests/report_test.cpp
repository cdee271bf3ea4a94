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
    return report(setting, findings, *engine, halt);
}

/// All starts are of the sample.
const Options sampled{.design = Design::uniform, .explore = 1, .prune = false};

}  // namespace

TEST_CASE("estimates of coverage are there as soon as they mean something") {
    const Coverage one = report_of({{1, 10}}, sampled).coverage;
    CHECK(one.runs == 1);
    CHECK(one.minima_found == 1);
    CHECK_FALSE(one.minima_expected);
    CHECK_FALSE(one.volume_covered);
    CHECK_FALSE(one.unseen_probability);

    const Coverage two = report_of({{1, 10}, {1, 90}}, sampled).coverage;
    CHECK(two.minima_found == 2);
    CHECK_FALSE(two.minima_expected);
    CHECK(two.volume_covered == 0.0);
    CHECK(two.unseen_probability == 1.0);

    const Coverage three = report_of({{1, 10}, {1, 10}, {1, 10}}, sampled).coverage;
    CHECK_FALSE(three.minima_expected);
    CHECK(*three.volume_covered == Approx(4.0 / 6));
    CHECK(*three.unseen_probability == Approx(2.0 / 6));

    const Coverage four = report_of({{1, 10}, {1, 10}, {1, 10}, {1, 10}}, sampled).coverage;
    CHECK(*four.minima_expected == Approx(3));
    CHECK(*four.volume_covered == Approx(2.0 * 5 / 12));
    CHECK(*four.unseen_probability == Approx(2.0 / 12));
}

TEST_CASE("coverage counts runs of the sample that came to a minimum, merged ones with it") {
    const std::vector<Run> runs = {{1, 10},
                                   {nowhere, 50, RunStatus::merged, 0},
                                   {nowhere, 60, RunStatus::merged, 1},
                                   {nowhere, 70, RunStatus::pruned, 0},
                                   {nowhere, 80, RunStatus::nan_on_the_way},
                                   {2, 90}};
    const Result result = report_of(runs, sampled);
    CHECK(result.coverage.runs == 4);
    CHECK(result.coverage.minima_found == 2);
    REQUIRE(result.minima.size() == 2);
    CHECK(result.minima[0].start_ids == std::vector<std::uint32_t>{0, 1, 2});
    CHECK(result.minima[1].start_ids == std::vector<std::uint32_t>{5});
    CHECK(result.runs_with(RunStatus::merged) == 2);
    CHECK(result.runs_with(RunStatus::pruned) == 1);
    // Of the usual sample there is none among six starts.
    CHECK(report_of(runs, {}).coverage.runs == 0);
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
