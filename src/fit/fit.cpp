#include "lanewise/fit.hpp"

#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "covariance.hpp"
#include "engine/course.hpp"
#include "engine/halt.hpp"
#include "engine/subnormals.hpp"
#include "engine/threads.hpp"
#include "fit_starts.hpp"
#include "fit_state.hpp"
#include "fit_tile.hpp"
#include "form.hpp"
#include "lanewise/minimize_problems.hpp"

namespace lanewise {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

/// A problem is settled where more starts find a better fit with at most this chance, as in a search
/// (Options::settle).
constexpr double low_chance = 0.03;
/// So many runs are enough where the rows do not determine the variables at the best point.
constexpr std::size_t enough_on_plateau = 128;
/// A run is as good as the best one where its value is within these parts: the first of the best value, the
/// second of the least value at a start.
constexpr double same_value = 1e-6;
constexpr double same_as_none = 1e-12;
constexpr double as_good_value = 1e-10;

void check_options(const FitTask& task, const FitOptions& options) {
    const auto require = [](bool holds, const char* option, auto value, const char* allowed) {
        if (!holds) throw std::invalid_argument(fmt::format("{} {}: must be {}", option, value, allowed));
    };
    constexpr std::size_t most = 10'000'000;
    require(!options.starts || *options.starts <= most, "starts", options.starts.value_or(0),
            "at most 10000000");
    require(options.iterations <= most, "iterations", options.iterations, "at most 10000000");
    require(options.most_steps >= 1 && options.most_steps <= 1'000'000, "max-steps", options.most_steps,
            "1 to 1000000");
    require(options.tolerance >= 0 && std::isfinite(options.tolerance), "tolerance", options.tolerance,
            "finite and at least 0");
    require(task.model.loss_scale > 0 && std::isfinite(task.model.loss_scale), "loss-scale",
            task.model.loss_scale, "finite and above 0");
    require(!options.max_time || *options.max_time > 0, "max-time", options.max_time.value_or(0), "above 0");
    require(options.threads >= 0, "threads", options.threads, "at least 0");
    require(options.rule.method != Method::lbfgs, "rule", name(options.rule.method),
            "one that makes steps: a method of second order follows it");
}

Options as_search(const FitOptions& options) {
    return {.seed = options.seed,
            .iterations = std::max<std::size_t>(options.iterations, 1),
            .rule = options.rule,
            .jit = options.jit,
            .threads = options.threads,
            .isa = options.isa,
            .max_time = options.max_time,
            .stop = options.stop};
}

template <class T>
std::vector<kernels::Step<T>> steps_of(const Options& search, std::size_t iterations) {
    Steps<T> steps(1);
    const std::span<const kernels::Step<T>> all = steps.of(Course(search), 0, iterations);
    return {all.begin(), all.end()};
}

/// One run; where it starts, and where it came to, is a row of FitBlock's.
struct Run {
    std::size_t problem;
    bool is_drawn;
    bool is_over = false;
    double f = infinity, start_f = infinity;
    kernels::LmPhase end = kernels::LmPhase::no_value;
};

/// What is known of a problem while its runs are made; its best point is a row of FitBlock's.
struct Standing {
    std::vector<double> values = {};  ///< of its runs that have one
    double best_f = infinity, best_start = infinity;
    std::size_t best_run = 0;  ///< of all waves
    std::size_t runs = 0;
    double best_converged_f = infinity;
    double told_f = infinity;  ///< the best value, in double precision
    bool is_stopped = false;

