#include "crew.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "kernel_table.hpp"
#include "newton_roots.hpp"
#include "subnormals.hpp"

namespace lanewise {

namespace {

/// Iterations of a tile between two polls of the reasons to halt. Native objectives and machine code copy
/// runs to registers or frames of their own meanwhile, and the longer the better.
constexpr std::size_t poll_iterations = 8;
constexpr std::size_t native_poll_iterations = 64;

std::size_t round_up_to_lane_group(std::size_t lanes) {
    return (lanes + kernels::lane_group - 1) / kernels::lane_group * kernels::lane_group;
}

}  // namespace

template <class T>
Crew<T>::Crew(const Setup& setup, Halt& halt)
    : setup_(&setup),
      own_kernels_(own_kernels(*setup.objective)),
      functions_(&kernels::functions<T>(kernel_table(setup.isa))),
      newton_from_(newton_from(*functions_)),
      halt_(&halt),
      steps_(setup.sign),
      stage_steps_(static_cast<std::size_t>(setup.threads), {Steps<T>(setup.sign)}),
      recorder_(halt, setup) {}

template <class T>
const kernels::NativeFunctions<T>* Crew<T>::native_for(Method method) const {
    if (own_kernels_ == nullptr || method != Method::adam) return nullptr;
    const kernels::Native* native = own_kernels_->native(setup_->isa, setup_->precision);
    if (native == nullptr) return nullptr;
    const kernels::NativeFunctions<T>& functions = kernels::functions<T>(*native);
    return functions.advance_adam == nullptr ? nullptr : &functions;
}

template <class T>
void Crew<T>::announce(double evaluations, Precision precision) const {
    if (own_kernels_ != nullptr && setup_->jit != Jit::off)
        own_kernels_->compile_for(evaluations, setup_->isa, precision);
}

template <class T>
std::size_t Crew<T>::choose_tile_lanes(std::size_t runs, std::size_t all_runs, Method method) const {
    if (setup_->objective->calls() == Calls::from_the_caller) return round_up_to_lane_group(runs);
    if (setup_->tile_lanes != 0) return setup_->tile_lanes;
    const auto threads = static_cast<std::size_t>(setup_->threads);
    const std::size_t scratch_rows = native_for(method) != nullptr ? 0 : setup_->scratch_rows();
    const std::size_t widest = std::min(
        lanewise::choose_tile_lanes(setup_->box->dimension(), kernels::moment_rows[kernel_method(method)],
                                    scratch_rows, sizeof(T)),
        round_up_to_lane_group(std::min(runs, (all_runs + threads - 1) / threads)));
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
    for (std::size_t thread = 0; thread < static_cast<std::size_t>(setup_->threads); ++thread) {
        wider.emplace_back(tile_lanes, setup_->box->dimension(), setup_->scratch_rows());
        if (thread < workspaces_.size()) wider.back().work = workspaces_[thread].work;
    }
    evaluators_.clear();
    evaluators_.reserve(wider.size());
    workspace_lanes_ = tile_lanes;
    workspaces_ = std::move(wider);
    const bool is_for_the_caller = setup_->objective->calls() == Calls::from_the_caller;
    for (const Workspace<T>& workspace : workspaces_) {
        evaluators_.push_back({setup_->objective, setup_->isa, workspace.scratch.data(), halt_});
        if (is_for_the_caller) evaluators_.back().live.reserve(tile_lanes);
    }
}

template <class T>
void Crew<T>::begin(std::span<Squad<T>> squads, const Origins& origins) {
    constexpr double seconds_per_coordinate = 1e-8;
    std::size_t candidates = 0;
    for (const Squad<T>& squad : squads) {
        for (std::size_t i = 0; i < squad.swarm.lanes(); ++i) candidates += origins.candidates(i);
    }
    const double seconds_per_candidate =
        seconds_per_iteration_ + seconds_per_coordinate * static_cast<double>(setup_->box->dimension());
    std::atomic<std::uint64_t> evaluations = 0;
    for_each_tile(squads, threads_worth(static_cast<double>(candidates) * seconds_per_candidate),
                  [&](Squad<T>& squad, std::size_t tile, std::size_t thread) {
                      const Recorder::Scope scope(recorder_, thread, Activity::start);
                      evaluations += begin_tile(squad.swarm, tile, thread, origins);
                  });
    (halt_->requested() ? evaluations_in_vain_ : workspaces_.front().work.evaluations) += evaluations;
}

template <class T>
std::uint64_t Crew<T>::begin_tile(Swarm<T>& swarm, std::size_t tile, std::size_t thread,
                                  const Origins& origins) {
    Workspace<T>& workspace = workspaces_[thread];
    swarm.begin(tile);
    std::size_t most_candidates = 1;
    std::uint64_t evaluations = 0;
    const std::size_t first = tile * swarm.tile_lanes();
    for (std::size_t i = first; i < first + swarm.lanes_in(tile); ++i) {
        origins.candidate(i, 0, workspace.point);
        swarm.start(i, workspace.point);
        const std::size_t candidates = origins.candidates(i);
        most_candidates = std::max(most_candidates, candidates);
        if (candidates > 1) evaluations += candidates;
    }
    swarm.fill_unused(tile);
    const auto is_halted = [&] {
        halt_->poll(omp_get_thread_num() == 0);
        return halt_->requested();
    };
    if (most_candidates == 1) {
        is_halted();
        return 0;
    }
    kernels::Tile<T> rows = swarm.unpack(tile, workspace);
    for (std::size_t c = 0; c < most_candidates && !is_halted(); ++c) {
        for (std::size_t i = first; i < first + swarm.lanes_in(tile) && c > 0; ++i) {
            if (c >= origins.candidates(i)) continue;
            origins.candidate(i, c, workspace.point);
            swarm.place(i, workspace.point);
        }
        functions_->look(rows, T(0), evaluators_[thread].callback());
        rows = swarm.unpack(tile, workspace);
    }
    swarm.go_to_best(tile);
    swarm.fill_unused(tile);
    return evaluations;
}

template <class T>
void Crew<T>::advance(std::span<Squad<T>> squads, std::size_t iteration, std::size_t iterations) {
    const auto steps_of = [&](const Squad<T>& squad) {
        const std::size_t all = squad.course.iterations;
        return std::min(iterations, all - std::min(iteration, all));
    };
    std::span<const kernels::Step<T>> steps_of_all;  // where all runs have one course
    if (squads.size() == 1)
        steps_of_all = steps_.of_known(squads.front().course, iteration, steps_of(squads.front()));
    for (StageSteps& of_thread : stage_steps_) of_thread.squad = nullptr;
    const auto alive = [&] {
        std::uint64_t sum = 0;
        for (const Squad<T>& squad : squads) sum += squad.swarm.alive();
        return sum;
    };
    double lane_iterations = 0;
    for (const Squad<T>& squad : squads)
        lane_iterations +=
            static_cast<double>((steps_of(squad) + 1) * squad.swarm.tiles() * squad.swarm.tile_lanes());
    const double begin = halt_->seconds();
    const std::uint64_t alive_before = alive();
    const int threads = threads_worth(lane_iterations * seconds_per_iteration_);
    for_each_tile(squads, threads, [&](Squad<T>& squad, std::size_t tile, std::size_t thread) {
        Swarm<T>& swarm = squad.swarm;
        if (halt_->requested() || !swarm.is_live(tile)) return;
        const Method of_course = squad.course.rule.method;
        const kernels::Method method = kernel_method(of_course);
        const kernels::NativeFunctions<T>* native = native_for(of_course);
        StageSteps& of_thread = stage_steps_[thread];
        if (squads.size() > 1 && of_thread.squad != &squad) {
            of_thread.now = of_thread.steps.of(squad.course, iteration, steps_of(squad));
            of_thread.squad = &squad;
        }
        const std::span<const kernels::Step<T>> steps = squads.size() > 1 ? of_thread.now : steps_of_all;
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
        if (setup_->tells_ids || setup_->objective->calls() == Calls::from_the_caller)
            evaluators_[thread].ids = swarm.ids(tile, workspace.ids);
        if (native != nullptr && workspace.frames.size() < native->memory)
            workspace.frames = AlignedArray<T>(native->memory);
        T* const frames = workspace.frames.data();
        const std::size_t poll = native != nullptr ? native_poll_iterations : poll_iterations;
        const std::size_t begun = std::max(swarm.iterations(tile), iteration) - iteration;
        std::size_t done = begun;
        T* const best_f = rows.best_f;
        if (setup_->batches) {
            // The value of some rows is no one's best.
            rows.best_f =
                std::fill_n(workspace.unseen(), rows.lanes, -std::numeric_limits<T>::infinity()) - rows.lanes;
            evaluators_[thread].batches = setup_->batches.get();
            evaluators_[thread].iteration = iteration + begun;
        }
        while (done < steps.size() && !halt_->requested()) {
            const std::size_t last = std::min(done + poll, steps.size());
            done = native != nullptr ? native->advance_adam(*native, rows, steps.data(), done, last, frames)
                                     : functions_->advance[method](rows, steps.data(), done, last,
                                                                   evaluators_[thread].callback());
            if (done < last) break;
            halt_->poll(omp_get_thread_num() == 0);
        }
        scope.end();
        evaluators_[thread].clock = nullptr;
        evaluators_[thread].batches = nullptr;
        rows.best_f = best_f;
        workspace.work.run_iterations += run_iterations() - before;
        workspace.work.lane_iterations += (done - begun) * rows.lanes;
        const Recorder::Scope look(recorder_, thread, Activity::look);
        if (done == steps.size() && !halt_->requested())
            functions_->look(rows, static_cast<T>(done), evaluators_[thread].callback());
        evaluators_[thread].ids = nullptr;
        swarm.pack(tile, rows, iteration);
    });
    seconds_per_iteration_ = (halt_->seconds() - begin) * threads / lane_iterations;
    // A run takes one more evaluation than it has iterations: to see where it ends, or that it breaks. A
    // stage that is cut off has the former to come.
    workspaces_.front().work.evaluations += halt_->requested() ? alive_before - alive() : alive_before;
}

template <class T>
int Crew<T>::threads_worth(double seconds) const {
    constexpr double least_share = 40e-6;  // seconds
    const double worth = seconds / least_share;
    return std::clamp(worth < setup_->threads ? static_cast<int>(worth) : setup_->threads, 1,
                      setup_->threads);
}

template <class T>
template <class Work>
void Crew<T>::for_each_tile(std::span<Squad<T>> squads, int threads, Work work) {
    first_tiles_.assign(1, 0);
    for (const Squad<T>& squad : squads) {
        fit_workspaces(squad.swarm.tile_lanes());
        first_tiles_.push_back(first_tiles_.back() + squad.swarm.tiles());
    }
    const auto tiles = static_cast<std::ptrdiff_t>(first_tiles_.back());
    std::atomic<std::ptrdiff_t> tiles_left = tiles;
    threads = std::min(threads, static_cast<int>(tiles));
    recorder_.begin_shared();
#pragma omp parallel num_threads(threads)
    {
        const int thread = omp_get_thread_num();
#pragma omp for schedule(static) nowait
        for (std::ptrdiff_t i = 0; i < tiles; ++i) {
            try {
                const SubnormalsAsZero<T> scope;
                const auto tile = static_cast<std::size_t>(i);
                const auto squad = static_cast<std::size_t>(std::ranges::upper_bound(first_tiles_, tile) -
                                                            first_tiles_.begin() - 1);
                work(squads[squad], tile - first_tiles_[squad], static_cast<std::size_t>(thread));
            } catch (...) {
                halt_->keep(std::current_exception());
            }
            --tiles_left;
        }
        if (thread == 0) {
            threads_seen_ = std::max(threads_seen_, omp_get_num_threads());
            halt_->watch(tiles_left);
        }
    }
    recorder_.end_shared();
    halt_->rethrow();
}

template <class T>
EngineWork Crew<T>::work() const {
    EngineWork sum;
    for (const Workspace<T>& workspace : workspaces_) sum += workspace.work;
    return sum;
}

template <class T>
Profile Crew<T>::profile(Method method) {
    const std::size_t d = setup_->box->dimension();
    constexpr std::size_t rows_of_a_run =
        7;  // f, best f, best step, steps taken, status, slope, best iteration
    const std::size_t rows = (3 + kernels::moment_rows[kernel_method(method)]) * d + rows_of_a_run +
                             (native_for(method) != nullptr ? 0 : setup_->scratch_rows());
    return recorder_.profile(work().run_iterations, rows * sizeof(T));
}

template class Crew<double>;
template class Crew<float>;

}  // namespace lanewise
