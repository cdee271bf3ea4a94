// Points of the polish that are evaluated together, in lanes.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "aligned.hpp"
#include "evaluator.hpp"
#include "halt.hpp"
#include "setup.hpp"

namespace lanewise {

/// For the use of one thread.
class Trials {
  public:
    /// It keeps references to both.
    Trials(const Setup& setup, Halt& halt);

    void clear();
    /// Adds a point, to be changed until it is evaluated.
    std::span<double> add(std::span<const double> x);
    void evaluate();

    std::size_t count() const noexcept { return count_; }
    std::span<const double> x(std::size_t trial) const { return of_trial(x_, trial); }
    /// Of the minimisation; infinite where value or gradient is not finite.
    double f(std::size_t trial) const { return f_[trial]; }
    /// Of the minimisation; 0 in fixed variables.
    std::span<const double> g(std::size_t trial) const { return of_trial(g_, trial); }
    /// The trial of the least value of some; the first of equal ones.
    std::size_t lowest(std::size_t first, std::size_t count) const;

  private:
    void make_room(std::size_t lanes);

    std::span<const double> of_trial(const std::vector<double>& rows, std::size_t trial) const {
        return std::span(rows).subspan(trial * dimension_, dimension_);
    }

    const Setup* setup_;
    Halt* halt_;
    std::size_t dimension_;
    std::size_t lanes_ = 0;
    AlignedArray<double> rows_, scratch_;  ///< of a block of lanes_
    Evaluator<double> evaluator_;
    std::vector<double> x_, f_, g_;
    std::size_t count_ = 0;
};

}  // namespace lanewise
