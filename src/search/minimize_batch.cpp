#include "lanewise/minimize_batch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "engine/engine.hpp"
#include "lone_runs.hpp"
#include "setting.hpp"

namespace lanewise {

namespace {

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
                                : std::numeric_limits<std::uint64_t>::max()),
          ends_(not_begun(starts)) {}

    std::vector<RunEnd> run() {
        if (most_evaluations_ == 0 || starts_.empty()) return std::move(ends_);
        if (options_->rule.method != Method::lbfgs) {
            const std::uint64_t affordable = most_evaluations_ - 1;  // beside the last look
            return take({.starts = starts_, .courses = {&course_, 1}, .most_iterations = affordable}, *setup_,
                        *engine_, *halt_);
        }
        by_lbfgs();
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