    void clear() {
        values.clear();
        *this = {.values = std::move(values)};
    }
    bool is_fitted() const { return best_f < infinity; }
    /// A run that was still on its way may be a rounding error below one that has converged.
    bool is_converged() const { return best_converged_f <= best_f + as_good_value * std::abs(best_f); }
    std::size_t agree() const {
        const double least = best_f + std::max(same_value * std::abs(best_f), same_as_none * best_start);
        return static_cast<std::size_t>(
            std::ranges::count_if(values, [&](double value) { return value <= least; }));
    }
};

/// Where the runs of a problem ended.
struct RunEnds {
    std::vector<double> f, x;      ///< [end], [end][d]
    std::vector<std::size_t> run;  ///< [end]
};

/// The minima of each problem, which Fits has no place for.
using Minima = std::vector<std::vector<ProblemMinimum>>;

struct FitSetup {
    const FitTask& task;
    const Box& box;
    const Problems& problems;
    const FitOptions& options;
    Isa isa;
    Options search = as_search(options);
    FitColumns columns = FitColumns(task, box, problems, isa, options.jit);
    FitRows rows = FitRows(problems, columns);
    TileOf tile = tile_of();
    DataLayout layout = fit_layout(problems, columns, rows, tile);
    FitForm form = FitForm(task, box, problems, columns, layout);
    FitStarts starts = FitStarts(box, problems, options);

    std::size_t dimension() const { return box.dimension(); }

    /// Problems with many rows do not get a copy of them for every lane.
    TileOf tile_of() const {
        constexpr std::size_t most_bytes = std::size_t{1} << 20;
        const std::size_t bytes_of_row = (columns.named().size() + 2) * kernels::lane_group * sizeof(double);
        return rows.most() * bytes_of_row > std::min<std::uint64_t>(most_bytes, memory_of_thread())
                   ? TileOf::one_problem
                   : TileOf::any_problems;
    }

    std::uint64_t memory_of_thread() const {
        if (!options.memory) return std::numeric_limits<std::uint64_t>::max();
        return *options.memory / static_cast<std::uint64_t>(available_threads(options.threads));
    }

    /// Problems that are worked on together: enough to keep the lanes full, not so many that threads wait.
    std::size_t problems_of_block() const {
        constexpr std::size_t runs_at_once = 1024;
        if (tile == TileOf::one_problem) return 1;
        const std::size_t of_problem = std::max<std::size_t>(starts.of_wave(0), 1);
        const std::size_t bytes_of_run = (2 * dimension() + 16) * sizeof(double);
        const std::size_t runs = std::min<std::uint64_t>(runs_at_once, memory_of_thread() / bytes_of_run);
        const auto threads = static_cast<std::size_t>(available_threads(options.threads));
        return std::clamp<std::size_t>(problems.count() / (2 * threads), 1,
                                       std::max<std::size_t>(runs / of_problem, kernels::lane_group));
    }
};

/// Works on a block of problems, on one thread.
template <class T>
class FitBlock {
  public:
    FitBlock(const FitSetup& setup, Halt& halt)
        : setup_(&setup),
          halt_(&halt),
          d_(setup.dimension()),
          outputs_(d_ + d_ * (d_ + 1) / 2),
          tile_(make_tile<T>()),
          last_(make_tile<double>()),
          steps_(steps_of<T>(setup.search, setup.options.iterations)),
          knows_outputs_(std::is_same_v<T, double> && &setup.form.last() == &setup.form.steps()),
          covariance_(d_),
          is_fixed_(d_) {}

    void fit(std::size_t first, std::size_t last, Fits& fits, Minima& minima) {
        begin(first, last);
        for (std::size_t wave = 0; !open_.empty() && setup_->starts.of_wave(wave) > 0; ++wave) {
            begin_runs(wave);
            descend();
            finish();
            before_wave_ += runs_.size();
            const auto is_done = [&](std::size_t p) { return is_settled(p); };
            open_.erase(std::remove_if(open_.begin(), open_.end(), is_done), open_.end());
        }
        if (std::is_same_v<T, float>) polish(last);
        if (!knows_outputs_) evaluate_last(last);
        for (std::size_t p = first; p < last; ++p) tell(p, fits);
        for (std::size_t p = first; p < last && setup_->task.most_minima > 0; ++p) minima[p] = minima_of(p);
    }

    /// The counts since they were last taken.
    std::uint64_t take_evaluations() noexcept { return std::exchange(evaluations_, 0); }
    std::uint64_t take_runs() noexcept { return std::exchange(runs_ended_, 0); }

