// The threads, each with the tiles it works on.
#pragma once

#include <omp.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "evaluator.hpp"
#include "halt.hpp"
#include "offspring.hpp"
#include "recorder.hpp"
#include "schedule.hpp"
#include "setting.hpp"
#include "swarm.hpp"

namespace lanewise {

/// Puts the runs of a tile where they start: each at the best of its candidates, of those that `halt`, if
/// any, leaves the time for. Returns the evaluations that all of them take.
template <class T>
std::uint64_t begin_tile(Swarm<T>& swarm, std::size_t tile, std::uint64_t first_id, const Starts& starts,
                         const kernels::Functions<T>& functions, Evaluator<T>& evaluator,
                         Workspace<T>& workspace, Halt* halt);

template <class T>
class Crew {
  public:
    /// Keeps references to both.
    Crew(const Setting& setting, Halt& halt);

    /// Tiles for a wave of `runs` runs; their width does not change results.
    std::size_t choose_tile_lanes(std::size_t runs) const;

    /// Puts every run where it starts: the best of its candidates. When the search is halted meanwhile, where
    /// runs start is no longer a function of their ids.
    void begin(Swarm<T>& swarm, std::uint64_t first_id, std::span<const Child> offspring);

    /// A stage: every tile takes so many steps of runs with these options while it is near, the first of them
    /// iteration `iteration`, and has a look at where they lead; as far as it gets before the search is
    /// halted. The same call once more takes it to its end.
    void advance(Swarm<T>& swarm, const Options& options, std::size_t iteration, std::size_t iterations);

    /// Calls work(i) for i = 0 to count - 1, whichever thread is free, until the search is halted.
    template <class Work>
    void share(std::size_t count, Work work);

    Halt& halt() const { return *halt_; }
    /// To be called at the end, where the search is profiled.
    Profile profile();
    int threads() const { return threads_seen_; }
    /// Of all threads together.
    CrewWork work() const;
    /// Evaluations that are not part of it: their stage was cut off, and takes them again.
    std::uint64_t evaluations_in_vain() const { return evaluations_in_vain_; }

  private:
    static std::size_t thread() { return static_cast<std::size_t>(omp_get_thread_num()); }

    /// Static shares: while no tile is given up, a tile's memory is first touched by the thread that works on
    /// it in every stage.
    template <class Work>
    void for_each_tile(const Swarm<T>& swarm, int threads, Work work);
    void fit_workspaces(std::size_t tile_lanes);
    /// Sees to it that the objective is compiled when the search goes on for long, and takes that up.
    void have_compiled();
    /// Threads for what takes one of them so long: starting another costs more than little work is worth.
    int threads_worth(double seconds) const;

    const Setting* setting_;
    const kernels::Functions<T>* functions_;
    std::vector<std::size_t> fixed_;
    const kernels::NativeFunctions<T>* native_ = nullptr;
    kernels::Method method_;
    T newton_from_;  ///< see kernels::Tile
    /// Of one thread for an iteration of a lane, as of the last stage; before the first infinite, which
    /// is worth every thread.
    double seconds_per_iteration_ = std::numeric_limits<double>::infinity();
    Halt* halt_;
    Steps<T> steps_;
    Recorder recorder_;
    int threads_seen_ = 1;  ///< that OpenMP gives
    std::size_t workspace_lanes_ = 0;
    std::vector<Workspace<T>> workspaces_;
    std::vector<Evaluator<T>> evaluators_;
    std::uint64_t evaluations_in_vain_ = 0;
};

template <class T>
template <class Work>
void Crew<T>::share(std::size_t count, Work work) {
    std::atomic<std::ptrdiff_t> left = static_cast<std::ptrdiff_t>(count);
    recorder_.begin_shared();
#pragma omp parallel num_threads(setting_->threads)
    {
#pragma omp for schedule(dynamic, 1) nowait
        for (std::size_t i = 0; i < count; ++i) {
            try {
                const Recorder::Scope scope(recorder_, thread(), Activity::polish);
                if (!halt_->requested()) work(i);
            } catch (...) {
                halt_->keep(std::current_exception());
            }
            halt_->poll(omp_get_thread_num() == 0);
            --left;
        }
        if (omp_get_thread_num() == 0) {
            threads_seen_ = omp_get_num_threads();
            halt_->watch(left);
        }
    }
    recorder_.end_shared();
    halt_->rethrow();
}

}  // namespace lanewise
