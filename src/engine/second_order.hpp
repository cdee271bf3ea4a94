// What second derivatives tell of points where the slope is small: a way down that the slope does not show,
// or the last digits of a minimum.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "halt.hpp"
#include "setup.hpp"
#include "trials.hpp"

namespace lanewise {

/// A point to be looked at, and what became of it.
struct SecondOrderPoint {
    std::vector<double> x;
    double f;                   ///< of the minimisation, finite
    std::uint64_t evaluations;  ///< that it may take at most; what it took is subtracted
    enum class End : std::uint8_t {
        minimum,      ///< no lower point was found in any direction
        way_down,     ///< x is beside a saddle, on the way down from it
        beside,       ///< x is beside where no step led lower, and lower
        rough,        ///< the same where the gradient jumps or values end: second derivatives do not tell
        out_of_work,  ///< its evaluations or rounds are spent, or the search was halted
    };
    End end = End::out_of_work;
};

class SecondOrder {
  public:
    /// Second derivatives are looked at in up to this many variables.
    static constexpr std::size_t most_variables = 256;

    /// For the use of one thread. It keeps references to both.
    SecondOrder(const Setup& setup, Halt& halt);

    /// Takes steps of Newton's method, damped where the whole step leads no lower, until none of them gains
    /// anything; or a step along a direction in which the function curves down.
    void refine(std::span<SecondOrderPoint> points);

  private:
    class Model;
    struct Descent;

    std::span<double> add_trial(Descent& of, std::span<const double> x);
    Model model_at(std::size_t trial) const;

    void refine_group(std::span<SecondOrderPoint> points);
    void take_curvature(std::vector<Descent>& descents);
    void learn_curvature(std::vector<Descent>& descents);
    void take_whole_steps(std::vector<Descent>& descents);
    void after_whole_step(Descent& descent) const;
    void take_other_steps(std::vector<Descent>& descents);
    void after_other_steps(Descent& descent) const;
    void feel(std::vector<Descent>& descents);
    bool is_rough(const Descent& descent) const;

    const Setup* setup_;
    Halt* halt_;
    Trials trials_;
};

}  // namespace lanewise
