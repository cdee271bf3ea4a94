// The threads, each with the tiles it works on.
#pragma once

#include <omp.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "course.hpp"
#include "engine.hpp"
#include "evaluator.hpp"
#include "halt.hpp"
#include "lanewise/own_kernels.hpp"
#include "recorder.hpp"
#include "setup.hpp"
#include "swarm.hpp"

namespace lanewise {

/// The runs of a wave that share a course, with tiles of their own.
template <class T>
struct Squad {
    Course course;
    Swarm<T> swarm;
};

template <class T>
class Crew {
  public:
    /// The crew keeps references to both.
    Crew(const Setup& setup, Halt& halt);

    /// Tells the objective how many evaluations are to come, in a precision, at most.
    void announce(double evaluations, Precision precision) const;

    /// Tiles for a squad of `runs` runs, in a wave of `all_runs`; their width does not change results.
    std::size_t choose_tile_lanes(std::size_t runs, std::size_t all_runs, Method method) const;

    /// Puts every run where it starts: the best of its candidates. Run i of each squad has origin i. When the
    /// search is halted meanwhile, where runs start is no longer a function of their origins.
    void begin(std::span<Squad<T>> squads, const Origins& origins);

    /// A stage: every tile takes so many steps of its course while it is near, the first of them iteration
    /// `iteration`, or those that are left of it, and has a look at where they lead; as far as it gets before
    /// the search is halted. The same call once more takes it to its end.
    void advance(std::span<Squad<T>> squads, std::size_t iteration, std::size_t iterations);

    /// Calls work(i) for i = 0 to count - 1, whichever thread is free, until the search is halted.
    template <class Work>
    void share(std::size_t count, Work work);

    /// Where the time went. It is asked once, when a search that is profiled ends.
    Profile profile(Method method);
    int threads() const { return threads_seen_; }
    /// The work of all threads together.
    EngineWork work() const;
    /// Evaluations that are not in the work: their stage was cut off, and takes them again.
    std::uint64_t evaluations_in_vain() const { return evaluations_in_vain_; }

  private:
    /// The steps that a thread takes with the tiles of a squad, which are most often one after the other.
    struct StageSteps {
        Steps<T> steps;
        const Squad<T>* squad = nullptr;
        std::span<const kernels::Step<T>> now = {};
    };

    static std::size_t thread() { return static_cast<std::size_t>(omp_get_thread_num()); }

    /// Calls work(squad, tile, thread) for every tile of every squad. Shares are static: while no tile is
    /// given up, a tile's memory is first touched by the thread that works on it in every stage.
    template <class Work>
    void for_each_tile(std::span<Squad<T>> squads, int threads, Work work);
    /// Puts the runs of a tile where they start. Returns the evaluations that choosing among candidates
    /// takes.
    std::uint64_t begin_tile(Swarm<T>& swarm, std::size_t tile, std::size_t thread, const Origins& origins);
    void fit_workspaces(std::size_t tile_lanes);
    /// The objective's own kernels, where they can take the place of evaluating and stepping; else null.
    const kernels::NativeFunctions<T>* native_for(Method method) const;
    /// Threads for what takes one of them so long: starting another costs more than little work is worth.
    int threads_worth(double seconds) const;

    const Setup* setup_;
    const OwnKernels* own_kernels_;  ///< null: the objective has none
    const kernels::Functions<T>* functions_;
    T newton_from_;  ///< see kernels::Tile
    /// Thread-seconds per lane and iteration, measured in the last stage; infinite before the first, so that
    /// it uses all threads.
    double seconds_per_iteration_ = std::numeric_limits<double>::infinity();
    Halt* halt_;
    Steps<T> steps_;                        ///< of waves of one course
    std::vector<StageSteps> stage_steps_;   ///< [thread]
    std::vector<std::size_t> first_tiles_;  ///< [squad] counted over all squads; then all
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
    const auto threads =
        static_cast<int>(std::clamp<std::size_t>(count, 1, static_cast<std::size_t>(setup_->threads)));
#pragma omp parallel num_threads(threads)
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
