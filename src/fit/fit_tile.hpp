// Runs of a fit side by side: one problem and start a lane.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "aligned.hpp"
#include "fit_rows.hpp"
#include "kernels/table.hpp"
#include "lanewise/isa.hpp"

namespace lanewise {

/// Lower and upper bounds, [d] each.
struct FitBounds {
    std::vector<double> lower, upper;
};

template <class T>
class FitTile {
  public:
    FitTile(const Problems& problems, const FitRows& rows, const DataLayout& layout, TileOf tile,
            const FitForm& form, std::size_t dimension, Isa isa, double tolerance, std::size_t most_steps);

    std::size_t lanes() const noexcept { return lanes_; }

    /// Puts a run into a lane: a problem, its bounds, and where it starts.
    void load(std::size_t lane, std::size_t problem, const FitBounds& bounds, std::span<const double> x);
    void unload(std::size_t lane);

    /// All lanes make the steps of a rule; then they stand at the best points that they visited.
    void descend(kernels::Method method, std::span<const kernels::Step<T>> steps);
    /// Begins Levenberg-Marquardt where the lane stands.
    void begin(std::size_t lane);
    /// All lanes are evaluated, and take their next step.
    void step();

    kernels::LmPhase phase(std::size_t lane) const {
        return static_cast<kernels::LmPhase>(static_cast<int>(number(kernels::LmRow::phase, lane)));
    }
    bool is_over(std::size_t lane) const {
        return numbers_[static_cast<std::size_t>(kernels::LmRow::phase) * lanes_ + lane] >=
               T(static_cast<int>(kernels::LmPhase::converged));
    }
    double start_f(std::size_t lane) const { return number(kernels::LmRow::start_f, lane); }
    double best_f(std::size_t lane) const { return number(kernels::LmRow::base_f, lane); }
    std::size_t steps(std::size_t lane) const {
        return static_cast<std::size_t>(number(kernels::LmRow::steps, lane));
    }
    void best_x(std::size_t lane, std::span<double> x) const;
    /// The outputs beside the value there.
    void best_outputs(std::size_t lane, std::span<double> outputs) const;

    /// Value and derivatives where the lanes stand, by a program of the fit.
    void evaluate(const Runnable& program);
    double f(std::size_t lane) const { return static_cast<double>(f_[lane]); }
    /// The outputs beside it.
    void outputs(std::size_t lane, std::span<double> outputs) const;

  private:
    double number(kernels::LmRow row, std::size_t lane) const {
        return static_cast<double>(numbers_[static_cast<std::size_t>(row) * lanes_ + lane]);
    }
    T& number(kernels::LmRow row, std::size_t lane) {
        return numbers_[static_cast<std::size_t>(row) * lanes_ + lane];
    }

    std::size_t lanes_, dimension_;
    Isa isa_;
    const kernels::Functions<T>* functions_;
    const FitForm* form_;
    TileRows<T> rows_;
    AlignedArray<T> x_, f_, g_, base_x_, base_g_, largest_, numbers_, work_;
    AlignedArray<T> ranges_;   ///< [lower, upper, width][d][lane]
    AlignedArray<T> moments_;  ///< of a descent, then the rows best_f, best_step, steps_taken, status
    AlignedArray<T> scratch_;
    kernels::LeastSquares<T> least_squares_;
};

}  // namespace lanewise