  private:
    template <class U>
    FitTile<U> make_tile() const {
        return {setup_->problems,
                setup_->rows,
                setup_->layout,
                setup_->tile,
                setup_->form,
                d_,
                setup_->isa,
                setup_->options.tolerance,
                setup_->options.most_steps};
    }

    void begin(std::size_t first, std::size_t last) {
        first_ = first;
        standings_.resize(std::max(standings_.size(), last - first));
        best_x_.resize(standings_.size() * d_);
        best_outputs_.resize(standings_.size() * outputs_);
        if (setup_->task.most_minima > 0) ends_.assign(last - first, {});
        before_wave_ = 0;
        open_.clear();
        for (std::size_t p = first; p < last; ++p) {
            standings_[p - first].clear();
            if (has_rows(p)) open_.push_back(p);
        }
    }

    bool is_settled(std::size_t p) {
        const Standing& standing = standings_[p - first_];
        if (standing.is_stopped) return true;
        if (chance_of_better(standing) > low_chance) return false;
        // On a plateau runs agree that came to nothing.
        return standing.runs >= enough_on_plateau || is_determined(p);
    }

    static double chance_of_better(const Standing& standing) {
        constexpr double starts_that_tell = 24;
        const auto agree = static_cast<double>(standing.agree());
        const auto runs = static_cast<double>(standing.runs);
        if (agree == 0) return 1;
        return std::max(1 / ((1 + agree) * (1 + agree)), starts_that_tell / (runs * agree));
    }

    /// Whether the best point is one in all directions.
    bool is_determined(std::size_t p) {
        find_fixed(p);
        return covariance_.determines(curvature_of(p), is_fixed_);
    }

    void find_fixed(std::size_t p) {
        const FitBounds& bounds = setup_->starts.given_bounds(p, bounds_);
        for (std::size_t j = 0; j < d_; ++j) is_fixed_[j] = bounds.lower[j] == bounds.upper[j];
    }

    std::span<const double> curvature_of(std::size_t p) const {
        return std::span(best_outputs_).subspan((p - first_) * outputs_ + d_, outputs_ - d_);
    }

    /// An objective that names no column needs none.
    bool has_rows(std::size_t p) const {
        return setup_->rows.used(p) > 0 || (setup_->task.is_objective && setup_->columns.named().empty());
    }

    void begin_runs(std::size_t wave) {
        const std::size_t of_problem = setup_->starts.of_wave(wave);
        runs_.clear();
        x_.resize(open_.size() * of_problem * d_);
        for (const std::size_t p : open_) {
            const FitBounds& bounds = setup_->starts.bounds(p, bounds_);
            for (std::size_t i = 0; i < of_problem; ++i) {
                Run run{.problem = p, .is_drawn = setup_->starts.is_drawn(wave, i)};
                run.is_over = !setup_->starts.point(p, bounds, wave, i, x_of(runs_.size()));
                runs_.push_back(run);
            }
        }
        // What is over before it began has no value.
        for (const Run& run : runs_) standings_[run.problem - first_].runs += run.is_over ? 1 : 0;
    }

    std::span<double> x_of(std::size_t run) { return std::span(x_).subspan(run * d_, d_); }

    void load(std::size_t lane, std::size_t run) {
        const std::size_t problem = runs_[run].problem;
        tile_.load(lane, problem, setup_->starts.bounds(problem, bounds_), x_of(run));
    }

    /// Drawn starts go a way by the rule, a tile of them at a time.
    void descend() {
        if (steps_.empty()) return;
        drawn_.clear();
        for (std::size_t run = 0; run < runs_.size(); ++run) {
            if (runs_[run].is_drawn && !runs_[run].is_over) drawn_.push_back(run);
        }
        std::size_t next = 0;
        while (next < drawn_.size() && !is_halted()) {
            const std::size_t begin = next;
            for (std::size_t lane = 0; lane < tile_.lanes(); ++lane) {
                // Lanes that no run needs copy the last one.
                const bool fits = next < drawn_.size() && can_share(drawn_[begin], drawn_[next]);
                load(lane, fits ? drawn_[next++] : drawn_[next - 1]);
            }
            tile_.descend(kernel_method(setup_->options.rule.method), steps_);
            for (std::size_t i = begin; i < next; ++i) tile_.best_x(i - begin, x_of(drawn_[i]));
            evaluations_ += (next - begin) * steps_.size();
        }
    }

