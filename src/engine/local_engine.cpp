// The engine of this process.
#include <algorithm>
#include <cmath>
#include <limits>
#include <new>
#include <string_view>
#include <utility>

#include "crew.hpp"
#include "engine.hpp"
#include "objective/evaluate.hpp"
#include "swarm.hpp"

namespace lanewise {

namespace {

RunStatus run_status(kernels::LaneStatus status) {
    switch (status) {
        case kernels::nan_at_start: return RunStatus::nan_at_start;
        case kernels::nan_on_the_way: return RunStatus::nan_on_the_way;
        default: return RunStatus::stopped;
    }
}

/// An objective whose exceptions are marked as the caller's.
class MarkedObjective final : public Objective {
  public:
    MarkedObjective(const Objective& objective, Halt& halt) : objective_(&objective), halt_(&halt) {}
    std::size_t dimension() const noexcept override { return objective_->dimension(); }
    std::size_t scratch_rows() const noexcept override { return objective_->scratch_rows(); }
    Calls calls() const noexcept override { return objective_->calls(); }
    void evaluate(const Block<double>& block) const override {
        halt_->call([&] { objective_->evaluate(block); });
    }

  private:
    const Objective* objective_;
    Halt* halt_;
};

template <class T>
class LocalEngine final : public Engine {
  public:
    LocalEngine(const Setup& setup, Halt& halt) : setup_(&setup), halt_(&halt), crew_(setup, halt) {
        squads_.push_back(squad(0, 0, Course(Options{}), lane_multiple));
    }

    using Engine::begin;
    void begin(std::size_t first, std::size_t count, std::span<const Course> courses,
               const Origins& origins) override {
        double evaluations = 0;
        for (std::size_t i = 0; i < count; ++i) evaluations += static_cast<double>(origins.candidates(i));
        evaluations *= static_cast<double>(courses.size());
        for (const Course& course : courses)
            evaluations += static_cast<double>(count) * static_cast<double>(course.iterations);
        crew_.announce(evaluations, setup_->precision);
        for (Squad<T>& squad : squads_) squad.swarm.clear();  // so that there are never two waves
        std::vector<Squad<T>> squads;
        for (const Course& course : courses) {
            tile_lanes_ = crew_.choose_tile_lanes(count, count * courses.size(), course.rule.method);
            squads.push_back(squad(first + squads.size() * count, count, course, tile_lanes_));
        }
        squads_ = std::move(squads);
        first_ = first;
        count_ = count;
        iteration_ = 0;
        is_in_stage_ = false;
        left_ = count * courses.size();
        lane_of_.assign(left_, no_lane);
        crew_.begin(squads_, origins);
    }

    void advance(std::size_t iteration, std::size_t iterations) override {
        make_room();
        is_in_stage_ = true;
        crew_.advance(squads_, iteration, iterations);
        if (halt_->requested()) return;
        is_in_stage_ = false;
        iteration_ = iteration + iterations;
    }

    void look(Look& look) override {
        find_lanes();
        look.resize(left_);
        look.iteration = iteration_;
        std::size_t i = 0;
        for (std::size_t run = 0; run < lane_of_.size(); ++run) {
            const std::size_t lane = lane_of_[run];
            if (lane == no_lane) continue;
            const Swarm<T>& swarm = swarm_of(run);
            look.run[i] = static_cast<std::uint32_t>(first_ + run);
            look.status[i] = run_status(swarm.status(lane));
            look.f[i] = swarm.f(lane);
            look.slope[i] = swarm.slope(lane);
            look.best_f[i] = swarm.best_f(lane);
            look.best_iteration[i] = swarm.best_iteration(lane);
            look.steps_taken[i] = static_cast<std::uint64_t>(swarm.steps_taken(lane));
            ++i;
        }
    }

    void points(std::span<const std::uint32_t> runs, Where where, std::span<double> x) const override {
        const std::size_t d = setup_->box->dimension();
        for (std::size_t i = 0; i < runs.size(); ++i) write_point(runs[i], where, x.subspan(i * d, d));
    }

    void end(std::span<const Verdict> verdicts, std::span<double> x) override {
        const std::size_t d = setup_->box->dimension();
        for (const Verdict& verdict : verdicts) {
            const std::size_t run = verdict.run - first_;
            write_point(verdict.run, verdict.where, x.subspan(run * d, d));
            swarm_of(run).retire(lane_of_[run]);
        }
        left_ -= verdicts.size();
        if (left_ > 0) return;
        for (Squad<T>& squad : squads_) squad.swarm.clear();
    }

