#include "lanewise/minimize_batch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "decisions.hpp"
#include "engine/engine.hpp"
#include "setting.hpp"

namespace lanewise {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

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

/// The options of a search whose runs are these.
Options as_options(std::span<const std::vector<double>> starts, const BatchOptions& options) {
    return {.start_points = {starts.begin(), starts.end()},
            .iterations = options.iterations,
            .rule = options.rule,
            .schedule = options.schedule,
            .warm_up = options.warm_up,
            .final_alpha = options.final_alpha,
            .scale = options.scale,
            .jit = options.jit,
            .explore = 1,
            .offspring = false,
            .prune = false,
            .polish = false,
            .maximize = options.maximize,
            .threads = options.threads,
            .isa = options.isa,
            .memory = options.memory,
            .max_time = options.max_time,
            .target = options.target,
            .stop = options.stop};
}

class Batch {
  public:
    Batch(const Setup& setup, std::span<const std::vector<double>> starts, const BatchOptions& options,
          const Course& course, Engine& engine, Halt& halt)
        : setup_(&setup),
          starts_(starts),
          options_(&options),
          course_(course),
          engine_(&engine),
          halt_(&halt),
          most_evaluations_(options.max_evaluations
                                ? *options.max_evaluations / std::max<std::size_t>(starts.size(), 1)
                                : std::numeric_limits<std::uint64_t>::max()) {
        for (const std::vector<double>& start : starts)
            ends_.push_back(
                {.x = start, .f = nan, .status = RunStatus::stopped, .iterations = 0, .evaluations = 0});
    }

    std::vector<RunEnd> run() {
        if (most_evaluations_ == 0 || starts_.empty()) return std::move(ends_);
        if (options_->rule.method == Method::lbfgs) {
            by_lbfgs();
        } else {
            by_steps();
        }
        return std::move(ends_);
    }

  private:
    void by_lbfgs() {
        std::vector<PolishStart> starts;
        starts.reserve(starts_.size());
        for (std::size_t i = 0; i < starts_.size(); ++i)
            starts.push_back({.x = starts_[i], .run = i, .iteration = -1});
        std::vector<Polished> polished = engine_->polish(starts, PolishTo::lbfgs_end,
                                                         {.evaluations = most_evaluations_,
                                                          .iterations = options_->iterations,
                                                          .tolerance = options_->tolerance});
        for (std::size_t i = 0; i < polished.size(); ++i) {
            Polished& there = polished[i];
            RunEnd& end = ends_[i];
            end.iterations = there.iterations;
            end.evaluations = there.evaluations;
            if (there.evaluations == 0) continue;
            if (!std::isfinite(there.f)) {
                end.status = RunStatus::nan_at_start;
                continue;
            }
            end.x = std::move(there.x);
            end.f = setup_->sign * there.f;
            if (there.f <= setup_->target) {
                end.status = RunStatus::converged_value;
            } else if (there.finished) {
                end.status = there.is_converged ? RunStatus::converged_gradient : RunStatus::converged_value;
            } else if (there.is_at_limit) {
                end.status = RunStatus::max_iterations;
            }
        }
    }

    void by_steps() {
        constexpr std::size_t longest_stage = 32;
        const std::size_t d = setup_->box->dimension();
        const std::uint64_t affordable = most_evaluations_ - 1;  // beside the last look
        const std::size_t iterations = std::min<std::uint64_t>(course_.iterations, affordable);
        engine_->begin(0, starts_.size(), course_, GivenOrigins(starts_));
        const std::vector<double> nowhere(starts_.size(), std::numeric_limits<double>::infinity());
        History history{.first_f = nowhere, .last_f = nowhere};
        history.looks_unchanged.assign(starts_.size(), 0);
        std::vector<double> x(starts_.size() * d);
        Look look;
        for (std::size_t done = 0; !halt_->requested();) {
            const std::size_t stage = std::min(longest_stage, iterations - done);
            engine_->advance(done, stage);
            if (halt_->requested()) break;
            done += stage;
            engine_->look(look);
            std::vector<Verdict> verdicts = retire(look, history, false);
            if (done == iterations) {
                Look rest = look;
                leave_out(rest, verdicts);
                for (std::size_t i = 0; i < rest.count(); ++i)
                    verdicts.push_back(at_best(rest.run[i], RunStatus::max_iterations));
            }
            end(look, verdicts, x, true);
            if (done == iterations || look.count() == verdicts.size()) return;
        }
        engine_->look(look);
        std::vector<Verdict> verdicts;
        for (std::size_t i = 0; i < look.count(); ++i)
            verdicts.push_back(at_best(look.run[i], look.goes_on(i) ? RunStatus::stopped : look.status[i]));
        end(look, verdicts, x, false);
    }