    bool can_share(std::size_t run, std::size_t other) const {
        return setup_->tile == TileOf::any_problems || runs_[run].problem == runs_[other].problem;
    }

    /// Levenberg-Marquardt: a lane that is done takes the next run.
    void finish() {
        in_lane_.assign(tile_.lanes(), no_run);
        next_ = 0;
        for (std::size_t lane = 0; lane < tile_.lanes(); ++lane) tile_.unload(lane);
        for (;;) {
            std::size_t under_way = 0;
            for (std::size_t lane = 0; lane < tile_.lanes(); ++lane) {
                if (in_lane_[lane] != no_run && tile_.is_over(lane)) end(lane);
                under_way += in_lane_[lane] != no_run ? 1 : 0;
            }
            for (std::size_t lane = 0; lane < tile_.lanes(); ++lane) {
                if (in_lane_[lane] == no_run && begin_next(lane)) ++under_way;
            }
            if (under_way == 0 || is_halted()) break;
            tile_.step();
            evaluations_ += under_way;
        }
        for (std::size_t lane = 0; lane < tile_.lanes(); ++lane) {
            if (in_lane_[lane] != no_run) end(lane);
        }
        for (const Run& run : runs_) {
            if (!run.is_over) standings_[run.problem - first_].is_stopped = true;
        }
    }

    /// Whether there is a run that the lane can take.
    bool begin_next(std::size_t lane) {
        while (next_ < runs_.size() && runs_[next_].is_over) ++next_;
        if (next_ == runs_.size()) return false;
        if (setup_->tile == TileOf::one_problem && !is_of_problem_in_tile(next_)) return false;
        load(lane, next_);
        tile_.begin(lane);
        in_lane_[lane] = next_++;
        return true;
    }

    bool is_of_problem_in_tile(std::size_t run) const {
        const auto other =
            std::ranges::find_if(in_lane_, [](std::size_t of_lane) { return of_lane != no_run; });
        return other == in_lane_.end() || can_share(run, *other);
    }

    void end(std::size_t lane) {
        const std::size_t index = std::exchange(in_lane_[lane], no_run);
        Run& run = runs_[index];
        run.is_over = true;
        run.end = tile_.phase(lane);
        const bool has_ended = run.end >= kernels::LmPhase::converged;
        Standing& standing = standings_[run.problem - first_];
        ++standing.runs;
        standing.is_stopped = standing.is_stopped || !has_ended;
        runs_ended_ += has_ended ? 1 : 0;
        tile_.unload(lane);
        if (run.end == kernels::LmPhase::no_value || !(tile_.best_f(lane) < infinity)) return;
        run.f = tile_.best_f(lane);
        standing.values.push_back(run.f);
        if (setup_->task.most_minima > 0) keep_end(lane, run);
        if (run.end == kernels::LmPhase::converged)
            standing.best_converged_f = std::min(standing.best_converged_f, run.f);
        standing.best_start = std::min(standing.best_start, tile_.start_f(lane));
        // Lanes end in an order that their neighbours have a part in; of equal runs the first is the best.
        const std::size_t order = in_all_waves(run);
        if (!(run.f < standing.best_f || (run.f == standing.best_f && order < standing.best_run))) return;
        standing.best_run = order;
        standing.best_f = run.f;
        const std::size_t p = run.problem - first_;
        tile_.best_x(lane, std::span(best_x_).subspan(p * d_, d_));
        tile_.best_outputs(lane, std::span(best_outputs_).subspan(p * outputs_, outputs_));
    }

    void keep_end(std::size_t lane, const Run& run) {
        RunEnds& ends = ends_[run.problem - first_];
        ends.f.push_back(run.f);
        ends.run.push_back(in_all_waves(run));
        ends.x.resize(ends.x.size() + d_);
        tile_.best_x(lane, std::span(ends.x).last(d_));
    }

