#include "crew.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "isa.hpp"
#include "roots.hpp"
#include "subnormals.hpp"

namespace lanewise {

namespace {

/// Iterations of a tile between two polls of the reasons to halt. A native objective's runs are in registers
/// meanwhile, and the longer the better.
constexpr std::size_t poll_iterations = 8;
constexpr std::size_t native_poll_iterations = 64;

std::size_t round_up_to_lane_group(std::size_t lanes) {
    return (lanes + kernels::lane_group - 1) / kernels::lane_group * kernels::lane_group;
}

/// The objective's own kernels, where they can take the place of evaluating and stepping; else null.
template <class T>
const kernels::NativeFunctions<T>* native_functions(const Objective& objective, Isa isa,
                                                    const Options& options,
                                                    const std::vector<std::size_t>& fixed) {
    const kernels::Native* native = objective.native(isa, options.precision);
    const bool fits = options.rule.method == Method::adam && !options.maximize && fixed.empty();
    return native == nullptr || !fits ? nullptr : &kernels::functions<T>(*native);
}

}  // namespace

template <class T>
Crew<T>::Crew(const Setting& setting, Halt& halt)
    : setting_(&setting),
      functions_(&kernels::functions<T>(kernel_table(setting.isa))),
      fixed_(fixed_coordinates(*setting.box)),
      method_(kernel_method(setting.options->rule)),
      newton_from_(newton_from(*functions_)),
      halt_(&halt),
      recorder_(halt, *setting.options, setting.threads) {
    native_ = native_functions<T>(*setting.objective, setting.isa, *setting.options, fixed_);
}

template <class T>
void Crew<T>::have_compiled() {
    // Seconds. To wait until the search has taken as long as compiling will costs at most twice the least.
    constexpr double worth_a_look = 0.02;
    constexpr double worth_compiling = 2;
    const double seconds = halt_->seconds();
    if (setting_->options->jit != Jit::automatic || seconds < worth_a_look) return;
    setting_->objective->compile(setting_->isa, setting_->options->precision,
                                 seconds < worth_compiling ? Compile::look_up : Compile::begin);
    native_ = native_functions<T>(*setting_->objective, setting_->isa, *setting_->options, fixed_);
}

template <class T>
std::size_t Crew<T>::choose_tile_lanes(std::size_t runs) const {
    if (setting_->options->tile_lanes != 0) return setting_->options->tile_lanes;
    const auto threads = static_cast<std::size_t>(setting_->threads);
    const std::size_t widest = std::min(
        lanewise::choose_tile_lanes(setting_->box->dimension(), kernels::moment_rows[method_],
                                    native_ != nullptr ? 0 : setting_->objective->scratch_rows(), sizeof(T)),
        round_up_to_lane_group((runs + threads - 1) / threads));
    // A little narrower where fewer lanes are left without a run.
    const auto all_lanes = [&](std::size_t lanes) { return (runs + lanes - 1) / lanes * lanes; };
    std::size_t best = widest;
    for (std::size_t lanes = widest; 4 * lanes >= 3 * widest && lanes > 0; lanes -= kernels::lane_group) {
        if (all_lanes(lanes) < all_lanes(best)) best = lanes;
    }
    return best;
}

template <class T>
void Crew<T>::fit_workspaces(std::size_t tile_lanes) {
    if (tile_lanes <= workspace_lanes_) return;
    std::vector<Workspace<T>> wider;
    for (std::size_t thread = 0; thread < static_cast<std::size_t>(setting_->threads); ++thread) {
        wider.emplace_back(tile_lanes, setting_->box->dimension(), setting_->objective->scratch_rows());
        if (thread < workspaces_.size()) wider.back().work = workspaces_[thread].work;
    }
    evaluators_.clear();
    evaluators_.reserve(wider.size());
    workspace_lanes_ = tile_lanes;
    workspaces_ = std::move(wider);
    for (std::size_t thread = 0; thread < workspaces_.size(); ++thread) {
        evaluators_.push_back({setting_->objective, setting_->isa, setting_->options->maximize,
                               workspaces_[thread].scratch.data(), fixed_});
    }
}

template <class T>
void Crew<T>::begin(Swarm<T>& swarm, std::uint64_t first_id, std::span<const Child> offspring) {
    constexpr double seconds_per_coordinate = 1e-8;
    const std::size_t explored = offspring.empty() ? setting_->options->explore : 1;
    const auto candidates = static_cast<double>(swarm.lanes() * explored);
    const double seconds_per_candidate =
        seconds_per_iteration_ + seconds_per_coordinate * static_cast<double>(setting_->box->dimension());
    std::atomic<std::uint64_t> evaluations = 0;
    for_each_tile(
        swarm, threads_worth(candidates * seconds_per_candidate), [&](std::size_t tile, std::size_t thread) {
            const Recorder::Scope scope(recorder_, thread, Activity::start);
            if (offspring.empty()) {
                evaluations += begin_tile(swarm, tile, first_id, setting_->starts, *functions_,
                                          evaluators_[thread], workspaces_[thread], halt_);
                return;
            }
            swarm.begin(tile);
            for (std::size_t i = 0; i < swarm.lanes_in(tile); ++i)
                swarm.start(tile * swarm.tile_lanes() + i, offspring[tile * swarm.tile_lanes() + i].x);
        });
    halt_->rethrow();
    (halt_->requested() ? evaluations_in_vain_ : workspaces_.front().work.evaluations) += evaluations;
}

template <class T>
void Crew<T>::advance(Swarm<T>& swarm, const Options& options, std::size_t iteration,
                      std::size_t iterations) {
    have_compiled();
    const std::span<const kernels::Step<T>> steps = steps_.of(options, iteration, iterations);
    const auto lane_iterations = static_cast<double>((steps.size() + 1) * swarm.tiles() * swarm.tile_lanes());
    const double begin = halt_->seconds();
    const std::uint64_t alive = swarm.alive();
    const int threads = threads_worth(lane_iterations * seconds_per_iteration_);
    for_each_tile(swarm, threads, [&](std::size_t tile, std::size_t thread) {
        if (halt_->requested()) return;
        Workspace<T>& workspace = workspaces_[thread];
        kernels::Tile<T> rows = swarm.unpack(tile, workspace);
        rows.newton_from = newton_from_;
        const auto run_iterations = [&] {
            return static_cast<std::uint64_t>(
                std::accumulate(rows.steps_taken, rows.steps_taken + swarm.lanes_in(tile), 0.0));
        };
        const std::uint64_t before = run_iterations();
        Recorder::Scope scope(recorder_, thread, Activity::iterate);
        evaluators_[thread].clock = recorder_.clock(thread);
        const std::size_t poll = native_ != nullptr ? native_poll_iterations : poll_iterations;
        const std::size_t begun = std::max(swarm.iterations(tile), iteration) - iteration;
        std::size_t done = begun;
        while (done < steps.size() && !halt_->requested()) {
            const std::size_t last = std::min(done + poll, steps.size());
            done = native_ != nullptr ? native_->advance_adam(rows, steps.data(), done, last)
                                      : functions_->advance[method_](rows, steps.data(), done, last,
                                                                     evaluators_[thread].callback());
            if (done < last) break;
            halt_->poll(omp_get_thread_num() == 0);
        }
        scope.end();
        evaluators_[thread].clock = nullptr;
        workspace.work.run_iterations += run_iterations() - before;
        workspace.work.lane_iterations += (done - begun) * rows.lanes;
        const Recorder::Scope look(recorder_, thread, Activity::look);
        if (done == steps.size() && !halt_->requested())
            functions_->look(rows, static_cast<T>(done), evaluators_[thread].callback());
        swarm.pack(tile, rows, iteration);
    });
    seconds_per_iteration_ = (halt_->seconds() - begin) * threads / lane_iterations;
    halt_->rethrow();
    // A run takes one more evaluation than it has iterations: to see where it ends, or that it breaks. A
    // stage that is cut off has the former to come.
    workspaces_.front().work.evaluations += halt_->requested() ? alive - swarm.alive() : alive;
}

template <class T>
int Crew<T>::threads_worth(double seconds) const {
    constexpr double least_share = 40e-6;  // seconds
    const double worth = seconds / least_share;
    return std::clamp(worth < setting_->threads ? static_cast<int>(worth) : setting_->threads, 1,
                      setting_->threads);
}

template <class T>
template <class Work>
void Crew<T>::for_each_tile(const Swarm<T>& swarm, int threads, Work work) {
    fit_workspaces(swarm.tile_lanes());
    const auto tiles = static_cast<std::ptrdiff_t>(swarm.tiles());
    std::atomic<std::ptrdiff_t> tiles_left = tiles;
    threads = std::min(threads, static_cast<int>(tiles));
    recorder_.begin_shared();
#pragma omp parallel num_threads(threads)
    {
        const int thread = omp_get_thread_num();
#pragma omp for schedule(static) nowait
        for (std::ptrdiff_t tile = 0; tile < tiles; ++tile) {
            const SubnormalsAsZero<T> scope;
            work(static_cast<std::size_t>(tile), static_cast<std::size_t>(thread));
            --tiles_left;
        }
        if (thread == 0) {
            threads_seen_ = std::max(threads_seen_, omp_get_num_threads());
            halt_->watch(tiles_left);
        }
    }
    recorder_.end_shared();
}

template <class T>
CrewWork Crew<T>::work() const {
    CrewWork sum;
    for (const Workspace<T>& workspace : workspaces_) sum += workspace.work;
    return sum;
}

template <class T>
std::uint64_t begin_tile(Swarm<T>& swarm, std::size_t tile, std::uint64_t first_id, const Starts& starts,
                         const kernels::Functions<T>& functions, Evaluator<T>& evaluator,
                         Workspace<T>& workspace, Halt* halt) {
    swarm.begin(tile);
    std::size_t candidates = 1;
    std::uint64_t evaluations = 0;
    const auto for_each_start = [&](auto act) {
        for (std::size_t i = 0; i < swarm.lanes_in(tile); ++i)
            act(tile * swarm.tile_lanes() + i, first_id + tile * swarm.tile_lanes() + i);
    };
    for_each_start([&](std::size_t lane, std::uint64_t id) {
        starts.point(id, workspace.point);
        swarm.start(lane, workspace.point);
        candidates = std::max(candidates, starts.candidates(id));
        evaluations += starts.evaluations(id);
    });
    const auto is_halted = [&] {
        if (halt != nullptr) halt->poll(omp_get_thread_num() == 0);
        return halt != nullptr && halt->requested();
    };
    if (candidates == 1) {
        is_halted();
        return 0;
    }
    kernels::Tile<T> rows = swarm.unpack(tile, workspace);
    for (std::size_t c = 0; c < candidates && !is_halted(); ++c) {
        for_each_start([&](std::size_t lane, std::uint64_t id) {
            if (c == 0 || c >= starts.candidates(id)) return;
            starts.candidate(id, c, workspace.point);
            swarm.place(lane, workspace.point);
        });
        functions.look(rows, T(0), evaluator.callback());
        rows = swarm.unpack(tile, workspace);
    }
    swarm.go_to_best(tile);
    return evaluations;
}

template <class T>
Profile Crew<T>::profile() {
    const std::size_t d = setting_->box->dimension();
    constexpr std::size_t rows_of_a_run =
        7;  // f, best f, best step, steps taken, status, slope, best iteration
    const std::size_t rows = (3 + kernels::moment_rows[method_]) * d + rows_of_a_run +
                             (native_ != nullptr ? 0 : setting_->objective->scratch_rows());
    return recorder_.profile(work().run_iterations, rows * sizeof(T));
}

template class Crew<double>;
template class Crew<float>;
template std::uint64_t begin_tile(Swarm<double>&, std::size_t, std::uint64_t, const Starts&,
                                  const kernels::Functions<double>&, Evaluator<double>&, Workspace<double>&,
                                  Halt*);
template std::uint64_t begin_tile(Swarm<float>&, std::size_t, std::uint64_t, const Starts&,
                                  const kernels::Functions<float>&, Evaluator<float>&, Workspace<float>&,
                                  Halt*);

}  // namespace lanewise
