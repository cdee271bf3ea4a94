// What second derivatives tell of points where the slope is small: a way down that the slope does not show,
// or the last digits of a minimum.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "aligned.hpp"
#include "evaluator.hpp"
#include "halt.hpp"
#include "setup.hpp"

namespace lanewise {

/// A point to be looked at, and what became of it.
struct SecondOrderPoint {
    std::vector<double> x;
    double f;                   ///< of the minimisation, finite
    std::uint64_t evaluations;  ///< that it may take at most; what it took is subtracted
    enum class End : std::uint8_t {
        minimum,      ///< no lower point was found in any direction
        way_down,     ///< x is beside a saddle, on the way down from it
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

    /// Points to evaluate together.
    struct Trials {
        std::vector<double> x;  ///< [trial][d]
        std::vector<double> f;  ///< [trial] infinite where value or gradient is not finite
        std::vector<double> g;  ///< [trial][d]
        std::size_t count = 0;

        void clear() {
            x.clear();
            count = 0;
        }
    };

    std::span<double> add_trial(Descent& of, std::span<const double> x);
    Model model_at(std::size_t trial) const;
    void evaluate_trials();

    void refine_group(std::span<SecondOrderPoint> points);
    void take_curvature(std::vector<Descent>& descents);
    void learn_curvature(std::vector<Descent>& descents);
    void take_whole_steps(std::vector<Descent>& descents);
    void after_whole_step(Descent& descent) const;
    void take_other_steps(std::vector<Descent>& descents);
    void after_other_steps(Descent& descent) const;
    void feel(std::vector<Descent>& descents);

    const Setup* setup_;
    Halt* halt_;
    std::size_t dimension_;
    AlignedArray<double> rows_, scratch_;
    Evaluator<double> evaluator_;
    Trials trials_;
};

}  // namespace lanewise