    /// Where it stands among all runs of its problem.
    std::size_t in_all_waves(const Run& run) const {
        return before_wave_ + static_cast<std::size_t>(&run - runs_.data());
    }

    /// Ends that are close together are one minimum, whose best is told.
    std::vector<ProblemMinimum> minima_of(std::size_t p) {
        constexpr double same_distance = 1e-5;
        const RunEnds& ends = ends_[p - first_];
        std::vector<std::size_t> order(ends.f.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::ranges::sort(order, {}, [&](std::size_t i) { return std::pair(ends.f[i], ends.run[i]); });
        const FitBounds& in_search = setup_->starts.bounds(p, bounds_);
        const auto x_of_end = [&](std::size_t i) { return std::span(ends.x).subspan(i * d_, d_); };
        std::vector<std::size_t> best;  // end of each minimum
        std::vector<std::size_t> runs;
        for (const std::size_t i : order) {
            const auto is_same = [&](std::size_t other) {
                for (std::size_t j = 0; j < d_; ++j) {
                    const double width = in_search.upper[j] - in_search.lower[j];
                    const double unit = std::isfinite(width) ? width : 1;
                    if (std::abs(x_of_end(i)[j] - x_of_end(other)[j]) > same_distance * unit) return false;
                }
                return true;
            };
            const auto found = std::ranges::find_if(best, is_same);
            if (found != best.end()) {
                ++runs[static_cast<std::size_t>(found - best.begin())];
            } else {
                best.push_back(i);
                runs.push_back(1);
            }
        }
        std::vector<ProblemMinimum> minima;
        const FitBounds& bounds = setup_->starts.given_bounds(p, bounds_);
        for (std::size_t m = 0; m < std::min(best.size(), setup_->task.most_minima); ++m) {
            ProblemMinimum minimum{.f = ends.f[best[m]], .x = std::vector<double>(d_), .runs = runs[m]};
            for (std::size_t j = 0; j < d_; ++j)
                minimum.x[j] = setup_->starts.to_variable(j, x_of_end(best[m])[j], bounds);
            minima.push_back(std::move(minimum));
        }
        return minima;
    }

    /// Calls load(lane, p) for problems that have a best point, a tile of them in double precision, and then
    /// take(lane, p) after work(): until there are no more.
    template <class Load, class Work, class Take>
    void for_best_points(std::size_t last, Load load, Work work, Take take) {
        std::vector<std::size_t> fitted;
        for (std::size_t p = first_; p < last; ++p) {
            if (standings_[p - first_].is_fitted()) fitted.push_back(p);
        }
        for (std::size_t next = 0; next < fitted.size();) {
            const std::size_t begin = next;
            for (std::size_t lane = 0; lane < last_.lanes(); ++lane) {
                // Lanes that no problem needs copy the last one.
                const bool fits =
                    next < fitted.size() && (setup_->tile == TileOf::any_problems || next == begin);
                load(lane, fits ? fitted[next++] : fitted[next - 1]);
            }
            evaluations_ += work() * (next - begin);
            for (std::size_t i = begin; i < next; ++i) take(i - begin, fitted[i]);
        }
    }

    /// The best points of runs in single precision go on in double.
    void polish(std::size_t last) {
        const auto load = [&](std::size_t lane, std::size_t p) {
            last_.load(lane, p, setup_->starts.bounds(p, bounds_), best_x_of(p));
            last_.begin(lane);
        };
        const auto goes_on = [&] {
            for (std::size_t lane = 0; lane < last_.lanes(); ++lane) {
                if (!last_.is_over(lane)) return true;
            }
            return false;
        };
        const auto work = [&] {
            std::size_t steps = 0;
            for (; goes_on() && !is_halted(); ++steps) last_.step();
            return steps;
        };
        for_best_points(last, load, work, [&](std::size_t lane, std::size_t p) {
            if (last_.phase(lane) == kernels::LmPhase::no_value) return;
            last_.best_x(lane, best_x_of(p));
            if (last_.phase(lane) == kernels::LmPhase::converged)
                standings_[p - first_].best_converged_f = -infinity;
        });
    }

    std::span<double> best_x_of(std::size_t p) { return std::span(best_x_).subspan((p - first_) * d_, d_); }

    /// Value and derivatives at the best points, of the variables.
    void evaluate_last(std::size_t last) {
        std::vector<double> x(d_);
        const auto load = [&](std::size_t lane, std::size_t p) {
            to_variables(p, x);
            last_.load(lane, p, setup_->starts.given_bounds(p, bounds_), x);
        };
        const auto work = [&] {
            last_.evaluate(setup_->form.last());
            return std::size_t{1};
        };
        for_best_points(last, load, work, [&](std::size_t lane, std::size_t p) {
            standings_[p - first_].told_f = last_.f(lane);
            last_.outputs(lane, std::span(best_outputs_).subspan((p - first_) * outputs_, outputs_));
        });
    }

    void to_variables(std::size_t p, std::span<double> x) {
        const FitBounds& bounds = setup_->starts.given_bounds(p, bounds_);
        for (std::size_t j = 0; j < d_; ++j)
            x[j] = setup_->starts.to_variable(j, best_x_[(p - first_) * d_ + j], bounds);
    }

    void tell(std::size_t p, Fits& fits) {
        const Standing& standing = standings_[p - first_];
        fits.runs[p] = standing.runs;
        fits.agree[p] = standing.values.empty() ? 0 : standing.agree();
        fits.status[p] = !has_rows(p)              ? FitStatus::no_rows
                         : standing.is_stopped     ? FitStatus::stopped
                         : !standing.is_fitted()   ? FitStatus::no_value
                         : standing.is_converged() ? FitStatus::converged
                                                   : FitStatus::max_iterations;
        if (!standing.is_fitted()) return;
        to_variables(p, std::span(fits.x).subspan(p * d_, d_));
        fits.rss[p] = knows_outputs_ ? standing.best_f : standing.told_f;
        find_fixed(p);
        const double degrees = static_cast<double>(setup_->rows.used(p)) -
                               static_cast<double>(std::ranges::count(is_fixed_, false));
        const bool is_known = setup_->options.absolute_sigma || setup_->task.model.loss == Loss::poisson ||
                              setup_->task.model.loss == Loss::logistic;
        if (setup_->task.is_objective) return;
        const double variance = is_known ? 1 : degrees > 0 ? fits.rss[p] / degrees : infinity;
        const std::span<double> covariance = std::span(fits.covariance).subspan(p * d_ * d_, d_ * d_);
        covariance_.invert(curvature_of(p), is_fixed_, variance, covariance);
        for (std::size_t j = 0; j < d_; ++j)
            fits.standard_error[p * d_ + j] = std::sqrt(covariance[j * d_ + j]);
    }

    bool is_halted() {
        halt_->poll(omp_get_thread_num() == 0);
        return halt_->requested();
    }

    static constexpr std::size_t no_run = static_cast<std::size_t>(-1);

    const FitSetup* setup_;
    Halt* halt_;
    std::size_t d_, outputs_;
    FitTile<T> tile_;
    FitTile<double> last_;
    std::vector<kernels::Step<T>> steps_;
    bool knows_outputs_;  ///< at the best points, from the steps that led there
    Covariance covariance_;
    std::vector<bool> is_fixed_;
    FitBounds bounds_;  ///< of a problem that has its own
    std::size_t first_ = 0;
    std::vector<std::size_t> open_;  ///< problems that more runs are made of
    std::vector<Standing> standings_;
    std::vector<double> best_x_, best_outputs_;  ///< [problem]
    std::vector<Run> runs_;
    std::vector<double> x_;        ///< [run][d]
    std::vector<RunEnds> ends_;    ///< [problem] where minima are asked for
    std::size_t before_wave_ = 0;  ///< runs of the waves before
    std::vector<std::size_t> drawn_, in_lane_;
    std::size_t next_ = 0;
    std::uint64_t evaluations_ = 0;
    std::uint64_t runs_ended_ = 0;
};

Fits empty_fits(const FitSetup& setup) {
    const std::size_t count = setup.problems.count();
    const std::size_t d = setup.dimension();
    Fits fits;
    fits.dimension = d;
    fits.status.assign(count, FitStatus::stopped);
    fits.x.assign(count * d, nan);
    fits.standard_error.assign(count * d, nan);
    fits.covariance.assign(count * d * d, nan);
    fits.rss.assign(count, nan);
    fits.runs.assign(count, 0);
    fits.agree.assign(count, 0);
    fits.n_used.resize(count);
    fits.n_left_out.resize(count);
    for (std::size_t p = 0; p < count; ++p) {
        fits.n_used[p] = setup.rows.used(p);
        fits.n_left_out[p] = setup.rows.given(p) - setup.rows.used(p);
    }
    return fits;
}

/// All problems, in blocks that threads share.
class FitWork {
  public:
    explicit FitWork(const FitSetup& setup)
        : setup_(&setup),
          halt_(setup.search),
          fits_(empty_fits(setup)),
          minima_(setup.task.most_minima > 0 ? setup.problems.count() : 0),
          state_(setup.task, setup.box, setup.problems, setup.options),
          is_done_(setup.problems.count()) {
        if (!setup.options.resume.empty()) state_.read(setup.options.resume, fits_, is_done_);
    }

