// Descent where the gradient jumps or values end.
#pragma once

#include <cstdint>
#include <vector>

#include "halt.hpp"
#include "second_order.hpp"
#include "setup.hpp"
#include "trials.hpp"

namespace lanewise {

/// Gradient sampling (Burke, Lewis & Overton 2005): the gradients at points around are those of the pieces
/// that meet there, and the shortest vector of their convex hull leads down along the kink between them.
/// Where some of the points have no value, the way is turned along the edge of the region that has.
class GradientSampling {
  public:
    /// Points are sampled around in up to this many variables.
    static constexpr std::size_t most_variables = 64;

    /// For the use of one thread. It keeps references to both.
    GradientSampling(const Setup& setup, Halt& halt);

    /// Goes down until no lower point is found however near it is looked for: then it is a minimum.
    void refine(SecondOrderPoint& point);

  private:
    void sample(const SecondOrderPoint& point, double radius, std::uint64_t round);
    std::vector<std::vector<double>> directions(const SecondOrderPoint& point);
    std::vector<double> out_of_values();
    double step(SecondOrderPoint& point, double radius);

    const Setup* setup_;
    Halt* halt_;
    std::vector<double> widths_;  ///< beside the point
    std::vector<double> unit_;    ///< coordinates of a sampled point
    // Of one round:
    Trials around_;  ///< the point, then the sampled ones
    Trials ahead_;   ///< in the directions
    Trials edge_;    ///< between points with and without a value, as they were last
};

}  // namespace lanewise
