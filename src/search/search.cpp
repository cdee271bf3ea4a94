#include "search.hpp"

#include <omp.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <limits>
#include <thread>
#include <vector>

#include "evaluator.hpp"
#include "isa.hpp"
#include "schedule.hpp"

namespace lanewise {

namespace {

/// Iterations between two looks. A look has all threads wait for each other, which costs dear on a machine
/// with other work to do: without anyone to tell and nothing to decide, stages are long.
std::size_t stage_iterations(const Options& options) {
    const bool looks_matter = options.progress || options.target || options.max_evaluations;
    return looks_matter ? 64 : 4096;
}

/// Iterations of a tile between two polls of the reasons to halt. A native objective's runs are in registers
/// meanwhile, and the longer the better.
constexpr std::size_t poll_iterations = 8;
constexpr std::size_t native_poll_iterations = 64;

std::size_t round_up_to_lane_group(std::size_t lanes) {
    return (lanes + kernels::lane_group - 1) / kernels::lane_group * kernels::lane_group;
}

/// The objective's own kernels, where they can take the place of evaluating and stepping; else null.
template <class T>
const kernels::NativeFunctions<T>* native_functions(const Objective& objective, Isa isa, bool maximize,
                                                    const std::vector<std::size_t>& fixed) {
    const kernels::Native* native = objective.native(isa);
    return native == nullptr || maximize || !fixed.empty() ? nullptr : &kernels::functions<T>(*native);
}

/// The reasons to end early that can come at any moment.
class Halt {
  public:
    explicit Halt(const Options& options)
        : stop_(&options.stop), begin_(Clock::now()), max_time_(options.max_time) {}

    double seconds() const { return std::chrono::duration<double>(Clock::now() - begin_).count(); }
    bool has_stop() const noexcept { return static_cast<bool>(*stop_); }
    bool requested() const noexcept {
        return reason_.load(std::memory_order_relaxed) != SearchStatus::completed;
    }
    SearchStatus reason() const noexcept { return reason_.load(std::memory_order_relaxed); }

    /// Looks at the clock, and on the calling thread of the search asks Options::stop. What that throws is
    /// kept.
    void poll(bool on_calling_thread) noexcept {
        if (requested()) return;
        if (max_time_ && seconds() >= *max_time_) reason_ = SearchStatus::max_time;
        if (!on_calling_thread || !has_stop()) return;
        try {
            if ((*stop_)()) reason_ = SearchStatus::interrupted;
        } catch (...) {
            thrown_ = std::current_exception();
            reason_ = SearchStatus::interrupted;
        }
    }

    void rethrow() const {
        if (thrown_) std::rethrow_exception(thrown_);
    }

  private:
    using Clock = std::chrono::steady_clock;
    const std::function<bool()>* stop_;
    Clock::time_point begin_;
    std::optional<double> max_time_;
    std::atomic<SearchStatus> reason_ = SearchStatus::completed;
    std::exception_ptr thrown_;
};

/// What a look sees of all runs.
struct Look {
    std::size_t alive = 0;
    double best_f = std::numeric_limits<double>::infinity();
};

template <class T>
class Crew {
  public:
    Crew(const Objective& objective, const Box& box, const Options& options, const Starts& starts,
         const Engine& engine)
        : swarm_(starts.count(), box, options.scale, engine.tile_lanes),
          functions_(&kernels::functions<T>(kernel_table(engine.isa))),
          fixed_(fixed_coordinates(box)),
          native_(native_functions<T>(objective, engine.isa, options.maximize, fixed_)),
          halt_(options),
          threads_(engine.threads) {
        for (int thread = 0; thread < threads_; ++thread) {
            workspaces_.emplace_back(engine.tile_lanes, box.dimension(), objective.scratch_rows());
            evaluators_.push_back(
                {&objective, engine.isa, options.maximize, workspaces_.back().scratch.data(), fixed_});
            points_.emplace_back(box.dimension());
        }
        for_each_tile(
            [&](std::size_t tile, std::size_t thread) { swarm_.begin(tile, starts, {}, points_[thread]); });
    }

