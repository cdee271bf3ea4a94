#include "lanewise/fit.hpp"

#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>
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

namespace lanewise {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

/// So many runs that come to one value are enough: 1 / (1 + agree)^2 is below 0.03.
constexpr std::size_t enough_agree = 5;
/// Fits are as good as the best within this part of its value, or of what was lost at the best start.
constexpr double same_value = 1e-6;
constexpr double same_as_none = 1e-12;

void check_options(const Model& model, const FitOptions& options) {
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
    require(model.loss_scale > 0 && std::isfinite(model.loss_scale), "loss-scale", model.loss_scale,
            "finite and above 0");
    require(!options.max_time || *options.max_time > 0, "max-time", options.max_time.value_or(0),
            "above 0");
    require(options.threads >= 0, "threads", options.threads, "at least 0");
    require(options.rule.method != Method::lbfgs, "rule", name(options.rule.method),
            "one that makes steps: Levenberg-Marquardt follows it");
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

/// One run: where it starts, and where it came to.
struct Run {
    std::size_t problem;
    bool is_drawn;
    std::vector<double> x;
    double f = infinity, start_f = infinity;
    kernels::LmPhase end = kernels::LmPhase::no_value;
    bool is_over = false;
};

/// What is known of a problem while its runs are made.
struct Standing {
    std::vector<double> values;  ///< of its runs that have one
    double best_f = infinity, best_start = infinity;
    std::size_t runs = 0;
    bool is_converged = false, is_stopped = false;
    std::vector<double> x;

    std::size_t agree() const {
        const double least = best_f + std::max(same_value * std::abs(best_f), same_as_none * best_start);
        return static_cast<std::size_t>(
            std::ranges::count_if(values, [&](double value) { return value <= least; }));
    }
};

struct FitSetup {
    const Model& model;
    const Box& box;
    const Problems& problems;
    const FitOptions& options;
    Isa isa;
    Options search = as_search(options);
    FitColumns columns = FitColumns(model, box, problems, isa);
    FitRows rows = FitRows(problems, columns);
    TileOf tile = tile_of();
    DataLayout layout = fit_layout(problems, columns, rows, tile);
    FitForm form = FitForm(model, box, problems, columns, layout);
    FitStarts starts = FitStarts(box, problems, options);

    std::size_t dimension() const { return box.dimension(); }

    /// Rows of a problem that are long are not copied for every lane.
    TileOf tile_of() const {
        constexpr std::size_t most_bytes = std::size_t{1} << 20;
        const std::size_t bytes_of_row =
            (columns.named().size() + 2) * kernels::lane_group * sizeof(double);
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
          tile_(make_tile<T>()),
          last_(make_tile<double>()),
          steps_(steps_of<T>(setup.search, setup.options.iterations)) {}

    void fit(std::size_t first, std::size_t last, Fits& fits) {
        std::vector<Standing> standings(last - first);
        std::vector<std::size_t> open;
        for (std::size_t p = first; p < last; ++p) {
            if (setup_->rows.used(p) > 0) open.push_back(p);
        }
        for (std::size_t wave = 0; !open.empty() && setup_->starts.of_wave(wave) > 0; ++wave) {
            std::vector<Run> runs = begin_runs(open, wave);
            descend(runs);
            finish(runs);
            for (Run& run : runs) take(run, standings[run.problem - first]);
            const auto is_done = [&](std::size_t p) {
                const Standing& standing = standings[p - first];
                return standing.is_stopped || standing.agree() >= enough_agree;
            };
            open.erase(std::remove_if(open.begin(), open.end(), is_done), open.end());
        }
        for (std::size_t p = first; p < last; ++p) tell(p, standings[p - first], fits);
        tell_errors(first, last, fits);
    }

    /// Since it was last asked.
    std::uint64_t take_evaluations() noexcept { return std::exchange(evaluations_, 0); }
    std::uint64_t take_runs() noexcept { return std::exchange(runs_ended_, 0); }

  private:
    template <class U>
    FitTile<U> make_tile() const {
        return {setup_->problems, setup_->rows,          setup_->layout,
                setup_->tile,     setup_->form,          setup_->dimension(),
                setup_->isa,      setup_->options.tolerance, setup_->options.most_steps};
    }

    std::vector<Run> begin_runs(const std::vector<std::size_t>& open, std::size_t wave) const {
        std::vector<Run> runs;
        runs.reserve(open.size() * setup_->starts.of_wave(wave));
        for (const std::size_t p : open) {
            for (std::size_t i = 0; i < setup_->starts.of_wave(wave); ++i) {
                Run run{.problem = p,
                        .is_drawn = setup_->starts.is_drawn(wave, i),
                        .x = std::vector<double>(setup_->dimension())};
                run.is_over = !setup_->starts.point(p, wave, i, run.x);
                runs.push_back(std::move(run));
            }
        }
        return runs;
    }

    /// Drawn starts go a way by the rule, a tile of them at a time.
    void descend(std::vector<Run>& runs) {
        if (steps_.empty()) return;
        std::vector<Run*> drawn;
        for (Run& run : runs) {
            if (run.is_drawn && !run.is_over) drawn.push_back(&run);
        }
        std::size_t next = 0;
        while (next < drawn.size() && !is_halted()) {
            const std::size_t begin = next;
            for (std::size_t lane = 0; lane < tile_.lanes(); ++lane) {
                const bool fits = next < drawn.size() && can_share(*drawn[begin], *drawn[next]);
                // Lanes that no run needs copy the last one.
                const Run& run = fits ? *drawn[next++] : *drawn[next - 1];
                tile_.load(lane, run.problem, bounds_of(run.problem), run.x);
            }
            tile_.descend(kernel_method(setup_->options.rule.method), steps_);
            for (std::size_t i = begin; i < next; ++i) tile_.best_x(i - begin, drawn[i]->x);
            evaluations_ += (next - begin) * steps_.size();
        }
    }

    bool can_share(const Run& a, const Run& b) const {
        return setup_->tile == TileOf::any_problems || a.problem == b.problem;
    }

    /// Levenberg-Marquardt: a lane that is done takes the next run.
    void finish(std::vector<Run>& runs) {
        std::vector<Run*> in_lane(tile_.lanes(), nullptr);
        std::size_t next = 0;
        std::size_t under_way = 0;
        for (std::size_t lane = 0; lane < tile_.lanes(); ++lane) tile_.unload(lane);
        for (;;) {
            for (std::size_t lane = 0; lane < tile_.lanes(); ++lane) {
                if (in_lane[lane] != nullptr && tile_.phase(lane) >= kernels::LmPhase::converged) {
                    end(lane, *in_lane[lane]);
                    in_lane[lane] = nullptr;
                    --under_way;
                }
            }
            for (std::size_t lane = 0; lane < tile_.lanes() && next < runs.size(); ++lane) {
                if (in_lane[lane] != nullptr) continue;
                while (next < runs.size() && runs[next].is_over) ++next;
                if (next == runs.size()) break;
                if (under_way > 0 && !can_share(runs[next], **std::ranges::find_if(in_lane, [](Run* run) {
                        return run != nullptr;
                    })))
                    break;
                Run& run = runs[next++];
                tile_.load(lane, run.problem, bounds_of(run.problem), run.x);
                tile_.begin(lane);
                in_lane[lane] = &run;
                ++under_way;
            }
            if (under_way == 0) return;
            if (is_halted()) break;
            tile_.step();
            evaluations_ += under_way;
        }
        for (std::size_t lane = 0; lane < tile_.lanes(); ++lane) {
            if (in_lane[lane] != nullptr) end(lane, *in_lane[lane]);
        }
    }

    void end(std::size_t lane, Run& run) {
        run.is_over = true;
        run.end = tile_.phase(lane);
        run.start_f = tile_.start_f(lane);
        run.f = run.end == kernels::LmPhase::no_value ? infinity : tile_.best_f(lane);
        tile_.best_x(lane, run.x);
        if (run.end >= kernels::LmPhase::converged) {
            tile_.unload(lane);
            ++runs_ended_;
        }
    }

    static void take(Run& run, Standing& standing) {
        standing.runs += run.is_over ? 1 : 0;
        standing.is_stopped =
            standing.is_stopped || !run.is_over || run.end < kernels::LmPhase::converged;
        if (!(run.f < infinity)) return;
        standing.values.push_back(run.f);
        standing.best_start = std::min(standing.best_start, run.start_f);
        if (!(run.f < standing.best_f)) return;
        standing.best_f = run.f;
        standing.is_converged = run.end == kernels::LmPhase::converged;
        standing.x = std::move(run.x);
    }

    void tell(std::size_t p, const Standing& standing, Fits& fits) const {
        fits.runs[p] = standing.runs;
        fits.agree[p] = standing.values.empty() ? 0 : standing.agree();
        fits.status[p] = setup_->rows.used(p) == 0 ? FitStatus::no_rows
                         : standing.is_stopped     ? FitStatus::stopped
                         : standing.x.empty()      ? FitStatus::no_value
                         : standing.is_converged   ? FitStatus::converged
                                                   : FitStatus::max_iterations;
        if (standing.x.empty()) return;
        const std::size_t d = setup_->dimension();
        const FitBounds bounds = setup_->starts.bounds(p);
        for (std::size_t j = 0; j < d; ++j)
            fits.x[p * d + j] = setup_->starts.to_variable(j, standing.x[j], bounds);
    }

    /// Value and standard errors at the best points, in double precision, a problem a lane.
    void tell_errors(std::size_t first, std::size_t last, Fits& fits) {
        const std::size_t d = setup_->dimension();
        std::vector<std::size_t> fitted;
        for (std::size_t p = first; p < last; ++p) {
            if (!std::isnan(fits.x[p * d])) fitted.push_back(p);
        }
        for (std::size_t next = 0; next < fitted.size();) {
            const std::size_t begin = next;
            for (std::size_t lane = 0; lane < last_.lanes(); ++lane) {
                const bool fits_in = next < fitted.size() && (setup_->tile == TileOf::any_problems ||
                                                              next == begin);
                const std::size_t p = fits_in ? fitted[next++] : fitted[next - 1];
                last_.load(lane, p, setup_->starts.given_bounds(p), fits.x_of(p));
            }
            last_.evaluate(setup_->form.last());
            evaluations_ += next - begin;
            for (std::size_t i = begin; i < next; ++i) tell_errors_of(fitted[i], i - begin, fits);
        }
    }

    void tell_errors_of(std::size_t p, std::size_t lane, Fits& fits) const {
        const std::size_t d = setup_->dimension();
        const FitBounds bounds = setup_->starts.given_bounds(p);
        std::vector<bool> is_fixed(d);
        for (std::size_t j = 0; j < d; ++j) is_fixed[j] = bounds.lower[j] == bounds.upper[j];
        const auto free = static_cast<double>(std::ranges::count(is_fixed, false));
        const double degrees = static_cast<double>(setup_->rows.used(p)) - free;
        const bool is_known = setup_->options.absolute_sigma || setup_->model.loss == Loss::poisson ||
                              setup_->model.loss == Loss::logistic;
        fits.rss[p] = last_.f(lane);
        const double variance = is_known ? 1 : degrees > 0 ? fits.rss[p] / degrees : infinity;
        std::vector<double> h(d * (d + 1) / 2);
        for (std::size_t i = 0; i < h.size(); ++i) h[i] = last_.output(d + i, lane);
        const std::span<double> covariance = std::span(fits.covariance).subspan(p * d * d, d * d);
        invert_curvature(h, is_fixed, variance, covariance);
        for (std::size_t j = 0; j < d; ++j) fits.standard_error[p * d + j] = std::sqrt(covariance[j * d + j]);
    }

    const FitBounds& bounds_of(std::size_t problem) {
        if (bounds_problem_ != problem) {
            bounds_ = setup_->starts.bounds(problem);
            bounds_problem_ = problem;
        }
        return bounds_;
    }

    bool is_halted() {
        halt_->poll(omp_get_thread_num() == 0);
        return halt_->requested();
    }

    const FitSetup* setup_;
    Halt* halt_;
    FitTile<T> tile_;
    FitTile<double> last_;
    std::vector<kernels::Step<T>> steps_;
    FitBounds bounds_;
    std::size_t bounds_problem_ = static_cast<std::size_t>(-1);
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
          state_(setup.model, setup.box, setup.problems, setup.options),
          is_done_(setup.problems.count()) {
        if (!setup.options.resume.empty()) state_.read(setup.options.resume, fits_, is_done_);
    }

    Fits run() {
        compile();
        if (setup_->options.precision == Precision::f64) {
            run_in<double>();
        } else {
            run_in<float>();
        }
        halt_.rethrow();
        fits_.seconds = halt_.seconds();
        if (setup_->options.checkpoint) setup_->options.checkpoint(state_.write(fits_, is_done_));
        return std::move(fits_);
    }

  private:
    void compile() const {
        if (setup_->options.jit == Jit::off) return;
        const Precision precision = setup_->options.precision;
        const auto rows = static_cast<double>(setup_->rows.most());
        const double runs =
            static_cast<double>(setup_->problems.count() * std::max<std::size_t>(setup_->starts.of_wave(0), 1));
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
            block.fit(begin, end, fits_);
            for (std::size_t p = begin; p < end; ++p)
                is_done_[p].store(fits_.status[p] != FitStatus::stopped, std::memory_order_release);
            begin = end;
        }
        done_ += last - first;
#pragma omp critical(lanewise_fit_counts)
        {
            fits_.evaluations += block.take_evaluations();
            runs_ += block.take_runs();
        }
        if (omp_get_thread_num() == 0) report();
    }

    void report() {
        const double now = halt_.seconds();
        if (setup_->options.progress)
            setup_->options.progress({.problems = setup_->problems.count(),
                                      .done = done_.load(),
                                      .runs = runs_.load(),
                                      .seconds = now});
        if (!setup_->options.checkpoint || now - saved_at_ < setup_->options.checkpoint_every) return;
        saved_at_ = now;
        setup_->options.checkpoint(state_.write(fits_, is_done_));
    }

    const FitSetup* setup_;
    Halt halt_;
    Fits fits_;
    FitState state_;
    std::vector<std::atomic<bool>> is_done_;
    std::atomic<std::size_t> done_ = 0;
    std::atomic<std::uint64_t> runs_ = 0;
    double saved_at_ = 0;
};

}  // namespace

Fits fit(const Model& model, const Box& box, const Problems& problems, const FitOptions& options) {
    check_options(model, options);
    validate(problems, box);
    const FitSetup setup{.model = model,
                         .box = box,
                         .problems = problems,
                         .options = options,
                         .isa = choose_isa(options.isa)};
    return FitWork(setup).run();
}

}  // namespace lanewise
