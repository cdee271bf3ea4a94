#include "lanewise/tune.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>

#include "engine/engine.hpp"
#include "lanewise/minimize.hpp"
#include "lanewise/own_kernels.hpp"
#include "lone_runs.hpp"
#include "setting.hpp"
#include "tune_settings.hpp"

namespace lanewise {

Options TuneSetting::in(Options options) const {
    options.rule = rule;
    options.schedule = schedule;
    options.warm_up = warm_up;
    options.final_alpha = final_alpha;
    options.iterations = iterations;
    return options;
}

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// The middle one, or the mean of the two in the middle; NaN of none, and where it is not finite.
double median(std::vector<double> numbers) {
    if (numbers.empty()) return nan;
    const std::size_t half = numbers.size() / 2;
    std::ranges::sort(numbers);
    const double upper = numbers[half];
    const double lower = numbers.size() % 2 == 0 ? numbers[half - 1] : upper;
    return std::isfinite(upper) ? lower + (upper - lower) / 2 : nan;
}

/// The values of runs on their way, as far as they may come to matter: those at or below the target, which
/// sinks with the best value where it is not given.
class Ways {
  public:
    /// `start_f` is the median value of the starts.
    Ways(std::size_t runs, std::optional<double> target, double start_f, double tolerance)
        : lowest_(runs, infinity),
          steps_(runs),
          given_target_(target),
          start_f_(start_f),
          tolerance_(tolerance) {}

    void see(const Look& look) {
        for (const double f : look.best_f) best_f_ = std::min(best_f_, f);
        for (std::size_t i = 0; i < look.count(); ++i) {
            const std::uint32_t run = look.run[i];
            if (!(look.best_f[i] < lowest_[run])) continue;
            lowest_[run] = look.best_f[i];
            if (look.best_f[i] > target()) continue;
            std::erase_if(steps_[run], [&](const Step& step) { return step.f > target(); });
            if (given_target_ && !steps_[run].empty()) continue;
            steps_[run].push_back({look.best_f[i], look.best_iteration[i]});
        }
    }

    double best_f() const { return best_f_; }
    double target() const {
        return given_target_.value_or(best_f_ + tolerance_ * std::max(start_f_ - best_f_, 0.0));
    }

    /// Iterations until the run had come to the target.
    std::optional<std::size_t> iterations(std::size_t run) const {
        const auto step = std::ranges::find_if(steps_[run], [&](const Step& at) { return at.f <= target(); });
        if (step == steps_[run].end()) return {};
        return static_cast<std::size_t>(step->iteration + 1);
    }

  private:
    struct Step {
        double f;
        std::int32_t iteration;
    };
    std::vector<double> lowest_;            ///< [run]
    std::vector<std::vector<Step>> steps_;  ///< [run] falling
    std::optional<double> given_target_;
    double start_f_, tolerance_;
    double best_f_ = infinity;
};

/// Values are those of the minimisation.
double median_of(std::span<const std::vector<double>> points, Engine& engine) {
    std::vector<double> values;
    engine.evaluate(points, [&](std::size_t, const Evaluation& at) {
        if (std::isfinite(at.f)) values.push_back(at.f);
    });
    return median(std::move(values));
}

class Sweep {
  public:
    Sweep(const Objective& objective, const Box& box, const Options& options, const TuneOptions& tune_options)
        : tune_options_(with_used(tune_options)),
          settings_(settings_of(options, tune_options_)),
          options_(checked(objective, box, options)),
          halt_(options_) {
        drawn_starts_ = options_.drawn_starts();
        options_.start_points = chosen_starts(objective, box, options_, all_starts());
        options_.starts.reset();
    }

    Tuning run(const Objective& objective, const Box& box) {
        Setup setup(objective, box, options_);
        compile_before(setup);
        const std::unique_ptr<Engine> engine = make_local_engine(setup, halt_);
        const std::vector<std::vector<double>>& starts = setup.coordinates->points();
        const std::optional<double> target =
            options_.target ? std::optional(setup.sign * *options_.target) : std::nullopt;
        Ways ways(starts.size() * settings_.size(), target, target ? 0 : median_of(starts, *engine),
                  tune_options_.tolerance);
        std::vector<Course> courses;
        for (const TuneSetting& setting : settings_) courses.emplace_back(setting.in(options_));
        std::vector<RunEnd> ends = take({.starts = starts,
                                         .courses = courses,
                                         .most_iterations = most_iterations(),
                                         .visit =
                                             [&](const Look& look) {
                                                 ways.see(look);
                                                 if (options_.progress)
                                                     tell_progress(look, ways, *engine, setup);
                                             }},
                                        setup, *engine, halt_);
        if (!(ways.best_f() < infinity)) throw NothingFinite(why_nothing_is_finite());
        for (RunEnd& end : ends) setup.coordinates->to_variables(end.x);
        Tuning tuning = tell(std::move(ends), ways, setup.sign);
        tuning.threads = engine->threads();
        tuning.isa = setup.isa;
        const OwnKernels* own = own_kernels(*setup.objective);
        tuning.native = own != nullptr && own->native(setup.isa, setup.precision) != nullptr;
        return tuning;
    }

  private:
    static constexpr std::size_t usual_starts = 64;

