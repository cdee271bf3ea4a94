/// The objective: a function with its gradient, evaluated for many points at once.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "lanewise/isa.hpp"
#include "lanewise/precision.hpp"

namespace lanewise {

namespace kernels {
struct Native;
}

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

    std::span<const T> x(std::size_t j) const { return {x_rows + j * lanes, lanes}; }
    std::span<T> f() const { return {f_row, lanes}; }
    std::span<T> g(std::size_t j) const { return {g_rows + j * lanes, lanes}; }
    std::span<T> scratch(std::size_t row) const { return {scratch_rows + row * lanes, lanes}; }
};

/// Constants of a formula, by name.
using Parameters = std::map<std::string, double>;

/// An objective as it is written down.
struct Formula {
    std::string expression;
    Parameters parameters;
};

/// How far to go for machine code.
enum class Compile {
    look_up,  ///< take it if it has been made before
    begin,    ///< have it made, if need be, and go on meanwhile
    finish,   ///< wait until it is made
};

/// f: R^d -> R with its gradient. Derive from it to hand a search your own code; for a formula, see
/// Expression; for a callable, Callback and CentralDifferences.
///
/// `evaluate` is called from several threads at once, once per tile and iteration. It must not allocate, lock
/// or throw. What it writes for a lane may depend on that lane's x only: results are then the same for any
/// number of threads and any tile width. A value or gradient that is NaN or infinite ends that lane's run,
/// and no other.
class Objective {
  public:
    virtual ~Objective() = default;

    virtual std::size_t dimension() const noexcept = 0;

    /// Fills the f and g rows for all lanes.
    virtual void evaluate(const Block<double>& block) const noexcept = 0;

    /// The same in single precision, for searches that ask for it; override both or neither. Called with
    /// subnormal numbers taken as 0 by the processor, floats and doubles alike.
    virtual bool has_f32() const noexcept { return false; }
    virtual void evaluate_f32(const Block<float>& block) const noexcept;

    /// How many rows of memory `evaluate` wants to write on.
    virtual std::size_t scratch_rows() const noexcept { return 0; }

    /// The kernels a search may use in place of `evaluate`, with the same bits; null: none. Native objectives
    /// have them (lanewise/native.hpp), programs when they are compiled.
    virtual const kernels::Native* native(Isa /*isa*/, Precision /*precision*/) const noexcept {
        return nullptr;
    }

    /// Has these kernels made, where that can be done: of a Program. A search does that by Options::jit.
    /// \throws std::runtime_error, from `finish` alone, saying why they cannot be made.
    virtual void compile(Isa /*isa*/, Precision /*precision*/, Compile /*how*/) const {}

    /// The formula this is; null: none. It is kept with a search that is saved, which goes on with the same
    /// one only.
    virtual const Formula* formula() const noexcept { return nullptr; }
};

struct Evaluation {
    double f;
    std::vector<double> gradient;
};

/// Value and gradient at one point, in double precision.
/// \throws std::invalid_argument when x has not the objective's dimension or `isa` is not available here.
Evaluation evaluate(const Objective& objective, std::span<const double> x, Isa isa = choose_isa());

/// The same at many points, a block of them at a time, with the same bits.
std::vector<Evaluation> evaluate(const Objective& objective, std::span<const std::vector<double>> points,
                                 Isa isa = choose_isa());

}  // namespace lanewise
