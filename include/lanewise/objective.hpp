/// The objective: a function with its gradient, evaluated for many points at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "lanewise/isa.hpp"
#include "lanewise/precision.hpp"

namespace lanewise {

/// Many points side by side: a block of rows [row][lane], one point per lane. Rows start on a multiple of 64
/// bytes, `lanes` is a multiple of 16; lanes that no run needs are copies of one that a run does.
template <class T>
struct Block {
    std::size_t lanes;
    std::size_t dimension;
    const T* x_rows;  ///< [dimension][lanes], in
    T* f_row;         ///< [lanes], out: values
    T* g_rows;        ///< [dimension][lanes], out: gradients
    T* scratch_rows;  ///< [Objective::scratch_rows()][lanes], to write on; this thread's own
    Isa isa;          ///< the instruction set of this search
    const std::uint32_t* id_row = nullptr;  ///< [lanes] the runs that the points belong to, or null

    /// Of Calls::from_the_caller: the lanes whose values are wanted, in ascending order. What is written for
    /// the others is not read. Empty: all lanes are wanted.
    std::span<const std::uint32_t> wanted = {};

    /// Of Options::batch_rows: the iteration that is under way, which draws the rows.
    std::uint64_t iteration = 0;

    /// The runs that the points belong to. In minimize_batch they are the indices of the starts. In minimize
    /// they are told of Calls::from_the_caller, while runs make their iterations: there runs are numbered as
    /// they are begun, of starts and of offspring. Empty where none are told.
    std::span<const std::uint32_t> ids() const { return {id_row, id_row == nullptr ? 0 : lanes}; }
    std::span<const T> x(std::size_t j) const { return {x_rows + j * lanes, lanes}; }
    std::span<T> f() const { return {f_row, lanes}; }
    std::span<T> g(std::size_t j) const { return {g_rows + j * lanes, lanes}; }
    std::span<T> scratch(std::size_t row) const { return {scratch_rows + row * lanes, lanes}; }
};

/// Which thread may call an objective.
enum class Calls {
    from_any_thread,  ///< several at once, each with some of the runs
    /// The one that called minimize, with all live runs of a wave, or all points that a polish wants, in one
    /// block. Block::wanted says which lanes those are.
    from_the_caller,
};

/// f: R^d -> R with its gradient. Derive from it to hand a search your own code; for a formula, see
/// Expression; for a callable, Callback and CentralDifferences.
///
/// `evaluate` is called once per tile and iteration, from several threads at once unless `calls` says
/// otherwise. It should neither allocate nor lock. What it writes for a lane may depend on that lane's x
/// only: results are then the same for any number of threads and any tile width. A value or gradient that is
/// NaN or infinite ends that lane's run, and no other. An exception that leaves it ends the search and
/// reaches the caller of minimize.
class Objective {
  public:
    virtual ~Objective() = default;

    virtual std::size_t dimension() const noexcept = 0;

    /// Fills the f and g rows for all lanes.
    virtual void evaluate(const Block<double>& block) const = 0;

    /// The same in single precision, for searches that ask for it; override both or neither. Called with
    /// subnormal numbers taken as 0 by the processor, floats and doubles alike.
    virtual bool has_f32() const noexcept { return false; }
    virtual void evaluate_f32(const Block<float>& block) const;

    /// How many rows of memory `evaluate` wants to write on.
    virtual std::size_t scratch_rows() const noexcept { return 0; }

    virtual Calls calls() const noexcept { return Calls::from_any_thread; }
};

struct Evaluation {
    double f;
    std::vector<double> gradient;
};

/// Value and gradient at one point, in double precision.
/// \throws std::invalid_argument when x has not the objective's dimension or `isa` is not available here.
Evaluation evaluate(const Objective& objective, std::span<const double> x, Isa isa = choose_isa());

/// The same at many points, a block of them at a time, with the same bits. A program that is asked for very
/// many is compiled first, as with Jit::automatic. `ids`, one for each point unless empty, are what the
/// objective is told as Block::ids.
std::vector<Evaluation> evaluate(const Objective& objective, std::span<const std::vector<double>> points,
                                 Isa isa = choose_isa(), std::span<const std::uint32_t> ids = {});

}  // namespace lanewise