    Minima take_minima() { return std::move(minima_); }

    Fits run() {
        compile();
        if (setup_->options.precision == Precision::f64) {
            run_in<double>();
        } else {
            run_in<float>();
        }
        halt_.rethrow();
        tell_progress();
        fits_.seconds = halt_.seconds();
        if (setup_->options.checkpoint) setup_->options.checkpoint(state_.write(fits_, is_done_));
        return std::move(fits_);
    }

  private:
    void compile() const {
        if (setup_->options.jit == Jit::off) return;
        const Precision precision = setup_->options.precision;
        const auto rows = static_cast<double>(setup_->rows.most());
        const double runs = static_cast<double>(setup_->problems.count() *
                                                std::max<std::size_t>(setup_->starts.of_wave(0), 1));
        constexpr double usual_steps = 12;
        const auto prepare = [&](const Runnable& program, double evaluations, Precision in) {
            if (setup_->options.jit == Jit::on) {
                program.compile(setup_->isa, in);
            } else {
                program.compile_for(evaluations * rows, setup_->isa, in);
            }
        };
        prepare(setup_->form.descent(), runs * static_cast<double>(setup_->options.iterations), precision);
        prepare(setup_->form.steps(), runs * usual_steps, precision);
        prepare(setup_->form.last(), static_cast<double>(setup_->problems.count()), Precision::f64);
    }