    static Verdict at_best(std::uint32_t run, RunStatus why) {
        return {.run = run,
                .why = why,
                .where = Where::best,
                .iteration = -1,
                .f = nan,
                .given_up_for = Runs::nothing};
    }

    /// Ends runs at the best points that they have visited. After its last step a run was evaluated once
    /// more where the stage came to its end.
    void end(const Look& look, std::vector<Verdict>& verdicts, std::vector<double>& x, bool looked_at) {
        const std::size_t d = setup_->box->dimension();
        for (Verdict& verdict : verdicts) verdict.where = Where::best;
        engine_->end(verdicts, x);
        for (const Verdict& verdict : verdicts) {
            const auto i =
                static_cast<std::size_t>(std::ranges::lower_bound(look.run, verdict.run) - look.run.begin());
            RunEnd& end = ends_[verdict.run];
            end.status = verdict.why;
            end.iterations = look.steps_taken[i];
            end.evaluations = look.steps_taken[i] + (looked_at || !look.goes_on(i) ? 1 : 0);
            if (!std::isfinite(look.best_f[i])) continue;
            end.f = setup_->sign * look.best_f[i];
            end.x.assign(x.begin() + static_cast<std::ptrdiff_t>(verdict.run * d),
                         x.begin() + static_cast<std::ptrdiff_t>((verdict.run + 1) * d));
        }
    }

    const Setup* setup_;
    std::span<const std::vector<double>> starts_;
    const BatchOptions* options_;
    Course course_;
    Engine* engine_;
    Halt* halt_;
    std::uint64_t most_evaluations_;  ///< of each run
    std::vector<RunEnd> ends_;
};

void tell_gradients(std::vector<RunEnd>& ends, const Objective& objective, Isa isa) {
    std::vector<std::vector<double>> points;
    points.reserve(ends.size());
    for (const RunEnd& end : ends) points.push_back(end.x);
    std::vector<std::uint32_t> ids(points.size());
    std::iota(ids.begin(), ids.end(), 0U);
    std::vector<Evaluation> at = evaluate(objective, points, isa, ids);
    for (std::size_t i = 0; i < ends.size(); ++i) ends[i].gradient = std::move(at[i].gradient);
}

}  // namespace

std::vector<RunEnd> minimize_batch(const Objective& objective, const Box& box,
                                   std::span<const std::vector<double>> starts, const BatchOptions& options) {
    const Options as_search = as_options(starts, options);
    validate_runs(objective, box, as_search);
    if (!(options.tolerance >= 0) || !std::isfinite(options.tolerance))
        throw std::invalid_argument(
            fmt::format("tolerance {}: must be finite and at least 0", options.tolerance));
    if (options.max_evaluations == std::uint64_t{0})
        throw std::invalid_argument("max-evaluations 0: must be at least 1");
    Setup setup(objective, box, as_search);
    setup.tells_ids = true;
    compile_before(setup);
    Halt halt(as_search);
    const std::unique_ptr<Engine> engine = make_local_engine(setup, halt);
    std::vector<RunEnd> ends =
        Batch(setup, setup.coordinates->points(), options, Course(as_search), *engine, halt).run();
    for (RunEnd& end : ends) setup.coordinates->to_variables(end.x);
    if (options.gradients) tell_gradients(ends, objective, setup.isa);
    return ends;
}

}  // namespace lanewise
