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
};

/// What a comparison of a gradient with differences of the value found.
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

    /// No component's relative error is above the tolerance, and there was something to compare.
    bool passed;
    std::size_t points;             ///< looked at
    std::size_t points_not_finite;  ///< of these without a finite value: not compared
    /// Of these where the differences in some variable did not settle to within the tolerance (a kink or jump
    /// nearby, noise, a slope small beside the value): compared as far as they did.
    std::size_t points_unsettled;
    std::vector<std::size_t> wrong;  ///< the coordinates with a relative error above the tolerance somewhere
    std::optional<Component> worst;  ///< the one with the largest relative error, if any was compared
    double tolerance;                ///< that was used
};

/// Compares the gradient of `objective`, in double precision, with differences of its values at points of
/// `box`, one variable at a time; fixed variables are left out.
///
/// A difference is the sixth-order extrapolation (Richardson 1911) of central differences with steps h, h/2
/// and h/4, where h falls from 0.06 to 5e-10 of the box width until two further halvings confirm it: what
/// is smooth is settled early, small steps get between kinks, and no point outside the box is asked for. The
/// noise of the values is measured over steps of 2^-30 of the width, or as many as it takes to change them.
/// As in Ridders (1982) the best of all steps is kept with an estimate of its error, and a gradient is blamed
/// only for what is beyond that, and only if no smaller step finds it right after all.
///
/// Costs 16 to 80 evaluations for each point and variable, on the calling thread.
/// \throws std::invalid_argument when objective and box differ in dimension or an option is not in its range.
GradientCheck check_gradient(const Objective& objective, const Box& box,
                             const GradientCheckOptions& options = {});

}  // namespace lanewise
