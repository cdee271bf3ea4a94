#include "lone_runs.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

#include "decisions.hpp"

namespace lanewise {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
/// Iterations between two looks after which runs may end.
constexpr std::size_t deciding_stage = 32;

class GivenOrigins final : public Origins {
  public:
    explicit GivenOrigins(std::span<const std::vector<double>> starts) : starts_(starts) {}
    std::size_t candidates(std::size_t /*i*/) const override { return 1; }
    void candidate(std::size_t i, std::size_t /*which*/, std::span<double> x) const override {
        std::ranges::copy(starts_[i], x.begin());
    }

  private:
    std::span<const std::vector<double>> starts_;
};

Verdict at_best(std::uint32_t run, RunStatus why) {
    return {.run = run,
            .why = why,
            .where = Where::best,
            .iteration = -1,
            .f = nan,
            .given_up_for = Runs::nothing};
}

class Taking {
  public:
    Taking(const LoneRuns& runs, const Setup& setup, Engine& engine, const Halt& halt)
        : runs_(&runs),
          setup_(&setup),
          engine_(&engine),
          halt_(&halt),
          d_(setup.box->dimension()),
          x_(count() * d_) {
        for (std::size_t course = 0; course < runs.courses.size(); ++course) {
            std::vector<RunEnd> ends = not_begun(runs.starts);
            std::ranges::move(ends, std::back_inserter(ends_));
            longest_ = std::max(longest_, iterations(course));
        }
        const std::vector<double> nowhere(count(), std::numeric_limits<double>::infinity());
        history_ = {.first_f = nowhere, .last_f = nowhere};
        history_.looks_unchanged.assign(count(), 0);
    }

    std::vector<RunEnd> operator()() {
        engine_->begin(0, runs_->starts.size(), runs_->courses, GivenOrigins(runs_->starts));
        std::size_t done = 0;
        for (std::size_t stage = runs_->visit ? 0 : next_stage(done); !halt_->requested();
             stage = next_stage(done)) {
            engine_->advance(done, stage);
            if (halt_->requested()) break;
            done += stage;
            look();
            std::vector<Verdict> verdicts = decide(done);
            end(verdicts, true);
            if (look_.count() == verdicts.size()) return std::move(ends_);
        }
        look();
        std::vector<Verdict> verdicts;
        for (std::size_t i = 0; i < look_.count(); ++i)
            verdicts.push_back(
                at_best(look_.run[i], look_.goes_on(i) ? RunStatus::stopped : look_.status[i]));
        end(verdicts, false);
        return std::move(ends_);
    }

  private:
    std::size_t count() const { return runs_->starts.size() * runs_->courses.size(); }
    /// Of the runs of a course.
    std::size_t iterations(std::size_t course) const {
        return std::min(runs_->courses[course].iterations, runs_->most_iterations);
    }

    std::size_t next_stage(std::size_t done) const {
        const std::size_t stage = runs_->visit
                                      ? std::clamp<std::size_t>(std::bit_floor(done / 8), 1, deciding_stage)
                                      : deciding_stage;
        return std::min(stage, longest_ - done);
    }

    void look() {
        engine_->look(look_);
        if (runs_->visit) runs_->visit(look_);
    }

    bool is_over(std::uint32_t run, std::size_t done) const {
        return done >= iterations(run / runs_->starts.size());
    }

    /// Ends runs that broke or have converged, and those whose course is over. Whatever the others are at, it
    /// is seen whether a run has converged after the same iterations.
    std::vector<Verdict> decide(std::size_t done) {
        std::vector<Verdict> later;
        if (done == 0 || done % deciding_stage != 0) {
            for (std::size_t i = 0; i < look_.count(); ++i) {
                if (look_.goes_on(i) && !is_over(look_.run[i], done))
                    later.push_back(at_best(look_.run[i], RunStatus::stopped));
            }
        }
        Look now = look_;
        leave_out(now, later);
        std::vector<Verdict> verdicts = retire(now, history_, false);
        leave_out(now, verdicts);
        for (const std::uint32_t run : now.run) {
            if (is_over(run, done)) verdicts.push_back(at_best(run, RunStatus::max_iterations));
        }
        return verdicts;
    }

    /// Ends runs at the best points that they have visited. After its last step a run was evaluated once
    /// more where the stage came to its end.
    void end(std::vector<Verdict>& verdicts, bool looked_at) {
        for (Verdict& verdict : verdicts) verdict.where = Where::best;
        engine_->end(verdicts, x_);
        for (const Verdict& verdict : verdicts) {
            const auto i = static_cast<std::size_t>(std::ranges::lower_bound(look_.run, verdict.run) -
                                                    look_.run.begin());
            RunEnd& end = ends_[verdict.run];
            end.status = verdict.why;
            end.iterations = look_.steps_taken[i];
            end.evaluations = look_.steps_taken[i] + (looked_at || !look_.goes_on(i) ? 1 : 0);
            if (!std::isfinite(look_.best_f[i])) continue;
            end.f = setup_->sign * look_.best_f[i];
            end.x.assign(x_.begin() + static_cast<std::ptrdiff_t>(verdict.run * d_),
                         x_.begin() + static_cast<std::ptrdiff_t>((verdict.run + 1) * d_));
        }
    }

    const LoneRuns* runs_;
    const Setup* setup_;
    Engine* engine_;
    const Halt* halt_;
    std::size_t d_;
    std::size_t longest_ = 0;  ///< iterations of a run
    History history_;
    Look look_;
    std::vector<double> x_;  ///< [run][d] where runs were ended
    std::vector<RunEnd> ends_;
};

}  // namespace

std::vector<RunEnd> not_begun(std::span<const std::vector<double>> starts) {
    std::vector<RunEnd> ends;
    ends.reserve(starts.size());
    for (const std::vector<double>& start : starts)
        ends.push_back(
            {.x = start, .f = nan, .status = RunStatus::stopped, .iterations = 0, .evaluations = 0});
    return ends;
}

std::vector<RunEnd> take(const LoneRuns& runs, const Setup& setup, Engine& engine, const Halt& halt) {
    return Taking(runs, setup, engine, halt)();
}

}  // namespace lanewise