    Options checked(const Objective& objective, const Box& box, Options options) const {
        options.starts = tune_options_.starts;
        if (!options.starts && options.start_points.empty()) options.starts = usual_starts;
        if (!(tune_options_.tolerance >= 0 && tune_options_.tolerance < 1))
            throw std::invalid_argument(
                fmt::format("tolerance {}: must be at least 0 and below 1", tune_options_.tolerance));
        for (const TuneSetting& setting : settings_) {
            if (setting.rule.method == Method::lbfgs)
                throw std::invalid_argument("rule lbfgs: has no settings; must be one of the others");
            validate(objective, box, setting.in(options));
        }
        const std::size_t starts = count_starts(options);
        if (settings_.size() > std::numeric_limits<std::uint32_t>::max() / starts)
            throw std::invalid_argument(
                fmt::format("starts {}: with {} settings there can be at most 4294967295 runs", starts,
                            settings_.size()));
        if (options.max_evaluations && *options.max_evaluations < settings_.size() * starts)
            throw std::invalid_argument(fmt::format("max-evaluations {}: must be at least the {} runs",
                                                    *options.max_evaluations, settings_.size() * starts));
        return options;
    }

    std::vector<std::uint64_t> all_starts() const {
        std::vector<std::uint64_t> ids(count_starts(options_));
        std::iota(ids.begin(), ids.end(), std::uint64_t{0});
        return ids;
    }

    std::size_t runs() const { return settings_.size() * options_.start_points.size(); }

    /// Of each run, which takes one evaluation more.
    std::size_t most_iterations() const {
        if (!options_.max_evaluations) return std::numeric_limits<std::size_t>::max();
        return *options_.max_evaluations / runs() - 1;
    }

    std::string why_nothing_is_finite() const {
        const std::string where =
            halt_.requested()
                ? fmt::format("any start that was tried before the sweep ended ({})", name(halt_.reason()))
                : fmt::format("any of the {} starts", options_.start_points.size());
        return fmt::format("nothing finite found: the value or its gradient is not finite at {}", where);
    }

    void tell_progress(const Look& look, const Ways& ways, Engine& engine, const Setup& setup) const {
        std::size_t done = 0;
        std::size_t all = 0;
        std::size_t longest = 0;
        for (const TuneSetting& setting : settings_) {
            done += std::min(setting.iterations, look.iteration);
            all += setting.iterations;
            longest = std::max(longest, setting.iterations);
        }
        options_.progress({.phase = Phase::starts,
                           .iteration = look.iteration,
                           .iterations = longest,
                           .runs = runs(),
                           .runs_begun = runs(),
                           .runs_alive = look.count(),
                           .minima = 0,
                           .share = static_cast<double>(done) / static_cast<double>(all),
                           .best_f = setup.sign * ways.best_f(),
                           .run_iterations = engine.work().run_iterations,
                           .seconds = halt_.seconds()});
    }

    Tuning tell(std::vector<RunEnd> ends, const Ways& ways, double sign) {
        Tuning tuning{.tune_options = tune_options_,
                      .starts = options_.start_points,
                      .target = sign * ways.target(),
                      .best_f = sign * ways.best_f(),
                      .status = status(ends),
                      .seconds = halt_.seconds()};
        tuning.tune_options.starts = drawn_starts_;
        tuning.best_x = std::ranges::find(ends, tuning.best_f, &RunEnd::f)->x;
        for (const RunEnd& end : ends) tuning.evaluations += end.evaluations;
        for (std::size_t s = 0; s < settings_.size(); ++s)
            tuning.settings.push_back(tell_of(s, ends, ways, sign));
        const auto order = [&](const Tuned& tuned) {
            const auto or_worst = [&](double f) { return std::isnan(f) ? infinity : sign * f; };
            return std::tuple(tuned.expected_evaluations, or_worst(tuned.median_f), or_worst(tuned.best_f),
                              tuned.number);
        };
        std::ranges::sort(tuning.settings, {}, order);
        return tuning;
    }

    SearchStatus status(const std::vector<RunEnd>& ends) const {
        if (halt_.reason() != SearchStatus::completed) return halt_.reason();
        const std::size_t n = options_.start_points.size();
        for (std::size_t i = 0; i < ends.size(); ++i) {
            if (ends[i].status == RunStatus::max_iterations &&
                ends[i].iterations < settings_[i / n].iterations)
                return SearchStatus::max_evaluations;
        }
        return SearchStatus::completed;
    }

    Tuned tell_of(std::size_t number, std::vector<RunEnd>& ends, const Ways& ways, double sign) const {
        const std::size_t n = options_.start_points.size();
        Tuned tuned{.setting = settings_[number], .number = number};
        std::vector<double> values;
        std::vector<double> times;
        std::uint64_t until_reached = 0;
        for (std::size_t run = number * n; run < (number + 1) * n; ++run) {
            const RunEnd& end = ends[run];
            const std::optional<std::size_t> iterations = ways.iterations(run);
            tuned.iterations_to_target.push_back(iterations);
            if (iterations) times.push_back(static_cast<double>(*iterations));
            until_reached += iterations ? *iterations + 1 : end.evaluations;
            tuned.evaluations += end.evaluations;
            values.push_back(std::isnan(end.f) ? infinity : sign * end.f);
            tuned.ends.push_back(std::move(ends[run]));
        }
        tuned.reached = times.size();
        tuned.expected_evaluations =
            times.empty() ? infinity : static_cast<double>(until_reached) / static_cast<double>(times.size());
        tuned.least_iterations = times.empty() ? nan : std::ranges::min(times);
        const double best_f = std::ranges::min(values);
        tuned.best_f = std::isfinite(best_f) ? sign * best_f : nan;
        tuned.median_iterations = median(std::move(times));
        tuned.median_f = sign * median(std::move(values));
        return tuned;
    }

    TuneOptions tune_options_;
    std::vector<TuneSetting> settings_;
    Options options_;
    std::size_t drawn_starts_ = 0;
    Halt halt_;
};

}  // namespace

Tuning tune(const Objective& objective, const Box& box, const Options& options,
            const TuneOptions& tune_options) {
    return Sweep(objective, box, options, tune_options).run(objective, box);
}

}  // namespace lanewise
