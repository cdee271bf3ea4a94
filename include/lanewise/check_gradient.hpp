/// Is the gradient the derivative of the value?
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lanewise/box.hpp"
#include "lanewise/isa.hpp"
#include "lanewise/objective.hpp"

namespace lanewise {

struct GradientCheckOptions {
    /// Points to compare at, 1 to 10^6: uniform in the box, a 16th of its width away from the walls.
    std::size_t points = 16;
    /// The points are a function of (seed, index) alone.
    std::uint64_t seed = 0;
    /// Relative error up to which gradient and differences agree, above 0 and below 1.
    double tolerance = 1e-6;
    /// The instruction set to use; see choose_isa.
    std::optional<Isa> isa = {};
    /// Whether a program may be compiled for it; see OwnKernels::compile_for.
    bool compile = true;
};

/// What a comparison of a gradient with differences of the value found.
///
/// For each variable at each point the verdict is one of three:
/// - *agrees*: the differences settle to within the tolerance, on the gradient;
/// - *wrong*: the differences of some steps settle on a slope that is further from the gradient than
///   their own error and the tolerance allow, and no smaller steps give reason to doubt it;
/// - *cannot tell*: anything else. The differences with different steps disagree with each other (noise,
///   coarse values, a kink or jump nearby, waves too short for a double to follow, a slope small beside
///   the value). This says nothing against the gradient and does not fail the check.
struct GradientCheck {
    /// One component of the gradient at one point.
    struct Component {
        std::size_t coordinate;
        std::string name;       ///< of the coordinate: "x" or "x[3]"
        std::vector<double> x;  ///< [d] the point
        double gradient;        ///< as the objective says
        double difference;      ///< as its values say
        /// What the difference may be off by itself: ten times the change over the last two extrapolations
        /// and the noise of the values.
        double difference_error;
        /// The part of |gradient - difference| beyond difference_error, relative to the larger of the two;
        /// infinite when the gradient is not finite where the differences are.
        double relative_error;
    };

    /// Nothing is wrong, and there was a finite value somewhere. That anything could be told is not asked.
    bool passed;
    std::size_t points;              ///< looked at
    std::size_t points_not_finite;   ///< of these without a finite value: not compared
    std::size_t points_unsettled;    ///< of these where the verdict is *cannot tell* for some variable
    std::vector<std::size_t> wrong;  ///< the coordinates that are *wrong* at some point
    /// The coordinates for which the verdict is *cannot tell* at every point with a finite value: nothing is
    /// known of this part of the gradient.
    std::vector<std::size_t> unsettled;
    /// The one with the largest relative error of those that agree or are wrong, if there are any.
    std::optional<Component> worst;
    double tolerance;  ///< that was used
};

/// Compares the gradient of `objective`, in double precision, with differences of its values at points of
/// `box`, one variable at a time; fixed variables are left out.
///
/// A difference is the sixth-order extrapolation (Richardson 1911) of central differences with steps h, h/2
/// and h/4. From 0.06 of the box width h is halved until two further halvings confirm that the gradient is
/// right: for what is smooth that is soon. If they never do, h is halved on to 2^-52 of the width or the
/// spacing of doubles at x, whichever is larger; no point outside the box is asked for. What one step says is
/// then held against the gradient only if
/// - it changes over two halvings by less than a tenth of its distance to the gradient;
/// - so does what the values with smaller steps add as noise, which is taken to be the same for any step;
/// - no two smaller steps in a row find a slope nearer to the gradient: they would see what larger steps pass
///   over, a short wave, a bump, a kink or a jump;
/// - the gradient changes by less than half that distance over smaller steps: otherwise it follows something
///   that is too fine for this step, even lower than the rounding of the values;
/// - if the values scatter by more than rounding explains, the gradient is too small for that to show
///   over the smallest step: otherwise both may follow something finer than the spacing of doubles;
/// - it is not a slope of 0 where larger steps saw the values change, or where no value is other than 0:
///   coarse values leave flat stretches of a slope.
///
/// A gradient that is NaN is wrong wherever the values of five steps in a row are finite. What cannot be told
/// from values at all: a formula whose values have lost its slope altogether, as `(1e10 + x^2) - 1e10 + y`
/// has in steps of 2e-6, may be called wrong.
///
/// Costs 10 to 98 evaluations for each point and variable, on the calling thread.
/// \throws std::invalid_argument when objective and box differ in dimension, a bound is infinite or an option
/// is not in its range.
GradientCheck check_gradient(const Objective& objective, const Box& box,
                             const GradientCheckOptions& options = {});

}  // namespace lanewise