    template <class T>
    void run_in() {
        const std::size_t size = setup_->problems_of_block();
        const std::size_t count = setup_->problems.count();
        const auto blocks = static_cast<std::ptrdiff_t>((count + size - 1) / size);
        std::atomic<std::ptrdiff_t> left = blocks;
        const int threads = static_cast<int>(
            std::clamp<std::ptrdiff_t>(blocks, 1, available_threads(setup_->options.threads)));
#pragma omp parallel num_threads(threads)
        {
            const SubnormalsAsZero<T> scope;
            std::optional<FitBlock<T>> block;
#pragma omp for schedule(dynamic, 1) nowait
            for (std::ptrdiff_t i = 0; i < blocks; ++i) {
                try {
                    const std::size_t first = static_cast<std::size_t>(i) * size;
                    const std::size_t last = std::min(first + size, count);
                    if (!halt_.requested()) {
                        if (!block) block.emplace(*setup_, halt_);
                        work(*block, first, last);
                    }
                } catch (...) {
                    halt_.keep(std::current_exception());
                }
                --left;
            }
            if (omp_get_thread_num() == 0) halt_.watch(left);
        }
    }

    template <class T>
    void work(FitBlock<T>& block, std::size_t first, std::size_t last) {
        // What is resumed is done already.
        std::size_t begin = first;
        while (begin < last) {
            if (is_done_[begin].load()) {
                ++begin;
                continue;
            }
            std::size_t end = begin;
            while (end < last && !is_done_[end].load()) ++end;
            block.fit(begin, end, fits_, minima_);
            for (std::size_t p = begin; p < end; ++p)
                is_done_[p].store(fits_.status[p] != FitStatus::stopped, std::memory_order_release);
            begin = end;
        }
        for (std::size_t p = first; p < last; ++p) done_ += is_done_[p].load() ? 1 : 0;
#pragma omp critical(lanewise_fit_counts)
        {
            fits_.evaluations += block.take_evaluations();
            runs_ += block.take_runs();
        }
        if (omp_get_thread_num() == 0) report();
    }

