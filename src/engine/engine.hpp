// The engine as the search sees it: runs are begun, advanced, looked at and ended; points are polished and
// evaluated. It takes no decision about a run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "archive.hpp"
#include "course.hpp"
#include "halt.hpp"
#include "lanewise/profile.hpp"
#include "look.hpp"
#include "polish.hpp"
#include "setup.hpp"

namespace lanewise {

/// The places where runs may start. Each run starts at the best of its candidates.
class Origins {
  public:
    Origins() = default;
    Origins(const Origins&) = delete;
    Origins& operator=(const Origins&) = delete;
    virtual ~Origins() = default;

    /// The number of candidates of run i of a wave, i from 0; at least 1.
    virtual std::size_t candidates(std::size_t i) const = 0;
    /// Writes a candidate. Several threads call this at once.
    virtual void candidate(std::size_t i, std::size_t which, std::span<double> x) const = 0;
};

struct EngineWork {
    std::uint64_t run_iterations = 0;   ///< summed over runs
    std::uint64_t lane_iterations = 0;  ///< the same over all lanes, with a run or not
    std::uint64_t evaluations = 0;      ///< beyond one for each iteration of a run

    EngineWork& operator+=(const EngineWork& other) {
        run_iterations += other.run_iterations;
        lane_iterations += other.lane_iterations;
        evaluations += other.evaluations;
        return *this;
    }
    template <class Archive>
    void archive(Archive& archive) {
        archive(run_iterations, lane_iterations, evaluations);
    }
};

/// The stand of a wave: how far its runs have come.
struct Stand {
    std::size_t runs;
    std::size_t iteration;  ///< iterations done by all that go on
    std::size_t under_way;  ///< of a stage that was cut off: iterations that some runs may have done beyond
    bool is_looked_at;      ///< after the last of them
};

/// Runs of one wave at a time: numbers first, first + 1, ... in an order that is theirs for good. The bits of
/// what an engine hands over are a function of course, origins and iterations alone. What the caller's code
/// throws (the objective, Options::stop) halts the search and is thrown again by the call that met it.
class Engine {
  public:
    Engine() = default;
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;
    virtual ~Engine() = default;

    /// Puts `count` runs of each course where they start, those of the first course first; the wave before is
    /// given up. Run i of a course has origin i. When the search is halted meanwhile, some start at the best
    /// of fewer candidates.
    virtual void begin(std::size_t first, std::size_t count, std::span<const Course> courses,
                       const Origins& origins) = 0;
    void begin(std::size_t first, std::size_t count, const Course& course, const Origins& origins) {
        begin(first, count, std::span(&course, 1), origins);
    }

    /// A stage: every run takes so many iterations, the first of them iteration `iteration` of its course, or
    /// those that are left of it, and is evaluated where they lead; as far as the engine gets before the
    /// search is halted. The same call once more takes the stage to its end. Runs are to be ended when their
    /// course is over.
    virtual void advance(std::size_t iteration, std::size_t iterations) = 0;

    /// Writes a look; one that is used again takes no new memory.
    virtual void look(Look& look) = 0;
    /// Writes the points of runs that are in the last look, [run][d]. On a wall a coordinate is the box's own
    /// bound.
    virtual void points(std::span<const std::uint32_t> runs, Where where, std::span<double> x) const = 0;

    /// Ends runs that are in the last look, each at its point, which is written to the run's row of x:
    /// [run - first][d].
    virtual void end(std::span<const Verdict> verdicts, std::span<double> x) = 0;

    /// Polishes each of these; those that are not begun before the search is halted have no evaluations.
    virtual std::vector<Polished> polish(std::span<const PolishStart> starts, PolishTo to,
                                         const PolishEffort& effort) = 0;

    /// Value and gradient at each point, in double precision, handed to `visit` with the point's index. They
    /// are those of the minimisation; the gradient of a fixed variable is 0.
    virtual void evaluate(std::span<const std::vector<double>> points,
                          const std::function<void(std::size_t, const Evaluation&)>& visit) = 0;

    virtual EngineWork work() const = 0;
    /// Evaluations that are not in the work: their stage was cut off, and takes them again.
    virtual std::uint64_t evaluations_in_vain() const = 0;
    virtual int threads() const = 0;             ///< seen at work
    virtual std::size_t tile_lanes() const = 0;  ///< of this wave, as it began
    virtual Profile profile() = 0;               ///< asked once, when the search ends

    /// The wave of one course as bytes, and back: `first` and `course` are those of begin. What was loaded is
    /// taken up as a wave of that stand, if it can be one.
    /// \throws std::invalid_argument naming the field whose rule does not hold.
    virtual void save(Writer& writer) = 0;
    virtual void load(Reader& reader, std::size_t first, const Course& course) = 0;
    virtual void take_up(const Stand& stand) = 0;
};

/// The engine of this process: SIMD kernels over tiles, shared out to OpenMP's threads. It keeps references
/// to both arguments.
std::unique_ptr<Engine> make_local_engine(const Setup& setup, Halt& halt);

/// Has the objective's machine code made before a search, where the options ask for it. \throws
/// std::runtime_error saying why it cannot be made.
void compile_before(const Setup& setup);

/// Bytes that the local engine keeps of a run that goes on.
std::size_t bytes_of_run(Method method, Precision precision, std::size_t dimension);

}  // namespace lanewise