    std::vector<Polished> polish(std::span<const PolishStart> starts, PolishTo to,
                                 const PolishEffort& effort) override {
        constexpr double evaluations = 100;  // of each
        crew_.announce(evaluations * static_cast<double>(std::max(starts.size(), kernels::lane_group)),
                       Precision::f64);
        return lanewise::polish(
            *setup_, starts, to, effort,
            [&](std::size_t count, const std::function<void(std::size_t)>& work) {
                crew_.share(count, work);
            },
            *halt_);
    }

    void evaluate(std::span<const std::vector<double>> points,
                  const std::function<void(std::size_t, const Evaluation&)>& visit) override {
        const Box& box = *setup_->box;
        crew_.announce(static_cast<double>(points.size()), Precision::f64);
        Evaluation of_minimisation;
        evaluate_points(MarkedObjective(*setup_->objective, *halt_), points, setup_->isa, {},
                        [&](std::size_t i, const Evaluation& at) {
                            of_minimisation.f = setup_->sign * at.f;
                            of_minimisation.gradient = at.gradient;
                            for (std::size_t j = 0; j < box.dimension(); ++j) {
                                double& g = of_minimisation.gradient[j];
                                g = box.lower()[j] == box.upper()[j] ? 0 : setup_->sign * g;
                            }
                            visit(i, of_minimisation);
                        });
    }

    EngineWork work() const override { return crew_.work(); }
    std::uint64_t evaluations_in_vain() const override { return crew_.evaluations_in_vain(); }
    int threads() const override { return crew_.threads(); }
    std::size_t tile_lanes() const override { return tile_lanes_; }
    Profile profile() override { return crew_.profile(squads_.front().course.rule.method); }

    void save(Writer& writer) override {
        make_room();
        Swarm<T>& swarm = squads_.front().swarm;
        std::size_t lanes = swarm.lanes();
        std::size_t tile_lanes = swarm.tile_lanes();
        writer(lanes, tile_lanes, swarm);
    }

    void load(Reader& reader, std::size_t first, const Course& course) override {
        std::size_t lanes = 0;
        std::size_t tile_lanes = 0;
        reader(lanes, tile_lanes);
        Swarm<T> swarm =
            Swarm<T>::with_room(reader, first, lanes, *setup_->box, course, setup_->sign, tile_lanes);
        squads_.clear();
        squads_.push_back({course, std::move(swarm)});
        first_ = first;
        tile_lanes_ = tile_lanes;
        reader(squads_.front().swarm);
    }

    void take_up(const Stand& stand) override {
        require_runs(stand);
        require_state(stand);
        iteration_ = stand.iteration;
        is_in_stage_ = stand.under_way > 0;
        count_ = stand.runs;
        lane_of_.assign(stand.runs, no_lane);
        find_lanes();
        const Course& course = squads_.front().course;
        const auto iterations =
            static_cast<double>(course.iterations - std::min(iteration_, course.iterations));
        crew_.announce(static_cast<double>(left_) * iterations, setup_->precision);
    }

  private:
    static constexpr std::uint32_t no_lane = std::numeric_limits<std::uint32_t>::max();

    Squad<T> squad(std::size_t first, std::size_t count, const Course& course, std::size_t tile_lanes) const {
        return {course, Swarm<T>(first, count, *setup_->box, course, setup_->sign, tile_lanes)};
    }

    /// The swarm of a run, which is counted from the first.
    Swarm<T>& swarm_of(std::size_t run) { return squads_[run / count_].swarm; }
    const Swarm<T>& swarm_of(std::size_t run) const { return squads_[run / count_].swarm; }

    /// Finds the lane of each run that has not been ended, and how many there are.
    void find_lanes() {
        std::ranges::fill(lane_of_, no_lane);
        left_ = 0;
        for (const Squad<T>& squad : squads_) {
            for (std::size_t lane = 0; lane < squad.swarm.lanes(); ++lane) {
                if (squad.swarm.status(lane) == kernels::ended) continue;
                lane_of_[squad.swarm.run(lane) - first_] = static_cast<std::uint32_t>(lane);
                ++left_;
            }
        }
    }

    void write_point(std::size_t run, Where where, std::span<double> x) const {
        const Swarm<T>& swarm = swarm_of(run - first_);
        const std::size_t lane = lane_of_[run - first_];
        for (std::size_t j = 0; j < x.size(); ++j) x[j] = swarm.coordinate(lane, where, j);
    }

    /// Gives up lanes that no run needs, where that is worth moving the others. Within a stage the runs of a
    /// tile have come equally far, and stay together.
    void make_room() {
        if (is_in_stage_) return;
        for (Squad<T>& squad : squads_) make_room(squad.swarm);
        find_lanes();
    }