    /// A stage: every tile takes these steps while it is in L1, as far as it gets before the search is
    /// halted.
    void advance(const std::vector<kernels::Step<T>>& steps) {
        for_each_tile(
            [&](std::size_t tile, std::size_t thread) {
                if (halt_.requested() || !has_live_run(tile)) return;
                Workspace<T>& workspace = workspaces_[thread];
                const kernels::Tile<T> rows = swarm_.unpack(tile, workspace);
                std::size_t done = 0;
                while (done < steps.size() && !halt_.requested()) {
                    const std::size_t last = std::min(
                        done + (native_ != nullptr ? native_poll_iterations : poll_iterations), steps.size());
                    done = native_ != nullptr ? native_->advance_adam(rows, steps.data(), done, last)
                                              : functions_->advance_adam(rows, steps.data(), done, last,
                                                                         evaluators_[thread].callback());
                    if (done < last) break;
                    halt_.poll(omp_get_thread_num() == 0);
                }
                swarm_.pack(tile, rows, done);
                workspace.lane_iterations += done * swarm_.tile_lanes();
                for (std::size_t lane = 0; lane < swarm_.runs_in(tile); ++lane)
                    workspace.run_iterations += static_cast<std::uint64_t>(rows.steps_taken[lane]);
            },
            [&](const std::atomic<std::ptrdiff_t>& tiles_left) { watch(tiles_left); });
        halt_.rethrow();
    }

    /// The last points of the runs count too.
    void settle() {
        for_each_tile([&](std::size_t tile, std::size_t thread) {
            if (!has_live_run(tile)) return;
            const kernels::Tile<T> rows = swarm_.unpack(tile, workspaces_[thread]);
            functions_->settle(rows, evaluators_[thread].callback());
            swarm_.pack(tile, rows, 0);
            swarm_.keep_f(tile, rows);
        });
    }

    Look look() const {
        Look seen;
        for (std::size_t run = 0; run < swarm_.runs(); ++run) {
            seen.alive += swarm_.status(run) == kernels::live ? 1 : 0;
            seen.best_f = std::min(seen.best_f, swarm_.best_f(run));
        }
        return seen;
    }

    Halt& halt() { return halt_; }
    int threads() const { return threads_seen_; }
    Swarm<T>& swarm() { return swarm_; }
    std::uint64_t run_iterations() const {
        std::uint64_t sum = 0;
        for (const Workspace<T>& workspace : workspaces_) sum += workspace.run_iterations;
        return sum;
    }
    double lane_occupancy() const {
        std::uint64_t lanes = 0;
        for (const Workspace<T>& workspace : workspaces_) lanes += workspace.lane_iterations;
        return lanes == 0 ? 0 : static_cast<double>(run_iterations()) / static_cast<double>(lanes);
    }

  private:
    bool has_live_run(std::size_t tile) const noexcept {
        const std::size_t first = tile * swarm_.tile_lanes();
        for (std::size_t lane = 0; lane < swarm_.runs_in(tile); ++lane) {
            if (swarm_.status(first + lane) == kernels::live) return true;
        }
        return false;
    }

    /// What the calling thread does when its own share is done: only it can ask Options::stop.
    void watch(const std::atomic<std::ptrdiff_t>& tiles_left) noexcept {
        constexpr std::chrono::microseconds pause(100);
        while (halt_.has_stop() && tiles_left != 0 && !halt_.requested()) {
            halt_.poll(true);
            std::this_thread::sleep_for(pause);
        }
    }

    /// Static shares: a tile's memory is first touched by the thread that works on it in every stage. The
    /// calling thread goes on to `wait`, which is given the number of tiles the others are still to finish.
    template <class Work, class Wait>
    void for_each_tile(Work work, Wait wait) {
        const auto tiles = static_cast<std::ptrdiff_t>(swarm_.tiles());
        std::atomic<std::ptrdiff_t> tiles_left = tiles;
#pragma omp parallel num_threads(threads_)
        {
            const int thread = omp_get_thread_num();
#pragma omp for schedule(static) nowait
            for (std::ptrdiff_t tile = 0; tile < tiles; ++tile) {
                work(static_cast<std::size_t>(tile), static_cast<std::size_t>(thread));
                --tiles_left;
            }
            if (thread == 0) {
                threads_seen_ = omp_get_num_threads();
                wait(tiles_left);
            }
        }
    }

    template <class Work>
    void for_each_tile(Work work) {
        for_each_tile(work, [](const std::atomic<std::ptrdiff_t>& /*tiles_left*/) {});
    }