    void tell_progress() const {
        if (!setup_->options.progress) return;
        setup_->options.progress({.problems = setup_->problems.count(),
                                  .done = done_.load(),
                                  .runs = runs_.load(),
                                  .seconds = halt_.seconds()});
    }

    void report() {
        tell_progress();
        const double now = halt_.seconds();
        if (!setup_->options.checkpoint || now - saved_at_ < setup_->options.checkpoint_every) return;
        saved_at_ = now;
        setup_->options.checkpoint(state_.write(fits_, is_done_));
    }

    const FitSetup* setup_;
    Halt halt_;
    Fits fits_;
    Minima minima_;
    FitState state_;
    std::vector<std::atomic<bool>> is_done_;
    std::atomic<std::size_t> done_ = 0;
    std::atomic<std::uint64_t> runs_ = 0;
    double saved_at_ = 0;
};

}  // namespace

namespace {

FitSetup make_setup(const FitTask& task, const Box& box, const Problems& problems,
                    const FitOptions& options) {
    check_options(task, options);
    validate(problems, box);
    return {
        .task = task, .box = box, .problems = problems, .options = options, .isa = choose_isa(options.isa)};
}

FitTask task_of(const ProblemsObjective& objective, std::size_t most_minima) {
    return {.model = {.formula = objective.expression,
                      .parameters = objective.parameters,
                      .tables = objective.tables},
            .is_objective = true,
            .maximize = objective.maximize,
            .most_minima = most_minima};
}

}  // namespace

Fits fit(const Model& model, const Box& box, const Problems& problems, const FitOptions& options) {
    const FitTask task{.model = model};
    const FitSetup setup = make_setup(task, box, problems, options);
    return FitWork(setup).run();
}

std::uint64_t digest_of(const Model& model, const Box& box, const Problems& problems,
                        const FitOptions& options) {
    return digest_of(FitTask{.model = model}, box, problems, options);
}

std::uint64_t digest_of(const ProblemsObjective& objective, const Box& box, const Problems& problems,
                        const FitOptions& options) {
    return digest_of(task_of(objective, 0), box, problems, options);
}

ProblemEnds minimize_problems(const ProblemsObjective& objective, const Box& box, const Problems& problems,
                              const FitOptions& options, std::size_t most_minima) {
    if (!options.resume.empty() && most_minima > 0)
        throw std::invalid_argument("minima: a checkpoint of problems does not keep them");
    const FitTask task = task_of(objective, most_minima);
    const FitSetup setup = make_setup(task, box, problems, options);
    FitWork work(setup);
    Fits fits = work.run();
    ProblemEnds ends{.dimension = fits.dimension,
                     .status = std::move(fits.status),
                     .x = std::move(fits.x),
                     .f = std::move(fits.rss),
                     .n_used = std::move(fits.n_used),
                     .n_left_out = std::move(fits.n_left_out),
                     .runs = std::move(fits.runs),
                     .agree = std::move(fits.agree),
                     .minima = work.take_minima(),
                     .seconds = fits.seconds,
                     .evaluations = fits.evaluations};
    if (objective.maximize) {
        for (double& f : ends.f) f = -f;
        for (std::vector<ProblemMinimum>& of_problem : ends.minima) {
            for (ProblemMinimum& minimum : of_problem) minimum.f = -minimum.f;
        }
    }
    return ends;
}

}  // namespace lanewise