    void make_room(Swarm<T>& swarm) {
        constexpr double dense = 0.875;
        const bool close = setup_->objective->calls() == Calls::from_the_caller;
        if (close || static_cast<double>(swarm.alive()) <= dense * static_cast<double>(swarm.lanes())) {
            try {
                swarm.compact(close);
            } catch (const std::bad_alloc&) {
                // There is no memory for a narrower tile: the lanes stay where they are.
            }
        }
        for (std::size_t tile = 0; tile < swarm.tiles(); ++tile) swarm.fill_unused(tile);
    }

    // What was loaded.

    /// `holds` of every lane up to `lanes`.
    template <class Holds>
    static void require_each(std::string_view field, std::size_t lanes, Holds holds) {
        bool all = true;
        for (std::size_t lane = 0; lane < lanes; ++lane) all = all && holds(lane);
        Reader::require(all, field);
    }

    void require_runs(const Stand& stand) const {
        const Swarm<T>& swarm = squads_.front().swarm;
        std::vector<bool> seen(stand.runs, false);
        require_each("wave.run", swarm.lanes(), [&](std::size_t lane) {
            const std::size_t run = swarm.run(lane);
            if (run < first_ || run - first_ >= stand.runs || seen[run - first_]) return false;
            seen[run - first_] = true;
            return true;
        });
        require_each("wave.status", swarm.tiles() * swarm.tile_lanes(), [&](std::size_t lane) {
            const kernels::LaneStatus status = swarm.status(lane);
            if (lane >= swarm.lanes()) return status == kernels::ended;
            // A run that broke is ended at the next look.
            return status == kernels::live || status == kernels::ended ||
                   (stand.under_way > 0 && status < kernels::ended);
        });
    }

    /// Moments and slopes may be any numbers, and so may values before the look that they are for.
    void require_state(const Stand& stand) const {
        const Swarm<T>& swarm = squads_.front().swarm;
        const std::size_t begun = stand.iteration + stand.under_way;  // iterations
        Reader::require(swarm.is_within_bounds(Where::current), "wave.x");
        Reader::require(swarm.is_within_bounds(Where::best), "wave.best_x");
        require_each("wave.f", swarm.lanes(), [&](std::size_t lane) {
            return swarm.status(lane) != kernels::live || !stand.is_looked_at || std::isfinite(swarm.f(lane));
        });
        require_each("wave.best_f", swarm.lanes(), [&](std::size_t lane) {
            return std::isfinite(swarm.best_f(lane)) ||
                   swarm.best_f(lane) == std::numeric_limits<double>::infinity();
        });
        require_each("wave.steps_taken", swarm.tiles() * swarm.tile_lanes(), [&](std::size_t lane) {
            const auto steps = static_cast<double>(swarm.steps_taken(lane));
            const std::size_t least = swarm.status(lane) == kernels::live ? stand.iteration : 0;
            return steps >= static_cast<double>(least) && steps <= static_cast<double>(begun) &&
                   steps == std::floor(steps);
        });
        require_each("wave.best_iteration", swarm.lanes(), [&](std::size_t lane) {
            return swarm.best_iteration(lane) >= -1 &&
                   swarm.best_iteration(lane) < static_cast<std::int64_t>(begun);
        });
    }

    const Setup* setup_;
    Halt* halt_;
    Crew<T> crew_;
    std::vector<Squad<T>> squads_;  ///< [course], at least one
    std::size_t first_ = 0;
    std::size_t count_ = 0;  ///< runs of each course
    std::size_t left_ = 0;   ///< runs that have not been ended
    std::size_t iteration_ = 0;
    bool is_in_stage_ = false;  ///< that was cut off, or is under way
    std::size_t tile_lanes_ = 0;
    std::vector<std::uint32_t> lane_of_;  ///< [run - first], as of the last look; of those not ended
};

}  // namespace

std::unique_ptr<Engine> make_local_engine(const Setup& setup, Halt& halt) {
    if (setup.precision == Precision::f64) return std::make_unique<LocalEngine<double>>(setup, halt);
    return std::make_unique<LocalEngine<float>>(setup, halt);
}

void compile_before(const Setup& setup) {
    const OwnKernels* own = own_kernels(*setup.objective);
    if (own != nullptr && setup.jit == Jit::on) own->compile(setup.isa, setup.precision);
}

std::size_t bytes_of_run(Method method, Precision precision, std::size_t dimension) {
    const std::size_t number = precision == Precision::f64 ? sizeof(double) : sizeof(float);
    const std::size_t rows = 2 + kernels::moment_rows[kernel_method(method)];
    return (rows * dimension + 4) * number;
}

}  // namespace lanewise