    Swarm<T> swarm_;
    const kernels::Functions<T>* functions_;
    std::vector<std::size_t> fixed_;
    const kernels::NativeFunctions<T>* native_;
    Halt halt_;
    int threads_;           ///< at most
    int threads_seen_ = 1;  ///< that OpenMP gives
    std::vector<Workspace<T>> workspaces_;
    std::vector<Evaluator<T>> evaluators_;
    std::vector<std::vector<double>> points_;
};

}  // namespace

Engine choose_engine(const Objective& objective, const Options& options, std::size_t runs) {
    const Isa isa = choose_isa(options.isa);
    const auto threads =
        static_cast<std::size_t>(options.threads > 0 ? options.threads : omp_get_max_threads());
    const std::size_t bytes = options.precision == Precision::f64 ? sizeof(double) : sizeof(float);
    std::size_t lanes = options.tile_lanes;
    if (lanes == 0) {
        lanes = choose_tile_lanes(objective.dimension(), objective.scratch_rows(), bytes);
        lanes = std::min(lanes, round_up_to_lane_group((runs + threads - 1) / threads));
    }
    const std::size_t tiles = (runs + lanes - 1) / lanes;
    return {isa, static_cast<int>(std::min(threads, tiles)), lanes};
}

template <class T>
SearchEnd<T> search(const Objective& objective, const Box& box, const Options& options, const Starts& starts,
                    const Engine& engine) {
    Crew<T> crew(objective, box, options, starts, engine);
    const std::size_t runs = starts.count();
    const double sign = options.maximize ? -1 : 1;
    const auto reached_target = [&](const Look& seen) {
        return options.target && seen.best_f <= sign * *options.target;
    };

    SearchStatus status = SearchStatus::completed;
    std::size_t iteration = 0;
    const std::size_t stage = std::min(stage_iterations(options), options.iterations);
    std::vector<kernels::Step<T>> steps;
    steps.reserve(stage);
    for (Look seen{.alive = runs}; iteration < options.iterations && seen.alive != 0;) {
        std::size_t count = std::min(stage, options.iterations - iteration);
        if (options.max_evaluations) {
            // Every run is evaluated once more than it iterates.
            const std::uint64_t left = *options.max_evaluations - crew.run_iterations() - runs;
            count = std::min<std::uint64_t>(count, left / seen.alive);
            if (count == 0) {
                status = SearchStatus::max_evaluations;
                break;
            }
        }
        steps.clear();
        for (std::size_t k = 0; k < count; ++k) steps.push_back(step_at<T>(options, iteration + k));
        crew.advance(steps);
        if (crew.halt().requested()) {
            status = crew.halt().reason();
            break;
        }
        iteration += count;

        seen = crew.look();
        if (options.progress) {
            options.progress({.iteration = iteration,
                              .iterations = options.iterations,
                              .runs = runs,
                              .runs_alive = seen.alive,
                              .best_f = sign * seen.best_f,
                              .run_iterations = crew.run_iterations(),
                              .seconds = crew.halt().seconds()});
        }
        if (reached_target(seen)) {
            status = SearchStatus::target;
            break;
        }
    }
    crew.swarm().finish();
    const bool settled = !crew.halt().requested();
    if (settled) crew.settle();
    const Look seen = crew.look();
    if (status == SearchStatus::completed && reached_target(seen)) status = SearchStatus::target;
    std::size_t furthest = 0;
    for (std::size_t tile = 0; tile < crew.swarm().tiles(); ++tile)
        furthest = std::max(furthest, crew.swarm().iterations_done(tile));
    const std::uint64_t last_evaluations = settled ? runs : runs - seen.alive;
    return {.swarm = std::move(crew.swarm()),
            .status = status,
            .iterations = furthest,
            .settled = settled,
            .threads = crew.threads(),
            .work = {.seconds = crew.halt().seconds(),
                     .run_iterations = crew.run_iterations(),
                     .evaluations = crew.run_iterations() + last_evaluations,
                     .lane_occupancy = crew.lane_occupancy()}};
}

template SearchEnd<double> search(const Objective&, const Box&, const Options&, const Starts&, const Engine&);
template SearchEnd<float> search(const Objective&, const Box&, const Options&, const Starts&, const Engine&);

}  // namespace lanewise
